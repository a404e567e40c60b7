//! Weighted sums of columns, several at once: what compensation is.
//!
//! A value is widened once and goes into all sums, which stay in registers until they are whole:
//! with thirteen of them, a value, a weight and a product the sixteen registers of SSE2 and AVX2 are
//! full. One body is compiled for vectors of two, four and eight numbers, all with the same bits.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod lanes;

use super::prefetch::{LINE, prefetch};
use lanes::Lanes;

/// Most sums that are formed side by side.
pub(crate) const WIDEST: usize = 13;

/// Lines of memory that are asked for before they are needed.
const LINES_AHEAD: usize = 4;

/// What is summed, and what sums are rounded to: float32 or float64, and nothing else.
pub(crate) trait Number: Copy + Default + Send + Sync + Into<f64> {
    /// True if it is float32.
    const SINGLE: bool;

    /// The nearest one.
    fn nearest(sum: f64) -> Self;
}

impl Number for f64 {
    const SINGLE: bool = false;

    #[inline(always)]
    #[allow(clippy::inline_always)] // must take on the features of the caller
    fn nearest(sum: f64) -> Self {
        sum
    }
}

impl Number for f32 {
    const SINGLE: bool = true;

    #[inline(always)]
    #[allow(clippy::inline_always)] // must take on the features of the caller
    #[allow(clippy::cast_possible_truncation)] // what is asked for
    fn nearest(sum: f64) -> Self {
        sum as f32
    }
}

/// Numbers side by side in a register.
///
/// # Safety
/// To be used only where the processor has such registers; `load` and `store` touch `LANES` numbers.
trait Vector: Copy {
    /// How many; a divisor of eight.
    const LANES: usize;

    unsafe fn zero() -> Self;
    unsafe fn load<X: Number>(from: *const X) -> Self;
    /// `self + x * weight`, with a rounding after the product and one after the sum.
    unsafe fn add_product(self, x: Self, weight: f64) -> Self;
    unsafe fn store<Y: Number>(self, to: *mut Y);
}

/// `out[j][i] = Σ_k columns[k][i] · weights[k · out.len() + j]`, each sum from 0 in the order of `k`, with a
/// rounding after each product and each sum.
///
/// # Panics
/// If there are more than [`WIDEST`] sums, or lengths differ.
pub(crate) fn weighted_sums<X: Number, Y: Number>(
    columns: &[&[X]],
    weights: &[f64],
    out: &mut [&mut [Y]],
) {
    let n = out.first().map_or(0, |row| row.len());
    assert!(out.len() <= WIDEST && weights.len() == columns.len() * out.len());
    assert!(columns.iter().all(|column| column.len() == n));
    assert!(out.iter().all(|row| row.len() == n));
    #[cfg(target_arch = "x86_64")]
    {
        if super::has_avx512() {
            // SAFETY: the processor has AVX-512, and all lengths are `n`.
            return unsafe { with_avx512(columns, weights, out, n) };
        }
        if super::level() == super::Level::Avx2 {
            // SAFETY: the processor has AVX2, or the level would be another; all lengths are `n`.
            return unsafe { with_avx2(columns, weights, out, n) };
        }
    }
    // SAFETY: every processor has pairs of numbers; all lengths are `n`.
    unsafe { sums::<Lanes<2>, X, Y>(columns, weights, out, n) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn with_avx512<X: Number, Y: Number>(
    columns: &[&[X]],
    weights: &[f64],
    out: &mut [&mut [Y]],
    n: usize,
) {
    // SAFETY: as the caller promises.
    unsafe { sums::<avx512::Eight, X, Y>(columns, weights, out, n) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn with_avx2<X: Number, Y: Number>(
    columns: &[&[X]],
    weights: &[f64],
    out: &mut [&mut [Y]],
    n: usize,
) {
    // SAFETY: as the caller promises.
    unsafe { sums::<Lanes<4>, X, Y>(columns, weights, out, n) }
}

/// # Safety
/// The processor has such vectors, `columns` and `out` have `n` numbers each, and there is a
/// weight for each pair of them.
#[inline(always)]
#[allow(clippy::inline_always)] // must take on the features of the caller
unsafe fn sums<V: Vector, X: Number, Y: Number>(
    columns: &[&[X]],
    weights: &[f64],
    out: &mut [&mut [Y]],
    n: usize,
) {
    macro_rules! by_width {
        ($($width:literal)*) => {
            match out.len() {
                $($width => {
                    let (weights, _) = weights.as_chunks::<$width>();
                    // SAFETY: as the caller promises; `Lanes<1>` is one number.
                    unsafe {
                        let done = group::<V, X, Y, $width>(columns, weights, out, 0, n);
                        group::<Lanes<1>, X, Y, $width>(columns, weights, out, done, n);
                    }
                })*
                _ => {}
            }
        };
    }
    by_width!(1 2 3 4 5 6 7 8 9 10 11 12 13);
}

/// The sums from event `first` on in steps of eight; gives the first event that is left.
///
/// # Safety
/// As [`sums`]; there are `WIDTH` sums.
// Plain loops over indices: adaptors of iterators are not always inlined into a function with
// other features, which costs a factor of six here.
#[inline(always)]
#[allow(clippy::inline_always)] // must take on the features of the caller
unsafe fn group<V: Vector, X: Number, Y: Number, const WIDTH: usize>(
    columns: &[&[X]],
    weights: &[[f64; WIDTH]],
    out: &mut [&mut [Y]],
    first: usize,
    n: usize,
) -> usize {
    let line = LINE / size_of::<X>();
    let mut at = first;
    while at + V::LANES <= n {
        if at.is_multiple_of(line) {
            for column in columns {
                prefetch(column.as_ptr().wrapping_add(at + LINES_AHEAD * line));
            }
        }
        // SAFETY: `at + V::LANES <= n`, the length of all columns and rows.
        unsafe {
            let mut sums = [V::zero(); WIDTH];
            let mut k = 0;
            while k < columns.len() {
                let weights = weights.get_unchecked(k);
                let x = V::load(columns.get_unchecked(k).as_ptr().add(at));
                let mut j = 0;
                while j < WIDTH {
                    sums[j] = sums[j].add_product(x, weights[j]);
                    j += 1;
                }
                k += 1;
            }
            let mut j = 0;
            while j < WIDTH {
                sums[j].store(out.get_unchecked_mut(j).as_mut_ptr().add(at));
                j += 1;
            }
        }
        at += V::LANES;
    }
    at
}
