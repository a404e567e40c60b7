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
