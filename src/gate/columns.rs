//! Gates over whole columns in memory: blocks that stay in the nearest cache, on some threads.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::simd::compare::{keep_within, keep_within_f32, reach, reach_f32, unpack, widen};
use crate::threads::share;

use super::{Bounds, Ellipsoid, Polygon};

/// A column of events as it is stored.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// Single precision.
    Float32(&'a [f32]),
    /// Double precision.
    Float64(&'a [f64]),
}

/// Events of a block.
const BLOCK: usize = 512;
const WORD: usize = 64;
const WORDS: usize = BLOCK / WORD;
/// Events that a thread takes at a time.
const PART: usize = 32 * BLOCK;
/// Fewer events are not worth a thread.
const EVENTS_PER_THREAD: usize = 100_000;
/// Nor are fewer that are only compared: that waits for memory, which threads share.
const COMPARED_PER_THREAD: usize = 1_000_000;

impl<'a> Column<'a> {
    /// Number of events.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Float32(values) => values.len(),
            Self::Float64(values) => values.len(),
        }
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The values of some events in double precision, in `buffer` where they are not so stored.
    fn wide<'b>(self, events: Range<usize>, buffer: &'b mut [f64]) -> &'b [f64]
    where
        'a: 'b,
    {
        match self {
            Self::Float64(values) => &values[events],
            Self::Float32(values) => {
                let buffer = &mut buffer[..events.len()];
                widen(&values[events], buffer);
                buffer
            }
        }
    }

    /// Keep in `mask` those of some events that lie within the bounds.
    fn keep(self, events: Range<usize>, bounds: Bounds, mask: &mut [u64]) {
        match self {
            Self::Float64(values) => keep_within(&values[events], bounds.low, bounds.high, mask),
            Self::Float32(values) => {
                let (low, high) = bounds.in_single_precision();
                keep_within_f32(&values[events], low, high, mask);
            }
        }
    }

    /// Write to `masks` which of some events lie in each of adjoining intervals, which begin with one
    /// of all numbers below the first cut: one comparison for each interval.
    fn share_out(self, events: Range<usize>, intervals: &[Bounds], masks: &mut [[u64; WORDS]]) {
        for (mask, bounds) in masks.iter_mut().zip(intervals) {
            match self {
                Self::Float64(values) => reach(&values[events.clone()], bounds.low, mask),
                Self::Float32(values) => {
                    let (low, _) = bounds.in_single_precision();
                    reach_f32(&values[events.clone()], low, mask);
                }
            }
        }
        // Who reaches the next interval is not in this.
        for first in 1..masks.len() {
            let (before, from) = masks.split_at_mut(first);
            for (word, next) in before[first - 1].iter_mut().zip(from[0]) {
                *word &= !next;
            }
        }
    }
}

/// Which places are in a polygon: one answer per event in `out`, 1 or 0.
///
/// # Errors
/// [`Error::Length`] if the columns and `out` differ in length.
pub fn polygon_columns(polygon: &Polygon, columns: [Column; 2], out: &mut [u8]) -> Result<()> {
    check(&columns, out.len())?;
    if out.len() >= BLOCK {
        polygon.prepare();
    }
    let mixed = [[0.0; BLOCK]; 2];
    in_blocks(
        out,
        EVENTS_PER_THREAD,
        mixed,
        |buffers, events, mask| match columns {
            [Column::Float32(xs), Column::Float32(ys)] => {
                polygon.contains_words_f32(&xs[events.clone()], &ys[events], mask);
            }
            [xs, ys] => {
                let [one, two] = buffers;
                let (xs, ys) = (xs.wide(events.clone(), one), ys.wide(events, two));
                polygon.contains_words(xs, ys, mask);
            }
        },
    );
    Ok(())
}

/// Which places are in an ellipsoid: one answer per event in `out`, 1 or 0.
///
/// # Errors
/// [`Error::Length`] if the columns and `out` differ in length, or the columns in number.
pub fn ellipsoid_columns(ellipsoid: &Ellipsoid, columns: &[Column], out: &mut [u8]) -> Result<()> {
    check_number(columns, ellipsoid.dimensions())?;
    check(columns, out.len())?;
    if let [Column::Float32(xs), Column::Float32(ys)] = *columns {
        in_blocks(out, EVENTS_PER_THREAD, (), |(), events, mask| {
            ellipsoid.contains_words_f32([&xs[events.clone()], &ys[events]], mask);
        });
        return Ok(());
    }
    let buffers = vec![0.0; BLOCK * columns.len()];
    in_blocks(out, EVENTS_PER_THREAD, buffers, |buffers, events, mask| {
        let wide: Vec<&[f64]> = columns
            .iter()
            .zip(buffers.chunks_mut(BLOCK))
            .map(|(column, buffer)| column.wide(events.clone(), buffer))
            .collect();
        ellipsoid.contains_words(&wide, mask);
    });
    Ok(())
}

/// Which values lie within the bounds of every column: one answer per event in `out`, 1 or 0.
///
/// # Errors
/// [`Error::Length`] if the columns and `out` differ in length, or the columns in number.
pub fn rectangle_columns(bounds: &[Bounds], columns: &[Column], out: &mut [u8]) -> Result<()> {
    check_number(columns, bounds.len())?;
    check(columns, out.len())?;
    in_blocks(out, COMPARED_PER_THREAD, (), |(), events, mask| {
        for (column, bounds) in columns.iter().zip(bounds) {
            column.keep(events.clone(), *bounds, mask);
        }
    });
    Ok(())
}

/// The quadrants into which dividers cut the events: one mask for each combination of intervals,
/// the last divider's changing fastest, each `words` long, one after the other in `out`.
///
/// Divider `k` cuts column `k` at its values into the intervals of [`Bounds::between`]; a value on
/// a cut belongs to the interval above it, and NaN to none.
///
/// # Errors
/// [`Error::Length`] if the sizes do not fit together.
pub fn quadrant_columns(
    intervals: &[Vec<Bounds>],
    columns: &[Column],
    words: usize,
    out: &mut [u64],
) -> Result<()> {
    check_number(columns, intervals.len())?;
    let n_events = columns.first().map_or(0, |column| column.len());
    check(columns, n_events)?;
    let quadrants: usize = intervals.iter().map(Vec::len).product();
    if words != n_events.div_ceil(WORD) || out.len() != words * quadrants {
        return Err(Error::Length {
            what: "the array of masks",
            found: out.len(),
            expected: n_events.div_ceil(WORD) * quadrants,
        });
    }
    // Every part is a stretch of each mask.
    let mut stretches: Vec<_> = out
        .chunks_mut(words.max(1))
        .map(|mask| mask.chunks_mut(PART / WORD))
        .collect();
    let parts = (0..words.div_ceil(PART / WORD)).map(move |part| {
        let masks: Vec<_> = stretches.iter_mut().filter_map(Iterator::next).collect();
        (part * PART, masks)
    });
    let threads = n_events / (2 * EVENTS_PER_THREAD);
    share(threads, parts, |(first, mut masks)| {
        cut(intervals, columns, first, &mut masks);
    });
    Ok(())
}

/// The part of [`quadrant_columns`] that begins with event `first`.
fn cut(intervals: &[Vec<Bounds>], columns: &[Column], first: usize, masks: &mut [&mut [u64]]) {
    let n_words = masks.first().map_or(0, |mask| mask.len());
    let mut within: Vec<Vec<[u64; WORDS]>> = intervals
        .iter()
        .map(|own| vec![[0; WORDS]; own.len()])
        .collect();
    for begin in (0..n_words).step_by(WORDS) {
        let end = (begin + WORDS).min(n_words);
        let events = first + begin * WORD..(first + end * WORD).min(columns[0].len());
        for ((own, bounds), column) in within.iter_mut().zip(intervals).zip(columns) {
            column.share_out(events.clone(), bounds, own);
        }
        for (quadrant, mask) in masks.iter_mut().enumerate() {
            let mut rest = quadrant;
            let mask = &mut mask[begin..end];
            for (turn, own) in within.iter().rev().enumerate() {
                let interval = &own[rest % own.len()][..mask.len()];
                rest /= own.len();
                if turn == 0 {
                    mask.copy_from_slice(interval);
                } else {
                    for (word, other) in mask.iter_mut().zip(interval) {
                        *word &= other;
                    }
                }
            }
        }
    }
}

fn check(columns: &[Column], n_events: usize) -> Result<()> {
    match columns.iter().find(|column| column.len() != n_events) {
        Some(column) => Err(Error::Length {
            what: "a column",
            found: column.len(),
            expected: n_events,
        }),
        None => Ok(()),
    }
}

fn check_number(columns: &[Column], expected: usize) -> Result<()> {
    if columns.len() == expected {
        return Ok(());
    }
    Err(Error::Length {
        what: "the list of columns",
        found: columns.len(),
        expected,
    })
}

/// Let `decide` clear bits of a mask of some events, and write the mask to `out`, for all events.
///
/// Each part of the events has its own copy of `scratch`.
fn in_blocks<Scratch: Clone + Sync>(
    out: &mut [u8],
    events_per_thread: usize,
    scratch: Scratch,
    decide: impl Fn(&mut Scratch, Range<usize>, &mut [u64]) + Sync,
) {
    let threads = out.len() / events_per_thread;
    let parts = out.chunks_mut(PART).enumerate();
    share(threads, parts, |(part, answers)| {
        let mut scratch = scratch.clone();
        for (block, answers) in answers.chunks_mut(BLOCK).enumerate() {
            let begin = part * PART + block * BLOCK;
            let events = begin..begin + answers.len();
            let mut mask = [u64::MAX; WORDS];
            let words = &mut mask[..answers.len().div_ceil(WORD)];
            decide(&mut scratch, events, words);
            unpack(words, answers);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Interval;
    use crate::simd::forced::baseline;

    /// Events on a spiral, with some that are no numbers.
    fn events(n: usize) -> (Vec<f32>, Vec<f64>) {
        let value = |k: usize, turn: f64| match k % 1009 {
            0 => f64::NAN,
            1 => f64::INFINITY,
            _ => (k as f64 * 0.37 + turn).sin() * (k % 97) as f64 / 50.0,
        };
        #[allow(clippy::cast_possible_truncation)]
        let xs = (0..n).map(|k| value(k, 0.0) as f32).collect();
        (xs, (0..n).map(|k| value(k + 5, 1.6)).collect())
    }

    #[test]
    fn columns_are_decided_as_single_events_whatever_the_threads() {
        let outline = vec![
            (-1.0, -1.0),
            (1.0, -0.5),
            (0.5, 1.0),
            (0.0, 0.0),
            (-0.5, 1.0),
        ];
        let polygon = Polygon::new(outline).expect("an outline");
        let matrix = vec![vec![1.0, 0.3], vec![0.3, 0.5]];
        let ellipsoid = Ellipsoid::new(&[0.1, 0.2], &matrix, 1.0).expect("an ellipse");
        let side = |low, high| Bounds::new((low, high), Interval::HalfOpen).expect("bounds");
        let bounds = [side(Some(-0.3), Some(0.7)), side(None, Some(0.5))];
        for n in [0, 1, 63, 64, 65, 1023, 1025, 350_001] {
            let (xs, ys) = events(n);
            let columns = [Column::Float32(&xs), Column::Float64(&ys)];
            let answers = |out: &mut [Vec<u8>; 3]| -> Result<()> {
                polygon_columns(&polygon, columns, &mut out[0])?;
                ellipsoid_columns(&ellipsoid, &columns, &mut out[1])?;
                rectangle_columns(&bounds, &columns, &mut out[2])
            };
            let mut out = [vec![9; n], vec![9; n], vec![9; n]];
            answers(&mut out).expect("columns of one length");
            let mut plain = out.clone();
            baseline(|| answers(&mut plain)).expect("columns of one length");
            assert_eq!(out, plain);
            for (event, (&x, &y)) in xs.iter().zip(&ys).enumerate() {
                let x = f64::from(x);
                let expected = [
                    polygon.contains_by_all_edges(x, y),
                    ellipsoid.contains(&[x, y]),
                    (-0.3..0.7).contains(&x) && y < 0.5,
                ];
                let found = [out[0][event], out[1][event], out[2][event]];
                assert_eq!(found, expected.map(u8::from), "{x} {y}");
            }
        }
    }

    #[test]
    fn quadrants_share_out_the_events_that_are_numbers() {
        let (xs, ys) = events(300_007);
        let columns = [Column::Float32(&xs), Column::Float64(&ys)];
        let cuts = [vec![-0.25, 0.5], vec![0.0]];
        let intervals: Vec<_> = cuts
            .iter()
            .map(|cuts| Bounds::between(cuts).expect("cuts that increase"))
            .collect();
        let words = xs.len().div_ceil(WORD);
        let mut out = vec![u64::MAX; words * 6];
        quadrant_columns(&intervals, &columns, words, &mut out).expect("sizes that fit");
        for (event, (&x, &y)) in xs.iter().zip(&ys).enumerate() {
            let mut expected = [false; 6];
            if !x.is_nan() && !y.is_nan() {
                let interval = usize::from(x >= -0.25) + usize::from(x >= 0.5);
                expected[interval * 2 + usize::from(y >= 0.0)] = true;
            }
            for (quadrant, expected) in expected.into_iter().enumerate() {
                let word = out[quadrant * words + event / WORD];
                assert_eq!(word >> (event % WORD) & 1 == 1, expected, "{x} {y}");
            }
        }
        let ends: u64 = (0..6)
            .map(|quadrant| out[(quadrant + 1) * words - 1] >> 39)
            .sum();
        assert_eq!(ends, 0, "bits beyond the last event are clear");
    }

    #[test]
    fn refuses_columns_that_do_not_fit() {
        let column = Column::Float64(&[0.0; 3]);
        let bounds = Bounds::new((None, None), Interval::Closed).expect("bounds");
        assert!(rectangle_columns(&[bounds], &[column], &mut [0; 4]).is_err());
        assert!(rectangle_columns(&[bounds], &[], &mut [0; 3]).is_err());
        assert!(quadrant_columns(&[vec![bounds]], &[column], 1, &mut [0; 2]).is_err());
    }
}
