//! Compensation: the weights of a spillover matrix, and their application.
//!
//! Row `k` of the spillover matrix `S` is what one unit of dye `k` leaves in each
//! detector, so that an observed row of signals is `o = c S` and the compensated
//! one `c = o W`, with `W = S⁻¹` where there are as many detectors as dyes (FCS 3.1 §3.3,
//! `$SPILLOVER`; Bagwell & Adams 1993) and the least-squares `W = S⁺ = Sᵀ (S Sᵀ)⁻¹` where there are
//! more (Novo, Grégori & Rajwa 2013, doi:10.1002/cyto.a.22272). A compensated value
//! is one sum in detector order in `f64`, without fused multiply-add, and is never rounded:
//! the same arithmetic wherever a value is needed, so that a gate decides once.

mod all;
mod apply;
mod invert;
mod least_squares;

use ndarray::{Array2, ArrayView2};

pub use all::{Column, Table, compensate_all};
pub use apply::compensate;
pub use invert::invert;
pub use least_squares::least_squares;

use crate::error::{Error, Result};

/// The weights that undo a spillover matrix, and how much they amplify errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Inverse {
    /// `S⁻¹` or `S⁺`, detectors x dyes.
    pub matrix: Array2<f64>,
    /// Condition number in the 1-norm, `‖S‖₁ ‖S⁺‖₁`.
    pub condition_number: f64,
}

/// The inverse of a square matrix, the least-squares weights where there are more detectors (columns)
/// than dyes (rows).
///
/// # Errors
/// As [`invert`] and [`least_squares`].
pub fn weights(spillover: ArrayView2<'_, f64>) -> Result<Inverse> {
    if spillover.ncols() > spillover.nrows() {
        least_squares(spillover)
    } else {
        invert(spillover)
    }
}

/// Largest absolute column sum.
fn one_norm(matrix: ArrayView2<'_, f64>) -> f64 {
    matrix
        .columns()
        .into_iter()
        .map(|column| column.iter().map(|value| value.abs()).sum())
        .fold(0.0, f64::max)
}

fn refuse_not_finite(spillover: ArrayView2<'_, f64>) -> Result<()> {
    match spillover
        .indexed_iter()
        .find(|(_, value)| !value.is_finite())
    {
        None => Ok(()),
        Some(((row, column), value)) => Err(Error::MalformedSpillover {
            detail: format!("it holds {value} in row {}, column {}", row + 1, column + 1),
        }),
    }
}
