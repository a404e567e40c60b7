//! Random strategies on random and hostile values: the pass in blocks against each event alone.

use std::sync::Arc;

use ndarray::Array2;
use proptest::prelude::*;

use super::*;
use crate::fcs::{ChannelToWrite, File, encode_head};
use crate::gate::{Dimension, Ellipsoid, Expression, Interval, Polygon, Rectangle, Term};
use crate::simd::forced;
use crate::transform::Scale;

const CHANNELS: usize = 6;

/// Where an event is.
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
            detectors.fold(0.0, |sum, (row, &place)| {
                sum + event[place] * matrix.weights[[row, column]]
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
    let place = |axis: usize| plan.axes[axis].scale.forward(value(axis));
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
                let (holds, fails) = expression.evaluate(|other| match known[other] {
                    Truth::In => (1, 0),
                    Truth::Out => (0, 1),
                    Truth::Undefined => (0, 0),
                });
                match (holds & 1, fails & 1) {
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
                    GateKind::Polygon { x, y, outline } => outline.contains(place(*x), place(*y)),
                    GateKind::Ellipsoid { axes, ellipsoid } => {
                        let places: Vec<f64> = axes.iter().map(|&axis| place(axis)).collect();
                        ellipsoid.contains(&places)
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
fn by_events(plan: &Plan, columns: &[Vec<f64>], n_events: usize) -> Populations {
    let keep = Keep { masks: true };
    let mut populations = Populations::new(plan, n_events, keep);
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

/// Small numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n as u64) as usize
    }

    fn unit(&mut self) -> f64 {
        self.below(1 << 20) as f64 / f64::from(1 << 20)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn scale(&mut self) -> Scale {
        let (name, parameters): (&str, &[f64]) = match self.below(5) {
            0 => ("identity", &[]),
            1 => ("linear", &[1000.0, 100.0]),
            2 => ("arcsinh", &[1000.0, 3.0, 0.5]),
            3 => ("logicle", &[1000.0, 0.5, 3.0, 0.0]),
            _ => ("logicle", &[1000.0, 1.0, 4.0, 0.5]),
        };
        Scale::from_name(name, parameters).expect("a scale")
    }

    fn value(&mut self) -> Value {
        let compensated = match self.below(3) {
            0 => None,
            1 => Some((0, self.below(3))),
            _ => Some((1, self.below(2))),
        };
        Value {
            channel: self.below(CHANNELS),
            compensated,
        }
    }

    fn axis(&mut self) -> Axis {
        let source = if self.below(5) == 0 {
            AxisSource::Ratio {
                numerator: self.value(),
                denominator: self.value(),
                a: self.between(0.5, 2.0),
                b: 0.0,
                c: self.below(2) as f64,
            }
        } else {
            AxisSource::Value(self.value())
        };
        Axis {
            source,
            scale: self.scale(),
        }
    }

    /// A bound that some values meet.
    fn bound(&mut self, axis: &Axis) -> f64 {
        let value = match self.below(4) {
            0 => self.below(8) as f64 * 125.0,
            _ => self.between(-200.0, 1200.0),
        };
        axis.scale.forward(value)
    }

    fn gate(&mut self, number: usize, axes: &[Axis]) -> GateSpec {
        let parent = (number > 0 && self.below(4) > 0).then(|| self.below(number));
        let (x, y) = (self.below(axes.len()), self.below(axes.len()));
        let kind = match self.below(if number > 1 { 4 } else { 3 }) {
            0 => {
                let sides = [x, y].map(|axis| {
                    let (a, b) = (self.bound(&axes[axis]), self.bound(&axes[axis]));
                    let (low, high) = if a < b { (a, b) } else { (b, b + 0.5) };
                    let bounds = match self.below(3) {
                        0 => (Some(low), None),
                        1 => (None, Some(high)),
                        _ => (Some(low), Some(high)),
                    };
                    let interval = [Interval::HalfOpen, Interval::Closed][self.below(2)];
                    Dimension::new(axis, axes[axis].scale, bounds, interval).expect("a side")
                });
                GateKind::Rectangle(Rectangle {
                    dimensions: sides[..=self.below(2)].to_vec(),
                })
            }
            1 => {
                let corners = 3 + self.below(5);
                let vertices = (0..corners)
                    .map(|_| (self.bound(&axes[x]), self.bound(&axes[y])))
                    .collect();
                match Polygon::new(vertices) {
                    Ok(outline) => GateKind::Polygon { x, y, outline },
                    Err(_) => return self.gate(number, axes),
                }
            }
            2 => {
                let mean = [self.bound(&axes[x]), self.bound(&axes[y])];
                let size = mean.map(|place| place.abs().max(0.01));
                let mixed = 0.3 * size[0] * size[1];
                let covariance = [
                    vec![size[0] * size[0], mixed],
                    vec![mixed, size[1] * size[1]],
                ];
                let distance = self.between(0.1, 4.0);
                let ellipsoid = Ellipsoid::new(&mean, &covariance, distance).expect("definite");
                GateKind::Ellipsoid {
                    axes: vec![x, y],
                    ellipsoid,
                }
            }
            _ => {
                let (a, b) = (self.below(number), self.below(number));
                let mut terms = vec![Term::Population(a), Term::Population(b)];
                if self.below(2) == 0 {
                    terms.push(Term::Not);
                }
                terms.push([Term::And, Term::Or][self.below(2)]);
                GateKind::Boolean(Expression::new(terms).expect("an expression"))
            }
        };
        GateSpec { parent, kind }
    }

    fn plan(&mut self) -> Plan {
        let mut weights = |rows, columns| {
            Array2::from_shape_fn((rows, columns), |(row, column)| {
                f64::from(u8::from(row == column)) + self.between(-0.3, 0.3)
            })
        };
        let matrices = vec![
            Matrix {
                detectors: vec![2, 3, 4],
                weights: weights(3, 3),
            },
            Matrix {
                detectors: vec![5, 3, 4],
                weights: weights(3, 2),
            },
        ];
        let n_axes = 2 + self.below(5);
        let axes: Vec<Axis> = (0..n_axes).map(|_| self.axis()).collect();
        let n_gates = 1 + self.below(12);
        let gates = (0..n_gates)
            .map(|number| self.gate(number, &axes))
            .collect();
        Plan::compile((0..CHANNELS).collect(), matrices, axes, gates).expect("a plan")
    }

    /// Values as 32-bit floats hold them, hostile ones among them.
    fn columns(&mut self, n_events: usize, hostile: bool) -> Vec<Vec<f64>> {
        let mut value = || -> f64 {
            let rare = if hostile { self.below(40) } else { 40 };
            let value: f64 = match rare {
                0 => f64::NAN,
                1 => f64::INFINITY,
                2 => f64::NEG_INFINITY,
                3 => -0.0,
                4 => 1e-45,
                5 => -3e38,
                6..12 => self.below(8) as f64 * 125.0,
                _ => self.between(-300.0, 1300.0),
            };
            #[allow(clippy::cast_possible_truncation)]
            f64::from(value as f32)
        };
        (0..CHANNELS)
            .map(|_| (0..n_events).map(|_| value()).collect())
            .collect()
    }
}

fn slices(columns: &[Vec<f64>]) -> Vec<&[f64]> {
    columns.iter().map(Vec::as_slice).collect()
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
    let mut bytes = encode_head(&described, n_events as u64, &[]).expect("a head");
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
        let mut dice = Dice(seed);
        let plan = dice.plan();
        let columns = dice.columns(n_events, hostile);
        let expected = by_events(&plan, &columns, n_events);
        let found = gate_values(&slices(&columns), n_events, &plan).expect("lengths agree");
        prop_assert_eq!(&found, &expected);
        let plain = forced::baseline(|| gate_values(&slices(&columns), n_events, &plan));
        prop_assert_eq!(plain.expect("lengths agree"), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn files_and_threads_give_what_memory_gives(seed in any::<u64>(), n_events in 4000..20_000_usize) {
        let mut dice = Dice(seed);
        let plan = Arc::new(dice.plan());
        let columns = dice.columns(n_events, true);
        let expected = gate_values(&slices(&columns), n_events, &plan).expect("lengths agree");
        let bytes = file_of(&columns, n_events);
        let keep = Keep { masks: true };
        let source = bytes.as_slice();
        let file = File::read(&source).expect("a file");
        let found = run_file(source, file, &plan, keep, || false).expect("gated");
        prop_assert_eq!(&found, &expected);

        let path = std::env::temp_dir().join(format!("longate-plan-{}-{seed}", std::process::id()));
        std::fs::write(&path, &bytes).expect("written");
        let job = Job { location: crate::source::Location::Path(path.clone()), plan: Arc::clone(&plan), identity: None, variants: None };
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
fn moved(dice: &mut Dice, kind: &GateKind, axes: &[Axis]) -> Option<GateKind> {
    for _ in 0..50 {
        let number = dice.below(3);
        let other = dice.gate(number, axes);
        if std::mem::discriminant(&other.kind) == std::mem::discriminant(kind) {
            return Some(other.kind);
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn variants_are_what_each_would_be_by_itself(seed in any::<u64>(), hostile in any::<bool>()) {
        let n_events = 700;
        let mut dice = Dice(seed);
        let plan = dice.plan();
        let columns = dice.columns(n_events, hostile);
        let mut versions = Vec::new();
        for gate in 0..plan.n_gates() {
            let spec = plan.gates[gate].clone();
            for _ in 0..dice.below(3) {
                if !matches!(spec.kind, GateKind::Boolean(_))
                    && let Some(kind) = moved(&mut dice, &spec.kind, &plan.axes)
                {
                    versions.push((gate, kind));
                }
            }
        }
        let mut variants: Vec<Vec<usize>> = vec![Vec::new()];
        variants.extend((0..versions.len()).map(|version| vec![version]));
        if versions.len() > 1 {
            let (a, b) = (dice.below(versions.len()), dice.below(versions.len()));
            if versions[a].0 != versions[b].0 {
                variants.push(vec![a, b]);
            }
        }
        let compiled = Variants::new(&plan, versions.clone(), &variants).expect("variants");
        let bytes = file_of(&columns, n_events);
        let path = std::env::temp_dir().join(format!("longate-variants-{}-{seed}", std::process::id()));
        std::fs::write(&path, &bytes).expect("written");
        let shared = Arc::new(plan.clone());
        let job = Job {
            location: crate::source::Location::Path(path.clone()),
            plan: shared,
            identity: None,
            variants: Some(Arc::new(compiled)),
        };
        let outcome = run_files(&[job], 1, Keep::default(), &mut Patient);
        std::fs::remove_file(&path).expect("removed");
        let found = outcome.expect("ran").remove(0).expect("gated");
        for (variant, counts) in variants.iter().zip(found.variants.chunks(plan.n_gates())) {
            let mut gates = plan.gates.clone();
            for &version in variant {
                let (gate, kind) = &versions[version];
                gates[*gate].kind = kind.clone();
            }
            let alone = Plan::compile(
                plan.channels.clone(), plan.matrices.clone(), plan.axes.clone(), gates,
            ).expect("a plan");
            let expected = by_events(&alone, &columns, n_events);
            prop_assert_eq!(counts, &expected.counts[..], "{:?}", variant);
        }
    }

    #[test]
    fn kept_values_are_those_of_the_events(seed in any::<u64>(), n_events in 0..600_usize) {
        let mut dice = Dice(seed);
        let plan = dice.plan();
        let columns = dice.columns(n_events, false);
        let expected = by_events(&plan, &columns, n_events);
        let gate = dice.below(plan.n_gates());
        let axis = dice.below(plan.axes.len());
        let AxisSource::Value(value) = plan.axes[axis].source else { return Ok(()) };
        let statistics = vec![crate::summary::Statistic::Median];
        let kept = [None, Some(gate)].map(|population| Kept {
            population, axis, scaled: false, statistics: statistics.clone(), values: true,
        });
        let plan = plan.keeping(kept.to_vec()).expect("requests");
        let found = gate_values(&slices(&columns), n_events, &plan).expect("gated");
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
        prop_assert_eq!(&found.summaries[0].values, &all);
        let inside: Vec<f64> = (0..n_events)
            .filter(|&event| crate::membership::packed_bit(expected.mask(gate), event))
            .map(of)
            .collect();
        prop_assert_eq!(&found.summaries[1].values, &inside);
        prop_assert_eq!(found.summaries[1].n_events, inside.len());
    }
}
