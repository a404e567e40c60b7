//! Labels of patients permuted jointly for many outcomes: the Welch-studentised
//! statistic of each, and the largest of them.
//!
//! Westfall and Young 1993, Resampling-Based Multiple Testing (Wiley); step-down
//! as Ge, Dudoit and Speed 2003, doi:10.1007/BF02595811.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2};

use super::FLAT;
use super::allocation::{allocations, choice, draw, next_choice};
use super::family::{Extent, Family, Reallocation, reallocate};
use super::moments::ratio;
use super::standard::{Centre, LANES, Standard};
use super::tally::{Bars, Tally};
use crate::error::Result;

/// Below this share of the sum of squares, a variance is formed anew from
/// deviations: differences of sums have lost too many digits to tell ties.
const CANCELLED: f64 = 1e-2;

/// Permutes the labels of patients over a family of outcomes.
///
/// `values` has outcomes in rows and patients in columns, NaN where a patient
/// lacks an outcome; `in_first` marks the patients of the first group. A
/// allocation is of all patients and keeps the sizes of the groups; each outcome
/// uses the patients it has, and where that leaves a group fewer than two, its
/// statistic is 0. `None` unless every outcome has two values in both groups.
///
/// # Errors
/// [`crate::error::Error::Interrupted`] where `go_on` (asked many times a
/// second) says no.
pub fn permute_jointly(
    values: ArrayView2<'_, f64>,
    in_first: ArrayView1<'_, bool>,
    extent: &Extent,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Option<Family>> {
    match Labels::new(values, in_first, extent) {
        Some(labels) => reallocate(&labels, extent.threads, go_on).map(Some),
        None => Ok(None),
    }
}

/// A family with labels, checked.
struct Labels<'a> {
    standard: Standard,
    in_first: Vec<bool>,
    /// Size of the smaller group, whose sums are formed.
    n_small: usize,
    first_is_small: bool,
    /// Sums of values, of squares and of presence, over all patients.
    sum: Vec<f64>,
    square: Vec<f64>,
    n: Vec<f64>,
    extent: &'a Extent,
    exact: Option<u64>,
}

/// What a thread keeps: the smaller group as a list and as marks.
struct Scratch {
    small: Vec<usize>,
    order: Vec<usize>,
    marks: Vec<bool>,
    squares: Vec<f64>,
}

impl<'a> Labels<'a> {
    fn new(
        values: ArrayView2<'_, f64>,
        in_first: ArrayView1<'_, bool>,
        extent: &'a Extent,
    ) -> Option<Self> {
        let patients = values.ncols();
        if in_first.len() != patients {
            return None;
        }
        let standard = Standard::new(values, Centre::Mean)?;
        let in_first = in_first.to_vec();
        let n_first = in_first.iter().filter(|&&first| first).count();
        let n_small = n_first.min(patients - n_first);
        let exact =
            allocations(patients, n_small).filter(|&number| number <= extent.most_enumerated);
        let labels = Self {
            sum: standard.totals(|at| standard.values[at]),
            square: standard.totals(|at| standard.values[at].powi(2)),
            n: standard.totals(|at| standard.present[at]),
            n_small,
            first_is_small: n_first == n_small,
            standard,
            in_first,
            extent,
            exact,
        };
        let defined = |outcome| labels.moments(outcome, &labels.in_first).is_some();
        (0..labels.standard.outcomes).all(defined).then_some(labels)
    }

    /// Difference of means (marked minus others) and its standard error, from
    /// deviations; `None` where a group has fewer than two values.
    fn moments(&self, outcome: usize, marks: &[bool]) -> Option<(f64, f64)> {
        let mut n = [0.0; 2];
        let mut mean = [0.0; 2];
        for (patient, value) in self.standard.known(outcome) {
            let group = usize::from(!marks[patient]);
            n[group] += 1.0;
            mean[group] += value;
        }
        if n[0] < 2.0 || n[1] < 2.0 {
            return None;
        }
        mean[0] /= n[0];
        mean[1] /= n[1];
        let mut squares = [0.0; 2];
        for (patient, value) in self.standard.known(outcome) {
            let group = usize::from(!marks[patient]);
            squares[group] += (value - mean[group]).powi(2);
        }
        let variance: f64 = (0..2).map(|g| squares[g] / (n[g] * (n[g] - 1.0))).sum();
        let kept = |size: f64| if size.abs() > FLAT { size } else { 0.0 };
        Some((kept(mean[0] - mean[1]), kept(variance.sqrt())))
    }

    /// Counts one allocation, the smaller group's patients being in `scratch`.
    fn look(&self, scratch: &mut Scratch, tally: &mut Tally, bars: &Bars) {
        for from in (0..self.standard.width).step_by(LANES) {
            self.block(from, scratch, tally);
        }
        tally.add(&scratch.squares[..self.standard.outcomes], bars);
    }

    /// Squared statistics of one block of outcomes.
    fn block(&self, from: usize, scratch: &mut Scratch, tally: &mut Tally) {
        let (sum, square) = self.standard.sums_and_squares(&scratch.small, from);
        let few = if self.standard.complete {
            [self.n_small as f64; LANES]
        } else {
            self.standard
                .sums(&self.standard.present, &scratch.small, from)
        };
        let mut doubtful = [false; LANES];
        for lane in 0..LANES {
            let at = from + lane;
            let (n, m) = (few[lane], self.n[at] - few[lane]);
            let rest = self.sum[at] - sum[lane];
            let (mean, other) = (sum[lane] / n, rest / m);
            let inside = square[lane] - sum[lane] * mean;
            let outside = self.square[at] - square[lane] - rest * other;
            let (of_n, of_m) = (1.0 / (n * (n - 1.0)), 1.0 / (m * (m - 1.0)));
            let variance = inside * of_n + outside * of_m;
            let difference = mean - other;
            scratch.squares[at] = difference * difference / variance;
            // Also where a group has fewer than two: the comparison fails then.
            let sure = variance > CANCELLED * self.square[at] * (of_n + of_m);
            doubtful[lane] = !sure;
        }
        if doubtful.contains(&true) {
            self.anew(from, doubtful, scratch, tally);
        }
    }

    /// Forms the doubtful statistics of a block from deviations.
    #[cold]
    fn anew(&self, from: usize, doubtful: [bool; LANES], scratch: &mut Scratch, tally: &mut Tally) {
        scratch.marks.fill(false);
        for &patient in &scratch.small {
            scratch.marks[patient] = true;
        }
        let lanes = (from..self.standard.outcomes.min(from + LANES)).zip(doubtful);
        for (outcome, _) in lanes.filter(|(_, doubt)| *doubt) {
            scratch.squares[outcome] = match self.moments(outcome, &scratch.marks) {
                None => {
                    tally.undefined[outcome] += 1;
                    0.0
                }
                Some((difference, error)) => {
                    tally.degenerate[outcome] += u64::from(error <= 0.0);
                    ratio(difference, error).powi(2)
                }
            };
        }
    }
}

impl Reallocation for Labels<'_> {
    type Scratch = Scratch;

    fn outcomes(&self) -> usize {
        self.standard.outcomes
    }

    fn observed(&self) -> Vec<f64> {
        (0..self.standard.outcomes)
            .map(|outcome| {
                self.moments(outcome, &self.in_first)
                    .map_or(0.0, |(difference, error)| ratio(difference, error))
            })
            .collect()
    }

    fn allocations(&self) -> (u64, bool) {
        self.exact
            .map_or((self.extent.replicates + 1, false), |all| (all, true))
    }

    fn scratch(&self) -> Scratch {
        Scratch {
            small: Vec::with_capacity(self.n_small),
            order: Vec::with_capacity(self.standard.patients),
            marks: vec![false; self.standard.patients],
            squares: vec![0.0; self.standard.width],
        }
    }

    fn visit(&self, range: Range<u64>, scratch: &mut Scratch, tally: &mut Tally, bars: &Bars) {
        let patients = self.standard.patients;
        if self.exact.is_some() {
            scratch.small = choice(range.start, patients, self.n_small);
            for _ in range {
                self.look(scratch, tally, bars);
                next_choice(&mut scratch.small, patients);
            }
            return;
        }
        let n_first = if self.first_is_small {
            self.n_small
        } else {
            patients - self.n_small
        };
        for number in range {
            scratch.small.clear();
            if number == 0 {
                let small = |&patient: &usize| self.in_first[patient] == self.first_is_small;
                scratch.small.extend((0..patients).filter(small));
            } else {
                let (order, marks) = (&mut scratch.order, &mut scratch.marks);
                draw(order, marks, n_first, self.extent.seed, number - 1);
                let small = if self.first_is_small {
                    &scratch.order[..n_first]
                } else {
                    &scratch.order[n_first..]
                };
                scratch.small.extend_from_slice(small);
            }
            self.look(scratch, tally, bars);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests;
