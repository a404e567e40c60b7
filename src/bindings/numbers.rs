//! Scales on arrays.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadwriteArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::Result;
use crate::transform::{Conversion, Scale};

use super::errors::exception;

/// A scale as (name, parameters), or as (name, parameters, base scale).
#[derive(FromPyObject)]
pub(super) enum ScaleArgument {
    Nested(String, Vec<f64>, (String, Vec<f64>)),
    Plain(String, Vec<f64>),
}

impl ScaleArgument {
    pub(super) fn scale(&self) -> Result<Scale> {
        match self {
            Self::Plain(name, parameters) => Scale::from_name(name, parameters),
            Self::Nested(name, parameters, (base, of_base)) => {
                Scale::from_name(base, of_base)?.nested(name, parameters)
            }
        }
    }
}

/// Values put on a scale, exactly or within the bound of the fast path, times `unit`; those of `out`
/// itself where there are no others.
#[pyfunction]
#[pyo3(signature = (scale, values, out, *, fast, unit=1.0))]
pub(super) fn scale_forward<'py>(
    py: Python<'py>,
    scale: ScaleArgument,
    values: Option<PyReadonlyArray1<'py, f64>>,
    out: PyReadwriteArray1<'py, f64>,
    fast: bool,
    unit: f64,
) -> PyResult<()> {
    let scale = scale.scale().map_err(exception)?;
    convert(
        py,
        Conversion::forward(scale).times(unit),
        fast,
        values,
        out,
    )
}

/// Scaled values on a scale brought back to values, exactly or within the bound of the fast path; those of
/// `out` itself where there are no others.
#[pyfunction]
#[pyo3(signature = (scale, scaled_values, out, *, fast))]
pub(super) fn scale_inverse<'py>(
    py: Python<'py>,
    scale: ScaleArgument,
    scaled_values: Option<PyReadonlyArray1<'py, f64>>,
    out: PyReadwriteArray1<'py, f64>,
    fast: bool,
) -> PyResult<()> {
    let scale = scale.scale().map_err(exception)?;
    convert(py, Conversion::inverse(scale), fast, scaled_values, out)
}

/// Values between which other Python threads get their turn, and Ctrl-C is heard.
const TURN: usize = 1 << 21;

/// Convert numbers in turns of some milliseconds.
///
/// The interpreter is kept during a turn: released, another thread could write to the numbers while
/// they are read, and a copy of them would take as long as the kernel.
fn convert<'py>(
    py: Python<'py>,
    conversion: Conversion,
    fast: bool,
    numbers: Option<PyReadonlyArray1<'py, f64>>,
    mut out: PyReadwriteArray1<'py, f64>,
) -> PyResult<()> {
    let out = out.as_slice_mut()?;
    let conversion = if fast { conversion.fast() } else { conversion };
    let numbers = numbers
        .as_ref()
        .map(PyReadonlyArray1::as_slice)
        .transpose()?;
    if numbers.is_some_and(|numbers| numbers.len() != out.len()) {
        return Err(PyValueError::new_err("out is not as long as the numbers"));
    }
    for (turn, out) in out.chunks_mut(TURN).enumerate() {
        if turn > 0 {
            py.detach(std::thread::yield_now);
            py.check_signals()?;
        }
        match numbers {
            Some(numbers) => conversion.apply(&numbers[turn * TURN..][..out.len()], out),
            None => conversion.apply_in_place(out),
        }
    }
    Ok(())
}

/// The smallest value inside and the smallest beyond, of those whose scaled values lie in `[lo, hi)`.
#[pyfunction]
pub(super) fn scale_preimage(
    scale: ScaleArgument,
    lo: f64,
    hi: f64,
) -> PyResult<Option<(f64, f64)>> {
    let scale = scale.scale().map_err(exception)?;
    let interval = scale.preimage(lo, hi);
    Ok(interval.map(|interval| (interval.low(), interval.high())))
}

/// Which values have their scaled values in `[lo, hi)`, or none where there is no such interval.
#[pyfunction]
pub(super) fn preimage_contains<'py>(
    py: Python<'py>,
    scale: ScaleArgument,
    lo: f64,
    hi: f64,
    values: PyReadonlyArray1<'py, f64>,
) -> PyResult<Option<Bound<'py, PyArray1<bool>>>> {
    let scale = scale.scale().map_err(exception)?;
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
