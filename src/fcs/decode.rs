//! Decoding: one channel of plain rows into a contiguous column.
//!
//! Byte order, mask, amplification and the width of the column are settled once per channel; what
//! remains per value is a load at a stride, a few operations and a store side by side.

use crate::simd::transpose;

use super::data::Values;
use super::{Amplification, ByteOrder, Encoding, File};

/// A number of a column: `f32` where that holds every value exactly, else `f64`.
pub trait Real: Copy + Send {
    /// From single precision.
    fn from_f32(x: f32) -> Self;
    /// From double precision; exact where the column was chosen by
    /// [`super::Parameter::scale_fits_float32`].
    fn from_f64(x: f64) -> Self;
    /// From an integer, under the same condition.
    fn from_u64(x: u64) -> Self;
}

impl Real for f32 {
    #[inline]
    fn from_f32(x: f32) -> Self {
        x
    }

    #[allow(clippy::cast_possible_truncation)] // exact, by the choice of the column
    #[inline]
    fn from_f64(x: f64) -> Self {
        x as Self
    }

    // At most 24 bits by the choice of the column; a signed 32-bit conversion is the fastest.
    #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
    #[inline]
    fn from_u64(x: u64) -> Self {
        x as i32 as Self
    }
}

impl Real for f64 {
    #[inline]
    fn from_f32(x: f32) -> Self {
        Self::from(x)
    }

    #[inline]
    fn from_f64(x: f64) -> Self {
        x
    }

    #[inline]
    fn from_u64(x: u64) -> Self {
        x as Self
    }
}

/// Most entries of a table of scale values.
const MOST_TABLE: u64 = 1 << 16;

/// What remains to be done with a stored number.
#[derive(Debug, Clone)]
enum Step {
    /// Nothing.
    Keep,
    /// The amplification, computed.
    Compute(Amplification),
    /// The amplification, looked up for every possible number.
    Look(Vec<f64>),
}

/// Decodes one channel of one file.
#[derive(Debug, Clone)]
pub struct Decoder {
    stride: usize,
    offset: usize,
    bytes: usize,
    encoding: Encoding,
    byte_order: ByteOrder,
    step: Step,
}

impl Decoder {
    /// For channel number `channel` of `file`, which must have it.
    #[must_use]
    pub fn new(file: &File, channel: usize, values: Values) -> Self {
        let parameter = &file.parameters[channel];
        let amplification = parameter.amplification;
        let keep = values == Values::Raw || amplification.is_identity();
        Self {
            stride: file.event_bytes,
            offset: parameter.offset,
            bytes: parameter.bytes,
            encoding: parameter.encoding,
            byte_order: file.byte_order,
            step: if keep {
                Step::Keep
            } else {
                Step::Compute(amplification)
            },
        }
    }

    /// The same, with logarithms looked up in a table where `n_events` events pay for it. The
    /// values are those that would be computed.
    #[must_use]
    pub fn with_table(mut self, n_events: usize) -> Self {
        if let (Step::Compute(step @ Amplification::Logarithmic { .. }), Encoding::Integer { mask }) =
            (&self.step, self.encoding)
            && mask < MOST_TABLE.min(n_events as u64)
        {
            self.step = Step::Look((0..=mask).map(|x| step.apply(x as f64)).collect());
        }
        self
    }

    /// How many of these decoders, from the first on, can be turned into columns at once: 32-bit
    /// floats, or 16-bit integers, that stand side by side and stay as they are.
    pub(super) fn side_by_side(decoders: &[Self]) -> usize {
        let plain = |d: &Self| match (d.encoding, &d.step) {
            (Encoding::Float32, Step::Keep) => Some(4),
            (Encoding::Integer { .. }, Step::Keep) if d.bytes == 2 => Some(2),
            _ => None,
        };
        let Some(bytes) = decoders.first().and_then(plain) else {
            return 0;
        };
        let follows =
            |two: &&[Self]| plain(&two[1]) == Some(bytes) && two[1].offset == two[0].offset + bytes;
        let more = decoders.windows(2).take_while(follows).count();
        (1 + more).min(transpose::WIDTH)
    }

    /// Decode channels of which [`Self::side_by_side`] says that it can be done; gives for each the
    /// bits that were met in integers.
    pub(super) fn decode_together(
        decoders: &[Self],
        rows: &[u8],
        out: &mut [&mut [f32]],
    ) -> [u16; transpose::WIDTH] {
        let leader = &decoders[0];
        let rows = transpose::Rows {
            bytes: rows,
            stride: leader.stride,
            offset: leader.offset,
            big_endian: leader.byte_order == ByteOrder::Big,
        };
        if leader.encoding == Encoding::Float32 {
            transpose::floats(rows, out);
            return [0; transpose::WIDTH];
        }
        let mut masks = [0; transpose::WIDTH];
        for (slot, decoder) in masks.iter_mut().zip(decoders) {
            if let Encoding::Integer { mask } = decoder.encoding {
                // Two bytes hold no more bits.
                *slot = u16::try_from(mask & u64::from(u16::MAX)).unwrap_or(u16::MAX);
            }
        }
        transpose::halfwords(rows, &masks[..out.len()], out)
    }

    /// Decode as many rows as `out` has values; gives the bits that were met in integers.
    pub fn decode<T: Real>(&self, rows: &[u8], out: &mut [T]) -> u64 {
        // All rows have one length, so that the bounds are checked once for all of them.
        self.decode_each(rows.chunks_exact(self.stride), out)
    }

    /// Decode some rows, by their indices: as many as `out` has values.
    pub fn decode_at<T: Real>(&self, rows: &[u8], indices: &[u32], out: &mut [T]) -> u64 {
        let row = |&index: &u32| {
            let begin = index as usize * self.stride;
            rows.get(begin..begin + self.stride).unwrap_or_default()
        };
        self.decode_each(indices.iter().map(row), out)
    }

    /// Whether this channel and another, at or behind it in each row, are 32-bit floats that
    /// [`Self::decode_window`] turns together.
    #[must_use]
    pub fn shares_window(&self, other: &Self) -> bool {
        let plain = |d: &Self| d.encoding == Encoding::Float32 && matches!(d.step, Step::Keep);
        plain(self) && plain(other) && self.lane_of(other).is_some()
    }

    /// Bytes of each row before this channel.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// How many 32-bit floats another channel lies behind this one, if they fit one window.
    fn lane_of(&self, other: &Self) -> Option<usize> {
        let bytes = other.offset.checked_sub(self.offset)?;
        (bytes % 4 == 0 && bytes < 4 * transpose::WIDTH).then_some(bytes / 4)
    }

    /// Decode `channels` that share a window with this one, the first of them: all rows, or those
    /// at `indices`, which rise. There are at most [`transpose::WIDTH`] channels.
    pub fn decode_window(
        &self,
        channels: &[&Self],
        rows: &[u8],
        indices: Option<&[u32]>,
        out: &mut [&mut [f64]],
    ) {
        let mut lanes = [0; transpose::WIDTH];
        for (lane, channel) in lanes.iter_mut().zip(channels) {
            *lane = self.lane_of(channel).unwrap_or(0);
        }
        let rows = transpose::Rows {
            bytes: rows,
            stride: self.stride,
            offset: self.offset,
            big_endian: self.byte_order == ByteOrder::Big,
        };
        transpose::doubles(rows, indices, &lanes[..channels.len()], out);
    }

    #[inline]
    fn decode_each<'r, T: Real>(&self, rows: impl Iterator<Item = &'r [u8]>, out: &mut [T]) -> u64 {
        match self.byte_order {
            ByteOrder::Little => self.decode_as::<false, T>(rows, out),
            ByteOrder::Big => self.decode_as::<true, T>(rows, out),
        }
    }

    #[inline]
    fn decode_as<'r, const BIG: bool, T: Real>(
        &self,
        rows: impl Iterator<Item = &'r [u8]>,
        out: &mut [T],
    ) -> u64 {
        match (self.encoding, self.bytes) {
            (Encoding::Float32, _) => self.floats32::<BIG, T>(rows, out),
            (Encoding::Float64, _) => self.floats64::<BIG, T>(rows, out),
            (Encoding::Integer { mask }, 1) => self.integers::<1, BIG, T>(mask, rows, out),
            (Encoding::Integer { mask }, 2) => self.integers::<2, BIG, T>(mask, rows, out),
            (Encoding::Integer { mask }, 3) => self.integers::<3, BIG, T>(mask, rows, out),
            (Encoding::Integer { mask }, 4) => self.integers::<4, BIG, T>(mask, rows, out),
            (Encoding::Integer { mask }, 5) => self.integers::<5, BIG, T>(mask, rows, out),
            (Encoding::Integer { mask }, 6) => self.integers::<6, BIG, T>(mask, rows, out),
            (Encoding::Integer { mask }, 7) => self.integers::<7, BIG, T>(mask, rows, out),
            (Encoding::Integer { mask }, _) => self.integers::<8, BIG, T>(mask, rows, out),
        }
    }

    fn floats32<'r, const BIG: bool, T: Real>(
        &self,
        rows: impl Iterator<Item = &'r [u8]>,
        out: &mut [T],
    ) -> u64 {
        let load = |bytes| {
            if BIG {
                f32::from_be_bytes(bytes)
            } else {
                f32::from_le_bytes(bytes)
            }
        };
        match &self.step {
            Step::Compute(step) => {
                self.gather(rows, out, |b| T::from_f64(step.apply(f64::from(load(b)))));
            }
            Step::Keep | Step::Look(_) => self.gather(rows, out, |b| T::from_f32(load(b))),
        }
        0
    }

    fn floats64<'r, const BIG: bool, T: Real>(
        &self,
        rows: impl Iterator<Item = &'r [u8]>,
        out: &mut [T],
    ) -> u64 {
        let load = |bytes| {
            if BIG {
                f64::from_be_bytes(bytes)
            } else {
                f64::from_le_bytes(bytes)
            }
        };
        match &self.step {
            Step::Compute(step) => self.gather(rows, out, |b| T::from_f64(step.apply(load(b)))),
            Step::Keep | Step::Look(_) => self.gather(rows, out, |b| T::from_f64(load(b))),
        }
        0
    }

    fn integers<'r, const N: usize, const BIG: bool, T: Real>(
        &self,
        mask: u64,
        rows: impl Iterator<Item = &'r [u8]>,
        out: &mut [T],
    ) -> u64 {
        let mut met = 0;
        let mut load = |bytes: [u8; N]| {
            let number = whole::<N, BIG>(bytes);
            met |= number;
            number & mask
        };
        match &self.step {
            Step::Keep => self.gather(rows, out, |b| T::from_u64(load(b))),
            Step::Compute(step) => {
                self.gather(rows, out, |b| T::from_f64(step.apply(load(b) as f64)));
            }
            Step::Look(table) => self.gather(rows, out, |b| {
                let index = usize::try_from(load(b)).unwrap_or(usize::MAX);
                T::from_f64(table.get(index).copied().unwrap_or(f64::NAN))
            }),
        }
        met
    }

    /// One value per row, from the `N` bytes at this channel's offset.
    #[inline]
    fn gather<'r, const N: usize, T>(
        &self,
        rows: impl Iterator<Item = &'r [u8]>,
        out: &mut [T],
        mut value: impl FnMut([u8; N]) -> T,
    ) {
        for (slot, row) in out.iter_mut().zip(rows) {
            if let Some(bytes) = row.get(self.offset..).and_then(<[u8]>::first_chunk) {
                *slot = value(*bytes);
            }
        }
    }
}

/// An unsigned integer of `N` bytes, at most 8.
fn whole<const N: usize, const BIG: bool>(bytes: [u8; N]) -> u64 {
    let mut wide = [0; 8];
    if BIG {
        wide[8 - N..].copy_from_slice(&bytes);
        u64::from_be_bytes(wide)
    } else {
        wide[..N].copy_from_slice(&bytes);
        u64::from_le_bytes(wide)
    }
}
