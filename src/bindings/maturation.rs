//! Phenotypes of populations.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::maturation;

use super::errors::exception;

/// Counts of each combination of marker calls among the events of a parent.
#[pyfunction]
pub(super) fn count_phenotypes<'py>(
    py: Python<'py>,
    parent: PyReadonlyArray1<'py, u8>,
    markers: Vec<PyReadonlyArray1<'py, u8>>,
    n_events: usize,
) -> PyResult<Bound<'py, PyArray1<u64>>> {
    let parent = parent.as_slice()?;
    let masks = markers
        .iter()
        .map(PyReadonlyArray1::as_slice)
        .collect::<Result<Vec<_>, _>>()?;
    let counts = py
        .detach(|| maturation::count_phenotypes(parent, &masks, n_events))
        .map_err(exception)?;
    Ok(counts.into_pyarray(py))
}
