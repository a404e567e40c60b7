//! Hyperlog (Bagwell 2005, doi:10.1002/cyto.a.20114, as parametrised in Gating-ML 2.0 §6.6).
//!
//! The hyperlog is the inverse of `EH(y) = α e^{by} + γ y - φ`. With `x1` the scaled value of data zero
//! and `u = y - x1`, its constants reduce to
//!
//! ```text
//! EH = K [ expm1(b u) + r u ],   r = e^{w b} / w,   EH(1) = t
//! ```
//!
//! where `b = (m + a) ln 10` and `w = W / (m + a)`. In this form there is no cancellation near
//! data zero; values below it are the exact reflection of those above.

use crate::error::Result;

use super::curve::{Curve, loops_over};
use super::elementary::{LARGEST_EXPONENT, exp_anywhere, exp_m1, ln_1p, ln_anywhere};
use super::standard::{Shape, Standard};

/// A hyperlog scale with `t > 0`, `m > 0`, `0 < w <= m/2` and `-w <= a <= m - 2w`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hyperlog {
    b: f64,
    /// `r` above.
    ratio: f64,
    /// `K` above.
    amplitude: f64,
    /// Scaled value of data zero.
    zero: f64,
}

/// Up to it a value in units of `K` is solved; beyond only the exponential is left.
const LARGEST: f64 = 1e140;

impl Hyperlog {
    /// A scale with top `t`, linear width `w`, `m` decades and `a` extra negative decades.
    ///
    /// # Errors
    /// [`crate::error::Error::ScaleParameters`].
    #[allow(clippy::many_single_char_names)] // the letters of the standard
    pub fn new(t: f64, w: f64, m: f64, a: f64) -> Result<Self> {
        let parameters = Standard::new("Hyperlog", [t, w, m, a], false)?;
        let Shape { b, width, zero } = parameters.shape();
        let ratio = exp_anywhere(width * b) / width;
        let above = 1.0 - zero;
        let amplitude = t / (exp_m1(b * above) + ratio * above);
        if !amplitude.is_normal() || ratio > LARGEST {
            return Err(parameters.not_numbers());
        }
        Ok(Self {
            b,
            ratio,
            amplitude,
            zero,
        })
    }

    /// Scaled value of data zero, about which the scale is reflected.
    pub(super) fn zero(&self) -> f64 {
        self.zero
    }

    /// The value by which the scale has left its linear part.
    pub(super) fn linear_size(&self) -> f64 {
        self.amplitude * (self.b + self.ratio) / self.b
    }

    /// The `u >= 0` at which `EH / K` is `target`, as for the biexponential: from the lower of two
    /// bounds from above by a fixed number of Halley's steps.
    #[inline(always)]
    fn solve(&self, target: f64) -> f64 {
        let far = ln_1p(target) / self.b;
        let near = target / (self.b + self.ratio);
        let start = if far < near { far } else { near };
        // Written out: a loop within the loop over values would keep that from becoming vectors.
        let second = self.step(target, self.step(target, start));
        self.step(target, self.step(target, second))
    }

    /// One of Halley's steps; each cubes the error of a start within 3 % of the root.
    #[inline(always)]
    fn step(&self, target: f64, u: f64) -> f64 {
        let grown = exp_m1(self.b * u);
        let rise = self.b * (grown + 1.0);
        let slope = rise + self.ratio;
        let excess = grown + self.ratio * u - target;
        u - excess * slope / (slope * slope - 0.5 * excess * self.b * rise)
    }
}

impl Curve for Hyperlog {
    #[inline(always)]
    fn reaches(&self, x: f64) -> bool {
        x.abs() / self.amplitude <= LARGEST
    }

    #[inline(always)]
    fn scaled(&self, x: f64) -> f64 {
        self.zero + self.solve(x.abs() / self.amplitude).copysign(x)
    }

    fn scaled_beyond(&self, x: f64) -> f64 {
        if x.is_finite() {
            let above = (ln_anywhere(x.abs()) - ln_anywhere(self.amplitude)) / self.b;
            self.zero + above.copysign(x)
        } else {
            x
        }
    }

    #[inline(always)]
    fn reaches_back(&self, y: f64) -> bool {
        self.b * (y - self.zero).abs() <= LARGEST_EXPONENT
    }

    #[inline(always)]
    fn value(&self, y: f64) -> f64 {
        let above = y - self.zero;
        let u = above.abs();
        (self.amplitude * (exp_m1(self.b * u) + self.ratio * u)).copysign(above)
    }

    fn value_beyond(&self, y: f64) -> f64 {
        let above = y - self.zero;
        exp_anywhere(self.b * above.abs() + ln_anywhere(self.amplitude)).copysign(above)
    }
}

loops_over!(Hyperlog, hyperlog_forward, hyperlog_inverse);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn names_the_broken_constraint() {
        let constraint = |t, w, m, a| match Hyperlog::new(t, w, m, a) {
            Err(Error::ScaleParameters { constraint, .. }) => constraint,
            _ => "none",
        };
        assert_eq!(constraint(0.0, 1.0, 4.0, 0.0), "t > 0");
        assert_eq!(constraint(1e3, 1.0, 0.0, 0.0), "m > 0");
        assert_eq!(constraint(1e3, 0.0, 4.0, 0.0), "0 < w <= m/2");
        assert_eq!(constraint(1e3, 2.1, 4.0, 0.0), "0 < w <= m/2");
        assert_eq!(constraint(1e3, 1.0, 4.0, 2.1), "-w <= a <= m - 2w");
        assert_eq!(constraint(1e3, 1.0, 4.0, f64::NAN), "finite parameters");
    }

    #[test]
    fn puts_zero_and_top_where_the_standard_does() -> Result<()> {
        let scale = Hyperlog::new(1000.0, 1.0, 4.0, 1.0)?;
        assert!((scale.forward(0.0) - 0.4).abs() < 1e-15);
        assert!((scale.forward(1000.0) - 1.0).abs() < 1e-15);
        Ok(())
    }
}
