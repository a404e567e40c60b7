//! A grid over a polygon that is built once: which cells lie inside, which outside, and which few
//! edges matter to the events of the others.
//!
//! A point counts the edges to its right that its height crosses. For all points of a cell, the
//! edges that pass to the right of the cell and not through it count alike, but for ends within
//! the row of cells: those of a chain of such edges matter only where it meets an edge
//! through the cell. So a cell with a border keeps one parity, the edges through it, and for each of
//! these whether an end belongs to a chain on the right. The exact test then decides as it
//! would with all edges, and no decision rests on the arithmetic of the grid: edges count as
//! passing through every cell they come near, by more than that arithmetic can err.

use crate::simd::compare::widen;
use crate::simd::raster::{
    BLOCK, BORDER, Found, Grid, INSIDE, SingleGrid, classify, classify_single,
};

use super::orientation::orientation;

/// Cells of this index, per side, by the number of vertices: `2^bits`.
fn bits_for(n_vertices: usize) -> u32 {
    match n_vertices {
        0..=512 => 7,
        513..=8192 => 8,
        _ => 9,
    }
}

/// No finer grid than this is made coarser to save memory.
const FEWEST_BITS: u32 = 2;
/// Most entries of all cells together, beside some for each vertex.
const MOST_ENTRIES: usize = 1 << 19;
/// Cells that an edge comes nearer than this count as touched, in units of cells.
const NEAR: f64 = 1.0 / 32.0;
/// Points moved by this much stay within reach of the edges of their cell, in units of cells.
const REACH: f64 = 1.0 / 64.0;
/// The arithmetic of a grid may err by so many cells: less than [`NEAR`] leaves beside [`REACH`].
const MOST_DISPLACED: f64 = 1.0 / 128.0;
/// Spans beyond these have no grid: its arithmetic would overflow or lose digits.
const SPANS: std::ops::Range<f64> = 1e-280..1e280;

/// Marks in an entry: the first or second end belongs to a chain on the right.
const FIRST_JOINS: u32 = 1 << 31;
const SECOND_JOINS: u32 = 1 << 30;
const EDGE: u32 = SECOND_JOINS - 1;

/// What is known about the cells of a grid over a polygon.
#[derive(Clone)]
pub(super) struct Raster {
    grid: Grid,
    /// The same grid for columns of single precision, if that can tell its cells apart.
    single: Option<SingleGrid>,
    /// One class per cell.
    classes: Vec<u8>,
    /// Where the entries of each cell begin, and where the last end.
    starts: Vec<u32>,
    /// Edges through a cell, with their marks.
    entries: Vec<u32>,
}

/// The edge between two vertices; `outline` ends with its first vertex.
fn edge(outline: &[(f64, f64)], index: usize) -> ((f64, f64), (f64, f64)) {
    (outline[index], outline[index + 1])
}

impl Raster {
    /// The grid over the edges of `outline`, a closed list of vertices within `low` and `high`.
    pub(super) fn new(outline: &[(f64, f64)], low: (f64, f64), high: (f64, f64)) -> Option<Self> {
        let n_edges = outline.len() - 1;
        let spans = (high.0 - low.0, high.1 - low.1);
        if n_edges >> 28 != 0 || !SPANS.contains(&spans.0) || !SPANS.contains(&spans.1) {
            return None;
        }
        let mut bits = bits_for(n_edges);
        loop {
            let drawing = Drawing::new(outline, low, spans, bits);
            // Where a few neighbouring numbers span the polygon, they tell no cells apart.
            if displacement(&drawing.grid, f64::EPSILON) > MOST_DISPLACED {
                return None;
            }
            let most = MOST_ENTRIES + 8 * n_edges;
            match drawing.starts(most) {
                Some(starts) => return Some(drawing.finish(starts)),
                None if bits > FEWEST_BITS => bits -= 1,
                None => return None,
            }
        }
    }

    /// The cell of a point.
    pub(super) fn cell(&self, x: f64, y: f64) -> usize {
        self.grid.cell(x, y) as usize
    }
    /// Return whether all points of a cell are inside, or none, if it has no border.
    pub(super) fn known(&self, cell: usize) -> Option<bool> {
        let class = self.classes[cell];
        (class & BORDER == 0).then_some(class & INSIDE != 0)
    }

    /// Decide a point in a cell with a border, as the test with all edges would.
    #[inline]
    pub(super) fn settle(&self, outline: &[(f64, f64)], cell: usize, x: f64, y: f64) -> bool {
        let mut inside = self.classes[cell] & INSIDE != 0;
        for &entry in self.entries(cell) {
            let (a, b) = edge(outline, (entry & EDGE) as usize);
            inside ^= entry & FIRST_JOINS != 0 && a.1 > y;
            inside ^= entry & SECOND_JOINS != 0 && b.1 > y;
            match passes(a, b, x, y) {
                Passing::On => return true,
                Passing::Right => inside = !inside,
                Passing::Not => {}
            }
        }
        inside
    }

    /// Return whether a point in the cell lies within `delta` of an edge, maybe too often.
    pub(super) fn near(
        &self,
        outline: &[(f64, f64)],
        cell: usize,
        point: (f64, f64),
        delta: (f64, f64),
    ) -> bool {
        let mut edges = self.entries(cell).iter();
        edges.any(|&entry| near(edge(outline, (entry & EDGE) as usize), point, delta))
    }

    /// Return whether all edges within `delta` of a point are among those of its cell.
    pub(super) fn reaches(&self, delta: (f64, f64)) -> bool {
        delta.0 * self.grid.scale.0 <= REACH && delta.1 * self.grid.scale.1 <= REACH
    }

    fn entries(&self, cell: usize) -> &[u32] {
        &self.entries[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }
}

/// A coordinate as it is stored.
pub(super) trait Coordinate: Copy + Into<f64> {
    /// The cells of at most [`BLOCK`] points, and what is known about them.
    fn locate(raster: &Raster, xs: &[Self], ys: &[Self], found: &mut Found);
}

impl Coordinate for f64 {
    fn locate(raster: &Raster, xs: &[Self], ys: &[Self], found: &mut Found) {
        classify(xs, ys, &raster.grid, &raster.classes, found);
    }
}

impl Coordinate for f32 {
    fn locate(raster: &Raster, xs: &[Self], ys: &[Self], found: &mut Found) {
        if let Some(grid) = &raster.single {
            return classify_single(xs, ys, grid, &raster.classes, found);
        }
        let mut buffers = [[0.0; BLOCK]; 2];
        let [across, along] = &mut buffers;
        let (across, along) = (&mut across[..xs.len()], &mut along[..ys.len()]);
        widen(xs, across);
        widen(ys, along);
        f64::locate(raster, across, along, found);
    }
}

/// By how much a point may be off in a grid, in units of cells, with numbers of this precision.
fn displacement(grid: &Grid, epsilon: f64) -> f64 {
    let off = |low: f64, high: f64, scale: f64| {
        // Both ends are rounded to half an ulp, and so are a difference of at most the span, the
        // scale, and their product.
        let ends = low.abs().max(high.abs()) * scale;
        (2.0 * ends + 4.0 * (high - low) * scale) * (epsilon / 2.0) * 1.01
    };
    let (low, high, scale) = (grid.low, grid.high, grid.scale);
    off(low.0, high.0, scale.0).max(off(low.1, high.1, scale.1))
}

/// The grid in single precision, if points are well enough found in it.
fn single(grid: &Grid) -> Option<SingleGrid> {
    let (low, high, scale) = (grid.low, grid.high, grid.scale);
    let mut numbers = [low.0, low.1, high.0, high.1, scale.0, scale.1].into_iter();
    let all_fit = numbers.all(|x| x == 0.0 || (1e-30..1e30).contains(&x.abs()));
    #[allow(clippy::cast_possible_truncation)] // to the nearest: `displacement` knows
    let narrow = |(x, y): (f64, f64)| (x as f32, y as f32);
    (all_fit && displacement(grid, f64::from(f32::EPSILON)) <= MOST_DISPLACED).then(|| SingleGrid {
        low: narrow(low),
        high: narrow(high),
        scale: narrow(scale),
        bits: grid.bits,
    })
}

/// How an edge passes a point.
pub(super) enum Passing {
    /// Through it.
    On,
    /// To its right, at its height.
    Right,
    /// Elsewhere.
    Not,
}

/// How the edge a → b passes the point; exact.
#[inline]
pub(super) fn passes(a: (f64, f64), b: (f64, f64), x: f64, y: f64) -> Passing {
    if !(y >= a.1.min(b.1) && y <= a.1.max(b.1)) {
        return Passing::Not;
    }
    let side = orientation(a, b, (x, y));
    if side == 0 && x >= a.0.min(b.0) && x <= a.0.max(b.0) {
        return Passing::On;
    }
    // An edge is crossed where it leaves the half-plane above y; of two edges that meet at the
    // height y, exactly one counts, or none or both at a peak.
    if (a.1 > y) != (b.1 > y) && (side > 0) == (b.1 > a.1) {
        Passing::Right
    } else {
        Passing::Not
    }
}

/// Return whether the point lies within `delta` of the edge, maybe too often.
pub(super) fn near(
    (a, b): ((f64, f64), (f64, f64)),
    (x, y): (f64, f64),
    delta: (f64, f64),
) -> bool {
    let beside = x < a.0.min(b.0) - delta.0
        || x > a.0.max(b.0) + delta.0
        || y < a.1.min(b.1) - delta.1
        || y > a.1.max(b.1) + delta.1;
    if beside {
        return false;
    }
    let (along_x, along_y) = (b.0 - a.0, b.1 - a.1);
    let (left, right) = ((x - a.0) * along_y, (y - a.1) * along_x);
    let change = delta.0 * along_y.abs() + delta.1 * along_x.abs();
    let rounding = 8.0 * f64::EPSILON * (left.abs() + right.abs()) + f64::MIN_POSITIVE;
    let distance = (left - right).abs();
    // Written so that a NaN or an infinity is near.
    !matches!(
        distance.partial_cmp(&(change * (1.0 + 8.0 * f64::EPSILON) + rounding)),
        Some(std::cmp::Ordering::Greater)
    )
}

/// A polygon in units of cells.
struct Drawing {
    grid: Grid,
    /// The vertices, the first again at the end.
    corners: Vec<(f64, f64)>,
    size: usize,
}

impl Drawing {
    fn new(outline: &[(f64, f64)], low: (f64, f64), spans: (f64, f64), bits: u32) -> Self {
        let size = 1_usize << bits;
        // A cell on either side of the polygon remains free.
        let across = (size - 3) as f64;
        let scale = (across / spans.0, across / spans.1);
        let low = (low.0 - 1.0 / scale.0, low.1 - 1.0 / scale.1);
        let most = (size - 1) as f64;
        let high = (low.0 + most / scale.0, low.1 + most / scale.1);
        let corner = |&(x, y): &(f64, f64)| ((x - low.0) * scale.0, (y - low.1) * scale.1);
        Self {
            grid: Grid {
                low,
                high,
                scale,
                bits,
            },
            corners: outline.iter().map(corner).collect(),
            size,
        }
    }

    /// The row or column of a coordinate, at most the last.
    fn index(&self, coordinate: f64) -> usize {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        // saturates, as it should
        let index = (coordinate + 0.5) as usize;
        index.min(self.size - 1)
    }

    /// The first and the last row that an edge comes near.
    fn rows(&self, edge: usize) -> (usize, usize) {
        let (a, b) = (self.corners[edge], self.corners[edge + 1]);
        (
            self.index(a.1.min(b.1) - NEAR),
            self.index(a.1.max(b.1) + NEAR),
        )
    }

    /// The first and the last cell of a row that an edge comes near, if any.
    fn columns(&self, edge: usize, row: usize) -> Option<(usize, usize)> {
        let (first, last) = self.rows(edge);
        if row < first || row > last {
            return None;
        }
        let (a, b) = (self.corners[edge], self.corners[edge + 1]);
        let (mut from, mut to) = (a.0, b.0);
        if a.1 != b.1 {
            // The part between the lower and the upper side of the row.
            let at = |side: f64| ((row as f64 + side - a.1) / (b.1 - a.1)).clamp(0.0, 1.0);
            let (lower, upper) = (at(-0.5 - NEAR), at(0.5 + NEAR));
            (from, to) = (a.0 + lower * (b.0 - a.0), a.0 + upper * (b.0 - a.0));
        }
        Some((
            self.index(from.min(to) - NEAR),
            self.index(from.max(to) + NEAR),
        ))
    }

    /// Call `visit` with every edge, row, and first and last cell.
    fn each(&self, mut visit: impl FnMut(usize, usize, (usize, usize))) {
        for edge in 0..self.corners.len() - 1 {
            let (first, last) = self.rows(edge);
            for row in first..=last {
                if let Some(columns) = self.columns(edge, row) {
                    visit(edge, row, columns);
                }
            }
        }
    }

    /// Where the entries of each cell begin, unless they are more than `most`.
    fn starts(&self, most: usize) -> Option<Vec<u32>> {
        let mut starts = vec![0_u32; self.size * self.size + 1];
        let mut total = 0;
        for edge in 0..self.corners.len() - 1 {
            let (first, last) = self.rows(edge);
            for row in first..=last {
                if let Some((from, to)) = self.columns(edge, row) {
                    total += to - from + 1;
                    for count in &mut starts[row * self.size + from..=row * self.size + to] {
                        *count += 1;
                    }
                }
            }
            if total > most {
                return None;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            (*start, sum) = (sum, sum + *start);
        }
        Some(starts)
    }

    fn finish(self, starts: Vec<u32>) -> Raster {
        let cells = self.size * self.size;
        let mut classes = vec![0_u8; cells];
        let mut entries = vec![0_u32; starts[cells] as usize];
        let mut free: Vec<u32> = starts[..cells].to_vec();
        let n_edges = self.corners.len() - 1;
        self.each(|edge, row, (from, to)| {
            let above = |corner: usize| self.corners[corner].1 > row as f64;
            // Every cell to the left of an edge counts it; see below.
            if from > 0 {
                classes[row * self.size + from - 1] ^= u8::from(above(edge) != above(edge + 1));
            }
            let begins = |edge: usize| self.columns(edge, row).map_or(0, |(from, _)| from);
            let before = begins((edge + n_edges - 1) % n_edges);
            let after = begins((edge + 1) % n_edges);
            for column in from..=to {
                let cell = row * self.size + column;
                #[allow(clippy::cast_possible_truncation)] // there are fewer edges than that
                let mut entry = edge as u32;
                let mut parity = false;
                if before > column {
                    entry |= FIRST_JOINS;
                    parity ^= above(edge);
                }
                if after > column {
                    entry |= SECOND_JOINS;
                    parity ^= above(edge + 1);
                }
                entries[free[cell] as usize] = entry;
                free[cell] += 1;
                // Bit 2 collects what the ends of chains add, apart from the counts of edges.
                classes[cell] ^= u8::from(parity) << 2;
            }
        });
        for (row, classes) in classes[..cells].chunks_mut(self.size).enumerate() {
            let mut count = 0;
            for (column, class) in classes.iter_mut().enumerate().rev() {
                count ^= *class & INSIDE;
                let cell = row * self.size + column;
                let border = starts[cell + 1] > starts[cell];
                *class = (count ^ (*class >> 2)) | if border { BORDER } else { 0 };
            }
        }
        Raster {
            grid: self.grid,
            single: single(&self.grid),
            classes,
            starts,
            entries,
        }
    }
}
