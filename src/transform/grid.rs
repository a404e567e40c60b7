//! A scale cut into cells: a step function, as programs use it that gate on a grid.
//!
//! With the forward function `f` of a base scale, `n` cells between the scaled values `low` and
//! `high`, and `r` either 0 (cells begin at their number) or 1/2 (numbers are rounded):
//!
//! ```text
//! cell(x) = floor(n (f(x) - low) / (high - low) + r), kept within 0 and the last cell
//! ```
//!
//! Of `FlowJo`'s biexponential the table decides: with its `L` channels, cell j begins at the value of
//! channel `ceil(j L / n)`. Where each cell begins is found once, in data units, on the exact forward
//! function; a value's cell is then the number of those borders that are not above it. So nothing
//! rests on the rounding of a value that lies on a border, and a polygon with whole vertices on two such
//! axes decides events as integers would be decided.

use crate::error::{Error, Result};

use super::threshold::{number, rank};
use super::{Scale, finite, listed};

/// The cells of a base scale.
#[derive(Debug, Clone)]
pub struct Grid {
    base: Scale,
    n: f64,
    low: f64,
    high: f64,
    /// 1/2 where cells are found by rounding.
    offset: f64,
    /// Whether values from `high` on have cell `n`, rather than `n - 1`.
    overflow: bool,
    /// The smallest number of each cell from 1 on, and infinity at the end.
    borders: Vec<f64>,
    index: Index,
}

impl PartialEq for Grid {
    fn eq(&self, other: &Self) -> bool {
        // Borders follow from these.
        let own = (self.n, self.low, self.high, self.offset, self.overflow);
        let others = (other.n, other.low, other.high, other.offset, other.overflow);
        own == others && self.base == other.base
    }
}

/// The most cells of an axis.
const MOST_CELLS: f64 = 65_536.0;

impl Grid {
    /// The cells of `base`, by `[n, low, high, offset, overflow]`.
    ///
    /// # Errors
    /// [`Error::ScaleParameters`] where `n` is not a whole number from 2 to 65,536, `low` is not below
    /// `high`, `offset` is neither 0 nor 1/2, `overflow` is neither 0 nor 1, or the base is a grid.
    pub fn new(base: Scale, parameters: [f64; 5]) -> Result<Self> {
        let [n, low, high, offset, overflow] = parameters;
        let named = [
            ("cells", n),
            ("low", low),
            ("high", high),
            ("offset", offset),
            ("overflow", overflow),
        ];
        finite("Grid", &named)?;
        let whole = (2.0..=MOST_CELLS).contains(&n) && n.fract() == 0.0;
        let constraints = [
            (whole, "a whole number of cells from 2 to 65536"),
            (low < high, "low < high"),
            (offset == 0.0 || offset == 0.5, "an offset of 0 or 0.5"),
            (overflow == 0.0 || overflow == 1.0, "overflow of 0 or 1"),
            (
                !matches!(base, Scale::Grid(_) | Scale::Bounded(_)),
                "a base that is neither a grid itself nor bounded",
            ),
        ];
        if let Some((_, constraint)) = constraints.iter().find(|(kept, _)| !kept) {
            return Err(Error::ScaleParameters {
                scale: "Grid",
                constraint,
                found: listed(&named),
            });
        }
        let mut grid = Self {
            base,
            n,
            low,
            high,
            offset,
            overflow: overflow == 1.0,
            borders: Vec::new(),
            index: Index::default(),
        };
        let mut from = f64::NEG_INFINITY;
        let mut cell = 1.0;
        while cell <= grid.last() {
            from = grid.border(cell, from);
            grid.borders.push(from);
            cell += 1.0;
        }
        grid.borders.push(f64::INFINITY);
        grid.index = Index::new(&grid.borders);
        Ok(grid)
    }

    /// The number of the last cell.
    fn last(&self) -> f64 {
        if self.overflow { self.n } else { self.n - 1.0 }
    }

    /// How many cells `x` lies above `low`.
    fn position(&self, x: f64) -> f64 {
        (self.base.forward(x) - self.low) * self.n / (self.high - self.low)
    }

    /// The scaled value at which a cell begins.
    fn start(&self, cell: f64) -> f64 {
        self.low + (cell - self.offset) / self.n * (self.high - self.low)
    }

    /// The smallest number of a cell, at least `from`, where the cell before it begins.
    fn border(&self, cell: f64, from: f64) -> f64 {
        if let Scale::FlowJoBiex(table) = &self.base
            && (self.low, self.high, self.offset) == (0.0, 1.0, 0.0)
        {
            return table.channel_value((cell * table.length() / self.n).ceil());
        }
        // The offset is on this side: added on the other it would be lost in rounding.
        let holds = |x: f64| self.position(x) >= cell - self.offset;
        let guess = self.base.inverse(self.start(cell));
        let middle = rank(if guess.is_nan() { 0.0 } else { guess });
        let ends = (rank(f64::NEG_INFINITY), rank(f64::INFINITY));
        let (mut out, mut inside, mut step) = (middle, middle, 16_i64);
        while out > ends.0 && holds(number(out)) {
            (inside, out) = (out, out.saturating_sub(step).max(ends.0));
            step = step.saturating_mul(4);
        }
        step = 16;
        while inside < ends.1 && !holds(number(inside)) {
            (out, inside) = (inside, inside.saturating_add(step).min(ends.1));
            step = step.saturating_mul(4);
        }
        while out + 1 < inside {
            let between = out.midpoint(inside);
            if holds(number(between)) {
                inside = between;
            } else {
                out = between;
            }
        }
        // A rounded function may waver where cells are a rounding wide: borders never fall.
        number(inside).max(from)
    }

    /// The cell of a value; NaN and infinities, which are no measurements, stay.
    pub(super) fn forward(&self, x: f64) -> f64 {
        if x.is_finite() {
            self.index.cell(&self.borders, x)
        } else {
            x
        }
    }

    /// The cells of values, as [`Self::forward`] finds them.
    pub(super) fn forward_into(&self, values: &[f64], out: &mut [f64]) {
        let Index {
            unit,
            shift,
            first,
            reach,
            ..
        } = self.index;
        let steps = self.index.steps.as_slice();
        if steps.is_empty() {
            for (cell, &x) in out.iter_mut().zip(values) {
                *cell = self.forward(x);
            }
            return;
        }
        for (cell, &x) in out.iter_mut().zip(values) {
            let bucket = bucket_of(x, unit, shift, first, reach);
            let (border, below) = steps[bucket.min(steps.len() - 1)];
            let found = below + f64::from(u8::from(x >= border));
            *cell = if x.is_finite() { found } else { x };
        }
    }

    /// The smallest value of a cell; beyond the axis, and of cell 0, as the base scale goes on.
    pub(super) fn inverse(&self, y: f64) -> f64 {
        if !y.is_finite() {
            return y;
        }
        let cell = y.floor();
        if cell >= 1.0 && cell <= self.last() {
            return self.borders[as_index(cell) - 1];
        }
        self.base.inverse(self.start(cell))
    }

    /// Whether all finite values beyond some number share the cell `y`, or have none beyond it.
    pub(super) fn saturates_at(&self, y: f64) -> bool {
        y.is_finite() && !(0.0 < y && y < self.last())
    }
}

/// A cell's number, which is not negative and at most [`MOST_CELLS`].
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn as_index(cell: f64) -> usize {
    cell as usize
}

/// How many borders lie below the values of a bucket. Buckets are found in the bits of a number: they
/// are even near 0 and grow with the size of values.
#[derive(Debug, Clone, Default)]
struct Index {
    /// Added to sizes, so that buckets near 0 are even.
    unit: f64,
    shift: u32,
    /// The bucket of value 0.
    first: u64,
    /// Buckets on either side of 0.
    reach: u64,
    /// Borders in the buckets before each.
    below: Vec<u32>,
    /// Whether a bucket has two borders or more.
    crowded: bool,
    /// Otherwise, per bucket, the first border in or after it and the borders before it: one
    /// look-up finds both.
    steps: Vec<(f64, f64)>,
}

/// Buckets of an octave: powers of two from here.
const FEWEST_BITS: u32 = 5;
const MOST_BITS: u32 = 12;
/// No more buckets than this are made to separate borders.
const MOST_BUCKETS: u64 = 1 << 14;

impl Index {
    fn new(borders: &[f64]) -> Self {
        let finite: Vec<f64> = borders.iter().copied().filter(|b| b.is_finite()).collect();
        let gaps = finite.windows(2).map(|pair| pair[1] - pair[0]);
        let unit = gaps.filter(|gap| *gap > 0.0).fold(f64::MAX, f64::min);
        let size = finite.iter().map(|border| border.abs()).fold(0.0, f64::max);
        let unit = if unit < f64::MAX { unit } else { 1.0 };
        let mut made = Self::default();
        for bits in FEWEST_BITS..=MOST_BITS {
            // A unit far below the largest border would take a bucket for each octave between.
            let next = Self::of_bits(&finite, unit.max(size * 1e-9), size, bits);
            let larger = next.below.len() as u64 > MOST_BUCKETS;
            if made.below.is_empty() || !larger {
                made = next;
            }
            if !made.crowded || larger {
                break;
            }
        }
        if !made.crowded {
            let step = |&below: &u32| (borders[below as usize], f64::from(below));
            made.steps = made.below.iter().map(step).collect();
        }
        made
    }

    fn of_bits(borders: &[f64], unit: f64, size: f64, bits: u32) -> Self {
        let shift = 52 - bits;
        let first = unit.to_bits() >> shift;
        let reach = ((size + unit).to_bits() >> shift) - first + 1;
        let mut index = Self {
            unit,
            shift,
            first,
            reach,
            ..Self::default()
        };
        let mut counts = vec![0_u32; usize::try_from(2 * reach + 2).unwrap_or(0)];
        for &border in borders {
            counts[index.bucket(border)] += 1;
        }
        index.crowded = counts.iter().any(|count| *count > 1);
        let mut sum = 0;
        for count in &mut counts {
            (sum, *count) = (sum + *count, sum);
        }
        index.below = counts;
        index
    }

    /// The bucket of a finite number, rising with it.
    #[inline(always)]
    fn bucket(&self, x: f64) -> usize {
        bucket_of(x, self.unit, self.shift, self.first, self.reach)
    }

    /// The number of borders that are not above a finite number.
    #[inline(always)]
    fn cell(&self, borders: &[f64], x: f64) -> f64 {
        let bucket = self.bucket(x);
        if let Some((border, below)) = self.steps.get(bucket) {
            return below + f64::from(u8::from(x >= *border));
        }
        let mut cell = self.below[bucket] as usize;
        while x >= borders[cell] {
            cell += 1;
        }
        cell as f64
    }
}

/// The bucket of a number, rising with it; any for NaN.
#[inline(always)]
#[allow(clippy::cast_possible_truncation)] // buckets are few
fn bucket_of(x: f64, unit: f64, shift: u32, first: u64, reach: u64) -> usize {
    let out = ((x.abs() + unit).to_bits() >> shift)
        .wrapping_sub(first)
        .min(reach);
    let bucket = if x >= 0.0 {
        reach + 1 + out
    } else {
        reach - out
    };
    bucket as usize
}

#[cfg(test)]
mod tests;
