//! Inverse hyperbolic sine, `fasinh` (Gating-ML 2.0 §6.4).

use std::f64::consts::{LN_2, LN_10};

use crate::error::{Error, Result};

use super::curve::{Curve, loops_over};
use super::elementary::{LARGEST_EXPONENT, asinh, exp_anywhere, ln_anywhere, sinh};
use super::{finite, listed};

/// `y = (asinh(x · sinh(m ln 10) / t) + a ln 10) / ((m + a) ln 10)`,
/// with `t > 0`, `m > 0` and `0 <= a`.
///
/// A cofactor `c`, as in mass cytometry, is `t = c · sinh(1)`, `m = 1 / ln 10`, `a = 0`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arcsinh {
    gain: f64,
    shift: f64,
    span: f64,
}

/// Above it `asinh x` is `ln 2x` to the last digit.
const LARGEST: f64 = 1e140;

impl Arcsinh {
    /// A scale that is nearly linear around 0 and logarithmic towards `t`.
    ///
    /// # Errors
    /// [`Error::ScaleParameters`].
    pub fn new(t: f64, m: f64, a: f64) -> Result<Self> {
        let named = [("t", t), ("m", m), ("a", a)];
        finite("Arcsinh", &named)?;
        let refuse = |constraint| {
            Err(Error::ScaleParameters {
                scale: "Arcsinh",
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
        if a < 0.0 {
            return refuse("a >= 0");
        }
        if m + a > super::MOST_DECADES {
            return refuse("m + a <= 100");
        }
        let gain = sinh(m * LN_10) / t;
        if !gain.is_normal() {
            return refuse("numbers that 64 bits hold");
        }
        Ok(Self {
            gain,
            shift: a * LN_10,
            span: (m + a) * LN_10,
        })
    }

    /// Scaled value of data zero, about which the scale is reflected.
    pub(super) fn zero(&self) -> f64 {
        self.shift / self.span
    }

    /// The value by which the scale has left its linear part.
    pub(super) fn linear_size(&self) -> f64 {
        1.0 / self.gain
    }
}

impl Curve for Arcsinh {
    #[inline(always)]
    fn reaches(&self, x: f64) -> bool {
        (x * self.gain).abs() <= LARGEST
    }

    #[inline(always)]
    fn scaled(&self, x: f64) -> f64 {
        (asinh((x * self.gain).abs()).copysign(x) + self.shift) / self.span
    }

    fn scaled_beyond(&self, x: f64) -> f64 {
        if x.is_finite() {
            let size = ln_anywhere(x.abs()) + ln_anywhere(self.gain) + LN_2;
            (size.copysign(x) + self.shift) / self.span
        } else {
            x
        }
    }

    #[inline(always)]
    fn reaches_back(&self, y: f64) -> bool {
        (y * self.span - self.shift).abs() <= LARGEST_EXPONENT
    }

    #[inline(always)]
    fn value(&self, y: f64) -> f64 {
        let above = y * self.span - self.shift;
        (sinh(above.abs()) / self.gain).copysign(above)
    }

    fn value_beyond(&self, y: f64) -> f64 {
        let above = y * self.span - self.shift;
        exp_anywhere(above.abs() - LN_2 - ln_anywhere(self.gain)).copysign(above)
    }
}

loops_over!(Arcsinh, arcsinh_forward, arcsinh_inverse);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_odd_without_extra_decades_and_reaches_one_at_the_top() -> Result<()> {
        let scale = Arcsinh::new(262_144.0, 4.5, 0.0)?;
        assert!((scale.forward(262_144.0) - 1.0).abs() < 1e-15);
        assert_eq!(scale.forward(-321.0), -scale.forward(321.0));
        assert_eq!(scale.forward(0.0), 0.0);
        Ok(())
    }

    #[test]
    fn keeps_tiny_and_huge_values() -> Result<()> {
        // With gain 1 and span 1 the scale is asinh itself.
        let scale = Arcsinh::new(1.0_f64.sinh(), 1.0 / LN_10, 0.0)?;
        assert!((scale.forward(1e-300) - 1e-300).abs() < 1e-314);
        assert!((scale.forward(1e300) - 691.468_675_078_773_8).abs() < 1e-12 * 691.0);
        assert!((scale.forward(-1e300) + 691.468_675_078_773_8).abs() < 1e-12 * 691.0);
        assert!(scale.forward(f64::NAN).is_nan());
        Ok(())
    }
}
