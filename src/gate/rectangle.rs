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

    #[test]
    fn refuses_an_interval_without_events() {
        for (min, max) in [(2.0, 1.0), (1.0, 1.0), (f64::NAN, 1.0)] {
            let bounds = (Some(min), Some(max));
            assert!(Dimension::new(0, Scale::Identity, bounds, Interval::HalfOpen).is_err());
        }
    }
}
