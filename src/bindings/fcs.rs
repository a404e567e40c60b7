//! Reading and writing FCS.

use std::path::PathBuf;

use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::fcs::data::{self, Column, Values};
use crate::fcs::{self, ChannelToWrite};
use crate::source::{FileSource, Source};

use super::errors::{exception, file_exception};

/// HEADER and TEXT of a file as a dictionary.
#[pyfunction]
pub(super) fn read_head(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyDict>> {
    let (file, length, modified_ns) = py
        .detach(|| {
            let source = FileSource::open(&path)?;
            let file = fcs::File::read(&source)?;
            Ok((file, source.len(), source.modified_ns()))
        })
        .map_err(|error| file_exception(&path, error))?;
    let parameters = file
        .parameters
        .iter()
        .map(|parameter| {
            let entry = PyDict::new(py);
            entry.set_item("detector", &parameter.detector)?;
            entry.set_item("marker", &parameter.marker)?;
            entry.set_item("range", parameter.range)?;
            entry.set_item("bits", parameter.bytes * 8)?;
            entry.set_item("voltage", &parameter.voltage)?;
            Ok(entry)
        })
        .collect::<PyResult<Vec<_>>>()?;
    let departures: Vec<_> = file
        .departures
        .iter()
        .map(|departure| {
            (
                departure.code,
                departure.found.as_str(),
                departure.done.as_str(),
            )
        })
        .collect();
    let head = PyDict::new(py);
    head.set_item("version", &file.version)?;
    head.set_item("keywords", &file.keywords)?;
    head.set_item("parameters", parameters)?;
    head.set_item("n_events", file.n_events)?;
    head.set_item("departures", departures)?;
    head.set_item("identity", (length, modified_ns, file.head_hash))?;
    Ok(head)
}

/// A column in the width its channel calls for.
#[derive(IntoPyObject)]
enum Array<'py> {
    Float32(Bound<'py, PyArray1<f32>>),
    Float64(Bound<'py, PyArray1<f64>>),
}

/// Whole columns of a file, one array per channel number.
#[pyfunction]
pub(super) fn read_columns<'py>(
    py: Python<'py>,
    path: PathBuf,
    channels: Vec<usize>,
    raw: bool,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let failed = |error| file_exception(&path, error);
    let source = FileSource::open(&path).map_err(failed)?;
    let file = fcs::File::read(&source).map_err(failed)?;
    data::check_channels(&file, &channels).map_err(failed)?;
    let values = if raw { Values::Raw } else { Values::Scale };
    let arrays: Vec<Array<'py>> = channels
        .iter()
        .map(|&channel| {
            let parameter = &file.parameters[channel];
            let narrow = match values {
                Values::Raw => parameter.raw_fits_float32(),
                Values::Scale => parameter.scale_fits_float32(),
            };
            if narrow {
                Array::Float32(PyArray1::zeros(py, file.n_events, false))
            } else {
                Array::Float64(PyArray1::zeros(py, file.n_events, false))
            }
        })
        .collect();
    let mut guards: Vec<Guard<'_>> = arrays
        .iter()
        .map(|array| match array {
            Array::Float32(array) => Guard::Float32(array.readwrite()),
            Array::Float64(array) => Guard::Float64(array.readwrite()),
        })
        .collect();
    let mut columns = guards
        .iter_mut()
        .map(|guard| {
            Ok(match guard {
                Guard::Float32(guard) => Column::Float32(guard.as_slice_mut()?),
                Guard::Float64(guard) => Column::Float64(guard.as_slice_mut()?),
            })
        })
        .collect::<PyResult<Vec<_>>>()?;
    py.detach(|| data::read_columns(&source, &file, &channels, values, &mut columns))
        .map_err(failed)?;
    drop(columns);
    drop(guards);
    arrays
        .into_iter()
        .map(|array| Ok(array.into_pyobject(py)?.into_any()))
        .collect()
}

/// An array borrowed for writing.
enum Guard<'py> {
    Float32(numpy::PyReadwriteArray1<'py, f32>),
    Float64(numpy::PyReadwriteArray1<'py, f64>),
}

/// HEADER and TEXT of a file to be written; channels are (detector, marker, range).
#[pyfunction]
pub(super) fn encode_head(
    py: Python<'_>,
    channels: Vec<(String, Option<String>, f64)>,
    n_events: u64,
    keywords: Vec<(String, String)>,
) -> PyResult<Bound<'_, PyBytes>> {
    let channels: Vec<_> = channels
        .into_iter()
        .map(|(detector, marker, range)| ChannelToWrite {
            detector,
            marker,
            range,
        })
        .collect();
    let head = fcs::encode_head(&channels, n_events, &keywords).map_err(exception)?;
    Ok(PyBytes::new(py, &head))
}
