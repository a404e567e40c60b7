//! Counts many perturbed strategies in one pass: moved gates and the gates that depend on them.
//!
//! What a gate decides of an event by its own axes does not depend on the gates above it. So each
//! version of each gate is decided once per block, on the events that any perturbation leaves in its
//! parent; a perturbation is then a chain of ands of bit masks, and only below the gates that it changes.

use crate::error::{Error, Result};
use crate::gate::Expression;
use crate::membership::{count, fill, words_for};
use crate::simd;

use super::compile::{GateKind, Plan};
use super::decide::{EventsOfDomain, Workspace};
use super::domain::{Domains, WHOLE};
use super::operands::Operands;
use super::rows::Rows;

/// Gates in other positions, and which of them each perturbation takes.
#[derive(Debug, Clone)]
pub struct Perturbations {
    /// Per gate: its further versions.
    versions: Vec<Vec<GateKind>>,
    /// Per perturbation: the gates that it may change, in the plan's order, and which version each takes
    /// (0: the plan's own).
    changes: Vec<Vec<(usize, usize)>>,
}

impl Perturbations {
    /// Check and order perturbations of a plan.
    ///
    /// `versions` are gates and what they become; a perturbation is a list of positions among these.
    ///
    /// # Errors
    /// [`Error::MalformedPlan`] for a version of a gate or on an axis that is not there, a Boolean
    /// one, or a perturbation that changes one gate twice.
    pub fn new(
        plan: &Plan,
        versions: Vec<(usize, GateKind)>,
        perturbations: &[Vec<usize>],
    ) -> Result<Self> {
        let refuse = |detail: String| Err(Error::MalformedPlan { detail });
        let mut by_gate: Vec<Vec<GateKind>> = vec![Vec::new(); plan.n_gates()];
        let mut positions = Vec::with_capacity(versions.len());
        for (number, (gate, kind)) in versions.into_iter().enumerate() {
            let mut axis_missing = false;
            kind.for_each_axis(|axis| axis_missing |= axis >= plan.axes.len());
            let fits = gate < plan.n_gates()
                && !axis_missing
                && !matches!(kind, GateKind::Boolean(_))
                && !matches!(plan.gates[gate].kind, GateKind::Boolean(_));
            if !fits {
                return refuse(format!("version {number} fits no gate of the plan"));
            }
            by_gate[gate].push(kind);
            positions.push((gate, by_gate[gate].len()));
        }
        let mut changes = Vec::with_capacity(perturbations.len());
        for (number, perturbation) in perturbations.iter().enumerate() {
            let mut taken = vec![0; plan.n_gates()];
            for &version in perturbation {
                let Some(&(gate, version)) = positions.get(version) else {
                    return refuse(format!(
                        "perturbation {number} asks for a version that is not there"
                    ));
                };
                if taken[gate] != 0 {
                    return refuse(format!("perturbation {number} changes gate {gate} twice"));
                }
                taken[gate] = version;
            }
            changes.push(changed(plan, &taken));
        }
        Ok(Self {
            versions: by_gate,
            changes,
        })
    }

    /// Take over the counts of gates that a perturbation does not change.
    pub(super) fn fill_unchanged(&self, perturbation: usize, base: &[u64], counts: &mut [u64]) {
        let mut changes = self.changes[perturbation].iter().map(|(gate, _)| *gate);
        let mut is_changed = vec![false; base.len()];
        changes.by_ref().for_each(|gate| is_changed[gate] = true);
        for ((count, base), changed) in counts.iter_mut().zip(base).zip(is_changed) {
            if !changed {
                *count = *base;
            }
        }
    }

    /// Number of perturbations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Return whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// The gates of which a version is taken, and those that hang on one, in order.
fn changed(plan: &Plan, taken: &[usize]) -> Vec<(usize, usize)> {
    let mut is_changed = vec![false; plan.n_gates()];
    let mut changes = Vec::new();
    for &gate in &plan.order {
        let spec = &plan.gates[gate];
        let refers = match &spec.kind {
            GateKind::Boolean(expression) => expression.populations().any(|g| is_changed[g]),
            _ => false,
        };
        if taken[gate] != 0 || refers || spec.parent.is_some_and(|parent| is_changed[parent]) {
            is_changed[gate] = true;
            changes.push((gate, taken[gate]));
        }
    }
    changes
}

/// A gate in a block, over all perturbations.
#[derive(Debug, Default)]
struct Decided {
    slot: usize,
    /// The domain's events that any perturbation leaves in the gate.
    any: Vec<u64>,
    own_domain: Option<usize>,
    /// Per version, over the block: the events that the gate holds by its own axes.
    own: Vec<Vec<u64>>,
    /// Per version, over the block: the events for which an axis is NaN; empty where there are none.
    nan: Vec<Vec<u64>>,
    any_nan: bool,
    /// In the plan's own version, and in the perturbation at hand: the events inside, and those that
    /// are neither in nor out.
    base: (Vec<u64>, Vec<u64>),
    here: (Vec<u64>, Vec<u64>),
    changed: bool,
}

/// One thread's buffers, used for block after block.
#[derive(Debug, Default)]
pub(super) struct PerturbationBlock {
    gates: Vec<Decided>,
    all: Vec<u64>,
    none: Vec<u64>,
    domains: Domains,
    work: Workspace,
    mask: Vec<u64>,
    first: Vec<u64>,
    undefined: Vec<u64>,
}

impl PerturbationBlock {
    /// Count the events of every gate in every perturbation, and add them to `counts` (perturbations x gates);
    /// the plan's own counts go to `base`.
    pub(super) fn count(
        &mut self,
        plan: &Plan,
        perturbations: &Perturbations,
        rows: Rows<'_>,
        n_events: usize,
        counts: &mut [u64],
        base: &mut [u64],
    ) {
        let n_words = words_for(n_events);
        self.all.resize(n_words, 0);
        fill(&mut self.all, n_events);
        self.none.clear();
        self.none.resize(n_words, 0);
        self.domains.begin(plan.nodes.all.len(), n_events);
        self.gates.resize_with(plan.n_gates(), Decided::default);
        let mut any_nan = false;
        for &gate in &plan.order {
            let mut decided = std::mem::take(&mut self.gates[gate]);
            self.decide(plan, perturbations, rows, gate, &mut decided);
            any_nan |= decided.any_nan;
            self.gates[gate] = decided;
            for &done in &plan.last_uses[gate] {
                if let Some(slot) = self.gates[done].own_domain.take() {
                    self.domains.release(slot);
                }
            }
        }
        for &gate in &plan.order {
            let mut decided = std::mem::take(&mut self.gates[gate]);
            let mut base_masks = std::mem::take(&mut decided.base);
            base[gate] += self.settle(plan, gate, &decided, 0, any_nan, &mut base_masks, false);
            decided.base = base_masks;
            decided.changed = false;
            self.gates[gate] = decided;
        }
        for (changes, counts) in perturbations
            .changes
            .iter()
            .zip(counts.chunks_mut(plan.n_gates()))
        {
            for &(gate, version) in changes {
                let mut decided = std::mem::take(&mut self.gates[gate]);
                let mut here = std::mem::take(&mut decided.here);
                counts[gate] +=
                    self.settle(plan, gate, &decided, version, any_nan, &mut here, true);
                decided.here = here;
                decided.changed = true;
                self.gates[gate] = decided;
            }
            for &(gate, _) in changes {
                self.gates[gate].changed = false;
            }
        }
    }

    /// Decide every version of a gate on the events that any perturbation leaves in its parent.
    fn decide(
        &mut self,
        plan: &Plan,
        perturbations: &Perturbations,
        rows: Rows<'_>,
        gate: usize,
        decided: &mut Decided,
    ) {
        let spec = &plan.gates[gate];
        let n_words = self.all.len();
        let slot = self.enter(spec.parent);
        decided.slot = slot;
        decided.own_domain = None;
        decided.any_nan = false;
        decided.any.clear();
        let versions = &perturbations.versions[gate];
        decided.own.resize_with(versions.len() + 1, Vec::new);
        decided.nan.resize_with(versions.len() + 1, Vec::new);
        decided.nan.iter_mut().for_each(Vec::clear);
        if matches!(spec.kind, GateKind::Boolean(_)) {
            decided.any.extend_from_slice(&self.mask);
            return;
        }
        if self.mask.iter().all(|word| *word == 0) {
            decided.any.extend_from_slice(&self.mask);
            for own in &mut decided.own {
                own.clear();
                own.resize(n_words, 0);
            }
            return;
        }
        decided.any.resize(self.mask.len(), 0);
        let events = EventsOfDomain {
            plan,
            rows,
            slot,
            reach: None,
        };
        let asked = self.mask.clone();
        for (version, own) in decided.own.iter_mut().enumerate() {
            let kind = version
                .checked_sub(1)
                .map_or(&spec.kind, |further| &versions[further]);
            self.mask.copy_from_slice(&asked);
            self.undefined.clear();
            self.undefined.resize(self.mask.len(), 0);
            let any_nan = events.decide(
                kind,
                &mut self.domains,
                &mut self.work,
                &mut self.mask,
                &mut self.undefined,
            );
            if any_nan {
                decided.any_nan = true;
                decided.nan[version].resize(n_words, 0);
                self.domains
                    .spread(slot, &self.undefined, &mut decided.nan[version]);
            }
            for (any, word) in decided.any.iter_mut().zip(&self.mask) {
                *any |= word;
            }
            if version == 0 {
                own.resize(n_words, 0);
                self.domains.spread(slot, &self.mask, own);
                self.first.clone_from(&self.mask);
                continue;
            }
            // Versions differ in few events: these are found in the domain, and turned in the block.
            for (word, first) in self.mask.iter_mut().zip(&self.first) {
                *word ^= first;
            }
            own.clear();
            own.resize(n_words, 0);
            self.domains.turn(slot, &self.mask, own);
        }
        let (first, further) = decided.own.split_at_mut(1);
        for own in further {
            for (word, first) in own.iter_mut().zip(&first[0]) {
                *word ^= first;
            }
        }
    }

    /// The domain in which the children of a gate are decided; `self.mask` gets its events there.
    fn enter(&mut self, parent: Option<usize>) -> usize {
        self.mask.clear();
        let Some(parent) = parent else {
            self.mask.extend_from_slice(&self.all);
            return WHOLE;
        };
        let decided = &mut self.gates[parent];
        if decided.own_domain.is_none() && self.domains.is_sparse(decided.slot, count(&decided.any))
        {
            decided.own_domain = Some(self.domains.narrow(decided.slot, &decided.any));
        }
        if let Some(slot) = decided.own_domain {
            let n_events = self.domains.n_events(slot);
            self.mask.resize(words_for(n_events), 0);
            fill(&mut self.mask, n_events);
            slot
        } else {
            self.mask.extend_from_slice(&decided.any);
            decided.slot
        }
    }

    /// The events inside a gate, over the block, in the plan's own version or in the perturbation at hand.
    fn masks(&self, gate: usize, perturbed: bool) -> &(Vec<u64>, Vec<u64>) {
        let decided = &self.gates[gate];
        if perturbed && decided.changed {
            &decided.here
        } else {
            &decided.base
        }
    }

    /// Put together what a gate holds with what its parent holds; gives the number of events.
    #[allow(clippy::too_many_arguments)] // all that a gate depends on
    fn settle(
        &self,
        plan: &Plan,
        gate: usize,
        decided: &Decided,
        version: usize,
        any_nan: bool,
        (inside, beyond): &mut (Vec<u64>, Vec<u64>),
        perturbed: bool,
    ) -> u64 {
        let n_words = self.all.len();
        inside.resize(n_words, 0);
        let parent = plan.gates[gate]
            .parent
            .map(|parent| self.masks(parent, perturbed));
        let parent_inside = parent.map_or(&self.all, |(inside, _)| inside);
        let parent_beyond = parent.map_or(&self.none, |(_, beyond)| beyond);
        beyond.clear();
        if let GateKind::Boolean(expression) = &plan.gates[gate].kind {
            beyond.resize(n_words, 0);
            self.boolean(expression, parent_inside, perturbed, inside, beyond);
        } else {
            let n_inside = simd::and_count(parent_inside, &decided.own[version], inside);
            if !any_nan {
                return n_inside;
            }
            beyond.resize(n_words, 0);
            let nan = &decided.nan[version];
            for ((out, parent), nan) in beyond.iter_mut().zip(parent_inside).zip(nan) {
                *out = parent & nan;
            }
        }
        for (out, above) in beyond.iter_mut().zip(parent_beyond) {
            *out |= above;
        }
        count(inside)
    }

    fn boolean(
        &self,
        expression: &Expression,
        parent: &[u64],
        perturbed: bool,
        inside: &mut [u64],
        beyond: &mut [u64],
    ) {
        inside.copy_from_slice(parent);
        let write = |other: usize, inside: &mut [u64], out: &mut [u64]| {
            let (held, beyond) = self.masks(other, perturbed);
            inside.copy_from_slice(held);
            if !beyond.is_empty() {
                out.copy_from_slice(beyond);
            }
        };
        Operands::default().decide(expression, inside, beyond, write);
    }
}
