//! Compensation on arrays.

use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyReadwriteArray2,
};
use pyo3::prelude::*;

use crate::compensation::{self, Column, Table};

use super::errors::{detached, exception};
use super::shared_arrays::{beside_python, is_writeable};

/// The weights that undo a spillover matrix, detectors x dyes, and its condition number.
#[pyfunction]
pub(super) fn spillover_weights<'py>(
    py: Python<'py>,
    matrix: PyReadonlyArray2<'py, f64>,
) -> PyResult<(Bound<'py, PyArray2<f64>>, f64)> {
    let inverse = compensation::weights(matrix.as_array()).map_err(exception)?;
    Ok((inverse.matrix.into_pyarray(py), inverse.condition_number))
}

/// One compensated channel from the observed ones and a column of the weights.
#[pyfunction]
pub(super) fn compensate<'py>(
    py: Python<'py>,
    observed: Vec<PyReadonlyArray1<'py, f64>>,
    weights: Vec<f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let columns = observed
        .iter()
        .map(PyReadonlyArray1::as_slice)
        .collect::<Result<Vec<_>, _>>()?;
    let mut out = vec![0.0; columns.first().map_or(0, |column| column.len())];
    detached(py, || {
        compensation::compensate(&columns, &weights, &mut out)
    })?
    .map_err(exception)?;
    Ok(out.into_pyarray(py))
}

/// A channel as Python has it.
#[derive(FromPyObject)]
pub(super) enum Observed<'py> {
    Single(PyReadonlyArray1<'py, f32>),
    Double(PyReadonlyArray1<'py, f64>),
}

impl Observed<'_> {
    fn is_writeable(&self) -> bool {
        match self {
            Self::Single(values) => is_writeable(values),
            Self::Double(values) => is_writeable(values),
        }
    }
}

/// Where compensated values go.
#[derive(FromPyObject)]
pub(super) enum Out<'py> {
    Single(PyReadwriteArray2<'py, f32>),
    Double(PyReadwriteArray2<'py, f64>),
}

/// All compensated channels into `out`, dyes x events.
#[pyfunction]
#[pyo3(signature = (columns, weights, out, *, threads=0))]
pub(super) fn compensate_columns<'py>(
    py: Python<'py>,
    columns: Vec<Observed<'py>>,
    weights: PyReadonlyArray2<'py, f64>,
    mut out: Out<'py>,
    threads: usize,
) -> PyResult<()> {
    let shared = columns.iter().any(Observed::is_writeable);
    let columns: Vec<Column<'_>> = columns
        .iter()
        .map(|column| match column {
            Observed::Single(values) => Column::Single(values.as_array()),
            Observed::Double(values) => Column::Double(values.as_array()),
        })
        .collect();
    let weights = weights.as_array();
    let table = match &mut out {
        Out::Single(table) => Table::Single(table.as_array_mut()),
        Out::Double(table) => Table::Double(table.as_array_mut()),
    };
    let kernel = || compensation::compensate_all(&columns, weights, table, threads);
    beside_python(py, shared, kernel)?.map_err(exception)
}
