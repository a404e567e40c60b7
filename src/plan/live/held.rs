//! Scaled values of one file in single precision, with what they may be off by, and the decisions
//! of each gate by its own axes.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::fcs::data::BLOCK_EVENTS;
use crate::gate::{AxisBounds, Columns, Shape};
use crate::membership::{WORD_BITS, fill, words_for};
use crate::memory::{filled, room_for};
use crate::simd::compare::{keep_within_f32, widen};
use crate::source::Source;
use crate::transform::Fast;

use super::super::compile::{GateKind, Plan};
use super::super::domain::{Domains, WHOLE};
use super::super::nodes::Node;
use super::super::run::Opened;

/// An opened file of a study.
pub(super) type OpenedFile = Opened<Arc<dyn Source + Send>>;

/// Events that are decided together, so that their columns stay in the nearest cache.
const CHUNK: usize = 2048;
const WHAT: &str = "the values of a live study";

/// What one axis of a plan shows of the events of a file.
#[derive(Debug, Default)]
struct Column {
    values: Vec<f32>,
    /// The most that rounding took from a value, and that the fast scale may be off.
    rounding: f64,
    bound: f64,
    /// The events whose value is NaN; empty where there are none.
    nan: Vec<u64>,
}

/// One file held ready.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) n_events: usize,
    /// Per axis of the plan; `None` for axes of no gate.
    columns: Vec<Option<Column>>,
    /// Per gate: the events that it holds by its own axes; empty for Boolean gates.
    pub(super) own: Vec<Vec<u64>>,
}

/// The axes on which gates of a plan are drawn.
fn drawn_on(plan: &Plan) -> Vec<bool> {
    let mut drawn = vec![false; plan.axes.len()];
    for gate in &plan.gates {
        gate.kind.for_each_axis(|axis| drawn[axis] = true);
    }
    drawn
}

/// Bytes that a file takes while it is held.
pub(super) fn bytes_of(plan: &Plan, n_events: usize) -> u64 {
    let columns = drawn_on(plan).iter().filter(|drawn| **drawn).count();
    let bytes = columns * size_of::<f32>() * n_events + plan.n_gates() * n_events.div_ceil(8);
    bytes as u64
}

/// One thread's buffers.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    bytes: Vec<u8>,
    domains: Domains,
    undecided: Vec<u64>,
}

impl Held {
    /// Read a file, and decide every gate of its plan.
    ///
    /// # Errors
    /// What reading raises; [`Error::Memory`] if there is no room; [`Error::Interrupted`].
    pub(super) fn read(
        file: &OpenedFile,
        plan: &Plan,
        buffers: &mut Buffers,
        stopped: &dyn Fn() -> bool,
    ) -> Result<Self> {
        let n_events = file.n_events();
        let columns = drawn_on(plan)
            .into_iter()
            .map(|drawn| {
                let room = drawn.then(|| room_for(n_events, WHAT)).transpose()?;
                Ok(room.map(|values| Column {
                    values,
                    ..Column::default()
                }))
            })
            .collect::<Result<_>>()?;
        let mut held = Self {
            n_events,
            columns,
            own: vec![Vec::new(); plan.n_gates()],
        };
        for first in (0..n_events).step_by(BLOCK_EVENTS) {
            if stopped() {
                return Err(Error::Interrupted);
            }
            held.add_block(file, plan, first, buffers)?;
        }
        for gate in 0..plan.n_gates() {
            held.decide(file, plan, gate, buffers)?;
        }
        Ok(held)
    }

    fn add_block(
        &mut self,
        file: &OpenedFile,
        plan: &Plan,
        first: usize,
        buffers: &mut Buffers,
    ) -> Result<()> {
        let n_events = BLOCK_EVENTS.min(self.n_events - first);
        let rows = file.rows(first, n_events, &mut buffers.bytes)?;
        let (nodes, domains) = (&plan.nodes, &mut buffers.domains);
        domains.begin(nodes.all.len(), n_events);
        let axes = self.columns.iter_mut().enumerate();
        let drawn: Vec<(usize, &mut Column)> = axes
            .filter_map(|(axis, column)| column.as_mut().map(|column| (axis, column)))
            .collect();
        let scaled: Vec<usize> = drawn.iter().map(|(axis, _)| nodes.scaled[*axis]).collect();
        domains.ensure_all(&nodes.all, rows, WHOLE, &scaled);
        for (axis, column) in drawn {
            let bound = match &nodes.all[nodes.scaled[axis]] {
                Node::Scaled { fast, .. } if !fast.is_exact() => Fast::BOUND,
                _ => 0.0,
            };
            column.add(domains.column(WHOLE, nodes.scaled[axis]), bound);
            domains.ensure(&nodes.all, rows, WHOLE, nodes.source[axis]);
            if domains.has_nan(WHOLE, nodes.source[axis]) {
                let source = domains.column(WHOLE, nodes.source[axis]);
                column.add_nan(source, first, self.n_events)?;
            }
        }
        Ok(())
    }

    /// Return whether every axis of a gate is held.
    pub(super) fn has_axes(&self, kind: &GateKind) -> bool {
        let mut all = true;
        kind.for_each_axis(|axis| all &= self.columns.get(axis).is_some_and(Option::is_some));
        all
    }

    /// Return whether an axis of a gate has a NaN.
    pub(super) fn any_nan(&self) -> bool {
        self.columns
            .iter()
            .flatten()
            .any(|column| !column.nan.is_empty())
    }

    /// Visit the masks of NaN of a gate's axes, where there are any.
    pub(super) fn for_each_nan(&self, kind: &GateKind, mut visit: impl FnMut(&[u64])) {
        kind.for_each_axis(|axis| {
            if let Some(column) = self.columns[axis].as_ref().filter(|c| !c.nan.is_empty()) {
                visit(&column.nan);
            }
        });
    }

    /// Decide a gate by its own axes, for all events.
    ///
    /// # Errors
    /// What reading raises, where values are too near to a border for single precision.
    pub(super) fn decide(
        &mut self,
        file: &OpenedFile,
        plan: &Plan,
        gate: usize,
        buffers: &mut Buffers,
    ) -> Result<()> {
        let kind = &plan.gates[gate].kind;
        if matches!(kind, GateKind::Boolean(_)) {
            return Ok(());
        }
        let mut own = std::mem::take(&mut self.own[gate]);
        let n_words = words_for(self.n_events);
        if own.len() != n_words {
            own = filled(n_words, 0, WHAT)?;
        }
        fill(&mut own, self.n_events);
        buffers.undecided.clear();
        buffers.undecided.resize(n_words, 0);
        match kind {
            GateKind::Rectangle(rectangle) => {
                self.rectangle(&rectangle.dimensions, &mut own, &mut buffers.undecided);
            }
            GateKind::Region { axes, shape } => {
                self.region(axes, shape, &mut own, &mut buffers.undecided);
            }
            GateKind::Boolean(_) => {}
        }
        let exact = decide_exactly(file, plan, kind, buffers, &mut own);
        self.own[gate] = own;
        exact
    }

    fn column(&self, axis: usize) -> Option<&Column> {
        self.columns.get(axis).and_then(Option::as_ref)
    }

    fn rectangle(&self, sides: &[AxisBounds], own: &mut [u64], undecided: &mut [u64]) {
        let sides: Vec<_> = sides
            .iter()
            .filter_map(|side| {
                let column = self.column(side.axis)?;
                Some((&column.values[..], side.single_limits(column.error())))
            })
            .collect();
        let all_exact = sides
            .iter()
            .all(|(_, [surely, possibly])| surely == possibly);
        let words = own
            .chunks_mut(CHUNK / WORD_BITS)
            .zip(undecided.chunks_mut(CHUNK / WORD_BITS));
        for (chunk, (own, undecided)) in words.enumerate() {
            let (first, last) = (chunk * CHUNK, self.n_events.min((chunk + 1) * CHUNK));
            if !all_exact {
                undecided.copy_from_slice(own);
            }
            for (values, [surely, possibly]) in &sides {
                let values = &values[first..last];
                keep_within_f32(values, surely.0, surely.1, own);
                if !all_exact {
                    keep_within_f32(values, possibly.0, possibly.1, undecided);
                }
            }
            if !all_exact {
                for (undecided, own) in undecided.iter_mut().zip(own) {
                    *undecided &= !*own;
                }
            }
        }
    }

    fn region(&self, axes: &[usize], shape: &Shape, own: &mut [u64], undecided: &mut [u64]) {
        let columns: Vec<&Column> = axes.iter().filter_map(|&axis| self.column(axis)).collect();
        let errors: Vec<f64> = columns.iter().map(|column| column.error()).collect();
        shape.prepare();
        if errors.iter().all(|error| *error == 0.0) {
            let singles: Vec<&[f32]> = columns.iter().map(|column| &column.values[..]).collect();
            shape.retain(Columns::Single(&singles), own);
            return;
        }
        let mut wide = vec![0.0; CHUNK * columns.len()];
        let words = own
            .chunks_mut(CHUNK / WORD_BITS)
            .zip(undecided.chunks_mut(CHUNK / WORD_BITS));
        for (chunk, (own, undecided)) in words.enumerate() {
            let (first, last) = (chunk * CHUNK, self.n_events.min((chunk + 1) * CHUNK));
            let wide: Vec<&[f64]> = columns
                .iter()
                .zip(wide.chunks_mut(CHUNK))
                .map(|(column, wide)| {
                    let wide = &mut wide[..last - first];
                    widen(&column.values[first..last], wide);
                    &*wide
                })
                .collect();
            shape.retain_within(&wide, &errors, own, undecided);
        }
    }
}

impl Column {
    /// The most that a value is away from the exact scaled value.
    fn error(&self) -> f64 {
        self.rounding + self.bound
    }

    /// Add values that are off by at most `bound`.
    fn add(&mut self, values: &[f64], bound: f64) {
        self.bound = bound;
        for &value in values {
            #[allow(clippy::cast_possible_truncation)] // how much that takes is noted
            let single = value as f32;
            // A number that becomes an infinity is infinitely far away; an infinity is itself, and
            // the maximum of a number and NaN is the number.
            self.rounding = self.rounding.max((f64::from(single) - value).abs());
            self.values.push(single);
        }
    }

    fn add_nan(&mut self, source: &[f64], first: usize, n_events: usize) -> Result<()> {
        if self.nan.is_empty() {
            self.nan = filled(words_for(n_events), 0, WHAT)?;
        }
        let words = &mut self.nan[first / WORD_BITS..];
        for (word, values) in words.iter_mut().zip(source.chunks(WORD_BITS)) {
            for (bit, value) in values.iter().enumerate() {
                *word |= u64::from(value.is_nan()) << bit;
            }
        }
        Ok(())
    }
}

/// Decide the events of `buffers.undecided` on the values of the file, and add them to `own`.
fn decide_exactly(
    file: &OpenedFile,
    plan: &Plan,
    kind: &GateKind,
    buffers: &mut Buffers,
    own: &mut [u64],
) -> Result<()> {
    let Buffers {
        bytes,
        domains,
        undecided,
    } = buffers;
    let mut axes = Vec::new();
    kind.for_each_axis(|axis| axes.push(axis));
    let sources: Vec<usize> = axes.iter().map(|&axis| plan.nodes.source[axis]).collect();
    let mut point = Vec::new();
    let blocks = undecided
        .chunks(BLOCK_EVENTS / WORD_BITS)
        .zip(own.chunks_mut(BLOCK_EVENTS / WORD_BITS));
    for (block, (undecided, own)) in blocks.enumerate() {
        let is_open = |word: &u64| *word != 0;
        let (Some(begin), Some(end)) = (
            undecided.iter().position(is_open),
            undecided.iter().rposition(is_open),
        ) else {
            continue;
        };
        let first = block * BLOCK_EVENTS + begin * WORD_BITS;
        let n_events = ((end + 1 - begin) * WORD_BITS).min(file.n_events() - first);
        let rows = file.rows(first, n_events, bytes)?;
        domains.begin(plan.nodes.all.len(), n_events);
        domains.ensure_all(&plan.nodes.all, rows, WHOLE, &sources);
        for (index, (word, own)) in undecided[begin..=end]
            .iter()
            .zip(&mut own[begin..])
            .enumerate()
        {
            let mut rest = *word;
            while rest != 0 {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                let value = |source: usize| domains.column(WHOLE, source)[index * WORD_BITS + bit];
                let is_inside =
                    match kind {
                        GateKind::Rectangle(rectangle) => rectangle
                            .dimensions
                            .iter()
                            .zip(&sources)
                            .all(|(side, &source)| side.holds(value(source))),
                        GateKind::Region { shape, .. } => {
                            point.clear();
                            let scaled = axes.iter().zip(&sources);
                            point.extend(scaled.map(|(&axis, &source)| {
                                plan.axes[axis].scale.forward(value(source))
                            }));
                            shape.contains(&point)
                        }
                        GateKind::Boolean(_) => false,
                    };
                *own |= u64::from(is_inside) << bit;
            }
        }
    }
    Ok(())
}
