//! Tables of a scale that is reflected about data zero: places by the size of a value, and values by
//! the distance of a place from that of data zero.

use crate::simd::multiversion;
use crate::transform::Scale;
use crate::transform::curve::BLOCK;

use super::Fast;
use super::cubics::{self, Cubic, NODES, PROBES};

/// More octaves than any use needs are left to the exact path.
const MOST_CELLS: u64 = 8192;
/// Values up to so many tops of scale are in the table.
const TOPS: f64 = 64.0;

/// Places by the size of a value.
///
/// The cells divide each octave of `size + offset` into `2^bits` parts, so that a cell is read off
/// the leading bits of that sum; the offset makes them even where the scale is linear.
#[derive(Debug)]
pub(super) struct Places {
    cells: Vec<Cubic>,
    offset: f64,
    /// How many trailing bits of the sum lie within a cell.
    within: u32,
    /// The leading bits of the first cell.
    first: u64,
    /// The largest size in the table.
    largest: f64,
    /// Place of data zero.
    zero: f64,
}

impl Places {
    /// A table for sizes from 0 to many times `top`, or none where it would be huge or inexact.
    pub(super) fn new(scale: &Scale, zero: f64, linear_size: f64, top: f64) -> Option<Self> {
        (4..=7).find_map(|bits| {
            let table = Self::with_bits(scale, zero, linear_size, top, bits)?;
            let error = table.error(scale);
            (error <= 0.25 * Fast::BOUND).then_some(table)
        })
    }

    fn with_bits(scale: &Scale, zero: f64, linear_size: f64, top: f64, bits: u32) -> Option<Self> {
        let offset = linear_size.log2().round().exp2();
        let end = (top * TOPS + offset).log2().ceil().exp2();
        if !offset.is_normal() || !end.is_normal() {
            return None;
        }
        let within = 52 - bits;
        let (first, last) = (offset.to_bits() >> within, end.to_bits() >> within);
        let mut table = Self {
            cells: Vec::new(),
            offset,
            within,
            first,
            largest: (end - offset).next_down(),
            zero,
        };
        if last - first > MOST_CELLS {
            return None;
        }
        let mut sizes: Vec<_> = (0..last - first)
            .flat_map(|cell| NODES.map(|t| table.size(cell, t)))
            .collect();
        sizes.push(end - offset);
        let mut places = vec![0.0; sizes.len()];
        scale.forward_into(&sizes, &mut places);
        for place in &mut places {
            *place -= zero;
        }
        table.cells = cubics::through(&places);
        Some(table)
    }

    /// How many cells the table has.
    #[cfg(test)]
    pub(super) fn cells(&self) -> usize {
        self.cells.len()
    }

    /// The size at `t` within a cell.
    fn size(&self, cell: u64, t: f64) -> f64 {
        let edge = |cell: u64| f64::from_bits((self.first + cell) << self.within);
        let (low, high) = (edge(cell), edge(cell + 1));
        (low + (high - low) * t) - self.offset
    }

    /// The largest error at the probes of all cells.
    fn error(&self, scale: &Scale) -> f64 {
        let sizes: Vec<_> = (0..self.cells.len() as u64)
            .flat_map(|cell| PROBES.map(|t| self.size(cell, t)))
            .collect();
        let mut exact = vec![0.0; sizes.len()];
        scale.forward_into(&sizes, &mut exact);
        let mut found = vec![0.0; sizes.len()];
        self.look_up(scale, &sizes, &mut found);
        let errors = exact.iter().zip(&found).map(|(a, b)| (a - b).abs());
        errors.fold(0.0, f64::max)
    }

    /// Put `values` on the scale.
    pub(super) fn look_up(&self, scale: &Scale, values: &[f64], out: &mut [f64]) {
        for (values, out) in values.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            if !places_of(self, values, out) {
                for (place, &x) in out.iter_mut().zip(values) {
                    // `!(a <= b)` and not `a > b`: it holds for NaN.
                    #[allow(clippy::neg_cmp_op_on_partial_ord)]
                    if !(x.abs() <= self.largest) {
                        *place = scale.forward(x);
                    }
                }
            }
        }
    }
}

multiversion! {
    /// Look up a block; whether all of it was in the table.
    fn places_of(table: &Places, values: &[f64], out: &mut [f64]) -> bool {
        let mut cells = [0_u32; BLOCK];
        let mut parts = [0.0_f64; BLOCK];
        let (cells, parts) = (&mut cells[..values.len()], &mut parts[..values.len()]);
        let (offset, within, first, largest) =
            (table.offset, table.within, table.first, table.largest);
        let (below, bits) = ((1_u64 << within) - 1, 52 - within);
        let mut all = true;
        for ((cell, part), &x) in cells.iter_mut().zip(parts.iter_mut()).zip(values) {
            let size = x.abs();
            let inside = size <= largest;
            all &= inside;
            let sum = if inside { size + offset } else { offset };
            let sum = sum.to_bits();
            #[allow(clippy::cast_possible_truncation)] // tables are small
            {
                *cell = ((sum >> within) - first) as u32;
            }
            *part = f64::from_bits(((sum & below) << bits) | 0x3ff0_0000_0000_0000) - 1.0;
        }
        let zero = table.zero;
        let table = table.cells.as_slice();
        for (((place, &cell), &part), &x) in out.iter_mut().zip(&*cells).zip(&*parts).zip(values) {
            let above = cubics::at(&table[cell as usize], part);
            *place = zero + above.copysign(x);
        }
        all
    }
}

/// Values by the distance of a place from that of data zero, in cells of one width.
#[derive(Debug)]
pub(super) struct Values {
    cells: Vec<Cubic>,
    /// Cells in a distance of 1.
    per_unit: f64,
    /// The largest distance in the table.
    largest: f64,
    /// Place of data zero.
    zero: f64,
}

/// Distances up to this one are in the table.
const FARTHEST: f64 = 1.25;

impl Values {
    /// A table for distances up to [`FARTHEST`], or none where it would be huge or inexact.
    pub(super) fn new(scale: &Scale, zero: f64) -> Option<Self> {
        [128.0, 256.0, 512.0, 1024.0, 4096.0]
            .into_iter()
            .find_map(|per_unit| {
                let table = Self::with_cells(scale, zero, per_unit);
                (table.error(scale) <= 0.1 * Fast::BOUND).then_some(table)
            })
    }

    /// How many cells the table has.
    #[cfg(test)]
    pub(super) fn cells(&self) -> usize {
        self.cells.len()
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a small whole number
    fn with_cells(scale: &Scale, zero: f64, per_unit: f64) -> Self {
        let cells = (FARTHEST * per_unit) as u32;
        let nodes = (0..cells).flat_map(|cell| NODES.map(|t| f64::from(cell) + t));
        let places: Vec<_> = nodes
            .chain([f64::from(cells)])
            .map(|node| zero + node / per_unit)
            .collect();
        let mut values = vec![0.0; places.len()];
        scale.inverse_into(&places, &mut values);
        Self {
            cells: cubics::through(&values),
            per_unit,
            largest: FARTHEST * (1.0 - f64::EPSILON),
            zero,
        }
    }

    /// The largest error at the probes of all cells, as a distance of places.
    fn error(&self, scale: &Scale) -> f64 {
        let cells = 0..self.cells.len();
        let places: Vec<_> = cells
            .flat_map(|cell| PROBES.map(|t| self.zero + (cell as f64 + t) / self.per_unit))
            .collect();
        let mut found = vec![0.0; places.len()];
        self.look_up(scale, &places, &mut found);
        let mut back = vec![0.0; places.len()];
        scale.forward_into(&found, &mut back);
        let errors = places.iter().zip(&back).map(|(a, b)| (a - b).abs());
        // A value that overflows is an error, not a NaN that compares as none.
        errors.fold(0.0, |most, e| if e <= most { most } else { e })
    }

    /// Bring `places` back to values.
    pub(super) fn look_up(&self, scale: &Scale, places: &[f64], out: &mut [f64]) {
        for (places, out) in places.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            if !values_of(self, places, out) {
                for (value, &y) in out.iter_mut().zip(places) {
                    #[allow(clippy::neg_cmp_op_on_partial_ord)]
                    if !((y - self.zero).abs() <= self.largest) {
                        *value = scale.inverse(y);
                    }
                }
            }
        }
    }
}

multiversion! {
    /// Look up a block; whether all of it was in the table.
    fn values_of(table: &Values, places: &[f64], out: &mut [f64]) -> bool {
        /// Added to a number below 2^32 it leaves its whole part in the lowest bits.
        const WHOLE: f64 = 4_503_599_627_370_496.0;
        let mut cells = [0_u32; BLOCK];
        let mut parts = [0.0_f64; BLOCK];
        let (cells, parts) = (&mut cells[..places.len()], &mut parts[..places.len()]);
        let (zero, per_unit, largest) = (table.zero, table.per_unit, table.largest);
        let mut all = true;
        for ((cell, part), &y) in cells.iter_mut().zip(parts.iter_mut()).zip(places) {
            let above = (y - zero).abs();
            let inside = above <= largest;
            all &= inside;
            let at = if inside { above * per_unit } else { 0.0 };
            // Rounded to the nearest, then one down where that was up.
            let nearest = (at + WHOLE) - WHOLE;
            let whole = if nearest > at { nearest - 1.0 } else { nearest };
            #[allow(clippy::cast_possible_truncation)] // tables are small
            {
                *cell = (whole + WHOLE).to_bits() as u32;
            }
            *part = at - whole;
        }
        let table = table.cells.as_slice();
        for (((value, &cell), &part), &y) in out.iter_mut().zip(&*cells).zip(&*parts).zip(places) {
            let size = cubics::at(&table[cell as usize], part);
            *value = size.copysign(y - zero);
        }
        all
    }
}
