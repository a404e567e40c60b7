//! Squared Mahalanobis distances of whole columns.

use super::compare::split_bits;
use super::multiversion;

multiversion! {
    /// `out[e] = (values[e] - middle) * factor`: how far each event is from the middle.
    pub fn deviations(values: &[f64], middle: f64, factor: f64, out: &mut [f64]) {
        for (point, x) in out.iter_mut().zip(values) {
            *point = (x - middle) * factor;
        }
    }
}

multiversion! {
    /// `out[e] -= weight * other[e]`: one step of a forward substitution.
    pub fn subtract_weighted(out: &mut [f64], weight: f64, other: &[f64]) {
        for (point, y) in out.iter_mut().zip(other) {
            *point -= weight * y;
        }
    }
}

multiversion! {
    /// `sum[e] += y[e]² * weight`.
    pub fn add_squares(sum: &mut [f64], y: &[f64], weight: f64) {
        for (point, y) in sum.iter_mut().zip(y) {
            *point += y * y * weight;
        }
    }
}

/// What [`two_within`] needs: per dimension the middle, the factor of deviations and the weight of
/// squares, and what the first takes from the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Two {
    /// Middles.
    pub middle: [f64; 2],
    /// Factors of deviations.
    pub factor: [f64; 2],
    /// Weights of squares.
    pub weight: [f64; 2],
    /// How much of the first deviation is taken from the second.
    pub slope: f64,
}

/// Events taken at a time, so that what is known about them stays in the nearest cache.
const BLOCK: usize = 512;
/// Number of events a word holds.
const WORD: usize = 64;

macro_rules! two_within {
    ($(#[$about:meta])* $name:ident, $flags:ident, $number:ty) => {
        multiversion! {
            /// One byte per event: bit 0 where the sum is at most `surely`, bit 1 where at most `possibly`.
            fn $flags(
                xs: &[$number],
                ys: &[$number],
                form: &Two,
                limits: (f64, f64),
                flags: &mut [u8],
            ) {
                let Two { middle, factor, weight, slope } = *form;
                for ((flag, &x), &y) in flags.iter_mut().zip(xs).zip(ys) {
                    let first = (f64::from(x) - middle[0]) * factor[0];
                    let second = (f64::from(y) - middle[1]) * factor[1] - slope * first;
                    let sum = first * first * weight[0] + second * second * weight[1];
                    *flag = u8::from(sum <= limits.0) | u8::from(sum <= limits.1) << 1;
                }
            }
        }

        $(#[$about])*
        pub fn $name(
            xs: &[$number],
            ys: &[$number],
            form: &Two,
            limits: (f64, f64),
            surely: &mut [u64],
            possibly: &mut [u64],
        ) {
            let mut flags = [0; BLOCK];
            let blocks = xs.chunks(BLOCK).zip(ys.chunks(BLOCK)).chain(std::iter::repeat((&[][..], &[][..])));
            let words = surely.chunks_mut(BLOCK / 64).zip(possibly.chunks_mut(BLOCK / 64));
            for ((surely, possibly), (xs, ys)) in words.zip(blocks) {
                let flags = &mut flags[..xs.len().min(ys.len())];
                $flags(xs, ys, form, limits, flags);
                split_bits(flags, surely, possibly);
            }
        }
    };
}

two_within! {
    /// Where what the steps above give for two dimensions is at most the first of the limits, and
    /// at most the second: one bit per event; bits beyond the last event are cleared.
    two_within, flags, f64
}
two_within! {
    /// [`two_within`] on columns of single precision.
    two_within_f32, flags_f32, f32
}

/// [`Two`] in single precision, with limits that allow for its rounding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SingleTwo {
    middle: [f32; 2],
    factor: [f32; 2],
    weight: [f32; 2],
    slope: f32,
    /// Sums below the first are surely at most what was asked for, those above the second surely not.
    limits: (f32, f32),
}

/// No wider part of the radius may be left undecided.
const WIDEST: f64 = 1.0 / 1024.0;
/// Factors within these neither overflow nor vanish where it matters.
const FACTORS: std::ops::RangeInclusive<f64> = 1e-12..=1e12;

impl SingleTwo {
    /// The form that tells, for columns of single precision, where the sum is at most `most`; none
    /// where rounding would leave much undecided. The factors must be powers of two, and the
    /// weights lie from 1/4 to 1.
    ///
    /// With `a = (x - m) f`, `b = (y - n) g - k a` and `r² = v a² + w b²`, all exact, and `â`, `b̂`
    /// as computed, each operation rounded by at most `u = 2⁻²⁴` of its result:
    ///
    /// - Only `m`, a difference and no product with a power of two are rounded:
    ///   `|â - a| <= u |a| + 1.01 u |m| f`, and likewise `|ŝ - s| <= u |s| + 1.01 u |n| g` for
    ///   `s = (y - n) g`, where `|s| <= |b| + |k| |a|`.
    /// - `k`, `k a` and the difference are rounded:
    ///   `|b̂ - b| <= u (2.1 |b| + 4.2 |k| |a| + 1.1 (|n| g + |k| |m| f))`.
    /// - As `v, w >= 1/4`, `|a|` and `|b|` are at most `2 r`; as `v, w <= 1`, the norm of two numbers
    ///   is at most the sum of their sizes. By the triangle inequality the exact norm of `(â, b̂)`
    ///   is within `u ((6.2 + 8.4 |k|) r + 1.1 ((1 + |k|) |m| f + |n| g))` of `r`.
    /// - Weights, squares, products and the sum change that norm by at most `2.1 u` of itself.
    /// - What is lost where results are subnormal is at most `2⁻⁷⁰`, for factors up to `2⁴⁰`.
    ///
    /// So the root of the computed sum is within `u (A + B r)` of `r`, with
    /// `A = 1 + 2 ((1 + |k|) |m| f + |n| g)` and `B = 16 (1 + |k|)`: that leaves room for the roundings
    /// of double precision in what decides, and below. With `R² = most`, `r <= R` gives a root of at
    /// most `R + u (A + B R)`, and `r > R` one above `R - u (A + B R)`, since `u B < 1`.
    ///
    /// An overflow means `|a|` or `|b|` of at least `2⁶⁰`, as factors are at least `2⁻⁴⁰` and `|k|` is
    /// at most `2¹⁰`: far outside, and the sum, infinite or NaN, is below no limit. So is it where
    /// `x` or `y` is infinite or NaN.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // to the nearest, as the bound allows for
    pub fn new(two: &Two, most: f64) -> Option<Self> {
        let Two {
            middle,
            factor,
            weight,
            slope,
        } = *two;
        let fits = (0..2)
            .all(|axis| FACTORS.contains(&factor[axis]) && (0.25..=1.0).contains(&weight[axis]));
        if !fits || !(0.25..=16.0).contains(&most) {
            return None;
        }
        let (radius, steep) = (most.sqrt(), 1.0 + slope.abs());
        let fixed = 1.0 + 2.0 * (steep * middle[0].abs() * factor[0] + middle[1].abs() * factor[1]);
        let width = f64::from(f32::EPSILON) / 2.0 * (fixed + 16.0 * steep * radius);
        // No number where the slope overflows.
        let leaves_little = width <= WIDEST * radius;
        if !leaves_little {
            return None;
        }
        let (least, most) = (radius - width, radius + width);
        let narrow = |pair: [f64; 2]| pair.map(|x| x as f32);
        Some(Self {
            middle: narrow(middle),
            factor: narrow(factor),
            weight: narrow(weight),
            slope: slope as f32,
            limits: (
                ((least * least) as f32).next_down(),
                ((most * most) as f32).next_up(),
            ),
        })
    }
}

/// Where the sum is surely at most what `form` was made for, and where possibly: one bit per
/// event; bits beyond the last event are cleared.
pub fn single_within(
    xs: &[f32],
    ys: &[f32],
    form: &SingleTwo,
    surely: &mut [u64],
    possibly: &mut [u64],
) {
    #[cfg(target_arch = "x86_64")]
    if super::level() == super::Level::Avx2 {
        // SAFETY: the processor has AVX2, or the level would be another.
        return unsafe { avx2::single_within(xs, ys, form, surely, possibly) };
    }
    plain_single_within(xs, ys, form, surely, possibly);
}

fn plain_single_within(
    xs: &[f32],
    ys: &[f32],
    form: &SingleTwo,
    surely: &mut [u64],
    possibly: &mut [u64],
) {
    let SingleTwo {
        middle,
        factor,
        weight,
        slope,
        limits,
    } = *form;
    let mut chunks = xs.chunks(WORD).zip(ys.chunks(WORD));
    for (surely, possibly) in surely.iter_mut().zip(possibly) {
        (*surely, *possibly) = (0, 0);
        let (xs, ys) = chunks.next().unwrap_or_default();
        for (bit, (x, y)) in xs.iter().zip(ys).enumerate() {
            let first = (x - middle[0]) * factor[0];
            let second = (y - middle[1]) * factor[1] - slope * first;
            let sum = first * first * weight[0] + second * second * weight[1];
            *surely |= u64::from(sum <= limits.0) << bit;
            *possibly |= u64::from(sum <= limits.1) << bit;
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::super::compare::avx2::bits_of;
    use super::super::prefetch::{LINE, prefetch};
    use super::{SingleTwo, WORD, plain_single_within};
    use std::arch::x86_64::{
        _CMP_LE_OQ, _mm256_add_ps, _mm256_cmp_ps, _mm256_loadu_ps, _mm256_mul_ps, _mm256_set1_ps,
        _mm256_sub_ps,
    };

    /// Events that are asked for before they are needed.
    const AHEAD: usize = 512;

    /// Numbers in a register.
    const LANES: usize = 8;

    /// The operations of the plain one in their order, eight events at a time.
    #[target_feature(enable = "avx2")]
    pub(super) fn single_within(
        xs: &[f32],
        ys: &[f32],
        form: &SingleTwo,
        surely: &mut [u64],
        possibly: &mut [u64],
    ) {
        let all = |pair: [f32; 2]| pair.map(|x| _mm256_set1_ps(x));
        let (middle, factor, weight) = (all(form.middle), all(form.factor), all(form.weight));
        let slope = _mm256_set1_ps(form.slope);
        let limits = all([form.limits.0, form.limits.1]);
        let sum_of = |x: &[f32; LANES], y: &[f32; LANES]| {
            // SAFETY: they hold exactly as many numbers as a register; no alignment is needed.
            let (x, y) = unsafe { (_mm256_loadu_ps(x.as_ptr()), _mm256_loadu_ps(y.as_ptr())) };
            let first = _mm256_mul_ps(_mm256_sub_ps(x, middle[0]), factor[0]);
            let second = _mm256_sub_ps(
                _mm256_mul_ps(_mm256_sub_ps(y, middle[1]), factor[1]),
                _mm256_mul_ps(slope, first),
            );
            _mm256_add_ps(
                _mm256_mul_ps(_mm256_mul_ps(first, first), weight[0]),
                _mm256_mul_ps(_mm256_mul_ps(second, second), weight[1]),
            )
        };
        let (whole_x, whole_y) = (xs.as_chunks::<WORD>().0, ys.as_chunks::<WORD>().0);
        let n_whole = whole_x.len().min(whole_y.len()).min(surely.len());
        let words = surely.iter_mut().zip(&mut *possibly);
        for ((surely, possibly), (xs, ys)) in words.zip(whole_x.iter().zip(whole_y)) {
            for line in (0..WORD).step_by(LINE / size_of::<f32>()) {
                prefetch(xs.as_ptr().wrapping_add(AHEAD + line));
                prefetch(ys.as_ptr().wrapping_add(AHEAD + line));
            }
            let (xs, ys) = (xs.as_chunks::<LANES>().0, ys.as_chunks::<LANES>().0);
            let sums: [_; WORD / LANES] =
                std::array::from_fn(|group| sum_of(&xs[group], &ys[group]));
            let within = |limit| bits_of(sums.map(|sum| _mm256_cmp_ps::<_CMP_LE_OQ>(sum, limit)));
            (*surely, *possibly) = (within(limits[0]), within(limits[1]));
        }
        let rest = |values: &[f32]| n_whole * WORD..values.len();
        plain_single_within(
            &xs[rest(xs)],
            &ys[rest(ys)],
            form,
            &mut surely[n_whole..],
            &mut possibly[n_whole..],
        );
    }
}
