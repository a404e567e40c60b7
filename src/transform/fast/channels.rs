//! Places on FlowJo's scale amid the lines between its channels, which are so short that nobody sees
//! their corners.

use std::sync::OnceLock;

use crate::simd::multiversion;
use crate::transform::FlowJoBiex;

use super::knots::Knots;
use super::places::Places;
use super::{Fast, GROUP, first, in_groups};

/// Tables of FlowJo's scale, made when first asked for.
#[derive(Debug)]
pub(super) struct Channels {
    scale: FlowJoBiex,
    /// None where channels are so few that lines between them are not within the bound of a curve.
    smooth: OnceLock<Option<Places>>,
    /// None where there would be too many.
    knots: OnceLock<Option<Knots>>,
}

impl Channels {
    pub(super) fn new(scale: &FlowJoBiex) -> Self {
        Self {
            scale: *scale,
            smooth: OnceLock::new(),
            knots: OnceLock::new(),
        }
    }

    /// The scale's own table.
    pub(super) fn knots(&self) -> Option<&Knots> {
        first(&self.knots, || Knots::new(&self.scale)).as_ref()
    }

    /// Places amid the lines.
    pub(super) fn smooth(&self) -> Option<&Places> {
        let scale = &self.scale;
        let made = || {
            if scale.half_gap() > 0.6 * Fast::BOUND {
                return None;
            }
            let (zero, end) = (scale.zero_place(), scale.largest_size());
            Places::through(zero, scale.linear_size(), end, |sizes, places| {
                for (place, &size) in places.iter_mut().zip(sizes) {
                    *place = scale.amid_lines(size);
                }
            })
        };
        first(&self.smooth, made).as_ref()
    }

    /// Put `values` on the scale; whether it could be done.
    pub(super) fn look_up(&self, values: &[f64], out: &mut [f64]) -> bool {
        if let Some(table) = self.smooth() {
            in_groups(values, out, |values, out| {
                amid_lines(table, &self.scale, values, out);
            });
            return true;
        }
        self.exact(values, out)
    }

    /// The same to the last bit.
    pub(super) fn exact(&self, values: &[f64], out: &mut [f64]) -> bool {
        self.knots().is_some_and(|knots| {
            knots.forward_into(values, out);
            true
        })
    }
}

/// The place of a value between the ends, which stays there.
#[inline(always)]
fn place_of(table: &Places, x: f64) -> f64 {
    let place = table.of(x);
    let place = if place > 0.0 { place } else { 0.0 };
    if place < 1.0 { place } else { 1.0 }
}

/// The places of values some of which saturate, are infinite or NaN.
#[cold]
#[inline(never)]
fn beyond(table: &Places, scale: &FlowJoBiex, values: &[f64; GROUP], out: &mut [f64; GROUP]) {
    for (place, &x) in out.iter_mut().zip(values) {
        *place = if scale.is_between_ends(x) {
            place_of(table, x)
        } else {
            scale.end(x)
        };
    }
}

multiversion! {
    /// Look up groups of values.
    fn amid_lines(table: &Places, scale: &FlowJoBiex, values: &[[f64; GROUP]], out: &mut [[f64; GROUP]]) {
        if table.is_empty() {
            return;
        }
        for (values, out) in values.iter().zip(out) {
            let [a, b, c, d] = *values;
            if scale.is_between_ends(a)
                & scale.is_between_ends(b)
                & scale.is_between_ends(c)
                & scale.is_between_ends(d)
            {
                *out = [
                    place_of(table, a),
                    place_of(table, b),
                    place_of(table, c),
                    place_of(table, d),
                ];
            } else {
                beyond(table, scale, values, out);
            }
        }
    }
}
