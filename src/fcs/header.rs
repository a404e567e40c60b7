//! HEADER: the version and six offsets in ASCII (FCS 3.1 §3.1).

use crate::error::{Error, Result};
use crate::source::Source;

use super::Range;

/// Length of HEADER without user-defined segments.
pub(super) const HEADER_BYTES: usize = 58;
/// Width of an offset.
const OFFSET_BYTES: usize = 8;

/// HEADER, with offsets as half-open ranges.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) version: String,
    pub(super) text: Range,
    /// `None` where the offsets are 0 or blank, as in files above 99,999,999 bytes.
    pub(super) data: Option<Range>,
}

impl Header {
    pub(super) fn read(source: &dyn Source) -> Result<(Self, [u8; HEADER_BYTES])> {
        let mut start = [0; 6];
        let available = usize::try_from(source.len()).map_or(6, |length| length.min(6));
        source.read_at(&mut start[..available], 0)?;
        let version = String::from_utf8_lossy(&start[..available]).into_owned();
        if !matches!(version.as_str(), "FCS2.0" | "FCS3.0" | "FCS3.1" | "FCS3.2") {
            return Err(Error::NotFcs {
                found: version.escape_default().to_string(),
            });
        }
        let mut bytes = [0; HEADER_BYTES];
        if source.len() < HEADER_BYTES as u64 {
            return Err(Error::Truncated {
                segment: "HEADER",
                begin: 0,
                end: HEADER_BYTES as u64,
                length: source.len(),
            });
        }
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
        let header = Self {
            version,
            text: (text_begin, text_end + 1),
            data,
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
