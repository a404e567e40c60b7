//! The events of a block as they come: rows of bytes, or columns in memory.

use crate::fcs::Decoder;
use crate::gate::columns::Column;
use crate::simd::compare::widen;
use crate::simd::transpose;

/// Most channels that are decoded at once.
pub(super) const WINDOW: usize = transpose::WIDTH;

/// The events of a block as they come.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rows<'a> {
    /// Plain rows of bytes, and how each channel of the plan is decoded.
    Bytes(&'a [u8], &'a [Decoder]),
    /// Whole columns in memory, and the event at which the block begins.
    Columns(&'a [Column<'a>], usize),
}

impl Rows<'_> {
    /// One channel of all events of the block.
    pub(super) fn fill(&self, channel: usize, out: &mut [f64]) {
        match self {
            Self::Bytes(rows, decoders) => {
                decoders[channel].decode(rows, out);
            }
            Self::Columns(columns, first) => match columns[channel] {
                Column::Float32(column) => widen(&column[*first..*first + out.len()], out),
                Column::Float64(column) => {
                    out.copy_from_slice(&column[*first..*first + out.len()]);
                }
            },
        }
    }

    /// One channel of some events of the block.
    pub(super) fn fill_at(&self, channel: usize, events: &[u32], out: &mut [f64]) {
        match self {
            Self::Bytes(rows, decoders) => {
                decoders[channel].decode_at(rows, events, out);
            }
            Self::Columns(columns, first) => match columns[channel] {
                Column::Float32(column) => {
                    let column = &column[*first..];
                    for (out, &event) in out.iter_mut().zip(events) {
                        *out = f64::from(column[event as usize]);
                    }
                }
                Column::Float64(column) => gather(&column[*first..], events, out),
            },
        }
    }

    /// Visit those of `channels` (at least one) that can be decoded at once with the one that comes
    /// first in each row; at most [`WINDOW`], that one first.
    pub(super) fn window(&self, channels: &[usize], mut visit: impl FnMut(usize)) {
        let Self::Bytes(_, decoders) = self else {
            return;
        };
        let leader = channels
            .iter()
            .min_by_key(|&&channel| decoders[channel].offset());
        let Some(&leader) = leader else {
            return;
        };
        let others = channels.iter().copied().filter(|&channel| {
            channel != leader && decoders[leader].shares_window(&decoders[channel])
        });
        std::iter::once(leader)
            .chain(others)
            .take(WINDOW)
            .for_each(&mut visit);
    }

    /// Decode the channels of a [`Self::window`], of all events or of some.
    pub(super) fn fill_window(
        &self,
        channels: &[usize],
        events: Option<&[u32]>,
        out: &mut [&mut [f64]],
    ) {
        if let Self::Bytes(rows, decoders) = self {
            let mut window = [&decoders[channels[0]]; WINDOW];
            for (index, &channel) in window.iter_mut().zip(channels) {
                *index = &decoders[channel];
            }
            decoders[channels[0]].decode_window(&window[..channels.len()], rows, events, out);
        }
    }
}

/// The values at some indices.
pub(super) fn gather(values: &[f64], indices: &[u32], out: &mut [f64]) {
    for (out, &index) in out.iter_mut().zip(indices) {
        *out = values[index as usize];
    }
}
