//! Reading and writing FCS.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use numpy::{PyArray2, PyArrayMethods, PyReadwriteArray2};
use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::error::{Error, Result};
use crate::fcs::data::{self, Column, Values};
use crate::fcs::{self, ChannelToWrite, Form, Violation};
use crate::memory;
use crate::source::{Location, Source};

use super::errors::{detached, exception, file_exception};
use super::location::LocationArgument;
use super::watch::watched;

/// Length of a file, when it was modified, a hash of HEADER and TEXT, and where its data set begins.
pub(super) type Identity = (u64, i128, u64, u64);

fn identity_of(source: &dyn Source, file: &fcs::File) -> Identity {
    let begin = file.segments.begin;
    (
        source.len(),
        source.modified_ns(),
        file.metadata_hash,
        begin,
    )
}

/// Byte at which each data set of a file begins.
#[pyfunction]
pub(super) fn data_set_begins(py: Python<'_>, path: LocationArgument) -> PyResult<Vec<u64>> {
    let LocationArgument(path) = path;
    detached(py, || fcs::data_set_begins(&*path.open()?))?
        .map_err(|error| file_exception(&path, &error))
}

/// HEADER and TEXT of the data set at byte `begin` of a file as a dictionary. Parameters are (detector, marker, range,
/// voltage); keywords are left out where `keywords_of_text` finds them all in `text`; `stated` is the
/// first of `wanted` that is not blank, with its value.
#[pyfunction]
#[pyo3(signature = (path, wanted = Vec::new(), *, begin = 0))]
pub(super) fn read_metadata(
    py: Python<'_>,
    path: LocationArgument,
    wanted: Vec<String>,
    begin: u64,
) -> PyResult<Bound<'_, PyDict>> {
    let LocationArgument(path) = path;
    let (file, identity, n_data_sets) = detached(py, || {
        let source = path.open()?;
        let file = fcs::File::read_at(&*source, begin)?;
        let identity = identity_of(&*source, &file);
        // Of a further data set it is known to whoever knows where that begins.
        let n_data_sets = (begin == 0).then(|| file.count_data_sets(&*source, 0));
        Ok((file, identity, n_data_sets))
    })?
    .map_err(|error| file_exception(&path, &error))?;
    let parameters = file.parameters.iter().map(|parameter| {
        (
            &parameter.detector,
            &parameter.marker,
            parameter.range,
            &parameter.voltage,
        )
    });
    let parameters = PyTuple::new(py, parameters)?;
    // What TEXT says can be asked for later; two segments are not one text.
    let supplemented = file.segments.supplement.is_some();
    let keywords = supplemented.then_some(&file.keywords);
    let segments = PyDict::new(py);
    segments.set_item("begin", file.segments.begin)?;
    segments.set_item("text", file.segments.text)?;
    segments.set_item("supplement", file.segments.supplement)?;
    segments.set_item("data", file.segments.data)?;
    segments.set_item("analysis", file.segments.analysis)?;
    segments.set_item("next", file.segments.next)?;
    let metadata = PyDict::new(py);
    metadata.set_item("version", &file.version)?;
    metadata.set_item("keywords", keywords)?;
    metadata.set_item("stated", file.stated(&wanted))?;
    metadata.set_item("analysis", &file.analysis)?;
    metadata.set_item("text", PyBytes::new(py, &file.text))?;
    metadata.set_item("parameters", parameters)?;
    metadata.set_item("n_events", file.n_events)?;
    metadata.set_item("n_data_sets", n_data_sets)?;
    metadata.set_item("segments", segments)?;
    metadata.set_item("crc", file.crc)?;
    metadata.set_item("violations", listed(&file.violations))?;
    metadata.set_item("identity", identity)?;
    Ok(metadata)
}

/// Keywords and values of the bytes of a TEXT segment, in file order.
#[pyfunction]
pub(super) fn keywords_of_text(text: &[u8]) -> PyResult<Vec<(String, String)>> {
    fcs::keywords_of(text).map_err(exception)
}

/// Violations as (code, found, repair).
fn listed(violations: &[Violation]) -> Vec<(&'static str, &str, &str)> {
    violations
        .iter()
        .map(|one| (one.code, one.found.as_str(), one.repair.as_str()))
        .collect()
}

/// Whether the check word of a data set fits its bytes; None where there is none.
#[pyfunction]
#[pyo3(signature = (path, *, begin = 0))]
pub(super) fn check_crc(
    py: Python<'_>,
    path: LocationArgument,
    begin: u64,
) -> PyResult<Option<bool>> {
    let LocationArgument(path) = path;
    detached(py, || {
        let source = path.open()?;
        fcs::File::read_at(&*source, begin)?.crc_fits(&*source)
    })?
    .map_err(|error| file_exception(&path, &error))
}

/// A table of columns of one width, channel-contiguous: one row of it per column.
enum Table<'py> {
    Float32(Bound<'py, PyArray2<f32>>),
    Float64(Bound<'py, PyArray2<f64>>),
}

/// A table borrowed for writing.
enum Guard<'py> {
    Float32(PyReadwriteArray2<'py, f32>),
    Float64(PyReadwriteArray2<'py, f64>),
}

/// Why there is no table.
enum TableError {
    Memory(Error),
    Python(PyErr),
}

/// An array of zeros; a want of memory is an error and no panic.
fn table<T: numpy::Element>(
    py: Python<'_>,
    shape: [usize; 2],
) -> std::result::Result<Bound<'_, PyArray2<T>>, TableError> {
    let bytes = shape.iter().fold(size_of::<T>() as u64, |bytes, &n| {
        bytes.saturating_mul(n as u64)
    });
    let what = "the columns of a file";
    memory::check(bytes, what).map_err(TableError::Memory)?;
    let made = (|| {
        let zeros = py.import("numpy")?.getattr("zeros")?;
        Ok(zeros
            .call1((shape, T::get_dtype(py)))?
            .cast_into::<PyArray2<T>>()?)
    })();
    made.map_err(|error: PyErr| {
        if error.is_instance_of::<PyMemoryError>(py) || error.is_instance_of::<PyValueError>(py) {
            let detail = error.to_string();
            TableError::Memory(Error::Memory {
                what,
                bytes,
                detail,
            })
        } else {
            TableError::Python(error)
        }
    })
}

impl<'py> Table<'py> {
    fn guard(&self) -> Guard<'py> {
        match self {
            Self::Float32(table) => Guard::Float32(table.readwrite()),
            Self::Float64(table) => Guard::Float64(table.readwrite()),
        }
    }

    fn column(&self, index: usize) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Float32(table) => table.get_item(index),
            Self::Float64(table) => table.get_item(index),
        }
    }
}

impl Guard<'_> {
    fn columns(&mut self, n_events: usize) -> PyResult<Vec<Column<'_>>> {
        // Without events there is nothing to cut, and no column is asked for by index.
        let length = n_events.max(1);
        Ok(match self {
            Self::Float32(table) => {
                let columns = table.as_slice_mut()?.chunks_exact_mut(length);
                columns.map(Column::Float32).collect()
            }
            Self::Float64(table) => {
                let columns = table.as_slice_mut()?.chunks_exact_mut(length);
                columns.map(Column::Float64).collect()
            }
        })
    }
}

/// From so many bytes of DATA on, reading takes so long that one may want to stop it.
const LONG_BYTES: u64 = 1 << 26;

/// A violation as (code, found, repair).
type ViolationEntry = (&'static str, String, String);

/// Whole columns of a data set, one array per channel number, and the violations that only
/// events show. `identity` is that of `read_metadata`, to refuse a file that changed since.
#[pyfunction]
#[pyo3(signature = (path, channels, raw, *, begin = 0, threads = 0, identity = None))]
pub(super) fn read_columns(
    py: Python<'_>,
    path: LocationArgument,
    channels: Vec<usize>,
    raw: bool,
    begin: u64,
    threads: usize,
    identity: Option<Identity>,
) -> PyResult<(Vec<Bound<'_, PyAny>>, Vec<ViolationEntry>)> {
    let LocationArgument(path) = path;
    let failed = |error| file_exception(&path, &error);
    let values = if raw { Values::Raw } else { Values::Scale };
    let (source, file) =
        detached(py, || open_checked(&path, begin, &channels, identity))?.map_err(failed)?;
    let narrow = |channel: usize| {
        let parameter = &file.parameters[channel];
        match values {
            Values::Raw => parameter.raw_fits_float32(),
            Values::Scale => parameter.scale_fits_float32(),
        }
    };
    let is_narrow: Vec<bool> = channels.iter().map(|&channel| narrow(channel)).collect();
    let n_narrow = is_narrow.iter().filter(|narrow| **narrow).count();
    let shape = |columns| [columns, file.n_events];
    let failed_table = |error| match error {
        TableError::Python(error) => error,
        TableError::Memory(error) => file_exception(&path, &error),
    };
    let tables = [
        Table::Float32(table(py, shape(n_narrow)).map_err(failed_table)?),
        Table::Float64(table(py, shape(channels.len() - n_narrow)).map_err(failed_table)?),
    ];
    let [mut narrow, mut wide] = tables.each_ref().map(Table::guard);
    let violations = {
        let mut narrow = narrow.columns(file.n_events)?.into_iter();
        let mut wide = wide.columns(file.n_events)?.into_iter();
        let mut columns: Vec<Column<'_>> = is_narrow
            .iter()
            .map(|&is_narrow| {
                let column = if is_narrow {
                    narrow.next()
                } else {
                    wide.next()
                };
                column.unwrap_or(Column::Float32(&mut []))
            })
            .collect();
        let mut read = |stop: &AtomicBool| {
            let columns = &mut columns;
            data::read_columns_unless(&*source, &file, &channels, values, columns, threads, stop)
        };
        let data = file.segments.data;
        if data.1 - data.0 > LONG_BYTES {
            watched(py, read)?
        } else {
            detached(py, || read(&AtomicBool::new(false)))?
        }
        .map_err(failed)?
    };
    drop((narrow, wide));
    let mut next = [0, 0];
    let arrays = is_narrow
        .iter()
        .map(|&is_narrow| {
            let which = usize::from(!is_narrow);
            next[which] += 1;
            tables[which].column(next[which] - 1)
        })
        .collect::<PyResult<_>>()?;
    let violations = violations
        .into_iter()
        .map(|one| (one.code, one.found, one.repair))
        .collect();
    Ok((arrays, violations))
}

fn open_checked(
    path: &Location,
    begin: u64,
    channels: &[usize],
    identity: Option<Identity>,
) -> Result<(Arc<dyn Source + Send>, fcs::File)> {
    let source = path.open()?;
    let file = fcs::File::read_at(&*source, begin)?;
    let found = identity_of(&*source, &file);
    if identity.is_some_and(|expected| expected != found) {
        return Err(Error::FileChanged);
    }
    data::check_channels(&file, channels)?;
    Ok((source, file))
}

/// HEADER and TEXT of a file to be written; channels are (detector, marker, range).
#[pyfunction]
#[pyo3(signature = (channels, n_events, keywords, *, datatype = "float32", version = "3.1"))]
pub(super) fn encode_metadata<'py>(
    py: Python<'py>,
    channels: Vec<(String, Option<String>, f64)>,
    n_events: u64,
    keywords: Vec<(String, String)>,
    datatype: &str,
    version: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let channels: Vec<_> = channels
        .into_iter()
        .map(|(detector, marker, range)| ChannelToWrite {
            detector,
            marker,
            range,
        })
        .collect();
    let form = Form::from_names(datatype, version).map_err(exception)?;
    let metadata =
        fcs::encode_metadata_as(form, &channels, n_events, &keywords).map_err(exception)?;
    Ok(PyBytes::new(py, &metadata))
}
