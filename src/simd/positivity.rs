//! Probabilities of being positive, many events at a time.
//!
//! `exp` and `ln` are our own, without branches, so that every level of instructions and every
//! machine gives the same bits.
#![allow(clippy::inline_always, clippy::many_single_char_names)] // numeric kernels that must inline

/// Log-odds are bounded here; beyond, the probability is 0 or 1 to the last bit.
const FARTHEST: f64 = 700.0;

/// Two normal components and what one believes of them before seeing an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Components {
    /// Mean of negative events.
    pub negative_mean: f64,
    /// Their variance.
    pub negative_variance: f64,
    /// Mean of positive events, above that of negative ones.
    pub positive_mean: f64,
    /// Their variance.
    pub positive_variance: f64,
    /// `ln(p / (1 - p))` of the share `p` of positive events.
    pub prior: f64,
}

/// A negative component alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Negatives {
    /// Mean of negative events.
    pub mean: f64,
    /// Their variance.
    pub variance: f64,
    /// The number of standard deviations above the mean the odds are those of the prior.
    pub limit: f64,
    /// `ln(p / (1 - p))` of the share `p` of positive events.
    pub prior: f64,
}

/// `e^x` for `|x| <= 700`, within 2 units of the last place; NaN of NaN.
#[inline(always)]
fn exp(x: f64) -> f64 {
    const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52: adding it leaves the whole number
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = (x - whole * LN2_HIGH) - whole * LN2_LOW;
    let mut sum = 1.0 / 6_227_020_800.0;
    for inverse in [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        sum = sum * r + inverse;
    }
    sum * f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()))
}

/// `ln x` for positive finite normal `x`, within 2e-15 of the larger of 1 and the answer.
#[inline(always)]
fn ln(x: f64) -> f64 {
    const TWO_52: u64 = 0x4330_0000_0000_0000; // the bits of 2^52
    const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    let bits = x.to_bits().wrapping_sub(SQRT_HALF);
    // The exponent, and a mantissa between the square roots of 1/2 and 2.
    let exponent = bits >> 52;
    let signed = exponent ^ 0x800; // 12 bits of two's complement, made positive
    let whole = f64::from_bits(TWO_52 | signed) - (4_503_599_627_370_496.0 + 2048.0);
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(SQRT_HALF));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let mut sum = 1.0 / 23.0;
    for odd in [21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        sum = sum * square + 1.0 / odd;
    }
    whole * std::f64::consts::LN_2 + 2.0 * s * sum
}

/// `1 / (1 + e^-x)`, NaN of NaN.
#[inline(always)]
fn logistic(x: f64) -> f64 {
    let x = if x > FARTHEST { FARTHEST } else { x };
    let x = if x < -FARTHEST { -FARTHEST } else { x };
    1.0 / (1.0 + exp(-x))
}

/// The log-odds between the means are those of the components; beyond, their tangent goes on.
#[inline(always)]
fn log_odds(x: f64, c: &Components, negative: f64, positive: f64, constant: f64) -> f64 {
    let inside = if x > c.positive_mean {
        c.positive_mean
    } else {
        x
    };
    let inside = if inside < c.negative_mean {
        c.negative_mean
    } else {
        inside
    };
    let (up, down) = (inside - c.negative_mean, c.positive_mean - inside);
    let slope = up / negative + down / positive;
    let beyond = x - inside;
    let beyond = if beyond == 0.0 { 0.0 } else { beyond * slope };
    constant + 0.5 * (up * up / negative - down * down / positive) + beyond
}

multiversion! {
    /// The probability of being positive by two components.
    pub fn between(values: &[f64], components: &Components, out: &mut [f64]) {
        let c = *components;
        let constant = c.prior + 0.5 * ln(c.negative_variance / c.positive_variance);
        for (out, &x) in out.iter_mut().zip(values) {
            let odds = log_odds(x, &c, c.negative_variance, c.positive_variance, constant);
            *out = logistic(odds);
        }
    }
}

multiversion! {
    /// As [`between`], where `excess` is added to both variances of each event.
    pub fn between_spread(values: &[f64], excess: &[f64], components: &Components, out: &mut [f64]) {
        let c = *components;
        for ((out, &x), &more) in out.iter_mut().zip(values).zip(excess) {
            let (negative, positive) = (c.negative_variance + more, c.positive_variance + more);
            let constant = c.prior + 0.5 * ln(negative / positive);
            *out = logistic(log_odds(x, &c, negative, positive, constant));
        }
    }
}

multiversion! {
    /// The probability of being positive by the negative component alone: log-odds
    /// `prior + 2 limit (z - limit)`, `z` the distance from the mean in standard deviations.
    pub fn above(values: &[f64], negatives: &Negatives, out: &mut [f64]) {
        let sd = negatives.variance.sqrt();
        for (out, &x) in out.iter_mut().zip(values) {
            let z = (x - negatives.mean) / sd;
            *out = logistic(negatives.prior + 2.0 * negatives.limit * (z - negatives.limit));
        }
    }
}

multiversion! {
    /// As [`above`], where `excess` is added to the variance of each event.
    pub fn above_spread(values: &[f64], excess: &[f64], negatives: &Negatives, out: &mut [f64]) {
        for ((out, &x), &more) in out.iter_mut().zip(values).zip(excess) {
            let z = (x - negatives.mean) / (negatives.variance + more).sqrt();
            *out = logistic(negatives.prior + 2.0 * negatives.limit * (z - negatives.limit));
        }
    }
}

multiversion! {
    /// 1 from the threshold on, else 0; NaN of NaN.
    pub fn at_least(values: &[f64], threshold: f64, out: &mut [f64]) {
        for (out, &x) in out.iter_mut().zip(values) {
            let positive = if x >= threshold { 1.0 } else { 0.0 };
            *out = if x.is_nan() { x } else { positive };
        }
    }
}

multiversion! {
    /// Adds `square * max(intensity, 0)` to the excess variance of each event.
    pub fn add_spread(intensities: &[f64], square: f64, excess: &mut [f64]) {
        for (excess, &intensity) in excess.iter_mut().zip(intensities) {
            let light = if intensity < 0.0 { 0.0 } else { intensity };
            *excess += square * light;
        }
    }
}

multiversion! {
    /// Adds `weight * (2 p - 1)` to each score.
    pub fn add_votes(probabilities: &[f64], weight: f64, scores: &mut [f64]) {
        for (score, &p) in scores.iter_mut().zip(probabilities) {
            *score += weight * (2.0 * p - 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::forced::baseline;
    use proptest::prelude::*;

    #[test]
    fn exp_and_ln_are_close_to_the_library_s() {
        for step in -70_000..=70_000 {
            let x = f64::from(step) * 0.01;
            let (ours, known) = (exp(x), x.exp());
            assert!((ours / known - 1.0).abs() < 5e-16, "{x} {ours} {known}");
            let y = (x * 0.3).exp();
            let error = (ln(y) - y.ln()).abs();
            assert!(error <= 2e-15 * y.ln().abs().max(1.0), "{y} {error}");
        }
        assert!(exp(f64::NAN).is_nan());
    }

    fn components() -> impl Strategy<Value = Components> {
        (-5.0..5.0, 0.01..2.0, 0.01..6.0, 0.01..2.0, -4.0..4.0).prop_map(
            |(mean, sd, apart, other, prior)| Components {
                negative_mean: mean,
                negative_variance: sd * sd,
                positive_mean: mean + apart,
                positive_variance: other * other,
                prior,
            },
        )
    }

    proptest! {
        #[test]
        fn more_signal_never_makes_less_positive(
            c in components(),
            mut xs in prop::collection::vec(-20.0..20.0_f64, 2..80),
            more in 0.0..3.0_f64,
        ) {
            xs.sort_by(f64::total_cmp);
            let mut out = vec![0.0; xs.len()];
            between(&xs, &c, &mut out);
            // Rounding of the log-odds may turn neighbours by units of the last place.
            prop_assert!(out.windows(2).all(|w| w[1] >= w[0] - 1e-12));
            between_spread(&xs, &vec![more; xs.len()], &c, &mut out);
            prop_assert!(out.windows(2).all(|w| w[1] >= w[0] - 1e-12));
        }

        #[test]
        fn between_the_means_it_is_the_posterior_of_the_mixture(c in components(), at in 0.0..1.0_f64) {
            let x: f64 = c.negative_mean + at * (c.positive_mean - c.negative_mean);
            let density = |mean: f64, variance: f64| -> f64 {
                (-0.5 * (x - mean) * (x - mean) / variance).exp() / variance.sqrt()
            };
            let odds = c.prior.exp() * density(c.positive_mean, c.positive_variance)
                / density(c.negative_mean, c.negative_variance);
            prop_assume!(odds.is_finite() && odds > 1e-290);
            let mut out = [0.0];
            between(&[x], &c, &mut out);
            prop_assert!((out[0] - odds / (1.0 + odds)).abs() < 1e-9);
        }

        #[test]
        fn both_levels_give_the_same_bits(
            c in components(),
            xs in prop::collection::vec(any::<f64>(), 0..70),
            more in prop::collection::vec(0.0..1e4_f64, 70),
        ) {
            let bits = |kernel: &dyn Fn(&mut [f64])| {
                let (mut fast, mut plain) = (vec![0.0; xs.len()], vec![0.0; xs.len()]);
                kernel(&mut fast);
                baseline(|| kernel(&mut plain));
                let same = |v: &[f64]| {
                    v.iter().map(|x| if x.is_nan() { 0 } else { x.to_bits() }).collect::<Vec<_>>()
                };
                (same(&fast), same(&plain))
            };
            let n = Negatives { mean: c.negative_mean, variance: c.negative_variance, limit: 2.3, prior: c.prior };
            let more = &more[..xs.len()];
            let (fast, plain) = bits(&|out| between(&xs, &c, out));
            prop_assert_eq!(fast, plain);
            let (fast, plain) = bits(&|out| between_spread(&xs, more, &c, out));
            prop_assert_eq!(fast, plain);
            let (fast, plain) = bits(&|out| above_spread(&xs, more, &n, out));
            prop_assert_eq!(fast, plain);
            let (fast, plain) = bits(&|out| above(&xs, &n, out));
            prop_assert_eq!(fast, plain);
        }
    }

    #[test]
    fn what_is_no_number_has_no_probability_and_infinity_is_certain() {
        let c = Components {
            negative_mean: 0.0,
            negative_variance: 1.0,
            positive_mean: 3.0,
            positive_variance: 2.0,
            prior: 0.0,
        };
        let mut out = [0.0; 3];
        between(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY], &c, &mut out);
        assert!(out[0].is_nan());
        assert_eq!(out[1], 1.0);
        assert!(out[2] < 1e-300);
        at_least(&[f64::NAN, 0.5, 0.4], 0.5, &mut out);
        assert!(out[0].is_nan());
        assert_eq!(out[1..], [1.0, 0.0]);
    }
}
