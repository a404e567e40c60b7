//! Work on columns of events, shared out over the helpers.

use super::{meant, share};

/// Events that are looked at together; fits the cache with a dozen columns.
pub(crate) const BLOCK: usize = 1024;

/// The number of threads that `n` events are worth; `threads` 0 asks for all processors.
pub(crate) fn worth(threads: usize, n: usize) -> usize {
    meant(threads).clamp(1, n.div_ceil(16 * BLOCK).max(1))
}

/// Cut each of `columns` into equal shares, and do each share on one thread.
///
/// `work` gets the number of its first event and its share of every column. What it writes must
/// depend on the event alone.
pub(crate) fn share_columns(
    columns: Vec<&mut [f64]>,
    threads: usize,
    work: &(impl Fn(usize, &mut [&mut [f64]]) + Sync),
) {
    let n = columns.first().map_or(0, |column| column.len());
    let workers = worth(threads, n);
    let length = n.div_ceil(workers).next_multiple_of(BLOCK).max(BLOCK);
    let mut shares: Vec<(usize, Vec<&mut [f64]>)> = (0..n)
        .step_by(length)
        .map(|first| (first, Vec::with_capacity(columns.len())))
        .collect();
    for column in columns {
        for ((_, share), part) in shares.iter_mut().zip(column.chunks_mut(length)) {
            share.push(part);
        }
    }
    share(workers, shares.into_iter(), |(first, mut share)| {
        work(first, &mut share);
    });
}
