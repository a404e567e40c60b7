//! A scale whose values are held back at bounds: `boundMin` and `boundMax` of Gating-ML 2.0 (§6).
//!
//! ```text
//! bounded(x) = min(max(f(x), low), high)
//! ```
//!
//! with the forward function `f` of a base scale. Infinite values lie on a bound, NaN stays NaN.

use crate::error::{Error, Result};

use super::{Scale, listed};

/// A base scale between two bounds, of which one may be infinite.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounded {
    base: Scale,
    low: f64,
    high: f64,
}

impl Bounded {
    /// The values of `base` between `low` and `high`.
    ///
    /// # Errors
    /// [`Error::ScaleParameters`] where a bound is NaN, `low` is above `high`, or the base is a grid or
    /// bounded itself.
    pub fn new(base: Scale, low: f64, high: f64) -> Result<Self> {
        let constraints = [
            (low <= high, "low <= high"),
            (
                !matches!(base, Scale::Grid(_) | Scale::Bounded(_)),
                "a base that is neither a grid nor bounded itself",
            ),
        ];
        if let Some((_, constraint)) = constraints.iter().find(|(kept, _)| !kept) {
            return Err(Error::ScaleParameters {
                scale: "Bounded",
                constraint,
                found: listed(&[("low", low), ("high", high)]),
            });
        }
        Ok(Self { base, low, high })
    }

    /// The scaled value of `x`.
    pub(super) fn forward(&self, x: f64) -> f64 {
        self.base.forward(x).clamp(self.low, self.high)
    }

    /// The value whose scaled value is `y` on the base scale; NaN beyond the bounds.
    pub(super) fn inverse(&self, y: f64) -> f64 {
        if (self.low..=self.high).contains(&y) {
            self.base.inverse(y)
        } else {
            f64::NAN
        }
    }

    /// Put `values` on the scale: the same numbers as [`Self::forward`] of each.
    pub(super) fn forward_into(&self, values: &[f64], out: &mut [f64]) {
        self.base.forward_into(values, out);
        for scaled in out {
            *scaled = scaled.clamp(self.low, self.high);
        }
    }

    /// Return whether `y` is at or beyond a scaled value that all numbers beyond some number share.
    pub(super) fn saturates_at(&self, y: f64) -> bool {
        y <= self.low || y >= self.high || self.base.saturates_at(y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform::{Bound, Threshold};

    fn bounded(low: f64, high: f64) -> Scale {
        let base = Scale::from_name("logicle", &[1000.0, 0.5, 4.0, 0.0]).expect("a scale");
        base.nested("bounded", &[low, high]).expect("bounds")
    }

    #[test]
    fn holds_values_back_at_its_bounds() {
        let scale = bounded(0.2, 0.8);
        let base = bounded(f64::NEG_INFINITY, f64::INFINITY);
        for x in [-1e9, -5.0, 0.0, 3.0, 40.0, 999.0, 1e12] {
            let expected = base.forward(x).clamp(0.2, 0.8);
            assert_eq!(scale.forward(x).to_bits(), expected.to_bits());
        }
        assert_eq!(scale.forward(f64::INFINITY), 0.8);
        assert_eq!(scale.forward(f64::NEG_INFINITY), 0.2);
        assert!(scale.forward(f64::NAN).is_nan());
        assert!(scale.inverse(0.9).is_nan());
        assert_eq!(scale.inverse(0.5).to_bits(), base.inverse(0.5).to_bits());
    }

    #[test]
    fn thresholds_at_and_beyond_a_bound_hold_for_all_or_none() {
        let scale = bounded(0.2, 0.8);
        for x in [f64::NEG_INFINITY, -1e9, 0.0, 1e9, f64::INFINITY] {
            for y in [0.1, 0.2, 0.5, 0.8, 0.9] {
                for bound in [Bound::AtLeast, Bound::Above] {
                    let scaled = scale.forward(x);
                    let expected = match bound {
                        Bound::AtLeast => scaled >= y,
                        Bound::Above => scaled > y,
                    };
                    let threshold = Threshold::new(scale.clone(), y, bound);
                    assert_eq!(threshold.holds(x), expected, "{x} {y} {bound:?}");
                }
            }
        }
    }

    #[test]
    fn refuses_bounds_that_leave_nothing_and_bases_that_nest() {
        for (low, high) in [(0.8, 0.2), (f64::NAN, 1.0), (0.0, f64::NAN)] {
            assert!(Scale::Identity.nested("bounded", &[low, high]).is_err());
        }
        assert!(bounded(0.1, 0.2).nested("bounded", &[0.1, 0.2]).is_err());
        assert!(
            bounded(0.1, 0.2)
                .nested("grid", &[8.0, 0.0, 1.0, 0.0, 0.0])
                .is_err()
        );
    }
}
