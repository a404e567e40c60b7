//! All dyes of many events at once: block by block, so that a block's detectors stay in the
//! nearest cache while every dye is summed from them.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis, s};

use crate::error::{Error, Result};
use crate::simd::weighted_sums::{Number, WIDEST, weighted_sums};
use crate::threads::{meant, share};

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
pub enum Table<'a> {
    /// Rounded once at the end, for display only.
    Single(ArrayViewMut2<'a, f32>),
    /// As they are.
    Double(ArrayViewMut2<'a, f64>),
}

/// Events of a block: 13 detectors in float32 of it are 26 kB.
const BLOCK: usize = 512;

/// Events that a thread takes at a time.
const TASK: usize = 32 * BLOCK;

impl Column<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Single(values) => values.len(),
            Self::Double(values) => values.len(),
        }
    }

    /// The events from `first` on as `f64`.
    fn load(&self, first: usize, out: &mut [f64]) {
        let events = first..first + out.len();
        match self {
            Self::Single(values) => {
                for (slot, &value) in out.iter_mut().zip(values.slice(s![events])) {
                    *slot = f64::from(value);
                }
            }
            Self::Double(values) => {
                for (slot, &value) in out.iter_mut().zip(values.slice(s![events])) {
                    *slot = value;
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
/// [`Error::Length`] if the shapes differ.
pub fn compensate_all(
    columns: &[Column<'_>],
    weights: ArrayView2<'_, f64>,
    out: Table<'_>,
    threads: usize,
) -> Result<()> {
    match out {
        Table::Single(out) => run(columns, weights, out, threads),
        Table::Double(out) => run(columns, weights, out, threads),
    }
}

fn run<Y: Number>(
    columns: &[Column<'_>],
    weights: ArrayView2<'_, f64>,
    mut out: ArrayViewMut2<'_, Y>,
    threads: usize,
) -> Result<()> {
    refuse_unfit(columns, weights, out.dim())?;
    if out.is_empty() {
        return Ok(());
    }
    let (source, groups) = (Source::new(columns), groups(weights));
    let tasks = out.axis_chunks_iter_mut(Axis(1), TASK).enumerate();
    share(meant(threads).min(tasks.len()), tasks, |(task, part)| {
        source.compensate(task * TASK, &groups, part);
    });
    Ok(())
}

/// Detectors as the kernel takes them.
enum Source<'a, 'c> {
    Single(Vec<&'c [f32]>),
    Double(Vec<&'c [f64]>),
    /// Of both kinds, or with gaps between their events.
    Other(&'a [Column<'c>]),
}

impl<'a, 'c> Source<'a, 'c> {
    fn new(columns: &'a [Column<'c>]) -> Self {
        let single = columns.iter().map(|column| match column {
            Column::Single(values) => values.to_slice(),
            Column::Double(_) => None,
        });
        let double = columns.iter().map(|column| match column {
            Column::Single(_) => None,
            Column::Double(values) => values.to_slice(),
        });
        match (single.collect(), double.collect()) {
            (Some(columns), _) => Self::Single(columns),
            (_, Some(columns)) => Self::Double(columns),
            _ => Self::Other(columns),
        }
    }

    /// Fill `out` with the events from `first` on.
    fn compensate<Y: Number>(&self, first: usize, groups: &[Group], mut out: ArrayViewMut2<'_, Y>) {
        let mut copy = Vec::new();
        let firsts = (first..).step_by(BLOCK);
        for (first, mut block) in firsts.zip(out.axis_chunks_iter_mut(Axis(1), BLOCK)) {
            let n = block.ncols();
            let events = first..first + n;
            if let Some(rows) = rows_of(&mut block) {
                self.sum(events, groups, rows, &mut copy);
            } else {
                let mut sums = Array2::default(block.dim());
                if let Some(rows) = rows_of(&mut sums.view_mut()) {
                    self.sum(events, groups, rows, &mut copy);
                }
                block.assign(&sums);
            }
        }
    }

    /// Fill the rows of a block; `copy` is room for detectors that the kernel cannot take.
    fn sum<Y: Number>(
        &self,
        events: Range<usize>,
        groups: &[Group],
        rows: Vec<&mut [Y]>,
        copy: &mut Vec<f64>,
    ) {
        match self {
            Self::Single(columns) => sum_groups(&part_of(columns, events), groups, rows),
            Self::Double(columns) => sum_groups(&part_of(columns, events), groups, rows),
            Self::Other(columns) => {
                copy.resize(columns.len() * BLOCK, 0.0);
                let wide = copy.chunks_exact_mut(BLOCK);
                let wide = columns.iter().zip(wide).map(|(column, slot)| {
                    let slot = &mut slot[..events.len()];
                    column.load(events.start, slot);
                    &*slot
                });
                sum_groups(&wide.collect::<Vec<_>>(), groups, rows);
            }
        }
    }
}

fn part_of<'a, X>(columns: &[&'a [X]], events: Range<usize>) -> Vec<&'a [X]> {
    let parts = columns.iter().map(|column| &column[events.clone()]);
    parts.collect()
}

/// The rows of a table whose events stand side by side.
fn rows_of<'a, Y>(table: &'a mut ArrayViewMut2<'_, Y>) -> Option<Vec<&'a mut [Y]>> {
    let rows = table.axis_iter_mut(Axis(0));
    rows.map(ArrayViewMut1::into_slice).collect()
}

fn sum_groups<X: Number, Y: Number>(columns: &[&[X]], groups: &[Group], mut rows: Vec<&mut [Y]>) {
    let mut rest = rows.as_mut_slice();
    for group in groups {
        let (rows, behind) = rest.split_at_mut(group.width);
        weighted_sums(columns, &group.weights, rows);
        rest = behind;
    }
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

/// Dyes that are summed side by side.
struct Group {
    width: usize,
    /// In the order in which the kernel reads them: detectors x dyes.
    weights: Vec<f64>,
}

/// As few groups as can be, of nearly one width.
fn groups(weights: ArrayView2<'_, f64>) -> Vec<Group> {
    let dyes = weights.ncols();
    let n_groups = dyes.div_ceil(WIDEST);
    let groups = (0..n_groups).map(|group| {
        let dyes = group * dyes / n_groups..(group + 1) * dyes / n_groups;
        Group {
            width: dyes.len(),
            weights: weights.slice(s![.., dyes]).iter().copied().collect(),
        }
    });
    groups.collect()
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation)] // float32 is what is tested
mod tests {
    use super::*;
    use crate::compensation::compensate;
    use crate::simd::Level;
    use crate::simd::forced::{at, baseline};
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
        let table = Table::Double(out.view_mut());
        compensate_all(&views, weights.view(), table, threads).expect("fits");
        out
    }

    #[test]
    fn all_dyes_at_once_have_the_bits_of_one_at_a_time() {
        let sizes = [(3, 2, 255), (13, 13, 1003), (40, 30, 300), (21, 9, 40_001)];
        let widths = (1..=27).map(|dyes| (dyes, dyes, 9));
        for (detectors, dyes, n) in widths.chain(sizes) {
            let (columns, weights) = case(detectors, dyes, n);
            let found = all(&columns, &weights, 2);
            assert_eq!(found, all(&columns, &weights, 1));
            assert_eq!(found, baseline(|| all(&columns, &weights, 1)));
            assert_eq!(found, at(Level::Avx2, || all(&columns, &weights, 1)));
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
        compensate_all(&views, weights.view(), Table::Double(out.view_mut()), 1).expect("fits");
        let wide: Vec<Vec<f64>> = columns
            .iter()
            .map(|column| column.iter().map(|&x| f64::from(x as f32)).collect())
            .collect();
        assert_eq!(out, all(&wide, &weights, 1));
        let mut rounded = Array2::zeros((3, 300));
        let table = Table::Single(rounded.view_mut());
        compensate_all(&views, weights.view(), table, 1).expect("fits");
        assert_eq!(rounded, out.mapv(|x| x as f32));
        let mut turned = Array2::<f32>::zeros((300, 5));
        let table = Table::Single(turned.slice_mut(s![.., 1..4]).reversed_axes());
        compensate_all(&views, weights.view(), table, 1).expect("fits");
        assert_eq!(turned.slice(s![.., 1..4]), rounded.t());
        assert!(
            turned
                .column(0)
                .iter()
                .chain(turned.column(4))
                .all(|&x| x == 0.0)
        );
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
        let outcome = compensate_all(&[view], weights.view(), Table::Double(out.view_mut()), 1);
        assert!(matches!(
            outcome,
            Err(Error::Length {
                found: 2,
                expected: 3,
                ..
            })
        ));
        let outcome = compensate_all(&[], weights.view(), Table::Double(out.view_mut()), 1);
        assert!(matches!(outcome, Err(Error::Length { .. })));
    }
}
