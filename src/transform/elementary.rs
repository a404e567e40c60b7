//! Exponentials and logarithms in plain Rust, so that a scaled value does not depend on the platform's
//! mathematical library, and without branches, so that loops over them become vectors.
//!
//! All are series after a reduction of the argument: `x = k ln 2 + r` for exponentials,
//! `x = 2^k m` for logarithms. Errors are below 4 ulp.

/// `ln 2` in two parts; the product of the first with any exponent is exact.
const LN_2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Adding this rounds to a whole number, which stands in the lowest bits of the sum.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// Beyond it `e^x` is not a number of 64 bits; below its negative it is 0 for our sums.
pub(super) const LARGEST_EXPONENT: f64 = 709.0;

/// `1/n!` from n = 2 to 14.
const TAYLOR: [f64; 13] = [
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
    1.0 / 87_178_291_200.0,
];

/// `2^k` and `e^r - 1` with `x = k ln 2 + r`, for `|x| <= LARGEST_EXPONENT`.
#[inline(always)]
fn split_exponential(x: f64) -> (f64, f64) {
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let power = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    // |r| <= 0.35 leaves less than 1e-18. Summed in pairs: a chain would wait for every term.
    let (r2, c) = (r * r, &TAYLOR);
    let r4 = r2 * r2;
    let low = (c[0] + c[1] * r) + (c[2] + c[3] * r) * r2;
    let middle = (c[4] + c[5] * r) + (c[6] + c[7] * r) * r2;
    let high = (c[8] + c[9] * r) + (c[10] + c[11] * r) * r2 + c[12] * r4;
    let tail = low + (middle + high * r4) * r4;
    (power, r + r2 * tail)
}

/// `e^x - 1` for `|x| <= LARGEST_EXPONENT`.
#[inline(always)]
pub(super) fn exp_m1(x: f64) -> f64 {
    let (power, excess) = split_exponential(x);
    power * excess + (power - 1.0)
}

/// `e^x` for `|x| <= LARGEST_EXPONENT`.
#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    let (power, excess) = split_exponential(x);
    power + power * excess
}

/// `e^x` for any number: infinite or 0 where 64 bits end.
pub(super) fn exp_anywhere(x: f64) -> f64 {
    if x.abs() <= LARGEST_EXPONENT || x.is_nan() {
        exp(x)
    } else if x < -750.0 {
        0.0
    } else {
        let half = exp(0.5 * x.min(1400.0));
        half * half
    }
}

/// `1/n` for odd n from 3 to 23.
const ARTANH: [f64; 11] = [
    1.0 / 3.0,
    1.0 / 5.0,
    1.0 / 7.0,
    1.0 / 9.0,
    1.0 / 11.0,
    1.0 / 13.0,
    1.0 / 15.0,
    1.0 / 17.0,
    1.0 / 19.0,
    1.0 / 21.0,
    1.0 / 23.0,
];

/// `k`, `f` and a rest with `x = 2^k (1 + f)` and `ln(1 + f) = f + rest`, for positive normal `x`.
#[allow(clippy::many_single_char_names)] // of the series
#[inline(always)]
fn split_logarithm(x: f64) -> (f64, f64, f64) {
    const MANTISSA: u64 = (1 << 52) - 1;
    /// The bits of `sqrt(1/2)`: with it subtracted, the exponent changes there.
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    let bits = x.to_bits();
    let moved = bits.wrapping_sub(ROOT_HALF).wrapping_add(1023 << 52);
    // A whole number in the lowest bits of 2^52 is that number plus 2^52.
    let k =
        f64::from_bits((moved >> 52) | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    let m = f64::from_bits((moved & MANTISSA).wrapping_add(ROOT_HALF));
    // ln m = 2 artanh s; |s| <= 0.172 leaves less than 1e-17.
    let f = m - 1.0;
    let s = f / (m + 1.0);
    let (z, c) = (s * s, &ARTANH);
    let (z2, z4) = (z * z, (z * z) * (z * z));
    let low = (c[0] + c[1] * z) + (c[2] + c[3] * z) * z2;
    let middle = (c[4] + c[5] * z) + (c[6] + c[7] * z) * z2;
    let high = (c[8] + c[9] * z) + c[10] * z2;
    let tail = low + (middle + high * z4) * z4;
    // 2 s = f - s f, which keeps the leading term free of the rounding in s.
    (k, f, s * (2.0 * z * tail - f))
}

/// `ln x` for positive normal `x`.
#[inline(always)]
pub(super) fn ln(x: f64) -> f64 {
    let (k, f, rest) = split_logarithm(x);
    k * LN_2_HIGH + (f + (rest + k * LN_2_LOW))
}

/// `log10 2` in two parts; the product of the first with any exponent is exact.
const LOG10_2_HIGH: f64 = f64::from_bits(0x3fd3_4413_509f_6000);
const LOG10_2_LOW: f64 = 3.694_239_077_158_931e-13;
/// `log10 e` in two parts, the first of 26 bits.
const LOG10_E_HIGH: f64 = f64::from_bits(0x3fdb_cb7b_1000_0000);
const LOG10_E_LOW: f64 = 4.798_111_141_615_973e-9;

/// `log10 x` as a sum of two numbers, right to some 1e-17, for positive normal `x`.
///
/// The sum is a whole number where `x` is a power of ten: decades are where they are drawn.
#[inline(always)]
pub(super) fn log10_in_two(x: f64) -> (f64, f64) {
    let (k, f, rest) = split_logarithm(x);
    // Of 26 bits at most, so that its product with the first part of log10 e is exact.
    let f_high = f64::from_bits(f.to_bits() & !0x7ff_ffff);
    let octaves = k * LOG10_2_HIGH;
    let mantissa = f_high * LOG10_E_HIGH;
    // An octave is more than any mantissa's part, or there is none: what this sum loses is known.
    let sum = octaves + mantissa;
    let lost = mantissa - (sum - octaves);
    let low = (f - f_high) * LOG10_E_HIGH + f * LOG10_E_LOW + rest * std::f64::consts::LOG10_E;
    (sum, lost + (low + k * LOG10_2_LOW))
}

/// `ln x` for any number: -inf for 0, NaN below it.
pub(super) fn ln_anywhere(x: f64) -> f64 {
    if x.is_normal() && x > 0.0 {
        ln(x)
    } else if x > 0.0 && x.is_finite() {
        // Below the normal numbers.
        ln(x * 18_014_398_509_481_984.0) - 54.0 * std::f64::consts::LN_2
    } else if x == 0.0 {
        f64::NEG_INFINITY
    } else if x > 0.0 {
        x
    } else {
        f64::NAN
    }
}

/// `ln(1 + x)` for finite `x >= 0`.
#[inline(always)]
pub(super) fn ln_1p(x: f64) -> f64 {
    let sum = 1.0 + x;
    // What the sum lost in rounding; where x is huge it is the 1, which does not matter.
    let lost = if x < 1.0 {
        x - (sum - 1.0)
    } else {
        1.0 - (sum - x)
    };
    ln(sum) + lost / sum
}

/// `asinh x` for `0 <= x <= 1e150`.
#[inline(always)]
pub(super) fn asinh(x: f64) -> f64 {
    let square = x * x;
    ln_1p(x + square / (1.0 + (square + 1.0).sqrt()))
}

/// `sinh x` for `0 <= x <= LARGEST_EXPONENT`.
#[inline(always)]
pub(super) fn sinh(x: f64) -> f64 {
    let grown = exp_m1(x);
    0.5 * (grown + grown / (grown + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of steps of the last place `found` is from the standard library's answer.
    fn ulps(found: f64, expected: f64) -> f64 {
        let step = expected.abs().next_up() - expected.abs();
        (found - expected).abs() / step
    }

    /// Numbers of all sizes up to `most`, with those around halves of ln 2, where the reduction turns.
    fn numbers(most: f64) -> impl Iterator<Item = f64> {
        let sizes = (0..100_000).map(move |i| most * (-0.000_8 * f64::from(i)).exp());
        let turns = (1..1000).flat_map(move |i| {
            let turn = f64::from(i) * 0.5 * std::f64::consts::LN_2;
            [turn, turn.next_up(), turn.next_down()]
        });
        sizes.chain(turns.filter(move |turn| *turn <= most))
    }

    #[test]
    fn exponentials_are_those_of_the_standard_library() {
        for x in numbers(LARGEST_EXPONENT) {
            for x in [x, -x] {
                assert!(ulps(exp_m1(x), x.exp_m1()) <= 4.0, "exp_m1 {x}");
                if x > -700.0 {
                    assert!(ulps(exp(x), x.exp()) <= 4.0, "exp {x}");
                }
            }
            assert!(ulps(sinh(x), x.sinh()) <= 6.0, "sinh {x}");
        }
        assert_eq!(exp_anywhere(f64::INFINITY), f64::INFINITY);
        assert_eq!(exp_anywhere(f64::NEG_INFINITY), 0.0);
        assert_eq!(exp_anywhere(-745.2), 0.0);
        assert!(exp_anywhere(-740.0) > 0.0);
        assert!(exp_anywhere(f64::NAN).is_nan());
    }

    #[test]
    fn logarithms_are_those_of_the_standard_library() {
        for x in numbers(1e300) {
            assert!(ulps(ln(x), x.ln()) <= 4.0, "ln {x}");
            assert!(ulps(ln_1p(x), x.ln_1p()) <= 4.0, "ln_1p {x}");
        }
        for x in numbers(3.0) {
            assert!(ulps(ln(x), x.ln()) <= 4.0, "ln {x}");
            assert!(ulps(ln_1p(x), x.ln_1p()) <= 4.0, "ln_1p {x}");
        }
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln_anywhere(0.0), f64::NEG_INFINITY);
        assert_eq!(ln_anywhere(f64::INFINITY), f64::INFINITY);
        assert!(ln_anywhere(-1.0).is_nan() && ln_anywhere(f64::NAN).is_nan());
        assert!((ln_anywhere(5e-324) + 744.440_071_921_381_3).abs() < 1e-10);
    }

    #[test]
    fn decades_are_whole_numbers() {
        for decade in -307..=308_i32 {
            let x: f64 = format!("1e{decade}").parse().expect("a number");
            let (sum, rest) = log10_in_two(x);
            assert_eq!(sum + rest, f64::from(decade));
        }
        for x in numbers(1e300).filter(|x| x.is_normal()) {
            let (sum, rest) = log10_in_two(x);
            assert!(ulps(sum + rest, x.log10()) <= 1.0, "log10 {x}");
        }
    }

    #[test]
    fn asinh_undoes_sinh() {
        for x in numbers(300.0) {
            assert!(ulps(asinh(sinh(x)), x) <= 12.0, "{x}");
        }
    }
}
