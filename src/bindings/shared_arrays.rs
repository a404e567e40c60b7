//! Arrays that other Python threads could write to while a kernel reads them.

use numpy::{BorrowError, Element, PyArray1, PyArrayMethods};
use pyo3::prelude::*;

/// Whether Python could write to an array, whoever has borrowed it.
pub(super) fn is_writeable<T: Element>(array: &Bound<'_, PyArray1<T>>) -> bool {
    !matches!(array.try_readwrite(), Err(BorrowError::NotWriteable))
}

/// Run a kernel. The interpreter is kept where somebody could write to what it reads.
pub(super) fn beside_python<Answer: Send>(
    py: Python<'_>,
    writeable: bool,
    kernel: impl FnOnce() -> Answer + Send,
) -> Answer {
    if writeable {
        kernel()
    } else {
        py.detach(kernel)
    }
}
