//! Scores of NK events: `cargo bench --bench maturation`.
//!
//! An item is one event. To be held on two processors: 1,000,000 events of 7 markers scored
//! within 50 ms, 100,000 against 100,000 events compared within 20 ms, a curve fitted through
//! 100,000 events within 2 s; all linear, or n log n where events are sorted.

use divan::Bencher;
use divan::counter::ItemsCount;
use longate::maturation::{
    Components, Fit, Marker, Positivity, fit_curve, score_events, superiority,
};

fn main() {
    divan::main();
}

const MARKERS: usize = 7;

/// Numbers in [0, 1), the same in every run.
fn uniform(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    (0..n)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        })
        .collect()
}

fn score(bencher: Bencher, n: usize, threads: usize, spread: bool) {
    let columns: Vec<Vec<f64>> = (0..MARKERS as u64).map(|seed| uniform(n, seed)).collect();
    let markers: Vec<Marker<'_>> = columns
        .iter()
        .map(|values| Marker {
            values,
            positivity: Positivity::Between(Components {
                negative_mean: 0.2,
                negative_variance: 0.0025,
                positive_mean: 0.6,
                positive_variance: 0.0064,
                prior: 0.0,
            }),
            spread: if spread {
                vec![(&columns[0], 1e-3), (&columns[1], 1e-3)]
            } else {
                vec![]
            },
            weight: 1.0,
        })
        .collect();
    let (mut probabilities, mut scores) = (vec![0.0; MARKERS * n], vec![0.0; n]);
    bencher
        .counter(ItemsCount::new(n))
        .bench_local(|| score_events(&markers, &mut probabilities, &mut scores, threads));
}

#[divan::bench(args = [10_000, 100_000, 1_000_000, 10_000_000], max_time = 5)]
fn scores_of_7_markers(bencher: Bencher, n: usize) {
    score(bencher, n, 0, false);
}

#[divan::bench(args = [1, 2], max_time = 5)]
fn a_million_scores_by_threads(bencher: Bencher, threads: usize) {
    score(bencher, 1_000_000, threads, false);
}

#[divan::bench(args = [100_000, 1_000_000], max_time = 5)]
fn scores_of_7_markers_with_spread(bencher: Bencher, n: usize) {
    score(bencher, n, 0, true);
}

#[divan::bench(args = [10_000, 100_000, 1_000_000, 10_000_000], max_time = 5)]
fn superiority_of_two_samples(bencher: Bencher, n: usize) {
    let (earlier, later) = (uniform(n, 1), uniform(n, 2));
    bencher
        .counter(ItemsCount::new(2 * n))
        .bench(|| superiority(&earlier, &later));
}

#[divan::bench(args = [10_000, 100_000, 1_000_000], max_time = 10)]
fn fit_of_a_curve(bencher: Bencher, n: usize) {
    let along = uniform(n, 3);
    let noise: Vec<Vec<f64>> = (0..MARKERS as u64)
        .map(|seed| uniform(n, 10 + seed))
        .collect();
    let mut points = Vec::with_capacity(n * MARKERS);
    for (event, &t) in along.iter().enumerate() {
        for (marker, noise) in noise.iter().enumerate() {
            let turn = 1.0 / (1.0 + (-(t - 0.1 * (marker + 1) as f64) * 12.0).exp());
            points.push(4.0 * turn + noise[event]);
        }
    }
    let start: Vec<f64> = points
        .chunks_exact(MARKERS)
        .map(|row| row.iter().sum())
        .collect();
    let fit = Fit {
        knots: 40,
        span: 0.2,
        rounds: 40,
        tolerance: 1e-4,
        threads: 0,
    };
    bencher
        .counter(ItemsCount::new(n))
        .bench(|| fit_curve(&points, MARKERS, &start, &fit));
}

/// One channel of a large file on 1024 positions, for thresholds read from a density.
#[divan::bench]
fn bin_density(bencher: Bencher) {
    let values: Vec<f64> = (0..200_000_u32)
        .map(|k| f64::from(k.wrapping_mul(2_654_435_761) >> 8) / f64::from(1_u32 << 24))
        .collect();
    bencher
        .counter(ItemsCount::new(values.len()))
        .bench_local(|| longate::density::bin(divan::black_box(&values), -0.1, 1.1, 1024));
}
