//! Joint permutations and sign flips of families of outcomes, for Python.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::resample::{Extent, Family, flip_signs as flip, permute_jointly};

use super::errors::{detached, exception};

/// Asks Python for its signals, and keeps what they raise.
struct Signals(Option<PyErr>);

impl Signals {
    fn go_on(&mut self) -> bool {
        let signals = Python::attach(|py| {
            py.check_signals()?;
            Ok(())
        });
        self.0 = signals.err();
        self.0.is_none()
    }
}

type Column<'py, T> = Bound<'py, PyArray1<T>>;

fn columns(py: Python<'_>, family: Family) -> PyResult<Bound<'_, PyDict>> {
    fn column<T: numpy::Element>(py: Python<'_>, values: Vec<T>) -> Column<'_, T> {
        values.into_pyarray(py)
    }
    let found = PyDict::new(py);
    found.set_item("statistic", column(py, family.statistic))?;
    found.set_item("p", column(py, family.p))?;
    found.set_item("p_max_t", column(py, family.p_max_t))?;
    found.set_item("p_step_down", column(py, family.p_step_down))?;
    found.set_item("smallest_p", column(py, family.smallest_p))?;
    found.set_item("smallest_p_max_t", column(py, family.smallest_p_max_t))?;
    found.set_item("undefined", column(py, family.undefined))?;
    found.set_item("degenerate", column(py, family.degenerate))?;
    found.set_item("allocations", family.allocations)?;
    found.set_item("exact", family.exact)?;
    Ok(found)
}

/// Permutes labels over outcomes (rows) and patients (columns, NaN where missing); see
/// [`permute_jointly`]. `None` where an outcome lacks two values in a group.
#[pyfunction]
#[pyo3(signature = (values, in_first, *, most_enumerated, replicates, seed, threads))]
pub(super) fn permute_family<'py>(
    py: Python<'py>,
    values: PyReadonlyArray2<'_, f64>,
    in_first: PyReadonlyArray1<'_, bool>,
    most_enumerated: u64,
    replicates: u64,
    seed: u64,
    threads: usize,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let extent = Extent {
        most_enumerated,
        replicates,
        seed,
        threads,
    };
    let (values, in_first) = (values.as_array(), in_first.as_array());
    let mut signals = Signals(None);
    let found = detached(py, || {
        permute_jointly(values, in_first, &extent, &mut || signals.go_on())
    })?;
    if let Some(raised) = signals.0 {
        return Err(raised);
    }
    found
        .map_err(exception)?
        .map(|family| columns(py, family))
        .transpose()
}

/// Flips signs over outcomes (rows) and patients (columns, NaN where missing); see
/// [`flip`]. `None` where an outcome lacks two values.
#[pyfunction]
#[pyo3(signature = (values, *, alpha, most_enumerated, replicates, seed, threads))]
pub(super) fn flip_signs<'py>(
    py: Python<'py>,
    values: PyReadonlyArray2<'_, f64>,
    alpha: f64,
    most_enumerated: u64,
    replicates: u64,
    seed: u64,
    threads: usize,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let extent = Extent {
        most_enumerated,
        replicates,
        seed,
        threads,
    };
    let values = values.as_array();
    let mut signals = Signals(None);
    let found = detached(py, || flip(values, alpha, &extent, &mut || signals.go_on()))?;
    if let Some(raised) = signals.0 {
        return Err(raised);
    }
    let Some(flips) = found.map_err(exception)? else {
        return Ok(None);
    };
    let found = columns(py, flips.family)?;
    found.set_item("low", flips.low.into_pyarray(py))?;
    found.set_item("high", flips.high.into_pyarray(py))?;
    Ok(Some(found))
}
