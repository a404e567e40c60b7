//! Threads that wait for work on arrays in memory.
//!
//! Starting a thread costs a quarter of a millisecond where the other processor sleeps, as long as
//! gating a hundred thousand events. So helpers are started once and wait; the calling thread
//! begins at once and takes parts of the work as they do, so that one that wakes late takes fewer.

use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Helpers of a process: a child that was forked has none of its parent's threads.
struct Crew {
    process: u32,
    pool: ThreadPool,
}

/// Held by the one call that works with the helpers.
static CREW: Mutex<Option<Crew>> = Mutex::new(None);

/// Looks at the other threads' progress before going to sleep: waking up takes longer than
/// most last parts.
const LOOKS: usize = 4096;

/// Number of processors that this process may use.
#[must_use]
pub fn processors() -> usize {
    // Asking the system costs as much as gating some ten thousand events.
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// Do `work` on every part, on this thread and at most `threads - 1` others.
///
/// Parts are taken in order, but finished in any. A call while another has the helpers works
/// alone, as does one from within `work`.
pub fn share<Part>(
    threads: usize,
    parts: impl Iterator<Item = Part> + Send,
    work: impl Fn(Part) + Sync,
) {
    let parts = Mutex::new(parts);
    let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        while let Some(part) = next() {
            work(part);
        }
    };
    let helpers = threads.min(processors()).saturating_sub(1);
    let Some(mut crew) = (helpers > 0).then(|| CREW.try_lock().ok()).flatten() else {
        return run();
    };
    let Some(pool) = awake(&mut crew) else {
        return run();
    };
    let busy = AtomicUsize::new(helpers);
    pool.in_place_scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|_| {
                run();
                busy.fetch_sub(1, Ordering::Release);
            });
        }
        run();
        for _ in 0..LOOKS {
            if busy.load(Ordering::Acquire) == 0 {
                break;
            }
            std::hint::spin_loop();
        }
    });
}

/// The helpers of this process, if it can have any.
fn awake(crew: &mut Option<Crew>) -> Option<&ThreadPool> {
    let process = process::id();
    if crew.as_ref().is_none_or(|crew| crew.process != process) {
        // The threads of a parent cannot be ended from here.
        std::mem::forget(crew.take());
        let pool = ThreadPoolBuilder::new()
            .num_threads(processors().saturating_sub(1).max(1))
            .thread_name(|_| "longate".into())
            .build()
            .ok()?;
        *crew = Some(Crew { process, pool });
    }
    crew.as_ref().map(|crew| &crew.pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once() {
        for threads in [0, 1, 2, 5] {
            for length in [0, 1, 7, 1000] {
                let mut out = vec![0_u32; length];
                share(threads, out.iter_mut(), |place| *place += 1);
                assert!(out.iter().all(|times| *times == 1));
            }
        }
    }

    #[test]
    fn work_may_share_itself_out() {
        let total = AtomicUsize::new(0);
        share(2, 0..10, |_| {
            share(2, 0..10, |part| {
                total.fetch_add(part, Ordering::Relaxed);
            });
        });
        assert_eq!(total.into_inner(), 450);
    }

    #[test]
    fn calls_from_many_threads_do_not_wait_for_each_other() {
        let total = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        share(2, 0..100, |part| {
                            total.fetch_add(part, Ordering::Relaxed);
                        });
                    }
                });
            }
        });
        assert_eq!(total.into_inner(), 4 * 50 * 4950);
    }
}
