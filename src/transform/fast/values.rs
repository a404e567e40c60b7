//! Values by the distance of a scaled value from that of data zero, in cells of one width.

use crate::simd::multiversion;
use crate::transform::Scale;

use super::parabolas::{Parabola, hold};
use super::{Fast, GROUP, in_groups};

/// Distances up to this one are in the table.
const FARTHEST: f64 = 1.25;
/// Added to a number below 2^32 it leaves the nearest whole one in the lowest bits.
const WHOLE: f64 = 4_503_599_627_370_496.0;

/// A table by the distance of a scaled value from that of data zero; a cell reaches half a width to either side.
#[derive(Debug)]
pub(super) struct Values {
    /// As many as a power of two.
    cells: Vec<Parabola>,
    /// Cells in a distance of 1.
    per_unit: f64,
    /// Scaled value of data zero.
    zero: f64,
}

impl Values {
    /// A table for distances up to [`FARTHEST`], or none where it would be huge or inexact.
    pub(super) fn new(scale: &Scale, zero: f64) -> Option<Self> {
        [512, 1024, 2048, 4096, 8192]
            .into_iter()
            .find_map(|per_unit| Self::with_cells(scale, zero, per_unit))
    }

    fn with_cells(scale: &Scale, zero: f64, per_unit: u32) -> Option<Self> {
        let last = (f64::from(per_unit) * FARTHEST).ceil();
        let width = 1.0 / f64::from(per_unit);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a small whole number
        let last = last as i32;
        let scaled_values: Vec<_> = (-1..=2 * last + 1)
            .map(|half| zero + 0.5 * width * f64::from(half))
            .collect();
        let mut values = vec![0.0; scaled_values.len()];
        scale.inverse_into(&scaled_values, &mut values);
        // An error of a value is one of its scaled value by the rise of the scale.
        if !hold(&values, 0.1 * Fast::BOUND, |rise| width / rise) {
            return None;
        }
        let cells = values.windows(3).step_by(2);
        let mut cells = cells
            .map(|h| Parabola::from_middle([h[0], h[1], h[2]], 1.0))
            .collect::<Option<Vec<_>>>()?;
        cells.resize(cells.len().next_power_of_two(), Parabola::default());
        let per_unit = f64::from(per_unit);
        Some(Self {
            cells,
            per_unit,
            zero,
        })
    }

    /// The number of cells the table has room for.
    #[cfg(test)]
    pub(super) fn cells(&self) -> usize {
        self.cells.len()
    }

    /// The value at a scaled value within reach.
    #[inline(always)]
    fn of(&self, y: f64) -> f64 {
        let above = y - self.zero;
        let distance = above.abs() * self.per_unit;
        let nearest = distance + WHOLE;
        let mask = self.cells.len() as u64 - 1;
        #[allow(clippy::cast_possible_truncation)] // a mask that is short
        let cell = self.cells[(nearest.to_bits() & mask) as usize];
        cell.at(distance - (nearest - WHOLE)).copysign(above)
    }

    /// Return whether a scaled value is within reach.
    #[inline(always)]
    fn reaches(&self, y: f64) -> bool {
        (y - self.zero).abs() <= FARTHEST
    }

    /// Bring `scaled_values` back to values.
    pub(super) fn look_up(&self, scale: &Scale, scaled_values: &[f64], out: &mut [f64]) {
        in_groups(scaled_values, out, |scaled_values, out| {
            values_of(self, scale, scaled_values, out);
        });
    }

    /// The values at scaled values not all of which are within reach.
    #[cold]
    #[inline(never)]
    fn beyond(&self, scale: &Scale, scaled_values: &[f64; GROUP], out: &mut [f64; GROUP]) {
        for (value, &y) in out.iter_mut().zip(scaled_values) {
            *value = if self.reaches(y) {
                self.of(y)
            } else {
                scale.inverse(y)
            };
        }
    }
}

multiversion! {
    /// Look up groups of scaled values.
    fn values_of(table: &Values, scale: &Scale, scaled_values: &[[f64; GROUP]], out: &mut [[f64; GROUP]]) {
        if table.cells.is_empty() {
            return; // never; with it said, no scaled value in the table has to be checked
        }
        for (scaled_values, out) in scaled_values.iter().zip(out) {
            let [a, b, c, d] = *scaled_values;
            if table.reaches(a) & table.reaches(b) & table.reaches(c) & table.reaches(d) {
                *out = [table.of(a), table.of(b), table.of(c), table.of(d)];
            } else {
                table.beyond(scale, scaled_values, out);
            }
        }
    }
}
