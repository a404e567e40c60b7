//! Compensated values: the one arithmetic that decides, channel by channel or all at once.

use crate::error::{Error, Result};

/// One compensated channel: `out[i] = Σ_k observed[k][i] · weights[k]`, in order of `k`.
///
/// `weights` is a column of the inverse. Terms of weight 0 are added too, so that a
/// NaN or an infinity in any detector shows in every channel that depends on it formally.
///
/// # Errors
/// [`Error::Length`] if the number of weights, or the length of a detector, differs.
pub fn compensate(observed: &[&[f64]], weights: &[f64], out: &mut [f64]) -> Result<()> {
    if observed.len() != weights.len() {
        return Err(Error::Length {
            what: "the column of the inverse",
            found: weights.len(),
            expected: observed.len(),
        });
    }
    out.fill(0.0);
    for (detector, &weight) in observed.iter().zip(weights) {
        if detector.len() != out.len() {
            return Err(Error::Length {
                what: "a detector",
                found: detector.len(),
                expected: out.len(),
            });
        }
        for (sum, &value) in out.iter_mut().zip(*detector) {
            *sum += value * weight;
        }
    }
    Ok(())
}
