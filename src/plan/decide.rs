//! Gates decided on the columns of a domain.

use crate::gate::{Columns, Rectangle, Shape};
use crate::membership::{WORD_BITS, count, fill, for_each, words_for};
use crate::simd;
use crate::transform::Fast;

use super::compile::{GateKind, Plan};
use super::domain::Domains;
use super::nodes::Node;
use super::reach::Reach;
use super::rows::Rows;

/// Words that are needed while a gate is decided.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    undecided: Vec<u64>,
    point: Vec<f64>,
    sources: Vec<usize>,
    near: Vec<u64>,
    near_inside: Vec<u64>,
}

/// The events on which a gate is decided: those of one domain.
pub(super) struct EventsOfDomain<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rows: Rows<'a>,
    pub(super) slot: usize,
    /// Where the gate can hold anything, if that is known.
    pub(super) reach: Option<&'a Reach>,
}

/// Words of a mask that are looked at together.
const FEW_WORDS: usize = 8;

impl EventsOfDomain<'_> {
    fn ensure(&self, domains: &mut Domains, node: usize) {
        domains.ensure(&self.plan.nodes.all, self.rows, self.slot, node);
    }

    /// Keep in `mask` the events of the domain that a gate (no Boolean one) holds, by its own
    /// axes alone; add to `undefined` those of the mask for which an axis is NaN.
    ///
    /// Gives whether there are any of those.
    pub(super) fn decide(
        &self,
        kind: &GateKind,
        domains: &mut Domains,
        work: &mut Workspace,
        mask: &mut [u64],
        undefined: &mut [u64],
    ) -> bool {
        let mut any_nan = false;
        work.sources.clear();
        kind.for_each_axis(|axis| work.sources.push(self.plan.nodes.source[axis]));
        domains.ensure_all(&self.plan.nodes.all, self.rows, self.slot, &work.sources);
        for &source in &work.sources {
            if domains.has_nan(self.slot, source) {
                any_nan = true;
                let words = undefined.iter_mut().zip(&*mask);
                let column = domains.column(self.slot, source);
                for ((out, inside), values) in words.zip(column.chunks(WORD_BITS)) {
                    for (bit, value) in values.iter().enumerate() {
                        *out |= (u64::from(value.is_nan()) << bit) & inside;
                    }
                }
            }
        }
        match kind {
            GateKind::Rectangle(rectangle) => self.rectangle(rectangle, domains, mask),
            GateKind::Region { axes, shape } => self.region(axes, shape, domains, work, mask),
            GateKind::Boolean(_) => {}
        }
        any_nan
    }

    fn rectangle(&self, rectangle: &Rectangle, domains: &Domains, mask: &mut [u64]) {
        for side in &rectangle.dimensions {
            let column = domains.column(self.slot, self.plan.nodes.source[side.axis]);
            let few = column.chunks(FEW_WORDS * WORD_BITS);
            for (words, values) in mask.chunks_mut(FEW_WORDS).zip(few) {
                if words.iter().any(|word| *word != 0) {
                    side.keep(values, words);
                }
            }
        }
    }

    /// How far the column of an axis may be from the exact scaled values.
    fn error(&self, axis: usize) -> f64 {
        match &self.plan.nodes.all[self.plan.nodes.scaled[axis]] {
            Node::Scaled { fast, .. } if !fast.is_exact() => Fast::BOUND,
            _ => 0.0,
        }
    }

    /// The scaled value of an event on an axis, exact.
    fn exact(&self, domains: &Domains, axis: usize, event: usize) -> f64 {
        let value = domains.column(self.slot, self.plan.nodes.source[axis])[event];
        self.plan.axes[axis].scale.forward(value)
    }

    fn region(
        &self,
        axes: &[usize],
        shape: &Shape,
        domains: &mut Domains,
        work: &mut Workspace,
        mask: &mut [u64],
    ) {
        let node = |axis: &usize| self.plan.nodes.scaled[*axis];
        if let Some(reach) = self.reach
            && !axes.iter().all(|axis| domains.knows(self.slot, node(axis)))
            && self.region_near(axes, shape, reach, domains, work, mask)
        {
            return;
        }
        for axis in axes {
            self.ensure(domains, node(axis));
        }
        let columns: Vec<&[f64]> = axes
            .iter()
            .map(|axis| domains.column(self.slot, node(axis)))
            .collect();
        let errors: Vec<f64> = axes.iter().map(|&axis| self.error(axis)).collect();
        if errors.iter().all(|error| *error == 0.0) {
            shape.retain(Columns::Double(&columns), mask);
            return;
        }
        work.undecided.clear();
        work.undecided.resize(mask.len(), 0);
        shape.retain_within(&columns, &errors, mask, &mut work.undecided);
        let point = &mut work.point;
        for_each(&work.undecided, |event| {
            point.clear();
            point.extend(axes.iter().map(|&axis| self.exact(domains, axis, event)));
            mask[event / WORD_BITS] |= u64::from(shape.contains(point)) << (event % WORD_BITS);
        });
    }

    /// Decide a region on the events within its reach alone, if these are few; says whether.
    fn region_near(
        &self,
        axes: &[usize],
        shape: &Shape,
        reach: &Reach,
        domains: &mut Domains,
        work: &mut Workspace,
        mask: &mut [u64],
    ) -> bool {
        let mut near = std::mem::take(&mut work.near);
        near.clear();
        near.extend_from_slice(mask);
        for (&axis, &(low, high)) in axes.iter().zip(reach) {
            let column = domains.column(self.slot, self.plan.nodes.source[axis]);
            simd::compare::keep_within(column, low, high, &mut near);
        }
        let n_near = usize::try_from(count(&near)).unwrap_or(usize::MAX);
        let are_few = 2 * n_near < domains.n_events(self.slot);
        if n_near == 0 {
            mask.fill(0);
        } else if are_few {
            let slot = domains.narrow(self.slot, &near);
            let mut inside = std::mem::take(&mut work.near_inside);
            inside.resize(words_for(n_near), 0);
            fill(&mut inside, n_near);
            let within = EventsOfDomain {
                slot,
                reach: None,
                ..*self
            };
            for &axis in axes {
                // Asked for the exact values of events near a border.
                within.ensure(domains, self.plan.nodes.source[axis]);
            }
            within.region(axes, shape, domains, work, &mut inside);
            domains.release(slot);
            simd::bits::spread(&inside, &near, mask);
            work.near_inside = inside;
        }
        work.near = near;
        are_few
    }
}
