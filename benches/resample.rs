//! Permutations and sign flips of families of outcomes: `cargo bench --bench resample`.
//!
//! An item is one allocation of one outcome. To be held: 792 allocations of 200 outcomes within
//! 50 ms, and 1,000,000 sampled allocations of 50 outcomes within 2 s on two processors.

use divan::Bencher;
use divan::counter::ItemsCount;
use longate::resample::{Extent, flip_signs, permute_jointly};
use ndarray::{Array1, Array2};

fn main() {
    divan::main();
}

const EXTENT: Extent = Extent {
    most_enumerated: 1_000_000,
    replicates: 999_999,
    seed: 2012,
    threads: 0,
};

/// Changes of patients, the same in every run; some missing where asked.
fn changes(outcomes: usize, patients: usize, gaps: bool) -> Array2<f64> {
    let mut state = 2012_u64;
    Array2::from_shape_fn((outcomes, patients), |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
        if gaps && state >> 60 == 0 {
            f64::NAN
        } else {
            unit
        }
    })
}

fn permute(bencher: Bencher, outcomes: usize, sizes: (usize, usize), gaps: bool, number: u64) {
    let values = changes(outcomes, sizes.0 + sizes.1, gaps);
    let labels: Array1<bool> = (0..sizes.0 + sizes.1).map(|at| at < sizes.0).collect();
    bencher
        .counter(ItemsCount::new(number * outcomes as u64))
        .bench(|| permute_jointly(values.view(), labels.view(), &EXTENT, &mut || true));
}

#[divan::bench]
fn all_792_allocations_of_200_outcomes(bencher: Bencher) {
    permute(bencher, 200, (5, 7), false, 792);
}

#[divan::bench(sample_count = 5)]
fn a_million_allocations_of_50_outcomes(bencher: Bencher) {
    permute(bencher, 50, (12, 13), false, 1_000_000);
}

#[divan::bench(sample_count = 5)]
fn a_million_allocations_of_50_outcomes_with_gaps(bencher: Bencher) {
    permute(bencher, 50, (12, 13), true, 1_000_000);
}

#[divan::bench]
fn all_flips_of_12_patients_in_200_outcomes(bencher: Bencher) {
    let values = changes(200, 12, false) - 0.4;
    bencher
        .counter(ItemsCount::new(4_096_u64 * 200))
        .bench(|| flip_signs(values.view(), 0.05, &EXTENT, &mut || true));
}

#[divan::bench(sample_count = 5)]
fn a_million_flips_of_25_patients_in_50_outcomes(bencher: Bencher) {
    let values = changes(50, 25, false) - 0.4;
    bencher
        .counter(ItemsCount::new(1_000_000_u64 * 50))
        .bench(|| flip_signs(values.view(), 0.05, &EXTENT, &mut || true));
}
