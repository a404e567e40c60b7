//! Gates over whole columns in memory: blocks that stay in the nearest cache, on some threads.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::simd::compare::{keep_within, keep_within_f32, unpack, widen};
use crate::threads::share;

use super::{Bounds, Columns, Interval, Shape, numbers, pairs};

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
pub(super) const WORD: usize = 64;
const WORDS: usize = BLOCK / WORD;
/// Events that a thread takes at a time.
pub(super) const PART: usize = 32 * BLOCK;
/// Fewer events are not worth a thread.
const EVENTS_PER_THREAD: usize = 100_000;
/// Nor are fewer that are only compared: that waits for memory, which threads share.
pub(super) const COMPARED_PER_THREAD: usize = 400_000;

impl<'a> Column<'a> {
    /// Number of events.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Float32(values) => values.len(),
            Self::Float64(values) => values.len(),
        }
    }

    /// Return whether there is no event.
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
}

/// Decide events by a gate that is called by its name, as a plan would on axes without a scale:
/// one answer per event in `out`, 1 or 0.
///
/// `rectangle` and `closed_rectangle` have a lower and an upper bound per column, `None` where a
/// side is open; all other kinds are those of [`Shape`].
///
/// # Errors
/// [`Error::MalformedGate`] for parameters that make no gate; [`Error::Length`] if the columns and
/// `out` differ in length, or the columns in number.
pub fn contains(
    kind: &str,
    parameters: &[Option<f64>],
    columns: &[Column],
    out: &mut [u8],
) -> Result<()> {
    if let Some(interval) = Interval::of_kind(kind) {
        let bounds = pairs(parameters)?
            .iter()
            .map(|&[low, high]| Bounds::new((low, high), interval))
            .collect::<Result<Vec<_>>>()?;
        return rectangle_columns(&bounds, columns, out);
    }
    let shape = Shape::from_name(kind, &numbers(parameters)?)?;
    region_columns(&shape, columns, out)
}

/// Decide events by a region: one answer per event in `out`, 1 or 0.
///
/// # Errors
/// [`Error::Length`] if the columns and `out` differ in length, or the columns in number.
pub fn region_columns(shape: &Shape, columns: &[Column], out: &mut [u8]) -> Result<()> {
    check_number(columns, shape.dimensions())?;
    check(columns, out.len())?;
    if out.len() >= BLOCK {
        shape.prepare();
    }
    // In two dimensions kernels read single precision as it is.
    if let [Column::Float32(xs), Column::Float32(ys)] = *columns {
        in_blocks(out, EVENTS_PER_THREAD, (), |(), events, mask| {
            let columns = [&xs[events.clone()], &ys[events]];
            shape.retain(Columns::Single(&columns), mask);
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
        shape.retain(Columns::Double(&wide), mask);
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

/// Refuse columns that differ in length from `n_events`.
pub(super) fn check(columns: &[Column], n_events: usize) -> Result<()> {
    match columns.iter().find(|column| column.len() != n_events) {
        Some(column) => Err(Error::Length {
            what: "a column",
            found: column.len(),
            expected: n_events,
        }),
        None => Ok(()),
    }
}

/// Refuse another number of columns than expected.
pub(super) fn check_number(columns: &[Column], expected: usize) -> Result<()> {
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
    use crate::gate::{Ellipsoid, Polygon};
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
        let polygon = Shape::from(Polygon::new(outline).expect("an outline"));
        let matrix = vec![vec![1.0, 0.3], vec![0.3, 0.5]];
        let ellipsoid = Ellipsoid::new(&[0.1, 0.2], &matrix, 1.0).expect("an ellipse");
        let ellipsoid = Shape::from(ellipsoid);
        let side = |low, high| Bounds::new((low, high), Interval::HalfOpen).expect("bounds");
        let bounds = [side(Some(-0.3), Some(0.7)), side(None, Some(0.5))];
        for n in [0, 1, 63, 64, 65, 1023, 1025, 350_001] {
            let (xs, ys) = events(n);
            let columns = [Column::Float32(&xs), Column::Float64(&ys)];
            let answers = |out: &mut [Vec<u8>; 3]| -> Result<()> {
                region_columns(&polygon, &columns, &mut out[0])?;
                region_columns(&ellipsoid, &columns, &mut out[1])?;
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
                    polygon.contains(&[x, y]),
                    ellipsoid.contains(&[x, y]),
                    (-0.3..0.7).contains(&x) && y < 0.5,
                ];
                let found = [out[0][event], out[1][event], out[2][event]];
                assert_eq!(found, expected.map(u8::from), "{x} {y}");
            }
        }
    }

    #[test]
    fn gates_are_found_by_their_names() {
        let (xs, ys) = events(300);
        let columns = [Column::Float32(&xs), Column::Float64(&ys)];
        let mut out = vec![9; 300];
        let bounds = [None, Some(0.5), Some(-0.25), None];
        contains("rectangle", &bounds, &columns, &mut out).expect("a rectangle");
        for (event, (&x, &y)) in xs.iter().zip(&ys).enumerate() {
            assert_eq!(out[event] == 1, f64::from(x) < 0.5 && y >= -0.25);
        }
        let mut refuses = |kind: &str, numbers: &[Option<f64>]| {
            contains(kind, numbers, &columns, &mut out).is_err()
        };
        assert!(refuses("rectangle", &bounds[..3]));
        assert!(refuses("rectangle", &bounds[..2]));
        assert!(refuses("polygon", &bounds));
        assert!(!refuses(
            "polygon",
            &[0.0, 0.0, 1.0, 0.0, 0.0, 1.0].map(Some)
        ));
        assert!(refuses("star", &bounds));
    }

    #[test]
    fn refuses_columns_that_do_not_fit() {
        let column = Column::Float64(&[0.0; 3]);
        let bounds = Bounds::new((None, None), Interval::Closed).expect("bounds");
        assert!(rectangle_columns(&[bounds], &[column], &mut [0; 4]).is_err());
        assert!(rectangle_columns(&[bounds], &[], &mut [0; 3]).is_err());
    }
}
