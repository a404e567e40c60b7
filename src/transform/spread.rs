//! Work on long arrays, over several threads.

use std::num::NonZero;
use std::sync::{Mutex, OnceLock};
use std::thread::{self, Builder};

/// Fewer jobs are not worth a thread.
const FEW: usize = 6;
/// More threads than these wait for memory.
const MOST_THREADS: usize = 8;

/// Do `work` on each of `jobs`, side by side where they are several and the machine has several processors.
///
/// The calling thread works as well, and whoever is free takes the next job, so that nobody waits for a
/// thread that starts late. There is one thread more than processors: a system may start a thread on
/// the processor of its parent, where it waits for its turn while another processor is idle.
pub(super) fn spread<T>(jobs: impl ExactSizeIterator<Item = T> + Send, work: impl Fn(T) + Sync) {
    let helpers = helpers(jobs.len());
    if helpers == 0 {
        return jobs.for_each(work);
    }
    let jobs = Mutex::new(jobs);
    let take = || jobs.lock().ok()?.next();
    let run = || {
        while let Some(job) = take() {
            work(job);
        }
    };
    thread::scope(|scope| {
        for _ in 0..helpers {
            // Where no thread can be started the others do its part.
            if Builder::new().spawn_scoped(scope, run).is_err() {
                break;
            }
        }
        run();
    });
}

/// How many threads help with so many jobs.
fn helpers(jobs: usize) -> usize {
    /// Asked for once: that takes longer than to start a thread.
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    if jobs < FEW {
        return 0;
    }
    let ask = || thread::available_parallelism().map_or(1, NonZero::get);
    match *PROCESSORS.get_or_init(ask) {
        1 => 0,
        processors => processors.min(MOST_THREADS).min(jobs / 3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_every_job_once() {
        for length in [0, 1, FEW - 1, FEW, 1000] {
            let mut done = vec![0_u8; length];
            spread(done.iter_mut(), |job| *job += 1);
            assert!(done.iter().all(|&times| times == 1));
        }
    }

    #[test]
    fn starts_no_thread_for_few_jobs() {
        let caller = thread::current().id();
        spread(0..FEW - 1, |_| assert_eq!(thread::current().id(), caller));
    }
}
