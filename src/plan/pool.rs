//! Files and the blocks of each, shared out over threads.
//!
//! A thread takes the next file and gates its blocks; a thread that finds no file left helps with
//! the blocks of those that are under way. The calling thread is one of them, which between blocks asks
//! its [`Monitor`], who may move a progress bar or stop the run, and then waits for the others.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::fcs::File;
use crate::source::{Location, Source};
use crate::threads::{SLICE, beside, meant};

use super::compile::Plan;
use super::perturbations::Perturbations;
use super::run::{FileCounts, Keep, Opened, Task, Worker};

/// A file to gate, and what it was when it was scanned.
#[derive(Debug, Clone)]
pub struct Job {
    /// Location of the file.
    pub location: Location,
    /// The compiled strategy for its panel.
    pub plan: Arc<Plan>,
    /// Length in bytes, modification time in nanoseconds, hash of HEADER and TEXT, and the byte at
    /// which the data set begins; `None` for the first data set without a check.
    pub identity: Option<(u64, i128, u64, u64)>,
    /// Count these perturbations, and nothing else.
    pub perturbations: Option<Arc<Perturbations>>,
}

impl Job {
    /// Open the file, and refuse one that is another than was scanned.
    pub(super) fn open(&self) -> Result<Opened<Arc<dyn Source + Send>>> {
        let source = self.location.open()?;
        let begin = self.identity.map_or(0, |identity| identity.3);
        let file = File::read_at(&*source, begin)?;
        let found = (
            source.len(),
            source.modified_ns(),
            file.metadata_hash,
            begin,
        );
        if self.identity.is_some_and(|expected| expected != found) {
            return Err(Error::FileChanged);
        }
        Opened::new(source, file, &self.plan)
    }
}

/// The result of a job, or its error.
pub type Outcome = Result<FileCounts>;

/// Called from the waiting thread; `false` stops the run.
pub trait Monitor {
    /// `finished` files are done so far.
    fn poll(&mut self, finished: usize) -> bool;
}

/// Gate files on `threads` threads (0: as many as there are processors).
///
/// Outcomes are in the order of the jobs. A failing file does not stop the others.
///
/// # Errors
/// [`Error::Threads`] if a thread failed; [`Error::Interrupted`] if the monitor stopped the run.
pub fn run_files(
    jobs: &[Job],
    threads: usize,
    keep: Keep,
    monitor: &mut dyn Monitor,
) -> Result<Vec<Outcome>> {
    let queue = FileQueue::new(jobs, keep);
    let (send, receive) = mpsc::channel();
    let watch = RefCell::new(Watch::new(&queue, receive, monitor));
    // Bytes that others feed may come late, and on this thread they would hear its signals.
    let takes_part = jobs.iter().all(|job| job.location.is_path());
    let work = || queue.work(&send.clone(), &|| queue.stopped());
    let watching = |ended: &dyn Fn() -> bool| {
        let part = || queue.work(&send, &|| watch.borrow_mut().look_when_due());
        let well = !takes_part || catch_unwind(AssertUnwindSafe(part)).is_ok();
        watch.borrow_mut().wait(ended);
        well
    };
    let others = meant(threads) - usize::from(takes_part);
    let (well, others_well) = beside(others, work, watching);
    if queue.stopped() {
        return Err(Error::Interrupted);
    }
    if !(well && others_well) {
        return Err(Error::Threads("a gating thread failed".into()));
    }
    let outcomes = watch.into_inner().outcomes;
    Ok(outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or(Err(Error::Interrupted)))
        .collect())
}

/// What the calling thread does beside its own blocks: it collects outcomes, and lets the monitor
/// know of them and stop the run.
struct Watch<'a> {
    queue: &'a FileQueue<'a>,
    receive: mpsc::Receiver<(usize, Outcome)>,
    monitor: &'a mut dyn Monitor,
    outcomes: Vec<Option<Outcome>>,
    finished: usize,
    looked: Instant,
}

impl<'a> Watch<'a> {
    fn new(
        queue: &'a FileQueue<'a>,
        receive: mpsc::Receiver<(usize, Outcome)>,
        monitor: &'a mut dyn Monitor,
    ) -> Self {
        Self {
            queue,
            receive,
            monitor,
            outcomes: queue.jobs.iter().map(|_| None).collect(),
            finished: 0,
            looked: Instant::now(),
        }
    }

    fn take(&mut self, (index, outcome): (usize, Outcome)) {
        self.outcomes[index] = Some(outcome);
        self.finished += 1;
    }

    /// Return whether the run is to stop, which the monitor is asked from time to time.
    fn look_when_due(&mut self) -> bool {
        if !self.queue.stopped() && self.looked.elapsed() >= SLICE {
            while let Ok(told) = self.receive.try_recv() {
                self.take(told);
            }
            self.look();
        }
        self.queue.stopped()
    }

    fn look(&mut self) {
        if !self.monitor.poll(self.finished) {
            self.queue.stop.store(true, Ordering::Relaxed);
        }
        self.looked = Instant::now();
    }

    /// Wait in short slices until all is told, or the other threads have ended.
    fn wait(&mut self, ended: &dyn Fn() -> bool) {
        while self.finished < self.outcomes.len() && !self.queue.stopped() {
            let all_told = ended();
            let patience = if all_told { Duration::ZERO } else { SLICE };
            match self.receive.recv_timeout(patience) {
                Ok(told) => self.take(told),
                Err(_) if all_told => return,
                Err(_) => {}
            }
            self.look();
        }
    }
}

/// A file under way.
struct Active {
    index: usize,
    opened: Opened<Arc<dyn Source + Send>>,
    plan: Arc<Plan>,
    perturbations: Option<Arc<Perturbations>>,
    next_block: AtomicUsize,
    result: Mutex<Gathered>,
}

/// What the blocks of a file have given so far.
struct Gathered {
    populations: FileCounts,
    blocks_left: usize,
    /// The first block that failed, and how.
    failure: Option<(usize, Error)>,
}

/// Files that are open, and how many are being opened.
#[derive(Default)]
struct State {
    active: Vec<Arc<Active>>,
    opening: usize,
}

struct FileQueue<'a> {
    jobs: &'a [Job],
    keep: Keep,
    next: AtomicUsize,
    stop: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

type Sender = mpsc::Sender<(usize, Outcome)>;

/// A thread that failed while it held a lock has told so by failing.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts a file as being opened for as long as it lives.
struct Opening<'a>(&'a FileQueue<'a>);

impl<'a> Opening<'a> {
    fn new(queue: &'a FileQueue<'a>) -> Self {
        locked(&queue.state).opening += 1;
        Self(queue)
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        locked(&self.0.state).opening -= 1;
        self.0.changed.notify_all();
    }
}

impl<'a> FileQueue<'a> {
    fn new(jobs: &'a [Job], keep: Keep) -> Self {
        Self {
            jobs,
            keep,
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Gate until nothing is left, or `stopped` says so.
    fn work(&self, send: &Sender, stopped: &dyn Fn() -> bool) {
        let mut worker = Worker::ready();
        while !stopped() {
            let file = self.next_file(send, stopped);
            let Some(active) = file.or_else(|| self.file_to_help(stopped)) else {
                break;
            };
            self.gate(&active, &mut worker, send, stopped);
        }
        // What perturbations and kept values need may be large.
        let is_small = |job: &Job| job.perturbations.is_none() && job.plan.requests().is_empty();
        if self.jobs.iter().all(is_small) {
            worker.keep();
        }
    }

    /// Open the next file that can be opened; tell of those that cannot.
    fn next_file(&self, send: &Sender, stopped: &dyn Fn() -> bool) -> Option<Arc<Active>> {
        let opening = Opening::new(self);
        while !stopped() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let job = self.jobs.get(index)?;
            match self.open(index, job) {
                Ok(active) if active.opened.n_blocks() > 0 => {
                    let active = Arc::new(active);
                    locked(&self.state).active.push(Arc::clone(&active));
                    drop(opening);
                    return Some(active);
                }
                Ok(active) => tell(send, index, self.finished(&active, stopped)),
                Err(error) => tell(send, index, Err(error)),
            }
        }
        None
    }

    fn open(&self, index: usize, job: &Job) -> Result<Active> {
        let opened = job.open()?;
        let populations = FileCounts::new(&job.plan, opened.n_events(), self.keep)?;
        Ok(Active {
            index,
            plan: Arc::clone(&job.plan),
            perturbations: job.perturbations.clone(),
            next_block: AtomicUsize::new(0),
            result: Mutex::new(Gathered {
                populations,
                blocks_left: opened.n_blocks(),
                failure: None,
            }),
            opened,
        })
    }

    /// A file under way with blocks to be taken; waits for files that are being opened.
    fn file_to_help(&self, stopped: &dyn Fn() -> bool) -> Option<Arc<Active>> {
        while !stopped() {
            let state = locked(&self.state);
            let has_blocks = |active: &&Arc<Active>| {
                active.next_block.load(Ordering::Relaxed) < active.opened.n_blocks()
            };
            if let Some(active) = state.active.iter().find(has_blocks) {
                return Some(Arc::clone(active));
            }
            if state.opening == 0 {
                return None;
            }
            let woken = self.changed.wait_timeout(state, SLICE);
            drop(woken.unwrap_or_else(PoisonError::into_inner));
        }
        None
    }

    fn task<'b>(&self, active: &'b Active) -> Task<'b> {
        Task {
            plan: &active.plan,
            keep: self.keep,
            perturbations: active.perturbations.as_deref(),
        }
    }

    /// The result of a file whose blocks are all there.
    fn finished(&self, active: &Active, stopped: &dyn Fn() -> bool) -> Outcome {
        let mut populations = std::mem::take(&mut locked(&active.result).populations);
        self.task(active).finish(&mut populations, stopped)?;
        Ok(populations)
    }

    /// Gate blocks of a file until none is left to be taken.
    fn gate(
        &self,
        active: &Active,
        worker: &mut Worker,
        send: &Sender,
        stopped: &dyn Fn() -> bool,
    ) {
        let n_blocks = active.opened.n_blocks();
        let task = self.task(active);
        while !stopped() {
            let block = active.next_block.fetch_add(1, Ordering::Relaxed);
            if block >= n_blocks {
                return;
            }
            let decided = active.opened.decide(task, block, worker);
            let mut result = locked(&active.result);
            match decided {
                Ok(first) => worker.hand_over(first, task, &mut result.populations),
                Err(error) => {
                    // Blocks are taken in order: the first one that fails is always seen.
                    if result
                        .failure
                        .as_ref()
                        .is_none_or(|(first, _)| block < *first)
                    {
                        result.failure = Some((block, error));
                    }
                    let untaken = active.next_block.fetch_max(n_blocks, Ordering::Relaxed);
                    result.blocks_left -= n_blocks.saturating_sub(untaken);
                }
            }
            result.blocks_left -= 1;
            if result.blocks_left == 0 {
                let failure = result.failure.take();
                drop(result);
                let outcome = match failure {
                    _ if active.opened.has_changed() => Err(Error::FileChanged),
                    Some((_, error)) => Err(error),
                    None => self.finished(active, stopped),
                };
                locked(&self.state)
                    .active
                    .retain(|other| other.index != active.index);
                tell(send, active.index, outcome);
            }
        }
    }
}

fn tell(send: &Sender, index: usize, outcome: Outcome) {
    // The receiver only goes when the run was stopped, and then no one is to be told.
    let _ = send.send((index, outcome));
}

#[cfg(test)]
mod tests;
