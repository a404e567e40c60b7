//! Scales on arrays.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::transform::Scale;

use super::errors::exception;

/// Values put on a scale.
#[pyfunction]
pub(super) fn scale_forward<'py>(
    py: Python<'py>,
    scale: (String, Vec<f64>),
    values: PyReadonlyArray1<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let scale = Scale::from_name(&scale.0, &scale.1).map_err(exception)?;
    let mut out = values.as_array().to_vec();
    py.detach(|| scale.forward_all(&mut out));
    Ok(out.into_pyarray(py))
}

/// Places on a scale brought back to values.
#[pyfunction]
pub(super) fn scale_inverse<'py>(
    py: Python<'py>,
    scale: (String, Vec<f64>),
    places: PyReadonlyArray1<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let scale = Scale::from_name(&scale.0, &scale.1).map_err(exception)?;
    let mut out = places.as_array().to_vec();
    py.detach(|| scale.inverse_all(&mut out));
    Ok(out.into_pyarray(py))
}
