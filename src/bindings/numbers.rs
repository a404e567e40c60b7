//! Scales and polygons on arrays.

use ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::gate::Polygon;
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

/// Check the vertices of a polygon, and which points lie in it.
#[pyfunction]
pub(super) fn polygon_contains<'py>(
    py: Python<'py>,
    vertices: Vec<(f64, f64)>,
    points: PyReadonlyArray2<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<bool>>> {
    let polygon = Polygon::new(vertices).map_err(exception)?;
    let points: Array2<f64> = points.as_array().to_owned();
    let inside = py.detach(|| {
        points
            .rows()
            .into_iter()
            .map(|point| polygon.contains(point[0], point[1]))
            .collect::<Vec<_>>()
    });
    Ok(inside.into_pyarray(py))
}
