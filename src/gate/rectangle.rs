//! Rectangle gates in any number of dimensions (Gating-ML 2.0 §5.1.1).

use crate::error::{Error, Result};
use crate::simd::compare::keep_within;
use crate::transform::{Bound, Scale, Threshold};

/// Events taken at a time, so that they stay in the nearest cache.
const BLOCK: usize = 1024;
const WORD: usize = 64;

/// True if the upper bound belongs to the interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// `[min, max)`, as Gating-ML says.
    HalfOpen,
    /// `[min, max]`, as flowCore and openCyto have it.
    Closed,
}

impl Interval {
    /// The intervals of a kind of rectangle, by its name at the Python boundary.
    #[must_use]
    pub fn of_kind(name: &str) -> Option<Self> {
        match name {
            "rectangle" => Some(Self::HalfOpen),
            "closed_rectangle" => Some(Self::Closed),
            _ => None,
        }
    }
}

/// The lower and the upper bound of each dimension, from a list of all.
///
/// # Errors
/// [`Error::MalformedGate`] where one is left over.
pub(crate) fn pairs(bounds: &[Option<f64>]) -> Result<&[[Option<f64>; 2]]> {
    let (pairs, rest) = bounds.as_chunks();
    if rest.is_empty() {
        return Ok(pairs);
    }
    Err(Error::MalformedGate {
        detail: format!(
            "a rectangle has two bounds per dimension, got {}",
            bounds.len()
        ),
    })
}

/// Refuse bounds that are NaN, or leave nothing between them.
fn check((min, max): (Option<f64>, Option<f64>), interval: Interval) -> Result<()> {
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
    Ok(())
}

/// An interval of numbers, closed: half-open ones end with the number before their upper bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The lowest number inside.
    pub(super) low: f64,
    /// The highest number inside.
    pub(super) high: f64,
}

impl Bounds {
    /// The numbers from `min` to `max`; all, infinities too, on a side without a bound.
    ///
    /// # Errors
    /// [`Error::MalformedGate`] for NaN, or where `min` is not below `max`.
    pub fn new((min, max): (Option<f64>, Option<f64>), interval: Interval) -> Result<Self> {
        check((min, max), interval)?;
        let last = |max: f64| match interval {
            Interval::Closed => max,
            Interval::HalfOpen => before(max),
        };
        Ok(Self {
            low: min.unwrap_or(f64::NEG_INFINITY),
            high: max.map_or(f64::INFINITY, last),
        })
    }

    /// The intervals between `cuts`, each with the cut below it.
    ///
    /// # Errors
    /// [`Error::MalformedGate`] for no cut, one that is not finite, or not above the one before.
    pub fn between(cuts: &[f64]) -> Result<Vec<Self>> {
        if cuts.is_empty() {
            return Err(Error::MalformedGate {
                detail: "a divider cuts nowhere".into(),
            });
        }
        if let Some(cut) = cuts.iter().find(|cut| !cut.is_finite()) {
            return Err(Error::MalformedGate {
                detail: format!("a divider must be finite, got {cut}"),
            });
        }
        let mut pairs = cuts.iter().zip(cuts.iter().skip(1));
        if let Some((below, above)) = pairs.find(|(below, above)| below >= above) {
            return Err(Error::MalformedGate {
                detail: format!("dividers must increase, got {above} after {below}"),
            });
        }
        let lows = std::iter::once(None).chain(cuts.iter().copied().map(Some));
        let highs = cuts.iter().copied().map(Some).chain(std::iter::once(None));
        lows.zip(highs)
            .map(|bounds| Self::new(bounds, Interval::HalfOpen))
            .collect()
    }

    /// Return whether the number lies inside; never for NaN.
    #[must_use]
    pub fn holds(self, x: f64) -> bool {
        x >= self.low && x <= self.high
    }

    /// The lowest and the highest number of single precision inside.
    pub(super) fn in_single_precision(self) -> (f32, f32) {
        #[allow(clippy::cast_possible_truncation)] // to the nearest, and then inwards
        let (low, high) = (self.low as f32, self.high as f32);
        (
            if f64::from(low) < self.low {
                low.next_up()
            } else {
                low
            },
            if f64::from(high) > self.high {
                high.next_down()
            } else {
                high
            },
        )
    }
}

/// The number before; NaN, which admits nothing, where there is none.
fn before(x: f64) -> f64 {
    if x == f64::NEG_INFINITY {
        f64::NAN
    } else {
        x.next_down()
    }
}

/// An interval on one axis, decided on the value before the scale.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisBounds {
    /// Index of the axis in the plan.
    pub axis: usize,
    lower: Option<Threshold>,
    /// Events at or beyond it are out.
    upper: Option<Threshold>,
    /// The scaled values that were asked for.
    limits: (Option<f64>, Option<f64>),
    interval: Interval,
}

impl AxisBounds {
    /// The scaled values from `min` to `max` on the axis number `axis` with this scale.
    ///
    /// # Errors
    /// [`Error::MalformedGate`] for NaN, or where `min` is not below `max`.
    pub fn new(
        axis: usize,
        scale: Scale,
        (min, max): (Option<f64>, Option<f64>),
        interval: Interval,
    ) -> Result<Self> {
        check((min, max), interval)?;
        let beyond = match interval {
            Interval::HalfOpen => Bound::AtLeast,
            Interval::Closed => Bound::Above,
        };
        Ok(Self {
            axis,
            lower: min.map(|min| Threshold::new(scale.clone(), min, Bound::AtLeast)),
            upper: max.map(|max| Threshold::new(scale, max, beyond)),
            limits: (min, max),
            interval,
        })
    }

    /// Of scaled values that are known to within `error`, and held in single precision, the lowest
    /// and the highest that are surely inside; then those that are possibly.
    #[must_use]
    pub(crate) fn single_limits(&self, error: f64) -> [(f32, f32); 2] {
        let (min, max) = self.limits;
        let sides = |low: fn(f64, f64) -> f64, high: fn(f64, f64) -> f64| {
            let bounds = Bounds {
                low: min.map_or(f64::NEG_INFINITY, |min| low(min, error)),
                high: max.map_or(f64::INFINITY, |max| high(max, error)),
            };
            bounds.in_single_precision()
        };
        if error == 0.0 {
            let exact = match self.interval {
                Interval::HalfOpen => sides(|min, _| min, |max, _| before(max)),
                Interval::Closed => sides(|min, _| min, |max, _| max),
            };
            return [exact, exact];
        }
        if error.is_infinite() {
            let is_open = min.is_none() && max.is_none();
            let none = (f32::INFINITY, f32::NEG_INFINITY);
            let all = (f32::NEG_INFINITY, f32::INFINITY);
            return [if is_open { all } else { none }, all];
        }
        [
            sides(|min, e| (min + e).next_up(), |max, e| (max - e).next_down()),
            sides(|min, e| (min - e).next_down(), |max, e| (max + e).next_up()),
        ]
    }

    /// Return whether the value lies in the interval; never for NaN.
    #[inline]
    #[must_use]
    pub fn holds(&self, x: f64) -> bool {
        !x.is_nan()
            && self.lower.as_ref().is_none_or(|lower| lower.holds(x))
            && self.upper.as_ref().is_none_or(|upper| !upper.holds(x))
    }

    /// Keep in `mask` the events whose value lies in the interval; bits beyond the last value are
    /// cleared.
    ///
    /// Values that a bound surely admits or surely refuses are compared many at a time; the few
    /// so near to a cut that the scale has to decide are asked one by one.
    pub fn keep(&self, values: &[f64], mask: &mut [u64]) {
        // A comparison with NaN is false: a bound that admits no value surely is NaN.
        let (low_never, low_surely) = self
            .lower
            .as_ref()
            .map_or((f64::NEG_INFINITY, f64::NEG_INFINITY), |lower| {
                (lower.never_below(), lower.surely_from())
            });
        let last = |beyond: f64| {
            if beyond.is_nan() {
                f64::INFINITY
            } else {
                before(beyond)
            }
        };
        let (high_never, high_surely) = self
            .upper
            .as_ref()
            .map_or((f64::INFINITY, f64::INFINITY), |upper| {
                (last(upper.never_below()), last(upper.surely_from()))
            });
        let mut possibly = [0; BLOCK / WORD];
        for (words, values) in mask
            .chunks_mut(BLOCK / WORD)
            .zip(values.chunks(BLOCK).chain(std::iter::repeat(&[][..])))
        {
            let possibly = &mut possibly[..words.len()];
            possibly.copy_from_slice(words);
            keep_within(values, low_surely, high_never, words);
            keep_within(values, low_never, high_surely, possibly);
            for (index, (word, possibly)) in words.iter_mut().zip(possibly).enumerate() {
                let mut open = *possibly & !*word;
                while open != 0 {
                    let bit = open.trailing_zeros() as usize;
                    *word |= u64::from(self.holds(values[index * WORD + bit])) << bit;
                    open &= open - 1;
                }
            }
        }
    }

    /// Which of up to 64 values lie in the interval, one bit each, lowest first.
    #[must_use]
    pub fn holds_word(&self, values: &[f64]) -> u64 {
        let mut word = [u64::MAX];
        self.keep(values, &mut word);
        word[0]
    }
}

/// Intervals that must all hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Rectangle {
    /// At least one.
    pub dimensions: Vec<AxisBounds>,
}

#[cfg(test)]
mod tests;
