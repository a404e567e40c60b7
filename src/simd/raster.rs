//! Which cells of a grid the events of two columns lie in, and what is known about those cells.

use super::multiversion;

/// A grid over a box: `2^bits` rows of as many cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// The box, borders included; other places, and NaN, lie in no cell.
    pub low: (f64, f64),
    /// See `low`.
    pub high: (f64, f64),
    /// Cells per unit. Cell `k` has the places nearest to `k` cells from `low`.
    pub scale: (f64, f64),
    /// The logarithm to base 2 of the number of columns, and of rows.
    pub bits: u32,
}

/// Adding it rounds a small number to a whole one, which then stands in the lowest bits.
const ROUND: f64 = (1_u64 << 52) as f64;

impl Grid {
    /// Number of cells, and the number that stands for "in no cell".
    #[must_use]
    pub fn cells(&self) -> usize {
        1 << (2 * self.bits)
    }

    /// The cell of a place, rows first. It never falls as a coordinate rises.
    #[inline(always)]
    #[allow(clippy::inline_always)] // it must take on the features of the kernel around it
    #[allow(clippy::needless_bitwise_bool)] // without a branch, so that lanes stay together
    #[must_use]
    pub fn cell(&self, x: f64, y: f64) -> u64 {
        #[allow(clippy::needless_bitwise_bool)] // branches would keep it from vectors
        let within =
            (x >= self.low.0) & (x <= self.high.0) & (y >= self.low.1) & (y <= self.high.1);
        let column = ((x - self.low.0) * self.scale.0 + ROUND).to_bits();
        let row = ((y - self.low.1) * self.scale.1 + ROUND).to_bits();
        let most = (1_u64 << self.bits) - 1;
        let cell = ((row & most) << self.bits) | (column & most);
        if within { cell } else { 1 << (2 * self.bits) }
    }
}

/// Bit of a class: the cell is inside, or the parity its border starts from.
pub const INSIDE: u8 = 1;
/// Bit of a class: a border runs through or near the cell.
pub const BORDER: u8 = 2;

multiversion! {
    /// The cell of each place, and its class as words of bits: which are inside, which have a border.
    ///
    /// `classes` has one class per cell, and one for places in no cell.
    ///
    /// # Panics
    /// If it has not, or the slices differ in length.
    pub fn classify(
        xs: &[f64],
        ys: &[f64],
        grid: &Grid,
        classes: &[u8],
        cells: &mut [u64],
        inside: &mut [u64],
        border: &mut [u64],
    ) {
        const ONES: u64 = 0x0101_0101_0101_0101;
        // Multiplying moves the lowest bit of byte k to bit 56 + k.
        const GATHER: u64 = 0x0102_0408_1020_4080;
        let grid = *grid;
        assert!(classes.len() > grid.cells() && xs.len() == ys.len() && xs.len() == cells.len());
        for ((cell, &x), &y) in cells.iter_mut().zip(xs).zip(ys) {
            *cell = grid.cell(x, y);
        }
        // SAFETY: no number that `Grid::cell` gives is above `grid.cells()`.
        #[allow(clippy::cast_possible_truncation)] // and that is the length of a slice
        let class = |cell: u64| u64::from(unsafe { *classes.get_unchecked(cell as usize) });
        for ((chunk, inside), border) in cells.chunks(64).zip(inside).zip(border) {
            let (mut ins, mut bor) = (0, 0);
            let (eights, rest) = chunk.as_chunks::<8>();
            for (group, cells) in eights.iter().enumerate() {
                let mut eight = 0;
                for (place, &cell) in cells.iter().enumerate() {
                    eight |= class(cell) << (8 * place);
                }
                ins |= ((eight & ONES).wrapping_mul(GATHER) >> 56) << (8 * group);
                bor |= (((eight >> 1) & ONES).wrapping_mul(GATHER) >> 56) << (8 * group);
            }
            for (place, &cell) in rest.iter().enumerate() {
                let bit = eights.len() * 8 + place;
                ins |= (class(cell) & 1) << bit;
                bor |= (class(cell) >> 1 & 1) << bit;
            }
            *inside = ins;
            *border = bor;
        }
    }
}
