//! FlowJo's table of values by channel, and an index into it: the same scaled values as the scale itself
//! gives, to the last bit.

use crate::simd::multiversion;
use crate::transform::FlowJoBiex;
use crate::transform::curve::BLOCK;

/// More cells than any use needs are left to the scale itself.
const MOST_CELLS: u64 = 1 << 20;

/// The values of the channels on the longer side of data zero, which serve both sides.
#[derive(Debug)]
pub(super) struct Knots {
    scale: FlowJoBiex,
    /// The value `k` channels from data zero, one beyond the last as well.
    values: Vec<f64>,
    /// For each cell of sizes a channel at or below all of it, at most one too low.
    starts: Vec<u32>,
    /// Cells divide each octave of `size + offset` into `2^(52 - within)` parts.
    offset: f64,
    within: u32,
    first: u64,
}

impl Knots {
    /// The table of a scale, or none where it would be huge.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a small whole number
    pub(super) fn new(scale: &FlowJoBiex) -> Option<Self> {
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
        let mut starts = Vec::new();
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
            starts.push(u32::try_from(start).ok()?);
        }
        Some(Self {
            scale,
            values: values.to_vec(),
            starts,
            offset,
            within,
            first,
        })
    }

    /// Put `values` on the scale.
    pub(super) fn forward_into(&self, values: &[f64], out: &mut [f64]) {
        for (values, out) in values.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            if !scaled_values_of(self, values, out) {
                for (scaled, &x) in out.iter_mut().zip(values) {
                    if !self.scale.is_between_ends(x) {
                        *scaled = self.scale.end(x);
                    }
                }
            }
        }
    }

    /// Bring `scaled_values` back to values.
    pub(super) fn inverse_into(&self, scaled_values: &[f64], out: &mut [f64]) {
        for (value, &y) in out.iter_mut().zip(scaled_values) {
            *value = if (0.0..=1.0).contains(&y) {
                let (above, k) = self.scale.channel(y);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let at = k as usize;
                self.scale
                    .value_between(above, k, self.values[at], self.values[at + 1])
            } else {
                self.scale.value_beyond(y)
            };
        }
    }
}

multiversion! {
    /// Look up a block; whether all of it was in the table.
    fn scaled_values_of(table: &Knots, values: &[f64], out: &mut [f64]) -> bool {
        let mut cells = [0_u32; BLOCK];
        let mut channels = [0_u32; BLOCK];
        let (mut lower, mut upper) = ([0.0_f64; BLOCK], [0.0_f64; BLOCK]);
        let (cells, channels) = (&mut cells[..values.len()], &mut channels[..values.len()]);
        let (lower, upper) = (&mut lower[..values.len()], &mut upper[..values.len()]);
        let (scale, offset, within, first) =
            (&table.scale, table.offset, table.within, table.first);
        let mut all = true;
        for (cell, &x) in cells.iter_mut().zip(values) {
            let inside = scale.is_between_ends(x);
            all &= inside;
            let sum = if inside { x.abs() + offset } else { offset };
            #[allow(clippy::cast_possible_truncation)] // tables are small
            {
                *cell = ((sum.to_bits() >> within) - first) as u32;
            }
        }
        let (starts, knots) = (table.starts.as_slice(), table.values.as_slice());
        for ((((channel, lower), upper), &cell), &x) in
            channels.iter_mut().zip(lower.iter_mut()).zip(upper.iter_mut()).zip(&*cells).zip(values)
        {
            let start = starts[cell as usize];
            let k = start + u32::from(x.abs() >= knots[start as usize + 1]);
            *channel = k;
            *lower = knots[k as usize];
            *upper = knots[k as usize + 1];
        }
        for ((((scaled, &k), &lower), &upper), &x) in
            out.iter_mut().zip(&*channels).zip(&*lower).zip(&*upper).zip(values)
        {
            *scaled = scale.between(x, f64::from(k), lower, upper);
        }
        all
    }
}
