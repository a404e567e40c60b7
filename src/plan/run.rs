//! Populations of one file or of values in memory, gathered from blocks.

use crate::error::{Error, Result};
use crate::fcs::data::{BLOCK_EVENTS, Values, check_channels, read_rows};
use crate::fcs::{Decoder, File};
use crate::source::Source;

use super::block::Block;
use super::compile::Plan;
use super::domain::Rows;

/// What is to be kept of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// One bit per event and population.
    pub masks: bool,
}

/// Counts, and masks where asked, of every gate of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Populations {
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
}

impl Populations {
    pub(super) fn new(plan: &Plan, n_events: usize, keep: Keep) -> Self {
        let mask_bytes = n_events.div_ceil(8);
        Self {
            n_events,
            counts: vec![0; plan.n_gates()],
            undefined: vec![0; plan.n_gates()],
            masks: vec![
                0;
                if keep.masks {
                    plan.n_gates() * mask_bytes
                } else {
                    0
                }
            ],
        }
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
    /// places: the order of the blocks does not matter.
    pub(super) fn add(&mut self, block: &Block, first: usize, keep: Keep) {
        let per_gate = self.counts.iter_mut().zip(&mut self.undefined);
        for (gate, (count, undefined)) in per_gate.enumerate() {
            *count += block.n_inside(gate);
            *undefined += block.n_undefined(gate);
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
        let decoder = |&channel: &usize| {
            Decoder::new(&file, channel, Values::Scale).with_table(file.n_events)
        };
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

    pub(super) fn n_blocks(&self) -> usize {
        self.file.n_events.div_ceil(BLOCK_EVENTS)
    }

    /// Read and decide a block; gives its first event.
    pub(super) fn decide(
        &self,
        plan: &Plan,
        index: usize,
        keep: Keep,
        worker: &mut Worker,
    ) -> Result<usize> {
        let first = index * BLOCK_EVENTS;
        let n_events = BLOCK_EVENTS.min(self.file.n_events - first);
        read_rows(&self.source, &self.file, first, n_events, &mut worker.rows)?;
        let rows = Rows::Bytes(&worker.rows, &self.decoders);
        worker.block.decide(plan, rows, n_events, keep.masks);
        Ok(first)
    }
}

/// Buffers of one thread, used for block after block and file after file.
#[derive(Debug, Default)]
pub(super) struct Worker {
    rows: Vec<u8>,
    pub(super) block: Block,
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
) -> Result<Populations> {
    let opened = Opened::new(source, file, plan)?;
    let mut populations = Populations::new(plan, opened.n_events(), keep);
    let mut worker = Worker::default();
    for index in 0..opened.n_blocks() {
        if stop() {
            return Err(Error::Interrupted);
        }
        let first = opened.decide(plan, index, keep, &mut worker)?;
        populations.add(&worker.block, first, keep);
    }
    Ok(populations)
}

/// Gate values already in memory: one slice per channel of the plan, in its order.
///
/// # Errors
/// [`Error::Length`] if the slices differ in number or length.
pub fn gate_values(values: &[&[f64]], n_events: usize, plan: &Plan) -> Result<Populations> {
    let refuse = |what, found, expected| {
        Err(Error::Length {
            what,
            found,
            expected,
        })
    };
    if values.len() != plan.channels.len() {
        return refuse("the list of channels", values.len(), plan.channels.len());
    }
    if let Some(column) = values.iter().find(|column| column.len() != n_events) {
        return refuse("a channel", column.len(), n_events);
    }
    let keep = Keep { masks: true };
    let mut populations = Populations::new(plan, n_events, keep);
    let mut block = Block::default();
    for first in (0..n_events).step_by(BLOCK_EVENTS) {
        let count = BLOCK_EVENTS.min(n_events - first);
        block.decide(plan, Rows::Columns(values, first), count, keep.masks);
        populations.add(&block, first, keep);
    }
    Ok(populations)
}
