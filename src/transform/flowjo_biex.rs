//! FlowJo's biexponential scale, a table of 4096 channels between which it interpolates.
//!
//! With `N` channels, `p` positive decades, `n` extra negative decades, a width basis `w < 0` and
//! the top `t`:
//!
//! ```text
//! W = log10(-w),  D = p - W/2,  E = max(n, 0) + W/2
//! z = min(⌊E N / (E + D)⌋, N/2);  where z > 0, D becomes E N / z
//! P = D ln 10,  v = W / 2D,  2 ln(Q/P) + v (P + Q) = 0,  s = e^{(P + Q)(v + E/D)}
//! f(τ) = e^{Pτ} - s e^{-Qτ},  τ_i = i / (N + 1)
//! value(i) = t e^{-P} (f(τ_i) - f(τ_z)),  value(z - k) = -value(z + k)
//! ```
//!
//! A value's channel is found between the channels 0 to `N` by linear interpolation; finite values
//! beyond the first or the last of them have its scaled value, and infinite ones stay infinite. Scaled values are
//! channels over `N`.

use std::f64::consts::LN_10;

use crate::error::{Error, Result};

use super::biexponential::{Biexponential, solve_width};
use super::elementary::{exp_anywhere, log10_in_two};
use super::{finite, listed};

/// FlowJo's biexponential with `t > 0`, `w <= -1` or 0, `p > log10(-w)/2`, and `N >= 2`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FlowJoBiex {
    /// From the channel of data zero on, by the share of the table.
    curve: Biexponential,
    /// Channel of data zero.
    zero: f64,
    /// Number of the last channel.
    length: f64,
    /// Share of the table from one channel to the next.
    step: f64,
    /// Values at or above it have the last channel.
    highest: f64,
    /// Values at or below it have channel 0.
    lowest: f64,
}

/// The most channels of a table.
const MOST_CHANNELS: f64 = 65_536.0;

/// The logarithm of a width basis, which 0 does not have: it is read as -1.
fn decades_of(width_basis: f64) -> f64 {
    if width_basis == 0.0 {
        0.0
    } else {
        let (sum, rest) = log10_in_two(-width_basis);
        sum + rest
    }
}

/// The constraint that parameters (in the order of [`FlowJoBiex::new`]) break, if they break one.
fn broken(named: &[(&str, f64); 5], width: f64) -> Option<&'static str> {
    let [t, width_basis, pos, neg, length] = named.map(|(_, value)| value);
    let constraints = [
        (t > 0.0, "t > 0"),
        (
            width_basis <= -1.0 || width_basis == 0.0,
            "width_basis <= -1, or 0, which is read as -1",
        ),
        (
            (2.0..=MOST_CHANNELS).contains(&length) && length.fract() == 0.0,
            "a whole length from 2 to 65536",
        ),
        (pos > width / 2.0, "pos > log10(-width_basis) / 2"),
        (
            pos.max(neg) <= super::MOST_DECADES,
            "pos <= 100 and neg <= 100",
        ),
    ];
    let first = constraints.iter().find(|(kept, _)| !kept)?;
    Some(first.1)
}

/// A zero channel that exceeds a whole number by less than this, and is not that number, is one less.
const ABOVE_WHOLE: f64 = 1e-6;

/// The channel of data zero, before it is made whole. `FlowJo` counts as if a channel that is whole
/// but for the rounding of a printed width (-31.6227766017 for 10^1.5) were the one below.
fn zero_channel(exact: f64) -> f64 {
    let whole = exact.floor();
    if exact != whole && exact - whole < ABOVE_WHOLE {
        whole - 1.0
    } else {
        whole
    }
}

/// The table from the channel of data zero on, and the number of that channel.
fn rising_half(t: f64, pos: f64, neg: f64, width: f64, length: f64) -> (Biexponential, f64) {
    let mut decades = pos - width / 2.0;
    let extra = neg.max(0.0) + width / 2.0;
    let zero = zero_channel(extra * length / (extra + decades)).min((length / 2.0).floor());
    if zero > 0.0 {
        decades = extra * length / zero;
    }
    let share = width / (2.0 * decades);
    let rise = decades * LN_10;
    let fall = solve_width(rise, share);
    let at_zero = zero / (length + 1.0);
    // f(τ) - f(τ_z) = e^{P τ_z} expm1(P u) - s e^{-Q τ_z} expm1(-Q u) with u = τ - τ_z.
    let lead = exp_anywhere(rise * at_zero);
    let trail = (rise + fall) * (share + extra / decades) - fall * at_zero;
    let curve = Biexponential {
        b: rise,
        d: fall,
        ratio: exp_anywhere(trail) / lead,
        amplitude: t * exp_anywhere(-rise) * lead,
    };
    (curve, zero)
}

impl FlowJoBiex {
    /// A scale as FlowJo's workspaces describe it: `maxRange`, `width`, `pos`, `neg`, and the number of
    /// channels, 4096 in FlowJo.
    ///
    /// A width basis of 0, which workspaces contain, has no logarithm; it is read as -1, the
    /// narrowest linear part.
    ///
    /// # Errors
    /// [`Error::ScaleParameters`].
    pub fn new(t: f64, width_basis: f64, pos: f64, neg: f64, length: f64) -> Result<Self> {
        let named = [
            ("t", t),
            ("width_basis", width_basis),
            ("pos", pos),
            ("neg", neg),
            ("length", length),
        ];
        let refuse = |constraint| {
            Err(Error::ScaleParameters {
                scale: "FlowJoBiex",
                constraint,
                found: listed(&named),
            })
        };
        finite("FlowJoBiex", &named)?;
        let width = decades_of(width_basis);
        if let Some(constraint) = broken(&named, width) {
            return refuse(constraint);
        }
        let (curve, zero) = rising_half(t, pos, neg, width, length);
        let step = 1.0 / (length + 1.0);
        let scale = Self {
            curve,
            zero,
            length,
            step,
            highest: curve.value((length - zero) * step),
            lowest: -curve.value(zero * step),
        };
        if !curve.amplitude.is_normal() || !curve.ratio.is_normal() || !scale.highest.is_normal() {
            return refuse("numbers that 64 bits hold");
        }
        Ok(scale)
    }

    /// The value by which the scale has left its linear part.
    pub(super) fn linear_size(&self) -> f64 {
        self.curve.linear_size()
    }

    /// The value `k` channels above the channel of data zero.
    pub(super) fn knot(&self, k: f64) -> f64 {
        self.curve.value(k * self.step)
    }

    /// The number of the last channel.
    pub(super) fn length(&self) -> f64 {
        self.length
    }

    /// The value of a channel of the table.
    pub(super) fn channel_value(&self, channel: f64) -> f64 {
        let above = channel - self.zero;
        self.knot(above.abs()).copysign(above)
    }

    /// The farthest channel of the table, counted from the channel of data zero on either side.
    pub(super) fn reach(&self) -> f64 {
        self.zero.max(self.length - self.zero)
    }

    pub(super) fn forward(&self, x: f64) -> f64 {
        if !self.is_between_ends(x) {
            return self.end(x);
        }
        let size = x.abs();
        let mut k = (self.curve.solve(size) / self.step).floor();
        let mut knot = self.knot(k);
        while k > 0.0 && size < knot {
            k -= 1.0;
            knot = self.knot(k);
        }
        let mut next = self.knot(k + 1.0);
        while size >= next {
            (k, knot) = (k + 1.0, next);
            next = self.knot(k + 1.0);
        }
        self.between(x, k, knot, next)
    }

    /// Return whether `x` is a number between the ends of the table.
    #[inline(always)]
    pub(super) fn is_between_ends(&self, x: f64) -> bool {
        (x < self.highest) & (x > self.lowest)
    }

    /// The scaled value of what is not between the ends of the table: of a finite value that of the end;
    /// NaN stays NaN, and infinities infinite.
    pub(super) fn end(&self, x: f64) -> f64 {
        if !x.is_finite() {
            x
        } else if x >= self.highest {
            1.0
        } else {
            0.0
        }
    }

    /// Return whether values without end share a finite scaled value, or no value lies on its side of it: 0, 1, and beyond.
    #[allow(clippy::unused_self)] // every table has these ends
    pub(super) fn saturates_at(&self, y: f64) -> bool {
        y.is_finite() && !(0.0 < y && y < 1.0)
    }

    /// The scaled value of `x`, whose size lies in `[knot, next)`, the values `k` and `k + 1` channels from data zero.
    #[inline(always)]
    pub(super) fn between(&self, x: f64, k: f64, knot: f64, next: f64) -> f64 {
        let above = k + (x.abs() - knot) / (next - knot);
        (self.zero + above.copysign(x)) / self.length
    }

    /// The scaled value of data zero.
    pub(super) fn scaled_zero(&self) -> f64 {
        self.zero / self.length
    }

    /// The size up to which values may lie between the ends of the table.
    pub(super) fn largest_size(&self) -> f64 {
        self.highest.max(-self.lowest)
    }

    /// How far a scaled value above data zero is, on the curve through the channels' values, less half of how far the
    /// lines between the channels lie below that curve at most.
    pub(super) fn amid_lines(&self, size: f64) -> f64 {
        if size == 0.0 {
            return 0.0;
        }
        let u = self.curve.solve(size);
        (u / self.step - self.step * self.curve.curvature(u) / 16.0) / self.length
    }

    /// How far scaled values may be from [`Self::amid_lines`], which the first exponential bounds.
    pub(super) fn half_gap(&self) -> f64 {
        self.step * self.curve.b / 16.0 / self.length
    }

    /// The number of channels a scaled value lies above that of data zero, and the whole part of its size.
    #[inline(always)]
    pub(super) fn channel(&self, y: f64) -> (f64, f64) {
        let above = y * self.length - self.zero;
        (above, above.abs().floor())
    }

    /// The value `above` channels from data zero, between those of `k` and `k + 1` channels.
    #[inline(always)]
    #[allow(clippy::unused_self)]
    pub(super) fn value_between(&self, above: f64, k: f64, knot: f64, next: f64) -> f64 {
        (knot + (above.abs() - k) * (next - knot)).copysign(above)
    }

    /// The value of a scaled value that is not from 0 to 1: infinities stay, and no value has another one: NaN.
    #[allow(clippy::unused_self)]
    pub(super) fn value_beyond(&self, y: f64) -> f64 {
        if y.is_infinite() { y } else { f64::NAN }
    }

    /// The value at a scaled value.
    pub(super) fn inverse(&self, y: f64) -> f64 {
        if !(0.0..=1.0).contains(&y) {
            return self.value_beyond(y);
        }
        let (above, k) = self.channel(y);
        self.value_between(above, k, self.knot(k), self.knot(k + 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> FlowJoBiex {
        FlowJoBiex::new(262_144.000_029, -10.0, 4.418_54, 0.0, 4096.0).expect("FlowJo's own")
    }

    #[test]
    fn saturates_at_the_ends_of_its_table() {
        let scale = usual();
        for x in [1e6, 1e300, f64::MAX] {
            assert_eq!(scale.forward(x), 1.0);
            assert_eq!(scale.forward(-x), 0.0);
        }
        for infinite in [f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(scale.forward(infinite), infinite);
            assert_eq!(scale.inverse(infinite), infinite);
        }
        assert!(scale.forward(f64::NAN).is_nan() && scale.inverse(f64::NAN).is_nan());
        assert!(scale.inverse(1.1).is_nan() && scale.inverse(-1e-9).is_nan());
    }

    #[test]
    fn has_its_channels_at_the_values_of_the_table() {
        let scale = usual();
        for channel in [0.0, 1.0, 462.0, 463.0, 464.0, 2000.0, 4095.0] {
            let scaled = channel / 4096.0;
            let back = scale.forward(scale.inverse(scaled));
            assert!((back - scaled).abs() < 1e-14, "{channel}: {back}");
        }
        assert_eq!(scale.forward(0.0), 463.0 / 4096.0);
    }

    #[test]
    fn reads_a_width_basis_of_zero_as_the_narrowest() -> Result<()> {
        let zero = FlowJoBiex::new(262_144.0, 0.0, 4.5, 0.0, 4096.0)?;
        let one = FlowJoBiex::new(262_144.0, -1.0, 4.5, 0.0, 4096.0)?;
        assert_eq!(zero, one);
        assert!(zero.forward(100.0) > zero.forward(10.0));
        assert_eq!(zero.forward(0.0), 0.0);
        Ok(())
    }

    #[test]
    fn names_the_broken_constraint() {
        let constraint = |t, w, p, n, length| match FlowJoBiex::new(t, w, p, n, length) {
            Err(Error::ScaleParameters { constraint, .. }) => constraint,
            _ => "none",
        };
        assert_eq!(constraint(0.0, -10.0, 4.5, 0.0, 4096.0), "t > 0");
        assert!(constraint(1e5, 10.0, 4.5, 0.0, 4096.0).starts_with("width_basis <= -1"));
        assert!(constraint(1e5, -0.5, 4.5, 0.0, 4096.0).starts_with("width_basis <= -1"));
        assert!(constraint(1e5, -1e6, 2.5, 0.0, 4096.0).starts_with("pos >"));
        assert!(constraint(1e5, -10.0, 4.5, 0.0, 4096.5).starts_with("a whole length"));
        assert!(constraint(1e5, -10.0, 4.5, 0.0, 1.0).starts_with("a whole length"));
    }
}
