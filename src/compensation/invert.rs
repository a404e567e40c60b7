//! The inverse of a square spillover matrix.

use ndarray::{Array2, ArrayView2};

use super::{Inverse, one_norm, refuse_not_finite};
use crate::error::{Error, Result};

/// Smallest pivot, relative to the largest entry, that counts as non-zero.
const SMALLEST_PIVOT: f64 = 1e-12;

/// Invert a square spillover matrix by Gauss-Jordan elimination with row pivots.
///
/// # Errors
/// [`Error::MalformedSpillover`] if it is not square, empty, or not finite;
/// [`Error::SingularSpillover`] if a pivot is below 1e-12 of the largest entry.
pub fn invert(spillover: ArrayView2<'_, f64>) -> Result<Inverse> {
    let (rows, columns) = spillover.dim();
    if rows != columns || rows == 0 {
        return Err(Error::MalformedSpillover {
            detail: format!("it has {rows} rows and {columns} columns; it must be square"),
        });
    }
    refuse_not_finite(spillover)?;
    let largest = spillover
        .iter()
        .fold(0.0_f64, |most, value| most.max(value.abs()));
    let mut work = spillover.to_owned();
    let mut matrix = Array2::eye(rows);
    for column in 0..rows {
        let mut pivot_row = column;
        for row in column + 1..rows {
            if work[[row, column]].abs() > work[[pivot_row, column]].abs() {
                pivot_row = row;
            }
        }
        let pivot = work[[pivot_row, column]];
        if pivot.abs() <= SMALLEST_PIVOT * largest {
            return Err(Error::SingularSpillover {
                column,
                pivot: pivot.abs(),
            });
        }
        for entry in 0..rows {
            work.swap([column, entry], [pivot_row, entry]);
            matrix.swap([column, entry], [pivot_row, entry]);
        }
        for entry in 0..rows {
            work[[column, entry]] /= pivot;
            matrix[[column, entry]] /= pivot;
        }
        for row in (0..rows).filter(|&row| row != column) {
            let factor = work[[row, column]];
            if factor == 0.0 {
                continue;
            }
            for entry in 0..rows {
                work[[row, entry]] -= factor * work[[column, entry]];
                matrix[[row, entry]] -= factor * matrix[[column, entry]];
            }
        }
    }
    let condition_number = one_norm(spillover) * one_norm(matrix.view());
    Ok(Inverse {
        matrix,
        condition_number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compensation::compensate;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn inverts_two_detectors_by_hand() -> Result<()> {
        let inverse = invert(array![[1.0, 0.25], [0.0, 1.0]].view())?;
        assert_eq!(inverse.matrix, array![[1.0, -0.25], [0.0, 1.0]]);
        assert!((inverse.condition_number - 1.25 * 1.25).abs() < 1e-15);
        Ok(())
    }

    #[test]
    fn refuses_a_singular_matrix_and_names_the_column() {
        let outcome = invert(array![[1.0, 0.5], [2.0, 1.0]].view());
        assert!(matches!(
            outcome,
            Err(Error::SingularSpillover { column: 1, .. })
        ));
    }

    #[test]
    fn refuses_what_is_not_square_or_not_finite() {
        assert!(invert(array![[1.0, 0.5]].view()).is_err());
        assert!(invert(array![[f64::NAN]].view()).is_err());
    }

    proptest! {
        #[test]
        fn compensation_of_spilled_events_restores_them(
            entries in prop::collection::vec(0.0..0.3_f64, 9),
            dyes in prop::collection::vec(-1e3..1e5_f64, 3),
        ) {
            let mut spillover = Array2::from_shape_vec((3, 3), entries).expect("nine entries");
            for index in 0..3 {
                spillover[[index, index]] = 1.0;
            }
            let observed: Vec<f64> = (0..3)
                .map(|detector| (0..3).map(|dye| dyes[dye] * spillover[[dye, detector]]).sum())
                .collect();
            let columns: Vec<&[f64]> = observed.chunks(1).collect();
            let inverse = invert(spillover.view()).expect("diagonally dominant");
            for (dye, &amount) in dyes.iter().enumerate() {
                let mut out = [0.0];
                compensate(&columns, &inverse.matrix.column(dye).to_vec(), &mut out).expect("lengths agree");
                prop_assert!((out[0] - amount).abs() <= 1e-9 * 1e5);
            }
        }
    }
}
