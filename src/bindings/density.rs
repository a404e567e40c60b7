//! Binned densities of one channel.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::density;

use super::errors::{detached, exception};

/// Weights on a grid, and how many events lie below, above, or are NaN.
type Binned<'py> = (Bound<'py, PyArray1<f64>>, u64, u64, u64);

/// Events spread over an even grid.
#[pyfunction]
pub(super) fn bin_density<'py>(
    py: Python<'py>,
    values: PyReadonlyArray1<'py, f64>,
    low: f64,
    high: f64,
    points: usize,
) -> PyResult<Binned<'py>> {
    let values = values.as_slice()?;
    let binned = detached(py, || density::bin(values, low, high, points))?.map_err(exception)?;
    let weights = binned.weights.into_pyarray(py);
    Ok((weights, binned.below, binned.above, binned.undefined))
}

/// A grid smoothed by a Gaussian whose standard deviation is in places of the grid.
#[pyfunction]
pub(super) fn smooth_density<'py>(
    py: Python<'py>,
    weights: PyReadonlyArray1<'py, f64>,
    bandwidth: f64,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let weights = weights.as_slice()?;
    let smoothed = detached(py, || density::smooth(weights, bandwidth))?.map_err(exception)?;
    Ok(smoothed.into_pyarray(py))
}

/// Grid point, height and prominence of every peak.
#[pyfunction]
pub(super) fn density_peaks(
    density: PyReadonlyArray1<'_, f64>,
) -> PyResult<Vec<(usize, f64, f64)>> {
    let found = density::peaks(density.as_slice()?);
    Ok(found
        .iter()
        .map(|peak| (peak.at, peak.height, peak.prominence))
        .collect())
}

/// Grid point of the lowest point between two grid points.
#[pyfunction]
pub(super) fn density_valley(
    density: PyReadonlyArray1<'_, f64>,
    first: usize,
    last: usize,
) -> PyResult<Option<usize>> {
    Ok(density::valley(density.as_slice()?, first, last))
}
