//! Events on the very borders of gates, where the nearest point on a scale does not decide.

use super::random::Random;
use crate::gate::Shape;
use crate::plan::compile::{AxisSource, GateKind, Plan};

/// Events that are put on the border of each polygon and ellipsoid.
const PER_GATE: usize = 4;

/// Put some events on borders, as near as numbers can be; gates on compensated axes are left out.
pub(super) fn put_on_borders(random: &mut Random, plan: &Plan, columns: &mut [Vec<f64>]) {
    let n_events = columns[0].len();
    for gate in &plan.gates {
        for _ in 0..PER_GATE.min(n_events) {
            let point: Vec<(usize, f64)> = match &gate.kind {
                GateKind::Region {
                    axes,
                    shape: Shape::Polygon(outline),
                } => {
                    let corners = outline.vertices();
                    let first = random.below(corners.len());
                    let (a, b) = (corners[first], corners[(first + 1) % corners.len()]);
                    let t = [0.0, random.unit()][random.below(2)];
                    vec![
                        (axes[0], a.0 + t * (b.0 - a.0)),
                        (axes[1], a.1 + t * (b.1 - a.1)),
                    ]
                }
                GateKind::Region { axes, shape } => {
                    let Some(point) = between(axes, shape, plan, columns) else {
                        continue;
                    };
                    axes.iter().copied().zip(point).collect()
                }
                _ => continue,
            };
            let event = random.below(n_events);
            for (axis, point) in point {
                let axis = &plan.axes[axis];
                if let AxisSource::Value(value) = axis.source
                    && value.compensated.is_none()
                {
                    columns[value.channel][event] = axis.scale.inverse(point);
                }
            }
        }
    }
}

/// The border of an ellipsoid between two neighbouring events of which it holds one.
fn between(axes: &[usize], shape: &Shape, plan: &Plan, columns: &[Vec<f64>]) -> Option<Vec<f64>> {
    let point = |event: usize| -> Option<Vec<f64>> {
        axes.iter()
            .map(|&axis| match plan.axes[axis].source {
                AxisSource::Value(value) if value.compensated.is_none() => {
                    let point = plan.axes[axis].scale.forward(columns[value.channel][event]);
                    point.is_finite().then_some(point)
                }
                _ => None,
            })
            .collect()
    };
    let pairs = (1..columns[0].len()).filter_map(|event| Some((point(event - 1)?, point(event)?)));
    let mut differing = pairs.filter(|(a, b)| shape.contains(a) != shape.contains(b));
    let (mut one, mut other) = differing.next()?;
    let is_inside = shape.contains(&one);
    for _ in 0..80 {
        let middle: Vec<f64> = one
            .iter()
            .zip(&other)
            .map(|(a, b)| f64::midpoint(*a, *b))
            .collect();
        if shape.contains(&middle) == is_inside {
            one = middle;
        } else {
            other = middle;
        }
    }
    Some(one)
}
