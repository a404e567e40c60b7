//! Random strategies and events for tests, each from a seed.

use ndarray::Array2;

use crate::gate::{AxisBounds, Ellipsoid, Expression, Interval, Polygon, Rectangle, Term};
use crate::plan::compile::{Axis, AxisSource, GateKind, GateSpec, Matrix, Plan, Value};
use crate::transform::Scale;

/// Channels of random files.
pub(super) const CHANNELS: usize = 6;

/// Small numbers from a seed.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n as u64) as usize
    }

    pub(super) fn unit(&mut self) -> f64 {
        self.below(1 << 20) as f64 / f64::from(1 << 20)
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub(super) fn scale(&mut self) -> Scale {
        let (name, parameters): (&str, &[f64]) = match self.below(5) {
            0 => ("identity", &[]),
            1 => ("linear", &[1000.0, 100.0]),
            2 => ("arcsinh", &[1000.0, 3.0, 0.5]),
            3 => ("logicle", &[1000.0, 0.5, 3.0, 0.0]),
            _ => ("logicle", &[1000.0, 1.0, 4.0, 0.5]),
        };
        Scale::from_name(name, parameters).expect("a scale")
    }

    pub(super) fn value(&mut self) -> Value {
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

    pub(super) fn axis(&mut self) -> Axis {
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
    pub(super) fn bound(&mut self, axis: &Axis) -> f64 {
        let value = match self.below(4) {
            0 => self.below(8) as f64 * 125.0,
            _ => self.between(-200.0, 1200.0),
        };
        axis.scale.forward(value)
    }

    pub(super) fn gate(&mut self, number: usize, axes: &[Axis]) -> GateSpec {
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
                    AxisBounds::new(axis, axes[axis].scale.clone(), bounds, interval)
                        .expect("a side")
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
                    Ok(outline) => GateKind::Region {
                        axes: vec![x, y],
                        shape: outline.into(),
                    },
                    Err(_) => return self.gate(number, axes),
                }
            }
            2 => {
                let mean = [self.bound(&axes[x]), self.bound(&axes[y])];
                let size = mean.map(|point| point.abs().max(0.01));
                let mixed = 0.3 * size[0] * size[1];
                let covariance = [
                    vec![size[0] * size[0], mixed],
                    vec![mixed, size[1] * size[1]],
                ];
                let distance = self.between(0.1, 4.0);
                let ellipsoid = Ellipsoid::new(&mean, &covariance, distance).expect("definite");
                GateKind::Region {
                    axes: vec![x, y],
                    shape: ellipsoid.into(),
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

    pub(super) fn plan(&mut self) -> Plan {
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
    pub(super) fn columns(&mut self, n_events: usize, hostile: bool) -> Vec<Vec<f64>> {
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
