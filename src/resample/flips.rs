//! Signs of patients' changes flipped jointly for many outcomes: the one-sample
//! t of each, the largest of them, and intervals by inversion.
//!
//! Fisher 1935, The Design of Experiments (Oliver and Boyd), section 21. The
//! interval's ends are means of subsets (Hartigan 1969,
//! doi:10.1080/01621459.1969.10501057).

use std::ops::Range;

use ndarray::ArrayView2;

use super::FLAT;
use super::allocation::mix;
use super::family::{Extent, Family, Reallocation, reallocate};
use super::moments::ratio;
use super::standard::{Centre, LANES, Standard};
use super::subsets::Subsets;
use super::tally::{Bars, Tally};
use crate::error::Result;
use crate::threads::pieces::{Pieces, share_pieces};

/// Below this share of n times the sum of squares, a variance is formed anew.
const CANCELLED: f64 = 1e-2;

/// What the sign flips of a family say: the tests, and intervals of the means.
#[derive(Clone, Debug, PartialEq)]
pub struct Flips {
    /// The tests, outcome by outcome; `undefined` is 0 everywhere.
    pub family: Family,
    /// Lower ends: the smallest means that are not rejected. Minus infinity
    /// where none can be rejected, NaN where the values do not vary.
    pub low: Vec<f64>,
    /// Upper ends, as `low`.
    pub high: Vec<f64>,
}

/// Flips the signs of patients over a family of outcomes.
///
/// `values` has outcomes in rows and patients in columns, NaN where a patient
/// lacks an outcome. A flip is of a patient, in all outcomes. `None` unless
/// every outcome has two values, and `0 < alpha < 1`.
///
/// # Errors
/// [`crate::error::Error::Interrupted`] where `go_on` (asked many times a
/// second) says no.
pub fn flip_signs(
    values: ArrayView2<'_, f64>,
    alpha: f64,
    extent: &Extent,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Option<Flips>> {
    let Some(signs) = Signs::new(values, extent) else {
        return Ok(None);
    };
    if !(alpha > 0.0 && alpha < 1.0) {
        return Ok(None);
    }
    let family = reallocate(&signs, extent.threads, go_on)?;
    let pieces = Pieces {
        number: signs.standard.outcomes as u64,
        portion: 1,
        threads: extent.threads,
    };
    let homes = share_pieces(pieces, go_on, &Vec::new, &|home, range| {
        for outcome in range.filter_map(|piece| usize::try_from(piece).ok()) {
            let row: Vec<f64> = values.row(outcome).to_vec();
            home.push((outcome, signs.interval(outcome, &row, alpha)));
        }
    })?;
    let mut low = vec![f64::NAN; signs.standard.outcomes];
    let mut high = low.clone();
    for (outcome, ends) in homes.into_iter().flatten() {
        (low[outcome], high[outcome]) = ends;
    }
    Ok(Some(Flips { family, low, high }))
}

/// A family of changes, checked.
struct Signs<'a> {
    standard: Standard,
    /// Sums of values, of squares and of presence, over all patients.
    sum: Vec<f64>,
    square: Vec<f64>,
    n: Vec<f64>,
    extent: &'a Extent,
    /// Half of all flips: the last patient keeps the sign, as both halves are
    /// mirror images.
    half: Option<u64>,
}

/// What a thread keeps: the flipped patients as a list and as signs.
struct Scratch {
    flipped: Vec<usize>,
    signs: Vec<f64>,
    squares: Vec<f64>,
}

impl<'a> Signs<'a> {
    fn new(values: ArrayView2<'_, f64>, extent: &'a Extent) -> Option<Self> {
        let standard = Standard::new(values, Centre::Zero)?;
        let all = u32::try_from(standard.patients)
            .ok()
            .and_then(|patients| 1_u64.checked_shl(patients));
        let half = all
            .filter(|&number| number <= extent.most_enumerated)
            .map(|number| number / 2);
        let signs = Self {
            sum: standard.totals(|at| standard.values[at]),
            square: standard.totals(|at| standard.values[at].powi(2)),
            n: standard.totals(|at| standard.present[at]),
            standard,
            extent,
            half,
        };
        let enough = signs.n[..signs.standard.outcomes].iter().all(|&n| n >= 2.0);
        enough.then_some(signs)
    }

    /// Calls `each` with the flips of `number`, 64 patients at a time, a bit each.
    fn words(&self, number: u64, mut each: impl FnMut(usize, u64)) {
        if self.half.is_some() {
            return each(0, number);
        }
        let patients = self.standard.patients;
        let mut state = mix(self.extent.seed ^ mix(number.wrapping_sub(1)));
        for word in 0..patients.div_ceil(64) {
            state = mix(state);
            let known = u64::MAX >> (64 - (patients - word * 64).min(64));
            // Number 0 is what was observed.
            each(word, if number == 0 { 0 } else { state & known });
        }
    }

    /// Puts the patients who are flipped in `number` into `flipped`.
    fn flipped(&self, number: u64, flipped: &mut Vec<usize>) {
        flipped.clear();
        self.words(number, |word, mut bits| {
            while bits != 0 {
                flipped.push(word * 64 + bits.trailing_zeros() as usize);
                bits &= bits - 1;
            }
        });
    }

    /// Mean and standard error, from deviations.
    fn moments(&self, outcome: usize, signs: &[f64]) -> (f64, f64) {
        let n = self.n[outcome];
        let known = || {
            self.standard
                .known(outcome)
                .map(|(patient, value)| signs[patient] * value)
        };
        let mean = known().sum::<f64>() / n;
        let squares: f64 = known().map(|value| (value - mean).powi(2)).sum();
        let kept = |size: f64| if size.abs() > FLAT { size } else { 0.0 };
        (kept(mean), kept((squares / (n * (n - 1.0))).sqrt()))
    }

    /// Squared statistics of one block: t^2 = (n - 1) S^2 / (n Q - S^2).
    fn block(&self, from: usize, scratch: &mut Scratch, tally: &mut Tally) {
        let flipped = self
            .standard
            .sums(&self.standard.values, &scratch.flipped, from);
        let mut doubtful = [false; LANES];
        for lane in 0..LANES {
            let at = from + lane;
            let sum = self.sum[at] - 2.0 * flipped[lane];
            let most = self.n[at] * self.square[at];
            let left = most - sum * sum;
            scratch.squares[at] = (self.n[at] - 1.0) * sum * sum / left;
            let sure = left > CANCELLED * most;
            doubtful[lane] = !sure;
        }
        if doubtful.contains(&true) {
            self.anew(from, doubtful, scratch, tally);
        }
    }

    /// Forms the doubtful statistics of a block from deviations.
    #[cold]
    fn anew(&self, from: usize, doubtful: [bool; LANES], scratch: &mut Scratch, tally: &mut Tally) {
        scratch.signs.fill(1.0);
        for &patient in &scratch.flipped {
            scratch.signs[patient] = -1.0;
        }
        let lanes = (from..self.standard.outcomes.min(from + LANES)).zip(doubtful);
        for (outcome, _) in lanes.filter(|(_, doubt)| *doubt) {
            let (mean, error) = self.moments(outcome, &scratch.signs);
            tally.degenerate[outcome] += u64::from(error <= 0.0);
            scratch.squares[outcome] = ratio(mean, error).powi(2);
        }
    }

    /// Means that are not rejected at `alpha`.
    ///
    /// With the mean moved to `d`, flipping the patients of A counts towards p
    /// where `d` lies between the mean of A and the mean of the others: so p
    /// falls outwards from the estimate, a step at each of these means.
    fn interval(&self, outcome: usize, row: &[f64], alpha: f64) -> (f64, f64) {
        let (_, error) = self.moments(outcome, &vec![1.0; row.len()]);
        if error <= 0.0 {
            return (f64::NAN, f64::NAN);
        }
        let (all, _) = self.allocations();
        let subsets = Subsets::of(row);
        // Those that flip none or all of the outcome's patients always count.
        let mut always = 0_u64;
        let (mut lower, mut upper) = (Vec::new(), Vec::new());
        for number in 0..all {
            let (mut m, mut sum) = (0, 0.0);
            self.words(number, |word, bits| {
                m += subsets.size(word, bits);
                sum += subsets.sum(word, bits);
            });
            if m == 0 || m == subsets.n {
                always += 1;
            } else {
                let others = f64::from(subsets.n - m);
                let (one, other) = (sum / f64::from(m), (subsets.total - sum) / others);
                lower.push(one.min(other));
                upper.push(one.max(other));
            }
        }
        let bar = alpha * all as f64 * (1.0 + 1e-12);
        if always as f64 > bar {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        // So many may be beyond and the border still is accepted.
        let beyond = (0..lower.len())
            .take_while(|&beyond| (always + beyond as u64 + 1) as f64 <= bar)
            .count();
        if beyond >= lower.len() {
            let mean = subsets.total / f64::from(subsets.n);
            return (mean, mean);
        }
        let (_, low, _) = lower.select_nth_unstable_by(beyond, f64::total_cmp);
        let (_, high, _) = upper.select_nth_unstable_by(beyond, |one, two| two.total_cmp(one));
        (*low, *high)
    }
}

impl Reallocation for Signs<'_> {
    type Scratch = Scratch;

    fn outcomes(&self) -> usize {
        self.standard.outcomes
    }

    fn observed(&self) -> Vec<f64> {
        let signs = vec![1.0; self.standard.patients];
        (0..self.standard.outcomes)
            .map(|outcome| {
                let (mean, error) = self.moments(outcome, &signs);
                ratio(mean, error)
            })
            .collect()
    }

    fn allocations(&self) -> (u64, bool) {
        self.half
            .map_or((self.extent.replicates + 1, false), |half| (half, true))
    }

    fn stands_for(&self) -> u64 {
        if self.half.is_some() { 2 } else { 1 }
    }

    fn scratch(&self) -> Scratch {
        Scratch {
            flipped: Vec::with_capacity(self.standard.patients),
            signs: vec![1.0; self.standard.patients],
            squares: vec![0.0; self.standard.width],
        }
    }

    fn visit(&self, range: Range<u64>, scratch: &mut Scratch, tally: &mut Tally, bars: &Bars) {
        for number in range {
            self.flipped(number, &mut scratch.flipped);
            for from in (0..self.standard.width).step_by(LANES) {
                self.block(from, scratch, tally);
            }
            tally.add(&scratch.squares[..self.standard.outcomes], bars);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests;
