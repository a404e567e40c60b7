//! The values of some events of a block, each column worked out when it is first asked for.
//!
//! A domain holds the events of one population side by side, so that everything below works on
//! full words and full vectors however rare the population is.

use crate::fcs::Decoder;
use crate::membership::words_for;
use crate::simd;

use super::nodes::Node;

/// The events of a block as they come.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rows<'a> {
    /// Plain rows of bytes, and how each channel of the plan is decoded.
    Bytes(&'a [u8], &'a [Decoder]),
    /// Whole columns in memory, and the event at which the block begins.
    Columns(&'a [&'a [f64]], usize),
}

impl Rows<'_> {
    /// One channel of all events of the block.
    fn fill(&self, channel: usize, out: &mut [f64]) {
        match self {
            Self::Bytes(rows, decoders) => {
                decoders[channel].decode(rows, out);
            }
            Self::Columns(columns, first) => {
                out.copy_from_slice(&columns[channel][*first..*first + out.len()]);
            }
        }
    }

    /// Four channels from this one on, if they can be decoded at once: of all events, or of some.
    fn fill_four(&self, channel: usize, events: Option<&[u32]>, out: [&mut [f64]; 4]) {
        if let Self::Bytes(rows, decoders) = self {
            decoders[channel].decode_four_at(rows, events, out);
        }
    }

    /// How many channels from this one on can be decoded at once.
    fn together(&self, channel: usize) -> usize {
        match self {
            Self::Bytes(_, decoders) => Decoder::four_floats(&decoders[channel..]),
            Self::Columns(..) => 0,
        }
    }

    /// One channel of some events of the block.
    fn fill_at(&self, channel: usize, events: &[u32], out: &mut [f64]) {
        match self {
            Self::Bytes(rows, decoders) => {
                decoders[channel].decode_at(rows, events, out);
            }
            Self::Columns(columns, first) => gather(&columns[channel][*first..], events, out),
        }
    }
}

/// Number of the domain of all events of a block.
pub(super) const WHOLE: usize = 0;

/// Some events of a block, and what is known of them.
#[derive(Debug, Default)]
struct Domain {
    n_events: usize,
    /// The domain it was taken from, and its events there.
    above: Option<usize>,
    places: Vec<u32>,
    /// Its events in the block; empty for the whole block.
    events: Vec<u32>,
    /// The same as a mask over the block.
    mask: Vec<u64>,
    /// One column per node, empty until asked for.
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
    n_nodes: usize,
    /// Words of a mask over the block.
    n_words: usize,
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
        domain.places.clear();
        domain.events.clear();
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
        let mut places = std::mem::take(&mut self.slots[slot].places);
        let mut events = std::mem::take(&mut self.slots[slot].events);
        places_of(mask, &mut places);
        let outer = &self.slots[above];
        if above == WHOLE {
            events.extend_from_slice(&places);
        } else {
            events.extend(places.iter().map(|&place| outer.events[place as usize]));
        }
        let mut whole = std::mem::take(&mut self.slots[slot].mask);
        whole.clear();
        whole.resize(self.n_words, 0);
        self.spread(above, mask, &mut whole);
        self.open(slot, places.len());
        let domain = &mut self.slots[slot];
        domain.above = Some(above);
        domain.mask = whole;
        domain.places = places;
        domain.events = events;
        slot
    }

    /// Whether so few events of a domain are worth a domain of their own: what is computed for the
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
        self.slots[slot].columns[node]
            .as_deref()
            .unwrap_or_default()
    }

    /// Work out a column, unless it is there.
    pub(super) fn ensure(&mut self, nodes: &[Node], rows: Rows<'_>, slot: usize, node: usize) {
        if self.slots[slot].columns[node].is_some() {
            return;
        }
        let mut out = self.spare.pop().unwrap_or_default();
        out.resize(self.slots[slot].n_events, 0.0);
        if let Some(above) = self.slots[slot]
            .above
            .filter(|&above| self.knows(above, node))
        {
            self.ensure(nodes, rows, above, node);
            gather(self.column(above, node), &self.slots[slot].places, &mut out);
        } else {
            self.compute(nodes, rows, slot, node, &mut out);
        }
        self.slots[slot].columns[node] = Some(out);
    }

    /// Work out channels, where possible four at once.
    fn ensure_all(&mut self, nodes: &[Node], rows: Rows<'_>, slot: usize, channels: &[usize]) {
        let mut rest = channels;
        while let Some(&first) = rest.first() {
            let follow = |(channel, node): (usize, &usize)| channel == *node;
            let four = rest.len() >= 4
                && (first..).zip(&rest[..4]).all(follow)
                && rows.together(first) == 4
                && rest[..4].iter().all(|&node| !self.knows(slot, node));
            if four {
                self.four_channels(rows, slot, first);
                rest = &rest[4..];
            } else {
                self.ensure(nodes, rows, slot, first);
                rest = &rest[1..];
            }
        }
    }

    fn four_channels(&mut self, rows: Rows<'_>, slot: usize, first: usize) {
        let n_events = self.slots[slot].n_events;
        let mut four: [Vec<f64>; 4] = std::array::from_fn(|_| {
            let mut out = self.spare.pop().unwrap_or_default();
            out.resize(n_events, 0.0);
            out
        });
        let events = (slot != WHOLE).then_some(self.slots[slot].events.as_slice());
        rows.fill_four(first, events, four.each_mut().map(Vec::as_mut_slice));
        for (node, column) in (first..).zip(four) {
            self.slots[slot].columns[node] = Some(column);
        }
    }

    /// Whether a domain or one that it lies in has a column.
    fn knows(&self, slot: usize, node: usize) -> bool {
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
            Node::Channel(channel) => rows.fill_at(*channel, &self.slots[slot].events, out),
            Node::Compensated { detectors, weights } => {
                self.ensure_all(nodes, rows, slot, detectors);
                out.fill(0.0);
                let pairs = detectors.chunks(2).zip(weights.chunks(2));
                for (detectors, weights) in pairs {
                    let first = self.column(slot, detectors[0]);
                    match (detectors, weights) {
                        (&[_, second], &[w, v]) => {
                            simd::add_two(out, first, w, self.column(slot, second), v);
                        }
                        _ => simd::add_one(out, first, weights[0]),
                    }
                }
            }
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

    /// Whether a column has a NaN; it must be there.
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
            return;
        }
        let domain = &self.slots[slot];
        let mut begin = 0;
        for (out, &whole) in out.iter_mut().zip(&domain.mask) {
            let n_events = whole.count_ones() as usize;
            let bits = bits_from(mask, begin, n_events);
            let events = &domain.events[begin..begin + n_events];
            // From nothing or from everything, whichever is nearer.
            let missing = bits ^ low_bits(n_events);
            let is_full = missing.count_ones() < bits.count_ones();
            *out = if is_full { whole } else { 0 };
            let mut rest = if is_full { missing } else { bits };
            while rest != 0 {
                *out ^= 1 << (events[rest.trailing_zeros() as usize] % 64);
                rest &= rest - 1;
            }
            begin += n_events;
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
        let events = &self.slots[slot].events;
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
            return;
        }
        let events = &self.slots[slot].events;
        for (word, events) in out.iter_mut().zip(events.chunks(64)) {
            *word = 0;
            for (bit, &event) in events.iter().enumerate() {
                *word |= (mask[event as usize / 64] >> (event % 64) & 1) << bit;
            }
        }
    }
}

/// A word with so many of its lowest bits set.
fn low_bits(count: usize) -> u64 {
    if count >= 64 {
        u64::MAX
    } else {
        (1 << count) - 1
    }
}

/// Up to 64 bits of a mask, from one of them on.
fn bits_from(mask: &[u64], begin: usize, count: usize) -> u64 {
    let (word, shift) = (begin / 64, begin % 64);
    let low = mask.get(word).copied().unwrap_or(0) >> shift;
    let high = mask.get(word + 1).copied().unwrap_or(0);
    let bits = if shift == 0 {
        low
    } else {
        low | high << (64 - shift)
    };
    bits & low_bits(count)
}

/// The places of the bits of a mask.
fn places_of(mask: &[u64], places: &mut Vec<u32>) {
    places.clear();
    let mut begin = 0_u32;
    for &word in mask {
        let mut rest = word;
        while rest != 0 {
            places.push(begin + rest.trailing_zeros());
            rest &= rest - 1;
        }
        begin += 64;
    }
}

fn gather(values: &[f64], places: &[u32], out: &mut [f64]) {
    for (out, &place) in out.iter_mut().zip(places) {
        *out = values[place as usize];
    }
}
