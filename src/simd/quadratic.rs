//! Squared Mahalanobis distances of whole columns.

use super::multiversion;

multiversion! {
    /// `out[e] = (values[e] - middle) * factor`: how far each event is from the middle.
    pub fn deviations(values: &[f64], middle: f64, factor: f64, out: &mut [f64]) {
        for (place, x) in out.iter_mut().zip(values) {
            *place = (x - middle) * factor;
        }
    }
}

multiversion! {
    /// `out[e] -= weight * other[e]`: one step of a forward substitution.
    pub fn subtract_weighted(out: &mut [f64], weight: f64, other: &[f64]) {
        for (place, y) in out.iter_mut().zip(other) {
            *place -= weight * y;
        }
    }
}

multiversion! {
    /// `sum[e] += y[e]² * weight`.
    pub fn add_squares(sum: &mut [f64], y: &[f64], weight: f64) {
        for (place, y) in sum.iter_mut().zip(y) {
            *place += y * y * weight;
        }
    }
}

/// What [`two_dimensions`] needs: per dimension the middle, the factor of deviations and the weight of
/// squares, and what the first takes from the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Two {
    /// Middles.
    pub middle: [f64; 2],
    /// Factors of deviations.
    pub factor: [f64; 2],
    /// Weights of squares.
    pub weight: [f64; 2],
    /// How much of the first deviation is taken from the second.
    pub slope: f64,
}

multiversion! {
    /// What the steps above give for two dimensions, in one sweep.
    pub fn two_dimensions(xs: &[f64], ys: &[f64], form: &Two, out: &mut [f64]) {
        let Two { middle, factor, weight, slope } = *form;
        for ((sum, x), y) in out.iter_mut().zip(xs).zip(ys) {
            let first = (x - middle[0]) * factor[0];
            let second = (y - middle[1]) * factor[1] - slope * first;
            *sum = first * first * weight[0] + second * second * weight[1];
        }
    }
}
