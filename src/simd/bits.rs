//! Masks over some of the events, and masks over all of them.
//!
//! `whole` says which events some are. A mask over these few has one bit for each set bit of
//! `whole`, side by side from the lowest on.

/// Put bit `k` of `mask` where `whole` has its set bit number `k`; `out` has as many words as `whole`.
pub(crate) fn spread(mask: &[u64], whole: &[u64], out: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if super::level() != super::Level::Baseline {
        // SAFETY: the processor has BMI2, or the level would be the baseline.
        return unsafe { bmi2::spread(mask, whole, out) };
    }
    each_spread(mask, whole, out, deposit);
}

/// Bring together the bits of `mask` for which `whole` has one; `out` has room for these.
pub(crate) fn focus(mask: &[u64], whole: &[u64], out: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if super::level() != super::Level::Baseline {
        // SAFETY: the processor has BMI2, or the level would be the baseline.
        return unsafe { bmi2::focus(mask, whole, out) };
    }
    each_focus(mask, whole, out, extract);
}

/// The positions of the set bits of each byte, lowest first.
const POSITIONS: [[u8; 8]; 256] = {
    let mut positions = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut bit, mut found) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                positions[byte][found] = bit;
                found += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    positions
};

/// Write the positions of the set bits of a mask (fewer than 2^32), rising; gives how many. `out` grows
/// as needed and may hold more behind them.
pub(crate) fn positions(mask: &[u64], out: &mut Vec<u32>) -> usize {
    let n_bits = count(mask);
    // Eight positions are written at once, of which only some count.
    if out.len() < n_bits + 8 {
        out.resize(n_bits + 8, 0);
    }
    write_positions(mask, out);
    n_bits
}

multiversion! {
    fn count(mask: &[u64]) -> usize {
        mask.iter().map(|word| word.count_ones() as usize).sum()
    }
}

multiversion! {
    fn write_positions(mask: &[u64], out: &mut [u32]) {
        let mut end = 0;
        for (begin, &word) in (0_u32..).step_by(64).zip(mask) {
            for (begin, byte) in (begin..).step_by(8).zip(word.to_le_bytes()) {
                let Some(eight) = out.get_mut(end..).and_then(<[u32]>::first_chunk_mut::<8>) else {
                    return;
                };
                *eight = POSITIONS[usize::from(byte)].map(|slot| begin + u32::from(slot));
                end += byte.count_ones() as usize;
            }
        }
    }
}

#[inline(always)]
#[allow(clippy::inline_always)] // must take on the features of its caller
fn each_spread(mask: &[u64], whole: &[u64], out: &mut [u64], deposit: impl Fn(u64, u64) -> u64) {
    let mut begin = 0;
    for (out, &whole) in out.iter_mut().zip(whole) {
        let (word, shift) = (begin / 64, begin % 64);
        let low = mask.get(word).copied().unwrap_or(0) >> shift;
        let high = mask.get(word + 1).copied().unwrap_or(0);
        // Shifted twice, since a word cannot be shifted by all of its bits at once.
        *out = deposit(low | high << 1 << (63 - shift), whole);
        begin += whole.count_ones() as usize;
    }
}

#[inline(always)]
#[allow(clippy::inline_always)] // must take on the features of its caller
fn each_focus(mask: &[u64], whole: &[u64], out: &mut [u64], extract: impl Fn(u64, u64) -> u64) {
    out.fill(0);
    let mut begin = 0;
    for (&mask, &whole) in mask.iter().zip(whole) {
        let bits = extract(mask, whole);
        let (word, shift) = (begin / 64, begin % 64);
        if let Some(out) = out.get_mut(word) {
            *out |= bits << shift;
        }
        if let Some(out) = out.get_mut(word + 1) {
            *out |= bits >> 1 >> (63 - shift);
        }
        begin += whole.count_ones() as usize;
    }
}

/// The lowest bits of `bits`, each at a set bit of `whole`.
fn deposit(bits: u64, whole: u64) -> u64 {
    let (mut bits, mut rest, mut out) = (bits, whole, 0);
    while rest != 0 {
        let lowest = rest & rest.wrapping_neg();
        out |= lowest & (bits & 1).wrapping_neg();
        bits >>= 1;
        rest ^= lowest;
    }
    out
}

/// The bits of `bits` at the set bits of `whole`, side by side.
fn extract(bits: u64, whole: u64) -> u64 {
    let (mut rest, mut out, mut slot) = (whole, 0, 0);
    while rest != 0 {
        out |= (bits >> rest.trailing_zeros() & 1) << slot;
        slot += 1;
        rest &= rest - 1;
    }
    out
}

#[cfg(target_arch = "x86_64")]
mod bmi2 {
    use std::arch::x86_64::{_pdep_u64, _pext_u64};

    #[target_feature(enable = "bmi1,bmi2,popcnt")]
    pub(super) fn spread(mask: &[u64], whole: &[u64], out: &mut [u64]) {
        super::each_spread(mask, whole, out, |bits, whole| _pdep_u64(bits, whole));
    }

    #[target_feature(enable = "bmi1,bmi2,popcnt")]
    pub(super) fn focus(mask: &[u64], whole: &[u64], out: &mut [u64]) {
        super::each_focus(mask, whole, out, |bits, whole| _pext_u64(bits, whole));
    }
}

#[cfg(test)]
mod tests {
    use super::super::forced::baseline;
    use super::*;
    use crate::simd::tests::words;
    use proptest::prelude::*;

    /// The positions of the bits of a mask.
    fn set_bits(mask: &[u64]) -> Vec<usize> {
        let is_set = |&slot: &usize| mask[slot / 64] >> (slot % 64) & 1 == 1;
        (0..64 * mask.len()).filter(is_set).collect()
    }

    proptest! {
        #[test]
        fn positions_are_those_of_the_set_bits(mask in words(5), before in 0..400_usize) {
            let run = || {
                let mut out = vec![7; before];
                let n_bits = positions(&mask, &mut out);
                out[..n_bits].iter().map(|&slot| slot as usize).collect::<Vec<_>>()
            };
            let expected: Vec<_> = set_bits(&mask);
            prop_assert_eq!(&run(), &expected);
            prop_assert_eq!(baseline(run), expected);
        }

        #[test]
        fn a_spread_mask_holds_the_events_that_it_names(whole in words(5), mask in words(5)) {
            let events = set_bits(&whole);
            let named: Vec<_> = set_bits(&mask).into_iter().filter(|&k| k < events.len()).collect();
            let run = || {
                let mut out = vec![7; 5];
                spread(&mask, &whole, &mut out);
                let mut back = vec![7; events.len().div_ceil(64)];
                focus(&out, &whole, &mut back);
                (out, back)
            };
            let (out, back) = run();
            let expected: Vec<_> = named.iter().map(|&k| events[k]).collect();
            prop_assert_eq!(set_bits(&out), expected);
            prop_assert_eq!(set_bits(&back), named);
            prop_assert_eq!(baseline(run), (out, back));
        }
    }
}
