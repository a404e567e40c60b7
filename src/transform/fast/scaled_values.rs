//! Scaled values by the size of a value, of a scale that is reflected about data zero.

use crate::simd::multiversion;
use crate::transform::Scale;

use super::parabolas::{Parabola, hold};
use super::{Fast, GROUP, in_groups};

/// More octaves than any use needs are left to the exact path.
const MOST_CELLS: u64 = 16_384;
/// Values up to so many tops of scale are in the table,
const TOPS: f64 = 4.0;
/// and up to so many times the size by which the scale has left its linear part.
const LINEAR_SIZES: f64 = 4096.0;

/// A table by the size of a value.
///
/// The cells divide each octave of `size + offset` into `2^bits` parts, so that a cell is read off
/// the leading bits of that sum; the offset makes them even where the scale is linear. The table is
/// a ring: a cell stands at the lowest of those bits.
#[derive(Debug)]
pub(super) struct ScaledValues {
    ring: Vec<Parabola>,
    offset: f64,
    /// The number of trailing bits of the sum lie within a cell.
    within: u32,
    /// The largest size in the table.
    largest: f64,
    /// Scaled value of data zero.
    zero: f64,
}

impl ScaledValues {
    /// A table for sizes from 0 to beyond `top`, or none where it would be huge or inexact.
    pub(super) fn new(scale: &Scale, zero: f64, linear_size: f64, top: f64) -> Option<Self> {
        let end = (top * TOPS).max(linear_size * LINEAR_SIZES);
        Self::through(zero, linear_size, end, |sizes, scaled_values| {
            scale.forward_into(sizes, scaled_values);
            for scaled in scaled_values {
                *scaled -= zero;
            }
        })
    }

    /// The same from the scaled values of sizes above that of data zero, up to a size.
    pub(super) fn through(
        zero: f64,
        linear_size: f64,
        end: f64,
        heights: impl Fn(&[f64], &mut [f64]),
    ) -> Option<Self> {
        let offset = linear_size.log2().round().exp2();
        let end = (end + offset).log2().ceil().exp2();
        // Squares of widths have to be numbers.
        if !(1e-100..1e100).contains(&offset) || !(1e-100..1e100).contains(&end) {
            return None;
        }
        (6..=8).find_map(|bits| Self::with_bits(zero, offset, end, bits, &heights))
    }

    fn with_bits(
        zero: f64,
        offset: f64,
        end: f64,
        bits: u32,
        heights: &impl Fn(&[f64], &mut [f64]),
    ) -> Option<Self> {
        let within = 52 - bits;
        let (first, last) = (offset.to_bits() >> within, end.to_bits() >> within);
        if last - first > MOST_CELLS {
            return None;
        }
        // Half cells are the cells of one bit more. The last cell is for a sum that is rounded up.
        let sizes: Vec<_> = (2 * first..=2 * (last + 1))
            .map(|half| f64::from_bits(half << (within - 1)) - offset)
            .collect();
        let mut scaled_values = vec![0.0; sizes.len()];
        heights(&sizes, &mut scaled_values);
        if !hold(&scaled_values, 0.25 * Fast::BOUND, |_| 1.0) {
            return None;
        }
        let length = (last + 1 - first).next_power_of_two();
        let mut table = Self {
            ring: Vec::new(),
            offset,
            within,
            largest: (end - offset).next_down(),
            zero,
        };
        #[allow(clippy::cast_possible_truncation)] // at most MOST_CELLS
        table.ring.resize(length as usize, Parabola::default());
        for (cell, half) in (first..=last).zip((0..).step_by(2)) {
            let width = sizes[half + 2] - sizes[half];
            let heights = [
                scaled_values[half],
                scaled_values[half + 1],
                scaled_values[half + 2],
            ];
            let at = table.at(cell);
            table.ring[at] = Parabola::from_end(heights, width)?;
        }
        Some(table)
    }

    /// Scaled value of data zero.
    pub(super) fn zero(&self) -> f64 {
        self.zero
    }

    /// The number of cells the table has room for.
    #[cfg(test)]
    pub(super) fn cells(&self) -> usize {
        self.ring.len()
    }

    /// Never; where it is said, no scaled value in the ring has to be checked.
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Where a cell stands in the ring.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // a mask that is short
    fn at(&self, cell: u64) -> usize {
        (cell & (self.ring.len() as u64 - 1)) as usize
    }

    /// The scaled value of a value within reach.
    #[inline(always)]
    pub(super) fn of(&self, x: f64) -> f64 {
        let sum = x.abs() + self.offset;
        let bits = sum.to_bits();
        let lower_end = f64::from_bits(bits & !((1 << self.within) - 1));
        let cell = self.ring[self.at(bits >> self.within)];
        self.zero + cell.at(sum - lower_end).copysign(x)
    }

    /// Return whether a value is within reach.
    #[inline(always)]
    fn reaches(&self, x: f64) -> bool {
        x.abs() <= self.largest
    }

    /// Put `values` on the scale.
    pub(super) fn look_up(&self, scale: &Scale, values: &[f64], out: &mut [f64]) {
        in_groups(values, out, |values, out| {
            scaled_values_of(self, scale, values, out);
        });
    }

    /// The scaled values of values not all of which are within reach.
    #[cold]
    #[inline(never)]
    fn beyond(&self, scale: &Scale, values: &[f64; GROUP], out: &mut [f64; GROUP]) {
        for (scaled, &x) in out.iter_mut().zip(values) {
            *scaled = if self.reaches(x) {
                self.of(x)
            } else {
                scale.forward(x)
            };
        }
    }
}

multiversion! {
    /// Look up groups of values.
    fn scaled_values_of(table: &ScaledValues, scale: &Scale, values: &[[f64; GROUP]], out: &mut [[f64; GROUP]]) {
        if table.is_empty() {
            return;
        }
        for (values, out) in values.iter().zip(out) {
            let [a, b, c, d] = *values;
            if table.reaches(a) & table.reaches(b) & table.reaches(c) & table.reaches(d) {
                *out = [table.of(a), table.of(b), table.of(c), table.of(d)];
            } else {
                table.beyond(scale, values, out);
            }
        }
    }
}
