//! FCS files: bytes to events, and the HEADER and TEXT of a file to be written.
//!
//! A list-mode FCS file (FCS 2.0, 3.0: Seamer 1997; 3.1: Spidlen 2010,
//! doi:10.1002/cyto.a.20825; 3.2: Spidlen 2021, doi:10.1002/cyto.a.24225) is one data set or
//! several, each with a HEADER of ASCII offsets, a TEXT segment of keywords, and a DATA segment
//! of events. [`File::read`] understands the first two and settles where the third lies;
//! [`data`] decodes its columns, block by block.
//!
//! A violation of the standard that can be repaired without guessing at values is repaired and
//! reported as a [`Violation`]; any other is an error.

mod amplification;
mod behind;
mod crc;
pub mod data;
mod data_offsets;
mod decode;
mod delimited;
mod encoding;
mod header;
mod keywords;
mod layout;
mod parameters;
mod rows;
mod segments;
mod text;
mod text_end;
mod violation;
mod write;

pub use amplification::Amplification;
pub use decode::Decoder;
pub use encoding::{ByteOrder, Encoding};
pub use parameters::Parameter;
pub use segments::Range;
pub use violation::Violation;
pub use write::{ChannelToWrite, Form, Number, Version, encode_metadata, encode_metadata_as};

use crate::error::{Error, Result};
use crate::source::{Source, Window};
use data_offsets::{Data, DataOffsets};
use header::Header;
use keywords::Keywords;
use layout::{Layout, Stored};
use segments::{read_analysis, read_supplement};

/// A data set whose HEADER and TEXT have been understood.
#[derive(Debug, Clone)]
pub struct File {
    /// `FCS2.0`, `FCS3.0`, `FCS3.1` or `FCS3.2`.
    pub version: String,
    /// Keywords and values in the order of the file, text as written.
    pub keywords: Vec<(String, String)>,
    /// Keywords and values of ANALYSIS.
    pub analysis: Vec<(String, String)>,
    /// The bytes of primary TEXT, as they are.
    pub text: Vec<u8>,
    /// One entry per channel, in file order.
    pub parameters: Vec<Parameter>,
    /// Number of events.
    pub n_events: usize,
    /// Byte of the file at which DATA begins.
    pub data_begin: u64,
    /// Bytes per event, in the rows of [`data::read_rows`].
    pub event_bytes: usize,
    /// Order of the bytes of a number in those rows.
    pub byte_order: ByteOrder,
    /// Where the parts of this data set lie in the file.
    pub segments: Segments,
    /// The check word behind the last segment, where one was computed.
    pub crc: Option<u16>,
    /// Violations of the standard, each with its repair.
    pub violations: Vec<Violation>,
    /// FNV-1a hash of the bytes of HEADER and TEXT.
    pub metadata_hash: u64,
    stored: Stored,
    event_bits: u64,
    index: delimited::Index,
}

/// Where the parts of a data set lie, as half-open ranges of bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    /// Begin of HEADER, from which the offsets in the data set count.
    pub begin: u64,
    /// Primary TEXT.
    pub text: Range,
    /// Supplemental TEXT.
    pub supplement: Option<Range>,
    /// Events; empty where there are none.
    pub data: Range,
    /// ANALYSIS.
    pub analysis: Option<Range>,
    /// Begin of the next data set, where there is one.
    pub next: Option<u64>,
}

impl Segments {
    /// One past the last byte of the segments.
    fn end(&self) -> u64 {
        let ends = [
            Some(self.text),
            self.supplement,
            Some(self.data),
            self.analysis,
        ];
        ends.into_iter()
            .flatten()
            .map(|range| range.1)
            .max()
            .unwrap_or(0)
    }
}

impl File {
    /// Read HEADER and TEXT of the first data set and settle where DATA lies.
    ///
    /// # Errors
    /// [`Error::NotFcs`], [`Error::Truncated`], [`Error::Text`], [`Error::MissingKeyword`],
    /// [`Error::BadKeyword`], [`Error::Unsupported`] or [`Error::AmbiguousData`], by what is wrong.
    pub fn read(source: &dyn Source) -> Result<Self> {
        Self::read_data_set(source, 0)
    }

    /// Read HEADER and TEXT of data set `number`, from 0.
    ///
    /// # Errors
    /// As [`File::read`]; [`Error::NoSuchDataSet`] if the file has fewer.
    pub fn read_data_set(source: &dyn Source, number: usize) -> Result<Self> {
        let mut begin = 0;
        for available in 1..=number {
            begin =
                next_data_set(source, begin)?.ok_or(Error::NoSuchDataSet { number, available })?;
        }
        Self::read_at(source, begin)
    }

    /// Read HEADER and TEXT of the data set that begins at a byte of the file.
    ///
    /// # Errors
    /// As [`File::read`].
    pub fn read_at(source: &dyn Source, begin: u64) -> Result<Self> {
        let window = Window::new(source, begin);
        let mut violations = Vec::new();
        let (header, header_bytes) = Header::read(&window)?;
        let primary = text_end::read(&window, &header, &mut violations)?;
        let (text, text_range) = (primary.bytes, primary.range);
        let metadata_hash = fnv1a(&[&header_bytes, &text]);
        let mut keywords = Keywords::new(primary.pairs);
        let supplement = read_supplement(&window, text_range, &mut keywords, &mut violations)?;
        violations.extend(keywords.contradictions());
        let described = parameters::read(&keywords, &mut violations)?;
        let order = encoding::StoredOrder::from_keyword(keywords.require("$BYTEORD")?)?;
        let offsets = DataOffsets::read(&header, text_range, &keywords)?;
        let declared = offsets.declared_bytes();
        let layout = layout::settle(described, order, offsets.total, declared, &mut violations)?;
        let data = offsets.settle(window.len(), layout.event_bits, &mut violations)?;
        let (index, n_events) = count(&window, &layout, &offsets, &data, &mut violations)?;
        let (analysis_range, analysis) =
            read_analysis(&window, &header, text_range, &keywords, &mut violations);
        let mut segments = Segments {
            begin: 0,
            text: text_range,
            supplement,
            data: data.range,
            analysis: analysis_range,
            next: None,
        };
        let end = behind::declared_end(&header, &keywords);
        segments.next = next_of(&keywords, &window, text_range, end, &mut violations);
        let crc = crc::stored(&window, segments.end());
        let reach = Some(end).filter(|&end| end <= window.len()).unwrap_or(0);
        let end = segments.end().max(reach);
        behind::report(&window, end, segments.next, &mut violations);
        segments.shift(begin);
        Ok(Self {
            version: header.version,
            keywords: keywords.into_pairs(),
            analysis,
            text,
            parameters: layout.parameters,
            n_events,
            data_begin: segments.data.0,
            event_bytes: layout.event_bytes,
            byte_order: layout.byte_order,
            segments,
            crc,
            violations,
            metadata_hash,
            stored: layout.stored,
            event_bits: layout.event_bits,
            index: index.shifted(begin),
        })
    }

    /// The first of some keywords that is not blank, and its value; of a repeated one the first
    /// counts.
    #[must_use]
    pub fn stated<'a>(&'a self, wanted: &'a [String]) -> Option<(&'a str, &'a str)> {
        wanted.iter().find_map(|name| {
            let mut pairs = self.keywords.iter();
            let (_, value) = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
            let value = value.trim();
            (!value.is_empty()).then_some((name.as_str(), value))
        })
    }

    /// Number of data sets of the file, of which this is number `number`, from 0.
    #[must_use]
    pub fn count_data_sets(&self, source: &dyn Source, number: usize) -> usize {
        // The way through a file is that of its primary TEXTs.
        if self.segments.supplement.is_some() {
            return count_data_sets(source);
        }
        count_behind(source, number + 1, self.segments.next)
    }

    /// Whether the check word fits the bytes before it; `None` where there is none.
    ///
    /// # Errors
    /// As [`Source::read_at`].
    pub fn crc_fits(&self, source: &dyn Source) -> Result<Option<bool>> {
        let Some(stored) = self.crc else {
            return Ok(None);
        };
        let sums = crc::computed(source, self.segments.begin, self.segments.end())?;
        Ok(Some(sums.contains(&stored)))
    }
}

impl Segments {
    /// From offsets in the data set to offsets in the file.
    fn shift(&mut self, begin: u64) {
        let by = |range: &mut Range| *range = (range.0 + begin, range.1 + begin);
        self.begin = begin;
        by(&mut self.text);
        by(&mut self.data);
        self.supplement.iter_mut().for_each(by);
        self.analysis.iter_mut().for_each(by);
        self.next = self.next.map(|next| next + begin);
    }
}

/// Byte at which each data set of a file begins, as far as `$NEXTDATA` leads to readable metadata.
///
/// # Errors
/// As [`File::read`], of the first one.
pub fn data_set_begins(source: &dyn Source) -> Result<Vec<u64>> {
    let mut begins = vec![0];
    let mut next = next_data_set(source, 0)?;
    while let Some(begin) = next {
        begins.push(begin);
        next = next_data_set(source, begin).unwrap_or(None);
    }
    Ok(begins)
}

/// Number of data sets of a file, as far as `$NEXTDATA` leads to readable metadata.
#[must_use]
pub fn count_data_sets(source: &dyn Source) -> usize {
    count_behind(source, 1, next_data_set(source, 0).unwrap_or(None))
}

/// Number of data sets: `known` ones, that at `next`, and those behind it.
fn count_behind(source: &dyn Source, known: usize, mut next: Option<u64>) -> usize {
    let mut number = known;
    while let Some(begin) = next {
        number += 1;
        next = next_data_set(source, begin).unwrap_or(None);
    }
    number
}

/// Keywords and values of a TEXT segment, which are [`File::keywords`] where it is the only one.
///
/// # Errors
/// [`Error::Text`] if they cannot be told apart.
pub fn keywords_of(text: &[u8]) -> Result<Vec<(String, String)>> {
    text::parse(text, &mut Vec::new())
}

/// Where the data set behind that at `begin` begins; only HEADER and TEXT are looked at.
fn next_data_set(source: &dyn Source, begin: u64) -> Result<Option<u64>> {
    let window = Window::new(source, begin);
    let (header, _) = Header::read(&window)?;
    let primary = text_end::read(&window, &header, &mut Vec::new())?;
    let keywords = Keywords::new(primary.pairs);
    let end = behind::declared_end(&header, &keywords);
    let next = next_of(&keywords, &window, primary.range, end, &mut Vec::new());
    Ok(next.map(|next| begin + next))
}

/// `$NEXTDATA`, which counts from the begin of this data set. It must lead behind TEXT, so that
/// every step goes forward and no byte is read as TEXT twice.
fn next_of(
    keywords: &Keywords,
    window: &Window<'_>,
    text: Range,
    end: u64,
    violations: &mut Vec<Violation>,
) -> Option<u64> {
    let value = keywords.get("$NEXTDATA").unwrap_or("0");
    let next = value.parse().ok();
    if next == Some(0) {
        let begin = behind::unnamed_data_set(window, end)?;
        violations.push(Violation::new(
            "nextdata-zero",
            format!("a data set begins at byte {begin}; $NEXTDATA names none"),
            "took it as the next data set".into(),
        ));
        return Some(begin);
    }
    let usable = next.filter(|&next: &u64| {
        next >= text.1 && next < window.len() && header::is_fcs(&Window::new(window, next))
    });
    if usable.is_none() {
        violations.push(Violation::new(
            "nextdata-unusable",
            format!(
                "$NEXTDATA = {:?} leads to no data set",
                keywords::shown(value)
            ),
            "took this data set as the last".into(),
        ));
    }
    usable
}

/// Number of events; where they have no fixed length, DATA is walked through for it.
fn count(
    source: &dyn Source,
    layout: &Layout,
    offsets: &DataOffsets,
    data: &Data,
    violations: &mut Vec<Violation>,
) -> Result<(delimited::Index, usize)> {
    if layout.stored != Stored::Delimited {
        return Ok((delimited::Index::default(), data.n_events));
    }
    let per_event = layout.parameters.len();
    let index = delimited::index(source, data.range, per_event)?;
    let found = index.n_numbers / per_event as u64;
    let n_events = offsets.total.unwrap_or(found);
    if n_events > found {
        return Err(Error::Data {
            detail: format!("it holds {found} events, $TOT says {n_events}"),
        });
    }
    if n_events * per_event as u64 != index.n_numbers {
        violations.push(Violation::new(
            "data-length",
            format!(
                "DATA holds {} numbers, {n_events} events of {per_event} are expected",
                index.n_numbers
            ),
            "left the rest out".into(),
        ));
    }
    let n_events = usize::try_from(n_events).unwrap_or(usize::MAX);
    Ok((index, n_events))
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
