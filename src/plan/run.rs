//! One pass over a file: decode, compensate, decide, count, block by block.

use rayon::prelude::*;

use crate::compensation::compensate;
use crate::error::{Error, Result};
use crate::fcs::File;
use crate::fcs::data::{BLOCK_EVENTS, Values, check_channels, decode, read_rows};
use crate::membership;
use crate::source::Source;

use super::compile::{GateKind, GateSpec, Plan};

/// Counts, and masks where asked, of every gate of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Populations {
    /// Number of events of the file.
    pub n_events: usize,
    /// Events in each gate.
    pub counts: Vec<u64>,
    /// One packed mask per gate (lowest bit first), `ceil(n_events / 8)` bytes each, or empty.
    pub masks: Vec<Vec<u8>>,
}

/// Gate a file in one pass. Blocks are shared out over the current thread pool; the answer does
/// not depend on how.
///
/// # Errors
/// What reading raises; [`Error::Interrupted`] if `stop` says so between blocks.
pub fn run_file(
    source: &dyn Source,
    file: &File,
    plan: &Plan,
    keep_masks: bool,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Populations> {
    check_channels(file, &plan.channels)?;
    let blocks: Vec<Block> = (0..file.n_events.div_ceil(BLOCK_EVENTS))
        .into_par_iter()
        .map_init(
            || (Vec::new(), Scratch::new(plan)),
            |(rows, scratch), index| {
                if stop() {
                    return Err(Error::Interrupted);
                }
                let first = index * BLOCK_EVENTS;
                let n_events = BLOCK_EVENTS.min(file.n_events - first);
                read_rows(source, file, first, n_events, rows)?;
                for (column, &channel) in scratch.values.iter_mut().zip(&plan.channels) {
                    column.resize(n_events, 0.0);
                    decode(rows, file, channel, Values::Scale, column);
                }
                scratch.decide(plan, n_events)?;
                Ok(scratch.take(keep_masks))
            },
        )
        .collect::<Result<_>>()?;
    Ok(gather(&blocks, plan.n_gates(), file.n_events, keep_masks))
}

/// Gate values already in memory: one slice per channel of the plan, in its order.
///
/// # Errors
/// [`Error::Length`] if the slices differ in number or length.
pub fn gate_values(values: &[&[f64]], n_events: usize, plan: &Plan) -> Result<Populations> {
    let refuse = |what, found, expected| {
        Err(Error::Length {
            what,
            found,
            expected,
        })
    };
    if values.len() != plan.channels.len() {
        return refuse("the list of channels", values.len(), plan.channels.len());
    }
    if let Some(column) = values.iter().find(|column| column.len() != n_events) {
        return refuse("a channel", column.len(), n_events);
    }
    let mut scratch = Scratch::new(plan);
    let mut blocks = Vec::new();
    for first in (0..n_events).step_by(BLOCK_EVENTS) {
        let end = (first + BLOCK_EVENTS).min(n_events);
        for (column, whole) in scratch.values.iter_mut().zip(values) {
            column.clear();
            column.extend_from_slice(&whole[first..end]);
        }
        scratch.decide(plan, end - first)?;
        blocks.push(scratch.take(true));
    }
    Ok(gather(&blocks, plan.n_gates(), n_events, true))
}

/// What one block contributes.
struct Block {
    counts: Vec<u64>,
    masks: Vec<Vec<u64>>,
}

fn gather(blocks: &[Block], n_gates: usize, n_events: usize, keep_masks: bool) -> Populations {
    let counts = (0..n_gates)
        .map(|gate| blocks.iter().map(|block| block.counts[gate]).sum())
        .collect();
    let pack = |gate: usize| {
        let words = blocks.iter().flat_map(|block| block.masks[gate].iter());
        let mut bytes: Vec<u8> = words.flat_map(|word| word.to_le_bytes()).collect();
        bytes.truncate(n_events.div_ceil(8));
        bytes
    };
    let masks = if keep_masks {
        (0..n_gates).map(pack).collect()
    } else {
        Vec::new()
    };
    Populations {
        n_events,
        counts,
        masks,
    }
}

/// Buffers of one thread, used for block after block.
struct Scratch {
    /// One column per channel of the plan.
    values: Vec<Vec<f64>>,
    /// One column per axis; empty where the axis is the channel itself.
    compensated: Vec<Vec<f64>>,
    /// Per gate: the events inside, and those definitely outside.
    inside: Vec<Vec<u64>>,
    outside: Vec<Vec<u64>>,
    all: Vec<u64>,
}

impl Scratch {
    fn new(plan: &Plan) -> Self {
        Self {
            values: vec![Vec::new(); plan.channels.len()],
            compensated: vec![Vec::new(); plan.axes.len()],
            inside: vec![Vec::new(); plan.n_gates()],
            outside: vec![Vec::new(); plan.n_gates()],
            all: Vec::new(),
        }
    }

    /// Compensate the columns in `values` and decide every gate.
    fn decide(&mut self, plan: &Plan, n_events: usize) -> Result<()> {
        let words = membership::words_for(n_events);
        self.all.resize(words, 0);
        membership::fill(&mut self.all, n_events);
        if let Some(inverse) = &plan.inverse {
            let observed: Vec<&[f64]> = plan
                .detectors
                .iter()
                .map(|&place| self.values[place].as_slice())
                .collect();
            for (axis, out) in plan.axes.iter().zip(&mut self.compensated) {
                if let Some(dye) = axis.compensated {
                    out.resize(n_events, 0.0);
                    compensate(&observed, &inverse.column(dye).to_vec(), out)?;
                }
            }
        }
        for &index in &plan.order {
            let mut inside = std::mem::take(&mut self.inside[index]);
            let mut outside = std::mem::take(&mut self.outside[index]);
            inside.resize(words, 0);
            outside.resize(words, 0);
            self.decide_gate(
                plan,
                &plan.gates[index],
                n_events,
                &mut inside,
                &mut outside,
            );
            self.inside[index] = inside;
            self.outside[index] = outside;
        }
        Ok(())
    }

    /// The values of an axis before its scale.
    fn axis(&self, plan: &Plan, axis: usize) -> &[f64] {
        let Some(_) = plan.axes[axis].compensated else {
            return &self.values[plan.axes[axis].channel];
        };
        &self.compensated[axis]
    }

    fn decide_gate(
        &self,
        plan: &Plan,
        gate: &GateSpec,
        n_events: usize,
        inside: &mut [u64],
        outside: &mut [u64],
    ) {
        let parent = gate.parent.map_or(&self.all, |parent| &self.inside[parent]);
        match &gate.kind {
            GateKind::Boolean(expression) => {
                for (word, (inside, outside)) in inside.iter_mut().zip(&mut *outside).enumerate() {
                    (*inside, *outside) = expression
                        .evaluate(|other| (self.inside[other][word], self.outside[other][word]));
                    *inside &= parent[word];
                    *outside &= parent[word];
                }
            }
            GateKind::Rectangle(rectangle) => {
                inside.copy_from_slice(parent);
                outside.copy_from_slice(parent);
                for dimension in &rectangle.dimensions {
                    let values = self.axis(plan, dimension.axis);
                    retain(inside, |event| dimension.holds(values[event]));
                    retain_defined(outside, values, n_events);
                }
                for (out, within) in outside.iter_mut().zip(&*inside) {
                    *out &= !within;
                }
            }
            GateKind::Polygon { x, y, outline } => {
                let (xs, ys) = (self.axis(plan, *x), self.axis(plan, *y));
                let (to_x, to_y) = (plan.axes[*x].scale, plan.axes[*y].scale);
                inside.copy_from_slice(parent);
                retain(inside, |event| {
                    outline.contains(to_x.forward(xs[event]), to_y.forward(ys[event]))
                });
                outside.copy_from_slice(parent);
                retain_defined(outside, xs, n_events);
                retain_defined(outside, ys, n_events);
                for (out, within) in outside.iter_mut().zip(&*inside) {
                    *out &= !within;
                }
            }
        }
        // Inside the parent the gate has decided; whatever is definitely outside the parent is
        // outside here, and what is undefined there stays undefined.
        if let Some(parent) = gate.parent {
            for (out, beyond) in outside.iter_mut().zip(&self.outside[parent]) {
                *out |= beyond;
            }
        }
    }

    /// Counts, and a copy of the masks where asked.
    fn take(&self, keep_masks: bool) -> Block {
        Block {
            counts: self
                .inside
                .iter()
                .map(|mask| membership::count(mask))
                .collect(),
            masks: if keep_masks {
                self.inside.clone()
            } else {
                Vec::new()
            },
        }
    }
}

/// Keep the events of `mask` for which `holds`.
fn retain(mask: &mut [u64], mut holds: impl FnMut(usize) -> bool) {
    for (index, word) in mask.iter_mut().enumerate() {
        let mut rest = *word;
        while rest != 0 {
            let bit = rest.trailing_zeros() as usize;
            if !holds(index * membership::WORD_BITS + bit) {
                *word &= !(1 << bit);
            }
            rest &= rest - 1;
        }
    }
}

/// Clear the events whose value is NaN.
fn retain_defined(mask: &mut [u64], values: &[f64], n_events: usize) {
    for (word, chunk) in mask
        .iter_mut()
        .zip(values[..n_events].chunks(membership::WORD_BITS))
    {
        if chunk.iter().any(|value| value.is_nan()) {
            for (bit, value) in chunk.iter().enumerate() {
                if value.is_nan() {
                    *word &= !(1 << bit);
                }
            }
        }
    }
}
