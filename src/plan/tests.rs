//! Random strategies on random and hostile values: the pass in blocks against each event alone.

mod borders;
mod random;

use crate::gate::Sides;
use crate::gate::columns::Column;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;

use self::borders::put_on_borders;
use self::random::{CHANNELS, Random};
use super::*;
use crate::fcs::{ChannelToWrite, File, encode_metadata};
use crate::simd::forced;

/// [`gate_values`] to its end.
fn in_memory(
    columns: &[Column<'_>],
    n_events: usize,
    plan: &Plan,
) -> crate::error::Result<FileCounts> {
    gate_values(columns, n_events, plan, &AtomicBool::new(false))
}

/// The side of a gate on which an event lies.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Truth {
    In,
    Out,
    Undefined,
}

/// The straightforward evaluation of one event: every value exact, every gate by itself.
fn alone(plan: &Plan, event: &[f64]) -> Vec<Truth> {
    let channel = |value: Value| match value.compensated {
        None => event[value.channel],
        Some((matrix, column)) => {
            let matrix = &plan.matrices[matrix];
            let detectors = matrix.detectors.iter().enumerate();
            detectors.fold(0.0, |sum, (row, &position)| {
                sum + event[position] * matrix.weights[[row, column]]
            })
        }
    };
    let value = |axis: usize| match plan.axes[axis].source {
        AxisSource::Value(value) => channel(value),
        AxisSource::Ratio {
            numerator,
            denominator,
            a,
            b,
            c,
        } => a * (channel(numerator) - b) / (channel(denominator) - c),
    };
    let scaled = |axis: usize| plan.axes[axis].scale.forward(value(axis));
    let mut known = vec![Truth::Undefined; plan.n_gates()];
    for &gate in &plan.order {
        let spec = &plan.gates[gate];
        let mut any_nan = false;
        spec.kind
            .for_each_axis(|axis| any_nan |= value(axis).is_nan());
        known[gate] = match (
            spec.parent.map_or(Truth::In, |parent| known[parent]),
            &spec.kind,
        ) {
            (Truth::Out, _) => Truth::Out,
            (Truth::Undefined, _) => Truth::Undefined,
            (Truth::In, GateKind::Boolean(expression)) => {
                let operands: Vec<Sides> = expression
                    .populations()
                    .map(|other| -> Sides<'_> {
                        match known[other] {
                            Truth::In => [&[1], &[0]],
                            Truth::Out => [&[0], &[1]],
                            Truth::Undefined => [&[0], &[0]],
                        }
                    })
                    .collect();
                let (mut holds, mut fails) = ([0], [0]);
                expression.evaluate(&operands, &mut holds, &mut fails);
                match (holds[0], fails[0]) {
                    (1, _) => Truth::In,
                    (_, 1) => Truth::Out,
                    _ => Truth::Undefined,
                }
            }
            (Truth::In, _) if any_nan => Truth::Undefined,
            (Truth::In, kind) => {
                let holds = match kind {
                    GateKind::Rectangle(rectangle) => rectangle
                        .dimensions
                        .iter()
                        .all(|side| side.holds(value(side.axis))),
                    GateKind::Region { axes, shape } => {
                        let point: Vec<f64> = axes.iter().map(|&axis| scaled(axis)).collect();
                        shape.contains(&point)
                    }
                    GateKind::Boolean(_) => unreachable!("decided above"),
                };
                if holds { Truth::In } else { Truth::Out }
            }
        };
    }
    known
}

/// Counts, undefined events and masks from every event alone.
fn by_events(plan: &Plan, columns: &[Vec<f64>], n_events: usize) -> FileCounts {
    let keep = Keep { masks: true };
    let mut populations = FileCounts::new(plan, n_events, keep).expect("room");
    let bytes = n_events.div_ceil(8);
    for n in 0..n_events {
        let event: Vec<f64> = columns.iter().map(|column| column[n]).collect();
        let known = alone(plan, &event);
        for (gate, truth) in known.iter().enumerate() {
            let in_parent = plan.gates[gate]
                .parent
                .is_none_or(|p| known[p] == Truth::In);
            match truth {
                Truth::In => {
                    populations.counts[gate] += 1;
                    populations.masks[gate * bytes + n / 8] |= 1 << (n % 8);
                }
                Truth::Undefined if in_parent => populations.undefined[gate] += 1,
                _ => {}
            }
        }
    }
    populations
}

fn slices(columns: &[Vec<f64>]) -> Vec<Column<'_>> {
    columns
        .iter()
        .map(|column| Column::Float64(column))
        .collect()
}

/// The columns as a file of 32-bit floats.
fn file_of(columns: &[Vec<f64>], n_events: usize) -> Vec<u8> {
    let described: Vec<_> = (0..CHANNELS)
        .map(|index| ChannelToWrite {
            detector: format!("C{index}"),
            marker: None,
            range: 1024.0,
        })
        .collect();
    let mut bytes = encode_metadata(&described, n_events as u64, &[]).expect("a head");
    for event in 0..n_events {
        for column in columns {
            #[allow(clippy::cast_possible_truncation)]
            bytes.extend_from_slice(&(column[event] as f32).to_le_bytes());
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn blocks_decide_as_each_event_alone(
        seed in any::<u64>(), n_events in 0..300_usize, hostile in any::<bool>(),
    ) {
        let mut random = Random(seed);
        let plan = random.plan();
        let mut columns = random.columns(n_events, hostile);
        put_on_borders(&mut random, &plan, &mut columns);
        let expected = by_events(&plan, &columns, n_events);
        let found = in_memory(&slices(&columns), n_events, &plan).expect("lengths agree");
        prop_assert_eq!(&found, &expected);
        plan.prepare(); // as for many events
        let found = in_memory(&slices(&columns), n_events, &plan).expect("lengths agree");
        prop_assert_eq!(&found, &expected);
        let plain = forced::baseline(|| in_memory(&slices(&columns), n_events, &plan));
        prop_assert_eq!(plain.expect("lengths agree"), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn files_and_threads_give_what_memory_gives(seed in any::<u64>(), n_events in 4000..20_000_usize) {
        let mut random = Random(seed);
        let plan = Arc::new(random.plan());
        let columns = random.columns(n_events, true);
        let expected = in_memory(&slices(&columns), n_events, &plan).expect("lengths agree");
        #[allow(clippy::cast_possible_truncation)] // they are single precision
        let single: Vec<Vec<f32>> = columns
            .iter()
            .map(|column| column.iter().map(|&x| x as f32).collect())
            .collect();
        let views: Vec<_> = single.iter().map(|column| Column::Float32(column)).collect();
        let found = in_memory(&views, n_events, &plan).expect("lengths agree");
        prop_assert_eq!(&found, &expected);
        let bytes = file_of(&columns, n_events);
        let keep = Keep { masks: true };
        let source = bytes.as_slice();
        let file = File::read(&source).expect("a file");
        let found = run_file(source, file, &plan, keep, || false).expect("gated");
        prop_assert_eq!(&found, &expected);

        let path = std::env::temp_dir().join(format!("longate-plan-{}-{seed}", std::process::id()));
        std::fs::write(&path, &bytes).expect("written");
        let job = Job { location: crate::source::Location::Path(path.clone()), plan: Arc::clone(&plan), identity: None, perturbations: None };
        let outcomes: Vec<_> = [1, 2, 3]
            .iter()
            .map(|&threads| run_files(&[job.clone(), job.clone()], threads, keep, &mut Patient))
            .collect();
        std::fs::remove_file(&path).expect("removed");
        for outcome in outcomes {
            for found in outcome.expect("gated") {
                prop_assert_eq!(&found.expect("gated"), &expected);
            }
        }
    }
}

/// Lets a run go on to its end.
struct Patient;

impl Monitor for Patient {
    fn poll(&mut self, _finished: usize) -> bool {
        true
    }
}

/// A gate moved a little, on the axes that it has.
fn moved(random: &mut Random, kind: &GateKind, axes: &[Axis]) -> Option<GateKind> {
    for _ in 0..50 {
        let number = random.below(3);
        let other = random.gate(number, axes);
        if std::mem::discriminant(&other.kind) == std::mem::discriminant(kind) {
            return Some(other.kind);
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn perturbations_are_what_each_would_be_by_itself(seed in any::<u64>(), hostile in any::<bool>()) {
        let n_events = 700;
        let mut random = Random(seed);
        let plan = random.plan();
        let columns = random.columns(n_events, hostile);
        let mut versions = Vec::new();
        for gate in 0..plan.n_gates() {
            let spec = plan.gates[gate].clone();
            for _ in 0..random.below(3) {
                if !matches!(spec.kind, GateKind::Boolean(_))
                    && let Some(kind) = moved(&mut random, &spec.kind, &plan.axes)
                {
                    versions.push((gate, kind));
                }
            }
        }
        let mut perturbations: Vec<Vec<usize>> = vec![Vec::new()];
        perturbations.extend((0..versions.len()).map(|version| vec![version]));
        if versions.len() > 1 {
            let (a, b) = (random.below(versions.len()), random.below(versions.len()));
            if versions[a].0 != versions[b].0 {
                perturbations.push(vec![a, b]);
            }
        }
        let compiled = Perturbations::new(&plan, versions.clone(), &perturbations).expect("perturbations");
        let bytes = file_of(&columns, n_events);
        let path = std::env::temp_dir().join(format!("longate-perturbations-{}-{seed}", std::process::id()));
        std::fs::write(&path, &bytes).expect("written");
        let shared = Arc::new(plan.clone());
        let job = Job {
            location: crate::source::Location::Path(path.clone()),
            plan: shared,
            identity: None,
            perturbations: Some(Arc::new(compiled)),
        };
        let outcome = run_files(&[job], 1, Keep::default(), &mut Patient);
        std::fs::remove_file(&path).expect("removed");
        let found = outcome.expect("ran").remove(0).expect("gated");
        for (perturbation, counts) in perturbations.iter().zip(found.perturbations.chunks(plan.n_gates())) {
            let mut gates = plan.gates.clone();
            for &version in perturbation {
                let (gate, kind) = &versions[version];
                gates[*gate].kind = kind.clone();
            }
            let alone = Plan::compile(
                plan.channels.clone(), plan.matrices.clone(), plan.axes.clone(), gates,
            ).expect("a plan");
            let expected = by_events(&alone, &columns, n_events);
            prop_assert_eq!(counts, &expected.counts[..], "{:?}", perturbation);
        }
    }

    #[test]
    fn kept_values_are_those_of_the_events(seed in any::<u64>(), n_events in 0..600_usize) {
        let mut random = Random(seed);
        let plan = random.plan();
        let columns = random.columns(n_events, false);
        let expected = by_events(&plan, &columns, n_events);
        let gate = random.below(plan.n_gates());
        let axis = random.below(plan.axes.len());
        let AxisSource::Value(value) = plan.axes[axis].source else { return Ok(()) };
        let statistics = vec![crate::summary::Statistic::Median];
        let kept = [None, Some(gate)].map(|population| Request {
            population, axis, scaled: false, statistics: statistics.clone(), values: true,
        });
        let plan = plan.keeping(kept.to_vec()).expect("requests");
        let found = in_memory(&slices(&columns), n_events, &plan).expect("gated");
        let of = |event: usize| match value.compensated {
            None => columns[value.channel][event],
            Some((matrix, column)) => {
                let matrix = &plan.matrices[matrix];
                (0..3).fold(0.0, |sum, row| {
                    sum + columns[matrix.detectors[row]][event] * matrix.weights[[row, column]]
                })
            }
        };
        let all: Vec<f64> = (0..n_events).map(of).collect();
        prop_assert_eq!(&found.answers[0].values, &all);
        let inside: Vec<f64> = (0..n_events)
            .filter(|&event| crate::membership::packed_bit(expected.mask(gate), event))
            .map(of)
            .collect();
        prop_assert_eq!(&found.answers[1].values, &inside);
        prop_assert_eq!(found.answers[1].n_events, inside.len());
    }
}

#[test]
fn a_run_can_be_stopped_in_its_blocks_and_in_its_statistics() {
    let mut random = Random(7);
    let n_events = 3 * crate::fcs::data::BLOCK_EVENTS;
    let kept = Request {
        population: None,
        axis: 0,
        scaled: true,
        statistics: vec![crate::summary::Statistic::Median],
        values: false,
    };
    let plan = random.plan().keeping(vec![kept]).expect("requests");
    let columns = random.columns(n_events, false);
    let bytes = file_of(&columns, n_events);
    let looked = std::cell::Cell::new(0);
    let run = |most: usize| {
        looked.set(0);
        let file = File::read(&bytes.as_slice()).expect("a file");
        run_file(bytes.as_slice(), file, &plan, Keep::default(), || {
            looked.set(looked.get() + 1);
            looked.get() > most
        })
    };
    let all = {
        assert!(run(usize::MAX).is_ok());
        looked.get()
    };
    assert!(
        all > 6,
        "three blocks, three pieces of values, a scale and a median"
    );
    for most in 0..all {
        assert!(matches!(run(most), Err(crate::error::Error::Interrupted)));
        assert_eq!(looked.get(), most + 1, "nothing is done after that");
    }
    assert!(run(all).is_ok());
}
