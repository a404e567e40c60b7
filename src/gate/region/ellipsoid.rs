//! Ellipsoid gates in two or more dimensions (Gating-ML 2.0 §5.3.1): the squared Mahalanobis
//! distance `(x - μ)ᵀ C⁻¹ (x - μ)` is at most the gate's `distance_square`, border inclusive.
//!
//! The covariance is factored once, without square roots, as `C = L D Lᵀ` with ones on the diagonal
//! of `L`. A point is then decided by `L y = x - μ`, in order of the dimensions, and the sum of
//! `y² / D`, each operation rounded once. Where the axes are independent this is the sum of
//! `(x - μ)² / σ²`, and a point on the border whose squares and quotients are numbers is
//! inside. Dimensions and distance are scaled by powers of two beforehand, which changes no
//! digit and lets semi-axes of any size from 1e-300 to 1e300 be squared.

mod covariance;

use std::ops::Range;

use super::{Columns, Region, WORD, retain_bits};
use crate::error::{Error, Result};
use crate::simd::compare::keep_within;
use crate::simd::quadratic::{
    SingleTwo, Two, add_squares, deviations, single_within, subtract_weighted, two_within,
    two_within_f32,
};
use covariance::{
    Decomposition, check_numbers, factorize, half_exponent, inverted, symmetrized, times_power,
};

/// Points within a squared Mahalanobis distance of a mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Ellipsoid {
    mean: Vec<f64>,
    form: Form,
    /// The largest squared distance inside, after scaling.
    most: f64,
    /// The quick sum in single precision, where that leaves little undecided.
    single: Option<SingleTwo>,
}

#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// Of a covariance: positive for every point but the mean.
    Definite(Factors),
    /// The symmetric part of the inverse of any matrix, by rows.
    Indefinite(Vec<f64>),
}

/// `C = L D Lᵀ`, each dimension scaled by a power of two so that `1 <= D < 4`.
#[derive(Debug, Clone, PartialEq)]
struct Factors {
    /// The powers of two.
    powers: Vec<f64>,
    /// Row `i` of `L` without its one: `i` numbers.
    rows: Vec<Vec<f64>>,
    /// `D`, and its reciprocals for the quick sum.
    pivots: Vec<f64>,
    reciprocals: Vec<f64>,
}

/// Events taken at a time, so that their deviations stay in the nearest cache.
const BLOCK: usize = 512;

impl Ellipsoid {
    /// The points around `mean` at a squared Mahalanobis distance of at most `distance_square`.
    /// Entries of the covariance that mirror each other may differ in their last digits; their mean
    /// counts.
    ///
    /// # Errors
    /// [`Error::MalformedGate`] for fewer than two dimensions, numbers that are not finite, a covariance
    /// of another size, one that is not symmetric or not positive definite, or a distance that is
    /// not positive.
    pub fn new(mean: &[f64], covariance: &[Vec<f64>], distance_square: f64) -> Result<Self> {
        check_numbers(mean, covariance, distance_square)?;
        let symmetric = symmetrized(covariance)?;
        Ok(Self::from_factors(
            mean,
            factorize(&symmetric)?,
            distance_square,
        ))
    }

    /// As [`new`](Self::new), but with the matrix taken as it is written: any with an inverse, symmetric
    /// or not, positive definite or not. The quadratic form of the inverse decides, as in the
    /// files with which ISAC checks software; the region may then be no ellipsoid, and unbounded.
    ///
    /// # Errors
    /// [`Error::MalformedGate`] for wrong sizes or numbers, or a matrix without an inverse.
    pub fn as_written(mean: &[f64], matrix: &[Vec<f64>], distance_square: f64) -> Result<Self> {
        check_numbers(mean, matrix, distance_square)?;
        if let Ok(factors) = symmetrized(matrix).and_then(|matrix| factorize(&matrix)) {
            return Ok(Self::from_factors(mean, factors, distance_square));
        }
        let inverse = inverted(matrix)?;
        let n = mean.len();
        let symmetric =
            (0..n * n).map(|at| inverse[at / n][at % n].midpoint(inverse[at % n][at / n]));
        Ok(Self {
            mean: mean.to_vec(),
            form: Form::Indefinite(symmetric.collect()),
            most: distance_square,
            single: None,
        })
    }

    fn from_factors(mean: &[f64], (rows, pivots): Decomposition, distance_square: f64) -> Self {
        // y² / D <= d becomes (f y)² / (f² D s) <= d / s with powers of two f² and s.
        let shift = half_exponent(distance_square);
        let halves: Vec<_> = pivots.iter().map(|pivot| half_exponent(*pivot)).collect();
        let pivots: Vec<_> = pivots
            .iter()
            .zip(&halves)
            .map(|(pivot, half)| times_power(*pivot, -2 * half))
            .collect();
        let rows = rows
            .iter()
            .enumerate()
            .map(|(i, row)| {
                let scaled = row.iter().zip(&halves);
                scaled
                    .map(|(l, half)| times_power(*l, half - halves[i]))
                    .collect()
            })
            .collect();
        let powers = halves.iter().map(|half| times_power(1.0, -(half + shift)));
        let mut made = Self {
            mean: mean.to_vec(),
            form: Form::Definite(Factors {
                powers: powers.collect(),
                rows,
                reciprocals: pivots.iter().map(|pivot| 1.0 / pivot).collect(),
                pivots,
            }),
            most: times_power(distance_square, -2 * shift),
            single: None,
        };
        let two = made.two();
        made.single = two.and_then(|two| SingleTwo::new(&two, made.most));
        made
    }

    fn distance_square(&self, value: impl Fn(usize) -> f64) -> f64 {
        let n = self.mean.len();
        let mut small = [0.0; 8];
        let mut large = Vec::new();
        let y: &mut [f64] = if n <= small.len() {
            &mut small[..n]
        } else {
            large.resize(n, 0.0);
            &mut large
        };
        let mut sum = 0.0;
        match &self.form {
            Form::Definite(form) => {
                for i in 0..n {
                    let mut rest = (value(i) - self.mean[i]) * form.powers[i];
                    for (l, before) in form.rows[i].iter().zip(&*y) {
                        rest -= l * before;
                    }
                    y[i] = rest;
                    sum += rest * rest / form.pivots[i];
                }
            }
            Form::Indefinite(inverse) => {
                for (i, deviation) in y.iter_mut().enumerate() {
                    *deviation = value(i) - self.mean[i];
                }
                for (deviation, row) in y.iter().zip(inverse.chunks(n)) {
                    let weighted = row.iter().zip(&*y).fold(0.0, |sum, (p, d)| sum + p * d);
                    sum += deviation * weighted;
                }
                // Opposite infinities give NaN, one alone may give -inf: neither is a distance.
                if sum == f64::NEG_INFINITY {
                    sum = f64::NAN;
                }
            }
        }
        sum
    }

    /// Keep the events whose quick distance is at most the first of the limits, and what `settle`
    /// keeps of those up to the second: it gets a word and the number of its first event, in order,
    /// for every word.
    fn sweep(
        &self,
        columns: Columns,
        limits: (f64, f64),
        mask: &mut [u64],
        mut settle: impl FnMut(u64, usize) -> u64,
    ) {
        let n_events = columns.n_events();
        let mut scratch = Vec::new();
        for (block, words) in mask.chunks_mut(BLOCK / WORD).enumerate() {
            let begin = (block * BLOCK).min(n_events);
            let end = (begin + BLOCK).min(n_events);
            let (mut surely, mut possibly) = ([0; BLOCK / WORD], [0; BLOCK / WORD]);
            let found = (&mut surely[..words.len()], &mut possibly[..words.len()]);
            self.quick(columns, begin..end, limits, &mut scratch, found);
            for (index, word) in words.iter_mut().enumerate() {
                let open = *word & possibly[index] & !surely[index];
                *word = *word & surely[index] | settle(open, begin + index * WORD);
            }
        }
    }

    /// Find the events whose distances are at most each limit; the distances may be off by a few
    /// roundings, but for an indefinite form they are those that decide.
    fn quick(
        &self,
        columns: Columns,
        events: Range<usize>,
        limits: (f64, f64),
        scratch: &mut Vec<f64>,
        (surely, possibly): (&mut [u64], &mut [u64]),
    ) {
        if let Some(two) = self.two() {
            match columns {
                Columns::Double(columns) => {
                    let (xs, ys) = (&columns[0][events.clone()], &columns[1][events]);
                    two_within(xs, ys, &two, limits, surely, possibly);
                }
                Columns::Single(columns) => {
                    let (xs, ys) = (&columns[0][events.clone()], &columns[1][events]);
                    // Made for the border of the gate, which are the limits of all such columns.
                    match &self.single {
                        Some(single) => single_within(xs, ys, single, surely, possibly),
                        None => two_within_f32(xs, ys, &two, limits, surely, possibly),
                    }
                }
            }
            return;
        }
        let mut sum = [0.0; BLOCK];
        let sum = &mut sum[..events.len()];
        match (&self.form, columns) {
            (Form::Definite(form), Columns::Double(columns)) => {
                scratch.resize(self.mean.len() * BLOCK, 0.0);
                self.distances(form, columns, events, scratch, sum);
            }
            _ => {
                for (event, distance) in events.zip(&mut *sum) {
                    *distance = self.distance_square(|dimension| columns.value(dimension, event));
                }
            }
        }
        surely.fill(u64::MAX);
        possibly.fill(u64::MAX);
        keep_within(sum, f64::NEG_INFINITY, limits.0, surely);
        keep_within(sum, f64::NEG_INFINITY, limits.1, possibly);
    }

    /// What the kernel for two dimensions needs.
    fn two(&self) -> Option<Two> {
        let Form::Definite(form) = &self.form else {
            return None;
        };
        let ([_, second], &[mean_x, mean_y]) = (&form.rows[..], &self.mean[..]) else {
            return None;
        };
        Some(Two {
            middle: [mean_x, mean_y],
            factor: [form.powers[0], form.powers[1]],
            weight: [form.reciprocals[0], form.reciprocals[1]],
            slope: second[0],
        })
    }

    /// Distances by a definite form, which may be off by a few roundings.
    fn distances(
        &self,
        form: &Factors,
        columns: &[&[f64]],
        events: Range<usize>,
        y: &mut [f64],
        sum: &mut [f64],
    ) {
        let length = events.len();
        for (i, row) in form.rows.iter().enumerate() {
            let (before, rest) = y.split_at_mut(i * BLOCK);
            let rest = &mut rest[..length];
            let values = &columns[i][events.clone()];
            deviations(values, self.mean[i], form.powers[i], rest);
            for (l, other) in row.iter().zip(before.chunks(BLOCK)) {
                subtract_weighted(rest, *l, &other[..length]);
            }
            add_squares(sum, rest, form.reciprocals[i]);
        }
    }
}

impl Region for Ellipsoid {
    /// `quadratic_form` takes the matrix as it is written.
    const NAMES: &'static [&'static str] = &["ellipsoid", "quadratic_form"];

    /// The mean, the rows of the covariance, and the squared distance, one after the other.
    fn from_parameters(name: &str, parameters: &[f64]) -> Result<Self> {
        let length = parameters.len();
        let n = (0..length).find(|n| n * (n + 1) + 1 >= length).unwrap_or(0);
        let Some((distance_square, numbers)) = parameters
            .split_last()
            .filter(|_| n * (n + 1) + 1 == length)
        else {
            return Err(Error::MalformedGate {
                detail: format!("an ellipsoid has n + n * n + 1 numbers, got {length}"),
            });
        };
        let (mean, matrix) = numbers.split_at(n);
        let rows: Vec<Vec<f64>> = matrix.chunks(n.max(1)).map(<[f64]>::to_vec).collect();
        if name == "quadratic_form" {
            Self::as_written(mean, &rows, *distance_square)
        } else {
            Self::new(mean, &rows, *distance_square)
        }
    }

    fn dimensions(&self) -> usize {
        self.mean.len()
    }

    fn contains(&self, point: &[f64]) -> bool {
        debug_assert_eq!(point.len(), self.dimensions());
        // A NaN on the way makes the comparison false.
        self.distance_square(|dimension| point[dimension]) <= self.most
    }

    fn retain(&self, columns: Columns, mask: &mut [u64]) {
        // The quick sum and the one that decides differ by a few roundings.
        let margin = 16.0 * (self.mean.len() as f64 + 2.0) * f64::EPSILON;
        let limits = (self.most * (1.0 - margin), self.most * (1.0 + margin));
        self.sweep(columns, limits, mask, |open, first| {
            retain_bits(open, |event| {
                let value = |dimension| columns.value(dimension, first + event);
                self.distance_square(value) <= self.most
            })
        });
    }

    fn retain_within(
        &self,
        columns: &[&[f64]],
        errors: &[f64],
        inside: &mut [u64],
        undecided: &mut [u64],
    ) {
        undecided.fill(0);
        let Form::Definite(form) = &self.form else {
            undecided.copy_from_slice(inside);
            inside.fill(0);
            return;
        };
        // The triangle inequality in the Mahalanobis norm: a shift changes the distance by at most
        // the norm of the shift.
        let mut shifts: Vec<f64> = Vec::with_capacity(errors.len());
        let mut square = 0.0;
        for (i, row) in form.rows.iter().enumerate() {
            let before = row
                .iter()
                .zip(&shifts)
                .fold(0.0, |sum, (l, y)| sum + l.abs() * y);
            // What rounding may add where the form decides, for points no farther than the border.
            let size = 1.0 + row.iter().map(|l| l.abs()).sum::<f64>();
            let rounding = 64.0 * f64::EPSILON * size;
            let shift = errors[i] * form.powers[i] + before + rounding;
            shifts.push(shift);
            square += shift * shift * form.reciprocals[i];
        }
        let margin = 16.0 * (self.mean.len() as f64 + 2.0) * f64::EPSILON;
        let (radius, change) = (self.most.sqrt(), square.sqrt() * (1.0 + margin));
        let (least, most) = ((radius - change).max(0.0), radius + change);
        let limits = (least * least * (1.0 - margin), most * most * (1.0 + margin));
        let mut word = 0;
        self.sweep(Columns::Double(columns), limits, inside, |open, _| {
            undecided[word] = open;
            word += 1;
            0
        });
    }

    /// Of a definite form, by Cauchy and Schwarz.
    fn bounding_box(&self) -> Option<Vec<(f64, f64)>> {
        let Form::Definite(form) = &self.form else {
            return None;
        };
        let side = |i: usize| {
            let row = &form.rows[i];
            let products = row.iter().zip(&form.pivots).map(|(l, pivot)| l * l * pivot);
            let variance = form.pivots[i] + products.sum::<f64>();
            // What rounding may add where the form decides.
            let size = 1.0 + row.iter().map(|l| l.abs()).sum::<f64>();
            let radius = self.most.sqrt();
            let reach = variance.sqrt() * radius + 256.0 * f64::EPSILON * size * (1.0 + radius);
            let reach = reach * (1.0 + 64.0 * f64::EPSILON) / form.powers[i];
            if !reach.is_finite() {
                return (f64::NEG_INFINITY, f64::INFINITY);
            }
            let (low, high) = (self.mean[i] - reach, self.mean[i] + reach);
            (low.next_down(), high.next_up())
        };
        Some((0..self.mean.len()).map(side).collect())
    }
}

#[cfg(test)]
mod tests;
