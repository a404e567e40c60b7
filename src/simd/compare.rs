//! Comparisons of whole columns, one bit per event: what range, quadrant and ellipsoid gates end in.
//!
//! A comparison with NaN is false, so that no NaN lies within anything.

use super::multiversion;

/// Number of events a word holds.
const WORD: usize = 64;

/// Keep in `mask` the events with `low <= x <= high`; bits beyond the last value are cleared.
pub fn keep_within(values: &[f64], low: f64, high: f64, mask: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if super::level() == super::Level::Avx2 {
        // SAFETY: the processor has AVX2, or the level would be another.
        return unsafe { avx2::keep_within(values, low, high, mask) };
    }
    plain::keep_within(values, low, high, mask);
}

/// [`keep_within`] on single-precision values.
pub fn keep_within_f32(values: &[f32], low: f32, high: f32, mask: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if super::level() == super::Level::Avx2 {
        // SAFETY: the processor has AVX2, or the level would be another.
        return unsafe { avx2::keep_within_f32(values, low, high, mask) };
    }
    plain::keep_within_f32(values, low, high, mask);
}

multiversion! {
    /// The values in double precision.
    pub fn widen(values: &[f32], out: &mut [f64]) {
        for (wide, x) in out.iter_mut().zip(values) {
            *wide = f64::from(*x);
        }
    }
}

/// The bits of a byte as answers, lowest first.
const ANSWERS: [[bool; 8]; 256] = {
    let mut answers = [[false; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < 8 {
            answers[byte][bit] = byte >> bit & 1 == 1;
            bit += 1;
        }
        byte += 1;
    }
    answers
};

/// The bits of a mask as answers, one per event.
pub fn unpack(mask: &[u64], out: &mut [bool]) {
    for (word, answers) in mask.iter().zip(out.chunks_mut(WORD)) {
        for (byte, eight) in word.to_le_bytes().into_iter().zip(answers.chunks_mut(8)) {
            let known = &ANSWERS[usize::from(byte)];
            if let Ok(whole) = <&mut [bool; 8]>::try_from(&mut *eight) {
                *whole = *known;
            } else {
                let few = eight.len();
                eight.copy_from_slice(&known[..few]);
            }
        }
    }
}

mod plain {
    use super::WORD;

    macro_rules! keep_within {
        ($name:ident, $number:ty) => {
            pub(super) fn $name(values: &[$number], low: $number, high: $number, mask: &mut [u64]) {
                let mut chunks = values.chunks(WORD);
                for word in mask {
                    let chunk = chunks.next().unwrap_or_default();
                    let mut bits = 0;
                    for (bit, &x) in chunk.iter().enumerate() {
                        bits |= u64::from((x >= low) & (x <= high)) << bit;
                    }
                    *word &= bits;
                }
            }
        };
    }
    keep_within!(keep_within, f64);
    keep_within!(keep_within_f32, f32);
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{WORD, plain};
    use std::arch::x86_64::{
        _CMP_GE_OQ, _CMP_LE_OQ, _mm256_and_pd, _mm256_and_ps, _mm256_cmp_pd, _mm256_cmp_ps,
        _mm256_loadu_pd, _mm256_loadu_ps, _mm256_movemask_pd, _mm256_movemask_ps, _mm256_set1_pd,
        _mm256_set1_ps,
    };

    macro_rules! keep_within {
        ($name:ident, $number:ty, $lanes:literal, $set:ident, $load:ident, $compare:ident, $and:ident, $bits:ident) => {
            #[target_feature(enable = "avx2")]
            pub(super) fn $name(values: &[$number], low: $number, high: $number, mask: &mut [u64]) {
                let (lows, highs) = ($set(low), $set(high));
                let (whole, rest) = values.as_chunks::<WORD>();
                let n_whole = whole.len().min(mask.len());
                for (word, chunk) in mask.iter_mut().zip(whole) {
                    let mut bits = 0;
                    for (group, lane) in chunk.as_chunks::<$lanes>().0.iter().enumerate() {
                        // SAFETY: a group holds exactly as many numbers as a register; no alignment is needed.
                        let x = unsafe { $load(lane.as_ptr()) };
                        let inside = $and(
                            $compare::<_CMP_GE_OQ>(x, lows),
                            $compare::<_CMP_LE_OQ>(x, highs),
                        );
                        bits |= u64::from($bits(inside).cast_unsigned()) << (group * $lanes);
                    }
                    *word &= bits;
                }
                plain::$name(rest, low, high, &mut mask[n_whole..]);
            }
        };
    }
    keep_within!(
        keep_within,
        f64,
        4,
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_cmp_pd,
        _mm256_and_pd,
        _mm256_movemask_pd
    );
    keep_within!(
        keep_within_f32,
        f32,
        8,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_cmp_ps,
        _mm256_and_ps,
        _mm256_movemask_ps
    );
}

#[cfg(test)]
mod tests {
    use super::super::forced::baseline;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_levels_keep_the_values_between(
            mut values in prop::collection::vec(-2.0..2.0_f64, 0..200),
            low in -1.0..1.0_f64, high in -1.0..1.0_f64, given in any::<u64>(),
        ) {
            values.extend([low, high, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 5e-324]);
            let words = values.len().div_ceil(WORD) + 1;
            let (mut fast, mut plain) = (vec![given; words], vec![given; words]);
            keep_within(&values, low, high, &mut fast);
            baseline(|| keep_within(&values, low, high, &mut plain));
            prop_assert_eq!(&fast, &plain);
            for (index, x) in values.iter().enumerate() {
                let bit = |word: u64| word >> (index % WORD) & 1 == 1;
                prop_assert_eq!(bit(fast[index / WORD]), bit(given) && *x >= low && *x <= high);
            }
            #[allow(clippy::cast_possible_truncation)]
            let (single, low, high) =
                (values.iter().map(|x| *x as f32).collect::<Vec<_>>(), low as f32, high as f32);
            let (mut fast, mut plain) = (vec![given; words], vec![given; words]);
            keep_within_f32(&single, low, high, &mut fast);
            baseline(|| keep_within_f32(&single, low, high, &mut plain));
            prop_assert_eq!(&fast, &plain);
            for (index, x) in single.iter().enumerate() {
                let bit = |word: u64| word >> (index % WORD) & 1 == 1;
                prop_assert_eq!(bit(fast[index / WORD]), bit(given) && *x >= low && *x <= high);
            }
        }
    }
}
