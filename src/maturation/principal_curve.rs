//! A principal curve: the smooth line through the middle of a cloud, and each point's point on it.
//!
//! Hastie & Stuetzle 1989, doi:10.1080/01621459.1989.10478797, on a polyline: points are projected
//! on the line, each coordinate is smoothed over the arc length by local linear regression
//! (tricube weights over the nearest share of points), and so on until the mean squared distance
//! stays. Points are put in one canonical order first, so that neither their order nor threads
//! matter.

mod polyline;
mod smooth;

pub use polyline::{Polyline, Projections};

use crate::error::{Error, Result};

/// Settings of a fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Vertices of the polyline, at least 2.
    pub knots: usize,
    /// Share of points in each local regression, in (0, 1].
    pub span: f64,
    /// Rounds of projecting and smoothing, at most.
    pub rounds: usize,
    /// Stop when a round changes the mean squared distance by less than this share of the
    /// points' variance.
    pub tolerance: f64,
    /// Threads; 0 for as many as there are processors.
    pub threads: usize,
}

/// A fitted curve.
#[derive(Debug, Clone, PartialEq)]
pub struct PrincipalCurve {
    /// The line.
    pub line: Polyline,
    /// Points of the points, in the order they were given.
    pub projections: Projections,
    /// Rounds that were needed.
    pub rounds: usize,
    /// True if the mean squared distance had settled.
    pub settled: bool,
}

/// Fit a curve through `points` (rows of `dimensions` coordinates).
///
/// `start` gives each point's point along the first curve, in any unit; only its order and
/// distances along the way matter.
///
/// # Errors
/// [`Error::Length`] if there are fewer than 4 points per knot, `start` has another length, or
/// no line is left; [`Error::NotANumber`]; [`Error::Threads`].
pub fn fit_curve(
    points: &[f64],
    dimensions: usize,
    start: &[f64],
    fit: &Fit,
) -> Result<PrincipalCurve> {
    let n = start.len();
    if points.len() != n * dimensions || dimensions == 0 {
        return Err(Error::Length {
            what: "the coordinates of points",
            found: points.len(),
            expected: n * dimensions,
        });
    }
    if n < 4 * fit.knots || fit.knots < 2 {
        return Err(Error::Length {
            what: "the points of a curve",
            found: n,
            expected: 4 * fit.knots.max(2),
        });
    }
    for (what, values) in [("the coordinates of points", points), ("the start", start)] {
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotANumber { what, index });
        }
    }
    let order = canonical_order(points, dimensions, start);
    let columns = columns_of(points, dimensions, &order);
    let mut arcs: Vec<f64> = order.iter().map(|&row| start[row]).collect();
    let variance = variance(&columns, n);
    let (mut previous, mut round, mut settled) = (f64::INFINITY, 0, false);
    let (line, projections) = loop {
        let vertices = smooth::vertices(&columns, &arcs, fit.knots, fit.span);
        let line = Polyline::new(&vertices, dimensions)?;
        let projections = line.project_columns(&columns, n, fit.threads);
        round += 1;
        let mean = projections.squares.iter().sum::<f64>() / n as f64;
        settled = settled || (previous - mean).abs() <= fit.tolerance * variance;
        if settled || round >= fit.rounds {
            break (line, projections);
        }
        previous = mean;
        arcs.clone_from(&projections.arcs);
    };
    Ok(PrincipalCurve {
        line,
        projections: projections.back_in_order(&order),
        rounds: round,
        settled,
    })
}

/// Rows sorted by start and coordinates, so that the order in which they came is forgotten.
fn canonical_order(points: &[f64], dimensions: usize, start: &[f64]) -> Vec<usize> {
    let row = |i: usize| &points[i * dimensions..(i + 1) * dimensions];
    let mut order: Vec<usize> = (0..start.len()).collect();
    order.sort_unstable_by(|&i, &j| {
        start[i].total_cmp(&start[j]).then_with(|| {
            row(i)
                .iter()
                .zip(row(j))
                .map(|(a, b)| a.total_cmp(b))
                .find(|way| way.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        })
    });
    order
}

/// One column per coordinate, rows in the given order.
fn columns_of(points: &[f64], dimensions: usize, order: &[usize]) -> Vec<Vec<f64>> {
    (0..dimensions)
        .map(|k| {
            order
                .iter()
                .map(|&row| points[row * dimensions + k])
                .collect()
        })
        .collect()
}

/// Mean squared distance from the centre.
fn variance(columns: &[Vec<f64>], n: usize) -> f64 {
    columns
        .iter()
        .map(|column| {
            let mean = column.iter().sum::<f64>() / n as f64;
            column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64
        })
        .sum()
}

#[cfg(test)]
mod tests;
