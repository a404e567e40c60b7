//! HEADER: the version and six offsets in ASCII (FCS 3.1 §3.1).

use crate::error::{Error, Result};
use crate::source::Source;

use super::segments::Range;

/// Length of HEADER without user-defined segments.
pub(super) const HEADER_BYTES: usize = 58;
/// Width of an offset.
const OFFSET_BYTES: usize = 8;
/// Length of the version, without the blanks behind it.
const VERSION_BYTES: usize = 6;
const VERSIONS: [&str; 4] = ["FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2"];

/// HEADER, with offsets as half-open ranges from the begin of the data set.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) version: String,
    pub(super) text: Range,
    /// `None` where the offsets are 0 or blank, as in files above 99,999,999 bytes.
    pub(super) data: Option<Range>,
    /// `None` where there is no ANALYSIS; unusable offsets of it count as none.
    pub(super) analysis: Option<Range>,
}

/// Whether a data set begins at the first byte of `source`.
pub(super) fn is_fcs(source: &dyn Source) -> bool {
    let mut start = [0; VERSION_BYTES];
    source.read_at(&mut start, 0).is_ok() && starts_as_fcs(&start)
}

/// Whether bytes start with a version that is read here.
pub(super) fn starts_as_fcs(bytes: &[u8]) -> bool {
    VERSIONS
        .iter()
        .any(|version| bytes.starts_with(version.as_bytes()))
}

impl Header {
    pub(super) fn read(source: &dyn Source) -> Result<(Self, [u8; HEADER_BYTES])> {
        let mut start = [0; VERSION_BYTES];
        let available = usize::try_from(source.len()).unwrap_or(usize::MAX);
        let start = &mut start[..available.min(VERSION_BYTES)];
        source.read_at(start, 0)?;
        let version = String::from_utf8_lossy(start).into_owned();
        if !VERSIONS.contains(&version.as_str()) {
            return Err(Error::NotFcs {
                found: version.escape_default().to_string(),
            });
        }
        if source.len() < HEADER_BYTES as u64 {
            return Err(Error::Truncated {
                segment: "HEADER",
                begin: 0,
                end: HEADER_BYTES as u64,
                length: source.len(),
            });
        }
        let mut bytes = [0; HEADER_BYTES];
        source.read_at(&mut bytes, 0)?;
        let (text_begin, text_end) = (offset(&bytes, 0, "TEXT")?, offset(&bytes, 1, "TEXT")?);
        if text_begin < HEADER_BYTES as u64 || text_end <= text_begin {
            return Err(Error::Offsets {
                segment: "TEXT",
                detail: format!("it begins at {text_begin} and ends at {text_end}"),
            });
        }
        let (data_begin, data_end) = (offset(&bytes, 2, "DATA")?, offset(&bytes, 3, "DATA")?);
        let data = (data_begin > 0 && data_end >= data_begin).then_some((data_begin, data_end + 1));
        // Some writers put blanks or -1 here; ANALYSIS holds no events.
        let lenient = |index| offset(&bytes, index, "ANALYSIS").unwrap_or(0);
        let (begin, end) = (lenient(4), lenient(5));
        let analysis = (begin > 0 && end > begin).then_some((begin, end + 1));
        let header = Self {
            version,
            text: (text_begin, text_end + 1),
            data,
            analysis,
        };
        Ok((header, bytes))
    }
}

/// The offset number `index`; blank counts as 0.
fn offset(bytes: &[u8; HEADER_BYTES], index: usize, segment: &'static str) -> Result<u64> {
    let begin = 10 + index * OFFSET_BYTES;
    let field = String::from_utf8_lossy(&bytes[begin..begin + OFFSET_BYTES]);
    let field = field.trim_matches([' ', '\0']);
    if field.is_empty() {
        return Ok(0);
    }
    field.parse().map_err(|_| Error::Offsets {
        segment,
        detail: format!("{field:?} is not a number"),
    })
}
