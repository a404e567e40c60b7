//! Gates on arrays.

use numpy::{Element, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::error::Result;
use crate::gate::columns::{self, Column};
use crate::gate::quadrant::{self, Quadrant};
use crate::gate::{Bounds, Expression};
use crate::membership;

use super::errors::exception;
use super::plan::TermArgument;
use super::shared_arrays::{beside_python, is_writeable};

/// A column of single or double precision, borrowed where it lies in one piece, and else a copy.
pub(super) enum Held<'py> {
    Single(PyReadonlyArray1<'py, f32>),
    Double(PyReadonlyArray1<'py, f64>),
}

/// An array in one piece: itself, or a copy that nobody can write to.
///
/// NumPy makes the copy, as fields of records lie at distances that are no multiple of their size.
fn in_one_piece<'py, T: Element>(
    array: &Bound<'py, PyArray1<T>>,
) -> PyResult<PyReadonlyArray1<'py, T>> {
    let array = array.try_readonly()?;
    if array.as_slice().is_ok() {
        return Ok(array);
    }
    let py = array.py();
    let copy = array.call_method0(intern!(py, "copy"))?;
    copy.call_method1(intern!(py, "setflags"), (false,))?;
    Ok(copy.cast_into::<PyArray1<T>>()?.try_readonly()?)
}

impl<'py> FromPyObject<'_, 'py> for Held<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = object.cast::<PyArray1<f64>>() {
            return in_one_piece(&array).map(Self::Double);
        }
        if let Ok(array) = object.cast::<PyArray1<f32>>() {
            return in_one_piece(&array).map(Self::Single);
        }
        let message = "a column must be a one-dimensional array of float32 or float64";
        Err(PyTypeError::new_err(message))
    }
}

impl Held<'_> {
    pub(super) fn column(&self) -> PyResult<Column<'_>> {
        Ok(match self {
            Self::Single(array) => Column::Float32(array.as_slice()?),
            Self::Double(array) => Column::Float64(array.as_slice()?),
        })
    }

    /// Return whether other Python threads could write to it.
    fn is_shared(&self) -> bool {
        match self {
            Self::Single(array) => is_writeable(array),
            Self::Double(array) => is_writeable(array),
        }
    }
}

/// Run a kernel over columns. The interpreter is released only where nobody could write to them
/// meanwhile.
fn over_columns<Answer: Send>(
    py: Python<'_>,
    held: &[Held<'_>],
    kernel: impl FnOnce(&[Column]) -> Result<Answer> + Send,
) -> PyResult<Answer> {
    let columns = held
        .iter()
        .map(Held::column)
        .collect::<PyResult<Vec<_>>>()?;
    let shared = held.iter().any(Held::is_shared);
    beside_python(py, shared, || kernel(&columns))?.map_err(exception)
}

/// What makes arrays that are not yet written.
fn empty(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static EMPTY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    EMPTY.import(py, "numpy", "empty")
}

/// An array of bytes not yet written.
fn unwritten(py: Python<'_>, length: usize) -> PyResult<Bound<'_, PyArray1<u8>>> {
    Ok(empty(py)?.call1((length, intern!(py, "u1")))?.cast_into()?)
}

/// An array of words not yet written.
fn unwritten_words(py: Python<'_>, length: usize) -> PyResult<Bound<'_, PyArray1<u64>>> {
    let array = empty(py)?.call1((length, intern!(py, "u8")))?;
    Ok(array.cast_into()?)
}

/// One answer per event.
fn answers<'py>(
    py: Python<'py>,
    held: &[Held<'py>],
    kernel: impl FnOnce(&[Column], &mut [u8]) -> Result<()> + Send,
) -> PyResult<Bound<'py, PyAny>> {
    let n_events = held
        .first()
        .map_or(Ok(0), |first| first.column().map(Column::len))?;
    // Memory from numpy: it keeps and reuses large pieces.
    let out = unwritten(py, n_events)?;
    {
        let mut positions = out.readwrite();
        let positions = positions.as_slice_mut()?;
        over_columns(py, held, |columns| kernel(columns, positions))?;
    }
    out.call_method1(intern!(py, "view"), (intern!(py, "?"),))
}

/// Decide events, given as one column per axis, by a gate of a kind and its parameters.
#[pyfunction]
pub(super) fn contains<'py>(
    py: Python<'py>,
    kind: &str,
    parameters: Vec<Option<f64>>,
    columns: Vec<Held<'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    answers(py, &columns, |columns, out| {
        columns::contains(kind, &parameters, columns, out)
    })
}

/// The intervals between the cuts of each divider.
fn intervals_of(dividers: &[Vec<f64>]) -> PyResult<Vec<Vec<Bounds>>> {
    let intervals = dividers.iter().map(|cuts| Bounds::between(cuts));
    intervals.collect::<Result<_>>().map_err(exception)
}

/// The number of events in each of some quadrants.
///
/// A quadrant is the interval that it takes of each divider, or None.
#[pyfunction]
pub(super) fn quadrant_counts(
    py: Python<'_>,
    dividers: Vec<Vec<f64>>,
    quadrants: Vec<Quadrant>,
    columns: Vec<Held<'_>>,
) -> PyResult<Vec<u64>> {
    let intervals = intervals_of(&dividers)?;
    over_columns(py, &columns, |columns| {
        quadrant::quadrant_counts(&intervals, &quadrants, columns)
    })
}

/// The masks of quadrants, as words of 64 events.
#[pyfunction]
pub(super) fn quadrant_masks<'py>(
    py: Python<'py>,
    dividers: Vec<Vec<f64>>,
    quadrants: Vec<Quadrant>,
    columns: Vec<Held<'py>>,
) -> PyResult<Bound<'py, PyArray2<u64>>> {
    let intervals = intervals_of(&dividers)?;
    let n_events = columns
        .first()
        .map_or(Ok(0), |first| first.column().map(Column::len))?;
    let words = membership::words_for(n_events);
    let out: Bound<'py, PyArray2<u64>> = empty(py)?
        .call1(((quadrants.len(), words), intern!(py, "uint64")))?
        .cast_into()?;
    {
        let mut masks = out.readwrite();
        let masks = masks.as_slice_mut()?;
        over_columns(py, &columns, |columns| {
            quadrant::quadrant_masks(&intervals, &quadrants, columns, masks)
        })?;
    }
    Ok(out)
}

/// The events in, and those out, as words of 64 events.
type Masks<'py> = (Bound<'py, PyArray1<u64>>, Bound<'py, PyArray1<u64>>);

/// Masks of an expression, from those of its populations: the events in it, and those out of it.
#[pyfunction]
pub(super) fn combine_masks<'py>(
    py: Python<'py>,
    terms: Vec<TermArgument>,
    populations: Vec<(PyReadonlyArray1<'py, u64>, PyReadonlyArray1<'py, u64>)>,
) -> PyResult<Masks<'py>> {
    let expression =
        Expression::new(terms.into_iter().map(Into::into).collect()).map_err(exception)?;
    let masks = populations
        .iter()
        .map(|(inside, out)| Ok([inside.as_slice()?, out.as_slice()?]))
        .collect::<PyResult<Vec<_>>>()?;
    let words = masks.first().map_or(0, |[inside, _]| inside.len());
    let (inside, outside) = (unwritten_words(py, words)?, unwritten_words(py, words)?);
    expression
        .evaluate_masks(
            &masks,
            inside.readwrite().as_slice_mut()?,
            outside.readwrite().as_slice_mut()?,
        )
        .map_err(exception)?;
    Ok((inside, outside))
}
