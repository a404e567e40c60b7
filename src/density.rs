//! Binned densities of one channel: linear binning, Gaussian smoothing, peaks and valleys.
//!
//! A density is a sum over events, so densities of several files add up bin by bin, and the
//! order of events changes nothing but the rounding of their fractions of a bin.

use crate::error::{Error, Result};

/// Events spread over an even grid of grid points.
#[derive(Clone, Debug, PartialEq)]
pub struct Binned {
    /// Weight at each grid point of the grid; they sum to the number of events inside.
    pub weights: Vec<f64>,
    /// Events below the first grid point.
    pub below: u64,
    /// Events above the last place.
    pub above: u64,
    /// Events whose value is NaN.
    pub undefined: u64,
}

/// A peak of a density.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Its grid point on the grid; the middle of a plateau, rounded down.
    pub at: usize,
    /// Its height.
    pub height: f64,
    /// How far it rises above the higher of the two lowest points that part it from higher ground
    /// (or from the ends of the grid).
    pub prominence: f64,
}

/// Bin `values` linearly on `points` grid points from `low` to `high`, both included.
///
/// A value between two grid points gives each a weight by its distance to the other (linear binning),
/// so that the mean of the grid is the mean of the events.
///
/// # Errors
/// [`Error::Length`] if there are fewer than two grid points; [`Error::MalformedPlan`] if the ends are
/// not finite or not in order.
pub fn bin(values: &[f64], low: f64, high: f64, points: usize) -> Result<Binned> {
    if points < 2 {
        return Err(Error::Length {
            what: "the grid of a density",
            found: points,
            expected: 2,
        });
    }
    if !(low.is_finite() && high.is_finite() && low < high) {
        return Err(Error::MalformedPlan {
            detail: format!("a density needs finite ends in order, got {low} and {high}"),
        });
    }
    let last = (points - 1) as f64;
    let per_unit = last / (high - low);
    // Two tables, one for every other event: an event need not wait for the one before.
    let mut tables = [
        vec![[0.0_f64; 2]; points + 1],
        vec![[0.0_f64; 2]; points + 1],
    ];
    let (mut below, mut above, mut undefined) = (0, 0, 0);
    for pair in values.chunks(2) {
        for (table, &value) in tables.iter_mut().zip(pair) {
            let point = (value - low) * per_unit;
            if point >= 0.0 && point <= last {
                // In range and not NaN, so the cast cuts the fraction and nothing else.
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let whole = point as usize;
                let slot = &mut table[whole];
                slot[0] += 1.0;
                slot[1] += point - whole as f64;
            } else if value.is_nan() {
                undefined += 1;
            } else if point < 0.0 {
                below += 1;
            } else {
                above += 1;
            }
        }
    }
    let mut weights = vec![0.0; points];
    let mut carried = 0.0;
    for (point, weight) in weights.iter_mut().enumerate() {
        let count = tables[0][point][0] + tables[1][point][0];
        let fraction = tables[0][point][1] + tables[1][point][1];
        *weight = count - fraction + carried;
        carried = fraction;
    }
    Ok(Binned {
        weights,
        below,
        above,
        undefined,
    })
}

/// Smooth a grid by a Gaussian of standard deviation `bandwidth`, in places of the grid.
///
/// The kernel ends at five standard deviations and sums to 1; what reaches beyond the grid is
/// lost, so the grid should extend that far beyond the events. A bandwidth of 0 changes nothing.
///
/// # Errors
/// [`Error::MalformedPlan`] if the bandwidth is negative or not finite.
pub fn smooth(weights: &[f64], bandwidth: f64) -> Result<Vec<f64>> {
    if !(bandwidth.is_finite() && bandwidth >= 0.0) {
        return Err(Error::MalformedPlan {
            detail: format!("a bandwidth must be finite and at least 0, got {bandwidth}"),
        });
    }
    if bandwidth == 0.0 {
        return Ok(weights.to_vec());
    }
    // At most five times the bandwidth, which is finite; more than the grid is not needed.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let reach = ((5.0 * bandwidth).ceil() as usize).min(weights.len());
    let half: Vec<f64> = (0..=reach)
        .map(|step| (-0.5 * (step as f64 / bandwidth).powi(2)).exp())
        .collect();
    let total = half[0] + 2.0 * half[1..].iter().sum::<f64>();
    let mut out = vec![0.0; weights.len()];
    for (point, &weight) in weights.iter().enumerate() {
        if weight == 0.0 {
            continue;
        }
        let share = weight / total;
        let after = (weights.len() - 1 - point).min(reach);
        let before = point.min(reach);
        for (target, k) in out[point..=point + after].iter_mut().zip(&half) {
            *target += share * k;
        }
        for (target, k) in out[point - before..point].iter_mut().rev().zip(&half[1..]) {
            *target += share * k;
        }
    }
    Ok(out)
}

/// Every peak of a density, in the order of the grid.
///
/// An end of the grid is never a peak; a plateau is one peak if both of its sides fall.
#[must_use]
pub fn peaks(density: &[f64]) -> Vec<Peak> {
    let mut found = Vec::new();
    let mut point = 1;
    while point + 1 < density.len() {
        if density[point] > density[point - 1] {
            let end = (point..density.len())
                .find(|&next| density[next] != density[point])
                .unwrap_or(density.len());
            if end < density.len() && density[end] < density[point] {
                let at = usize::midpoint(point, end - 1);
                found.push(Peak {
                    at,
                    height: density[at],
                    prominence: prominence(density, at),
                });
            }
            point = end;
        } else {
            point += 1;
        }
    }
    found
}

/// Grid point of the lowest point strictly between two grid points; the middle one of equals.
///
/// `None` if nothing lies between them.
#[must_use]
pub fn valley(density: &[f64], from: usize, to: usize) -> Option<usize> {
    let between = density.get(from + 1..to)?;
    let lowest = between.iter().copied().reduce(f64::min)?;
    let equals: Vec<usize> = (from + 1..to)
        .filter(|&point| density[point] == lowest)
        .collect();
    equals.get(equals.len() / 2).copied()
}

fn prominence(density: &[f64], at: usize) -> f64 {
    let height = density[at];
    let lowest = |side: &mut dyn Iterator<Item = &f64>| {
        side.take_while(|&&other| other <= height)
            .copied()
            .fold(height, f64::min)
    };
    let left = lowest(&mut density[..at].iter().rev());
    let right = lowest(&mut density[at + 1..].iter());
    height - left.max(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_event_between_two_grid_points_is_shared() -> Result<()> {
        let binned = bin(&[0.25, 2.0], 0.0, 2.0, 3)?;
        assert_eq!(binned.weights, [0.75, 0.25, 1.0]);
        Ok(())
    }

    #[test]
    fn events_outside_and_nan_are_counted_apart() -> Result<()> {
        let values = [f64::NAN, f64::NEG_INFINITY, f64::INFINITY, -0.1, 1.1, 0.5];
        let binned = bin(&values, 0.0, 1.0, 2)?;
        assert_eq!(
            (binned.below, binned.above, binned.undefined),
            (2, 2, 1),
            "infinities are outside, NaN is undefined"
        );
        assert_eq!(binned.weights, [0.5, 0.5]);
        Ok(())
    }

    #[test]
    fn refuses_a_grid_without_width() {
        assert!(bin(&[], 1.0, 1.0, 8).is_err());
        assert!(bin(&[], 0.0, f64::NAN, 8).is_err());
        assert!(bin(&[], 0.0, 1.0, 1).is_err());
        assert!(smooth(&[1.0], -1.0).is_err());
    }

    #[test]
    fn finds_peaks_their_prominence_and_the_valley() {
        let density = [0.0, 2.0, 1.0, 1.0, 1.0, 3.0, 3.0, 0.0];
        let found = peaks(&density);
        let points: Vec<_> = found
            .iter()
            .map(|peak| (peak.at, peak.prominence))
            .collect();
        assert_eq!(points, [(1, 1.0), (5, 3.0)]);
        assert_eq!(valley(&density, 1, 5), Some(3));
        assert_eq!(valley(&density, 1, 2), None);
    }

    proptest! {
        #[test]
        fn weights_sum_to_the_events_and_keep_their_mean(
            values in prop::collection::vec(0.0_f64..=1.0, 1..200),
        ) {
            let binned = bin(&values, 0.0, 1.0, 17).expect("a good grid");
            let total: f64 = binned.weights.iter().sum();
            prop_assert!((total - values.len() as f64).abs() < 1e-9);
            let mean: f64 = binned.weights.iter().enumerate().map(|(k, w)| k as f64 / 16.0 * w).sum();
            prop_assert!((mean - values.iter().sum::<f64>()).abs() < 1e-9);
        }

        #[test]
        fn smoothing_keeps_mass_away_from_the_ends_and_order_does_not_matter(
            mut values in prop::collection::vec(0.4_f64..=0.6, 1..100),
        ) {
            let binned = bin(&values, 0.0, 1.0, 101).expect("a good grid");
            let smoothed = smooth(&binned.weights, 4.0).expect("a good bandwidth");
            let lost = smoothed.iter().sum::<f64>() - values.len() as f64;
            prop_assert!(lost.abs() < 1e-5 * values.len() as f64);
            values.reverse();
            let again = bin(&values, 0.0, 1.0, 101).expect("a good grid");
            for (a, b) in binned.weights.iter().zip(&again.weights) {
                prop_assert!((a - b).abs() < 1e-9);
            }
        }
    }
}
