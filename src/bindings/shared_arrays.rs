//! Arrays that other Python threads could write to while a kernel reads them.

use numpy::PyUntypedArray;
use pyo3::intern;
use pyo3::prelude::*;

/// Whether Python could write to an array.
pub(super) fn is_writeable(array: &Bound<'_, PyUntypedArray>) -> PyResult<bool> {
    let py = array.py();
    let flags = array.getattr(intern!(py, "flags"))?;
    flags.getattr(intern!(py, "writeable"))?.extract()
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
