//! Files that Python names: a path, or an object that feeds bytes.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

use crate::error::{Error, Result};
use crate::source::{Location, Source};

/// A path, or an object with `name`, `length`, `modified` and `read_at(offset, length) -> bytes`.
pub(super) struct LocationArgument(pub(super) Location);

impl<'py> FromPyObject<'_, 'py> for LocationArgument {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if !object.hasattr("read_at")? {
            return Ok(Self(Location::Path(object.extract::<PathBuf>()?)));
        }
        let source = FedByPython {
            length: object.getattr("length")?.extract()?,
            modified: object.getattr("modified")?.extract()?,
            object: object.to_owned().unbind(),
        };
        let name = object.getattr("name")?.extract()?;
        Ok(Self(Location::Fed(name, Arc::new(source))))
    }
}

/// Bytes that a Python object gives.
struct FedByPython {
    object: Py<PyAny>,
    length: u64,
    modified: i128,
}

impl Source for FedByPython {
    fn len(&self) -> u64 {
        self.length
    }

    fn modified_ns(&self) -> i128 {
        self.modified
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        Python::attach(|py| {
            let answer = self
                .object
                .call_method1(py, "read_at", (offset, buffer.len()))?;
            let bytes: &[u8] = answer.extract(py)?;
            if bytes.len() != buffer.len() {
                return Err(PyOSError::new_err(format!(
                    "{} bytes came where {} were asked for",
                    bytes.len(),
                    buffer.len()
                )));
            }
            buffer.copy_from_slice(bytes);
            Ok(())
        })
        .map_err(|error: PyErr| Error::Io(std::io::Error::other(error.to_string())))
    }
}
