//! Quadrant gates (Gating-ML 2.0 §5.4): dividers cut axes into half-open intervals, and quadrants
//! pick from these.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::simd::and_count;
use crate::simd::compare::{reach, reach_f32};
use crate::threads::share;

use super::Bounds;
use super::columns::{COMPARED_PER_THREAD, Column, PART, WORD, check, check_number};

/// Words of a mask that are made for one cut after the other.
const STRETCH: usize = 32;
type Stretch = [u64; STRETCH];

/// Of each divider the interval that a quadrant takes, or none where it reaches over all of them.
pub type Quadrant = Vec<Option<usize>>;

/// The number of events lie in each of some quadrants.
///
/// Divider `k` cuts column `k` at its values into the intervals of [`Bounds::between`]; a value on
/// a cut belongs to the interval above it, and NaN to none.
///
/// # Errors
/// [`Error::Length`] if columns differ in length or are not one per divider, and
/// [`Error::MalformedGate`] for a quadrant that takes no interval, or one that does not exist.
pub fn quadrant_counts(
    intervals: &[Vec<Bounds>],
    quadrants: &[Quadrant],
    columns: &[Column],
) -> Result<Vec<u64>> {
    let n_events = check_all(intervals, quadrants, columns)?;
    let parts = (0..n_events).step_by(PART).map(|first| (first, Vec::new()));
    Ok(decide(intervals, quadrants, columns, parts))
}

/// [`quadrant_counts`], and which events these are: a mask for each quadrant, one after the other
/// in `out`.
///
/// # Errors
/// As there; [`Error::Length`] also if `out` has another length.
pub fn quadrant_masks(
    intervals: &[Vec<Bounds>],
    quadrants: &[Quadrant],
    columns: &[Column],
    out: &mut [u64],
) -> Result<Vec<u64>> {
    let n_events = check_all(intervals, quadrants, columns)?;
    let words = n_events.div_ceil(WORD);
    if out.len() != words * quadrants.len() {
        return Err(Error::Length {
            what: "the array of masks",
            found: out.len(),
            expected: words * quadrants.len(),
        });
    }
    // Every part is a stretch of each mask.
    let mut stretches: Vec<_> = out
        .chunks_mut(words.max(1))
        .map(|mask| mask.chunks_mut(PART / WORD))
        .collect();
    let parts = (0..n_events).step_by(PART).map(move |first| {
        let masks = stretches.iter_mut().filter_map(Iterator::next).collect();
        (first, masks)
    });
    Ok(decide(intervals, quadrants, columns, parts))
}

/// Refuse what does not fit together; gives the number of events.
fn check_all(
    intervals: &[Vec<Bounds>],
    quadrants: &[Quadrant],
    columns: &[Column],
) -> Result<usize> {
    check_number(columns, intervals.len())?;
    let n_events = columns.first().map_or(0, |column| column.len());
    check(columns, n_events)?;
    let exists = |quadrant: &Quadrant| {
        let mut taken = quadrant.iter().zip(intervals);
        quadrant.len() == intervals.len()
            && quadrant.iter().any(Option::is_some)
            && taken.all(|(interval, own)| interval.is_none_or(|interval| interval < own.len()))
    };
    if !quadrants.iter().all(exists) {
        return Err(Error::MalformedGate {
            detail: "a quadrant takes an interval of one divider or more".into(),
        });
    }
    Ok(n_events)
}

/// A stretch of each quadrant's mask, or none where only their numbers are wanted.
type Stretches<'a> = Vec<&'a mut [u64]>;

/// Decide parts of the events, each given by its first and its masks; gives the events in each quadrant.
fn decide<'a>(
    intervals: &[Vec<Bounds>],
    quadrants: &[Quadrant],
    columns: &[Column],
    parts: impl Iterator<Item = (usize, Stretches<'a>)> + Send,
) -> Vec<u64> {
    let n_events = columns.first().map_or(0, |column| column.len());
    let counts: Vec<_> = quadrants.iter().map(|_| AtomicU64::new(0)).collect();
    share(
        n_events / COMPARED_PER_THREAD,
        parts,
        |(first, mut masks)| {
            let found = cut(intervals, quadrants, columns, first, &mut masks);
            for (count, found) in counts.iter().zip(found) {
                count.fetch_add(found, Ordering::Relaxed);
            }
        },
    );
    counts.into_iter().map(AtomicU64::into_inner).collect()
}

/// The part of [`decide`] that begins with event `first`.
fn cut(
    intervals: &[Vec<Bounds>],
    quadrants: &[Quadrant],
    columns: &[Column],
    first: usize,
    masks: &mut Stretches<'_>,
) -> Vec<u64> {
    let n_events = columns[0].len().min(first + PART) - first;
    let n_words = n_events.div_ceil(WORD);
    let mut unkept = [0; STRETCH];
    let mut within: Vec<Vec<Stretch>> = intervals
        .iter()
        .map(|own| vec![[0; STRETCH]; own.len()])
        .collect();
    let mut counts = vec![0; quadrants.len()];
    for begin in (0..n_words).step_by(STRETCH) {
        let end = (begin + STRETCH).min(n_words);
        let events = first + begin * WORD..first + n_events.min(end * WORD);
        for ((own, bounds), column) in within.iter_mut().zip(intervals).zip(columns) {
            share_out(*column, events.clone(), bounds, own);
        }
        for (number, (quadrant, count)) in quadrants.iter().zip(&mut counts).enumerate() {
            let mut taken = within
                .iter()
                .zip(quadrant)
                .filter_map(|(own, interval)| interval.map(|interval| &own[interval]));
            let Some(first) = taken.next() else {
                continue;
            };
            let last = taken.next_back().unwrap_or(first);
            let mut begun = Cow::Borrowed(first);
            for interval in taken {
                for (word, other) in begun.to_mut().iter_mut().zip(interval) {
                    *word &= other;
                }
            }
            let mask = match masks.get_mut(number) {
                Some(mask) => &mut mask[begin..end],
                None => &mut unkept[..end - begin],
            };
            *count += and_count(begun.as_ref(), last, mask);
        }
    }
    counts
}

/// Write to `masks` which of some events lie in each of adjoining intervals, which begin with one of
/// all numbers below the first cut.
fn share_out(column: Column, events: Range<usize>, intervals: &[Bounds], masks: &mut [Stretch]) {
    let n_words = events.len().div_ceil(WORD);
    let Some((lowest, above)) = masks.split_first_mut() else {
        return;
    };
    for (mask, bounds) in above.iter_mut().zip(&intervals[1..]) {
        let (reached, numbers) = (&mut mask[..n_words], &mut lowest[..n_words]);
        match column {
            Column::Float64(values) => {
                reach(&values[events.clone()], bounds.low, reached, numbers);
            }
            Column::Float32(values) => {
                let (low, _) = bounds.in_single_precision();
                reach_f32(&values[events.clone()], low, reached, numbers);
            }
        }
    }
    // Who reaches the next interval is not in this.
    for first in 1..masks.len() {
        let (before, from) = masks.split_at_mut(first);
        for (word, next) in before[first - 1].iter_mut().zip(&from[0]) {
            *word &= !next;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;
    use crate::simd::forced::baseline;

    #[test]
    fn quadrants_share_out_the_events_that_are_numbers() {
        let value = |k: usize, turn: f64| match k % 1009 {
            0 => f64::NAN,
            1 => f64::INFINITY,
            _ => (k as f64 * 0.37 + turn).sin() * (k % 97) as f64 / 50.0,
        };
        #[allow(clippy::cast_possible_truncation)]
        let xs: Vec<f32> = (0..900_007).map(|k| value(k, 0.0) as f32).collect();
        let ys: Vec<f64> = (0..900_007).map(|k| value(k + 5, 1.6)).collect();
        let columns = [Column::Float32(&xs), Column::Float64(&ys)];
        let cuts = [vec![-0.25, 0.5], vec![0.0]];
        let intervals: Vec<_> = cuts
            .iter()
            .map(|cuts| Bounds::between(cuts).expect("cuts that increase"))
            .collect();
        let quadrants: Vec<Quadrant> = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1)]
            .map(|(across, along)| vec![Some(across), Some(along)])
            .into_iter()
            .chain([vec![Some(2), None]])
            .collect();
        let words = xs.len().div_ceil(WORD);
        let mut out = vec![u64::MAX; words * 6];
        let counts =
            quadrant_masks(&intervals, &quadrants, &columns, &mut out).expect("sizes that fit");
        let mut plain = vec![u64::MAX; words * 6];
        let again = baseline(|| quadrant_masks(&intervals, &quadrants, &columns, &mut plain));
        assert_eq!((&counts, &out), (&again.expect("sizes that fit"), &plain));
        let only_counted =
            quadrant_counts(&intervals, &quadrants, &columns).expect("sizes that fit");
        assert_eq!(only_counted, counts);
        let mut expected_counts = vec![0; 6];
        for (event, (&x, &y)) in xs.iter().zip(&ys).enumerate() {
            let interval = usize::from(x >= -0.25) + usize::from(x >= 0.5);
            let along = usize::from(y >= 0.0);
            for (quadrant, taken) in quadrants.iter().enumerate() {
                let on = |interval: Option<usize>, found: usize, nan: bool| {
                    interval.is_none_or(|interval| interval == found && !nan)
                };
                let expected =
                    on(taken[0], interval, x.is_nan()) && on(taken[1], along, y.is_nan());
                expected_counts[quadrant] += u64::from(expected);
                let word = out[quadrant * words + event / WORD];
                assert_eq!(word >> (event % WORD) & 1 == 1, expected, "{x} {y}");
            }
        }
        assert_eq!(counts, expected_counts);
        let ends: u64 = (0..6)
            .map(|quadrant| out[(quadrant + 1) * words - 1] >> (900_007 % 64))
            .sum();
        assert_eq!(ends, 0, "bits beyond the last event are clear");
    }

    #[test]
    fn refuses_quadrants_that_do_not_exist() {
        let bounds = Bounds::between(&[0.5]).expect("a cut");
        let column = Column::Float64(&[0.0; 3]);
        let refuses = |quadrant: Quadrant, out: &mut [u64]| {
            quadrant_masks(from_ref(&bounds), &[quadrant], &[column], out).is_err()
        };
        assert!(!refuses(vec![Some(0)], &mut [0]));
        assert!(refuses(vec![Some(0)], &mut [0; 2]));
        for quadrant in [vec![], vec![None], vec![Some(2)], vec![Some(0); 2]] {
            assert!(refuses(quadrant, &mut [0]));
        }
    }
}
