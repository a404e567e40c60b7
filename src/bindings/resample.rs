//! Permutation of labels, for Python.

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use super::errors::detached;
use crate::resample::{Plan, permute_labels};

/// `(statistic, p, smallest_p, low, high, allocations, degenerate, exact)`.
type Found = (f64, f64, f64, f64, f64, u64, u64, bool);

/// Permutes labels with the Welch-studentised statistic; see
/// [`permute_labels`]. `None` where the input is not two groups of at least two
/// finite values.
#[pyfunction]
#[pyo3(signature = (values, in_first, *, alpha, most_enumerated, replicates, seed))]
pub(super) fn permute_welch(
    py: Python<'_>,
    values: PyReadonlyArray1<'_, f64>,
    in_first: PyReadonlyArray1<'_, bool>,
    alpha: f64,
    most_enumerated: u64,
    replicates: u64,
    seed: u64,
) -> PyResult<Option<Found>> {
    let plan = Plan {
        alpha,
        most_enumerated,
        replicates,
        seed,
    };
    let (values, in_first) = (values.as_array(), in_first.as_array());
    let found = detached(py, || permute_labels(values, in_first, &plan))?;
    Ok(found.map(|found| {
        (
            found.statistic,
            found.p,
            found.smallest_p,
            found.low,
            found.high,
            found.allocations,
            found.degenerate,
            found.exact,
        )
    }))
}
