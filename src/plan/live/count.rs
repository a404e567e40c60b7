//! Counts from the decisions of each gate by its own axes.

use crate::membership::{count, fill, words_for};
use crate::simd;

use super::super::compile::{GateKind, Plan};
use super::super::operands::Operands;
use super::held::Held;

/// Words of masks taken at a time, so that those of all gates stay in the nearest cache.
const WORDS: usize = 256;
const WORD: usize = 64;

/// Some events of a file: per gate those inside, and those that are neither in nor out.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    gates: Vec<(Vec<u64>, Vec<u64>)>,
    all: Vec<u64>,
    none: Vec<u64>,
    operands: Operands,
}

impl Chunk {
    /// Count the events of some gates; `counts` keeps those of the others.
    pub(super) fn count(&mut self, plan: &Plan, held: &Held, gates: &[usize], counts: &mut [u64]) {
        let mut is_counted = vec![false; plan.n_gates()];
        for &gate in gates {
            is_counted[gate] = true;
            counts[gate] = 0;
        }
        let needed = needed(plan, gates);
        let any_nan = held.any_nan();
        self.gates.resize_with(plan.n_gates(), Default::default);
        let n_words = words_for(held.n_events);
        for first in (0..n_words).step_by(WORDS) {
            let words = first..n_words.min(first + WORDS);
            self.all.resize(words.len(), 0);
            fill(&mut self.all, held.n_events - first * WORD);
            self.none.clear();
            self.none.resize(words.len(), 0);
            for &gate in plan.order.iter().filter(|&&gate| needed[gate]) {
                let mut own = std::mem::take(&mut self.gates[gate]);
                let n_inside = self.settle(plan, held, gate, words.clone(), any_nan, &mut own);
                self.gates[gate] = own;
                if is_counted[gate] {
                    counts[gate] += n_inside;
                }
            }
        }
    }

    fn settle(
        &mut self,
        plan: &Plan,
        held: &Held,
        gate: usize,
        words: std::ops::Range<usize>,
        any_nan: bool,
        (inside, beyond): &mut (Vec<u64>, Vec<u64>),
    ) -> u64 {
        let spec = &plan.gates[gate];
        let Self {
            gates,
            all,
            none,
            operands,
        } = self;
        let parent = spec.parent.map(|parent| &gates[parent]);
        let parent_inside = parent.map_or(&*all, |(inside, _)| inside);
        let parent_beyond = parent.map_or(&*none, |(_, beyond)| beyond);
        inside.resize(words.len(), 0);
        beyond.clear();
        if let GateKind::Boolean(expression) = &spec.kind {
            beyond.resize(words.len(), 0);
            inside.copy_from_slice(parent_inside);
            let write = |other: usize, inside: &mut [u64], out: &mut [u64]| {
                let (held, beyond) = &gates[other];
                inside.copy_from_slice(held);
                if !beyond.is_empty() {
                    out.copy_from_slice(beyond);
                }
            };
            operands.decide(expression, inside, beyond, write);
        } else {
            let own = &held.own[gate][words.clone()];
            let n_inside = simd::and_count(parent_inside, own, inside);
            if !any_nan {
                return n_inside;
            }
            beyond.resize(words.len(), 0);
            held.for_each_nan(&spec.kind, |nan| {
                let masks = parent_inside.iter().zip(&nan[words.clone()]);
                for (out, (parent, nan)) in beyond.iter_mut().zip(masks) {
                    *out |= parent & nan;
                }
            });
        }
        for (out, above) in beyond.iter_mut().zip(parent_beyond) {
            *out |= above;
        }
        count(inside)
    }
}

/// The gates whose masks are needed for those of some gates.
fn needed(plan: &Plan, gates: &[usize]) -> Vec<bool> {
    let mut needed = vec![false; plan.n_gates()];
    for &gate in gates {
        needed[gate] = true;
    }
    for &gate in plan.order.iter().rev() {
        if !needed[gate] {
            continue;
        }
        let spec = &plan.gates[gate];
        if let Some(parent) = spec.parent {
            needed[parent] = true;
        }
        if let GateKind::Boolean(expression) = &spec.kind {
            expression
                .populations()
                .for_each(|other| needed[other] = true);
        }
    }
    needed
}
