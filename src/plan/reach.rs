//! Reach of regions on scaled axes, before the scale.
//!
//! Events beyond are out whatever their exact scaled value is: for these no scale is worked out.

use crate::gate::Shape;
use crate::transform::{Bound, Scale, Threshold};

use super::compile::{Axis, GateKind, GateSpec};

/// Gates of one parent on the same axes from which on scaled values are worked out once for all
/// of them rather than for those near each.
const MANY_GATES: usize = 3;

/// The lowest and the highest value on each axis that a region may hold.
pub(super) type Reach = Vec<(f64, f64)>;

/// The reach of each gate for which it pays to know it.
pub(super) fn reaches(axes: &[Axis], gates: &[GateSpec]) -> Vec<Option<Reach>> {
    let beside = |gate: &GateSpec, axis: usize| {
        let drawn_on = |other: &&GateSpec| {
            let mut found = false;
            other.kind.for_each_axis(|of| found |= of == axis);
            let scaled = !matches!(other.kind, GateKind::Rectangle(_));
            found && scaled && other.parent == gate.parent
        };
        gates.iter().filter(drawn_on).count()
    };
    let reach = |gate: &GateSpec| match &gate.kind {
        GateKind::Region { axes: of, shape } => {
            let scales: Vec<Scale> = of.iter().map(|&axis| axes[axis].scale.clone()).collect();
            let plain = scales.iter().all(|scale| *scale == Scale::Identity);
            let least = of.iter().map(|&axis| beside(gate, axis)).min();
            let many = least.is_some_and(|least| least >= MANY_GATES);
            if plain || many {
                return None;
            }
            reach_of(&scales, shape)
        }
        _ => None,
    };
    gates.iter().map(reach).collect()
}

fn reach_of(scales: &[Scale], shape: &Shape) -> Option<Reach> {
    let before = |(scale, (low, high)): (&Scale, (f64, f64))| {
        let first = Threshold::new(scale.clone(), low, Bound::AtLeast).never_below();
        let beyond = Threshold::new(scale.clone(), high, Bound::Above).surely_from();
        let last = if beyond.is_nan() {
            f64::INFINITY
        } else {
            beyond
        };
        (first, last)
    };
    Some(
        scales
            .iter()
            .zip(shape.bounding_box()?)
            .map(before)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Polygon;

    #[test]
    fn no_value_beyond_the_reach_is_inside() {
        let logicle = Scale::from_name("logicle", &[262_144.0, 0.5, 4.5, 0.0]).expect("a scale");
        let outline = vec![(0.2, 0.3), (0.6, 0.3), (0.4, 0.8)];
        let outline = Polygon::new(outline).expect("a polygon").into();
        let reach =
            reach_of(&[logicle.clone(), Scale::Identity], &outline).expect("a polygon has a box");
        let (x, y) = (reach[0], reach[1]);
        for (scaled, low) in [(0.2, true), (0.6, false)] {
            let value = logicle.inverse(scaled);
            assert!(if low { x.0 <= value } else { value <= x.1 });
            assert!((if low { x.0 } else { x.1 } / value - 1.0).abs() < 1e-9);
        }
        assert!(logicle.forward(x.0.next_down()) < 0.2 && logicle.forward(x.1.next_up()) > 0.6);
        assert!(y.0 <= 0.3 && 0.3 - y.0 < 1e-9 && y.1 >= 0.8 && y.1 - 0.8 < 1e-9);
    }
}
