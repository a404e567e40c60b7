//! Covariance matrices: what an ellipsoid is checked for, and factored into.

use crate::error::{Error, Result, number};

/// Entries that mirror each other may differ by so much of the standard deviations they join.
const ASYMMETRY: f64 = 1e-9;

fn refuse<T>(detail: String) -> Result<T> {
    Err(Error::MalformedGate { detail })
}

/// Refuse wrong sizes, and numbers that are none.
pub(super) fn check_numbers(
    mean: &[f64],
    covariance: &[Vec<f64>],
    distance_square: f64,
) -> Result<()> {
    let n = mean.len();
    if n < 2 {
        return refuse(format!(
            "an ellipsoid needs at least 2 dimensions, got {n}; a range gate has one"
        ));
    }
    if let Some(value) = mean.iter().find(|value| !value.is_finite()) {
        return refuse(format!(
            "the mean of an ellipsoid must be finite, got {value}"
        ));
    }
    if covariance.len() != n {
        return refuse(format!(
            "the covariance has {} rows, expected {n}: one per dimension of the mean",
            covariance.len()
        ));
    }
    for (i, row) in covariance.iter().enumerate() {
        if row.len() != n {
            return refuse(format!(
                "row {} of the covariance has {} entries, expected {n}",
                i + 1,
                row.len()
            ));
        }
        if let Some(value) = row.iter().find(|value| !value.is_finite()) {
            return refuse(format!(
                "the covariance must be finite, got {value} in row {}",
                i + 1
            ));
        }
    }
    if !(distance_square.is_finite() && distance_square > 0.0) {
        return refuse(format!(
            "the squared distance of an ellipsoid must be positive and finite, got {distance_square}"
        ));
    }
    Ok(())
}

/// The mean of the matrix and its mirror image, if they differ only in their last digits.
pub(super) fn symmetrized(covariance: &[Vec<f64>]) -> Result<Vec<Vec<f64>>> {
    let mut symmetric = covariance.to_vec();
    for (i, row) in covariance.iter().enumerate() {
        for (j, &entry) in row.iter().enumerate().take(i) {
            let mirrored = covariance[j][i];
            let joined = row[i].abs().sqrt() * covariance[j][j].abs().sqrt();
            if (entry - mirrored).abs() > ASYMMETRY * joined {
                return refuse(format!(
                    "the covariance is not symmetric: row {}, column {} has {}, but row {}, column {} has {}",
                    i + 1,
                    j + 1,
                    number(entry),
                    j + 1,
                    i + 1,
                    number(mirrored),
                ));
            }
            let mean = entry.midpoint(mirrored);
            symmetric[i][j] = mean;
            symmetric[j][i] = mean;
        }
    }
    Ok(symmetric)
}

/// Rows of `L` below its diagonal, and `D`.
pub(super) type Decomposition = (Vec<Vec<f64>>, Vec<f64>);

/// The factors of a covariance that is positive definite beyond rounding.
pub(super) fn factorize(covariance: &[Vec<f64>]) -> Result<Decomposition> {
    let n = covariance.len();
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(n);
    let mut pivots: Vec<f64> = Vec::with_capacity(n);
    for (i, given) in covariance.iter().enumerate() {
        let mut row: Vec<f64> = Vec::with_capacity(i);
        let mut pivot = given[i];
        for j in 0..i {
            // In this order no product is larger than the standard deviations allow.
            let known = (0..j).fold(0.0, |sum, k| sum + row[k] * pivots[k] * rows[j][k]);
            row.push((given[j] - known) / pivots[j]);
        }
        for (l, before) in row.iter().zip(&pivots) {
            pivot -= l * before * l;
        }
        if pivot.is_nan() || pivot <= n as f64 * f64::EPSILON * given[i] {
            return refuse(format!(
                "the covariance is not positive definite: given the dimensions before, dimension {} has a variance of {} where it must be positive",
                i + 1,
                number(pivot)
            ));
        }
        rows.push(row);
        pivots.push(pivot);
    }
    Ok((rows, pivots))
}

/// The inverse by Gauss-Jordan elimination with row pivots.
pub(super) fn inverted(matrix: &[Vec<f64>]) -> Result<Vec<Vec<f64>>> {
    let n = matrix.len();
    let unit = |i: usize| (0..n).map(move |j| f64::from(u8::from(i == j)));
    let mut work: Vec<Vec<f64>> = matrix
        .iter()
        .enumerate()
        .map(|(i, row)| row.iter().copied().chain(unit(i)).collect())
        .collect();
    for column in 0..n {
        let size = |row: &usize| work[*row][column].abs();
        let best = (column..n).max_by(|a, b| size(a).total_cmp(&size(b)));
        let best = best.unwrap_or(column);
        work.swap(column, best);
        let pivot = work[column][column];
        let largest = matrix
            .iter()
            .flatten()
            .fold(0.0_f64, |most, x| most.max(x.abs()));
        if pivot.abs() <= 1e-14 * largest {
            return refuse("the covariance has no inverse: two dimensions say the same".into());
        }
        for entry in &mut work[column] {
            *entry /= pivot;
        }
        let solved = work[column].clone();
        for (_, row) in work
            .iter_mut()
            .enumerate()
            .filter(|(row, _)| *row != column)
        {
            let factor = row[column];
            for (entry, other) in row.iter_mut().zip(&solved) {
                *entry -= factor * other;
            }
        }
    }
    Ok(work.into_iter().map(|row| row[n..].to_vec()).collect())
}

/// `k` with `1 <= x / 4^k < 4`, for positive `x`.
pub(super) fn half_exponent(x: f64) -> i32 {
    let normal = if x < f64::MIN_POSITIVE {
        x * 2.0_f64.powi(200)
    } else {
        x
    };
    let biased = i32::try_from(normal.to_bits() >> 52).unwrap_or(0);
    let exponent = biased - 1023 - if x < f64::MIN_POSITIVE { 200 } else { 0 };
    exponent.div_euclid(2)
}

/// `x * 2^exponent`, in steps that neither overflow nor vanish on the way.
pub(super) fn times_power(x: f64, exponent: i32) -> f64 {
    let step = exponent.clamp(-900, 900);
    let moved = x * 2.0_f64.powi(step);
    if step == exponent {
        moved
    } else {
        moved * 2.0_f64.powi((exponent - step).clamp(-900, 900))
    }
}
