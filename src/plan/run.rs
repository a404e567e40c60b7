//! One pass over a file: decode, compensate, decide, count, block by block.

use rayon::prelude::*;

use crate::compensation::compensate;
use crate::error::{Error, Result};
use crate::fcs::File;
use crate::fcs::data::{BLOCK_EVENTS, Values, check_channels, decode, read_rows};
use crate::membership;
use crate::source::Source;

use super::compile::{AxisSource, GateKind, GateSpec, Plan, Value};

/// Counts, and masks where asked, of every gate of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Populations {
    /// Number of events of the file.
    pub n_events: usize,
    /// Events in each gate.
    pub counts: Vec<u64>,
    /// Events of the parent of each gate that are neither in the gate nor out of it: a dimension
    /// is NaN.
    pub undefined: Vec<u64>,
    /// One packed mask per gate (lowest bit first), `ceil(n_events / 8)` bytes each, or empty.
    pub masks: Vec<Vec<u8>>,
}

/// Gate a file in one pass. Blocks are shared out over the current thread pool; the answer does
/// not depend on how.
///
/// # Errors
/// What reading raises; [`Error::Interrupted`] if `stop` says so between blocks.
pub fn run_file(
    source: &dyn Source,
    file: &File,
    plan: &Plan,
    keep_masks: bool,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Populations> {
    check_channels(file, &plan.channels)?;
    let blocks: Vec<Block> = (0..file.n_events.div_ceil(BLOCK_EVENTS))
        .into_par_iter()
        .map_init(
            || (Vec::new(), Scratch::new(plan)),
            |(rows, scratch), index| {
                if stop() {
                    return Err(Error::Interrupted);
                }
                let first = index * BLOCK_EVENTS;
                let n_events = BLOCK_EVENTS.min(file.n_events - first);
                read_rows(source, file, first, n_events, rows)?;
                for (column, &channel) in scratch.values.iter_mut().zip(&plan.channels) {
                    column.resize(n_events, 0.0);
                    decode(rows, file, channel, Values::Scale, column);
                }
                scratch.decide(plan, n_events)?;
                Ok(scratch.take(plan, keep_masks))
            },
        )
        .collect::<Result<_>>()?;
    Ok(gather(&blocks, plan.n_gates(), file.n_events, keep_masks))
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
    let mut scratch = Scratch::new(plan);
    let mut blocks = Vec::new();
    for first in (0..n_events).step_by(BLOCK_EVENTS) {
        let end = (first + BLOCK_EVENTS).min(n_events);
        for (column, whole) in scratch.values.iter_mut().zip(values) {
            column.clear();
            column.extend_from_slice(&whole[first..end]);
        }
        scratch.decide(plan, end - first)?;
        blocks.push(scratch.take(plan, true));
    }
    Ok(gather(&blocks, plan.n_gates(), n_events, true))
}

/// What one block contributes.
struct Block {
    counts: Vec<u64>,
    undefined: Vec<u64>,
    masks: Vec<Vec<u64>>,
}

fn gather(blocks: &[Block], n_gates: usize, n_events: usize, keep_masks: bool) -> Populations {
    let counts = (0..n_gates)
        .map(|gate| blocks.iter().map(|block| block.counts[gate]).sum())
        .collect();
    let undefined = (0..n_gates)
        .map(|gate| blocks.iter().map(|block| block.undefined[gate]).sum())
        .collect();
    let pack = |gate: usize| {
        let words = blocks.iter().flat_map(|block| block.masks[gate].iter());
        let mut bytes: Vec<u8> = words.flat_map(|word| word.to_le_bytes()).collect();
        bytes.truncate(n_events.div_ceil(8));
        bytes
    };
    let masks = if keep_masks {
        (0..n_gates).map(pack).collect()
    } else {
        Vec::new()
    };
    Populations {
        n_events,
        counts,
        undefined,
        masks,
    }
}

/// Buffers of one thread, used for block after block.
struct Scratch {
    /// One column per channel of the plan.
    values: Vec<Vec<f64>>,
    /// One column per axis, filled only where many events ask for it.
    compensated: Vec<Vec<f64>>,
    filled: Vec<bool>,
    /// Per gate: the events inside, and those definitely outside.
    inside: Vec<Vec<u64>>,
    outside: Vec<Vec<u64>>,
    all: Vec<u64>,
    n_events: usize,
}

/// Below one event in so many, an axis is compensated event by event and not as a column.
const SPARSE: u64 = 4;

impl Scratch {
    fn new(plan: &Plan) -> Self {
        Self {
            values: vec![Vec::new(); plan.channels.len()],
            compensated: vec![Vec::new(); plan.axes.len()],
            filled: vec![false; plan.axes.len()],
            inside: vec![Vec::new(); plan.n_gates()],
            outside: vec![Vec::new(); plan.n_gates()],
            all: Vec::new(),
            n_events: 0,
        }
    }

    /// Decide every gate on the columns in `values`.
    fn decide(&mut self, plan: &Plan, n_events: usize) -> Result<()> {
        let words = membership::words_for(n_events);
        self.n_events = n_events;
        self.filled.fill(false);
        self.all.resize(words, 0);
        membership::fill(&mut self.all, n_events);
        for &index in &plan.order {
            let mut inside = std::mem::take(&mut self.inside[index]);
            let mut outside = std::mem::take(&mut self.outside[index]);
            inside.resize(words, 0);
            outside.resize(words, 0);
            self.decide_gate(plan, &plan.gates[index], &mut inside, &mut outside)?;
            self.inside[index] = inside;
            self.outside[index] = outside;
        }
        Ok(())
    }

    /// Compensate an axis as a column if many events of `mask` will ask for it.
    fn prepare(&mut self, plan: &Plan, axis: usize, mask: &[u64]) -> Result<()> {
        let AxisSource::Value(Value {
            compensated: Some((matrix, dye)),
            ..
        }) = plan.axes[axis].source
        else {
            return Ok(());
        };
        if self.filled[axis] || !is_dense(mask, self.n_events) {
            return Ok(());
        }
        let matrix = &plan.matrices[matrix];
        let mut out = std::mem::take(&mut self.compensated[axis]);
        out.resize(self.n_events, 0.0);
        let observed: Vec<&[f64]> = matrix
            .detectors
            .iter()
            .map(|&place| self.values[place].as_slice())
            .collect();
        compensate(&observed, &matrix.weights.column(dye).to_vec(), &mut out)?;
        self.compensated[axis] = out;
        self.filled[axis] = true;
        Ok(())
    }

    /// The values of an axis before its scale, where they stand in a column.
    fn column(&self, plan: &Plan, axis: usize) -> Option<&[f64]> {
        match plan.axes[axis].source {
            AxisSource::Value(Value {
                channel,
                compensated: None,
            }) => Some(&self.values[channel]),
            _ => self.filled[axis].then_some(self.compensated[axis].as_slice()),
        }
    }

    /// Clear the events whose value on an axis is NaN.
    fn retain_defined(&self, plan: &Plan, axis: usize, mask: &mut [u64]) {
        let Some(column) = self.column(plan, axis) else {
            retain(mask, |event| !self.value(plan, axis, event).is_nan());
            return;
        };
        for (word, chunk) in mask.iter_mut().zip(column.chunks(membership::WORD_BITS)) {
            if chunk.iter().any(|value| value.is_nan()) {
                for (bit, value) in chunk.iter().enumerate() {
                    *word &= !(u64::from(value.is_nan()) << bit);
                }
            }
        }
    }

    /// The value of one event on an axis, before its scale: the same sum in the same order,
    /// whether it stands in a column or is formed here.
    #[inline]
    fn value(&self, plan: &Plan, axis: usize, event: usize) -> f64 {
        match plan.axes[axis].source {
            AxisSource::Value(_) if self.filled[axis] => self.compensated[axis][event],
            AxisSource::Value(value) => self.channel(plan, value, event),
            AxisSource::Ratio {
                numerator,
                denominator,
                a,
                b,
                c,
            } => {
                let x = self.channel(plan, numerator, event);
                let y = self.channel(plan, denominator, event);
                a * (x - b) / (y - c)
            }
        }
    }

    #[inline]
    fn channel(&self, plan: &Plan, value: Value, event: usize) -> f64 {
        let Some((matrix, dye)) = value.compensated else {
            return self.values[value.channel][event];
        };
        let matrix = &plan.matrices[matrix];
        matrix
            .detectors
            .iter()
            .zip(matrix.weights.column(dye))
            .fold(0.0, |sum, (&place, weight)| {
                sum + self.values[place][event] * weight
            })
    }

    fn decide_gate(
        &mut self,
        plan: &Plan,
        gate: &GateSpec,
        inside: &mut [u64],
        outside: &mut [u64],
    ) -> Result<()> {
        // Inside the parent the gate decides; what is outside the parent is outside here, and
        // what is undefined there stays undefined.
        inside.copy_from_slice(gate.parent.map_or(&self.all, |parent| &self.inside[parent]));
        outside.copy_from_slice(inside);
        match &gate.kind {
            GateKind::Boolean(expression) => {
                for (word, (inside, outside)) in inside.iter_mut().zip(&mut *outside).enumerate() {
                    let (holds, fails) = expression
                        .evaluate(|other| (self.inside[other][word], self.outside[other][word]));
                    *inside &= holds;
                    *outside &= fails;
                }
            }
            GateKind::Rectangle(rectangle) => {
                for dimension in &rectangle.dimensions {
                    self.prepare(plan, dimension.axis, outside)?;
                    match self.column(plan, dimension.axis) {
                        Some(column) if is_dense(inside, self.n_events) => {
                            let words = column.chunks(membership::WORD_BITS);
                            for (word, values) in inside.iter_mut().zip(words) {
                                *word &= dimension.holds_word(values);
                            }
                        }
                        _ => retain(inside, |event| {
                            dimension.holds(self.value(plan, dimension.axis, event))
                        }),
                    }
                    self.retain_defined(plan, dimension.axis, outside);
                }
                remove(outside, inside);
            }
            GateKind::Polygon { x, y, outline } => {
                self.prepare(plan, *x, outside)?;
                self.prepare(plan, *y, outside)?;
                let (to_x, to_y) = (plan.axes[*x].scale, plan.axes[*y].scale);
                let value = |axis: &usize, event| self.value(plan, *axis, event);
                retain(inside, |event| {
                    outline.contains(to_x.forward(value(x, event)), to_y.forward(value(y, event)))
                });
                self.retain_defined(plan, *x, outside);
                self.retain_defined(plan, *y, outside);
                remove(outside, inside);
            }
            GateKind::Ellipsoid { axes, ellipsoid } => {
                for &axis in axes {
                    self.prepare(plan, axis, outside)?;
                }
                let mut place = vec![0.0; axes.len()];
                retain(inside, |event| {
                    for (coordinate, &axis) in place.iter_mut().zip(axes) {
                        *coordinate = plan.axes[axis].scale.forward(self.value(plan, axis, event));
                    }
                    ellipsoid.contains(&place)
                });
                for &axis in axes {
                    self.retain_defined(plan, axis, outside);
                }
                remove(outside, inside);
            }
        }
        if let Some(parent) = gate.parent {
            for (out, beyond) in outside.iter_mut().zip(&self.outside[parent]) {
                *out |= beyond;
            }
        }
        Ok(())
    }

    /// Counts, and a copy of the masks where asked.
    fn take(&self, plan: &Plan, keep_masks: bool) -> Block {
        let count = |mask: &Vec<u64>| membership::count(mask);
        let undefined = |gate: usize| {
            let parent = plan.gates[gate]
                .parent
                .map_or(&self.all, |parent| &self.inside[parent]);
            let words = parent
                .iter()
                .zip(&self.inside[gate])
                .zip(&self.outside[gate]);
            words
                .map(|((parent, inside), outside)| {
                    u64::from((parent & !inside & !outside).count_ones())
                })
                .sum()
        };
        Block {
            counts: self.inside.iter().map(count).collect(),
            undefined: (0..plan.n_gates()).map(undefined).collect(),
            masks: if keep_masks {
                self.inside.clone()
            } else {
                Vec::new()
            },
        }
    }
}

/// Whether so many events are in the mask that whole columns are worth their while.
fn is_dense(mask: &[u64], n_events: usize) -> bool {
    membership::count(mask) * SPARSE >= n_events as u64
}

/// Keep the events of `mask` for which `holds`.
fn retain(mask: &mut [u64], mut holds: impl FnMut(usize) -> bool) {
    for (index, word) in mask.iter_mut().enumerate() {
        let mut rest = *word;
        while rest != 0 {
            let bit = rest.trailing_zeros() as usize;
            if !holds(index * membership::WORD_BITS + bit) {
                *word &= !(1 << bit);
            }
            rest &= rest - 1;
        }
    }
}

/// Clear the events of `other` from `mask`.
fn remove(mask: &mut [u64], other: &[u64]) {
    for (word, gone) in mask.iter_mut().zip(other) {
        *word &= !gone;
    }
}
