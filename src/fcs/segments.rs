//! Segments: where TEXT, supplemental TEXT and ANALYSIS lie, and their bytes.

use crate::error::{Error, Result};
use crate::memory;
use crate::source::Source;

use super::Violation;
use super::header::Header;
use super::keywords::Keywords;
use super::text;

/// A segment as a half-open range of bytes.
pub type Range = (u64, u64);

pub(super) fn read_segment(
    source: &dyn Source,
    segment: &'static str,
    range: Range,
) -> Result<Vec<u8>> {
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
    let size = usize::try_from(end - begin).map_err(|_| Error::Offsets {
        segment,
        detail: format!("{} bytes do not fit in memory", end - begin),
    })?;
    let mut bytes = memory::filled(size, 0, "a segment of keywords")?;
    source.read_at(&mut bytes, begin)?;
    Ok(bytes)
}

/// A range from two keywords, or `None` where they are missing, blank, 0 or no numbers.
fn range(
    keywords: &Keywords,
    begin: &str,
    end: &str,
    violations: &mut Vec<Violation>,
) -> Option<Range> {
    let begin = keywords.whole_number_if_any(begin, violations).unwrap_or(0);
    let end = keywords.whole_number_if_any(end, violations).unwrap_or(0);
    (begin > 0 && end > begin).then(|| (begin, end.saturating_add(1)))
}

/// Read supplemental TEXT where there is any beside the primary one, and add its keywords.
pub(super) fn read_supplement(
    source: &dyn Source,
    primary: Range,
    keywords: &mut Keywords,
    violations: &mut Vec<Violation>,
) -> Result<Option<Range>> {
    let Some(segment_range) = range(keywords, "$BEGINSTEXT", "$ENDSTEXT", violations) else {
        return Ok(None);
    };
    if segment_range.0 < primary.1 && segment_range.1 > primary.0 {
        return Ok(None);
    }
    let bytes = read_segment(source, "supplemental TEXT", segment_range)?;
    keywords.extend(text::parse(&bytes, violations)?);
    Ok(Some(segment_range))
}

/// Read ANALYSIS, which has the form of TEXT. Nothing in it decides about events, so that what
/// cannot be read is left out and reported.
pub(super) fn read_analysis(
    source: &dyn Source,
    header: &Header,
    text: Range,
    keywords: &Keywords,
    violations: &mut Vec<Violation>,
) -> (Option<Range>, text::Pairs) {
    let named = range(keywords, "$BEGINANALYSIS", "$ENDANALYSIS", violations);
    let Some(segment_range) = named.or(header.analysis) else {
        return (None, Vec::new());
    };
    let apart = segment_range.0 >= text.1 || segment_range.1 <= text.0;
    let parsed = if apart {
        read_segment(source, "ANALYSIS", segment_range)
            .and_then(|bytes| super::text::parse(&bytes, violations))
    } else {
        Err(Error::Offsets {
            segment: "ANALYSIS",
            detail: format!("it begins at {}, inside TEXT", segment_range.0),
        })
    };
    match parsed {
        Ok(pairs) => (Some(segment_range), pairs),
        Err(error) => {
            violations.push(Violation::new(
                "analysis-unreadable",
                format!(
                    "ANALYSIS from byte {} to {}: it {error}",
                    segment_range.0,
                    segment_range.1 - 1
                ),
                "left ANALYSIS out".into(),
            ));
            (None, Vec::new())
        }
    }
}
