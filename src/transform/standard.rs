//! The four parameters of Gating-ML 2.0 that logicle and hyperlog share (§6.5, §6.6).

use std::f64::consts::LN_10;

use crate::error::{Error, Result};

use super::{MOST_DECADES, finite, listed};

/// Top, linear width, decades and extra negative decades, as they are given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standard {
    scale: &'static str,
    named: [(&'static str, f64); 4],
}

/// What a scale is made of: `b = (m + a) ln 10`, the width `w / (m + a)`, and the scaled value of data zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) b: f64,
    pub(super) width: f64,
    pub(super) zero: f64,
}

impl Standard {
    /// Parameters within their constraints: `t > 0`, `m > 0`, `w` from 0 to `m/2`, `-w <= a <= m - 2w`, and
    /// `m + a` not huge. A scale that has no linear part refuses a width of 0.
    ///
    /// # Errors
    /// [`Error::ScaleParameters`].
    #[allow(clippy::many_single_char_names)] // the letters of the standard
    pub(super) fn new(
        scale: &'static str,
        [t, w, m, a]: [f64; 4],
        zero_width: bool,
    ) -> Result<Self> {
        let named = [("t", t), ("w", w), ("m", m), ("a", a)];
        finite(scale, &named)?;
        let width = if zero_width {
            (w >= 0.0, "0 <= w <= m/2")
        } else {
            (w > 0.0, "0 < w <= m/2")
        };
        let constraints = [
            (t > 0.0, "t > 0"),
            (m > 0.0, "m > 0"),
            (width.0 && w <= m / 2.0, width.1),
            // Rounding may leave a = m - 2w a hair outside.
            (a >= -w && a <= m - 2.0 * w + 1e-12 * m, "-w <= a <= m - 2w"),
            (m + a <= MOST_DECADES, "m + a <= 100"),
        ];
        let all = Self { scale, named };
        match constraints.iter().find(|(kept, _)| !kept) {
            Some((_, constraint)) => Err(all.broken(constraint)),
            None => Ok(all),
        }
    }

    /// What follows from them.
    pub(super) fn shape(&self) -> Shape {
        let [_, w, m, a] = self.named.map(|(_, value)| value);
        let width = w / (m + a);
        Shape {
            b: (m + a) * LN_10,
            width,
            zero: a / (m + a) + width,
        }
    }

    /// The complaint that their scale is not one of numbers of 64 bits.
    pub(super) fn not_numbers(&self) -> Error {
        self.broken("numbers that 64 bits hold")
    }

    fn broken(&self, constraint: &'static str) -> Error {
        Error::ScaleParameters {
            scale: self.scale,
            constraint,
            found: listed(&self.named),
        }
    }
}
