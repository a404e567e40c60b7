//! Ellipsoid gates in any number of dimensions (Gating-ML 2.0 §5.3.1).

use ndarray::Array2;

use crate::error::{Error, Result};

/// The places whose squared Mahalanobis distance from a mean is at most a bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Ellipsoid {
    mean: Vec<f64>,
    /// Lower triangle of the Cholesky factor of the covariance, row by row.
    factor: Array2<f64>,
    distance_square: f64,
}

impl Ellipsoid {
    /// An ellipsoid about `mean`.
    ///
    /// # Errors
    /// [`Error::MalformedGate`] for sizes that differ, numbers that are not finite, a covariance
    /// that is not symmetric and positive definite, or a distance that is not above 0.
    pub fn new(mean: &[f64], covariance: &[Vec<f64>], distance_square: f64) -> Result<Self> {
        let refuse = |detail: String| Err(Error::MalformedGate { detail });
        let size = mean.len();
        let mean = mean.to_vec();
        let flat: Vec<f64> = covariance.iter().flatten().copied().collect();
        let covariance = Array2::from_shape_vec((covariance.len(), size), flat).unwrap_or_default();
        if size == 0 || covariance.dim() != (size, size) {
            return refuse(format!(
                "a mean of {size} coordinates needs a covariance of {size} x {size}"
            ));
        }
        let numbers = mean.iter().chain(covariance.iter());
        if !numbers.chain([&distance_square]).all(|x| x.is_finite()) {
            return refuse("a number of the ellipsoid is not finite".into());
        }
        if distance_square <= 0.0 {
            return refuse(format!(
                "the squared distance {distance_square} is not above 0"
            ));
        }
        if covariance != covariance.t() {
            return refuse("the covariance is not symmetric".into());
        }
        let mut factor = Array2::zeros((size, size));
        for row in 0..size {
            for column in 0..=row {
                let mut rest: f64 = covariance[[row, column]];
                for k in 0..column {
                    rest -= factor[[row, k]] * factor[[column, k]];
                }
                if row > column {
                    factor[[row, column]] = rest / factor[[column, column]];
                } else if rest > 0.0 {
                    factor[[row, row]] = rest.sqrt();
                } else {
                    return refuse("the covariance is not positive definite".into());
                }
            }
        }
        Ok(Self {
            mean,
            factor,
            distance_square,
        })
    }

    /// Number of coordinates.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.mean.len()
    }

    /// Whether the place is inside or on the border; never with a NaN.
    #[must_use]
    pub fn contains(&self, place: &[f64]) -> bool {
        let size = self.mean.len();
        let mut solved = vec![0.0; size];
        let mut distance = 0.0;
        for row in 0..size {
            let mut rest = place[row] - self.mean[row];
            for (k, known) in solved[..row].iter().enumerate() {
                rest -= self.factor[[row, k]] * known;
            }
            solved[row] = rest / self.factor[[row, row]];
            distance += solved[row] * solved[row];
        }
        distance <= self.distance_square
    }

    /// Keep in `mask` the events inside; `columns` holds one slice per dimension.
    pub fn contains_words(&self, columns: &[&[f64]], mask: &mut [u64]) {
        let mut place = vec![0.0; columns.len()];
        for event in 0..columns.first().map_or(0, |column| column.len()) {
            for (coordinate, column) in place.iter_mut().zip(columns) {
                *coordinate = column[event];
            }
            if !self.contains(&place) {
                mask[event / 64] &= !(1 << (event % 64));
            }
        }
    }

    /// Decide places that are only nearly known.
    pub fn decide(
        &self,
        _columns: &[&[f64]],
        _delta: &[f64],
        inside: &mut [u64],
        uncertain: &mut [u64],
    ) {
        uncertain.copy_from_slice(inside);
        inside.fill(0);
    }
}
