//! Threads that live for one call and share out a row of numbered pieces.
//!
//! The calling thread does no work: it waits in short slices, in which it asks
//! whether to go on. What threads bring home must not depend on who did what.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::threads::meant;

/// How long the waiting thread sleeps between questions.
const SLICE: Duration = Duration::from_millis(40);

/// Pieces `0..number`, and how they are handed out.
#[derive(Clone, Copy)]
pub(super) struct Pieces {
    pub(super) number: u64,
    /// Pieces that a thread takes at once.
    pub(super) portion: u64,
    /// Threads; 0 for as many as there are processors.
    pub(super) threads: usize,
}

/// Does all pieces and returns what each thread brings home, in any order.
///
/// # Errors
/// [`Error::Interrupted`] where `go_on` says no, [`Error::Threads`] where a
/// thread cannot be started.
pub(super) fn share_out<Home: Send>(
    pieces: Pieces,
    go_on: &mut dyn FnMut() -> bool,
    start: &(impl Fn() -> Home + Sync),
    work: &(impl Fn(&mut Home, Range<u64>) + Sync),
) -> Result<Vec<Home>> {
    let Pieces {
        number: all,
        portion,
        threads,
    } = pieces;
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let run = || {
        let mut home = start();
        while !stop.load(Ordering::Relaxed) {
            let from = next.fetch_add(portion, Ordering::Relaxed);
            if from >= all {
                break;
            }
            work(&mut home, from..all.min(from + portion));
        }
        home
    };
    let useful = usize::try_from(all.div_ceil(portion)).unwrap_or(usize::MAX);
    thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        let mut started = Ok(());
        for _ in 0..meant(threads).min(useful).max(1) {
            let (send, run) = (send.clone(), &run);
            // The receiver outlives the scope's threads, unless the run was
            // stopped: then no one waits for the answer.
            let thread = thread::Builder::new().spawn_scoped(scope, move || {
                let _ = send.send(run());
            });
            if let Err(error) = thread {
                started = Err(Error::Threads(error.to_string()));
                stop.store(true, Ordering::Relaxed);
                break;
            }
        }
        drop(send);
        started?;
        let mut homes = Vec::new();
        loop {
            match receive.recv_timeout(SLICE) {
                Ok(home) => homes.push(home),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    if !go_on() {
                        stop.store(true, Ordering::Relaxed);
                        return Err(Error::Interrupted);
                    }
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(homes),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(threads: usize) -> Pieces {
        Pieces {
            number: 1_003,
            portion: 10,
            threads,
        }
    }

    #[test]
    fn every_piece_is_done_once() {
        for threads in [0, 1, 3] {
            let homes = share_out(pieces(threads), &mut || true, &Vec::new, &|home, range| {
                home.extend(range);
            });
            let mut done = homes.expect("not interrupted").concat();
            done.sort_unstable();
            assert_eq!(done, (0..1_003).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn stops_where_it_is_told_to() {
        let endless = Pieces {
            number: u64::MAX / 2,
            ..pieces(2)
        };
        let found = share_out(endless, &mut || false, &|| (), &|(), _| {
            thread::sleep(Duration::from_millis(1));
        });
        assert!(matches!(found, Err(Error::Interrupted)));
    }
}
