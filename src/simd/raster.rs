//! Which cells of a grid the events of two columns lie in, and what is known about those cells.

use super::compare::split_bits;
use super::multiversion;
use super::prefetch::{LINE, prefetch};

/// Bit of a class: the cell is inside, or the parity its border starts from.
pub const INSIDE: u8 = 1;
/// Bit of a class: a border runs through or near the cell.
pub const BORDER: u8 = 2;

/// Events taken at a time, so that their cells stay in the nearest cache.
pub const BLOCK: usize = 512;

/// The cells of a block of events, and what is known about them.
#[derive(Debug)]
pub struct Found {
    /// The cell of each event.
    pub cells: [u32; BLOCK],
    /// The class of each of those cells.
    classes: [u8; BLOCK],
    /// Words of bits: which cells have [`INSIDE`].
    pub inside: [u64; BLOCK / 64],
    /// Words of bits: which cells have [`BORDER`].
    pub border: [u64; BLOCK / 64],
}

impl Default for Found {
    fn default() -> Self {
        Self {
            cells: [0; BLOCK],
            classes: [0; BLOCK],
            inside: [0; BLOCK / 64],
            border: [0; BLOCK / 64],
        }
    }
}

macro_rules! grid {
    ($(#[$about:meta])* $grid:ident, $number:ty, $mantissa:literal, $cells:ident, $classify:ident) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $grid {
            /// The middle of the first cell: points before it, and NaN, count as there.
            pub low: ($number, $number),
            /// The middle of the last cell; points beyond it count as there.
            pub high: ($number, $number),
            /// Cells per unit. Cell `k` has the points nearest to `k` cells from `low`.
            pub scale: ($number, $number),
            /// The logarithm to base 2 of the number of columns, and of rows.
            pub bits: u32,
        }

        impl $grid {
            /// Number of cells.
            #[must_use]
            pub fn cells(&self) -> usize {
                1 << (2 * self.bits)
            }

            /// The cell of a point, rows first. It never falls as a coordinate rises.
            #[inline(always)]
            #[allow(clippy::inline_always)] // it must take on the features of the kernel around it
            #[allow(clippy::cast_possible_truncation)] // only the lowest bits count
            #[must_use]
            pub fn cell(&self, x: $number, y: $number) -> u32 {
                /// Adding it rounds a small number to a whole one, which then stands in the lowest bits.
                const ROUND: $number = (1_u64 << $mantissa) as $number;
                // In this order a NaN becomes `low`.
                let between = |x: $number, low: $number, high: $number| {
                    let x = if x > low { x } else { low };
                    if x < high { x } else { high }
                };
                let x = between(x, self.low.0, self.high.0);
                let y = between(y, self.low.1, self.high.1);
                let column = ((x - self.low.0) * self.scale.0 + ROUND).to_bits() as u32;
                let row = ((y - self.low.1) * self.scale.1 + ROUND).to_bits() as u32;
                // The other bits of both sums lie above those of a cell.
                (row << self.bits).wrapping_add(column) & ((1 << (2 * self.bits)) - 1)
            }
        }

        multiversion! {
            /// The cell of each point.
            fn $cells(xs: &[$number], ys: &[$number], grid: &$grid, cells: &mut [u32]) {
                let grid = *grid;
                for ((cell, &x), &y) in cells.iter_mut().zip(xs).zip(ys) {
                    *cell = grid.cell(x, y);
                }
            }
        }

        /// The cell of each of at most [`BLOCK`] points, and what `classes` says of it. Bits beyond
        /// the last place are clear.
        ///
        /// # Panics
        /// If `classes` has not one class per cell, or the columns differ in length.
        pub fn $classify(
            xs: &[$number],
            ys: &[$number],
            grid: &$grid,
            classes: &[u8],
            found: &mut Found,
        ) {
            assert!(classes.len() >= grid.cells() && xs.len() == ys.len());
            $cells(xs, ys, grid, &mut found.cells[..xs.len()]);
            let a_line = LINE / size_of::<$number>();
            let lines = found.classes.chunks_mut(a_line).zip(found.cells[..xs.len()].chunks(a_line));
            for (line, (known, cells)) in lines.enumerate() {
                // The points of the next block come while this one waits for nothing.
                prefetch(xs.as_ptr().wrapping_add(BLOCK + line * a_line));
                prefetch(ys.as_ptr().wrapping_add(BLOCK + line * a_line));
                for (class, &cell) in known.iter_mut().zip(cells) {
                    // SAFETY: no number that `cell` gives is as large as `cells()`.
                    *class = unsafe { *classes.get_unchecked(cell as usize) };
                }
            }
            split_bits(&found.classes[..xs.len()], &mut found.inside, &mut found.border);
        }
    };
}

grid! {
    /// A grid over a box: `2^bits` rows of as many cells, at most `2^11`.
    Grid, f64, 52, cells, classify
}
grid! {
    /// A grid for columns of single precision.
    SingleGrid, f32, 23, cells_single, classify_single
}
