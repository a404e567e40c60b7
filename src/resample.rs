//! Resampling of labels: the permutation test of a difference of means whose
//! statistic is studentised as Welch does, and its interval by inversion.
//!
//! The statistic of a allocation is
//! `T = (m1 - m0) / sqrt(s1^2 / n1 + s0^2 / n0)`, so unequal variances of the
//! groups do not pass for an effect (Janssen 1997,
//! doi:10.1016/S0167-7152(97)00043-6). Every allocation that keeps the group
//! sizes is looked at while there are few enough, else a seeded sample of them
//! with one seed for each replicate. Numbers never depend on threads or on the
//! machine's load: one outcome runs in one thread, and of a family
//! ([`permute_jointly`], [`flip_signs`]) whole numbers are counted, in any order.

mod allocation;
mod family;
mod flips;
mod inversion;
mod joint;
mod moments;
mod roots;
mod standard;
mod subsets;
mod tally;

pub use family::{Extent, Family};
pub use flips::{Flips, flip_signs};
pub use joint::permute_jointly;

use allocation::{allocations, draw, next_choice};
use inversion::{Side, quartic};
use moments::{Moments, ratio};
use ndarray::ArrayView1;
use roots::positive_roots;

/// Two statistics closer than this (relative) are a tie. Rounding leaves 1e-13
/// between equal statistics; an outlier a billion times the others' spread
/// leaves 1e-9 between different ones, which must not be taken for ties.
const TIE: f64 = 1e-11;
/// A difference or a standard error below this share of the values' range is 0.
const FLAT: f64 = 1e-10;

/// The number of allocations to look at, and for which interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// One minus the confidence of the interval.
    pub alpha: f64,
    /// Up to this many allocations are enumerated; above, they are sampled.
    pub most_enumerated: u64,
    /// Size of the sample where allocations are sampled.
    pub replicates: u64,
    /// Seed of the sample.
    pub seed: u64,
}

/// What the permutations of labels say about one difference of means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Permutation {
    /// The observed Welch statistic; infinite where no group varies.
    pub statistic: f64,
    /// Share of allocations, the observed one included, whose statistic is at
    /// least as far from 0.
    pub p: f64,
    /// The smallest `p` that any allocation of these very values could reach.
    pub smallest_p: f64,
    /// Lower end of the interval: the smallest shift that is not rejected.
    /// Minus infinity where no shift can be rejected at this `alpha`, NaN where
    /// the observed groups do not vary at all.
    pub low: f64,
    /// Upper end of the interval, as `low`.
    pub high: f64,
    /// Allocations looked at, the observed one included.
    pub allocations: u64,
    /// Allocations in which neither group varies; their statistic is infinite,
    /// or 0 where the means agree too.
    pub degenerate: u64,
    /// True if every allocation was looked at.
    pub exact: bool,
}

/// Permutes the labels of `values` and returns the test and its interval.
///
/// `in_first` marks the group whose mean stands first in the difference.
/// Returns `None` unless the two have one length, every value is finite, both
/// groups hold at least two values, and `0 < alpha < 1`.
#[must_use]
pub fn permute_labels(
    values: ArrayView1<'_, f64>,
    in_first: ArrayView1<'_, bool>,
    plan: &Plan,
) -> Option<Permutation> {
    let sample = Sample::new(&values.to_vec(), &in_first.to_vec())?;
    if !(plan.alpha > 0.0 && plan.alpha < 1.0) {
        return None;
    }
    let exact = allocations(sample.values.len(), sample.n_first)
        .is_some_and(|number| number <= plan.most_enumerated);
    let mut magnitudes = Vec::new();
    let mut degenerate = 0;
    sample.visit(plan, exact, |labels| {
        let (difference, error) = sample.welch(labels);
        degenerate += u64::from(error <= 0.0);
        magnitudes.push(ratio(difference, error).abs());
    });
    let (difference, error) = sample.welch(&sample.in_first);
    let statistic = ratio(difference, error);
    let largest = magnitudes.iter().copied().fold(0.0, f64::max);
    let total = magnitudes.len() as f64;
    let share = |least: f64| {
        let bar = least * (1.0 - TIE);
        magnitudes.iter().filter(|&&t| t >= bar).count() as f64 / total
    };
    let (low, high) = if error > 0.0 {
        let below = sample.reach(plan, exact, Side::Below, difference, error);
        let above = sample.reach(plan, exact, Side::Above, difference, error);
        (difference - below * error, difference + above * error)
    } else {
        (f64::NAN, f64::NAN)
    };
    Some(Permutation {
        statistic,
        p: share(statistic.abs()),
        smallest_p: if exact { share(largest) } else { 1.0 / total },
        low,
        high,
        allocations: magnitudes.len() as u64,
        degenerate,
        exact,
    })
}

/// Values with labels, checked: two groups of at least two finite values.
struct Sample {
    /// The values minus their mean, so that sums lose no digits.
    values: Vec<f64>,
    in_first: Vec<bool>,
    n_first: usize,
    /// Differences and standard errors up to this are rounding.
    flat: f64,
}

impl Sample {
    fn new(values: &[f64], in_first: &[bool]) -> Option<Self> {
        let n_first = in_first.iter().filter(|&&first| first).count();
        let n = values.len();
        if n != in_first.len() || n_first < 2 || n - n_first < 2 {
            return None;
        }
        if values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let values: Vec<f64> = values.iter().map(|value| value - mean).collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some(Self {
            values,
            in_first: in_first.to_vec(),
            n_first,
            flat: FLAT * (high - low),
        })
    }

    /// Shows every allocation to `look`, or the observed one and then a sample.
    fn visit(&self, plan: &Plan, exact: bool, mut look: impl FnMut(&[bool])) {
        let n = self.values.len();
        if exact {
            let mut chosen: Vec<usize> = (0..self.n_first).collect();
            let mut labels = vec![false; n];
            loop {
                labels.fill(false);
                for &at in &chosen {
                    labels[at] = true;
                }
                look(&labels);
                if !next_choice(&mut chosen, n) {
                    return;
                }
            }
        }
        look(&self.in_first);
        let mut labels = vec![false; n];
        let mut order: Vec<usize> = Vec::with_capacity(n);
        for replicate in 0..plan.replicates {
            draw(&mut order, &mut labels, self.n_first, plan.seed, replicate);
            look(&labels);
        }
    }

    /// Difference of means and its standard error, 0 where only rounding is left.
    fn welch(&self, labels: &[bool]) -> (f64, f64) {
        let moments = Moments::of(&self.values, &self.values, labels);
        let kept = |size: f64| if size.abs() > self.flat { size } else { 0.0 };
        (
            kept(moments.left[0] - moments.left[1]),
            kept(moments.error_product().sqrt()),
        )
    }

    /// How far beyond the estimate, in standard errors, a shift of the first
    /// group is not rejected; infinite where no shift is.
    ///
    /// With the first group moved by the estimate plus `u`, a allocation counts
    /// towards p where `(a - b u)^2 >= c u^2 (q0 + q1 u + q2 u^2)`: between
    /// the roots of a quartic. Walking inwards from infinity, roots of one
    /// allocation let it enter and leave in turn; the end is where so many have
    /// entered that p exceeds alpha.
    fn reach(&self, plan: &Plan, exact: bool, side: Side, difference: f64, error: f64) -> f64 {
        let shift: Vec<f64> = self
            .in_first
            .iter()
            .map(|&in_it| f64::from(in_it))
            .collect();
        let centred: Vec<f64> = self
            .values
            .iter()
            .zip(&shift)
            .map(|(value, moved)| (value - difference * moved) / error)
            .collect();
        let mut total = 0_u64;
        let mut inside = 0_u64;
        let mut borders: Vec<(f64, bool)> = Vec::new();
        self.visit(plan, exact, |labels| {
            total += 1;
            match quartic(&centred, &shift, labels, side) {
                None => inside += 1,
                Some(polynomial) => {
                    let mut enters = true;
                    for &root in positive_roots(&polynomial).found().iter().rev() {
                        borders.push((root, enters));
                        enters = !enters;
                    }
                }
            }
        });
        let bar = plan.alpha * total as f64 * (1.0 + 1e-12);
        if inside as f64 > bar {
            return f64::INFINITY;
        }
        borders.sort_unstable_by(|one, other| other.0.total_cmp(&one.0));
        for (root, enters) in borders {
            inside = if enters {
                inside + 1
            } else {
                inside.saturating_sub(1)
            };
            if inside as f64 > bar {
                return root;
            }
        }
        0.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests;
