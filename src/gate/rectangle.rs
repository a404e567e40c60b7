//! Rectangle gates in any number of dimensions (Gating-ML 2.0 §5.1.1).

use crate::error::{Error, Result};
use crate::transform::{Bound, Scale, Threshold};

/// Whether the upper bound belongs to the interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// `[min, max)`, as Gating-ML says.
    HalfOpen,
    /// `[min, max]`, as flowCore and openCyto have it.
    Closed,
}

/// An interval on one axis, decided on the value before the scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    /// Which axis of the plan.
    pub axis: usize,
    lower: Option<Threshold>,
    /// Events at or beyond it are out.
    upper: Option<Threshold>,
}

impl Dimension {
    /// The places from `min` to `max` on the axis number `axis` with this scale.
    ///
    /// # Errors
    /// [`Error::MalformedGate`] for NaN, or where `min` is not below `max`.
    pub fn new(
        axis: usize,
        scale: Scale,
        (min, max): (Option<f64>, Option<f64>),
        interval: Interval,
    ) -> Result<Self> {
        if min.is_some_and(f64::is_nan) || max.is_some_and(f64::is_nan) {
            return Err(Error::MalformedGate {
                detail: "a bound is NaN".into(),
            });
        }
        let empty = match (min, max, interval) {
            (Some(min), Some(max), Interval::HalfOpen) => min >= max,
            (Some(min), Some(max), Interval::Closed) => min > max,
            _ => false,
        };
        if empty {
            return Err(Error::MalformedGate {
                detail: format!("min {min:?} is not below max {max:?}: no event could be inside"),
            });
        }
        let beyond = match interval {
            Interval::HalfOpen => Bound::AtLeast,
            Interval::Closed => Bound::Above,
        };
        Ok(Self {
            axis,
            lower: min.map(|min| Threshold::new(scale, min, Bound::AtLeast)),
            upper: max.map(|max| Threshold::new(scale, max, beyond)),
        })
    }

    /// Whether the value lies in the interval; never for NaN.
    #[inline]
    #[must_use]
    pub fn holds(&self, x: f64) -> bool {
        !x.is_nan()
            && self.lower.as_ref().is_none_or(|lower| lower.holds(x))
            && self.upper.as_ref().is_none_or(|upper| !upper.holds(x))
    }

    /// Which of up to 64 values lie in the interval, one bit each, lowest first.
    ///
    /// Values that a bound surely admits or surely refuses are compared without a branch; the few
    /// so near to a cut that the scale has to decide are asked one by one.
    #[must_use]
    pub fn holds_word(&self, values: &[f64]) -> u64 {
        // A comparison with NaN is false: an open side admits every number, and no NaN.
        let (low_never, low_surely) = self
            .lower
            .as_ref()
            .map_or((f64::NEG_INFINITY, f64::NEG_INFINITY), |lower| {
                (lower.never_below(), lower.surely_from())
            });
        let (high_never, high_surely) = self.upper.as_ref().map_or((f64::NAN, f64::NAN), |upper| {
            (upper.never_below(), upper.surely_from())
        });
        let (mut surely, mut possibly) = (0_u64, 0_u64);
        for (bit, &x) in values.iter().enumerate() {
            // `!(x >= y)` and not `x < y`: it holds where y is NaN.
            #[allow(clippy::neg_cmp_op_on_partial_ord)]
            let (below_never, below_surely) = (!(x >= high_never), !(x >= high_surely));
            surely |= u64::from((x >= low_surely) & below_never) << bit;
            possibly |= u64::from((x >= low_never) & below_surely) << bit;
        }
        let mut open = possibly & !surely;
        while open != 0 {
            let bit = open.trailing_zeros() as usize;
            surely |= u64::from(self.holds(values[bit])) << bit;
            open &= open - 1;
        }
        surely
    }
}

/// Intervals that must all hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Rectangle {
    /// At least one.
    pub dimensions: Vec<Dimension>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dimension(min: Option<f64>, max: Option<f64>, interval: Interval) -> Dimension {
        Dimension::new(0, Scale::Identity, (min, max), interval).expect("an interval")
    }

    #[test]
    fn is_half_open_by_the_standard_and_closed_on_request() {
        let gate = dimension(Some(1.0), Some(2.0), Interval::HalfOpen);
        assert!(gate.holds(1.0) && !gate.holds(2.0));
        let gate = dimension(Some(1.0), Some(2.0), Interval::Closed);
        assert!(gate.holds(1.0) && gate.holds(2.0) && !gate.holds(2.0_f64.next_up()));
    }

    #[test]
    fn holds_no_nan_even_where_unbounded() {
        let gate = dimension(None, None, Interval::HalfOpen);
        assert!(!gate.holds(f64::NAN));
        assert!(gate.holds(f64::INFINITY) && gate.holds(f64::NEG_INFINITY));
    }

    proptest! {
        #[test]
        fn words_decide_as_single_values_do(
            mut values in prop::collection::vec(-50.0..3e5_f64, 1..=64),
            lower in prop::option::of(-0.1..0.6_f64), width in prop::option::of(0.0..0.6_f64),
            closed in any::<bool>(), ulps in -3..3_i64,
        ) {
            let scale = Scale::from_name("logicle", &[262_144.0, 0.5, 4.5, 0.0]).expect("a scale");
            let upper = width.map(|width| lower.unwrap_or(0.0) + width + 1e-3);
            let interval = if closed { Interval::Closed } else { Interval::HalfOpen };
            let dimension = Dimension::new(0, scale, (lower, upper), interval).expect("an interval");
            for bound in [lower, upper].into_iter().flatten() {
                let cut = scale.inverse(bound);
                values.push(f64::from_bits(cut.to_bits().wrapping_add_signed(ulps)));
            }
            values.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0]);
            for chunk in values.chunks(64) {
                let word = dimension.holds_word(chunk);
                for (bit, &x) in chunk.iter().enumerate() {
                    prop_assert_eq!(word >> bit & 1 == 1, dimension.holds(x), "{}", x);
                }
            }
        }
    }

    #[test]
    fn refuses_an_interval_without_events() {
        for (min, max) in [(2.0, 1.0), (1.0, 1.0), (f64::NAN, 1.0)] {
            let bounds = (Some(min), Some(max));
            assert!(Dimension::new(0, Scale::Identity, bounds, Interval::HalfOpen).is_err());
        }
    }
}
