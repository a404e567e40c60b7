//! The rising half of a biexponential, on which logicle and FlowJo's scale stand.

use super::elementary::{exp_anywhere, exp_m1, ln_1p, ln_anywhere};

/// `B(u) = K [ expm1(b u) - r expm1(-d u) ]` for `u >= 0`: zero and free of curvature at 0 where
/// `r` is `(b/d)^2`, an exponential far from it; without cancellation anywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Biexponential {
    pub(super) b: f64,
    pub(super) d: f64,
    /// `r` above.
    pub(super) ratio: f64,
    /// `K` above.
    pub(super) amplitude: f64,
}

/// Up to it a value in units of `K` is solved; beyond only the first exponential is left.
const LARGEST: f64 = 1e140;

impl Biexponential {
    /// The size by which the linear part is left.
    pub(super) fn linear_size(&self) -> f64 {
        self.amplitude * (self.b + self.ratio * self.d) / self.b
    }

    /// Return whether `size` is a number that [`Self::solve`] takes.
    #[inline(always)]
    pub(super) fn reaches(&self, size: f64) -> bool {
        size / self.amplitude <= LARGEST
    }

    /// Return whether `u` is a number that [`Self::value`] takes.
    #[inline(always)]
    pub(super) fn reaches_back(&self, u: f64) -> bool {
        self.b * u <= super::elementary::LARGEST_EXPONENT
    }

    /// `B(u)` for `u >= 0` within reach.
    #[inline(always)]
    pub(super) fn value(&self, u: f64) -> f64 {
        self.amplitude * (exp_m1(self.b * u) - self.ratio * exp_m1(-self.d * u))
    }

    /// `B(u)` where only the first exponential is left.
    pub(super) fn value_beyond(&self, u: f64) -> f64 {
        exp_anywhere(self.b * u + ln_anywhere(self.amplitude))
    }

    /// The `u >= 0` at which `B(u)` is `size`, for `size >= 0` within reach.
    ///
    /// `B` rises and is convex there, which gives two bounds from above, one tight for large and
    /// one for small sizes; Halley's steps start from the lower of them. Their number is fixed, so
    /// that many values can be solved side by side.
    #[inline(always)]
    pub(super) fn solve(&self, size: f64) -> f64 {
        let target = size / self.amplitude;
        let slope_at_zero = self.b + self.ratio * self.d;
        let far = ln_1p(target) / self.b;
        let near = target / slope_at_zero;
        let start = if far < near { far } else { near };
        // Written out: a loop within the loop over values would keep that from becoming vectors.
        let second = self.step(target, self.step(target, start));
        self.step(target, second)
    }

    /// One of Halley's steps; each cubes the error of a start within 2 % of the root.
    #[inline(always)]
    fn step(&self, target: f64, u: f64) -> f64 {
        let grown = exp_m1(self.b * u);
        let faded = exp_m1(-self.d * u);
        let rise = self.b * (grown + 1.0);
        let fall = self.ratio * self.d * (faded + 1.0);
        let slope = rise + fall;
        let excess = grown - self.ratio * faded - target;
        let bend = self.b * rise - self.d * fall;
        // Newton's step e/s over 1 - (e/s)(c/s)/2, with one division.
        u - excess * slope / (slope * slope - 0.5 * excess * bend)
    }

    /// `B''(u) / B'(u)`, at most `b`.
    pub(super) fn curvature(&self, u: f64) -> f64 {
        let rise = self.b * exp_anywhere(self.b * u);
        let fall = self.ratio * self.d * exp_anywhere(-self.d * u);
        (self.b * rise - self.d * fall) / (rise + fall)
    }

    /// The `u` of a finite or infinite `size` where only the first exponential is left.
    pub(super) fn solve_beyond(&self, size: f64) -> f64 {
        (ln_anywhere(size) - ln_anywhere(self.amplitude)) / self.b
    }
}

/// The root `d` in (0, b] of `2 ln(d/b) + w (b + d) = 0`, by safeguarded Newton steps: with it the
/// curvature vanishes at data zero (Parks 2006, equation 6).
pub(super) fn solve_width(b: f64, w: f64) -> f64 {
    if w == 0.0 {
        return b;
    }
    let excess = |d: f64| 2.0 * ln_anywhere(d / b) + w * (b + d);
    let (mut low, mut high) = (0.0, b);
    let mut d = b * exp_anywhere(-w * b / 2.0);
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
