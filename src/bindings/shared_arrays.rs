//! Arrays that other Python threads could write to while a kernel reads them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use numpy::{BorrowError, Element, PyArray1, PyArrayMethods};
use pyo3::prelude::*;

use super::errors::{detached, unpanicked};

/// Return whether Python could write to an array, whoever has borrowed it.
pub(super) fn is_writeable<T: Element>(array: &Bound<'_, PyArray1<T>>) -> bool {
    !matches!(array.try_readwrite(), Err(BorrowError::NotWriteable))
}

/// Run a kernel. The interpreter is kept where somebody could write to what it reads.
pub(super) fn beside_python<Answer: Send>(
    py: Python<'_>,
    writeable: bool,
    kernel: impl FnOnce() -> Answer + Send,
) -> PyResult<Answer> {
    if writeable {
        unpanicked(catch_unwind(AssertUnwindSafe(kernel)))
    } else {
        detached(py, kernel)
    }
}
