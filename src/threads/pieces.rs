//! Numbered pieces of work that may take long, and that can be stopped.
//!
//! The calling thread does no work: it waits in short slices, in which it asks whether to go on.
//! What threads bring home must not depend on who did what.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use crate::error::{Error, Result};

use super::{SLICE, beside, meant};

/// Pieces `0..number`, and how they are handed out.
#[derive(Clone, Copy)]
pub(crate) struct Pieces {
    pub(crate) number: u64,
    /// Pieces that a thread takes at once.
    pub(crate) portion: u64,
    /// Threads; 0 for as many as there are processors.
    pub(crate) threads: usize,
}

/// Do all pieces and return what each thread brings home, in any order.
///
/// # Errors
/// [`Error::Interrupted`] where `go_on` says no, [`Error::Threads`] where a thread failed.
pub(crate) fn share_pieces<Home: Send>(
    pieces: Pieces,
    go_on: &mut dyn FnMut() -> bool,
    start: &(impl Fn() -> Home + Sync),
    work: &(impl Fn(&mut Home, Range<u64>) + Sync),
) -> Result<Vec<Home>> {
    let Pieces {
        number,
        portion,
        threads,
    } = pieces;
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let (send, receive) = mpsc::channel();
    let run = || {
        let mut home = start();
        while !stop.load(Ordering::Relaxed) {
            let from = next.fetch_add(portion, Ordering::Relaxed);
            if from >= number {
                break;
            }
            work(&mut home, from..number.min(from + portion));
        }
        // The receiver is there until all threads have ended.
        let _ = send.send(home);
    };
    let useful = usize::try_from(number.div_ceil(portion)).unwrap_or(usize::MAX);
    let n_threads = meant(threads).min(useful).max(1);
    let mut homes = Vec::with_capacity(n_threads);
    let (interrupted, well) = beside(n_threads, run, |ended| {
        while homes.len() < n_threads {
            // Asked first: what threads that have ended sent is there already.
            let all_ended = ended();
            match receive.recv_timeout(if all_ended { Duration::ZERO } else { SLICE }) {
                Ok(home) => homes.push(home),
                Err(_) if all_ended => break,
                Err(_) => {
                    if !go_on() {
                        stop.store(true, Ordering::Relaxed);
                        return true;
                    }
                }
            }
        }
        false
    });
    match (interrupted, well) {
        (true, _) => Err(Error::Interrupted),
        (_, false) => Err(Error::Threads("a thread failed".into())),
        _ => Ok(homes),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

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
            let homes = share_pieces(pieces(threads), &mut || true, &Vec::new, &|home, range| {
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
        let found = share_pieces(endless, &mut || false, &|| (), &|(), _| {
            thread::sleep(Duration::from_millis(1));
        });
        assert!(matches!(found, Err(Error::Interrupted)));
    }
}
