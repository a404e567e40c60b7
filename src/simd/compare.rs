//! Comparisons of whole columns, one bit per event: what range, quadrant and ellipsoid gates end in.
//!
//! A comparison with NaN is false, so that no NaN lies within anything.

use super::multiversion;

/// Number of events a word holds.
const WORD: usize = 64;

macro_rules! by_level {
    ($(#[$about:meta])* $name:ident($($argument:ident: $kind:ty),*)) => {
        $(#[$about])*
        pub fn $name($($argument: $kind),*) {
            #[cfg(target_arch = "x86_64")]
            if super::level() == super::Level::Avx2 {
                // SAFETY: the processor has AVX2, or the level would be another.
                return unsafe { avx2::$name($($argument),*) };
            }
            plain::$name($($argument),*);
        }
    };
}
by_level! {
    /// Keep in `mask` the events with `low <= x <= high`; bits beyond the last value are cleared.
    keep_within(values: &[f64], low: f64, high: f64, mask: &mut [u64])
}
by_level! {
    /// [`keep_within`] on single-precision values.
    keep_within_f32(values: &[f32], low: f32, high: f32, mask: &mut [u64])
}
by_level! {
    /// Write to `reached` which events have `x >= low`, and to `numbers`, as long as that, which are not
    /// NaN; bits beyond the last value are cleared.
    reach(values: &[f64], low: f64, reached: &mut [u64], numbers: &mut [u64])
}
by_level! {
    /// [`reach`] on single-precision values.
    reach_f32(values: &[f32], low: f32, reached: &mut [u64], numbers: &mut [u64])
}
by_level! {
    /// The bits of a mask as answers, one per event: 1 or 0.
    unpack(mask: &[u64], out: &mut [u8])
}
by_level! {
    /// The two lowest bits of each byte as two masks, one bit per byte; bits beyond the last are
    /// cleared.
    split_bits(bytes: &[u8], lowest: &mut [u64], second: &mut [u64])
}

multiversion! {
    /// The values in double precision.
    pub fn widen(values: &[f32], out: &mut [f64]) {
        for (wide, x) in out.iter_mut().zip(values) {
            *wide = f64::from(*x);
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

    macro_rules! reach {
        ($name:ident, $number:ty) => {
            pub(super) fn $name(
                values: &[$number],
                low: $number,
                reached: &mut [u64],
                numbers: &mut [u64],
            ) {
                let mut chunks = values.chunks(WORD);
                for (reached, numbers) in reached.iter_mut().zip(numbers) {
                    (*reached, *numbers) = (0, 0);
                    for (bit, &x) in chunks.next().unwrap_or_default().iter().enumerate() {
                        *reached |= u64::from(x >= low) << bit;
                        *numbers |= u64::from(!x.is_nan()) << bit;
                    }
                }
            }
        };
    }
    reach!(reach, f64);
    reach!(reach_f32, f32);

    /// The bits of a byte as answers, lowest first.
    const ANSWERS: [[u8; 8]; 256] = {
        let mut answers = [[0; 8]; 256];
        let mut byte = 0;
        while byte < 256 {
            let mut bit = 0;
            while bit < 8 {
                if byte >> bit & 1 == 1 {
                    answers[byte][bit] = 1;
                }
                bit += 1;
            }
            byte += 1;
        }
        answers
    };

    pub(super) fn unpack(mask: &[u64], out: &mut [u8]) {
        for (word, answers) in mask.iter().zip(out.chunks_mut(WORD)) {
            for (byte, eight) in word.to_le_bytes().into_iter().zip(answers.chunks_mut(8)) {
                let known = &ANSWERS[usize::from(byte)];
                if let Ok(whole) = <&mut [u8; 8]>::try_from(&mut *eight) {
                    *whole = *known;
                } else {
                    let few = eight.len();
                    eight.copy_from_slice(&known[..few]);
                }
            }
        }
    }

    /// Bit `k` of the answer is the lowest bit of byte `k`.
    fn lowest_bits(eight: u64) -> u64 {
        const ONES: u64 = 0x0101_0101_0101_0101;
        // Multiplying moves the lowest bit of byte k to bit 56 + k.
        const GATHER: u64 = 0x0102_0408_1020_4080;
        (eight & ONES).wrapping_mul(GATHER) >> 56
    }

    pub(super) fn split_bits(bytes: &[u8], lowest: &mut [u64], second: &mut [u64]) {
        let mut chunks = bytes.chunks(WORD);
        for (lowest, second) in lowest.iter_mut().zip(second) {
            (*lowest, *second) = (0, 0);
            let (eights, rest) = chunks.next().unwrap_or_default().as_chunks::<8>();
            for (group, eight) in eights.iter().enumerate() {
                let eight = u64::from_le_bytes(*eight);
                *lowest |= lowest_bits(eight) << (8 * group);
                *second |= lowest_bits(eight >> 1) << (8 * group);
            }
            for (slot, byte) in rest.iter().enumerate() {
                let bit = eights.len() * 8 + slot;
                *lowest |= u64::from(byte & 1) << bit;
                *second |= u64::from(byte >> 1 & 1) << bit;
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2 {
    use super::{WORD, plain};
    use std::arch::x86_64::{
        __m256, __m256d, __m256i, _CMP_GE_OQ, _CMP_LE_OQ, _CMP_ORD_Q, _CMP_UNORD_Q, _mm256_and_pd,
        _mm256_and_ps, _mm256_and_si256, _mm256_castps_si256, _mm256_cmp_pd, _mm256_cmp_ps,
        _mm256_cmpeq_epi8, _mm256_loadu_pd, _mm256_loadu_ps, _mm256_loadu_si256,
        _mm256_movemask_epi8, _mm256_movemask_pd, _mm256_movemask_ps, _mm256_or_ps,
        _mm256_packs_epi16, _mm256_packs_epi32, _mm256_permutevar8x32_epi32, _mm256_set1_epi8,
        _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_set1_pd, _mm256_set1_ps, _mm256_setr_epi32,
        _mm256_setr_epi64x, _mm256_shuffle_epi8, _mm256_slli_epi16, _mm256_storeu_si256,
    };

    #[target_feature(enable = "avx2")]
    pub(super) fn unpack(mask: &[u64], out: &mut [u8]) {
        // Byte k of the first half of a word goes to eight positions, and so on.
        let spread = _mm256_setr_epi64x(
            0,
            0x0101_0101_0101_0101,
            0x0202_0202_0202_0202,
            0x0303_0303_0303_0303,
        );
        let bit = _mm256_set1_epi64x(i64::from_le_bytes([1, 2, 4, 8, 16, 32, 64, 128]));
        let one = _mm256_set1_epi8(1);
        let (whole, rest) = out.as_chunks_mut::<WORD>();
        let n_whole = whole.len().min(mask.len());
        for (word, answers) in mask.iter().zip(whole) {
            let (halves, _) = answers.as_chunks_mut::<{ WORD / 2 }>();
            #[allow(clippy::cast_possible_truncation)] // one half after the other
            #[allow(clippy::cast_ptr_alignment)] // nor is any needed
            for (bits, half) in [*word as u32, (*word >> 32) as u32].into_iter().zip(halves) {
                let bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(bits.cast_signed()), spread);
                let set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
                // SAFETY: half a word's answers fill a register; no alignment is needed.
                unsafe {
                    _mm256_storeu_si256(
                        half.as_mut_ptr().cast::<__m256i>(),
                        _mm256_and_si256(set, one),
                    );
                }
            }
        }
        plain::unpack(&mask[n_whole..], rest);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn split_bits(bytes: &[u8], lowest: &mut [u64], second: &mut [u64]) {
        let (whole, rest) = bytes.as_chunks::<WORD>();
        let n_whole = whole.len().min(lowest.len()).min(second.len());
        for ((chunk, lowest), second) in whole.iter().zip(&mut *lowest).zip(&mut *second) {
            let (mut one, mut two) = (0, 0);
            for (half, bytes) in chunk.as_chunks::<{ WORD / 2 }>().0.iter().enumerate() {
                // SAFETY: half a word's bytes fill a register; no alignment is needed.
                #[allow(clippy::cast_ptr_alignment)]
                let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast::<__m256i>()) };
                let bits = |signs: __m256i| {
                    u64::from(_mm256_movemask_epi8(signs).cast_unsigned()) << (half * WORD / 2)
                };
                one |= bits(_mm256_slli_epi16::<7>(bytes));
                two |= bits(_mm256_slli_epi16::<6>(bytes));
            }
            (*lowest, *second) = (one, two);
        }
        plain::split_bits(rest, &mut lowest[n_whole..], &mut second[n_whole..]);
    }

    /// Which of 64 comparisons hold, eight in a register.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(in crate::simd) fn bits_of(held: [__m256; 8]) -> u64 {
        // Narrowing to bytes leaves the halves of registers apart.
        let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
        let (first, second) = held.split_at(4);
        let half = |held: &[__m256]| {
            let narrow = |one, other| {
                let whole = [one, other].map(|at: usize| _mm256_castps_si256(held[at]));
                _mm256_packs_epi32(whole[0], whole[1])
            };
            let bytes = _mm256_packs_epi16(narrow(0, 1), narrow(2, 3));
            let bytes = _mm256_permutevar8x32_epi32(bytes, order);
            u64::from(_mm256_movemask_epi8(bytes).cast_unsigned())
        };
        half(first) | half(second) << 32
    }

    /// Eight registers of numbers of single precision.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn load_word(values: &[f32; WORD]) -> [__m256; 8] {
        // SAFETY: a word's numbers fill eight registers; no alignment is needed.
        std::array::from_fn(|group| unsafe { _mm256_loadu_ps(values.as_ptr().add(group * 8)) })
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn keep_within_f32(values: &[f32], low: f32, high: f32, mask: &mut [u64]) {
        let (lows, highs) = (_mm256_set1_ps(low), _mm256_set1_ps(high));
        let (whole, rest) = values.as_chunks::<WORD>();
        let n_whole = whole.len().min(mask.len());
        for (word, chunk) in mask.iter_mut().zip(whole) {
            *word &= bits_of(load_word(chunk).map(|x| {
                let above = _mm256_cmp_ps::<_CMP_GE_OQ>(x, lows);
                _mm256_and_ps(above, _mm256_cmp_ps::<_CMP_LE_OQ>(x, highs))
            }));
        }
        plain::keep_within_f32(rest, low, high, &mut mask[n_whole..]);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn reach_f32(values: &[f32], low: f32, reached: &mut [u64], numbers: &mut [u64]) {
        let lows = _mm256_set1_ps(low);
        let (whole, rest) = values.as_chunks::<WORD>();
        let n_whole = whole.len().min(reached.len()).min(numbers.len());
        for ((reached, numbers), chunk) in reached.iter_mut().zip(&mut *numbers).zip(whole) {
            let x = load_word(chunk);
            *reached = bits_of(x.map(|x| _mm256_cmp_ps::<_CMP_GE_OQ>(x, lows)));
            // One comparison tells whether either of two is NaN, which few are.
            let nan = |at: usize| _mm256_cmp_ps::<_CMP_UNORD_Q>(x[at], x[at + 1]);
            let nan = _mm256_or_ps(_mm256_or_ps(nan(0), nan(2)), _mm256_or_ps(nan(4), nan(6)));
            *numbers = if _mm256_movemask_ps(nan) == 0 {
                u64::MAX
            } else {
                bits_of(x.map(|x| _mm256_cmp_ps::<_CMP_ORD_Q>(x, x)))
            };
        }
        plain::reach_f32(rest, low, &mut reached[n_whole..], &mut numbers[n_whole..]);
    }

    /// Which of 64 comparisons hold, four in a register.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn bits_of_double(values: &[f64; WORD], holds: impl Fn(__m256d) -> __m256d) -> u64 {
        let mut bits = 0;
        for (group, four) in values.as_chunks::<4>().0.iter().enumerate() {
            // SAFETY: four numbers fill a register; no alignment is needed.
            let x = unsafe { _mm256_loadu_pd(four.as_ptr()) };
            bits |= u64::from(_mm256_movemask_pd(holds(x)).cast_unsigned()) << (group * 4);
        }
        bits
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn keep_within(values: &[f64], low: f64, high: f64, mask: &mut [u64]) {
        let (lows, highs) = (_mm256_set1_pd(low), _mm256_set1_pd(high));
        let (whole, rest) = values.as_chunks::<WORD>();
        let n_whole = whole.len().min(mask.len());
        for (word, chunk) in mask.iter_mut().zip(whole) {
            *word &= bits_of_double(chunk, |x| {
                let above = _mm256_cmp_pd::<_CMP_GE_OQ>(x, lows);
                _mm256_and_pd(above, _mm256_cmp_pd::<_CMP_LE_OQ>(x, highs))
            });
        }
        plain::keep_within(rest, low, high, &mut mask[n_whole..]);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn reach(values: &[f64], low: f64, reached: &mut [u64], numbers: &mut [u64]) {
        let lows = _mm256_set1_pd(low);
        let (whole, rest) = values.as_chunks::<WORD>();
        let n_whole = whole.len().min(reached.len()).min(numbers.len());
        for ((reached, numbers), chunk) in reached.iter_mut().zip(&mut *numbers).zip(whole) {
            *reached = bits_of_double(chunk, |x| _mm256_cmp_pd::<_CMP_GE_OQ>(x, lows));
            *numbers = bits_of_double(chunk, |x| _mm256_cmp_pd::<_CMP_ORD_Q>(x, x));
        }
        plain::reach(rest, low, &mut reached[n_whole..], &mut numbers[n_whole..]);
    }
}

#[cfg(test)]
mod tests;
