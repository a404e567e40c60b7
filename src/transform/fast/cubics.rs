//! Cubics through a function at four points of each cell, both ends among them, so that neighbours
//! meet.

/// Coefficients of `1, t, t², t³` in a cell, with `t` from 0 at its lower to 1 at its upper end.
pub(super) type Cubic = [f64; 4];

/// Where in a cell the cubic is the function itself.
pub(super) const NODES: [f64; 3] = [0.0, 0.25, 0.75];

/// One cubic for each cell from the function at the nodes of all cells, in order, and at the end.
pub(super) fn through(heights: &[f64]) -> Vec<Cubic> {
    heights
        .windows(4)
        .step_by(NODES.len())
        .map(|f| {
            // Newton's divided differences at 0, 1/4, 3/4, 1.
            let slopes = [
                (f[1] - f[0]) * 4.0,
                (f[2] - f[1]) * 2.0,
                (f[3] - f[2]) * 4.0,
            ];
            let bend = (slopes[1] - slopes[0]) / 0.75;
            let third = (slopes[2] - slopes[1]) / 0.75 - bend;
            [
                f[0],
                slopes[0] - 0.25 * bend + 0.1875 * third,
                bend - third,
                third,
            ]
        })
        .collect()
}

/// The cubic at `t`.
#[inline(always)]
pub(super) fn at(cubic: &Cubic, t: f64) -> f64 {
    let [c0, c1, c2, c3] = *cubic;
    (c0 + c1 * t) + (c2 + c3 * t) * (t * t)
}
