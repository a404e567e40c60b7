//! Rows turned by every path against numbers picked out one by one.

use proptest::prelude::*;

use super::super::forced::baseline;
use super::*;

fn columns(n_columns: usize, n_rows: usize) -> Vec<Vec<f32>> {
    vec![vec![0.0; n_rows]; n_columns]
}

fn views(columns: &mut [Vec<f32>]) -> Vec<&mut [f32]> {
    columns.iter_mut().map(Vec::as_mut_slice).collect()
}

proptest! {
    #[test]
    fn every_path_moves_the_same_floats(
        n_rows in 0..40_usize, n_columns in 1..=WIDTH, before in 0..9_usize, behind in 0..40_usize,
        big_endian in any::<bool>(), seed in any::<u64>(),
    ) {
        let stride = before + 4 * n_columns + behind;
        let bytes = noise(n_rows * stride, seed);
        let rows = Rows { bytes: &bytes, stride, offset: before, big_endian };
        let (mut fast, mut plain) = (columns(n_columns, n_rows), columns(n_columns, n_rows));
        floats(rows, &mut views(&mut fast));
        baseline(|| floats(rows, &mut views(&mut plain)));
        for (k, (fast, plain)) in fast.iter().zip(&plain).enumerate() {
            for (i, (fast, plain)) in fast.iter().zip(plain).enumerate() {
                let at = i * stride + before + 4 * k;
                let stored: [u8; 4] = bytes[at..at + 4].try_into().expect("four bytes");
                let truth = word(stored, big_endian);
                prop_assert_eq!((fast.to_bits(), plain.to_bits()), (truth, truth));
            }
        }
    }

    #[test]
    fn every_path_widens_the_same_floats(
        n_rows in 0..40_usize, width in 1..=WIDTH, before in 0..9_usize, behind in 0..40_usize,
        big_endian in any::<bool>(), seed in any::<u64>(), some in any::<bool>(),
    ) {
        let stride = before + 4 * width + behind;
        let bytes = noise(n_rows * stride, seed);
        let rows = Rows { bytes: &bytes, stride, offset: before, big_endian };
        let lanes: Vec<usize> = (0..width).filter(|lane| seed >> lane & 1 == 1).collect();
        let slots: Vec<u32> = (0..40).filter(|&row| seed >> row & 1 == 1 && (row as usize) < n_rows).collect();
        let n_events = if some { slots.len() } else { n_rows };
        let run = || {
            let mut out = vec![vec![0.0; n_events]; lanes.len()];
            let mut views: Vec<_> = out.iter_mut().map(Vec::as_mut_slice).collect();
            doubles(rows, some.then_some(&slots), &lanes, &mut views);
            out
        };
        let (fast, plain) = (run(), baseline(run));
        for (k, lane) in lanes.iter().enumerate() {
            for i in 0..n_events {
                let row = if some { slots[i] as usize } else { i };
                let at = row * stride + before + 4 * lane;
                let stored: [u8; 4] = bytes[at..at + 4].try_into().expect("four bytes");
                let truth = f64::from(f32::from_bits(word(stored, big_endian)));
                // A NaN may be told to be quiet when it is widened.
                let same = |x: f64| x.to_bits() == truth.to_bits() || x.is_nan() && truth.is_nan();
                prop_assert!(same(fast[k][i]) && same(plain[k][i]));
            }
        }
    }

    #[test]
    fn every_path_masks_the_same_integers(
        n_rows in 0..40_usize, masks in prop::collection::vec(any::<u16>(), 1..=WIDTH),
        before in 0..9_usize, behind in 0..40_usize, big_endian in any::<bool>(), seed in any::<u64>(),
    ) {
        let stride = before + 2 * masks.len() + behind;
        let bytes = noise(n_rows * stride, seed);
        let rows = Rows { bytes: &bytes, stride, offset: before, big_endian };
        let (mut fast, mut plain) = (columns(masks.len(), n_rows), columns(masks.len(), n_rows));
        let met = halfwords(rows, &masks, &mut views(&mut fast));
        let same = baseline(|| halfwords(rows, &masks, &mut views(&mut plain)));
        prop_assert_eq!(met, same);
        prop_assert_eq!(&fast, &plain);
        for (k, (column, mask)) in fast.iter().zip(&masks).enumerate() {
            let mut any = 0;
            for (i, &found) in column.iter().enumerate() {
                let at = i * stride + before + 2 * k;
                let stored: [u8; 2] = bytes[at..at + 2].try_into().expect("two bytes");
                let number =
                    if big_endian { u16::from_be_bytes(stored) } else { u16::from_le_bytes(stored) };
                any |= number;
                prop_assert_eq!(found, f32::from(number & mask));
            }
            prop_assert_eq!(met[k], any);
        }
    }
}

/// Bytes that look like nothing.
fn noise(n: usize, mut state: u64) -> Vec<u8> {
    let step = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..n).map(step).collect()
}
