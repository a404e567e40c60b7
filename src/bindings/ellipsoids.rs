//! Ellipsoid gates on arrays.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::error::Result;
use crate::gate::Ellipsoid;
use crate::membership;

use super::errors::exception;

/// An ellipsoid of a covariance, or of any matrix as it is written.
pub(super) fn ellipsoid_of(
    mean: &[f64],
    matrix: &[Vec<f64>],
    distance_square: f64,
    as_written: bool,
) -> Result<Ellipsoid> {
    if as_written {
        Ellipsoid::as_written(mean, matrix, distance_square)
    } else {
        Ellipsoid::new(mean, matrix, distance_square)
    }
}

/// Which places, given as a column per dimension, are in an ellipsoid.
#[pyfunction]
#[pyo3(signature = (mean, matrix, distance_square, columns, *, as_written = false))]
pub(super) fn ellipsoid_contains<'py>(
    py: Python<'py>,
    mean: Vec<f64>,
    matrix: Vec<Vec<f64>>,
    distance_square: f64,
    columns: Vec<PyReadonlyArray1<'py, f64>>,
    as_written: bool,
) -> PyResult<Bound<'py, PyArray1<bool>>> {
    let ellipsoid = ellipsoid_of(&mean, &matrix, distance_square, as_written).map_err(exception)?;
    let columns = columns
        .iter()
        .map(PyReadonlyArray1::as_slice)
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let n_events = columns.iter().map(|column| column.len()).min().unwrap_or(0);
    let inside = py.detach(|| {
        let mut mask = vec![0; membership::words_for(n_events)];
        membership::fill(&mut mask, n_events);
        ellipsoid.contains_words(&columns, &mut mask);
        let mut inside = vec![false; n_events];
        membership::for_each(&mask, |event| inside[event] = true);
        inside
    });
    Ok(inside.into_pyarray(py))
}
