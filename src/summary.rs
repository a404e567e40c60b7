//! Order statistics and means of the values of a population, with intervals.
//!
//! Quantiles are exact (selection over all values) and interpolate linearly between neighbours
//! (type 7 of Hyndman & Fan 1996, doi:10.2307/2684934); their intervals are pairs of order
//! statistics and need no distribution (David & Nagaraja 2003, §7.1, doi:10.1002/0471722162). Sums
//! run in the order of the events. Nothing is dropped: a NaN among the values makes the estimate NaN.

mod order;

use crate::error::{Error, Result};

use order::{CHUNK, Order};

/// What is estimated of a population's values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// The middle value, or the mean of the middle two.
    Median,
    /// The percentile of this number, from 0 to 100.
    Percentile(f64),
    /// The arithmetic mean.
    Mean,
    /// `exp(mean(ln x))`, defined where all values are above 0.
    GeometricMean,
    /// `100 · ½ (P84.13 - P15.87) / median`, a coefficient of variation in percent that outliers
    /// do not reach: for a normal distribution it is `100 σ / μ`.
    RobustCv,
}

impl Statistic {
    /// A statistic by its name.
    ///
    /// # Errors
    /// [`Error::UnknownStatistic`].
    pub fn from_name(name: &str, percentile: Option<f64>) -> Result<Self> {
        match (name, percentile) {
            ("median", None) => Ok(Self::Median),
            ("mean", None) => Ok(Self::Mean),
            ("geometric_mean", None) => Ok(Self::GeometricMean),
            ("robust_cv", None) => Ok(Self::RobustCv),
            ("percentile", Some(p)) if (0.0..=100.0).contains(&p) => Ok(Self::Percentile(p)),
            _ => Err(Error::UnknownStatistic { name: name.into() }),
        }
    }
}

/// An estimate and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate; NaN where there is none.
    pub value: f64,
    /// Lower end; NaN where there are too few events.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Why something is NaN; empty where nothing is.
    pub reason: &'static str,
}

impl Estimate {
    fn none(reason: &'static str) -> Self {
        Self {
            value: f64::NAN,
            low: f64::NAN,
            high: f64::NAN,
            reason,
        }
    }
}

/// Probability that an interval misses on one side.
const TAIL: f64 = 0.025;
/// 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// The normal distribution's mass below one standard deviation above and below the mean, in percent, as
/// robust CVs are defined.
const SIGMA: (f64, f64) = (15.87, 84.13);

/// Estimate each statistic of `values`, which are put into another order.
#[must_use]
pub fn summarise(values: &mut [f64], statistics: &[Statistic]) -> Vec<Estimate> {
    // What is never stopped is finished.
    summarise_unless(values, statistics, &|| false).unwrap_or_default()
}

/// As [`summarise`], unless `stopped` says so before it is done.
///
/// # Errors
/// [`Error::Interrupted`].
pub fn summarise_unless(
    values: &mut [f64],
    statistics: &[Statistic],
    stopped: &dyn Fn() -> bool,
) -> Result<Vec<Estimate>> {
    if values.is_empty() {
        return Ok(vec![Estimate::none("no events"); statistics.len()]);
    }
    if any(values, f64::is_nan, stopped)? {
        return Ok(vec![Estimate::none("a value is NaN"); statistics.len()]);
    }
    // Means first: they take the values in the order of the events.
    let means = statistics
        .iter()
        .map(|statistic| match statistic {
            Statistic::Mean => mean(values, |x| x, stopped).map(Some),
            Statistic::GeometricMean => geometric_mean(values, stopped).map(Some),
            _ => Ok(None),
        })
        .collect::<Result<Vec<Option<Estimate>>>>()?;
    let mut order = Order::new(values, stopped);
    statistics
        .iter()
        .zip(means)
        .map(|(statistic, mean)| match *statistic {
            Statistic::Median => quantile(&mut order, 0.5, TAIL),
            Statistic::Percentile(p) => quantile(&mut order, p / 100.0, TAIL),
            Statistic::RobustCv => robust_cv(&mut order),
            Statistic::Mean | Statistic::GeometricMean => Ok(mean.unwrap_or(Estimate::none(""))),
        })
        .collect()
}

/// Return whether any value is like that.
fn any(values: &[f64], like: impl Fn(f64) -> bool, stopped: &dyn Fn() -> bool) -> Result<bool> {
    for chunk in values.chunks(CHUNK) {
        if stopped() {
            return Err(Error::Interrupted);
        }
        if chunk.iter().any(|&value| like(value)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The sum of what `of` makes of the values, in their order.
fn sum(values: &[f64], of: impl Fn(f64) -> f64, stopped: &dyn Fn() -> bool) -> Result<f64> {
    let mut sum = -0.0; // as sums of iterators begin
    for chunk in values.chunks(CHUNK) {
        if stopped() {
            return Err(Error::Interrupted);
        }
        for &value in chunk {
            sum += of(value);
        }
    }
    Ok(sum)
}

fn mean(values: &[f64], of: impl Fn(f64) -> f64, stopped: &dyn Fn() -> bool) -> Result<Estimate> {
    let count = values.len() as f64;
    let mean = sum(values, &of, stopped)? / count;
    let square = |x| {
        let from_mean = of(x) - mean;
        from_mean * from_mean
    };
    let squares = sum(values, square, stopped)?;
    if values.len() < 2 {
        return Ok(Estimate {
            value: mean,
            ..Estimate::none("one event gives no interval")
        });
    }
    let half = Z * (squares / (count - 1.0) / count).sqrt();
    Ok(Estimate {
        value: mean,
        low: mean - half,
        high: mean + half,
        reason: "",
    })
}

fn geometric_mean(values: &[f64], stopped: &dyn Fn() -> bool) -> Result<Estimate> {
    if any(values, |x| x <= 0.0, stopped)? {
        return Ok(Estimate::none("a value is not above 0"));
    }
    let found = mean(values, f64::ln, stopped)?;
    Ok(Estimate {
        value: found.value.exp(),
        low: found.low.exp(),
        high: found.high.exp(),
        reason: found.reason,
    })
}

/// The interval is that of the worst case of its three quantiles, each with a third of the error:
/// it covers with at least 95 %.
fn robust_cv(order: &mut Order<'_>) -> Result<Estimate> {
    let tail = TAIL / 3.0;
    let below = quantile(order, SIGMA.0 / 100.0, tail)?;
    let middle = quantile(order, 0.5, tail)?;
    let above = quantile(order, SIGMA.1 / 100.0, tail)?;
    if middle.value <= 0.0 {
        return Ok(Estimate::none("the median is not above 0"));
    }
    let value = 50.0 * (above.value - below.value) / middle.value;
    let low = 50.0 * (above.low - below.high).max(0.0) / middle.high;
    let high = 50.0 * (above.high - below.low) / middle.low;
    if [below, middle, above].iter().any(|q| !q.reason.is_empty()) {
        let too_few = Estimate::none("too few events for an interval");
        return Ok(Estimate { value, ..too_few });
    }
    if middle.low <= 0.0 {
        let wide = Estimate::none("the interval of the median reaches 0");
        return Ok(Estimate { value, ..wide });
    }
    Ok(Estimate {
        value,
        low,
        high,
        reason: "",
    })
}

fn quantile(order: &mut Order<'_>, p: f64, tail: f64) -> Result<Estimate> {
    let n = order.len();
    let position = p * (n - 1) as f64;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 <= position < n
    let rank = (position.floor() as usize).min(n - 1);
    let (a, b) = (order.at(rank)?, order.at((rank + 1).min(n - 1))?);
    let value = between(a, b, position - rank as f64);
    let (low, high) = ranks(n, p, tail);
    let mut end = |rank: Option<usize>| rank.map_or(Ok(f64::NAN), |rank| order.at(rank));
    let reason = if low.is_some() && high.is_some() {
        ""
    } else {
        "too few events for an interval"
    };
    Ok(Estimate {
        value,
        low: end(low)?,
        high: end(high)?,
        reason,
    })
}

/// The point at a part `t` of the way from `a` to `b`.
fn between(a: f64, b: f64, t: f64) -> f64 {
    if a == b {
        a // also for infinities
    } else if t == 0.5 {
        f64::midpoint(a, b)
    } else if t < 0.5 {
        a + (b - a) * t
    } else {
        b - (b - a) * (1.0 - t)
    }
}

/// Ranks (from 0) of the order statistics around the quantile `p` of `n` values, each missed with
/// a probability of at most `tail`; `None` where no value is far enough out.
fn ranks(n: usize, p: f64, tail: f64) -> (Option<usize>, Option<usize>) {
    // P(x_(l) > quantile) = P(Bin(n, p) < l) and P(x_(u) < quantile) = P(Bin(n, p) >= u), from 1.
    let spread = (n as f64 * p * (1.0 - p)).sqrt();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let (mode, reach) = (
        ((n as f64 + 1.0) * p).floor().min(n as f64) as usize,
        (spread * 9.0).ceil() as usize + 40,
    );
    let (first, last) = (mode.saturating_sub(reach), (mode + reach).min(n));
    // Terms relative to the largest; beyond `reach` they are below 1e-17 of it.
    let mut terms = vec![0.0; last - first + 1];
    terms[mode - first] = 1.0;
    let odds = p / (1.0 - p);
    if odds.is_finite() && odds > 0.0 {
        for k in mode..last {
            terms[k + 1 - first] = terms[k - first] * odds * (n - k) as f64 / (k + 1) as f64;
        }
        for k in (first..mode).rev() {
            terms[k - first] = terms[k + 1 - first] * (k + 1) as f64 / (odds * (n - k) as f64);
        }
    }
    let total: f64 = terms.iter().sum();
    let mut sum = 0.0;
    let mut low = None;
    for (k, term) in (first..).zip(&terms) {
        // `sum` is P(Bin < k).
        if sum > tail * total {
            break;
        }
        low = k.checked_sub(1);
        sum += term;
    }
    sum = 0.0;
    let mut high = None;
    for (k, term) in (first..=last).rev().zip(terms.iter().rev()) {
        sum += term;
        // `sum` is P(Bin >= k).
        if sum > tail * total {
            break;
        }
        high = k.checked_sub(1);
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_needs_six_values_for_its_interval() {
        let mut values = vec![5.0, 1.0, 4.0, 2.0, 3.0, 6.0];
        let found = summarise(&mut values, &[Statistic::Median])[0];
        assert_eq!((found.value, found.low, found.high), (3.5, 1.0, 6.0));
        let found = summarise(&mut values[..5], &[Statistic::Median])[0];
        assert!(found.low.is_nan() && !found.reason.is_empty());
    }

    #[test]
    fn ranks_of_a_median_are_those_of_the_tables() {
        // 95 % intervals of a median: David & Nagaraja, and any table of the sign test.
        for (n, low, high) in [(10, 2, 9), (20, 6, 15), (50, 18, 33), (100, 40, 61)] {
            assert_eq!(ranks(n, 0.5, TAIL), (Some(low - 1), Some(high - 1)), "{n}");
        }
        assert_eq!(ranks(5, 0.5, TAIL), (None, None));
    }

    #[test]
    fn a_normal_sample_has_the_robust_cv_of_its_law() {
        // Quantiles of a normal law with mean 100 and standard deviation 10, by symmetry.
        let mut values: Vec<f64> = (0..2001)
            .map(|i| 100.0 + 10.0 * logit((f64::from(i) + 0.5) / 2001.0))
            .collect();
        let found = summarise(&mut values, &[Statistic::RobustCv])[0];
        let expected = 100.0 * 10.0 * logit(0.8413) / 100.0;
        assert!((found.value - expected).abs() < 0.05, "{found:?}");
        assert!(found.low < found.value && found.value < found.high);
    }

    fn logit(p: f64) -> f64 {
        (p / (1.0 - p)).ln()
    }

    #[test]
    fn nothing_is_dropped_in_silence() {
        let all = [Statistic::Median, Statistic::Mean, Statistic::GeometricMean];
        for found in summarise(&mut [1.0, f64::NAN], &all) {
            assert!(found.value.is_nan() && found.reason == "a value is NaN");
        }
        let found = summarise(&mut [1.0, 0.0, 2.0], &all);
        assert_eq!(found[0].value, 1.0);
        assert_eq!(found[2].reason, "a value is not above 0");
        assert!(found[2].value.is_nan());
        assert_eq!(summarise(&mut [], &all)[1].reason, "no events");
    }
}
