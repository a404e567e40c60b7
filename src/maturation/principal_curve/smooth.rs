//! Local linear regression of coordinates over the arc length, on bins of equally many points.

/// Bins per knot.
const BINS_PER_KNOT: usize = 4;

/// Means of the arc and of each coordinate over bins.
struct Bins {
    arcs: Vec<f64>,
    coordinates: Vec<Vec<f64>>,
}

/// Vertices (rows of coordinates) evenly spaced along the arc.
pub(super) fn vertices(columns: &[Vec<f64>], arcs: &[f64], knots: usize, span: f64) -> Vec<f64> {
    let bins = binned(columns, arcs, BINS_PER_KNOT * knots);
    let (low, high) = (bins.arcs[0], bins.arcs[bins.arcs.len() - 1]);
    let all = bins.arcs.len();
    let reached = |bins: &usize| *bins as f64 >= span * all as f64;
    let near = (3..all).find(reached).unwrap_or(all);
    let mut rows = Vec::with_capacity(knots * columns.len());
    for knot in 0..knots {
        let at = low + (high - low) * knot as f64 / (knots - 1) as f64;
        let weights = tricube(&bins.arcs, at, near);
        for values in &bins.coordinates {
            rows.push(local_line(&bins.arcs, values, &weights, at));
        }
    }
    rows
}

fn binned(columns: &[Vec<f64>], arcs: &[f64], most: usize) -> Bins {
    let n = arcs.len();
    let mut order: Vec<(u64, usize)> = arcs
        .iter()
        .enumerate()
        .map(|(row, arc)| {
            let bits = (arc + 0.0).to_bits();
            (
                if bits >> 63 == 1 {
                    !bits
                } else {
                    bits | 1 << 63
                },
                row,
            )
        })
        .collect();
    order.sort_unstable();
    let number = most.min(n);
    let range = |bin: usize| bin * n / number..(bin + 1) * n / number;
    let means = |values: &[f64]| -> Vec<f64> {
        (0..number)
            .map(|bin| {
                let rows = &order[range(bin)];
                rows.iter().map(|&(_, row)| values[row]).sum::<f64>() / rows.len() as f64
            })
            .collect()
    };
    Bins {
        arcs: means(arcs),
        coordinates: columns.iter().map(|column| means(column)).collect(),
    }
}

/// Tricube weights of the `near` nearest bins.
fn tricube(arcs: &[f64], at: f64, near: usize) -> Vec<f64> {
    let mut away: Vec<f64> = arcs.iter().map(|arc| (arc - at).abs()).collect();
    away.sort_unstable_by(f64::total_cmp);
    // A little beyond the last one, which would have no weight; where many bins share one point
    // (an end that many points project on) they alone count.
    let reach = away[near - 1] * 1.000_001 + 1e-12 * (arcs[arcs.len() - 1] - arcs[0]).abs();
    arcs.iter()
        .map(|arc| {
            let share = (arc - at).abs() / reach;
            if share < 1.0 {
                (1.0 - share * share * share).powi(3)
            } else {
                0.0
            }
        })
        .map(|weight| if weight.is_nan() { 1.0 } else { weight })
        .collect()
}

/// The weighted line through the values, read at `at`; their mean where the arcs do not differ.
fn local_line(arcs: &[f64], values: &[f64], weights: &[f64], at: f64) -> f64 {
    let (mut total, mut arc, mut value) = (0.0, 0.0, 0.0);
    for ((w, a), v) in weights.iter().zip(arcs).zip(values) {
        total += w;
        arc += w * (a - at);
        value += w * v;
    }
    let (arc, value) = (arc / total, value / total);
    let (mut squares, mut products) = (0.0, 0.0);
    for ((w, a), v) in weights.iter().zip(arcs).zip(values) {
        let away = a - at - arc;
        squares += w * away * away;
        products += w * away * (v - value);
    }
    let range = arcs[arcs.len() - 1] - arcs[0];
    if squares <= total * 1e-18 * range * range {
        return value;
    }
    value - products / squares * arc
}
