//! The nearest point of a polyline, for many points at a time.

/// Points that are looked at together.
pub const BLOCK: usize = 256;

/// One piece of a polyline.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Where it begins.
    pub origin: Vec<f64>,
    /// Its direction, of length 1.
    pub direction: Vec<f64>,
    /// Its length, above 0.
    pub length: f64,
    /// Length of the polyline before it.
    pub before: f64,
}

multiversion! {
    /// Arc length and squared distance of the nearest point for at most [`BLOCK`] points.
    ///
    /// `coordinates` holds one column of points after the other. Of points equally near the
    /// first along the polyline is taken.
    pub fn nearest(
        coordinates: &[f64],
        segments: &[Segment],
        arcs: &mut [f64],
        squares: &mut [f64],
    ) {
        let n = arcs.len();
        let (mut along, mut square) = ([0.0; BLOCK], [0.0; BLOCK]);
        squares.fill(f64::INFINITY);
        for segment in segments {
            let (along, square) = (&mut along[..n], &mut square[..n]);
            along.fill(0.0);
            square.fill(0.0);
            let axes = segment.origin.iter().zip(&segment.direction);
            for ((&origin, &direction), column) in axes.zip(coordinates.chunks_exact(n.max(1))) {
                for ((along, square), &x) in along.iter_mut().zip(square.iter_mut()).zip(column) {
                    let away = x - origin;
                    *along += away * direction;
                    *square += away * away;
                }
            }
            let best = arcs.iter_mut().zip(squares.iter_mut());
            for ((arc, nearest), (&along, &square)) in best.zip(along.iter().zip(square.iter())) {
                let point = if along < 0.0 { 0.0 } else { along };
                let point = if point > segment.length { segment.length } else { point };
                let left = square + point * (point - 2.0 * along);
                let left = if left < 0.0 { 0.0 } else { left };
                let closer = left < *nearest;
                *arc = if closer { segment.before + point } else { *arc };
                *nearest = if closer { left } else { *nearest };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::forced::baseline;
    use proptest::prelude::*;

    fn corner() -> Vec<Segment> {
        let piece = |origin: [f64; 2], direction: [f64; 2], before| Segment {
            origin: origin.to_vec(),
            direction: direction.to_vec(),
            length: 2.0,
            before,
        };
        vec![
            piece([0.0, 0.0], [1.0, 0.0], 0.0),
            piece([2.0, 0.0], [0.0, 1.0], 2.0),
        ]
    }

    #[test]
    fn finds_the_nearest_scaled_of_a_corner() {
        let xs = [-1.0, 1.0, 3.0, 3.0, 2.0];
        let ys = [1.0, -1.0, 1.0, 5.0, 0.0];
        let columns: Vec<f64> = xs.iter().chain(&ys).copied().collect();
        let (mut arcs, mut squares) = ([0.0; 5], [0.0; 5]);
        nearest(&columns, &corner(), &mut arcs, &mut squares);
        assert_eq!(arcs, [0.0, 1.0, 3.0, 4.0, 2.0]);
        assert_eq!(squares, [2.0, 1.0, 1.0, 10.0, 0.0]);
    }

    proptest! {
        #[test]
        fn both_levels_give_the_same_bits(
            points in prop::collection::vec((-3.0..5.0_f64, -3.0..5.0_f64), 1..BLOCK),
        ) {
            let columns: Vec<f64> =
                points.iter().map(|p| p.0).chain(points.iter().map(|p| p.1)).collect();
            let n = points.len();
            let (mut arcs, mut squares) = (vec![0.0; n], vec![0.0; n]);
            nearest(&columns, &corner(), &mut arcs, &mut squares);
            let (mut plain_arcs, mut plain_squares) = (vec![0.0; n], vec![0.0; n]);
            baseline(|| nearest(&columns, &corner(), &mut plain_arcs, &mut plain_squares));
            prop_assert_eq!(arcs, plain_arcs);
            prop_assert_eq!(squares, plain_squares);
        }
    }
}
