//! FCS files: bytes to events, and the head of a file to be written.
//!
//! A list-mode FCS file (FCS 2.0, 3.0: Seamer 1997; 3.1: Spidlen 2010,
//! doi:10.1002/cyto.a.20825) is a HEADER of ASCII offsets, a TEXT segment of keywords,
//! and a DATA segment of events in rows. [`File::read`] understands the first two and
//! settles where the third lies; [`data`] decodes its columns, block by block.
//!
//! What departs from the standard and can be repaired without guessing at values is
//! repaired and reported as a [`Departure`]; what cannot is an error.

pub mod data;
mod diagnose;
mod header;
mod parameters;
mod text;
mod write;

pub use diagnose::Departure;
pub use parameters::{ByteOrder, Encoding, Parameter};
pub use write::{ChannelToWrite, encode_head};

use crate::error::{Error, Result};
use crate::source::Source;
use header::Header;
use text::Keywords;

/// A file whose HEADER and TEXT have been understood.
#[derive(Debug, Clone)]
pub struct File {
    /// `FCS2.0`, `FCS3.0`, `FCS3.1` or `FCS3.2`.
    pub version: String,
    /// Keywords and values in the order of the file, text as written.
    pub keywords: Vec<(String, String)>,
    /// One entry per channel, in file order.
    pub parameters: Vec<Parameter>,
    /// Number of events.
    pub n_events: usize,
    /// Byte at which DATA begins.
    pub data_begin: u64,
    /// Bytes per event.
    pub event_bytes: usize,
    /// Order of the bytes of a number.
    pub byte_order: ByteOrder,
    /// What departs from the standard, and what was done about it.
    pub departures: Vec<Departure>,
    /// FNV-1a hash of the bytes of HEADER and TEXT.
    pub head_hash: u64,
}

impl File {
    /// Read HEADER and TEXT of the first data set and settle the place of DATA.
    ///
    /// # Errors
    /// [`Error::NotFcs`], [`Error::Truncated`], [`Error::Text`], [`Error::MissingKeyword`],
    /// [`Error::BadKeyword`], [`Error::Unsupported`] or [`Error::AmbiguousData`], by what is wrong.
    pub fn read(source: &dyn Source) -> Result<Self> {
        let mut departures = Vec::new();
        let (header, header_bytes) = Header::read(source)?;
        let text_bytes = read_segment(source, "TEXT", header.text)?;
        let head_hash = fnv1a(&[&header_bytes, &text_bytes]);
        let mut keywords = text::parse(&text_bytes, &mut departures)?;
        if let Some(range) = supplemental_text(&keywords, header.text)? {
            let bytes = read_segment(source, "supplemental TEXT", range)?;
            keywords.extend(text::parse(&bytes, &mut departures)?);
        }
        let (parameters, byte_order) = parameters::read(&keywords, &mut departures)?;
        let event_bytes = parameters.iter().map(|p| p.bytes).sum::<usize>();
        let (data_begin, n_events) = place_data(
            source.len(),
            &header,
            &keywords,
            event_bytes,
            &mut departures,
        )?;
        Ok(Self {
            version: header.version,
            keywords: keywords.into_pairs(),
            parameters,
            n_events,
            data_begin,
            event_bytes,
            byte_order,
            departures,
            head_hash,
        })
    }
}

/// A segment as a half-open range of bytes.
type Range = (u64, u64);

fn read_segment(source: &dyn Source, segment: &'static str, range: Range) -> Result<Vec<u8>> {
    let (begin, end) = range;
    let length = source.len();
    if end > length || begin >= end {
        return Err(Error::Truncated {
            segment,
            begin,
            end,
            length,
        });
    }
    // The segment lies inside the file, so this allocates no more than the file's size.
    let size = usize::try_from(end - begin).map_err(|_| Error::Offsets {
        segment,
        detail: format!("{} bytes do not fit in memory", end - begin),
    })?;
    let mut bytes = vec![0; size];
    source.read_at(&mut bytes, begin)?;
    Ok(bytes)
}

/// Where supplemental TEXT lies, if there is any beside the primary one.
fn supplemental_text(keywords: &Keywords, primary: Range) -> Result<Option<Range>> {
    let begin = keywords.whole_number("$BEGINSTEXT")?.unwrap_or(0);
    let end = keywords.whole_number("$ENDSTEXT")?.unwrap_or(0);
    let range = (begin, end.saturating_add(1));
    let beside_primary = begin >= primary.1 || end < primary.0;
    Ok((begin > 0 && end > begin && beside_primary).then_some(range))
}

/// Settle where DATA begins and how many events it holds.
///
/// FCS 3.x prefers the offsets of TEXT (3.1 §3.1); those of HEADER are 0 or blank for
/// large files. Where both are given and differ, see [`choose`].
fn place_data(
    length: u64,
    header: &Header,
    keywords: &Keywords,
    event_bytes: usize,
    departures: &mut Vec<Departure>,
) -> Result<(u64, usize)> {
    let in_text = match (
        keywords.whole_number("$BEGINDATA")?,
        keywords.whole_number("$ENDDATA")?,
    ) {
        (Some(begin), Some(end)) if begin > 0 && end >= begin => {
            Some((begin, end.saturating_add(1)))
        }
        _ => None,
    };
    let total = keywords.whole_number("$TOT")?;
    let needed = total.map(|n| n.saturating_mul(event_bytes as u64));
    let (begin, end) = match (in_text, header.data) {
        (None, None) if total == Some(0) => return Ok((0, 0)),
        (None, None) => {
            return Err(Error::Offsets {
                segment: "DATA",
                detail: "neither HEADER nor TEXT says where it lies".into(),
            });
        }
        (Some(range), None) | (None, Some(range)) => range,
        (Some(text), Some(head)) if text.0 == head.0 => {
            if text.1 != head.1 {
                departures.push(Departure::new(
                    "data-end-differs",
                    format!("HEADER ends DATA at {}, TEXT at {}", head.1 - 1, text.1 - 1),
                    "took the number of events from $TOT".into(),
                ));
            }
            (text.0, text.1.max(head.1))
        }
        (Some(text), Some(head)) => {
            let place = Place {
                needed: needed.unwrap_or(0),
                text_segment: header.text,
                length,
            };
            choose(text, head, &place, departures)?
        }
    };
    if overlaps_head((begin, needed.unwrap_or(end - begin)), header.text) {
        return Err(Error::Offsets {
            segment: "DATA",
            detail: format!(
                "it begins at {begin} and would overlap HEADER or TEXT (bytes {} to {})",
                header.text.0,
                header.text.1 - 1
            ),
        });
    }
    count_events(length, (begin, end), needed, event_bytes, departures).map(|n| (begin, n))
}

/// Whether `size` bytes from `begin` on reach into HEADER or into TEXT.
fn overlaps_head((begin, size): (u64, u64), text: Range) -> bool {
    begin < header::HEADER_BYTES as u64 || (begin < text.1 && begin.saturating_add(size) > text.0)
}

/// What is known when two places for DATA have to be told apart.
struct Place {
    /// Bytes that `$TOT` events need.
    needed: u64,
    text_segment: Range,
    length: u64,
}

impl Place {
    /// DATA overlaps neither HEADER nor TEXT, and lies inside the file.
    fn is_possible(&self, range: Range) -> bool {
        !overlaps_head((range.0, self.needed), self.text_segment)
            && range.0.saturating_add(self.needed) <= self.length
    }

    fn holds(&self, range: Range, slack: u64) -> bool {
        self.needed > 0 && range.1 - range.0 == self.needed.saturating_add(slack)
    }
}

/// A test that DATA at the right place passes, and the same in words.
type Criterion<'a> = (&'a dyn Fn(Range) -> bool, &'static str);

/// Choose between two places for DATA: the first criterion that only one of them meets decides
/// and is reported; if none does, it is an error.
fn choose(
    text: Range,
    head: Range,
    place: &Place,
    departures: &mut Vec<Departure>,
) -> Result<Range> {
    let criteria: [Criterion<'_>; 4] = [
        (
            &|range| place.is_possible(range),
            "the only place inside the file and outside HEADER and TEXT",
        ),
        (
            &|range| place.holds(range, 0),
            "whose segment alone holds exactly $TOT events",
        ),
        (
            &|range| place.holds(range, 1),
            "whose segment alone holds $TOT events, but for an end one byte too far",
        ),
        (
            &|range| place.holds(range, 0) && range.0 == place.text_segment.1,
            "which begins right behind TEXT and leaves no unexplained gap",
        ),
    ];
    for (meets, words) in criteria {
        let (chosen, name) = match (meets(text), meets(head)) {
            (true, false) => (text, "TEXT"),
            (false, true) => (head, "HEADER"),
            _ => continue,
        };
        departures.push(Departure::new(
            "data-begin-differs",
            format!("HEADER begins DATA at {}, TEXT at {}", head.0, text.0),
            format!("took that of {name}, {words}"),
        ));
        return Ok(chosen);
    }
    Err(Error::AmbiguousData {
        header: head.0,
        text: text.0,
        bytes: place.needed,
    })
}

fn count_events(
    length: u64,
    (begin, end): Range,
    needed: Option<u64>,
    event_bytes: usize,
    departures: &mut Vec<Departure>,
) -> Result<usize> {
    let row = event_bytes as u64;
    let declared = end - begin;
    let bytes = if let Some(bytes) = needed {
        // An end that is one short is common and harmless.
        if bytes > declared.saturating_add(1) {
            return Err(Error::Offsets {
                segment: "DATA",
                detail: format!(
                    "$TOT = {} events need {bytes} bytes, the segment has {declared}",
                    bytes / row.max(1)
                ),
            });
        }
        if bytes != declared {
            departures.push(Departure::new(
                "data-length",
                format!("DATA is declared as {declared} bytes, $TOT events need {bytes}"),
                "read $TOT events".into(),
            ));
        }
        bytes
    } else {
        departures.push(Departure::new(
            "tot-missing",
            "$TOT is missing".into(),
            "took the number of events from the length of DATA".into(),
        ));
        declared / row * row
    };
    let data_end = begin.saturating_add(bytes);
    if data_end > length {
        return Err(Error::Truncated {
            segment: "DATA",
            begin,
            end: data_end,
            length,
        });
    }
    usize::try_from(bytes / row).map_err(|_| Error::Offsets {
        segment: "DATA",
        detail: format!("{bytes} bytes do not fit in memory"),
    })
}

/// FNV-1a, 64 bits: fast, stable, and enough to notice that a file is another one.
fn fnv1a(parts: &[&[u8]]) -> u64 {
    parts
        .iter()
        .flat_map(|part| part.iter())
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[cfg(test)]
mod tests;
