//! Four channels at once: four rows of four numbers become four columns of four.
//!
//! Most columns are 32-bit floats as they stand, or integers that need a mask. Taken by fours,
//! what is done per row is shared, and masks and conversions work on four numbers side by side.

use std::array::from_fn;

use super::decode::Decoder;
use super::{ByteOrder, Encoding};

/// Channels, and rows, that are decoded at once.
pub(super) const FOUR: usize = 4;
/// Integers below this are exact as 32-bit floats.
const FLOAT32_LIMIT: u64 = 1 << f32::MANTISSA_DIGITS;

/// Four numbers, one per channel or one per row.
type Words = [u32; FOUR];

/// Decodes four channels of one kind that go to columns of 32-bit floats.
pub(super) struct Four {
    stride: usize,
    offsets: [usize; FOUR],
    bytes: usize,
    big: bool,
    /// `None` for floats.
    masks: Option<Words>,
}

impl Four {
    /// For these decoders, if there are four and they are of one kind.
    pub(super) fn new(decoders: &[Decoder]) -> Option<Self> {
        let four = decoders.first_chunk::<FOUR>()?;
        let first = &four[0];
        let alike = |d: &Decoder| d.keeps() && d.bytes == first.bytes;
        if !four.iter().all(alike) {
            return None;
        }
        let mut masks = [None; FOUR];
        for (mask, decoder) in masks.iter_mut().zip(four) {
            *mask = match (decoder.encoding, decoder.bytes) {
                (Encoding::Float32, _) => None,
                (Encoding::Integer { mask }, 2 | 4) if mask < FLOAT32_LIMIT => {
                    Some(u32::try_from(mask).ok()?)
                }
                _ => return None,
            };
        }
        let integers = masks.iter().flatten().count();
        if integers != 0 && integers != FOUR {
            return None;
        }
        Some(Self {
            stride: first.stride,
            offsets: four.each_ref().map(|decoder| decoder.offset),
            bytes: first.bytes,
            big: first.byte_order == ByteOrder::Big,
            masks: (integers == FOUR).then(|| masks.map(Option::unwrap_or_default)),
        })
    }

    /// Decode as many rows as the columns have places; gives the bits met in integers.
    pub(super) fn decode(&self, rows: &[u8], out: [&mut [f32]; FOUR]) -> Words {
        match (self.bytes, self.big) {
            (2, false) => self.decode_as::<2, false>(rows, out),
            (2, true) => self.decode_as::<2, true>(rows, out),
            (_, false) => self.decode_as::<4, false>(rows, out),
            (_, true) => self.decode_as::<4, true>(rows, out),
        }
    }

    fn decode_as<const N: usize, const BIG: bool>(
        &self,
        rows: &[u8],
        out: [&mut [f32]; FOUR],
    ) -> Words {
        let [a, b, c, d] = self.offsets;
        let beside = N == 4 && [b, c, d] == [a + 4, a + 8, a + 12];
        let scattered = |row: &[u8]| -> Words {
            self.offsets.map(|offset| {
                let bytes = row.get(offset..).and_then(<[u8]>::first_chunk::<N>);
                bytes.map_or(0, |bytes| word::<N, BIG>(bytes))
            })
        };
        let adjacent = |row: &[u8]| -> Words {
            let bytes = row.get(a..).and_then(<[u8]>::first_chunk::<16>);
            let (words, _) = bytes.map_or(&[][..], |b| b.as_slice()).as_chunks::<N>();
            from_fn(|n| words.get(n).map_or(0, word::<N, BIG>))
        };
        match self.masks {
            None if beside => {
                self.transpose(rows, out, adjacent, |x, _| f32::from_bits(x));
                [0; FOUR]
            }
            None => {
                self.transpose(rows, out, scattered, |x, _| f32::from_bits(x));
                [0; FOUR]
            }
            Some(masks) => {
                self.transpose(rows, out, scattered, |x, channel| exact(x & masks[channel]))
            }
        }
    }

    /// Four rows at a time, what is left one by one; gives all bits that were met.
    fn transpose(
        &self,
        rows: &[u8],
        [a, b, c, d]: [&mut [f32]; FOUR],
        load: impl Fn(&[u8]) -> Words,
        value: impl Fn(u32, usize) -> f32,
    ) -> Words {
        let mut met = [0; FOUR];
        let (blocks_a, rest_a) = a.as_chunks_mut::<FOUR>();
        let (blocks_b, rest_b) = b.as_chunks_mut::<FOUR>();
        let (blocks_c, rest_c) = c.as_chunks_mut::<FOUR>();
        let (blocks_d, rest_d) = d.as_chunks_mut::<FOUR>();
        let columns = blocks_a.iter_mut().zip(blocks_b).zip(blocks_c);
        let mut groups = rows.chunks_exact(FOUR * self.stride);
        for ((((a, b), c), d), group) in columns.zip(blocks_d).zip(&mut groups) {
            let table: [Words; FOUR] = from_fn(|row| load(&group[row * self.stride..]));
            for row in &table {
                met = from_fn(|n| met[n] | row[n]);
            }
            *a = from_fn(|row| value(table[row][0], 0));
            *b = from_fn(|row| value(table[row][1], 1));
            *c = from_fn(|row| value(table[row][2], 2));
            *d = from_fn(|row| value(table[row][3], 3));
        }
        let rest = rest_a.iter_mut().zip(rest_b).zip(rest_c).zip(rest_d);
        for ((((a, b), c), d), row) in rest.zip(groups.remainder().chunks_exact(self.stride)) {
            let words = load(row);
            met = from_fn(|n| met[n] | words[n]);
            [*a, *b, *c, *d] = from_fn(|n| value(words[n], n));
        }
        met
    }
}

/// A number of 2 or 4 bytes.
fn word<const N: usize, const BIG: bool>(bytes: &[u8; N]) -> u32 {
    let mut wide = [0; 4];
    if BIG {
        wide[4 - N..].copy_from_slice(bytes);
        u32::from_be_bytes(wide)
    } else {
        wide[..N].copy_from_slice(bytes);
        u32::from_le_bytes(wide)
    }
}

/// An integer of at most 24 bits as a float; a signed conversion is the fastest.
#[allow(clippy::cast_possible_wrap)]
fn exact(x: u32) -> f32 {
    x as i32 as f32
}
