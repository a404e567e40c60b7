//! Whole strategies in events per second, beside the limit of reading the bytes: `make bench`.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use longate::fcs::{ChannelToWrite, encode_metadata};
use longate::gate::{AxisBounds, Interval, Polygon, Rectangle};
use longate::plan::{
    Axis, AxisSource, GateKind, GateSpec, Job, Keep, Matrix, Monitor, Perturbations, Plan, Value,
    run_files,
};
use longate::source::Location;
use longate::transform::Scale;
use ndarray::Array2;

const CHANNELS: usize = 12;
const DYES: usize = 8;

fn main() {
    divan::main();
    // Nothing is there where no bench made a file.
    let _ = std::fs::remove_dir_all(folder());
}

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("longate-bench-{}", std::process::id()))
}

struct Patient;

impl Monitor for Patient {
    fn poll(&mut self, _finished: usize) -> bool {
        true
    }
}

/// A file of values spread over negative, linear and logarithmic parts, the same in every run.
fn file(n_events: usize) -> PathBuf {
    std::fs::create_dir_all(folder()).expect("a folder");
    let path = folder().join(n_events.to_string());
    if path.exists() {
        return path;
    }
    let channels: Vec<_> = (0..CHANNELS)
        .map(|index| ChannelToWrite {
            detector: format!("C{index}"),
            marker: None,
            range: 262_144.0,
        })
        .collect();
    let mut bytes = encode_metadata(&channels, n_events as u64, &[]).expect("a head");
    let mut state = 2012_u64;
    for _ in 0..n_events * CHANNELS {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
        #[allow(clippy::cast_possible_truncation)]
        bytes.extend_from_slice(&((10_f64.powf(unit * 5.4) - 300.0) as f32).to_le_bytes());
    }
    let mut file = std::fs::File::create(&path).expect("a file");
    file.write_all(&bytes).expect("written");
    path
}

/// Gates in chains of five: a range, a polygon on two scaled axes, and so on.
fn plan(n_gates: usize) -> Plan {
    let scale = Scale::from_name("logicle", &[262_144.0, 0.5, 4.5, 0.0]).expect("a scale");
    let axes: Vec<Axis> = (0..DYES)
        .map(|dye| Axis {
            source: AxisSource::Value(Value {
                channel: dye,
                compensated: Some((0, dye)),
            }),
            scale: scale.clone(),
        })
        .collect();
    let weights = Array2::from_shape_fn(
        (DYES, DYES),
        |(row, column)| {
            if row == column { 1.02 } else { -0.01 }
        },
    );
    let matrix = Matrix {
        detectors: (0..DYES).collect(),
        weights,
    };
    let gates = (0..n_gates)
        .map(|number| {
            let (x, y) = (number % DYES, (number + 3) % DYES);
            let kind = if number % 2 == 0 {
                let bounds = (Some(0.2), None);
                let side = AxisBounds::new(x, scale.clone(), bounds, Interval::HalfOpen);
                GateKind::Rectangle(Rectangle {
                    dimensions: vec![side.expect("a side")],
                })
            } else {
                let outline = Polygon::new(vec![(0.1, 0.1), (0.9, 0.2), (0.95, 0.9), (0.2, 0.8)]);
                GateKind::Region {
                    axes: vec![x, y],
                    shape: outline.expect("a polygon").into(),
                }
            };
            let parent = (number % 5 > 0).then(|| number - 1);
            GateSpec { parent, kind }
        })
        .collect();
    Plan::compile((0..CHANNELS).collect(), vec![matrix], axes, gates).expect("a plan")
}

fn job(n_events: usize, n_gates: usize, perturbations: Option<usize>) -> Job {
    let plan = plan(n_gates);
    let perturbations = perturbations.map(|n_perturbations| {
        let axis = &plan.axes()[0];
        let versions = (0..n_perturbations)
            .map(|number| {
                let bounds = (Some(0.2 + number as f64 * 1e-4), None);
                let side = AxisBounds::new(0, axis.scale.clone(), bounds, Interval::HalfOpen);
                let dimensions = vec![side.expect("a side")];
                (0, GateKind::Rectangle(Rectangle { dimensions }))
            })
            .collect();
        let chosen: Vec<Vec<usize>> = (0..n_perturbations).map(|number| vec![number]).collect();
        Arc::new(Perturbations::new(&plan, versions, &chosen).expect("perturbations"))
    });
    Job {
        location: Location::Path(file(n_events)),
        plan: Arc::new(plan),
        identity: None,
        perturbations,
    }
}

fn run(bencher: Bencher, jobs: &[Job], threads: usize, n_events: usize) {
    bencher
        .counter(ItemsCount::new(n_events))
        .bench_local(|| run_files(black_box(jobs), threads, Keep { masks: true }, &mut Patient));
}

#[divan::bench(args = [10_000, 100_000, 1_000_000])]
fn limit_read_bytes(bencher: Bencher, n_events: usize) {
    let path = file(n_events);
    let mut buffer = Vec::new();
    bencher.counter(ItemsCount::new(n_events)).bench_local(|| {
        buffer.clear();
        let mut file = std::fs::File::open(&path).expect("a file");
        std::io::Read::read_to_end(&mut file, &mut buffer).expect("read")
    });
}

#[divan::bench(args = [10_000, 100_000, 1_000_000])]
fn ten_gates_by_events(bencher: Bencher, n_events: usize) {
    run(bencher, &[job(n_events, 10, None)], 1, n_events);
}

#[divan::bench(args = [1, 10, 50, 200])]
fn by_gates(bencher: Bencher, n_gates: usize) {
    run(bencher, &[job(200_000, n_gates, None)], 1, 200_000);
}

#[divan::bench(args = [1, 10, 100])]
fn by_files(bencher: Bencher, n_files: usize) {
    let jobs = vec![job(20_000, 10, None); n_files];
    run(bencher, &jobs, 2, 20_000 * n_files);
}

#[divan::bench(args = [1, 2])]
fn by_threads(bencher: Bencher, threads: usize) {
    run(bencher, &[job(1_000_000, 10, None)], threads, 1_000_000);
}

#[divan::bench(args = [1, 10, 100])]
fn by_variants(bencher: Bencher, n_perturbations: usize) {
    run(
        bencher,
        &[job(200_000, 10, Some(n_perturbations))],
        1,
        200_000,
    );
}
