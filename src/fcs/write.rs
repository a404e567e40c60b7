//! The head of a file to be written: HEADER and TEXT of FCS 3.1 or 3.2.
//!
//! Offsets in TEXT count the digits of themselves: the length is found by repeating until
//! it no longer changes. Offsets beyond 99,999,999 are 0 in HEADER, as the standard asks (§3.1).

use std::collections::HashSet;

use crate::error::{Error, Result};

/// How numbers are written; always little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Number {
    /// `$DATATYPE` F.
    #[default]
    Float32,
    /// `$DATATYPE` D.
    Float64,
    /// `$DATATYPE` I of 16 bits.
    Uint16,
    /// `$DATATYPE` I of 32 bits.
    Uint32,
}

impl Number {
    fn bytes(self) -> u64 {
        match self {
            Self::Uint16 => 2,
            Self::Float32 | Self::Uint32 => 4,
            Self::Float64 => 8,
        }
    }

    fn datatype(self) -> &'static str {
        match self {
            Self::Float32 => "F",
            Self::Float64 => "D",
            Self::Uint16 | Self::Uint32 => "I",
        }
    }
}

/// Version of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// FCS 3.1.
    #[default]
    V3_1,
    /// FCS 3.2, which requires `$CYT` and no longer knows `$MODE`.
    V3_2,
}

/// What kind of file to write; by default FCS 3.1 with 32-bit floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Form {
    /// How numbers are written.
    pub number: Number,
    /// Version of the standard.
    pub version: Version,
}

impl Form {
    /// From `float32`, `float64`, `uint16` or `uint32`, and `3.1` or `3.2`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another name.
    pub fn from_names(number: &str, version: &str) -> Result<Self> {
        let refused = |what: &str, name: &str| Error::Unsupported {
            what: format!("{what} {name:?}"),
        };
        Ok(Self {
            number: match number {
                "float32" => Number::Float32,
                "float64" => Number::Float64,
                "uint16" => Number::Uint16,
                "uint32" => Number::Uint32,
                _ => return Err(refused("datatype", number)),
            },
            version: match version {
                "3.1" => Version::V3_1,
                "3.2" => Version::V3_2,
                _ => return Err(refused("version", version)),
            },
        })
    }
}

/// A channel of the file to be written.
#[derive(Debug, Clone)]
pub struct ChannelToWrite {
    /// `$PnN`, unique, without a comma.
    pub detector: String,
    /// `$PnS`, where there is one.
    pub marker: Option<String>,
    /// `$PnR`.
    pub range: f64,
}

/// Form feed: it occurs in no keyword, so that values need no escapes.
const DELIMITER: char = '\x0c';
/// Length of HEADER.
const HEADER_BYTES: usize = 58;
/// Largest offset that HEADER can hold.
const LARGEST_HEADER_OFFSET: u64 = 99_999_999;
/// `$CYT` where nobody says what it was; FCS 3.2 requires it.
const UNKNOWN_CYTOMETER: &str = "unknown";

/// [`encode_metadata_as`] for FCS 3.1 with 32-bit floats.
///
/// # Errors
/// As [`encode_metadata_as`].
pub fn encode_metadata(
    channels: &[ChannelToWrite],
    n_events: u64,
    keywords: &[(String, String)],
) -> Result<Vec<u8>> {
    encode_metadata_as(Form::default(), channels, n_events, keywords)
}

/// HEADER and TEXT of a list-mode file of little-endian numbers.
///
/// DATA, `n_events` rows of one value per channel, follows at once. `keywords` are written
/// behind the required ones and may not repeat them.
///
/// # Errors
/// [`Error::BadKeyword`] for an empty keyword or value, a required keyword among
/// `keywords`, an empty or repeated detector, or one with a comma.
pub fn encode_metadata_as(
    form: Form,
    channels: &[ChannelToWrite],
    n_events: u64,
    keywords: &[(String, String)],
) -> Result<Vec<u8>> {
    let mut required = required_keywords(form, channels, n_events)?;
    check_keywords(&required, keywords)?;
    let has_cytometer = keywords.iter().any(|(k, _)| k.eq_ignore_ascii_case("$CYT"));
    if form.version == Version::V3_2 && !has_cytometer {
        required.push(("$CYT".into(), UNKNOWN_CYTOMETER.into()));
    }
    let data_bytes = n_events
        .checked_mul(channels.len() as u64 * form.number.bytes())
        .ok_or_else(|| Error::Offsets {
            segment: "DATA",
            detail: format!("{n_events} events do not fit in a file"),
        })?;
    let mut data_begin = HEADER_BYTES as u64;
    loop {
        let data_end = (data_begin + data_bytes).saturating_sub(1);
        let text = encode_text(&required, keywords, data_begin, data_end);
        let text_end = (HEADER_BYTES + text.len()) as u64;
        if text_end == data_begin {
            let mut head = encode_header(form.version, text_end - 1, data_begin, data_end);
            head.push_str(&text);
            return Ok(head.into_bytes());
        }
        data_begin = text_end;
    }
}

fn check_keywords(required: &[(String, String)], keywords: &[(String, String)]) -> Result<()> {
    let mut taken: HashSet<String> = required
        .iter()
        .map(|(keyword, _)| keyword.as_str())
        .chain(OFFSET_KEYWORDS)
        .map(str::to_ascii_uppercase)
        .collect();
    for (keyword, value) in keywords {
        let new = taken.insert(keyword.to_ascii_uppercase());
        if keyword.is_empty() || value.is_empty() || !new {
            return Err(Error::BadKeyword {
                keyword: keyword.clone(),
                value: value.clone(),
                expected: "a keyword once, not one that the writer sets itself, with a value that is not empty",
            });
        }
    }
    Ok(())
}

const OFFSET_KEYWORDS: [&str; 6] = [
    "$BEGINANALYSIS",
    "$ENDANALYSIS",
    "$BEGINSTEXT",
    "$ENDSTEXT",
    "$BEGINDATA",
    "$ENDDATA",
];

fn required_keywords(
    form: Form,
    channels: &[ChannelToWrite],
    n_events: u64,
) -> Result<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = [
        ("$BYTEORD", "1,2,3,4".to_owned()),
        ("$DATATYPE", form.number.datatype().to_owned()),
        ("$MODE", "L".to_owned()),
        ("$NEXTDATA", "0".to_owned()),
        ("$PAR", channels.len().to_string()),
        ("$TOT", n_events.to_string()),
    ]
    .map(|(keyword, value)| (keyword.to_owned(), value))
    .into();
    let mut names = HashSet::new();
    for (index, channel) in channels.iter().enumerate() {
        let name = |letter| format!("$P{}{letter}", index + 1);
        let repeated = !names.insert(channel.detector.as_str());
        if channel.detector.is_empty() || channel.detector.contains(',') || repeated {
            return Err(Error::BadKeyword {
                keyword: name("N"),
                value: channel.detector.clone(),
                expected: "a detector name that is unique, not empty, and has no comma",
            });
        }
        pairs.push((name("B"), (8 * form.number.bytes()).to_string()));
        pairs.push((name("E"), "0,0".into()));
        pairs.push((name("N"), channel.detector.clone()));
        pairs.push((name("R"), channel.range.to_string()));
        if let Some(marker) = channel.marker.as_ref().filter(|marker| !marker.is_empty()) {
            pairs.push((name("S"), marker.clone()));
        }
    }
    Ok(pairs)
}

fn encode_text(
    required: &[(String, String)],
    keywords: &[(String, String)],
    data_begin: u64,
    data_end: u64,
) -> String {
    let offsets = OFFSET_KEYWORDS.map(|keyword| {
        let offset = match keyword {
            "$BEGINDATA" => data_begin,
            "$ENDDATA" => data_end,
            _ => 0,
        };
        (keyword.to_owned(), offset.to_string())
    });
    let mut text = String::from(DELIMITER);
    for (keyword, value) in offsets.iter().chain(required).chain(keywords) {
        for token in [keyword, value] {
            for character in token.chars() {
                text.push(character);
                if character == DELIMITER {
                    text.push(character);
                }
            }
            text.push(DELIMITER);
        }
    }
    text
}

fn encode_header(version: Version, text_end: u64, data_begin: u64, data_end: u64) -> String {
    let (data_begin, data_end) = if data_end > LARGEST_HEADER_OFFSET {
        (0, 0)
    } else {
        (data_begin, data_end)
    };
    let version = match version {
        Version::V3_1 => "FCS3.1",
        Version::V3_2 => "FCS3.2",
    };
    format!(
        "{version}    {HEADER_BYTES:>8}{text_end:>8}{data_begin:>8}{data_end:>8}{:>8}{:>8}",
        0, 0
    )
}
