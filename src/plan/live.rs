//! A study held ready: one gate moves, and the counts of all files follow.
//!
//! Each file keeps the scaled values of its gates' axes in single precision, and one bit per event
//! and gate: whether the gate holds the event by its own axes. A gate that moves is decided anew on
//! two columns or so; it and its descendants are then ands of bits. Events that are too near to a
//! border for single precision are decided on the file's own values, so that counts are those of
//! [`super::run_files`]. Files beyond the memory bound are read again for every change.

mod count;
mod held;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};
use crate::threads::share;

use super::compile::{GateKind, Plan, refuse};
use super::order::affected;
use super::pool::Job;
use super::reach::reaches;
use super::run::{Keep, run_opened};
use count::Chunk;
use held::{Buffers, Held, OpenedFile, bytes_of};

/// So many files stay open; the others are opened again when they are read.
const MOST_OPEN: usize = 256;

/// The events of a file in each gate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiveCounts {
    /// Number of events of the file.
    pub n_events: usize,
    /// Events in each gate.
    pub counts: Vec<u64>,
}

/// One file of the study.
struct LiveFile {
    job: Job,
    /// Index of its plan in the study.
    plan: usize,
    opened: Option<OpenedFile>,
    held: Option<Held>,
    outcome: Result<LiveCounts>,
}

/// A study held ready.
pub struct LiveStudy {
    plans: Vec<Arc<Plan>>,
    files: Vec<LiveFile>,
    n_bytes: u64,
    threads: usize,
}

impl Plan {
    /// The same plan with another gate in the place of one.
    ///
    /// # Errors
    /// [`Error::MalformedPlan`] if the gate fits no axis of the plan, or either is a Boolean gate.
    pub fn with_gate(&self, gate: usize, kind: GateKind) -> Result<Self> {
        let mut fits = gate < self.n_gates();
        kind.for_each_axis(|axis| fits &= axis < self.axes.len());
        if let GateKind::Region { axes, shape } = &kind {
            fits &= axes.len() == shape.dimensions();
        }
        let is_boolean = |kind: &GateKind| matches!(kind, GateKind::Boolean(_));
        if !fits || is_boolean(&kind) || is_boolean(&self.gates[gate].kind) {
            return refuse(format!("the new gate {gate} does not fit the plan"));
        }
        let mut plan = self.clone();
        plan.gates[gate].kind = kind;
        plan.reaches = reaches(&plan.axes, &plan.gates);
        Ok(plan)
    }
}

impl LiveStudy {
    /// Read files and count them; jobs that share a plan by its address share gates.
    ///
    /// At most `max_memory` bytes of values and masks are held. A file that fails does not stop the
    /// others.
    ///
    /// # Errors
    /// [`Error::MalformedPlan`] for plans with different numbers of gates; [`Error::Interrupted`]
    /// if `stop` becomes true meanwhile.
    pub fn new(jobs: Vec<Job>, max_memory: u64, threads: usize, stop: &AtomicBool) -> Result<Self> {
        let mut plans: Vec<Arc<Plan>> = Vec::new();
        let mut files = Vec::with_capacity(jobs.len());
        for job in jobs {
            let known = plans.iter().position(|plan| Arc::ptr_eq(plan, &job.plan));
            let plan = known.unwrap_or_else(|| {
                plans.push(Arc::clone(&job.plan));
                plans.len() - 1
            });
            files.push(LiveFile {
                job,
                plan,
                opened: None,
                held: None,
                outcome: Ok(LiveCounts::default()),
            });
        }
        if plans
            .iter()
            .any(|plan| plan.n_gates() != plans[0].n_gates())
        {
            return refuse("plans of one live study have the same gates".into());
        }
        let mut study = Self {
            plans,
            files,
            n_bytes: 0,
            threads,
        };
        study.read(max_memory, stop);
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        Ok(study)
    }

    fn read(&mut self, max_memory: u64, stop: &AtomicBool) {
        let mut open = 0;
        let mut is_held = Vec::with_capacity(self.files.len());
        for file in &mut self.files {
            let plan = &self.plans[file.plan];
            match file.job.open() {
                Ok(opened) => {
                    let bytes = bytes_of(plan, opened.n_events());
                    let fits = self.n_bytes.saturating_add(bytes) <= max_memory;
                    self.n_bytes += if fits { bytes } else { 0 };
                    is_held.push(fits);
                    if open < MOST_OPEN {
                        file.opened = Some(opened);
                        open += 1;
                    }
                }
                Err(error) => {
                    file.outcome = Err(error);
                    is_held.push(false);
                }
            }
        }
        let plans = &self.plans;
        let files = self.files.iter_mut().zip(is_held);
        share(self.threads, files, |(file, is_held)| {
            if file.outcome.is_ok() {
                file.outcome = file.begin(&plans[file.plan], is_held, stop);
            }
        });
    }

    /// Put another gate in the place of one, in the plan of every file, and count it and what
    /// depends on it.
    ///
    /// `becomes` has one gate per plan, in the order in which plans appear among the jobs.
    ///
    /// # Errors
    /// [`Error::MalformedPlan`] for gates that do not fit; nothing has changed then. What goes
    /// wrong with a file is its outcome.
    pub fn set_gate(&mut self, gate: usize, becomes: Vec<GateKind>) -> Result<()> {
        if becomes.len() != self.plans.len() {
            return refuse(format!(
                "{} gates were given for {} plans",
                becomes.len(),
                self.plans.len()
            ));
        }
        let plans = self.plans.iter().zip(becomes);
        self.plans = plans
            .map(|(plan, kind)| plan.with_gate(gate, kind).map(Arc::new))
            .collect::<Result<_>>()?;
        let Some(plan) = self.plans.first() else {
            return Ok(());
        };
        let affected = affected(plan, gate);
        let plans = &self.plans;
        share(self.threads, self.files.iter_mut(), |file| {
            file.outcome = file.follow(&plans[file.plan], gate, &affected);
        });
        Ok(())
    }

    /// Counts of each file, or what is wrong with it.
    pub fn outcomes(&self) -> impl Iterator<Item = (&Job, &Result<LiveCounts>)> {
        self.files.iter().map(|file| (&file.job, &file.outcome))
    }

    /// Bytes of values and masks that are held.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Number of files that are held; the others are read again for every change.
    #[must_use]
    pub fn n_held(&self) -> usize {
        self.files.iter().filter(|file| file.held.is_some()).count()
    }

    /// The plans, in the order in which they appear among the jobs.
    #[must_use]
    pub fn plans(&self) -> &[Arc<Plan>] {
        &self.plans
    }
}

impl LiveFile {
    /// Read the file and count it, and hold it if there is room.
    fn begin(&mut self, plan: &Plan, is_held: bool, stop: &AtomicBool) -> Result<LiveCounts> {
        if !is_held {
            return self.read_again(plan, stop);
        }
        let mut buffers = Buffers::default();
        let stopped = || stop.load(Ordering::Relaxed);
        let held = self.with_file(|file| Held::read(file, plan, &mut buffers, &stopped))?;
        let mut counts = vec![0; plan.n_gates()];
        Chunk::default().count(plan, &held, &plan.order, &mut counts);
        let n_events = held.n_events;
        self.held = Some(held);
        Ok(LiveCounts { n_events, counts })
    }

    /// Decide a gate anew, and count those that depend on it.
    fn follow(&mut self, plan: &Plan, gate: usize, affected: &[usize]) -> Result<LiveCounts> {
        let fresh = AtomicBool::new(false);
        let held = self.held.take().filter(|_| self.outcome.is_ok());
        let Some(mut held) = held.filter(|held| held.has_axes(&plan.gates[gate].kind)) else {
            // Not held, or lost when it could not be read: as the files are now.
            return self.read_again(plan, &fresh);
        };
        let mut buffers = Buffers::default();
        self.with_file(|file| held.decide(file, plan, gate, &mut buffers))?;
        let mut counted = std::mem::replace(&mut self.outcome, Ok(LiveCounts::default()))?;
        Chunk::default().count(plan, &held, affected, &mut counted.counts);
        self.held = Some(held);
        Ok(counted)
    }

    fn read_again(&self, plan: &Plan, stop: &AtomicBool) -> Result<LiveCounts> {
        let stopped = || stop.load(Ordering::Relaxed);
        let found = self.with_file(|file| run_opened(file, plan, Keep::default(), &stopped))?;
        Ok(LiveCounts {
            n_events: found.n_events,
            counts: found.counts,
        })
    }

    fn with_file<Answer>(
        &self,
        use_it: impl FnOnce(&OpenedFile) -> Result<Answer>,
    ) -> Result<Answer> {
        match &self.opened {
            Some(opened) => {
                let answer = use_it(opened);
                if opened.has_changed() {
                    return Err(Error::FileChanged);
                }
                answer
            }
            None => use_it(&self.job.open()?),
        }
    }
}
