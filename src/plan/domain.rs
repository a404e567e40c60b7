//! The values of some events of a block, each column worked out when it is first asked for.
//!
//! A domain holds the events of one population side by side, so that everything below works on
//! full words and full vectors however rare the population is.

use crate::membership::{WORD_BITS, words_for};
use crate::simd;

use super::nodes::Node;
use super::rows::{Rows, WINDOW, gather};
use crate::simd::weighted_sums::WIDEST;

/// Number of the domain of all events of a block.
pub(super) const WHOLE: usize = 0;

/// Some events of a block, and what is known of them.
#[derive(Debug, Default)]
struct Domain {
    n_events: usize,
    /// The domain it was taken from.
    above: Option<usize>,
    /// The indices of its events there, and more; meant if that is not the whole block.
    indices: Vec<u32>,
    /// Its events in the block, and more; meant if it is not the whole block itself.
    events: Vec<u32>,
    /// The same as a mask over the block.
    mask: Vec<u64>,
    /// One column per node, empty until asked for; as long as a block at least.
    columns: Vec<Option<Vec<f64>>>,
    /// Per node: whether any value is NaN, once asked for.
    nan: Vec<Option<bool>>,
}

/// The domains of one block. Buffers are used for block after block.
#[derive(Debug, Default)]
pub(super) struct Domains {
    slots: Vec<Domain>,
    free: Vec<usize>,
    spare: Vec<Vec<f64>>,
    /// Channels that are about to be read.
    missing: Vec<usize>,
    n_nodes: usize,
    /// Words of a mask over the block.
    n_words: usize,
}

impl Domain {
    /// Its events in the block.
    fn events(&self) -> &[u32] {
        &self.events[..self.n_events]
    }

    /// Its events in the domain that it was taken from.
    fn indices(&self) -> &[u32] {
        match self.above {
            Some(WHOLE) => self.events(),
            _ => &self.indices[..self.n_events],
        }
    }
}

impl Domains {
    /// Begin a block of `n_events` events.
    pub(super) fn begin(&mut self, n_nodes: usize, n_events: usize) {
        self.n_nodes = n_nodes;
        self.n_words = words_for(n_events);
        for slot in 0..self.slots.len() {
            self.empty(slot);
        }
        self.free.clear();
        self.free.extend((1..self.slots.len()).rev());
        if self.slots.is_empty() {
            self.slots.push(Domain::default());
        }
        self.open(WHOLE, n_events);
    }

    fn open(&mut self, slot: usize, n_events: usize) {
        let domain = &mut self.slots[slot];
        domain.n_events = n_events;
        domain.columns.resize_with(self.n_nodes, || None);
        domain.nan.resize(self.n_nodes, None);
    }

    fn empty(&mut self, slot: usize) {
        let domain = &mut self.slots[slot];
        self.spare.extend(domain.columns.drain(..).flatten());
        domain.nan.clear();
        domain.above = None;
    }

    /// Give back a domain that no gate needs any more.
    pub(super) fn release(&mut self, slot: usize) {
        self.empty(slot);
        self.free.push(slot);
    }

    /// A domain of the events of `mask`, a mask over the domain `above`.
    pub(super) fn narrow(&mut self, above: usize, mask: &[u64]) -> usize {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Domain::default());
            self.slots.len() - 1
        });
        let mut whole = std::mem::take(&mut self.slots[slot].mask);
        whole.resize(self.n_words, 0);
        self.spread(above, mask, &mut whole);
        let domain = &mut self.slots[slot];
        let n_events = simd::bits::positions(&whole, &mut domain.events);
        if above != WHOLE {
            simd::bits::positions(mask, &mut domain.indices);
        }
        domain.mask = whole;
        domain.above = Some(above);
        self.open(slot, n_events);
        slot
    }

    /// Return whether so few events of a domain are worth a domain of their own: what is computed for the
    /// others costs more than bringing these together.
    pub(super) fn is_sparse(&self, slot: usize, n_events: u64) -> bool {
        n_events * 4 < self.n_events(slot) as u64 * 3
    }

    /// Number of events of a domain.
    pub(super) fn n_events(&self, slot: usize) -> usize {
        self.slots[slot].n_events
    }

    /// A column that was asked for by [`Self::ensure`].
    pub(super) fn column(&self, slot: usize, node: usize) -> &[f64] {
        let domain = &self.slots[slot];
        match &domain.columns[node] {
            Some(column) => &column[..domain.n_events],
            None => &[],
        }
    }

    /// Work out a column, unless it is there.
    pub(super) fn ensure(&mut self, nodes: &[Node], rows: Rows<'_>, slot: usize, node: usize) {
        if self.slots[slot].columns[node].is_some() {
            return;
        }
        if matches!(nodes[node], Node::Compensated { .. }) && !self.knows(slot, node) {
            self.ensure_all(nodes, rows, slot, &[node]);
            return;
        }
        let mut column = self.buffer();
        let out = &mut column[..self.slots[slot].n_events];
        if let Some(above) = self.slots[slot]
            .above
            .filter(|&above| self.knows(above, node))
        {
            self.ensure(nodes, rows, above, node);
            gather(self.column(above, node), self.slots[slot].indices(), out);
        } else {
            self.compute(nodes, rows, slot, node, out);
        }
        self.slots[slot].columns[node] = Some(column);
    }

    /// A buffer for a column, of whatever numbers.
    fn buffer(&mut self) -> Vec<f64> {
        let mut buffer = self.spare.pop().unwrap_or_default();
        if buffer.len() < self.n_words * WORD_BITS {
            buffer.resize(self.n_words * WORD_BITS, 0.0);
        }
        buffer
    }

    /// Work out nodes, and channels that stand side by side together.
    pub(super) fn ensure_all(
        &mut self,
        nodes: &[Node],
        rows: Rows<'_>,
        slot: usize,
        wanted: &[usize],
    ) {
        let mut missing = std::mem::take(&mut self.missing);
        missing.clear();
        for &node in wanted {
            self.add_missing(nodes, slot, node, &mut missing);
        }
        while let Some(&first) = missing.first() {
            let (mut window, mut n_channels) = ([first; WINDOW], 0);
            rows.window(&missing, |channel| {
                window[n_channels] = channel;
                n_channels += 1;
            });
            let window = &window[..n_channels.max(1)];
            let unknown = window.iter().any(|&channel| !self.knows(slot, channel));
            if window.len() > 1 && (unknown || window.len() > 2) {
                self.decode(rows, slot, window);
            }
            missing.retain(|channel| !window.contains(channel));
        }
        missing.clear();
        for &node in wanted {
            if matches!(nodes[node], Node::Compensated { .. })
                && !self.knows(slot, node)
                && !missing.contains(&node)
            {
                missing.push(node);
            }
        }
        while let Some(&first) = missing.first() {
            let beside = |&node: &usize| nodes[node].detectors() == nodes[first].detectors();
            let (mut group, mut n_sums) = ([first; WIDEST], 0);
            for node in missing.iter().copied().filter(beside).take(WIDEST) {
                group[n_sums] = node;
                n_sums += 1;
            }
            let group = &group[..n_sums];
            self.compensate(nodes, rows, slot, group);
            missing.retain(|node| !group.contains(node));
        }
        self.missing = missing;
        for &node in wanted {
            self.ensure(nodes, rows, slot, node);
        }
    }

    /// Collect the channels that have to be read for a node.
    fn add_missing(&self, nodes: &[Node], slot: usize, node: usize, missing: &mut Vec<usize>) {
        if self.slots[slot].columns[node].is_some() {
            return;
        }
        match &nodes[node] {
            Node::Channel(_) if missing.contains(&node) => {}
            Node::Channel(_) => missing.push(node),
            _ if self.knows(slot, node) => {}
            Node::Compensated { detectors, .. } => {
                for &detector in detectors {
                    self.add_missing(nodes, slot, detector, missing);
                }
            }
            Node::Ratio {
                numerator,
                denominator,
                ..
            } => {
                self.add_missing(nodes, slot, *numerator, missing);
                self.add_missing(nodes, slot, *denominator, missing);
            }
            Node::Scaled { source, .. } => self.add_missing(nodes, slot, *source, missing),
        }
    }

    /// Work out compensated values of the same detectors side by side; at most [`WIDEST`].
    fn compensate(&mut self, nodes: &[Node], rows: Rows<'_>, slot: usize, group: &[usize]) {
        let detectors = nodes[group[0]].detectors();
        for &detector in detectors {
            self.ensure(nodes, rows, slot, detector);
        }
        let n_events = self.slots[slot].n_events;
        let mut sums: [Vec<f64>; WIDEST] = Default::default();
        for sum in &mut sums[..group.len()] {
            *sum = self.buffer();
        }
        let columns: Vec<_> = detectors
            .iter()
            .map(|&detector| self.column(slot, detector))
            .collect();
        let weights: Vec<_> = (0..detectors.len())
            .flat_map(|k| group.iter().map(move |&node| nodes[node].weights()[k]))
            .collect();
        let mut out = sums
            .each_mut()
            .map(|sum| sum.get_mut(..n_events).unwrap_or_default());
        simd::weighted_sums::weighted_sums(&columns, &weights, &mut out[..group.len()]);
        for (&node, sum) in group.iter().zip(sums) {
            self.slots[slot].columns[node] = Some(sum);
        }
    }

    /// Decode channels that share a window.
    fn decode(&mut self, rows: Rows<'_>, slot: usize, window: &[usize]) {
        let n_events = self.slots[slot].n_events;
        let mut columns: [Vec<f64>; WINDOW] = Default::default();
        for column in &mut columns[..window.len()] {
            *column = self.buffer();
        }
        let events = (slot != WHOLE).then(|| self.slots[slot].events());
        let mut out = columns
            .each_mut()
            .map(|column| column.get_mut(..n_events).unwrap_or_default());
        rows.fill_window(window, events, &mut out[..window.len()]);
        for (&channel, column) in window.iter().zip(columns) {
            if let Some(before) = self.slots[slot].columns[channel].replace(column) {
                self.spare.push(before);
            }
        }
    }

    /// Return whether a domain or one that it lies in has a column.
    pub(super) fn knows(&self, slot: usize, node: usize) -> bool {
        let domain = &self.slots[slot];
        domain.columns[node].is_some() || domain.above.is_some_and(|above| self.knows(above, node))
    }

    fn compute(
        &mut self,
        nodes: &[Node],
        rows: Rows<'_>,
        slot: usize,
        node: usize,
        out: &mut [f64],
    ) {
        match &nodes[node] {
            Node::Channel(channel) if slot == WHOLE => rows.fill(*channel, out),
            Node::Channel(channel) => rows.fill_at(*channel, self.slots[slot].events(), out),
            // Worked out side by side by `compensate`.
            Node::Compensated { .. } => {}
            &Node::Ratio {
                numerator,
                denominator,
                a,
                b,
                c,
            } => {
                self.ensure(nodes, rows, slot, numerator);
                self.ensure(nodes, rows, slot, denominator);
                let xs = self.column(slot, numerator).iter();
                let ys = self.column(slot, denominator);
                for ((out, x), y) in out.iter_mut().zip(xs).zip(ys) {
                    *out = a * (x - b) / (y - c);
                }
            }
            Node::Scaled { source, fast } => {
                self.ensure(nodes, rows, slot, *source);
                fast.forward_into(self.column(slot, *source), out);
            }
        }
    }

    /// Return whether a column has a NaN; it must be there.
    pub(super) fn has_nan(&mut self, slot: usize, node: usize) -> bool {
        if let Some(known) = self.slots[slot].nan[node] {
            return known;
        }
        let found = simd::has_nan(self.column(slot, node));
        self.slots[slot].nan[node] = Some(found);
        found
    }

    /// Bring a mask over a domain to one over the block; `out` has as many words as the block.
    pub(super) fn spread(&self, slot: usize, mask: &[u64], out: &mut [u64]) {
        if slot == WHOLE {
            out.copy_from_slice(mask);
        } else {
            simd::bits::spread(mask, &self.slots[slot].mask, out);
        }
    }

    /// Turn, in a mask over the block, the bits of the events of a mask over a domain.
    pub(super) fn turn(&self, slot: usize, mask: &[u64], out: &mut [u64]) {
        if slot == WHOLE {
            for (out, word) in out.iter_mut().zip(mask) {
                *out ^= word;
            }
            return;
        }
        let events = self.slots[slot].events();
        for (word, events) in mask.iter().zip(events.chunks(64)) {
            let mut rest = *word;
            while rest != 0 {
                let event = events[rest.trailing_zeros() as usize];
                out[event as usize / 64] ^= 1 << (event % 64);
                rest &= rest - 1;
            }
        }
    }

    /// Bring a mask over the block to one over a domain.
    pub(super) fn focus(&self, slot: usize, mask: &[u64], out: &mut [u64]) {
        if slot == WHOLE {
            out.copy_from_slice(mask);
        } else {
            simd::bits::focus(mask, &self.slots[slot].mask, out);
        }
    }
}
