//! Maturity scores of events: each marker's probability of being positive, and their vote.
//!
//! The score of an event is `1/2 + 1/2 sum_m w_m (2 p_m - 1) / sum_m |w_m|`, in [0, 1], where
//! `p_m` is the probability that the event is positive for marker `m` and the sign of `w_m` says
//! whether that makes it more or less mature.

use crate::error::{Error, Result};
pub use crate::simd::positivity::{Components, Negatives};
use crate::simd::positivity::{
    above, above_spread, add_spread, add_votes, at_least, between, between_spread,
};

use crate::threads::columns::{BLOCK, share_columns};

/// What decides whether an event is positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Positivity {
    /// From here on, without doubt.
    Threshold(f64),
    /// Far from the negative events.
    Above(Negatives),
    /// Like the positive rather than the negative events. Between the means the log-odds are
    /// those of the two normal components; beyond them, where unequal variances would make them
    /// turn back, they go on along their tangent, so that more signal never means less positive.
    Between(Components),
}

impl Positivity {
    /// `"threshold" [threshold]`, `"above" [mean, sd, limit, prior]` or
    /// `"between" [negative mean, sd, positive mean, sd, prior]`; the prior as log-odds.
    ///
    /// # Errors
    /// [`Error::Length`] if there is no such kind with so many numbers.
    pub fn from_name(name: &str, numbers: &[f64]) -> Result<Self> {
        match (name, numbers) {
            ("threshold", &[threshold]) => Ok(Self::Threshold(threshold)),
            ("above", &[mean, sd, limit, prior]) => Ok(Self::Above(Negatives {
                mean,
                variance: sd * sd,
                limit,
                prior,
            })),
            (
                "between",
                &[
                    negative_mean,
                    negative_sd,
                    positive_mean,
                    positive_sd,
                    prior,
                ],
            ) => Ok(Self::Between(Components {
                negative_mean,
                negative_variance: negative_sd * negative_sd,
                positive_mean,
                positive_variance: positive_sd * positive_sd,
                prior,
            })),
            _ => Err(Error::Length {
                what: "the numbers of a marker's positivity",
                found: numbers.len(),
                expected: match name {
                    "threshold" => 1,
                    "above" => 4,
                    _ => 5,
                },
            }),
        }
    }
}

/// One marker of the events.
#[derive(Debug, Clone)]
pub struct Marker<'a> {
    /// The events' values on the scale.
    pub values: &'a [f64],
    /// What decides.
    pub positivity: Positivity,
    /// Intensities of other dyes and the variance that a unit of each adds (the squared
    /// coefficient of spillover spreading, doi:10.1002/cyto.a.22251). A threshold ignores them.
    pub spread: Vec<(&'a [f64], f64)>,
    /// Weight times direction.
    pub weight: f64,
}

/// Write the probabilities (one row of events per marker) and the scores of events.
///
/// The answer does not depend on `threads` (0: as many as there are processors). A value that is
/// NaN makes its probability and its event's score NaN.
///
/// # Errors
/// [`Error::Length`] if slices differ in length; [`Error::Threads`].
pub fn score_events(
    markers: &[Marker<'_>],
    probabilities: &mut [f64],
    scores: &mut [f64],
    threads: usize,
) -> Result<()> {
    let n = scores.len();
    let lengths = markers.iter().flat_map(|marker| {
        std::iter::once(marker.values.len()).chain(marker.spread.iter().map(|s| s.0.len()))
    });
    for found in lengths {
        if found != n {
            return Err(Error::Length {
                what: "a column of events",
                found,
                expected: n,
            });
        }
    }
    if probabilities.len() != markers.len() * n {
        return Err(Error::Length {
            what: "the rows of probabilities",
            found: probabilities.len(),
            expected: markers.len() * n,
        });
    }
    if n == 0 {
        return Ok(());
    }
    let total: f64 = markers.iter().map(|marker| marker.weight.abs()).sum();
    let mut columns: Vec<&mut [f64]> = probabilities.chunks_exact_mut(n).collect();
    columns.push(scores);
    share_columns(columns, threads, &|first, columns| {
        let Some((scores, outs)) = columns.split_last_mut() else {
            return;
        };
        let mut excess = [0.0; BLOCK];
        for from in (0..scores.len()).step_by(BLOCK) {
            let to = scores.len().min(from + BLOCK);
            let votes = &mut scores[from..to];
            votes.fill(0.0);
            for (marker, out) in markers.iter().zip(outs.iter_mut()) {
                let out = &mut out[from..to];
                probability(marker, first + from..first + to, &mut excess, out);
                add_votes(out, marker.weight, votes);
            }
            for vote in votes {
                *vote = 0.5 + 0.5 * (*vote / total);
            }
        }
    });
    Ok(())
}

fn probability(
    marker: &Marker<'_>,
    range: std::ops::Range<usize>,
    excess: &mut [f64; BLOCK],
    out: &mut [f64],
) {
    let values = &marker.values[range.clone()];
    if marker.spread.is_empty() {
        return match &marker.positivity {
            Positivity::Threshold(threshold) => at_least(values, *threshold, out),
            Positivity::Above(negatives) => above(values, negatives, out),
            Positivity::Between(components) => between(values, components, out),
        };
    }
    let excess = &mut excess[..values.len()];
    excess.fill(0.0);
    for (intensities, square) in &marker.spread {
        add_spread(&intensities[range.clone()], *square, excess);
    }
    match &marker.positivity {
        Positivity::Threshold(threshold) => at_least(values, *threshold, out),
        Positivity::Above(negatives) => above_spread(values, excess, negatives, out),
        Positivity::Between(components) => between_spread(values, excess, components, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn two_components(apart: f64) -> Positivity {
        Positivity::Between(Components {
            negative_mean: 0.0,
            negative_variance: 0.01,
            positive_mean: apart,
            positive_variance: 0.02,
            prior: 0.3,
        })
    }

    fn scored(columns: &[Vec<f64>], spread: bool, threads: usize) -> (Vec<f64>, Vec<f64>) {
        let n = columns[0].len();
        let markers: Vec<Marker<'_>> = columns
            .iter()
            .enumerate()
            .map(|(k, values)| Marker {
                values,
                positivity: two_components(0.5 + 0.1 * f64::from(u8::try_from(k).expect("few"))),
                spread: if spread {
                    vec![(&columns[0], 0.01)]
                } else {
                    vec![]
                },
                weight: if k % 2 == 0 { 1.0 } else { -2.0 },
            })
            .collect();
        let mut pi = vec![0.0; n * columns.len()];
        let mut scores = vec![0.0; n];
        score_events(&markers, &mut pi, &mut scores, threads).expect("lengths agree");
        (pi, scores)
    }

    #[test]
    fn threads_do_not_matter() {
        let column = |seed: u32| {
            (0..70_003_u32)
                .map(|i| f64::from(i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 8) / 1e7)
                .collect::<Vec<_>>()
        };
        let columns = [column(1), column(7), column(99)];
        for spread in [false, true] {
            let one = scored(&columns, spread, 1);
            for threads in [0, 2, 3, 7] {
                assert_eq!(one, scored(&columns, spread, threads));
            }
        }
    }

    #[test]
    fn certain_markers_vote_by_their_weights() -> Result<()> {
        let values = [0.0, 1.0];
        let marker = |weight| Marker {
            values: &values,
            positivity: Positivity::Threshold(0.5),
            spread: vec![],
            weight,
        };
        let (mut pi, mut scores) = ([0.0; 4], [0.0; 2]);
        score_events(&[marker(3.0), marker(-1.0)], &mut pi, &mut scores, 1)?;
        assert_eq!(pi, [0.0, 1.0, 0.0, 1.0]);
        assert_eq!(scores, [0.25, 0.75]);
        Ok(())
    }

    #[test]
    fn refuses_columns_of_other_lengths() {
        let marker = Marker {
            values: &[0.0],
            positivity: Positivity::Threshold(0.5),
            spread: vec![],
            weight: 1.0,
        };
        let (mut pi, mut scores) = ([0.0; 2], [0.0; 2]);
        assert!(score_events(&[marker], &mut pi, &mut scores, 1).is_err());
    }

    proptest! {
        #[test]
        fn scores_lie_in_0_to_1_and_do_not_depend_on_order(
            rows in prop::collection::vec((-3.0..3.0_f64, -3.0..3.0_f64), 1..60),
        ) {
            let columns = |rows: &[(f64, f64)]| {
                [rows.iter().map(|r| r.0).collect(), rows.iter().map(|r| r.1).collect::<Vec<_>>()]
            };
            let (_, scores) = scored(&columns(&rows), true, 1);
            prop_assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
            let back: Vec<_> = rows.iter().rev().copied().collect();
            let (_, mut reversed) = scored(&columns(&back), true, 1);
            reversed.reverse();
            prop_assert_eq!(scores, reversed);
        }
    }
}
