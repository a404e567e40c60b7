//! The only thread pool: sized per call, over files and the blocks of each.
//!
//! A pool lives as long as one call, so that a process forked from a notebook finds none half
//! alive. The calling thread does no work: it waits in short slices in which its [`Monitor`] may
//! move a progress bar or stop the run.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::fcs::File;
use crate::source::FileSource;
use crate::source::Source;

use super::compile::Plan;
use super::run::{Populations, run_file};

/// A file to gate, and what it was when it was scanned.
#[derive(Debug, Clone)]
pub struct Job {
    /// Where the file is.
    pub path: PathBuf,
    /// The compiled strategy for its panel.
    pub plan: Arc<Plan>,
    /// Length in bytes, modification time in nanoseconds, hash of HEADER and TEXT; `None` to skip the check.
    pub identity: Option<(u64, i128, u64)>,
}

/// What became of a job.
pub type Outcome = Result<Populations>;

/// Called from the waiting thread; `false` stops the run.
pub trait Monitor {
    /// `finished` files are done so far.
    fn poll(&mut self, finished: usize) -> bool;
}

/// How long the waiting thread sleeps between polls.
const SLICE: Duration = Duration::from_millis(40);

/// Gate files on `threads` threads (0: as many as there are processors).
///
/// Outcomes are in the order of the jobs. A failing file does not stop the others.
///
/// # Errors
/// [`Error::Threads`] if no pool can be made; [`Error::Interrupted`] if the monitor stopped the run.
pub fn run_files(
    jobs: &[Job],
    threads: usize,
    keep_masks: bool,
    monitor: &mut dyn Monitor,
) -> Result<Vec<Outcome>> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| Error::Threads(error.to_string()))?;
    let stop = AtomicBool::new(false);
    let stopped = || stop.load(Ordering::Relaxed);
    let mut outcomes: Vec<Option<Outcome>> = jobs.iter().map(|_| None).collect();
    pool.in_place_scope(|scope| {
        let (send, receive) = mpsc::channel();
        for (index, job) in jobs.iter().enumerate() {
            let send = send.clone();
            let stopped = &stopped;
            scope.spawn(move |_| {
                // The receiver lives until the scope ends; a failed send has no one to tell.
                let _ = send.send((index, run_job(job, keep_masks, stopped)));
            });
        }
        drop(send);
        let mut finished = 0;
        loop {
            match receive.recv_timeout(SLICE) {
                Ok((index, outcome)) => {
                    outcomes[index] = Some(outcome);
                    finished += 1;
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if !monitor.poll(finished) {
                stop.store(true, Ordering::Relaxed);
                break;
            }
        }
    });
    if stopped() {
        return Err(Error::Interrupted);
    }
    Ok(outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or(Err(Error::Interrupted)))
        .collect())
}

fn run_job(job: &Job, keep_masks: bool, stopped: &(dyn Fn() -> bool + Sync)) -> Outcome {
    if stopped() {
        return Err(Error::Interrupted);
    }
    let source = FileSource::open(&job.path)?;
    let file = File::read(&source)?;
    let found = (source.len(), source.modified_ns(), file.head_hash);
    if job.identity.is_some_and(|expected| expected != found) {
        return Err(Error::FileChanged);
    }
    run_file(&source, &file, &job.plan, keep_masks, stopped)
}
