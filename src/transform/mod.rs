//! Scales: one file each, and what holds for all of them.
//!
//! A scale maps a compensated value to the axis on which people draw gates. Parameters are
//! those of Gating-ML 2.0 (§6): `t` top of scale, `w` width of the linear part in decades,
//! `m` decades, `a` extra negative decades; the top of scale maps to 1. Each scale has one
//! forward function, which alone decides where a value lies; see `threshold`. [`Fast`] gives
//! scaled values within a bound, and decides nothing.

// A formula must become part of the loop over values, or that does not become vectors.
#![allow(clippy::inline_always)]
// There `&` and `|` of comparisons, which have no branches, instead of `&&`, `||` and ranges.
#![allow(clippy::needless_bitwise_bool, clippy::manual_range_contains)]

mod arcsinh;
mod biexponential;
mod bounded;
mod conversion;
mod curve;
mod elementary;
mod fast;
mod flowjo_biex;
mod grid;
mod hyperlog;
mod linear;
mod log;
mod logicle;
mod preimage;
mod standard;
mod threshold;

pub use arcsinh::Arcsinh;
pub use bounded::Bounded;
pub use conversion::Conversion;
pub use fast::Fast;
pub use flowjo_biex::FlowJoBiex;
pub use grid::Grid;
pub use hyperlog::Hyperlog;
pub use linear::Linear;
pub use log::Log;
pub use logicle::Logicle;
pub use preimage::Interval;
pub use threshold::{Bound, Threshold};

use std::sync::Arc;

use crate::error::{Error, Result, number};
use curve::Curve;

/// Any scale.
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    /// The value itself.
    Identity,
    /// `(x + a) / (t + a)`.
    Linear(Linear),
    /// Logarithm.
    Log(Log),
    /// Inverse hyperbolic sine.
    Arcsinh(Arcsinh),
    /// Logicle.
    Logicle(Logicle),
    /// Hyperlog.
    Hyperlog(Hyperlog),
    /// FlowJo's biexponential.
    FlowJoBiex(FlowJoBiex),
    /// The cells of another scale.
    Grid(Arc<Grid>),
    /// The values of another scale, held back at bounds.
    Bounded(Arc<Bounded>),
}

/// Scales of more decades are refused: their steepest and flattest parts do not fit into one number.
const MOST_DECADES: f64 = 100.0;

/// More values than this are worth a table of FlowJo's channels.
const MANY: usize = 4096;

impl Scale {
    /// A scale by its name and parameters, in the order of the standard: t, w, m, a.
    ///
    /// `identity []`, `linear [t, a]`, `log [t, m]`, `arcsinh [t, m, a]`, `logicle [t, w, m, a]`,
    /// `hyperlog [t, w, m, a]`, `flowjo_biex [t, width basis, pos, neg, length]`.
    ///
    /// # Errors
    /// [`Error::UnknownScale`], or [`Error::ScaleParameters`] naming the broken constraint.
    pub fn from_name(name: &str, parameters: &[f64]) -> Result<Self> {
        match (name, parameters) {
            ("identity", []) => Ok(Self::Identity),
            ("linear", &[t, a]) => Linear::new(t, a).map(Self::Linear),
            ("log", &[t, m]) => Log::new(t, m).map(Self::Log),
            ("arcsinh", &[t, m, a]) => Arcsinh::new(t, m, a).map(Self::Arcsinh),
            ("logicle", &[t, w, m, a]) => Logicle::new(t, w, m, a).map(Self::Logicle),
            ("hyperlog", &[t, w, m, a]) => Hyperlog::new(t, w, m, a).map(Self::Hyperlog),
            ("flowjo_biex", &[t, width, pos, neg, length]) => {
                FlowJoBiex::new(t, width, pos, neg, length).map(Self::FlowJoBiex)
            }
            _ => Err(Error::UnknownScale {
                name: name.into(),
                parameters: parameters.len(),
            }),
        }
    }

    /// A scale over this one: `grid [cells, low, high, offset, overflow]` or `bounded [low, high]`.
    ///
    /// # Errors
    /// [`Error::ScaleParameters`], as [`Grid::new`] and [`Bounded::new`]; [`Error::UnknownScale`] for
    /// another name or number.
    pub fn nested(self, name: &str, parameters: &[f64]) -> Result<Self> {
        match (name, parameters) {
            ("grid", &[cells, low, high, offset, overflow]) => {
                let parameters = [cells, low, high, offset, overflow];
                Grid::new(self, parameters).map(|grid| Self::Grid(Arc::new(grid)))
            }
            ("bounded", &[low, high]) => {
                Bounded::new(self, low, high).map(|bounded| Self::Bounded(Arc::new(bounded)))
            }
            _ => Err(Error::UnknownScale {
                name: name.into(),
                parameters: parameters.len(),
            }),
        }
    }

    /// The scaled value of `x` on the axis; increasing; NaN for NaN. It alone decides.
    #[must_use]
    pub fn forward(&self, x: f64) -> f64 {
        match self {
            Self::Identity => x,
            Self::Linear(scale) => scale.forward(x),
            Self::Log(scale) => scale.forward(x),
            Self::Arcsinh(scale) => scale.forward(x),
            Self::Logicle(scale) => scale.forward(x),
            Self::Hyperlog(scale) => scale.forward(x),
            Self::FlowJoBiex(scale) => scale.forward(x),
            Self::Grid(scale) => scale.forward(x),
            Self::Bounded(scale) => scale.forward(x),
        }
    }

    /// The value at scaled value `y` of the axis; NaN for a scaled value that no value has.
    #[must_use]
    pub fn inverse(&self, y: f64) -> f64 {
        match self {
            Self::Identity => y,
            Self::Linear(scale) => scale.inverse(y),
            Self::Log(scale) => scale.inverse(y),
            Self::Arcsinh(scale) => scale.inverse(y),
            Self::Logicle(scale) => scale.inverse(y),
            Self::Hyperlog(scale) => scale.inverse(y),
            Self::FlowJoBiex(scale) => scale.inverse(y),
            Self::Grid(scale) => scale.inverse(y),
            Self::Bounded(scale) => scale.inverse(y),
        }
    }

    /// Put `values` on the axis: the same numbers as [`Self::forward`] of each, to the last bit.
    pub fn forward_into(&self, values: &[f64], out: &mut [f64]) {
        match self {
            Self::Identity => out.copy_from_slice(values),
            Self::Log(scale) => log::log_forward(scale, values, out),
            Self::Arcsinh(scale) => arcsinh::arcsinh_forward(scale, values, out),
            Self::Logicle(scale) => logicle::logicle_forward(scale, values, out),
            Self::Hyperlog(scale) => hyperlog::hyperlog_forward(scale, values, out),
            Self::Linear(scale) => {
                for (scaled, &x) in out.iter_mut().zip(values) {
                    *scaled = scale.forward(x);
                }
            }
            Self::FlowJoBiex(scale) => {
                // From some number of values on the whole table costs less than their solutions.
                if values.len() > MANY && Fast::new(self.clone()).exact_into(values, out) {
                    return;
                }
                for (scaled, &x) in out.iter_mut().zip(values) {
                    *scaled = scale.forward(x);
                }
            }
            Self::Grid(scale) => scale.forward_into(values, out),
            Self::Bounded(scale) => scale.forward_into(values, out),
        }
    }

    /// Bring `scaled_values` back to values: the same numbers as [`Self::inverse`] of each.
    pub fn inverse_into(&self, scaled_values: &[f64], out: &mut [f64]) {
        match self {
            Self::Identity => out.copy_from_slice(scaled_values),
            Self::Log(scale) => log::log_inverse(scale, scaled_values, out),
            Self::Arcsinh(scale) => arcsinh::arcsinh_inverse(scale, scaled_values, out),
            Self::Logicle(scale) => logicle::logicle_inverse(scale, scaled_values, out),
            Self::Hyperlog(scale) => hyperlog::hyperlog_inverse(scale, scaled_values, out),
            Self::Linear(scale) => {
                for (value, &y) in out.iter_mut().zip(scaled_values) {
                    *value = scale.inverse(y);
                }
            }
            Self::FlowJoBiex(scale) => {
                for (value, &y) in out.iter_mut().zip(scaled_values) {
                    *value = scale.inverse(y);
                }
            }
            Self::Grid(scale) => {
                for (value, &y) in out.iter_mut().zip(scaled_values) {
                    *value = scale.inverse(y);
                }
            }
            Self::Bounded(scale) => {
                for (value, &y) in out.iter_mut().zip(scaled_values) {
                    *value = scale.inverse(y);
                }
            }
        }
    }

    /// Put `values` on the axis, in place.
    pub fn forward_all(&self, values: &mut [f64]) {
        curve::in_place(values, |values, out| self.forward_into(values, out));
    }

    /// Bring scaled values on the axis back to values, in place.
    pub fn inverse_all(&self, scaled_values: &mut [f64]) {
        curve::in_place(scaled_values, |scaled_values, out| {
            self.inverse_into(scaled_values, out);
        });
    }
}

/// Refuse parameters that are not finite.
fn finite(scale: &'static str, parameters: &[(&str, f64)]) -> Result<()> {
    match parameters.iter().find(|(_, value)| !value.is_finite()) {
        Some((name, value)) => Err(Error::ScaleParameters {
            scale,
            constraint: "finite parameters",
            found: listed(&[(name, *value)]),
        }),
        None => Ok(()),
    }
}

/// Parameters for a message, as `t = 1000, m = 4`.
fn listed(parameters: &[(&str, f64)]) -> String {
    let words: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name} = {}", number(*value)))
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scales() -> impl Strategy<Value = Scale> {
        let t = 100.0..1e7_f64;
        prop_oneof![
            (t.clone(), 0.0..50.0_f64).prop_map(|(t, a)| Scale::from_name("linear", &[t, a])),
            (t.clone(), 1.0..6.0_f64, 0.0..2.0_f64)
                .prop_map(|(t, m, a)| Scale::from_name("arcsinh", &[t, m, a])),
            (t, 0.0..0.5_f64, 1.0..6.0_f64, 0.0..1.0_f64).prop_map(|(t, w, m, a)| {
                let w = w * m;
                Scale::from_name("logicle", &[t, w, m, a * (m - 2.0 * w)])
            }),
            (100.0..1e7_f64, 0.001..0.5_f64, 1.0..6.0_f64, 0.0..1.0_f64).prop_map(
                |(t, w, m, a)| {
                    let w = w * m;
                    Scale::from_name("hyperlog", &[t, w, m, a * (m - 2.0 * w)])
                }
            ),
        ]
        .prop_map(|scale| scale.expect("parameters within their constraints"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn inverse_undoes_forward(scale in scales(), x in -1e6..1e7_f64) {
            let back = scale.inverse(scale.forward(x));
            prop_assert!((back - x).abs() <= 1e-10 * x.abs().max(1.0), "{scale:?} {x} -> {back}");
        }

        #[test]
        fn forward_increases(scale in scales(), x in -1e6..1e7_f64, step in 1e-3..1e6_f64) {
            prop_assert!(scale.forward(x) < scale.forward(x + step));
        }

        #[test]
        fn a_threshold_decides_as_forward_does(
            scale in scales(), y in -0.2..1.2_f64, x in -1e4..1e7_f64, ulps in -200..200_i64,
        ) {
            for bound in [Bound::AtLeast, Bound::Above] {
                let threshold = Threshold::new(scale.clone(), y, bound);
                let near = f64::from_bits(scale.inverse(y).to_bits().wrapping_add_signed(ulps));
                for value in [x, near, 0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY] {
                    let scaled = scale.forward(value);
                    let expected = match bound {
                        Bound::AtLeast => scaled >= y,
                        Bound::Above => scaled > y,
                    };
                    prop_assert_eq!(threshold.holds(value), expected, "{:?} {} {}", scale, y, value);
                }
                prop_assert!(!threshold.holds(f64::NAN));
            }
        }
    }

    #[test]
    fn keeps_nan_and_infinities() {
        for scale in [
            Ok(Scale::Identity),
            Scale::from_name("linear", &[1000.0, 0.0]),
            Scale::from_name("log", &[1000.0, 4.0]),
            Scale::from_name("arcsinh", &[1000.0, 4.0, 1.0]),
            Scale::from_name("logicle", &[1000.0, 1.0, 4.0, 0.0]),
            Scale::from_name("hyperlog", &[1000.0, 1.0, 4.0, 0.0]),
            Scale::from_name("flowjo_biex", &[1000.0, -10.0, 4.0, 0.0, 256.0]),
        ] {
            let scale = scale.expect("parameters of the standard");
            assert!(scale.forward(f64::NAN).is_nan());
            for infinite in [f64::INFINITY, f64::NEG_INFINITY] {
                assert_eq!(scale.forward(infinite), infinite);
            }
        }
    }

    #[test]
    fn gives_the_worked_numbers_of_the_standard() {
        let arcsinh = Scale::from_name("arcsinh", &[1000.0, 4.0, 1.0]).expect("valid");
        assert!((arcsinh.forward(-1.0) - -0.000_856).abs() < 5e-7);
        let hyperlog = Scale::from_name("hyperlog", &[1000.0, 1.0, 4.0, 0.0]).expect("valid");
        assert!((hyperlog.forward(-10.0) - 0.083_554).abs() < 5e-7);
        let logicle = Scale::from_name("logicle", &[1000.0, 1.0, 4.0, 0.0]).expect("valid");
        assert!((logicle.forward(-10.0) - 0.067_574).abs() < 5e-7);
    }
}
