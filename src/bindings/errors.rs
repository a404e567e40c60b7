//! One match from kernel errors to the exceptions that Python defines.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::error::Error;
use crate::source::Location;

pyo3::import_exception!(longate.exceptions, FcsError);
pyo3::import_exception!(longate.exceptions, GateError);
pyo3::import_exception!(longate.exceptions, LongateError);
pyo3::import_exception!(longate.exceptions, SpilloverError);
pyo3::import_exception!(longate.exceptions, StrategyError);
pyo3::import_exception!(longate.exceptions, TransformError);

/// Run a kernel without the interpreter.
///
/// A panic is a fault of Longate, and no kernel should have one. Where one does, it becomes a
/// `LongateError`, as `except Exception` would not catch what `PyO3` makes of it.
pub(super) fn detached<Answer: Send>(
    py: Python<'_>,
    kernel: impl FnOnce() -> Answer + Send,
) -> PyResult<Answer> {
    unpanicked(py.detach(|| catch_unwind(AssertUnwindSafe(kernel))))
}

/// What a kernel gave, or the exception for its panic.
pub(super) fn unpanicked<Answer>(outcome: std::thread::Result<Answer>) -> PyResult<Answer> {
    outcome.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        LongateError::new_err(format!(
            "a kernel failed, which is a fault of Longate; please report it: {}",
            text.unwrap_or("no reason was given")
        ))
    })
}

/// The exception for an error that concerns no file.
pub(super) fn exception(error: Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::MalformedSpillover { .. } | Error::SingularSpillover { .. } => {
            SpilloverError::new_err(message)
        }
        // The dye goes beside the message: its name is known above.
        Error::DependentSpectrum { dye, .. } => SpilloverError::new_err((message, dye)),
        Error::ScaleParameters { .. } | Error::UnknownScale { .. } => {
            TransformError::new_err(message)
        }
        Error::MalformedGate { .. } => GateError::new_err(message),
        Error::MalformedPlan { .. } => StrategyError::new_err(message),
        Error::Length { .. } | Error::NotANumber { .. } | Error::UnknownStatistic { .. } => {
            PyValueError::new_err(message)
        }
        Error::Interrupted => PyKeyboardInterrupt::new_err(message),
        Error::Threads(_) => PyRuntimeError::new_err(message),
        _ => FcsError::new_err(message),
    }
}

/// The exception for an error that concerns the file at `path`, whose name comes first.
pub(super) fn file_exception(path: &Location, error: &Error) -> PyErr {
    match error {
        Error::Io(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            pyo3::exceptions::PyFileNotFoundError::new_err(format!("{path}: no such file"))
        }
        Error::Interrupted => PyKeyboardInterrupt::new_err(error.to_string()),
        _ => FcsError::new_err(format!("{path} {error}")),
    }
}
