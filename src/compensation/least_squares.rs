//! The least-squares weights of a spillover matrix with more detectors than dyes.

use ndarray::{Array2, ArrayView2};

use super::{Inverse, one_norm, refuse_not_finite};
use crate::error::{Error, Result};

/// Largest part of a dye's spectrum that may be left over by the other dyes' and still counts as none.
const SMALLEST_REST: f64 = 1e-12;

/// `S⁺ = Sᵀ (S Sᵀ)⁻¹`, detectors x dyes, so that `c = o S⁺` minimises `‖o - c S‖₂`.
///
/// By Householder's reflections (Golub & Van Loan 2013, §5.2): with `Sᵀ = Q R` it is `Q R⁻ᵀ`, which
/// squares no condition number as the normal equations would.
///
/// # Errors
/// [`Error::MalformedSpillover`] if there are fewer detectors than dyes, no dye, or an entry is not
/// finite; [`Error::DependentSpectrum`] if what the dyes before leave of a dye's spectrum is below
/// 1e-12 of its length.
pub fn least_squares(spillover: ArrayView2<'_, f64>) -> Result<Inverse> {
    let (dyes, detectors) = spillover.dim();
    if dyes == 0 || detectors < dyes {
        return Err(Error::MalformedSpillover {
            detail: format!(
                "it has {dyes} dyes and {detectors} detectors; it needs at least one detector for each dye"
            ),
        });
    }
    refuse_not_finite(spillover)?;
    let mut work = spillover.t().to_owned();
    let mut reflections = Vec::with_capacity(dyes);
    for dye in 0..dyes {
        let length = norm((0..detectors).map(|row| spillover[[dye, row]]));
        let rest = norm((dye..detectors).map(|row| work[[row, dye]]));
        if rest <= SMALLEST_REST * length {
            return Err(Error::DependentSpectrum {
                dye,
                rest: if length > 0.0 { rest / length } else { 0.0 },
            });
        }
        let mut v: Vec<f64> = (dye..detectors).map(|row| work[[row, dye]]).collect();
        v[0] += rest.copysign(v[0]);
        let unit = norm(v.iter().copied());
        for entry in &mut v {
            *entry /= unit;
        }
        reflect(&v, &mut work);
        reflections.push(v);
    }
    // Q: the reflections in turn back, on the first columns of the identity.
    let mut matrix = Array2::eye(detectors).slice_move(ndarray::s![.., ..dyes]);
    for v in reflections.iter().rev() {
        reflect(v, &mut matrix);
    }
    // Q R⁻ᵀ: each row solves w Rᵀ = q, from the last dye on.
    for mut row in matrix.rows_mut() {
        for dye in (0..dyes).rev() {
            let mut sum = row[dye];
            for later in dye + 1..dyes {
                sum -= row[later] * work[[dye, later]];
            }
            row[dye] = sum / work[[dye, dye]];
        }
    }
    let condition_number = one_norm(spillover) * one_norm(matrix.view());
    Ok(Inverse {
        matrix,
        condition_number,
    })
}

/// Euclidean length, safe from overflow.
fn norm(entries: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = entries
        .clone()
        .fold(0.0_f64, |most, value| most.max(value.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let sum: f64 = entries.map(|value| (value / largest).powi(2)).sum();
    largest * sum.sqrt()
}

/// `(I - 2 v vᵀ)` on the last rows of `matrix`, as many as `v` has.
fn reflect(v: &[f64], matrix: &mut Array2<f64>) {
    let first = matrix.nrows() - v.len();
    for mut column in matrix.columns_mut() {
        let along: f64 = v
            .iter()
            .enumerate()
            .map(|(k, entry)| entry * column[first + k])
            .sum();
        for (k, entry) in v.iter().enumerate() {
            column[first + k] -= 2.0 * along * entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn weights_of_one_dye_are_its_spectrum_over_its_square() -> Result<()> {
        let found = least_squares(array![[3.0, 4.0, 0.0]].view())?;
        let expected = array![[0.12], [0.16], [0.0]];
        assert!((&found.matrix - &expected).iter().all(|d| d.abs() < 1e-16));
        assert!((found.condition_number - 4.0 * 0.28).abs() < 1e-14);
        Ok(())
    }

    #[test]
    fn names_the_dye_whose_spectrum_the_others_make_up() {
        let spectra = array![[1.0, 0.5, 0.0], [0.0, 0.5, 1.0], [1.0, 1.0, 1.0]];
        let outcome = least_squares(spectra.view());
        assert!(matches!(
            outcome,
            Err(Error::DependentSpectrum { dye: 2, .. })
        ));
        let outcome = least_squares(array![[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]].view());
        assert!(matches!(
            outcome,
            Err(Error::DependentSpectrum { dye: 1, .. })
        ));
    }

    #[test]
    fn refuses_more_dyes_than_detectors_and_what_is_not_finite() {
        assert!(least_squares(array![[1.0], [0.5]].view()).is_err());
        assert!(least_squares(array![[1.0, f64::INFINITY]].view()).is_err());
        assert!(least_squares(Array2::zeros((0, 3)).view()).is_err());
    }

    proptest! {
        #[test]
        fn spectra_times_weights_are_the_identity(entries in prop::collection::vec(0.0..0.3_f64, 15)) {
            let mut spectra = Array2::from_shape_vec((3, 5), entries).expect("fifteen entries");
            for dye in 0..3 {
                spectra[[dye, dye]] = 1.0;
            }
            let found = least_squares(spectra.view()).expect("dominant");
            let product = spectra.dot(&found.matrix);
            prop_assert!((&product - &Array2::<f64>::eye(3)).iter().all(|d| d.abs() < 1e-12));
            // Least squares: weights lie in the span of the spectra, so W S is symmetric.
            let hat = found.matrix.dot(&spectra);
            prop_assert!((&hat - &hat.t()).iter().all(|d| d.abs() < 1e-12));
        }

        #[test]
        fn of_a_square_matrix_they_are_its_inverse(entries in prop::collection::vec(0.0..0.3_f64, 9)) {
            let mut spectra = Array2::from_shape_vec((3, 3), entries).expect("nine entries");
            for dye in 0..3 {
                spectra[[dye, dye]] = 1.0;
            }
            let found = least_squares(spectra.view()).expect("dominant");
            let inverse = super::super::invert(spectra.view()).expect("dominant");
            prop_assert!((&found.matrix - &inverse.matrix).iter().all(|d| d.abs() < 1e-12));
            prop_assert!((found.condition_number / inverse.condition_number - 1.0).abs() < 1e-12);
        }
    }
}
