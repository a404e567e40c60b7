//! Exact thresholds: a cut on a scaled axis, decided on the value itself.
//!
//! Scales increase, so "the scaled value of x is at least y" holds from some number on. That number
//! is found by bisection over the order of floating-point numbers, on the scale's own forward
//! function; since rounding may make that function waver by an ulp, values in a zone
//! around the cut are still decided by it. A gate so decided agrees with the forward function
//! on every number, and needs no transform for the others.

use super::Scale;

/// Which scaled values satisfy a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// `scaled value >= y`.
    AtLeast,
    /// `scaled value > y`.
    Above,
}

/// `scaled value >= y` or `scaled value > y`, ready to be decided on values.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    scale: Scale,
    y: f64,
    bound: Bound,
    /// Values below are out, values from `above` on are in; between, the scale decides.
    below: f64,
    above: f64,
}

/// Numbers on either side of the cut that the scale itself decides. Rounding in a scale is a
/// few ulp of the scaled value; in the logarithmic part that is at most some ten times as many ulp of the value.
const ZONE: i64 = 1024;

impl Threshold {
    /// Find the cut for `y` on `scale`.
    #[must_use]
    pub fn new(scale: Scale, y: f64, bound: Bound) -> Self {
        let mut threshold = Self {
            scale,
            y,
            bound,
            below: f64::NEG_INFINITY,
            above: f64::INFINITY,
        };
        let (mut out, mut inside) = (rank(f64::NEG_INFINITY), rank(f64::INFINITY));
        if threshold.decides(f64::NEG_INFINITY) {
            threshold.above = f64::NEG_INFINITY;
            return threshold;
        }
        while out + 1 < inside {
            // Ranks span nearly all of i64: their difference would overflow.
            let middle = out.midpoint(inside);
            if threshold.decides(number(middle)) {
                inside = middle;
            } else {
                out = middle;
            }
        }
        threshold.below = number((inside - ZONE).max(rank(f64::NEG_INFINITY)));
        threshold.above = number((inside + ZONE).min(rank(f64::INFINITY)));
        threshold
    }

    /// Return whether the scaled value of `x` satisfies the threshold; never for NaN.
    #[inline]
    #[must_use]
    pub fn holds(&self, x: f64) -> bool {
        if x >= self.above {
            self.above < f64::INFINITY || self.decides(x)
        } else if x >= self.below {
            self.decides(x)
        } else {
            false
        }
    }

    /// The number from which on values surely satisfy the threshold; NaN if there is none.
    #[must_use]
    pub fn surely_from(&self) -> f64 {
        if self.above == f64::INFINITY {
            f64::NAN
        } else {
            self.above
        }
    }

    /// The number below which no value satisfies the threshold.
    #[must_use]
    pub fn never_below(&self) -> f64 {
        self.below
    }

    /// The smallest number that satisfies the threshold; +inf where no other does.
    #[must_use]
    pub fn first(&self) -> f64 {
        if self.above == f64::NEG_INFINITY {
            return self.above;
        }
        let mut undecided = self.undecided();
        undecided
            .find(|x| self.decides(*x))
            .unwrap_or(f64::INFINITY)
    }

    /// The numbers around the cut of which the scale itself decides, rising.
    pub(super) fn undecided(&self) -> impl Iterator<Item = f64> + use<> {
        (rank(self.below)..=rank(self.above)).map(number)
    }

    fn decides(&self, x: f64) -> bool {
        let scaled = self.scale.forward(x);
        match self.bound {
            Bound::AtLeast => scaled >= self.y,
            Bound::Above => scaled > self.y,
        }
    }
}

/// Numbers in order as integers: `rank(x) < rank(y)` where `x < y`; -0 lies just below +0.
pub(super) fn rank(x: f64) -> i64 {
    let bits = x.to_bits().cast_signed();
    if bits < 0 {
        i64::MIN.wrapping_sub(bits) - 1
    } else {
        bits
    }
}

/// The number of a rank.
pub(super) fn number(rank: i64) -> f64 {
    let bits = if rank < 0 {
        i64::MIN.wrapping_sub(rank + 1)
    } else {
        rank
    };
    f64::from_bits(bits.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_follow_the_order_of_numbers() {
        let ordered = [
            f64::NEG_INFINITY,
            -1e300,
            -1.0,
            -5e-324,
            -0.0,
            0.0,
            5e-324,
            1.0,
            f64::INFINITY,
        ];
        for pair in ordered.windows(2) {
            assert!(rank(pair[0]) < rank(pair[1]), "{pair:?}");
        }
        for x in ordered {
            assert_eq!(number(rank(x)).to_bits(), x.to_bits());
        }
    }

    #[test]
    fn an_identity_cut_is_the_number_itself() {
        let cut = Threshold::new(Scale::Identity, 100.0, Bound::AtLeast);
        assert!(cut.holds(100.0));
        assert!(!cut.holds(100.0_f64.next_down()));
        let cut = Threshold::new(Scale::Identity, 100.0, Bound::Above);
        assert!(!cut.holds(100.0));
        assert!(cut.holds(100.0_f64.next_up()));
    }
}
