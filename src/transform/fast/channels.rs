//! Scaled values on FlowJo's scale amid the lines between its channels, which are so short that nobody sees
//! their corners.

use std::sync::OnceLock;

use crate::simd::multiversion;
use crate::transform::FlowJoBiex;

use super::knots::Knots;
use super::scaled_values::ScaledValues;
use super::{Fast, GROUP, first, in_groups};

/// Tables of FlowJo's scale, made when first asked for.
#[derive(Debug)]
pub(super) struct Channels {
    scale: FlowJoBiex,
    /// None where channels are so few that lines between them are not within the bound of a curve.
    smooth: OnceLock<Option<ScaledValues>>,
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

    /// Scaled values amid the lines.
    pub(super) fn smooth(&self) -> Option<&ScaledValues> {
        let scale = &self.scale;
        let made = || {
            if scale.half_gap() > 0.6 * Fast::BOUND {
                return None;
            }
            let (zero, end) = (scale.scaled_zero(), scale.largest_size());
            ScaledValues::through(zero, scale.linear_size(), end, |sizes, scaled_values| {
                for (scaled, &size) in scaled_values.iter_mut().zip(sizes) {
                    *scaled = scale.amid_lines(size);
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

/// The scaled value of a value between the ends, which stays there.
#[inline(always)]
fn scaled_of(table: &ScaledValues, x: f64) -> f64 {
    let scaled = table.of(x);
    let scaled = if scaled > 0.0 { scaled } else { 0.0 };
    if scaled < 1.0 { scaled } else { 1.0 }
}

/// The scaled values of values some of which saturate, are infinite or NaN.
#[cold]
#[inline(never)]
fn beyond(table: &ScaledValues, scale: &FlowJoBiex, values: &[f64; GROUP], out: &mut [f64; GROUP]) {
    for (scaled, &x) in out.iter_mut().zip(values) {
        *scaled = if scale.is_between_ends(x) {
            scaled_of(table, x)
        } else {
            scale.end(x)
        };
    }
}

multiversion! {
    /// Look up groups of values.
    fn amid_lines(table: &ScaledValues, scale: &FlowJoBiex, values: &[[f64; GROUP]], out: &mut [[f64; GROUP]]) {
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
                    scaled_of(table, a),
                    scaled_of(table, b),
                    scaled_of(table, c),
                    scaled_of(table, d),
                ];
            } else {
                beyond(table, scale, values, out);
            }
        }
    }
}
