//! The head of a file to be written: HEADER and TEXT of FCS 3.1 for 32-bit floats.
//!
//! Offsets in TEXT count the digits of themselves: the length is found by repeating until
//! it no longer changes. Offsets beyond 99,999,999 are 0 in HEADER, as the standard asks (§3.1).

use crate::error::{Error, Result};

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
/// Bytes of a 32-bit float.
const VALUE_BYTES: u64 = 4;

/// HEADER and TEXT of a list-mode file of little-endian 32-bit floats.
///
/// DATA, `n_events` rows of one value per channel, follows at once. `keywords` are written
/// behind the required ones and may not repeat them.
///
/// # Errors
/// [`Error::BadKeyword`] for an empty keyword or value, a required keyword among
/// `keywords`, an empty or repeated detector, or one with a comma.
pub fn encode_head(
    channels: &[ChannelToWrite],
    n_events: u64,
    keywords: &[(String, String)],
) -> Result<Vec<u8>> {
    let required = required_keywords(channels, n_events)?;
    for (index, (keyword, value)) in keywords.iter().enumerate() {
        let same = |other: &String| other.eq_ignore_ascii_case(keyword);
        let taken = required.iter().any(|(other, _)| same(other))
            || OFFSET_KEYWORDS
                .iter()
                .any(|other| other.eq_ignore_ascii_case(keyword))
            || keywords[..index].iter().any(|(other, _)| same(other));
        if keyword.is_empty() || value.is_empty() || taken {
            return Err(Error::BadKeyword {
                keyword: keyword.clone(),
                value: value.clone(),
                expected: "a keyword once, not one that the writer sets itself, with a value that is not empty",
            });
        }
    }
    let data_bytes = n_events
        .checked_mul(channels.len() as u64 * VALUE_BYTES)
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
            let mut head = encode_header(text_end - 1, data_begin, data_end);
            head.push_str(&text);
            return Ok(head.into_bytes());
        }
        data_begin = text_end;
    }
}

const OFFSET_KEYWORDS: [&str; 6] = [
    "$BEGINANALYSIS",
    "$ENDANALYSIS",
    "$BEGINSTEXT",
    "$ENDSTEXT",
    "$BEGINDATA",
    "$ENDDATA",
];

fn required_keywords(channels: &[ChannelToWrite], n_events: u64) -> Result<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = [
        ("$BYTEORD", "1,2,3,4".to_owned()),
        ("$DATATYPE", "F".to_owned()),
        ("$MODE", "L".to_owned()),
        ("$NEXTDATA", "0".to_owned()),
        ("$PAR", channels.len().to_string()),
        ("$TOT", n_events.to_string()),
    ]
    .map(|(keyword, value)| (keyword.to_owned(), value))
    .into();
    for (index, channel) in channels.iter().enumerate() {
        let name = |letter| format!("$P{}{letter}", index + 1);
        let repeated = channels[..index]
            .iter()
            .any(|c| c.detector == channel.detector);
        if channel.detector.is_empty() || channel.detector.contains(',') || repeated {
            return Err(Error::BadKeyword {
                keyword: name("N"),
                value: channel.detector.clone(),
                expected: "a detector name that is unique, not empty, and has no comma",
            });
        }
        pairs.push((name("B"), "32".into()));
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

fn encode_header(text_end: u64, data_begin: u64, data_end: u64) -> String {
    let (data_begin, data_end) = if data_end > LARGEST_HEADER_OFFSET {
        (0, 0)
    } else {
        (data_begin, data_end)
    };
    format!(
        "FCS3.1    {HEADER_BYTES:>8}{text_end:>8}{data_begin:>8}{data_end:>8}{:>8}{:>8}",
        0, 0
    )
}
