//! FlowJo's table of values by channel, and an index into it: the same places as the scale itself
//! gives, to the last bit, or without its divisions, to some roundings.

use crate::simd::multiversion;
use crate::transform::FlowJoBiex;
use crate::transform::curve::BLOCK;

use super::{GROUP, in_groups};

/// More cells than any use needs are left to the scale itself.
const MOST_CELLS: u64 = 1 << 20;

/// The values of the channels on the longer side of data zero, which serve both sides.
#[derive(Debug)]
pub(in crate::transform) struct Knots {
    scale: FlowJoBiex,
    /// The value `k` channels from data zero, one beyond the last as well.
    values: Vec<f64>,
    /// From each of them to the next, the place above data zero as height and slope by the size.
    lines: Vec<[f64; 2]>,
    /// For each cell of sizes a channel at or below all of it, at most one too low: a ring, where a cell
    /// stands at the lowest of its bits.
    starts: Vec<u16>,
    /// Cells divide each octave of `size + offset` into `2^(52 - within)` parts.
    offset: f64,
    within: u32,
}

impl Knots {
    /// The table of a scale, or none where it would be huge.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a small whole number
    pub(in crate::transform) fn new(scale: &FlowJoBiex) -> Option<Self> {
        let channels = scale.reach() as u32 + 2;
        let values: Vec<_> = (0..=channels).map(|k| scale.knot(f64::from(k))).collect();
        (7..=16).find_map(|bits| Self::with_bits(*scale, &values, bits))
    }

    /// With so many cells to an octave, unless one would hold two channels' values.
    fn with_bits(scale: FlowJoBiex, values: &[f64], bits: u32) -> Option<Self> {
        let last_value = *values.last()?;
        let offset = scale.linear_size().log2().floor().exp2();
        let within = 52 - bits;
        let first = offset.to_bits() >> within;
        let last = (last_value + offset).to_bits() >> within;
        if !offset.is_normal() || !last_value.is_finite() || last - first > MOST_CELLS {
            return None;
        }
        #[allow(clippy::cast_possible_truncation)] // at most twice MOST_CELLS
        let mut starts = vec![0; (last + 1 - first).next_power_of_two() as usize];
        let mask = starts.len() as u64 - 1;
        let (mut start, mut most) = (0, 0);
        for cell in first..=last {
            let (low, high) = (
                f64::from_bits(cell << within),
                f64::from_bits((cell + 1) << within),
            );
            // A sum is rounded: sizes a hair outside fall into the cell as well.
            let hair = 4.0 * f64::EPSILON * high;
            while values
                .get(start + 1)
                .is_some_and(|&v| v <= low - offset - hair)
            {
                start += 1;
            }
            most = most.max(start);
            while values
                .get(most + 1)
                .is_some_and(|&v| v <= high - offset + hair)
            {
                most += 1;
            }
            if most > start + 1 {
                return None;
            }
            #[allow(clippy::cast_possible_truncation)] // of a mask that is short
            let at = (cell & mask) as usize;
            starts[at] = u16::try_from(start).ok()?;
        }
        let line = |(k, ends): (usize, &[f64])| scale.line(k as f64, ends[0], ends[1]);
        Some(Self {
            scale,
            values: values.to_vec(),
            lines: values.windows(2).enumerate().map(line).collect(),
            starts,
            offset,
            within,
        })
    }

    /// Where the cell of a size stands in the ring.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // of a mask that is short
    fn at(&self, size: f64) -> usize {
        let cell = (size + self.offset).to_bits() >> self.within;
        (cell & (self.starts.len() as u64 - 1)) as usize
    }

    /// The place of a value that does not saturate, along its line.
    #[inline(always)]
    fn of(&self, x: f64) -> f64 {
        let size = x.abs();
        let start = usize::from(self.starts[self.at(size)]);
        let [height, slope] = self.lines[start + usize::from(size >= self.values[start + 1])];
        self.scale.zero_place() + (height + size * slope).copysign(x)
    }

    /// Put `values` on the scale, to some roundings.
    pub(super) fn look_up(&self, values: &[f64], out: &mut [f64]) {
        in_groups(values, out, |values, out| along_lines(self, values, out));
    }

    /// The places of values some of which saturate.
    #[cold]
    #[inline(never)]
    fn beyond(&self, values: &[f64; GROUP], out: &mut [f64; GROUP]) {
        for (place, &x) in out.iter_mut().zip(values) {
            *place = if x.is_nan() || self.scale.saturates(x) {
                self.scale.end(x)
            } else {
                self.of(x)
            };
        }
    }

    /// Put `values` on the scale, to the last bit.
    pub(in crate::transform) fn forward_into(&self, values: &[f64], out: &mut [f64]) {
        for (values, out) in values.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            if !places_of(self, values, out) {
                for (place, &x) in out.iter_mut().zip(values) {
                    if x.is_nan() || self.scale.saturates(x) {
                        *place = self.scale.end(x);
                    }
                }
            }
        }
    }

    /// Bring `places` back to values.
    pub(in crate::transform) fn inverse_into(&self, places: &[f64], out: &mut [f64]) {
        for (value, &y) in out.iter_mut().zip(places) {
            *value = if (0.0..=1.0).contains(&y) {
                let (above, k) = self.scale.channel(y);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let at = k as usize;
                self.scale
                    .value_between(above, k, self.values[at], self.values[at + 1])
            } else {
                f64::NAN
            };
        }
    }
}

multiversion! {
    /// Look up groups of values along the lines.
    fn along_lines(table: &Knots, values: &[[f64; GROUP]], out: &mut [[f64; GROUP]]) {
        if table.starts.is_empty() {
            return; // never; with it said, no place in the ring has to be checked
        }
        for (values, out) in values.iter().zip(out) {
            let [a, b, c, d] = *values;
            let scale = &table.scale;
            if scale.is_between_ends(a)
                & scale.is_between_ends(b)
                & scale.is_between_ends(c)
                & scale.is_between_ends(d)
            {
                *out = [table.of(a), table.of(b), table.of(c), table.of(d)];
            } else {
                table.beyond(values, out);
            }
        }
    }
}

multiversion! {
    /// Look up a block; whether all of it was in the table.
    fn places_of(table: &Knots, values: &[f64], out: &mut [f64]) -> bool {
        let mut cells = [0_u32; BLOCK];
        let mut channels = [0_u32; BLOCK];
        let (mut lower, mut upper) = ([0.0_f64; BLOCK], [0.0_f64; BLOCK]);
        let (cells, channels) = (&mut cells[..values.len()], &mut channels[..values.len()]);
        let (lower, upper) = (&mut lower[..values.len()], &mut upper[..values.len()]);
        let scale = &table.scale;
        let mut all = true;
        for (cell, &x) in cells.iter_mut().zip(values) {
            let inside = !scale.saturates(x) & !x.is_nan();
            all &= inside;
            let size = if inside { x.abs() } else { 0.0 };
            #[allow(clippy::cast_possible_truncation)] // tables are small
            {
                *cell = table.at(size) as u32;
            }
        }
        let (starts, knots) = (table.starts.as_slice(), table.values.as_slice());
        for ((((channel, lower), upper), &cell), &x) in
            channels.iter_mut().zip(lower.iter_mut()).zip(upper.iter_mut()).zip(&*cells).zip(values)
        {
            let start = u32::from(starts[cell as usize]);
            let k = start + u32::from(x.abs() >= knots[start as usize + 1]);
            *channel = k;
            *lower = knots[k as usize];
            *upper = knots[k as usize + 1];
        }
        for ((((place, &k), &lower), &upper), &x) in
            out.iter_mut().zip(&*channels).zip(&*lower).zip(&*upper).zip(values)
        {
            *place = scale.between(x, f64::from(k), lower, upper);
        }
        all
    }
}
