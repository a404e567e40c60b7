//! Parameters: what `$PnB`, `$PnR`, `$PnN` and their kin say of a channel.

use std::collections::HashMap;

use crate::error::{Error, Result};

use super::Violation;
use super::amplification::{self, Amplification};
use super::encoding::{Datatype, Encoding};
use super::keywords::{Keywords, bad, shown};

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
    /// `$PnB`: bits a value takes in the file; characters times 8 for ASCII, 0 where delimited.
    pub bits: u32,
    /// Bytes a value takes in the rows that the reader hands out.
    pub bytes: usize,
    /// Byte of such a row at which the value begins.
    pub offset: usize,
    /// How the number is written there.
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

    /// Whether this is the Time channel, by its name or by `$PnTYPE` of FCS 3.2.
    #[must_use]
    pub fn is_time(&self) -> bool {
        matches!(self.amplification, Amplification::Time { .. })
    }
}

fn is_time(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("time")
}

/// A channel as the keywords describe it, before it is settled how rows are stored.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) detector: String,
    pub(super) marker: Option<String>,
    pub(super) range: Option<f64>,
    pub(super) voltage: Option<String>,
    pub(super) datatype: Datatype,
    /// Bits, characters for ASCII, or `None` for delimited ASCII (`$PnB = *`).
    pub(super) width: Option<u32>,
    pub(super) amplification: Amplification,
}

/// Most channels that a file may declare; the largest instruments have a few hundred.
const MOST_PARAMETERS: u64 = 10_000;
/// Most characters of a number in fixed-width ASCII.
const MOST_CHARACTERS: u64 = 255;

/// Read all parameters of a list-mode file.
pub(super) fn read(keywords: &Keywords, violations: &mut Vec<Violation>) -> Result<Vec<Described>> {
    check_mode(keywords)?;
    let datatype = Datatype::from_keyword("$DATATYPE", keywords.require("$DATATYPE")?)?;
    let count = keywords.require("$PAR")?;
    let count = count
        .parse::<u64>()
        .ok()
        .filter(|count| (1..=MOST_PARAMETERS).contains(count))
        .ok_or_else(|| bad("$PAR", count, "a whole number from 1 to 10000"))?;
    let mut step = None;
    let mut described = Vec::new();
    for number in 1..=count {
        let channel = Channel { keywords, number };
        described.push(channel.describe(datatype, &mut step, violations)?);
    }
    report_duplicates(&described, violations);
    Ok(described)
}

/// `$MODE`, of which only list mode holds events.
fn check_mode(keywords: &Keywords) -> Result<()> {
    match keywords.get("$MODE") {
        Some("L" | "l") | None => Ok(()),
        Some(mode) => Err(Error::Unsupported {
            what: format!(
                "$MODE = {:?} (only list mode 'L' holds events)",
                shown(mode)
            ),
        }),
    }
}

fn report_duplicates(described: &[Described], violations: &mut Vec<Violation>) {
    let mut first = HashMap::new();
    for (index, channel) in described.iter().enumerate() {
        let earlier = *first.entry(channel.detector.as_str()).or_insert(index);
        if earlier != index {
            violations.push(Violation::new(
                "duplicate-name",
                format!(
                    "$P{}N and $P{}N are both {:?}",
                    earlier + 1,
                    index + 1,
                    shown(&channel.detector)
                ),
                "kept both; the name alone does not tell them apart".into(),
            ));
        }
    }
}

/// The keywords of one channel.
struct Channel<'a> {
    keywords: &'a Keywords,
    number: u64,
}

impl<'a> Channel<'a> {
    fn name(&self, letter: &str) -> String {
        format!("$P{}{letter}", self.number)
    }

    fn get(&self, letter: &str) -> Option<&'a str> {
        self.keywords.get(&self.name(letter))
    }

    fn describe(
        &self,
        file_datatype: Datatype,
        step: &mut Option<f64>,
        violations: &mut Vec<Violation>,
    ) -> Result<Described> {
        let own = self.get("DATATYPE");
        let datatype = own.map_or(Ok(file_datatype), |value| {
            Datatype::from_keyword(&self.name("DATATYPE"), value)
        })?;
        let width = self.width(datatype)?;
        let is_float = matches!(datatype, Datatype::Float | Datatype::Double);
        let range = self.range(is_float, violations)?;
        let detector = self.detector(violations);
        let amplification = if is_time(&detector) || self.get("TYPE").is_some_and(is_time) {
            let read = || amplification::time_step(self.keywords, violations);
            Amplification::Time {
                step: *step.get_or_insert_with(read),
            }
        } else {
            let is_integer = matches!(datatype, Datatype::Integer | Datatype::Ascii);
            amplification::read(self.keywords, self.number, is_integer, range, violations)?
        };
        Ok(Described {
            detector,
            marker: self.get("S").map(ToOwned::to_owned),
            range,
            voltage: self.get("V").map(ToOwned::to_owned),
            datatype,
            width,
            amplification,
        })
    }

    /// `$PnR`, which of floats decides nothing.
    fn range(&self, is_float: bool, violations: &mut Vec<Violation>) -> Result<Option<f64>> {
        let name = self.name("R");
        match self.keywords.number(&name) {
            Err(_) if is_float => {
                let repair = "left the range open; it decides nothing about floats";
                violations.push(self.keywords.unreadable(&name, repair));
                Ok(None)
            }
            other => other,
        }
    }

    fn width(&self, datatype: Datatype) -> Result<Option<u32>> {
        let keyword = self.name("B");
        let value = self.keywords.require(&keyword)?;
        if value == "*" && datatype == Datatype::Ascii {
            return Ok(None);
        }
        let width = self.keywords.whole_number(&keyword)?.unwrap_or(0);
        let legal = match datatype {
            Datatype::Integer => (1..=u64::from(u64::BITS)).contains(&width),
            Datatype::Float => width == 32,
            Datatype::Double => width == 64,
            Datatype::Ascii => (1..=MOST_CHARACTERS).contains(&width),
        };
        match u32::try_from(width) {
            Ok(width) if legal => Ok(Some(width)),
            _ => Err(Error::Unsupported {
                what: format!("{keyword} = {width} with {}", self.datatype_words()),
            }),
        }
    }

    /// The keyword that decides about this channel's type, with its value.
    fn datatype_words(&self) -> String {
        let own = self.name("DATATYPE");
        let keyword = self.get("DATATYPE").map_or("$DATATYPE", |_| &own);
        let value = self.keywords.get(keyword).unwrap_or_default();
        format!("{keyword} = {:?}", shown(value))
    }

    fn detector(&self, violations: &mut Vec<Violation>) -> String {
        let number = self.number;
        self.get("N").map_or_else(
            || {
                violations.push(Violation::new(
                    "name-missing",
                    format!("{} is missing", self.name("N")),
                    format!("called the channel P{number}"),
                ));
                format!("P{number}")
            },
            ToOwned::to_owned,
        )
    }
}
