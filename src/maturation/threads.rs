//! Work on rows of events, shared out over threads that live for one call.

use std::thread;

use crate::error::{Error, Result};
use crate::threads::meant;

/// Events that are looked at together; fits the cache with a dozen columns.
pub(super) const BLOCK: usize = 1024;

/// How many threads `n` events are worth; `threads` 0 asks for all processors.
pub(super) fn worth(threads: usize, n: usize) -> usize {
    meant(threads).clamp(1, n.div_ceil(16 * BLOCK).max(1))
}

/// Cuts each of `columns` into equal shares, and does each share on its own thread.
///
/// `work` gets the number of its first event and its share of every column. What it writes must
/// depend on the event alone.
///
/// # Errors
/// [`Error::Threads`] where a thread cannot be started.
pub(super) fn share_out(
    columns: Vec<&mut [f64]>,
    threads: usize,
    work: &(impl Fn(usize, &mut [&mut [f64]]) + Sync),
) -> Result<()> {
    let n = columns.first().map_or(0, |column| column.len());
    let workers = worth(threads, n);
    if workers == 1 {
        let mut columns = columns;
        work(0, &mut columns);
        return Ok(());
    }
    let share = n.div_ceil(workers).next_multiple_of(BLOCK);
    thread::scope(|scope| {
        let mut rest = columns;
        let mut first = 0;
        while first < n {
            let length = share.min(n - first);
            let mut mine = Vec::with_capacity(rest.len());
            let mut others = Vec::with_capacity(rest.len());
            for column in rest {
                let (head, tail) = column.split_at_mut(length);
                mine.push(head);
                others.push(tail);
            }
            rest = others;
            thread::Builder::new()
                .spawn_scoped(scope, move || work(first, &mut mine))
                .map_err(|error| Error::Threads(error.to_string()))?;
            first += length;
        }
        Ok(())
    })
}
