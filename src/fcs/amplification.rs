//! Amplification: from a stored number to a value on the channel's scale.

use crate::error::{Error, Result};

use super::Violation;
use super::keywords::{Keywords, bad, shown};

/// How a stored number becomes a value on the channel's scale (FCS 3.1 §3.2.20, Gating-ML 2.0
/// §6.1.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amplification {
    /// `x / gain`; a gain of 1 leaves the number as it is.
    Linear {
        /// `$PnG`, or 1.
        gain: f64,
    },
    /// `f2 · 10^(f1 x / R)`: logarithmic amplification by `$PnE = f1,f2`, with `R` and not
    /// `R - 1`.
    Logarithmic {
        /// Decades, `f1`.
        decades: f64,
        /// Value at 0, `f2`.
        offset: f64,
        /// `$PnR`.
        range: f64,
    },
    /// `x · step`: the Time channel by `$TIMESTEP`, in seconds.
    Time {
        /// Seconds per unit.
        step: f64,
    },
}

impl Amplification {
    /// Whether it leaves every number as it is.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        *self == Self::Linear { gain: 1.0 } || *self == Self::Time { step: 1.0 }
    }

    /// The value of a stored number.
    #[must_use]
    pub fn apply(&self, x: f64) -> f64 {
        match *self {
            Self::Linear { gain } => x / gain,
            Self::Time { step } => x * step,
            Self::Logarithmic {
                decades,
                offset,
                range,
            } => offset * 10_f64.powf(decades * x / range),
        }
    }
}

/// `$TIMESTEP` in seconds, 1 where it is missing or no number.
pub(super) fn time_step(keywords: &Keywords, violations: &mut Vec<Violation>) -> f64 {
    let Some(value) = keywords.get("$TIMESTEP") else {
        return 1.0;
    };
    let step = value
        .parse()
        .ok()
        .filter(|step: &f64| step.is_finite() && *step > 0.0);
    if step.is_none() {
        violations.push(Violation::new(
            "timestep-unusable",
            format!("$TIMESTEP = {:?} is not a number above 0", shown(value)),
            "left Time as stored".into(),
        ));
    }
    step.unwrap_or(1.0)
}

/// What `$PnE` and `$PnG` ask of channel `number`.
pub(super) fn read(
    keywords: &Keywords,
    number: u64,
    is_integer: bool,
    range: Option<f64>,
    violations: &mut Vec<Violation>,
) -> Result<Amplification> {
    let keyword = format!("$P{number}E");
    let (decades, offset) = match keywords.get(&keyword) {
        None => (0.0, 0.0),
        Some(value) => match exponents(value) {
            Some(found) => found,
            None if !is_integer => {
                let repair = "took 0,0, which the standard requires of floats";
                violations.push(keywords.unreadable(&keyword, repair));
                (0.0, 0.0)
            }
            None => return Err(bad(&keyword, value, "two numbers 'f1,f2' of at least 0")),
        },
    };
    if decades > 0.0 && !is_integer {
        violations.push(Violation::new(
            "log-amplified-float",
            format!("{keyword} asks for {decades} decades on floating-point data"),
            "left the values as stored; the standard requires 0,0 here".into(),
        ));
    }
    if decades > 0.0 && is_integer {
        let range = range.filter(|range| *range > 0.0);
        let range = range.ok_or_else(|| Error::MissingKeyword {
            keyword: format!("$P{number}R"),
        })?;
        if offset == 0.0 {
            violations.push(Violation::new(
                "log-offset-zero",
                format!("{keyword} has the offset 0, a logarithm's range without a floor"),
                "took 1, as the standard advises".into(),
            ));
        }
        return Ok(Amplification::Logarithmic {
            decades,
            offset: if offset == 0.0 { 1.0 } else { offset },
            range,
        });
    }
    let keyword = format!("$P{number}G");
    let gain = match keywords.get(&keyword) {
        // Words such as NA say, as 0 does, that none was recorded; a broken number may say more.
        Some(value) if !value.contains(|sign: char| sign.is_ascii_digit()) => {
            violations.push(keywords.unreadable(&keyword, "took 1, as where none was recorded"));
            1.0
        }
        _ => keywords.number(&keyword)?.unwrap_or(1.0),
    };
    // A gain of 0 means that none was recorded.
    let gain = if gain > 0.0 { gain } else { 1.0 };
    Ok(Amplification::Linear { gain })
}

fn exponents(value: &str) -> Option<(f64, f64)> {
    let (decades, offset) = value.split_once(',')?;
    let decades = decades.trim().parse::<f64>().ok()?;
    let offset = offset.trim().parse::<f64>().ok()?;
    (decades.is_finite() && offset.is_finite() && decades >= 0.0 && offset >= 0.0)
        .then_some((decades, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_exponents_with_blanks_and_refuses_words() {
        assert_eq!(exponents("4.0, 0.1"), Some((4.0, 0.1)));
        assert_eq!(exponents("4"), None);
        assert_eq!(exponents("four,1"), None);
        assert_eq!(exponents("NaN,1"), None);
    }
}
