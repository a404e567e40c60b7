//! Threads that wait for work.
//!
//! Starting a thread costs a quarter of a millisecond where the other processor sleeps, as long as
//! gating a hundred thousand events. So helpers are started once and wait; the calling thread
//! begins at once and takes parts of the work as they do, so that one that wakes late takes fewer.

pub(crate) mod columns;
pub(crate) mod pieces;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Helpers of a process: a child that was forked has none of its parent's threads.
struct Helpers {
    process: u32,
    pool: ThreadPool,
}

/// Held by the one call that works with the helpers.
static HELPERS: Mutex<Option<Helpers>> = Mutex::new(None);

/// A thread that waits for others looks up after so long, to see whether to go on.
pub const SLICE: Duration = Duration::from_millis(40);

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

/// The number of threads are meant: 0 stands for as many as there are processors.
#[must_use]
pub fn meant(threads: usize) -> usize {
    match threads {
        0 => processors(),
        threads => threads,
    }
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
    let Some(mut pool_of_helpers) = (helpers > 0).then(free_helpers).flatten() else {
        return run();
    };
    let Some(pool) = awake(&mut pool_of_helpers) else {
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

/// Do `work` on `threads` other threads, while this one does `meanwhile`, which may ask whether all of
/// them have ended; gives what that gives, and whether no thread failed.
///
/// The helpers come first, unless another call has them; the rest is started. Where the system
/// gives fewer, these do the work, and where it gives none, this thread does.
pub fn beside<Answer>(
    threads: usize,
    work: impl Fn() + Sync,
    meanwhile: impl FnOnce(&dyn Fn() -> bool) -> Answer,
) -> (Answer, bool) {
    let (running, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let run = || {
        if catch_unwind(AssertUnwindSafe(&work)).is_err() {
            failed.store(true, Ordering::Relaxed);
        }
        running.fetch_sub(1, Ordering::Release);
    };
    let ended = || running.load(Ordering::Acquire) == 0;
    let answer = thread::scope(|scope| {
        let mut pool_of_helpers = (threads > 0).then(free_helpers).flatten();
        let pool = pool_of_helpers
            .as_mut()
            .and_then(|pool_of_helpers| awake(pool_of_helpers));
        let helpers = pool.map_or(0, |pool| pool.current_num_threads().min(threads));
        for thread in helpers..threads {
            running.fetch_add(1, Ordering::Relaxed);
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                if thread == 0 {
                    run();
                } else {
                    running.fetch_sub(1, Ordering::Relaxed);
                }
                break;
            }
        }
        let Some(pool) = pool else {
            return meanwhile(&ended);
        };
        running.fetch_add(helpers, Ordering::Relaxed);
        pool.in_place_scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|_| run());
            }
            meanwhile(&ended)
        })
    });
    (answer, !failed.into_inner())
}

/// The helpers, if no other call has them; one that failed has let them go.
fn free_helpers() -> Option<MutexGuard<'static, Option<Helpers>>> {
    match HELPERS.try_lock() {
        Ok(pool_of_helpers) => Some(pool_of_helpers),
        Err(TryLockError::Poisoned(pool_of_helpers)) => Some(pool_of_helpers.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// The helpers of this process, if it can have any.
fn awake(pool_of_helpers: &mut Option<Helpers>) -> Option<&ThreadPool> {
    let process = process::id();
    if pool_of_helpers
        .as_ref()
        .is_none_or(|pool_of_helpers| pool_of_helpers.process != process)
    {
        // The threads of a parent cannot be ended from here.
        std::mem::forget(pool_of_helpers.take());
        let pool = ThreadPoolBuilder::new()
            .num_threads(processors().saturating_sub(1).max(1))
            .thread_name(|_| "longate".into())
            .build()
            .ok()?;
        *pool_of_helpers = Some(Helpers { process, pool });
    }
    pool_of_helpers
        .as_ref()
        .map(|pool_of_helpers| &pool_of_helpers.pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once() {
        for threads in [0, 1, 2, 5] {
            for length in [0, 1, 7, 1000] {
                let mut out = vec![0_u32; length];
                share(threads, out.iter_mut(), |position| *position += 1);
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
    fn others_work_while_this_thread_waits() {
        for threads in [0, 1, 2, 5] {
            let (caller, times) = (thread::current().id(), AtomicUsize::new(0));
            let work = || {
                assert_ne!(thread::current().id(), caller);
                times.fetch_add(1, Ordering::Relaxed);
            };
            let waited = beside(threads, work, |ended| {
                while !ended() {
                    thread::yield_now();
                }
                "waited"
            });
            assert_eq!(waited, ("waited", true));
            assert_eq!(times.into_inner(), threads);
        }
    }

    #[test]
    #[allow(clippy::panic)]
    fn a_thread_that_fails_is_told() {
        for threads in [1, 3] {
            let ended = beside(threads, || panic!("on purpose"), |_| ());
            assert_eq!(ended, ((), false));
        }
        // And the helpers are there again.
        let fine = beside(2, || (), |_| ());
        assert_eq!(fine, ((), true));
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
