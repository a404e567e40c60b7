//! Rectangle gates in any number of dimensions (Gating-ML 2.0 §5.1.1).

use crate::error::{Error, Result};
use crate::simd::compare::keep_within;
use crate::transform::{Bound, Scale, Threshold};

/// Events taken at a time, so that they stay in the nearest cache.
const BLOCK: usize = 1024;
const WORD: usize = 64;

/// Whether the upper bound belongs to the interval.
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

    /// Whether the number lies inside; never for NaN.
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
    /// Which axis of the plan.
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

    /// Whether the value lies in the interval; never for NaN.
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dimension(min: Option<f64>, max: Option<f64>, interval: Interval) -> AxisBounds {
        AxisBounds::new(0, Scale::Identity, (min, max), interval).expect("an interval")
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
            let dimension = AxisBounds::new(0, scale.clone(), (lower, upper), interval).expect("an interval");
            for bound in [lower, upper].into_iter().flatten() {
                let cut = scale.inverse(bound);
                values.push(f64::from_bits(cut.to_bits().wrapping_add_signed(ulps)));
            }
            values.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0]);
            let words = values.len().div_ceil(64) + 1;
            let (mut mask, mut plain) = (vec![u64::MAX; words], vec![u64::MAX; words]);
            dimension.keep(&values, &mut mask);
            crate::simd::forced::baseline(|| dimension.keep(&values, &mut plain));
            prop_assert_eq!(&mask, &plain);
            prop_assert_eq!(mask[words - 1], 0);
            for (chunk, kept) in values.chunks(64).zip(mask) {
                let word = dimension.holds_word(chunk);
                prop_assert_eq!(word, kept);
                for (bit, &x) in chunk.iter().enumerate() {
                    prop_assert_eq!(word >> bit & 1 == 1, dimension.holds(x), "{}", x);
                }
            }
        }
    }

    #[test]
    fn bounds_decide_as_the_comparisons_say() {
        let numbers = [
            f64::NEG_INFINITY,
            f64::MIN,
            -1.0,
            -5e-324,
            -0.0,
            0.0,
            5e-324,
            1e-300,
            0.1,
            1.0,
            1e300,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
        ];
        let sides = numbers.map(Some).into_iter().chain([None]);
        for (min, max) in sides
            .clone()
            .flat_map(|min| sides.clone().map(move |max| (min, max)))
        {
            for interval in [Interval::HalfOpen, Interval::Closed] {
                let Ok(bounds) = Bounds::new((min, max), interval) else {
                    assert!(AxisBounds::new(0, Scale::Identity, (min, max), interval).is_err());
                    continue;
                };
                let (low, high) = bounds.in_single_precision();
                for x in numbers
                    .into_iter()
                    .flat_map(|x| [x.next_down(), x, x.next_up()])
                {
                    let below = max.is_none_or(|max| match interval {
                        Interval::HalfOpen => x < max,
                        Interval::Closed => x <= max,
                    });
                    let expected = !x.is_nan() && min.is_none_or(|min| x >= min) && below;
                    assert_eq!(bounds.holds(x), expected, "{x:e} in {min:?} {max:?}");
                    #[allow(clippy::cast_possible_truncation)]
                    let single = x as f32;
                    assert_eq!(
                        single >= low && single <= high,
                        bounds.holds(f64::from(single))
                    );
                }
            }
        }
    }

    #[test]
    fn refuses_dividers_that_do_not_increase() {
        for cuts in [&[1.0, 1.0][..], &[2.0, 1.0], &[f64::NAN], &[f64::INFINITY]] {
            assert!(Bounds::between(cuts).is_err());
        }
        assert!(Bounds::between(&[]).is_err(), "nothing is cut");
    }

    #[test]
    fn refuses_an_interval_without_events() {
        for (min, max) in [(2.0, 1.0), (1.0, 1.0), (f64::NAN, 1.0)] {
            let bounds = (Some(min), Some(max));
            assert!(AxisBounds::new(0, Scale::Identity, bounds, Interval::HalfOpen).is_err());
        }
    }
}
