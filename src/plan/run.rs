//! Counts and masks of one file or of values in memory, gathered from blocks.

use std::sync::Mutex;

use crate::error::{Error, Result};
use crate::fcs::data::{BLOCK_EVENTS, check_channels, read_rows};
use crate::fcs::{Decoder, File};
use crate::memory;
use crate::source::Source;
use crate::summary::{Estimate, summarise_unless};
use crate::threads::processors;

use super::block::Block;
use super::compile::Plan;
use super::perturbations::{PerturbationBlock, Perturbations};
use super::rows::Rows;

/// The results that a run keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// One bit per event and population.
    pub masks: bool,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Number of events of the population.
    pub n_events: usize,
    /// One per statistic.
    pub estimates: Vec<Estimate>,
    /// The values, in the order of the events; empty where they were not asked for.
    pub values: Vec<f64>,
}

/// Counts, and masks where asked, of every gate of a plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileCounts {
    /// Number of events of the file.
    pub n_events: usize,
    /// Events in each gate.
    pub counts: Vec<u64>,
    /// Events of the parent of each gate that are neither in the gate nor out of it: a dimension
    /// is NaN.
    pub undefined: Vec<u64>,
    /// One packed mask per gate (lowest bit first), `ceil(n_events / 8)` bytes each, one behind
    /// the other; empty where masks are not kept.
    pub masks: Vec<u8>,
    /// One per request of the plan.
    pub answers: Vec<Answer>,
    /// Events in each gate of each perturbation (perturbations x gates); empty where there are none.
    pub perturbations: Vec<u64>,
    /// Per request: values of each block, by its first event.
    pieces: Vec<Vec<(usize, Vec<f64>)>>,
}

impl FileCounts {
    /// # Errors
    /// [`Error::Memory`] if there is no room for masks and for the values of all requests.
    pub(super) fn new(plan: &Plan, n_events: usize, keep: Keep) -> Result<Self> {
        let mask_bytes = if keep.masks { n_events.div_ceil(8) } else { 0 };
        let mask_bytes = plan.n_gates().saturating_mul(mask_bytes);
        // Values come block by block and are copied once to bring them into order.
        let kept_bytes = (n_events as u64)
            .saturating_mul(plan.requests.len() as u64)
            .saturating_mul(2 * size_of::<f64>() as u64);
        memory::check(kept_bytes.saturating_add(mask_bytes as u64), "gating")?;
        Ok(Self {
            n_events,
            counts: vec![0; plan.n_gates()],
            undefined: vec![0; plan.n_gates()],
            masks: memory::filled(mask_bytes, 0, "the masks of populations")?,
            answers: Vec::new(),
            perturbations: Vec::new(),
            pieces: vec![Vec::new(); plan.requests.len()],
        })
    }

    /// The packed mask of a gate; empty where masks are not kept.
    #[must_use]
    pub fn mask(&self, gate: usize) -> &[u8] {
        let bytes = self.n_events.div_ceil(8);
        self.masks
            .get(gate * bytes..(gate + 1) * bytes)
            .unwrap_or_default()
    }

    /// Add what the block from event `first` on has. Sums of whole numbers and bits at their own
    /// positions: the order of the blocks does not matter.
    pub(super) fn add(&mut self, block: &mut Block, first: usize, keep: Keep) {
        let per_gate = self.counts.iter_mut().zip(&mut self.undefined);
        for (gate, (count, undefined)) in per_gate.enumerate() {
            *count += block.n_inside(gate);
            *undefined += block.n_undefined(gate);
        }
        for (request, pieces) in self.pieces.iter_mut().enumerate() {
            let piece = block.take_kept(request);
            if !piece.is_empty() {
                pieces.push((first, piece));
            }
        }
        if !keep.masks {
            return;
        }
        let bytes = self.n_events.div_ceil(8);
        for gate in 0..self.counts.len() {
            if block.n_inside(gate) == 0 {
                continue;
            }
            let out = &mut self.masks[gate * bytes..(gate + 1) * bytes][first / 8..];
            for (out, word) in out.chunks_mut(8).zip(block.mask(gate)) {
                out.copy_from_slice(&word.to_le_bytes()[..out.len()]);
            }
        }
    }
}

impl FileCounts {
    /// Estimate what was asked for, once all blocks are there, unless `stopped` says so first.
    pub(super) fn finish(&mut self, plan: &Plan, stopped: &dyn Fn() -> bool) -> Result<()> {
        let pieces = std::mem::take(&mut self.pieces);
        self.answers = plan
            .requests
            .iter()
            .zip(pieces)
            .map(|(kept, pieces)| {
                let mut values = in_order(pieces, stopped)?;
                if kept.scaled {
                    for chunk in values.chunks_mut(BLOCK_EVENTS * 64) {
                        go_on(stopped)?;
                        plan.axes[kept.axis].scale.forward_all(chunk);
                    }
                }
                let n_events = values.len();
                let estimates = if kept.statistics.is_empty() {
                    Vec::new()
                } else if kept.values {
                    let mut copy = memory::room_for(n_events, "the values of a population")?;
                    copy.extend_from_slice(&values);
                    summarise_unless(&mut copy, &kept.statistics, stopped)?
                } else {
                    summarise_unless(&mut values, &kept.statistics, stopped)?
                };
                let values = if kept.values { values } else { Vec::new() };
                Ok(Answer {
                    n_events,
                    estimates,
                    values,
                })
            })
            .collect::<Result<_>>()?;
        Ok(())
    }

    /// Fill in the counts of gates that a perturbation does not change.
    fn finish_perturbations(&mut self, plan: &Plan, perturbations: &Perturbations) {
        for (perturbation, counts) in self
            .perturbations
            .chunks_mut(plan.n_gates().max(1))
            .enumerate()
        {
            perturbations.fill_unchanged(perturbation, &self.counts, counts);
        }
    }
}

/// Values of all blocks, in the order of the events, whichever thread had them.
fn in_order(mut pieces: Vec<(usize, Vec<f64>)>, stopped: &dyn Fn() -> bool) -> Result<Vec<f64>> {
    pieces.sort_unstable_by_key(|(first, _)| *first);
    let n_values = pieces.iter().map(|(_, piece)| piece.len()).sum();
    let mut values = memory::room_for(n_values, "the values of a population")?;
    for (_, piece) in pieces {
        go_on(stopped)?;
        values.extend_from_slice(&piece);
    }
    Ok(values)
}

fn go_on(stopped: &dyn Fn() -> bool) -> Result<()> {
    if stopped() {
        return Err(Error::Interrupted);
    }
    Ok(())
}

/// From so many events on it pays to build what makes decisions fast.
pub(super) const MANY_EVENTS: usize = 20_000;

/// A file made ready to be gated block by block.
#[derive(Debug)]
pub(super) struct Opened<S> {
    source: S,
    file: File,
    decoders: Vec<Decoder>,
}

impl<S: Source> Opened<S> {
    pub(super) fn new(source: S, file: File, plan: &Plan) -> Result<Self> {
        check_channels(&file, &plan.channels)?;
        if file.n_events > MANY_EVENTS {
            plan.prepare();
        }
        let decoder =
            |&channel: &usize| Decoder::new(&file, channel, plan.values).with_table(file.n_events);
        let decoders = plan.channels.iter().map(decoder).collect();
        Ok(Self {
            source,
            file,
            decoders,
        })
    }

    pub(super) fn n_events(&self) -> usize {
        self.file.n_events
    }

    /// Return whether blocks may be of different files: someone has written to it since it was opened.
    pub(super) fn has_changed(&self) -> bool {
        self.source.has_changed()
    }

    pub(super) fn n_blocks(&self) -> usize {
        self.file.n_events.div_ceil(BLOCK_EVENTS)
    }

    /// Read some events.
    pub(super) fn rows<'a>(
        &'a self,
        first: usize,
        n_events: usize,
        bytes: &'a mut Vec<u8>,
    ) -> Result<Rows<'a>> {
        read_rows(&self.source, &self.file, first, n_events, bytes)?;
        Ok(Rows::Bytes(bytes, &self.decoders))
    }

    /// Read and decide a block; gives its first event.
    pub(super) fn decide(
        &self,
        task: Task<'_>,
        index: usize,
        worker: &mut Worker,
    ) -> Result<usize> {
        let first = index * BLOCK_EVENTS;
        let n_events = BLOCK_EVENTS.min(self.file.n_events - first);
        let rows = self.rows(first, n_events, &mut worker.rows)?;
        let Some(perturbations) = task.perturbations else {
            worker
                .block
                .decide(task.plan, rows, n_events, task.keep.masks);
            return Ok(first);
        };
        let n_gates = task.plan.n_gates();
        worker.counts.clear();
        worker.counts.resize(perturbations.len() * n_gates, 0);
        worker.base.clear();
        worker.base.resize(n_gates, 0);
        worker.perturbations.count(
            task.plan,
            perturbations,
            rows,
            n_events,
            &mut worker.counts,
            &mut worker.base,
        );
        Ok(first)
    }
}

/// Buffers of one thread, used for block after block and file after file.
#[derive(Debug, Default)]
pub(super) struct Worker {
    rows: Vec<u8>,
    block: Block,
    perturbations: PerturbationBlock,
    counts: Vec<u64>,
    base: Vec<u64>,
}

/// Workers of earlier calls: their buffers, some two megabytes each, need not be made again.
static SPARE: Mutex<Vec<Worker>> = Mutex::new(Vec::new());

impl Worker {
    /// A worker of an earlier call, if one is free.
    pub(super) fn ready() -> Self {
        // In a forked process another thread may have held the lock for ever.
        let spare = SPARE.try_lock().ok().and_then(|mut spare| spare.pop());
        spare.unwrap_or_default()
    }

    /// Keep it for the next call, where there are not enough.
    pub(super) fn keep(self) {
        if let Ok(mut spare) = SPARE.try_lock()
            && spare.len() < processors()
        {
            spare.push(self);
        }
    }

    /// Add what the block at hand has.
    pub(super) fn hand_over(&mut self, first: usize, task: Task<'_>, populations: &mut FileCounts) {
        if task.perturbations.is_none() {
            populations.add(&mut self.block, first, task.keep);
            return;
        }
        populations.perturbations.resize(self.counts.len(), 0);
        let sums = populations.perturbations.iter_mut().zip(&self.counts);
        sums.for_each(|(sum, count)| *sum += count);
        let sums = populations.counts.iter_mut().zip(&self.base);
        sums.for_each(|(sum, count)| *sum += count);
    }
}

/// What is done with each block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) plan: &'a Plan,
    pub(super) keep: Keep,
    pub(super) perturbations: Option<&'a Perturbations>,
}

impl Task<'_> {
    /// What remains to be done once all blocks are there.
    pub(super) fn finish(
        &self,
        populations: &mut FileCounts,
        stopped: &dyn Fn() -> bool,
    ) -> Result<()> {
        match self.perturbations {
            Some(perturbations) => {
                let cells = perturbations.len() * self.plan.n_gates();
                populations.perturbations.resize(cells, 0);
                populations.finish_perturbations(self.plan, perturbations);
                Ok(())
            }
            None => populations.finish(self.plan, stopped),
        }
    }
}

/// Gate a file on this thread, block after block.
///
/// # Errors
/// What reading raises; [`Error::Interrupted`] if `stop` says so between blocks.
pub fn run_file(
    source: impl Source,
    file: File,
    plan: &Plan,
    keep: Keep,
    stop: impl Fn() -> bool,
) -> Result<FileCounts> {
    run_opened(&Opened::new(source, file, plan)?, plan, keep, &stop)
}

/// [`run_file`] of an opened file.
pub(super) fn run_opened<S: Source>(
    opened: &Opened<S>,
    plan: &Plan,
    keep: Keep,
    stop: &dyn Fn() -> bool,
) -> Result<FileCounts> {
    let mut populations = FileCounts::new(plan, opened.n_events(), keep)?;
    let mut worker = Worker::default();
    let task = Task {
        plan,
        keep,
        perturbations: None,
    };
    for index in 0..opened.n_blocks() {
        go_on(stop)?;
        let first = opened.decide(task, index, &mut worker)?;
        worker.hand_over(first, task, &mut populations);
    }
    task.finish(&mut populations, stop)?;
    Ok(populations)
}
