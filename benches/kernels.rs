//! Kernels in events per second, each beside the limit of moving its bytes: `make bench`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use longate::compensation::compensate;
use longate::fcs::data::{Column, Values, read_columns};
use longate::fcs::{ChannelToWrite, File, encode_metadata};
use longate::gate::{AxisBounds, Interval, Polygon};
use longate::transform::{Fast, Scale};

const EVENTS: usize = 200_000;

fn main() {
    divan::main();
}

/// Values spread over negative, linear and logarithmic parts, the same in every run.
fn values() -> Vec<f64> {
    let mut state = 2012_u64;
    (0..EVENTS)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
            10_f64.powf(unit * 5.4) - 300.0
        })
        .collect()
}

fn file(channels: usize) -> Vec<u8> {
    let described: Vec<_> = (0..channels)
        .map(|index| ChannelToWrite {
            detector: format!("FL{index}-A"),
            marker: None,
            range: 262_144.0,
        })
        .collect();
    let mut bytes = encode_metadata(&described, EVENTS as u64, &[]).expect("a head");
    for value in values() {
        for _ in 0..channels {
            #[allow(clippy::cast_possible_truncation)]
            bytes.extend_from_slice(&(value as f32).to_le_bytes());
        }
    }
    bytes
}

#[divan::bench]
fn limit_copy_one_column(bencher: Bencher) {
    let source = values();
    let mut out = vec![0.0; EVENTS];
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| black_box(&mut out).copy_from_slice(black_box(&source)));
}

#[divan::bench(args = [5, 20])]
fn read_float32_columns(bencher: Bencher, wanted: usize) {
    let bytes = file(20);
    let file = File::read(&bytes.as_slice()).expect("a file");
    let channels: Vec<_> = (0..wanted).collect();
    let mut out = vec![vec![0.0_f32; EVENTS]; wanted];
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        let mut views: Vec<_> = out.iter_mut().map(|c| Column::Float32(c)).collect();
        read_columns(
            &bytes.as_slice(),
            &file,
            &channels,
            Values::Scale,
            &mut views,
        )
    });
}

#[divan::bench]
fn compensate_one_of_13(bencher: Bencher) {
    let column = values();
    let observed = vec![column.as_slice(); 13];
    let weights: Vec<_> = (0..13).map(|k| if k == 3 { 1.0 } else { -0.01 }).collect();
    let mut out = vec![0.0; EVENTS];
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| compensate(black_box(&observed), &weights, &mut out));
}

const SCALES: [&str; 6] = [
    "linear",
    "log",
    "arcsinh",
    "logicle",
    "hyperlog",
    "flowjo_biex",
];

fn scale(name: &str) -> Scale {
    let parameters: &[f64] = match name {
        "linear" => &[262_144.0, 0.0],
        "log" => &[262_144.0, 4.5],
        "arcsinh" => &[262_144.0, 4.5, 0.0],
        "flowjo_biex" => &[262_144.000_029, -10.0, 4.418_54, 0.0, 4096.0],
        _ => &[262_144.0, 0.5, 4.5, 0.0],
    };
    Scale::from_name(name, parameters).expect("a scale")
}

#[divan::bench(args = SCALES)]
fn scale_forward(bencher: Bencher, name: &str) {
    let scale = scale(name);
    let (column, mut out) = (values(), vec![0.0; EVENTS]);
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| scale.forward_into(black_box(&column), &mut out));
}

#[divan::bench(args = SCALES)]
fn scale_inverse(bencher: Bencher, name: &str) {
    let scale = scale(name);
    let (mut column, mut out) = (values(), vec![0.0; EVENTS]);
    scale.forward_all(&mut column);
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| scale.inverse_into(black_box(&column), &mut out));
}

#[divan::bench(args = SCALES)]
fn scale_forward_fast(bencher: Bencher, name: &str) {
    let fast = Fast::new(scale(name));
    let (column, mut out) = (values(), vec![0.0; EVENTS]);
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| fast.forward_into(black_box(&column), &mut out));
}

#[divan::bench(args = SCALES)]
fn scale_inverse_fast(bencher: Bencher, name: &str) {
    let fast = Fast::new(scale(name));
    let (mut column, mut out) = (values(), vec![0.0; EVENTS]);
    fast.scale().forward_all(&mut column);
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| fast.inverse_into(black_box(&column), &mut out));
}

#[divan::bench(args = SCALES)]
fn tables_of_a_scale(bencher: Bencher, name: &str) {
    let scale = scale(name);
    bencher.bench_local(|| Fast::new(black_box(scale.clone())));
}

#[divan::bench]
fn range_on_logicle(bencher: Bencher) {
    let scale = Scale::from_name("logicle", &[262_144.0, 0.5, 4.5, 0.0]).expect("a scale");
    let range = AxisBounds::new(0, scale, (Some(0.4), Some(0.7)), Interval::HalfOpen);
    let range = range.expect("a range");
    let column = values();
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| column.iter().filter(|x| range.holds(**x)).count());
}

#[divan::bench(args = [4, 20, 200])]
fn polygon(bencher: Bencher, vertices: u32) {
    let outline = (0..vertices)
        .map(|k| {
            let (sin, cos) = (f64::from(k) * std::f64::consts::TAU / f64::from(vertices)).sin_cos();
            (1e5 + 8e4 * cos, 1e5 + 8e4 * sin)
        })
        .collect();
    let outline = Polygon::new(outline).expect("a polygon");
    let column = values();
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        column
            .iter()
            .zip(column.iter().rev())
            .filter(|(x, y)| outline.contains_point(**x, **y))
            .count()
    });
}
