//! Long work that Ctrl-C can stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use pyo3::prelude::*;

use crate::error::{Error, Result};
use crate::threads::SLICE;

use super::errors::exception;

/// Do work on a thread of its own while this one, which alone hears signals, waits for it.
///
/// The work must look at the flag it is given and end soon after that becomes true.
pub(super) fn watched<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&AtomicBool) -> Result<T> + Send,
) -> PyResult<Result<T>> {
    let stop = AtomicBool::new(false);
    let mut raised = None;
    let outcome = py.detach(|| {
        thread::scope(|scope| {
            let (send, receive) = mpsc::channel::<()>();
            let stop = &stop;
            let worker = thread::Builder::new().spawn_scoped(scope, move || {
                let _tells_by_going = send;
                work(stop)
            });
            let worker = worker.map_err(|error| Error::Threads(error.to_string()))?;
            while receive.recv_timeout(SLICE) == Err(mpsc::RecvTimeoutError::Timeout) {
                let heard = Python::attach(|py| {
                    py.check_signals()?;
                    Ok(())
                });
                if let Err(error) = heard {
                    raised = Some(error);
                    stop.store(true, Ordering::Relaxed);
                    break;
                }
            }
            let failed = |_| Err(Error::Threads("a reading thread failed".into()));
            Ok(worker.join().unwrap_or_else(failed))
        })
    });
    match raised {
        Some(raised) => Err(raised),
        None => outcome.map_err(exception),
    }
}
