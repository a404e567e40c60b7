//! The chance that a cell of one sample exceeds a cell of another, by ranks.

use std::thread;

use crate::error::{Error, Result};

/// The Mann-Whitney probability that later events lie above earlier ones, and its parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Superiority {
    /// `P(later > earlier) + P(later = earlier) / 2` of a random pair.
    pub theta: f64,
    /// Sample variance, over the earlier events, of the share of later events above each; 0 for
    /// a single event.
    pub earlier_variance: f64,
    /// Sample variance, over the later events, of the share of earlier events below each; 0 for
    /// a single event.
    pub later_variance: f64,
}

/// Compare two samples in `O(n log n)`; ties count half.
///
/// Sums are of whole numbers, so that neither the order of events nor threads matter. The
/// placement variances are those of `DeLong` et al. 1988, doi:10.2307/2531595.
///
/// # Errors
/// [`Error::NotANumber`] if a value is NaN; [`Error::Length`] if a sample is empty.
pub fn superiority(earlier: &[f64], later: &[f64]) -> Result<Superiority> {
    for (what, values) in [("the earlier sample", earlier), ("the later sample", later)] {
        if values.is_empty() {
            return Err(Error::Length {
                what,
                found: 0,
                expected: 1,
            });
        }
        if let Some(index) = values.iter().position(|value| value.is_nan()) {
            return Err(Error::NotANumber { what, index });
        }
    }
    let (earlier, later) = thread::scope(|scope| {
        let other = scope.spawn(|| sorted(later));
        (sorted(earlier), other.join())
    });
    let later = later.map_err(|_| Error::Threads("a sort did not finish".into()))?;
    let (below, above) = placements(&earlier, &later);
    let (m, n) = (earlier.len(), later.len());
    Ok(Superiority {
        theta: below.sum as f64 / (2.0 * m as f64 * n as f64),
        earlier_variance: above.variance(m, n),
        later_variance: below.variance(n, m),
    })
}

/// Values as whole numbers in the same order, sorted; both zeros are one.
fn sorted(values: &[f64]) -> Vec<u64> {
    let mut keys: Vec<u64> = values
        .iter()
        .map(|value| {
            let bits = (value + 0.0).to_bits();
            if bits >> 63 == 1 {
                !bits
            } else {
                bits | 1 << 63
            }
        })
        .collect();
    keys.sort_unstable();
    keys
}

/// Sums over events of twice the number of the other sample's events that they exceed.
#[derive(Default)]
struct Placements {
    sum: u128,
    squares: u128,
}

impl Placements {
    fn add(&mut self, events: usize, twice: usize) {
        let (events, twice) = (events as u128, twice as u128);
        self.sum += events * twice;
        self.squares += events * twice * twice;
    }

    /// Sample variance of the `own` placements as shares of `others` events.
    fn variance(&self, own: usize, others: usize) -> f64 {
        if own < 2 {
            return 0.0;
        }
        // own * squares - sum^2 in whole numbers: no cancellation.
        let events = own as u128;
        let spread = (events * self.squares).saturating_sub(self.sum * self.sum) as f64;
        let (own, others) = (own as f64, others as f64);
        spread / (own * (own - 1.0) * 4.0 * others * others)
    }
}

/// Placements of later events among earlier ones from below, and of earlier among later from above.
fn placements(earlier: &[u64], later: &[u64]) -> (Placements, Placements) {
    let (mut below, mut above) = (Placements::default(), Placements::default());
    let (mut i, mut j) = (0, 0);
    while i < earlier.len() || j < later.len() {
        let value = match (earlier.get(i), later.get(j)) {
            (Some(&a), Some(&b)) => a.min(b),
            (Some(&a), None) => a,
            (None, Some(&b)) => b,
            (None, None) => break,
        };
        let run = |keys: &[u64]| keys.iter().take_while(|&&key| key == value).count();
        let (a, b) = (run(&earlier[i..]), run(&later[j..]));
        below.add(b, 2 * i + a);
        above.add(a, 2 * (later.len() - j - b) + b);
        (i, j) = (i + a, j + b);
    }
    (below, above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairwise(earlier: &[f64], later: &[f64]) -> Superiority {
        let win = |x: f64, y: f64| f64::from(u8::from(y > x)) + 0.5 * f64::from(u8::from(y == x));
        let (m, n) = (earlier.len() as f64, later.len() as f64);
        let of_later: Vec<f64> = later
            .iter()
            .map(|&y| earlier.iter().map(|&x| win(x, y)).sum::<f64>() / m)
            .collect();
        let of_earlier: Vec<f64> = earlier
            .iter()
            .map(|&x| later.iter().map(|&y| win(x, y)).sum::<f64>() / n)
            .collect();
        let theta = of_later.iter().sum::<f64>() / n;
        let variance = |shares: &[f64]| {
            let mean = shares.iter().sum::<f64>() / shares.len() as f64;
            let squares: f64 = shares.iter().map(|s| (s - mean) * (s - mean)).sum();
            if shares.len() < 2 {
                0.0
            } else {
                squares / (shares.len() as f64 - 1.0)
            }
        };
        Superiority {
            theta,
            earlier_variance: variance(&of_earlier),
            later_variance: variance(&of_later),
        }
    }

    fn sample() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec((-6..6_i32).prop_map(|x| f64::from(x) * 0.5), 1..40)
    }

    proptest! {
        #[test]
        fn agrees_with_all_pairs(earlier in sample(), later in sample()) {
            let (fast, slow) = (superiority(&earlier, &later).expect("values"), pairwise(&earlier, &later));
            prop_assert!((fast.theta - slow.theta).abs() < 1e-12);
            prop_assert!((fast.earlier_variance - slow.earlier_variance).abs() < 1e-12);
            prop_assert!((fast.later_variance - slow.later_variance).abs() < 1e-12);
        }

        #[test]
        fn only_ranks_matter(earlier in sample(), later in sample()) {
            let warp = |values: &[f64]| values.iter().map(|x| x.exp() * 3.0 - 7.0).collect::<Vec<_>>();
            prop_assert_eq!(
                superiority(&earlier, &later).expect("values"),
                superiority(&warp(&earlier), &warp(&later)).expect("values")
            );
        }

        #[test]
        fn order_does_not_matter_and_sides_mirror(mut earlier in sample(), mut later in sample()) {
            let before = superiority(&earlier, &later).expect("values");
            let mirrored = superiority(&later, &earlier).expect("values");
            prop_assert!((before.theta + mirrored.theta - 1.0).abs() < 1e-12);
            earlier.reverse();
            later.rotate_left(1);
            prop_assert_eq!(before, superiority(&earlier, &later).expect("values"));
        }
    }

    #[test]
    fn refuses_what_is_no_number_and_what_is_empty() {
        assert!(matches!(
            superiority(&[0.0, f64::NAN], &[1.0]),
            Err(Error::NotANumber { index: 1, .. })
        ));
        assert!(superiority(&[], &[1.0]).is_err());
        assert_eq!(superiority(&[-0.0], &[0.0]).expect("values").theta, 0.5);
    }
}
