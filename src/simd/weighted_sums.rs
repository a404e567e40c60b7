//! Weighted sums of a block of columns, several at once: what compensation is.
//!
//! A value goes into all sums, which stay in registers until they are whole: with thirteen of them, a
//! value, a weight and a product the sixteen registers of SSE2 and AVX2 are full. One body is
//! compiled for vectors of two, four and eight numbers, all with the same bits.
//!
//! Columns are widened into a block first. Read side by side from where they are, a dozen columns
//! would push each other out of the cache: arrays begin at the same place of a page.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod lanes;

use lanes::Lanes;

/// Events in a block: 13 detectors of it are 26 kB and stay in the nearest cache.
pub(crate) const BLOCK: usize = 256;

/// Most sums that are formed side by side.
pub(crate) const WIDEST: usize = 13;

/// One column of a block.
pub(crate) type Column = [f64; BLOCK];

/// What sums are rounded to: float32 or float64, and nothing else.
pub(crate) trait Number: Copy + Default + Send {
    /// Whether it is float32.
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

multiversion! {
    /// Float32 as float64, exactly.
    pub(crate) fn widen(values: &[f32], out: &mut [f64]) {
        let n = values.len().min(out.len());
        let (values, out) = (&values[..n], &mut out[..n]);
        let mut i = 0;
        while i < n {
            out[i] = f64::from(values[i]);
            i += 1;
        }
    }
}

/// Numbers side by side in a register.
///
/// # Safety
/// To be used only where the processor has such registers; `load` and `store` touch `LANES` numbers.
trait Vector: Copy {
    /// How many.
    const LANES: usize;

    unsafe fn zero() -> Self;
    unsafe fn load(from: *const f64) -> Self;
    /// `self + x * weight`, with a rounding after the product and one after the sum.
    unsafe fn add_product(self, x: Self, weight: f64) -> Self;
    unsafe fn store<Y: Number>(self, to: *mut Y);
}

/// `out[j][i] = Σ_k columns[k][i] · weights[k · out.len() + j]`, each sum from 0 in the order of `k`, with a
/// rounding after each product and each sum.
///
/// # Panics
/// If there are more than [`WIDEST`] sums or [`BLOCK`] events, or lengths differ.
pub(crate) fn weighted_sums<Y: Number>(columns: &[Column], weights: &[f64], out: &mut [&mut [Y]]) {
    let n = out.first().map_or(0, |row| row.len());
    assert!(out.len() <= WIDEST && weights.len() == columns.len() * out.len());
    assert!(n <= BLOCK && out.iter().all(|row| row.len() == n));
    #[cfg(target_arch = "x86_64")]
    {
        if super::has_avx512() {
            // SAFETY: the processor has AVX-512; lengths were checked.
            return unsafe { with_avx512(columns, weights, out, n) };
        }
        if super::level() == super::Level::Avx2 {
            // SAFETY: the processor has AVX2, or the level would be another; lengths were checked.
            return unsafe { with_avx2(columns, weights, out, n) };
        }
    }
    // SAFETY: arrays of two numbers need no special registers; lengths were checked.
    unsafe { sums::<Lanes<2>, Y>(columns, weights, out, n) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn with_avx512<Y: Number>(
    columns: &[Column],
    weights: &[f64],
    out: &mut [&mut [Y]],
    n: usize,
) {
    // SAFETY: as the caller promises.
    unsafe { sums::<avx512::Eight, Y>(columns, weights, out, n) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn with_avx2<Y: Number>(
    columns: &[Column],
    weights: &[f64],
    out: &mut [&mut [Y]],
    n: usize,
) {
    // SAFETY: as the caller promises.
    unsafe { sums::<Lanes<4>, Y>(columns, weights, out, n) }
}

/// # Safety
/// The processor has such vectors; rows of `out` have `n` places, at most [`BLOCK`]; there is a weight
/// for each pair of a column and a row.
#[inline(always)]
#[allow(clippy::inline_always)] // must take on the features of the caller
unsafe fn sums<V: Vector, Y: Number>(
    columns: &[Column],
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
                        let done = group::<V, Y, $width>(columns, weights, out, 0, n);
                        group::<Lanes<1>, Y, $width>(columns, weights, out, done, n);
                    }
                })*
                _ => {}
            }
        };
    }
    by_width!(1 2 3 4 5 6 7 8 9 10 11 12 13);
}

/// The sums from event `first` on, as many vectors as there are; gives the first event that is left.
///
/// # Safety
/// As [`sums`]; there are `WIDTH` sums.
// Plain loops over indices: adaptors of iterators are not always inlined into a function with
// other features, which costs a factor of six here.
#[inline(always)]
#[allow(clippy::inline_always)] // must take on the features of the caller
unsafe fn group<V: Vector, Y: Number, const WIDTH: usize>(
    columns: &[Column],
    weights: &[[f64; WIDTH]],
    out: &mut [&mut [Y]],
    first: usize,
    n: usize,
) -> usize {
    let mut at = first;
    while at + V::LANES <= n {
        // SAFETY: `at + V::LANES <= n`, and columns and rows have as many numbers.
        unsafe {
            let mut sums = [V::zero(); WIDTH];
            let mut k = 0;
            while k < columns.len() {
                let weights = weights.get_unchecked(k);
                let x = V::load(columns.get_unchecked(k).as_ptr().add(at));
                let mut sum = 0;
                while sum < WIDTH {
                    sums[sum] = sums[sum].add_product(x, weights[sum]);
                    sum += 1;
                }
                k += 1;
            }
            let mut sum = 0;
            while sum < WIDTH {
                sums[sum].store(out.get_unchecked_mut(sum).as_mut_ptr().add(at));
                sum += 1;
            }
        }
        at += V::LANES;
    }
    at
}
