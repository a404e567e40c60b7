//! Tests of `compare`.

use super::super::forced::baseline;
use super::*;
use proptest::prelude::*;

#[test]
fn both_levels_unpack_and_split_bits_alike() {
    let words: Vec<u64> = (1..=5_u64)
        .map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .collect();
    for length in [0, 1, 8, 63, 64, 65, 96, 200, 320] {
        let (mut fast, mut plain) = (vec![9; length], vec![9; length]);
        unpack(&words, &mut fast);
        baseline(|| unpack(&words, &mut plain));
        assert_eq!(fast, plain);
        for (event, answer) in fast.iter().enumerate() {
            let bit = words[event / WORD] >> (event % WORD) & 1;
            assert_eq!(u64::from(*answer), bit, "{event} of {length}");
        }
        let bytes: Vec<u8> = (0..length)
            .map(|slot| (words[slot % 5] >> (slot % 50)).to_le_bytes()[0])
            .collect();
        let mut fast = [[u64::MAX; 6]; 2];
        let mut plain = fast;
        let [lowest, second] = &mut fast;
        split_bits(&bytes, lowest, second);
        let [lowest, second] = &mut plain;
        baseline(|| split_bits(&bytes, lowest, second));
        assert_eq!(fast, plain);
        for slot in 0..6 * WORD {
            for (bit, mask) in fast.iter().enumerate() {
                let expected = bytes.get(slot).is_some_and(|byte| byte >> bit & 1 == 1);
                let found = mask[slot / WORD] >> (slot % WORD) & 1 == 1;
                assert_eq!(found, expected, "bit {bit} of byte {slot} of {length}");
            }
        }
    }
}

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

    #[test]
    fn both_levels_tell_the_values_that_reach_a_cut_from_nan(
        mut values in prop::collection::vec(-2.0..2.0_f64, 0..400), low in -1.0..1.0_f64,
        nan in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
    ) {
        values.extend([low, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 5e-324]);
        for at in nan {
            let at = at.index(values.len());
            values[at] = f64::NAN;
        }
        #[allow(clippy::cast_possible_truncation)]
        let (single, low_single) =
            (values.iter().map(|x| *x as f32).collect::<Vec<_>>(), low as f32);
        let words = values.len().div_ceil(WORD) + 1;
        let kept = || (vec![u64::MAX; words], vec![u64::MAX; words]);
        let (mut fast, mut plain, mut fast_single, mut plain_single) =
            (kept(), kept(), kept(), kept());
        reach(&values, low, &mut fast.0, &mut fast.1);
        baseline(|| reach(&values, low, &mut plain.0, &mut plain.1));
        reach_f32(&single, low_single, &mut fast_single.0, &mut fast_single.1);
        baseline(|| reach_f32(&single, low_single, &mut plain_single.0, &mut plain_single.1));
        prop_assert_eq!((&fast, &fast_single), (&plain, &plain_single));
        for index in 0..words * WORD {
            let bit = |mask: &[u64]| mask[index / WORD] >> (index % WORD) & 1 == 1;
            let value = values.get(index).filter(|x| !x.is_nan());
            let cut = single.get(index).is_some_and(|x| *x >= low_single);
            prop_assert_eq!(bit(&fast.0), value.is_some_and(|x| *x >= low));
            prop_assert_eq!(bit(&fast_single.0), cut);
            prop_assert_eq!([&fast.1, &fast_single.1].map(|mask| bit(mask)), [value.is_some(); 2]);
        }
    }
}
