//! All dyes of many events at once: block by block, so that a block's detectors stay in the
//! nearest cache while every dye is summed from them.

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::simd::weighted_sums::{self, BLOCK, WIDEST};

/// One detector, in the precision of its file.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// Float32.
    Single(ArrayView1<'a, f32>),
    /// Float64.
    Double(ArrayView1<'a, f64>),
}

/// Where compensated values go, dyes x events.
#[derive(Debug)]
pub enum Places<'a> {
    /// Rounded once at the end, for display only.
    Single(ArrayViewMut2<'a, f32>),
    /// As they are.
    Double(ArrayViewMut2<'a, f64>),
}

/// Events that one task of a thread takes.
const TASK: usize = 64 * BLOCK;

impl Column<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Single(values) => values.len(),
            Self::Double(values) => values.len(),
        }
    }

    /// Events `first..first + out.len()` as `f64`; places beyond the last event stay as they are.
    fn load(&self, first: usize, out: &mut [f64]) {
        let last = self.len().min(first + out.len());
        match self {
            Self::Single(values) => {
                if let Some(values) = values.to_slice() {
                    weighted_sums::widen(&values[first..last], out);
                } else {
                    let part = values.slice(ndarray::s![first..last]);
                    for (place, &value) in out.iter_mut().zip(part) {
                        *place = f64::from(value);
                    }
                }
            }
            Self::Double(values) => {
                if let Some(values) = values.to_slice() {
                    out[..last - first].copy_from_slice(&values[first..last]);
                } else {
                    let part = values.slice(ndarray::s![first..last]);
                    for (place, &value) in out.iter_mut().zip(part) {
                        *place = value;
                    }
                }
            }
        }
    }
}

/// All compensated channels: `out[j][i] = Σ_k columns[k][i] · weights[k][j]`, each sum as in
/// [`super::compensate`] and equal to it bit by bit.
///
/// `weights` are detectors x dyes, `out` is dyes x events. `threads` 0 means as many as there are
/// processors; the answer does not depend on them.
///
/// # Errors
/// [`Error::Length`] if the shapes differ; [`Error::Threads`] if no threads can be had.
pub fn compensate_all(
    columns: &[Column<'_>],
    weights: ArrayView2<'_, f64>,
    out: Places<'_>,
    threads: usize,
) -> Result<()> {
    match out {
        Places::Single(out) => run(columns, weights, out, threads, weighted_sums::narrow),
        Places::Double(out) => run(columns, weights, out, threads, |from, to| {
            to.copy_from_slice(from);
        }),
    }
}

fn run<T: Copy + Send>(
    columns: &[Column<'_>],
    weights: ArrayView2<'_, f64>,
    mut out: ArrayViewMut2<'_, T>,
    threads: usize,
    store: fn(&[f64], &mut [T]),
) -> Result<()> {
    refuse_unfit(columns, weights, out.dim())?;
    if out.is_empty() {
        return Ok(());
    }
    let packed = Packed::new(weights);
    let tasks: Vec<_> = out.axis_chunks_iter_mut(Axis(1), TASK).collect();
    let work = |index: usize, mut part: ArrayViewMut2<'_, T>| {
        let mut block = vec![[0.0; BLOCK]; columns.len()];
        let mut sums = [[0.0; BLOCK]; WIDEST];
        let n_events = part.ncols();
        for first in (0..n_events).step_by(BLOCK) {
            let n = BLOCK.min(n_events - first);
            for (column, place) in columns.iter().zip(&mut block) {
                column.load(index * TASK + first, &mut place[..n]);
            }
            let mut dye = 0;
            for (width, weights) in &packed.groups {
                weighted_sums::weighted_sums(&block, weights, *width, &mut sums);
                for from in sums.iter().take(*width) {
                    let mut row = part.row_mut(dye);
                    if let Some(row) = row.as_slice_mut() {
                        store(&from[..n], &mut row[first..first + n]);
                    }
                    dye += 1;
                }
            }
        }
    };
    if threads == 1 || tasks.len() == 1 {
        for (index, part) in tasks.into_iter().enumerate() {
            work(index, part);
        }
        return Ok(());
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| Error::Threads(error.to_string()))?;
    pool.install(|| {
        tasks
            .into_par_iter()
            .enumerate()
            .for_each(|(index, part)| work(index, part));
    });
    Ok(())
}

fn refuse_unfit(
    columns: &[Column<'_>],
    weights: ArrayView2<'_, f64>,
    (dyes, n_events): (usize, usize),
) -> Result<()> {
    let expect = |what, found, expected| {
        if found == expected {
            Ok(())
        } else {
            Err(Error::Length {
                what,
                found,
                expected,
            })
        }
    };
    expect("the list of detectors", columns.len(), weights.nrows())?;
    expect("the list of compensated channels", dyes, weights.ncols())?;
    for column in columns {
        expect("a detector", column.len(), n_events)?;
    }
    Ok(())
}

/// Weights in the order in which the kernel reads them: groups of dyes, then detectors.
struct Packed {
    groups: Vec<(usize, Vec<[f64; WIDEST]>)>,
}

impl Packed {
    fn new(weights: ArrayView2<'_, f64>) -> Self {
        let dyes = weights.ncols();
        let n_groups = dyes.div_ceil(WIDEST);
        let groups = (0..n_groups)
            .map(|group| {
                let dyes = group * dyes / n_groups..(group + 1) * dyes / n_groups;
                let width = dyes.len();
                let rows = weights.rows().into_iter().map(|row| {
                    let mut packed = [0.0; WIDEST];
                    for (place, dye) in packed.iter_mut().zip(dyes.clone()) {
                        *place = row[dye];
                    }
                    packed
                });
                (width, rows.collect())
            })
            .collect();
        Self { groups }
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation)] // float32 is what is tested
mod tests {
    use super::*;
    use crate::compensation::compensate;
    use crate::simd::forced::baseline;
    use ndarray::Array2;

    fn value(k: usize, i: usize) -> f64 {
        f64::from(u32::try_from(k * 7919 + i * 104_729).expect("small") % 100_003) * 0.37 - 9_000.0
    }

    fn case(detectors: usize, dyes: usize, n: usize) -> (Vec<Vec<f64>>, Array2<f64>) {
        let columns = (0..detectors)
            .map(|k| (0..n).map(|i| value(k, i)).collect())
            .collect();
        let weights = Array2::from_shape_fn((detectors, dyes), |(k, j)| value(k, 50 + j) * 1e-4);
        (columns, weights)
    }

    fn all(columns: &[Vec<f64>], weights: &Array2<f64>, threads: usize) -> Array2<f64> {
        let views: Vec<Column<'_>> = columns
            .iter()
            .map(|column| Column::Double(ArrayView1::from(column.as_slice())))
            .collect();
        let mut out = Array2::zeros((weights.ncols(), columns[0].len()));
        let places = Places::Double(out.view_mut());
        compensate_all(&views, weights.view(), places, threads).expect("fits");
        out
    }

    #[test]
    fn all_dyes_at_once_have_the_bits_of_one_at_a_time() {
        for (detectors, dyes, n) in [(1, 1, 1), (3, 2, 255), (13, 13, 1003), (21, 9, 40_001)] {
            let (columns, weights) = case(detectors, dyes, n);
            let found = all(&columns, &weights, 2);
            assert_eq!(found, all(&columns, &weights, 1));
            assert_eq!(found, baseline(|| all(&columns, &weights, 1)));
            let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            for dye in 0..dyes {
                let mut out = vec![0.0; n];
                compensate(&slices, &weights.column(dye).to_vec(), &mut out).expect("fits");
                assert_eq!(found.row(dye).to_vec(), out);
            }
        }
    }

    #[test]
    fn strided_and_single_columns_are_read_as_they_are() {
        let (columns, weights) = case(4, 3, 300);
        let rows = Array2::from_shape_fn((300, 6), |(i, k)| {
            columns.get(k).map_or(f32::NAN, |column| column[i] as f32)
        });
        let views: Vec<Column<'_>> = (0..4).map(|k| Column::Single(rows.column(k))).collect();
        let mut out = Array2::zeros((3, 300));
        compensate_all(&views, weights.view(), Places::Double(out.view_mut()), 1).expect("fits");
        let wide: Vec<Vec<f64>> = columns
            .iter()
            .map(|column| column.iter().map(|&x| f64::from(x as f32)).collect())
            .collect();
        assert_eq!(out, all(&wide, &weights, 1));
        let mut rounded = Array2::zeros((3, 300));
        let places = Places::Single(rounded.view_mut());
        compensate_all(&views, weights.view(), places, 1).expect("fits");
        assert_eq!(rounded, out.mapv(|x| x as f32));
    }

    #[test]
    fn nan_and_infinities_reach_every_dye() {
        let (mut columns, weights) = case(3, 3, 20);
        columns[1][4] = f64::NAN;
        columns[2][5] = f64::INFINITY;
        let found = all(&columns, &weights, 1);
        assert!(found.column(4).iter().all(|x| x.is_nan()));
        assert!(found.column(5).iter().all(|x| x.is_infinite()));
        assert!(found.column(6).iter().all(|x| x.is_finite()));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let column = [1.0, 2.0];
        let view = Column::Double(ArrayView1::from(&column));
        let mut out = Array2::<f64>::zeros((1, 3));
        let weights = Array2::<f64>::zeros((1, 1));
        let outcome = compensate_all(&[view], weights.view(), Places::Double(out.view_mut()), 1);
        assert!(matches!(
            outcome,
            Err(Error::Length {
                found: 2,
                expected: 3,
                ..
            })
        ));
        let outcome = compensate_all(&[], weights.view(), Places::Double(out.view_mut()), 1);
        assert!(matches!(outcome, Err(Error::Length { .. })));
    }
}
