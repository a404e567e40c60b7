//! Inverse hyperbolic sine, `fasinh` (Gating-ML 2.0 §6.4).

use std::f64::consts::LN_10;

use crate::error::{Error, Result};

use super::finite;

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

impl Arcsinh {
    /// A scale that is nearly linear around 0 and logarithmic towards `t`.
    ///
    /// # Errors
    /// [`Error::ScaleParameters`].
    pub fn new(t: f64, m: f64, a: f64) -> Result<Self> {
        finite("Arcsinh", &[("t", t), ("m", m), ("a", a)])?;
        let gain = (m * LN_10).sinh() / t;
        if t <= 0.0 || m <= 0.0 || a < 0.0 || !gain.is_finite() {
            return Err(Error::ScaleParameters {
                scale: "Arcsinh",
                constraint: "t > 0, 0 < m < 300 and a >= 0",
                found: format!("t = {t}, m = {m}, a = {a}"),
            });
        }
        Ok(Self {
            gain,
            shift: a * LN_10,
            span: (m + a) * LN_10,
        })
    }

    pub(super) fn forward(&self, x: f64) -> f64 {
        (asinh(x * self.gain) + self.shift) / self.span
    }

    pub(super) fn inverse(&self, y: f64) -> f64 {
        (y * self.span - self.shift).sinh() / self.gain
    }
}

/// `asinh` that is odd, exact in sign, and free of cancellation and overflow.
fn asinh(x: f64) -> f64 {
    let size = x.abs();
    let result = if size > 1e150 {
        size.ln() + std::f64::consts::LN_2
    } else {
        (size + size * size / (1.0 + (size * size + 1.0).sqrt())).ln_1p()
    };
    result.copysign(x)
}

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
    fn keeps_tiny_and_huge_values() {
        assert_eq!(asinh(1e-300), 1e-300);
        assert!((asinh(1e300) - 691.468_675_078_773_8).abs() < 1e-9);
        assert!(asinh(f64::NAN).is_nan());
    }
}
