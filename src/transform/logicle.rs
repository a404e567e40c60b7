//! Logicle (Parks 2006, doi:10.1002/cyto.a.20258; Moore & Parks 2012,
//! doi:10.1002/cyto.a.22030; Gating-ML 2.0 §6.5), solved, never looked up.
//!
//! The logicle is the inverse of the biexponential `B(y) = α e^{by} - γ e^{-dy} + φ`. With
//! `x1` the place of data zero and `u = y - x1`, its five constants reduce to
//!
//! ```text
//! B = K [ expm1(b u) - r expm1(-d u) ],   r = e^{w (b + d)},   B(1) = t
//! ```
//!
//! where `b = (m + a) ln 10`, `w = W / (m + a)`, and `d` solves `2 ln(d/b) + w (b + d) = 0`, the
//! condition that the curvature vanishes at data zero. In this form `B` is free of
//! cancellation near zero, so that no series is needed, and it is odd in the way the standard
//! asks: values below data zero are the exact reflection of those above.

use std::f64::consts::LN_10;

use crate::error::{Error, Result};

use super::finite;

/// A logicle scale with `t > 0`, `m > 0`, `0 <= w <= m/2` and `-w <= a <= m - 2w`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logicle {
    b: f64,
    d: f64,
    /// `r` above.
    ratio: f64,
    /// `K` above.
    amplitude: f64,
    /// Place of data zero.
    zero: f64,
}

impl Logicle {
    /// A scale with top `t`, linear width `w`, `m` decades and `a` extra negative decades.
    ///
    /// # Errors
    /// [`Error::ScaleParameters`].
    #[allow(clippy::many_single_char_names)] // the letters of the standard
    pub fn new(t: f64, w: f64, m: f64, a: f64) -> Result<Self> {
        finite("Logicle", &[("t", t), ("w", w), ("m", m), ("a", a)])?;
        let refuse = |constraint| {
            Err(Error::ScaleParameters {
                scale: "Logicle",
                constraint,
                found: format!("t = {t}, w = {w}, m = {m}, a = {a}"),
            })
        };
        if t <= 0.0 {
            return refuse("t > 0");
        }
        if m <= 0.0 {
            return refuse("m > 0");
        }
        if w < 0.0 || w > m / 2.0 {
            return refuse("0 <= w <= m/2");
        }
        // Rounding may leave a = m - 2w a hair outside.
        if a < -w || a > m - 2.0 * w + 1e-12 * m {
            return refuse("-w <= a <= m - 2w");
        }
        let width = w / (m + a);
        let b = (m + a) * LN_10;
        let d = solve_width(b, width);
        let zero = a / (m + a) + width;
        let ratio = (width * (b + d)).exp();
        let above = 1.0 - zero;
        let amplitude = t / ((b * above).exp_m1() - ratio * (-d * above).exp_m1());
        if !amplitude.is_normal() {
            return refuse("a range of decades that 64-bit numbers hold");
        }
        Ok(Self {
            b,
            d,
            ratio,
            amplitude,
            zero,
        })
    }

    pub(super) fn forward(&self, x: f64) -> f64 {
        if x.is_nan() || x.is_infinite() {
            return x;
        }
        let target = x.abs() / self.amplitude;
        let above = if target.is_finite() {
            self.solve(target)
        } else {
            // Out here only the first exponential is left.
            (x.abs().ln() - self.amplitude.ln()) / self.b
        };
        if x < 0.0 {
            self.zero - above
        } else {
            self.zero + above
        }
    }

    pub(super) fn inverse(&self, y: f64) -> f64 {
        let above = y - self.zero;
        let size = self.amplitude * self.shape(above.abs());
        size.copysign(above)
    }

    /// `B / K` at `u >= 0`.
    fn shape(&self, u: f64) -> f64 {
        (self.b * u).exp_m1() - self.ratio * (-self.d * u).exp_m1()
    }

    /// The `u >= 0` at which `B / K` is `target >= 0`.
    ///
    /// `B` rises and is convex there, which gives two bounds from above, one tight for large and
    /// one for small targets. Halley's steps from the lower of them converge cubically, so a step
    /// below [`LAST_STEP`] of the place leaves an error below rounding.
    fn solve(&self, target: f64) -> f64 {
        let slope_at_zero = self.b + self.ratio * self.d;
        let mut u = (target.ln_1p() / self.b).min(target / slope_at_zero);
        for _ in 0..MOST_STEPS {
            let grown = (self.b * u).exp_m1();
            let faded = (-self.d * u).exp_m1();
            let rise = self.b * (grown + 1.0);
            let fall = self.ratio * self.d * (faded + 1.0);
            let slope = rise + fall;
            let newton = (grown - self.ratio * faded - target) / slope;
            let bend = (self.b * rise - self.d * fall) / slope;
            let step = newton / (1.0 - 0.5 * newton * bend);
            u = (u - step).max(0.0);
            if step.abs() <= LAST_STEP * u {
                break;
            }
        }
        u
    }
}

/// Three steps are usual; the bound only guards against a cycle of roundings.
const MOST_STEPS: usize = 60;
/// The cube of this, times a constant near 100, is far below half an ulp.
const LAST_STEP: f64 = 1e-6;

/// The root `d` in (0, b] of `2 ln(d/b) + w (b + d) = 0`, by safeguarded Newton steps.
fn solve_width(b: f64, w: f64) -> f64 {
    if w == 0.0 {
        return b;
    }
    let excess = |d: f64| 2.0 * (d / b).ln() + w * (b + d);
    let (mut low, mut high) = (0.0, b);
    let mut d = b * (-w * b / 2.0).exp();
    for _ in 0..200 {
        let value = excess(d);
        if value > 0.0 {
            high = d;
        } else {
            low = d;
        }
        let newton = d - value / (2.0 / d + w);
        let next = if newton > low && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        if (next - d).abs() <= f64::EPSILON * d {
            return next;
        }
        d = next;
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

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
