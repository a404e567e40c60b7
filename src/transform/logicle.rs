//! Logicle (Parks 2006, doi:10.1002/cyto.a.20258; Moore & Parks 2012,
//! doi:10.1002/cyto.a.22030; Gating-ML 2.0 §6.5), solved, not looked up.
//!
//! The logicle is the inverse of the biexponential `B(y) = α e^{by} - γ e^{-dy} + φ`. With
//! `x1` the scaled value of data zero and `u = y - x1`, its five constants reduce to
//!
//! ```text
//! B = K [ expm1(b u) - r expm1(-d u) ],   r = e^{w (b + d)},   B(1) = t
//! ```
//!
//! where `b = (m + a) ln 10`, `w = W / (m + a)`, and `d` solves `2 ln(d/b) + w (b + d) = 0`, the
//! condition that the curvature vanishes at data zero. In this form `B` is free of
//! cancellation near zero, so that no series is needed, and it is odd in the way the standard
//! asks: values below data zero are the exact reflection of those above.

use crate::error::Result;

use super::biexponential::{Biexponential, solve_width};
use super::curve::{Curve, loops_over};
use super::elementary::{exp_anywhere, exp_m1};
use super::standard::{Shape, Standard};

/// A logicle scale with `t > 0`, `m > 0`, `0 <= w <= m/2` and `-w <= a <= m - 2w`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logicle {
    curve: Biexponential,
    /// Scaled value of data zero.
    zero: f64,
}

impl Logicle {
    /// A scale with top `t`, linear width `w`, `m` decades and `a` extra negative decades.
    ///
    /// # Errors
    /// [`crate::error::Error::ScaleParameters`].
    #[allow(clippy::many_single_char_names)] // the letters of the standard
    pub fn new(t: f64, w: f64, m: f64, a: f64) -> Result<Self> {
        let parameters = Standard::new("Logicle", [t, w, m, a], true)?;
        let Shape { b, width, zero } = parameters.shape();
        let d = solve_width(b, width);
        let ratio = exp_anywhere(width * (b + d));
        let above = 1.0 - zero;
        let unit = exp_m1(b * above) - ratio * exp_m1(-d * above);
        let amplitude = t / unit;
        if !amplitude.is_normal() {
            return Err(parameters.not_numbers());
        }
        let curve = Biexponential {
            b,
            d,
            ratio,
            amplitude,
        };
        Ok(Self { curve, zero })
    }

    /// Scaled value of data zero, about which the scale is reflected.
    pub(super) fn zero(&self) -> f64 {
        self.zero
    }

    /// The value by which the scale has left its linear part.
    pub(super) fn linear_size(&self) -> f64 {
        self.curve.linear_size()
    }
}

impl Curve for Logicle {
    #[inline(always)]
    fn reaches(&self, x: f64) -> bool {
        self.curve.reaches(x.abs())
    }

    #[inline(always)]
    fn scaled(&self, x: f64) -> f64 {
        self.zero + self.curve.solve(x.abs()).copysign(x)
    }

    fn scaled_beyond(&self, x: f64) -> f64 {
        if x.is_finite() {
            self.zero + self.curve.solve_beyond(x.abs()).copysign(x)
        } else {
            x
        }
    }

    #[inline(always)]
    fn reaches_back(&self, y: f64) -> bool {
        self.curve.reaches_back((y - self.zero).abs())
    }

    #[inline(always)]
    fn value(&self, y: f64) -> f64 {
        let above = y - self.zero;
        self.curve.value(above.abs()).copysign(above)
    }

    fn value_beyond(&self, y: f64) -> f64 {
        let above = y - self.zero;
        self.curve.value_beyond(above.abs()).copysign(above)
    }
}

loops_over!(Logicle, logicle_forward, logicle_inverse);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn names_the_broken_constraint() {
        let outcome = Logicle::new(1000.0, 3.0, 4.0, 0.0);
        assert!(
            matches!(outcome, Err(Error::ScaleParameters { constraint, .. }) if constraint == "0 <= w <= m/2")
        );
        assert!(Logicle::new(0.0, 0.5, 4.5, 0.0).is_err());
        assert!(Logicle::new(1000.0, 0.5, 4.5, -0.6).is_err());
    }

    #[test]
    fn puts_zero_and_top_where_the_standard_does() -> Result<()> {
        let scale = Logicle::new(262_144.0, 0.5, 4.5, 0.0)?;
        assert!((scale.forward(0.0) - 0.5 / 4.5).abs() < 1e-15);
        assert!((scale.forward(262_144.0) - 1.0).abs() < 1e-14);
        Ok(())
    }

    #[test]
    fn reflects_negatives_exactly() -> Result<()> {
        let scale = Logicle::new(262_144.0, 1.0, 4.5, 0.3)?;
        for x in [1e-300, 1e-5, 0.7, 33.0, 1e4, 1e9] {
            let above = scale.forward(x) - scale.zero;
            let below = scale.zero - scale.forward(-x);
            assert!(
                (above - below).abs() <= 2.0 * f64::EPSILON,
                "{x}: {above} {below}"
            );
            assert_eq!(
                scale.inverse(scale.zero + 0.25),
                -scale.inverse(scale.zero - 0.25)
            );
        }
        Ok(())
    }

    #[test]
    fn keeps_the_order_of_the_largest_numbers() -> Result<()> {
        let scale = Logicle::new(1000.0, 1.0, 4.0, 0.0)?;
        assert!(scale.forward(f64::MAX) > scale.forward(1e307));
        assert!(scale.forward(f64::MIN) < scale.forward(-1e307));
        Ok(())
    }

    #[test]
    fn without_width_is_an_inverse_hyperbolic_sine() -> Result<()> {
        let logicle = Logicle::new(1000.0, 0.0, 4.0, 1.0)?;
        let arcsinh = super::super::Arcsinh::new(1000.0, 4.0, 1.0)?;
        for x in [-1.0, 0.0, 1.0, 500.0] {
            assert!(
                (logicle.forward(x) - arcsinh.forward(x)).abs() < 1e-14,
                "{x}"
            );
        }
        Ok(())
    }
}
