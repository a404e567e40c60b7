//! Logarithmic scale, `flog` (Gating-ML 2.0 §6.3).

use std::f64::consts::LN_10;

use crate::error::{Error, Result};

use super::curve::{Curve, loops_over};
use super::elementary::{LARGEST_EXPONENT, exp, exp_anywhere, ln_anywhere, log10_in_two};
use super::{finite, listed};

/// `y = log10(x / t) / m + 1`, with `t > 0` and `m > 0`; -inf for `x <= 0`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Log {
    t: f64,
    m: f64,
    /// `m ln 10`.
    span: f64,
    /// `log10 t`, a sum.
    top: (f64, f64),
}

impl Log {
    /// A scale with `m` decades up to `t`.
    ///
    /// # Errors
    /// [`Error::ScaleParameters`].
    pub fn new(t: f64, m: f64) -> Result<Self> {
        let named = [("t", t), ("m", m)];
        finite("Log", &named)?;
        let refuse = |constraint| {
            Err(Error::ScaleParameters {
                scale: "Log",
                constraint,
                found: listed(&named),
            })
        };
        if t <= 0.0 {
            return refuse("t > 0");
        }
        if m <= 0.0 {
            return refuse("m > 0");
        }
        let span = m * LN_10;
        if m > super::MOST_DECADES {
            return refuse("m <= 100");
        }
        if !t.is_normal() || !span.is_normal() {
            return refuse("numbers that 64 bits hold");
        }
        let top = log10_in_two(t);
        Ok(Self { t, m, span, top })
    }

    /// The scaled value of what has this `log10`, a sum.
    #[inline(always)]
    fn scaled_of(&self, (sum, rest): (f64, f64)) -> f64 {
        let decades = sum - self.top.0;
        // What the difference loses, as neither need be larger than the other.
        let back = decades + self.top.0;
        let lost = (sum - back) - (self.top.0 - (back - decades));
        (decades + (lost + (rest - self.top.1))) / self.m + 1.0
    }
}

/// Any number times this is normal.
const RAISED: f64 = 18_014_398_509_481_984.0;

impl Curve for Log {
    #[inline(always)]
    fn reaches(&self, x: f64) -> bool {
        (x <= 0.0) | ((x >= f64::MIN_POSITIVE) & (x <= f64::MAX))
    }

    #[inline(always)]
    fn scaled(&self, x: f64) -> f64 {
        let scaled = self.scaled_of(log10_in_two(x));
        if x <= 0.0 { f64::NEG_INFINITY } else { scaled }
    }

    fn scaled_beyond(&self, x: f64) -> f64 {
        if x > f64::MAX || x.is_nan() {
            return x;
        }
        // Below the normal numbers.
        let (sum, rest) = log10_in_two(x * RAISED);
        let raised = log10_in_two(RAISED);
        self.scaled_of((sum - raised.0, rest - raised.1))
    }

    #[inline(always)]
    fn reaches_back(&self, y: f64) -> bool {
        ((y - 1.0) * self.span).abs() <= LARGEST_EXPONENT
    }

    #[inline(always)]
    fn value(&self, y: f64) -> f64 {
        self.t * exp((y - 1.0) * self.span)
    }

    fn value_beyond(&self, y: f64) -> f64 {
        exp_anywhere((y - 1.0) * self.span + ln_anywhere(self.t))
    }
}

loops_over!(Log, log_forward, log_inverse);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_its_decades_and_nothing_at_or_below_zero() -> Result<()> {
        let scale = Log::new(10_000.0, 5.0)?;
        for (x, decades) in [(10_000.0, 0.0), (1_000.0, -1.0), (1.0, -4.0), (0.1, -5.0)] {
            assert_eq!(scale.forward(x), decades / 5.0 + 1.0, "{x}");
        }
        let scale = Log::new(1_000.0, 3.0)?;
        let next = [1.0, 10.0, 100.0, 1_000.0].map(|x| scale.forward(x));
        assert_eq!(next, [0.0, -2.0 / 3.0 + 1.0, -1.0 / 3.0 + 1.0, 1.0]);
        for x in [0.0, -0.0, -5e-324, -1.0, -1e300, f64::NEG_INFINITY] {
            assert_eq!(scale.forward(x), f64::NEG_INFINITY, "{x}");
        }
        assert_eq!(scale.inverse(f64::NEG_INFINITY), 0.0);
        Ok(())
    }

    #[test]
    fn keeps_the_smallest_and_largest_numbers() -> Result<()> {
        let scale = Log::new(0.5, 4.0)?;
        for x in [5e-324, 1e-310, 1e-300, 1e300, f64::MAX] {
            let expected = (x.log10() - 0.5_f64.log10()) / 4.0 + 1.0;
            assert!(
                (scale.forward(x) - expected).abs() < 1e-12 * expected.abs(),
                "{x}"
            );
        }
        Ok(())
    }

    #[test]
    fn refuses_what_is_no_scale() {
        assert!(Log::new(0.0, 4.0).is_err());
        assert!(Log::new(100.0, 0.0).is_err());
        assert!(Log::new(f64::INFINITY, 4.0).is_err());
    }
}
