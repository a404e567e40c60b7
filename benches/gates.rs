//! Gates in events per second, on blocks as a pass over a file has them: `make bench`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use longate::gate::columns::{Column, rectangle_columns, region_columns};
use longate::gate::{Bounds, Ellipsoid, Expression, Interval, Polygon, Region, Shape, Term};

const EVENTS: usize = 1_000_000;

fn main() {
    divan::main();
}

/// Two clouds of events, the same in every run.
fn events() -> (Vec<f32>, Vec<f32>) {
    let mut state = 2012_u64;
    let mut unit = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut cloud = move |middle: f64, spread: f64| {
        let sum: f64 = (0..4).map(|_| unit() - 0.5).sum();
        #[allow(clippy::cast_possible_truncation)]
        let value = (middle + spread * sum) as f32;
        value
    };
    (0..EVENTS)
        .map(|event| match event % 3 {
            0 => (cloud(30e3, 40e3), cloud(20e3, 30e3)),
            _ => (cloud(68e3, 30e3), cloud(27e3, 20e3)),
        })
        .unzip()
}

fn outline(vertices: u32) -> Vec<(f64, f64)> {
    (0..vertices)
        .map(|k| {
            let angle = f64::from(k) * std::f64::consts::TAU / f64::from(vertices);
            let radius = 1.0 + 0.12 * (3.0 * angle + 0.7).cos() + 0.05 * (7.0 * angle).cos();
            (
                68e3 + 24e3 * radius * angle.cos(),
                27e3 + 17e3 * radius * angle.sin(),
            )
        })
        .collect()
}

#[divan::bench]
fn limit_read_two_columns(bencher: Bencher) {
    let (xs, ys) = events();
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        let sum = |values: &[f32]| -> u32 {
            values
                .iter()
                .fold(0, |sum, x| sum.wrapping_add(x.to_bits()))
        };
        sum(black_box(&xs)).wrapping_add(sum(black_box(&ys)))
    });
}

#[divan::bench]
fn rectangle(bencher: Bencher) {
    let (xs, ys) = events();
    let columns = [Column::Float32(&xs), Column::Float32(&ys)];
    let side = |low, high| Bounds::new((Some(low), Some(high)), Interval::HalfOpen);
    let bounds = [side(45e3, 95e3), side(8e3, 60e3)].map(|bounds| bounds.expect("bounds"));
    let mut out = vec![0; EVENTS];
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| rectangle_columns(&bounds, black_box(&columns), &mut out));
}

#[divan::bench(args = [4, 20, 200, 2000, 100_000])]
fn polygon(bencher: Bencher, vertices: u32) {
    let (xs, ys) = events();
    let columns = [Column::Float32(&xs), Column::Float32(&ys)];
    let outline = Polygon::new(outline(vertices)).expect("a polygon");
    outline.prepare();
    let outline = Shape::from(outline);
    let mut out = vec![0; EVENTS];
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| region_columns(&outline, black_box(&columns), &mut out));
}

#[divan::bench(args = [4, 20, 200, 2000, 100_000])]
fn grid_of_a_polygon(bencher: Bencher, vertices: u32) {
    let outline = outline(vertices);
    bencher.bench_local(|| {
        let polygon = Polygon::new(outline.clone()).expect("a polygon");
        polygon.prepare();
        polygon
    });
}

#[divan::bench]
fn ellipse(bencher: Bencher) {
    let (xs, ys) = events();
    let columns = [Column::Float32(&xs), Column::Float32(&ys)];
    let matrix = [vec![1.2e8, 3e7], vec![3e7, 5e7]];
    let ellipse = Ellipsoid::new(&[68e3, 27e3], &matrix, 4.0).expect("an ellipse");
    let ellipse = Shape::from(ellipse);
    let mut out = vec![0; EVENTS];
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| region_columns(&ellipse, black_box(&columns), &mut out));
}

#[divan::bench]
fn boolean(bencher: Bencher) {
    let terms = vec![
        Term::Population(0),
        Term::Population(1),
        Term::Not,
        Term::And,
    ];
    let expression = Expression::new(terms).expect("an expression");
    let mask = |word: u64| vec![word; EVENTS / 64];
    let (a, b) = (mask(0x5a5a_5a5a_5a5a_5a5a), mask(0x3333_3333_3333_3333));
    let (not_a, not_b) = (mask(!a[0]), mask(!b[0]));
    let (mut inside, mut outside) = (mask(0), mask(0));
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        let populations = [[&a[..], &not_a[..]], [&b[..], &not_b[..]]];
        expression.evaluate_masks(black_box(&populations), &mut inside, &mut outside)
    });
}
