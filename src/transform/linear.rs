//! Linear scale, `flin` (Gating-ML 2.0 §6.2).

use crate::error::{Error, Result};

use super::{finite, listed};

/// `y = (x + a) / (t + a)`, with `t > 0` and `0 <= a <= t`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Linear {
    t: f64,
    a: f64,
}

impl Linear {
    /// A scale from `-a` (at 0) to `t` (at 1).
    ///
    /// # Errors
    /// [`Error::ScaleParameters`].
    pub fn new(t: f64, a: f64) -> Result<Self> {
        let named = [("t", t), ("a", a)];
        finite("Linear", &named)?;
        let refuse = |constraint| {
            Err(Error::ScaleParameters {
                scale: "Linear",
                constraint,
                found: listed(&named),
            })
        };
        if t <= 0.0 {
            return refuse("t > 0");
        }
        if a < 0.0 || a > t {
            return refuse("0 <= a <= t");
        }
        Ok(Self { t, a })
    }

    pub(super) fn forward(&self, x: f64) -> f64 {
        (x + self.a) / (self.t + self.a)
    }

    pub(super) fn inverse(&self, y: f64) -> f64 {
        y * (self.t + self.a) - self.a
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_an_offset_above_the_top() {
        assert!(Linear::new(100.0, 101.0).is_err());
        assert!(Linear::new(0.0, 0.0).is_err());
        assert!(Linear::new(f64::NAN, 0.0).is_err());
    }
}
