//! Scales on arrays.

use numpy::{IntoPyArray, PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::transform::{Fast, Scale, spread};

use super::errors::exception;

/// A scale as (name, parameters).
type ScaleArgument = (String, Vec<f64>);

/// Values put on a scale: exactly, or within the bound of the fast path.
#[pyfunction]
pub(super) fn scale_forward<'py>(
    py: Python<'py>,
    scale: ScaleArgument,
    values: PyReadonlyArray1<'py, f64>,
    fast: bool,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let scale = Scale::from_name(&scale.0, &scale.1).map_err(exception)?;
    if fast {
        let fast = py.detach(|| Fast::new(scale));
        mapped(py, values, |values, out| fast.forward_into(values, out))
    } else {
        mapped(py, values, |values, out| scale.forward_into(values, out))
    }
}

/// Places on a scale brought back to values: exactly, or within the bound of the fast path.
#[pyfunction]
pub(super) fn scale_inverse<'py>(
    py: Python<'py>,
    scale: ScaleArgument,
    places: PyReadonlyArray1<'py, f64>,
    fast: bool,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let scale = Scale::from_name(&scale.0, &scale.1).map_err(exception)?;
    if fast {
        let fast = py.detach(|| Fast::new(scale));
        mapped(py, places, |places, out| fast.inverse_into(places, out))
    } else {
        mapped(py, places, |places, out| scale.inverse_into(places, out))
    }
}

/// Values between which other Python threads get their turn, and Ctrl-C is heard.
const TURN: usize = 1 << 21;

/// A new array from one of the same length. NumPy allocates it, in large pages where it is large.
///
/// The interpreter is kept during a turn of some milliseconds: released, another thread could write to
/// the values while they are read, and a copy of them would take as long as the kernel.
fn mapped<'py>(
    py: Python<'py>,
    values: PyReadonlyArray1<'py, f64>,
    kernel: impl Fn(&[f64], &mut [f64]) + Sync,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let values = values.as_slice()?;
    let array = PyArray1::zeros(py, values.len(), false);
    {
        let mut out = array.readwrite();
        let turns = out.as_slice_mut()?.chunks_mut(TURN);
        for (values, out) in values.chunks(TURN).zip(turns) {
            spread(values, out, &kernel);
            py.detach(std::thread::yield_now);
            py.check_signals()?;
        }
    }
    Ok(array)
}

/// The smallest value inside and the smallest beyond, of those whose places lie in `[lo, hi)`.
#[pyfunction]
pub(super) fn scale_preimage(
    scale: ScaleArgument,
    lo: f64,
    hi: f64,
) -> PyResult<Option<(f64, f64)>> {
    let scale = Scale::from_name(&scale.0, &scale.1).map_err(exception)?;
    let interval = scale.preimage(lo, hi);
    Ok(interval.map(|interval| (interval.low(), interval.high())))
}

/// Which values have their places in `[lo, hi)`, or none where there is no such interval.
#[pyfunction]
pub(super) fn preimage_contains<'py>(
    py: Python<'py>,
    scale: ScaleArgument,
    lo: f64,
    hi: f64,
    values: PyReadonlyArray1<'py, f64>,
) -> PyResult<Option<Bound<'py, PyArray1<bool>>>> {
    let scale = Scale::from_name(&scale.0, &scale.1).map_err(exception)?;
    let Some(interval) = scale.preimage(lo, hi) else {
        return Ok(None);
    };
    let values = values.as_slice()?;
    let inside = py.detach(|| {
        values
            .iter()
            .map(|&x| interval.holds(x))
            .collect::<Vec<_>>()
    });
    Ok(Some(inside.into_pyarray(py)))
}
