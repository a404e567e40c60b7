//! One block of events: every gate decided, in order, each on the events of its parent.

use crate::gate::Expression;
use crate::membership::{count, fill, for_each, words_for};

use super::compile::{GateKind, Plan, Request};
use super::decide::{EventsOfDomain, Workspace};
use super::domain::{Domains, WHOLE};
use super::operands::Operands;
use super::rows::Rows;

/// What is known of a population of a block.
#[derive(Debug, Default)]
struct Population {
    /// The domain its masks are over, and which of the domains ever opened in this slot it was.
    slot: usize,
    opened: usize,
    inside: Vec<u64>,
    /// Of its parent's events, those neither in nor out of it.
    undefined: Vec<u64>,
    n_inside: u64,
    n_undefined: u64,
    /// The domain of its events alone, once there is one.
    own: Option<usize>,
    /// Masks over the block: kept where others refer to it, or the caller wants them.
    block: Vec<u64>,
    /// Events neither in nor out, those of its ancestors included; meant if `any_beyond`.
    beyond: Vec<u64>,
    any_beyond: bool,
}

/// One thread's buffers, used for block after block.
#[derive(Debug, Default)]
pub(super) struct Block {
    populations: Vec<Population>,
    all: Vec<u64>,
    domains: Domains,
    work: Workspace,
    operands: Operands,
    spare: Vec<u64>,
    n_events: usize,
    opened: usize,
    /// Per slot: which opening it holds.
    openings: Vec<usize>,
    /// Per request of the plan: the values of this block.
    kept: Vec<Vec<f64>>,
}

impl Block {
    /// Decide every gate; `wants_masks` keeps the masks for [`Self::mask`].
    pub(super) fn decide(
        &mut self,
        plan: &Plan,
        rows: Rows<'_>,
        n_events: usize,
        wants_masks: bool,
    ) {
        self.n_events = n_events;
        self.populations
            .resize_with(plan.n_gates(), Population::default);
        self.all.resize(words_for(n_events), 0);
        fill(&mut self.all, n_events);
        self.domains.begin(plan.nodes.all.len(), n_events);
        self.opened = 0;
        self.openings.clear();
        self.openings.resize(1, 0);
        self.kept.resize_with(plan.requests.len(), Vec::new);
        for kept in &mut self.kept {
            kept.clear();
        }
        self.keep(plan, rows, None);
        for &gate in &plan.order {
            let mut population = std::mem::take(&mut self.populations[gate]);
            self.decide_gate(plan, rows, gate, &mut population);
            if wants_masks || plan.referenced[gate] {
                population.block.resize(words_for(n_events), 0);
                let slot = population.slot;
                self.domains
                    .spread(slot, &population.inside, &mut population.block);
            }
            self.extend_undefined(plan, gate, &mut population);
            self.populations[gate] = population;
            self.keep(plan, rows, Some(gate));
            for &done in &plan.last_uses[gate] {
                if let Some(slot) = self.populations[done].own.take() {
                    self.domains.release(slot);
                }
            }
        }
    }

    /// Number of events in a population.
    pub(super) fn n_inside(&self, gate: usize) -> u64 {
        self.populations[gate].n_inside
    }

    /// Number of events of its parent that are neither in nor out of a population.
    pub(super) fn n_undefined(&self, gate: usize) -> u64 {
        self.populations[gate].n_undefined
    }

    /// The events of a population, one bit per event of the block.
    pub(super) fn mask(&self, gate: usize) -> &[u64] {
        &self.populations[gate].block
    }

    /// The values of a request, in the order of the events.
    pub(super) fn take_kept(&mut self, request: usize) -> Vec<f64> {
        std::mem::take(&mut self.kept[request])
    }

    /// Keep the values that are asked for of a population.
    fn keep(&mut self, plan: &Plan, rows: Rows<'_>, population: Option<usize>) {
        let is_asked = |kept: &&Request| kept.population == population;
        if !plan.requests.iter().any(|kept| is_asked(&kept))
            || population.is_some_and(|gate| self.n_inside(gate) == 0)
        {
            return;
        }
        let mut mask = std::mem::take(&mut self.spare);
        let slot = self.domain_of(population, &mut mask);
        for (index, kept) in plan
            .requests
            .iter()
            .enumerate()
            .filter(|(_, kept)| is_asked(kept))
        {
            let node = plan.nodes.source[kept.axis];
            self.domains.ensure(&plan.nodes.all, rows, slot, node);
            let column = self.domains.column(slot, node);
            let out = &mut self.kept[index];
            let n_values = usize::try_from(count(&mask)).unwrap_or(usize::MAX);
            out.reserve_exact(n_values); // pieces stay until the file is done
            for_each(&mask, |event| out.push(column[event]));
        }
        self.spare = mask;
    }

    /// The domain in which the children of a gate are decided, and the events there. A population
    /// that is sparse in its domain gets one of its own.
    fn domain_of(&mut self, parent: Option<usize>, mask: &mut Vec<u64>) -> usize {
        mask.clear();
        let Some(parent) = parent else {
            mask.extend_from_slice(&self.all);
            return WHOLE;
        };
        let population = &mut self.populations[parent];
        if population.own.is_none() && self.domains.is_sparse(population.slot, population.n_inside)
        {
            let slot = self.domains.narrow(population.slot, &population.inside);
            population.own = Some(slot);
            self.opened += 1;
            self.openings.resize(self.openings.len().max(slot + 1), 0);
            self.openings[slot] = self.opened;
        }
        if let Some(slot) = population.own {
            let n_events = self.domains.n_events(slot);
            mask.resize(words_for(n_events), 0);
            fill(mask, n_events);
            slot
        } else {
            mask.extend_from_slice(&population.inside);
            population.slot
        }
    }

    fn decide_gate(
        &mut self,
        plan: &Plan,
        rows: Rows<'_>,
        gate: usize,
        population: &mut Population,
    ) {
        let spec = &plan.gates[gate];
        population.own = None;
        population.undefined.clear();
        population.n_inside = 0;
        population.n_undefined = 0;
        if spec
            .parent
            .is_some_and(|parent| self.populations[parent].n_inside == 0)
        {
            // Nothing is decoded, compensated or scaled for a block whose parent is empty.
            population.slot = WHOLE;
            population.opened = 0;
            population.inside.clear();
            population.inside.resize(self.all.len(), 0);
            return;
        }
        let slot = self.domain_of(spec.parent, &mut population.inside);
        population.slot = slot;
        population.opened = self.openings[slot];
        population.undefined.resize(population.inside.len(), 0);
        if !matches!(spec.kind, GateKind::Boolean(_)) {
            let (all, beside) = (&plan.nodes.all, &plan.beside[gate]);
            self.domains.ensure_all(all, rows, slot, beside);
        }
        let any = match &spec.kind {
            GateKind::Boolean(expression) => self.boolean(expression, population),
            kind => EventsOfDomain {
                plan,
                rows,
                slot,
                reach: plan.reaches[gate].as_ref(),
            }
            .decide(
                kind,
                &mut self.domains,
                &mut self.work,
                &mut population.inside,
                &mut population.undefined,
            ),
        };
        population.n_inside = count(&population.inside);
        if any {
            population.n_undefined = count(&population.undefined);
        }
        if population.n_undefined == 0 {
            population.undefined.clear();
        }
    }

    /// Keep the events for which an expression over other populations holds.
    fn boolean(&mut self, expression: &Expression, population: &mut Population) -> bool {
        let Self {
            populations,
            domains,
            operands,
            ..
        } = self;
        let (slot, opened) = (population.slot, population.opened);
        let write = |other: usize, inside: &mut [u64], beyond: &mut [u64]| {
            let other = &populations[other];
            if (other.slot, other.opened) == (slot, opened) {
                inside.copy_from_slice(&other.inside);
            } else {
                domains.focus(slot, &other.block, inside);
            }
            if other.any_beyond {
                domains.focus(slot, &other.beyond, beyond);
            }
        };
        let (inside, undefined) = (&mut population.inside, &mut population.undefined);
        operands.decide(expression, inside, undefined, write)
    }

    /// Note the events that are neither in a population nor out of it, on any level.
    fn extend_undefined(&mut self, plan: &Plan, gate: usize, population: &mut Population) {
        let parent = plan.gates[gate].parent;
        let above = parent.filter(|&parent| self.populations[parent].any_beyond);
        population.any_beyond = above.is_some() || population.n_undefined > 0;
        if !population.any_beyond {
            return;
        }
        let n_words = self.all.len();
        population.beyond.clear();
        population.beyond.resize(n_words, 0);
        if population.n_undefined > 0 {
            let undefined = &population.undefined;
            self.domains
                .spread(population.slot, undefined, &mut population.beyond);
        }
        if let Some(above) = above {
            for (word, above) in population
                .beyond
                .iter_mut()
                .zip(&self.populations[above].beyond)
            {
                *word |= above;
            }
        }
    }
}
