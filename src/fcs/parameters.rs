//! Parameters: what `$PnB`, `$PnR`, `$PnE`, `$PnG` and their kin say of a channel.

use crate::error::{Error, Result};

use super::{Departure, text::Keywords};

/// Order of the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first, `1,2,3,4`.
    Little,
    /// Most significant byte first, `4,3,2,1`.
    Big,
}

/// How a stored number is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Encoding {
    /// An unsigned integer, of which the bits of `mask` are the value.
    Integer {
        /// Bits that `$PnR` leaves, up to the next power of two.
        mask: u64,
    },
    /// IEEE 754 single precision.
    Float32,
    /// IEEE 754 double precision.
    Float64,
}

/// How a stored number becomes a value on the channel's scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amplification {
    /// `x / gain`; a gain of 1 leaves the number as it is.
    Linear {
        /// `$PnG`, or 1.
        gain: f64,
    },
    /// `f2 · 10^(f1 x / R)`: logarithmic amplification by `$PnE = f1,f2`.
    Logarithmic {
        /// Decades, `f1`.
        decades: f64,
        /// Value at 0, `f2`.
        offset: f64,
    },
    /// `x · step`: the Time channel by `$TIMESTEP`, in seconds.
    Time {
        /// Seconds per unit.
        step: f64,
    },
}

/// One channel of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// `$PnN`, the detector.
    pub detector: String,
    /// `$PnS`, the marker, where given.
    pub marker: Option<String>,
    /// `$PnR`.
    pub range: f64,
    /// `$PnV`, as text; vendors write all sorts of things.
    pub voltage: Option<String>,
    /// Bytes a value takes.
    pub bytes: usize,
    /// Byte of the event at which the value begins.
    pub offset: usize,
    /// How the number is stored.
    pub encoding: Encoding,
    /// How the number becomes a value.
    pub amplification: Amplification,
}

/// Largest number of bits whose values a 32-bit float holds exactly.
const FLOAT32_BITS: u64 = 24;

impl Parameter {
    /// Whether `f32` holds every stored number exactly, and the channel is not Time.
    ///
    /// It follows from the keywords alone, never from the values.
    #[must_use]
    pub fn raw_fits_float32(&self) -> bool {
        let narrow = match self.encoding {
            Encoding::Float32 => true,
            Encoding::Float64 => false,
            Encoding::Integer { mask } => mask < 1 << FLOAT32_BITS,
        };
        narrow && !self.is_time()
    }

    /// Whether `f32` holds every scale value exactly.
    #[must_use]
    pub fn scale_fits_float32(&self) -> bool {
        self.raw_fits_float32() && self.amplification == Amplification::Linear { gain: 1.0 }
    }

    /// Whether this is the Time channel, by its name.
    #[must_use]
    pub fn is_time(&self) -> bool {
        is_time(&self.detector)
    }
}

fn is_time(detector: &str) -> bool {
    detector.trim().eq_ignore_ascii_case("time")
}

/// Most channels that a file may declare; the largest instruments have a few hundred.
const MOST_PARAMETERS: u64 = 10_000;

/// Read all parameters of a list-mode file.
pub(super) fn read(
    keywords: &Keywords,
    departures: &mut Vec<Departure>,
) -> Result<(Vec<Parameter>, ByteOrder)> {
    match keywords.get("$MODE") {
        Some("L" | "l") | None => {}
        Some(mode) => {
            return Err(Error::Unsupported {
                what: format!("$MODE = {mode:?} (only list mode 'L' holds events)"),
            });
        }
    }
    let datatype = keywords.require("$DATATYPE")?.to_ascii_uppercase();
    let byte_order = byte_order(keywords.require("$BYTEORD")?)?;
    let count = keywords.require("$PAR")?;
    let count = count
        .parse::<u64>()
        .ok()
        .filter(|count| (1..=MOST_PARAMETERS).contains(count))
        .ok_or_else(|| Error::BadKeyword {
            keyword: "$PAR".into(),
            value: count.into(),
            expected: "a whole number from 1 to 10000",
        })?;
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut offset = 0;
    for number in 1..=count {
        let parameter = read_one(keywords, number, &datatype, offset, departures)?;
        offset += parameter.bytes;
        if let Some(earlier) = parameters
            .iter()
            .position(|p| p.detector == parameter.detector)
        {
            departures.push(Departure::new(
                "duplicate-name",
                format!(
                    "$P{}N and $P{number}N are both {:?}",
                    earlier + 1,
                    parameter.detector
                ),
                "kept both; the name alone does not tell them apart".into(),
            ));
        }
        parameters.push(parameter);
    }
    Ok((parameters, byte_order))
}

fn read_one(
    keywords: &Keywords,
    number: u64,
    datatype: &str,
    offset: usize,
    departures: &mut Vec<Departure>,
) -> Result<Parameter> {
    let name = |letter: &str| format!("$P{number}{letter}");
    if let Some(own) = keywords
        .get(&name("DATATYPE"))
        .filter(|own| *own != datatype)
    {
        return Err(Error::Unsupported {
            what: format!(
                "{} = {own:?} beside $DATATYPE = {datatype:?}",
                name("DATATYPE")
            ),
        });
    }
    let bits = keywords
        .whole_number(&name("B"))?
        .ok_or_else(|| Error::MissingKeyword { keyword: name("B") })?;
    let range = keywords.number(&name("R"))?;
    let encoding = encoding(datatype, bits, range, &name(""), departures)?;
    let detector = keywords.get(&name("N")).map_or_else(
        || {
            departures.push(Departure::new(
                "name-missing",
                format!("{} is missing", name("N")),
                format!("called the channel P{number}"),
            ));
            format!("P{number}")
        },
        ToOwned::to_owned,
    );
    let amplification = if is_time(&detector) {
        time_step(keywords, departures)
    } else {
        amplification(keywords, number, encoding, range, departures)?
    };
    Ok(Parameter {
        marker: keywords.get(&name("S")).map(ToOwned::to_owned),
        range: range.unwrap_or(0.0),
        voltage: keywords.get(&name("V")).map(ToOwned::to_owned),
        bytes: usize::try_from(bits / 8).unwrap_or(0),
        detector,
        offset,
        encoding,
        amplification,
    })
}

fn byte_order(value: &str) -> Result<ByteOrder> {
    let digits: String = value.chars().filter(|c| !c.is_whitespace()).collect();
    match digits.as_str() {
        "1" | "1,2" | "1,2,3,4" | "1,2,3,4,5,6,7,8" => Ok(ByteOrder::Little),
        "2,1" | "4,3,2,1" | "8,7,6,5,4,3,2,1" => Ok(ByteOrder::Big),
        _ => Err(Error::Unsupported {
            what: format!("$BYTEORD = {value:?}"),
        }),
    }
}

fn encoding(
    datatype: &str,
    bits: u64,
    range: Option<f64>,
    name: &str,
    departures: &mut Vec<Departure>,
) -> Result<Encoding> {
    match (datatype, bits) {
        ("F", 32) => Ok(Encoding::Float32),
        ("D", 64) => Ok(Encoding::Float64),
        ("I", 8 | 16 | 24 | 32 | 64) => {
            let all = u64::MAX >> (64 - bits);
            let mask = range_mask(range, all);
            if mask.is_none() {
                departures.push(Departure::new(
                    "range-unusable",
                    format!("{name}R is missing or not above 0"),
                    format!("took all {bits} bits of the stored numbers"),
                ));
            }
            Ok(Encoding::Integer {
                mask: mask.unwrap_or(all),
            })
        }
        ("I" | "F" | "D", _) => Err(Error::Unsupported {
            what: format!("{name}B = {bits} with $DATATYPE = {datatype:?}"),
        }),
        _ => Err(Error::Unsupported {
            what: format!("$DATATYPE = {datatype:?}"),
        }),
    }
}

/// The bits of numbers below `range`, up to the next power of two (FCS 3.1 §3.2.20).
fn range_mask(range: Option<f64>, all: u64) -> Option<u64> {
    let range = range.filter(|range| *range > 0.0)?;
    let mut mask = 0;
    while (mask as f64) + 1.0 < range && mask < all {
        mask = mask << 1 | 1;
    }
    Some(if mask == 0 { all } else { mask })
}

fn time_step(keywords: &Keywords, departures: &mut Vec<Departure>) -> Amplification {
    let Some(value) = keywords.get("$TIMESTEP") else {
        return Amplification::Time { step: 1.0 };
    };
    let step = value
        .parse()
        .ok()
        .filter(|step: &f64| step.is_finite() && *step > 0.0);
    if step.is_none() {
        departures.push(Departure::new(
            "timestep-unusable",
            format!("$TIMESTEP = {value:?} is not a number above 0"),
            "left Time as stored".into(),
        ));
    }
    Amplification::Time {
        step: step.unwrap_or(1.0),
    }
}

fn amplification(
    keywords: &Keywords,
    number: u64,
    encoding: Encoding,
    range: Option<f64>,
    departures: &mut Vec<Departure>,
) -> Result<Amplification> {
    let keyword = format!("$P{number}E");
    let (decades, offset) = match keywords.get(&keyword) {
        None => (0.0, 0.0),
        Some(value) => exponents(value).ok_or_else(|| Error::BadKeyword {
            keyword: keyword.clone(),
            value: value.into(),
            expected: "two numbers 'f1,f2' of at least 0",
        })?,
    };
    let is_integer = matches!(encoding, Encoding::Integer { .. });
    if decades > 0.0 && !is_integer {
        departures.push(Departure::new(
            "log-amplified-float",
            format!("{keyword} asks for {decades} decades on floating-point data"),
            "left the values as stored; the standard requires 0,0 here".into(),
        ));
    }
    if decades > 0.0 && is_integer {
        let range_keyword = format!("$P{number}R");
        if range.is_none_or(|range| range <= 0.0) {
            return Err(Error::MissingKeyword {
                keyword: range_keyword,
            });
        }
        if offset == 0.0 {
            departures.push(Departure::new(
                "log-offset-zero",
                format!("{keyword} has the offset 0, a logarithm's range without a floor"),
                "took 1, as the standard advises".into(),
            ));
        }
        let offset = if offset == 0.0 { 1.0 } else { offset };
        return Ok(Amplification::Logarithmic { decades, offset });
    }
    let gain = keywords.number(&format!("$P{number}G"))?.unwrap_or(1.0);
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
    fn masks_to_the_next_power_of_two() {
        assert_eq!(range_mask(Some(1024.0), 0xffff), Some(1023));
        assert_eq!(range_mask(Some(1000.0), 0xffff), Some(1023));
        assert_eq!(range_mask(Some(65536.0), 0xffff), Some(0xffff));
        assert_eq!(range_mask(Some(1e10), 0xffff_ffff), Some(0xffff_ffff));
        assert_eq!(range_mask(Some(0.0), 0xffff), None);
        assert_eq!(range_mask(None, 0xffff), None);
    }

    #[test]
    fn reads_exponents_with_blanks_and_refuses_words() {
        assert_eq!(exponents("4.0, 0.1"), Some((4.0, 0.1)));
        assert_eq!(exponents("4"), None);
        assert_eq!(exponents("four,1"), None);
        assert_eq!(exponents("NaN,1"), None);
    }
}
