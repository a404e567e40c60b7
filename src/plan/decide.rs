//! Gates decided on the columns of a domain.

use crate::gate::{Ellipsoid, Polygon, Rectangle};
use crate::membership::{WORD_BITS, for_each};
use crate::transform::Fast;

use super::compile::{GateKind, Plan};
use super::domain::{Domains, Rows};
use super::nodes::Node;

/// Words that are needed while a gate is decided.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    uncertain: Vec<u64>,
    place: Vec<f64>,
}

/// What a gate is decided on.
pub(super) struct Place<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rows: Rows<'a>,
    pub(super) slot: usize,
}

impl Place<'_> {
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
        kind.for_each_axis(|axis| {
            let source = self.plan.nodes.source[axis];
            self.ensure(domains, source);
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
        });
        match kind {
            GateKind::Rectangle(rectangle) => self.rectangle(rectangle, domains, mask),
            GateKind::Polygon { x, y, outline } => {
                self.polygon([*x, *y], outline, domains, work, mask);
            }
            GateKind::Ellipsoid { axes, ellipsoid } => {
                self.ellipsoid(axes, ellipsoid, domains, work, mask);
            }
            GateKind::Boolean(_) => {}
        }
        any_nan
    }

    fn rectangle(&self, rectangle: &Rectangle, domains: &Domains, mask: &mut [u64]) {
        for side in &rectangle.dimensions {
            let column = domains.column(self.slot, self.plan.nodes.source[side.axis]);
            for (word, values) in mask.iter_mut().zip(column.chunks(WORD_BITS)) {
                if *word != 0 {
                    *word &= side.holds_word(values);
                }
            }
        }
    }

    /// How far the column of an axis may be from the exact places.
    fn delta(&self, axis: usize) -> f64 {
        match &self.plan.nodes.all[self.plan.nodes.scaled[axis]] {
            Node::Scaled { .. } => Fast::BOUND,
            _ => 0.0,
        }
    }

    /// The place of an event on an axis, exact.
    fn exact(&self, domains: &Domains, axis: usize, event: usize) -> f64 {
        let value = domains.column(self.slot, self.plan.nodes.source[axis])[event];
        self.plan.axes[axis].scale.forward(value)
    }

    fn polygon(
        &self,
        [x, y]: [usize; 2],
        outline: &Polygon,
        domains: &mut Domains,
        work: &mut Workspace,
        mask: &mut [u64],
    ) {
        let nodes = [x, y].map(|axis| self.plan.nodes.scaled[axis]);
        for node in nodes {
            self.ensure(domains, node);
        }
        let [xs, ys] = nodes.map(|node| domains.column(self.slot, node));
        let delta = (self.delta(x), self.delta(y));
        if delta == (0.0, 0.0) {
            outline.contains_words(xs, ys, mask);
            return;
        }
        work.uncertain.clear();
        work.uncertain.resize(mask.len(), 0);
        outline.decide(xs, ys, delta, mask, &mut work.uncertain);
        for_each(&work.uncertain, |event| {
            let [px, py] = [x, y].map(|axis| self.exact(domains, axis, event));
            mask[event / WORD_BITS] |= u64::from(outline.contains(px, py)) << (event % WORD_BITS);
        });
    }

    fn ellipsoid(
        &self,
        axes: &[usize],
        ellipsoid: &Ellipsoid,
        domains: &mut Domains,
        work: &mut Workspace,
        mask: &mut [u64],
    ) {
        for &axis in axes {
            self.ensure(domains, self.plan.nodes.scaled[axis]);
        }
        let columns: Vec<&[f64]> = axes
            .iter()
            .map(|&axis| domains.column(self.slot, self.plan.nodes.scaled[axis]))
            .collect();
        let deltas: Vec<f64> = axes.iter().map(|&axis| self.delta(axis)).collect();
        if deltas.iter().all(|delta| *delta == 0.0) {
            ellipsoid.contains_words(&columns, mask);
            return;
        }
        work.uncertain.clear();
        work.uncertain.resize(mask.len(), 0);
        ellipsoid.decide(&columns, &deltas, mask, &mut work.uncertain);
        let place = &mut work.place;
        for_each(&work.uncertain, |event| {
            place.clear();
            place.extend(axes.iter().map(|&axis| self.exact(domains, axis, event)));
            mask[event / WORD_BITS] |= u64::from(ellipsoid.contains(place)) << (event % WORD_BITS);
        });
    }
}
