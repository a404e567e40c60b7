//! Bytes behind the last segment of a data set, which no offset explains.

use crate::source::Source;

use super::Violation;
use super::crc::CRC_BYTES;
use super::header::{self, Header};
use super::keywords::{Keywords, PADDING};

/// Bytes behind the last segment that are looked at.
const MOST_BYTES: u64 = 1 << 16;
/// Bytes of padding before a data set that `$NEXTDATA` does not name.
const MOST_PADDING: usize = 64;
/// What writers fill room with.
const PADDING_BYTES: [u8; 5] = *b" \0\r\n0";

/// One past the last byte that offsets of HEADER and TEXT declare.
pub(super) fn declared_end(header: &Header, keywords: &Keywords) -> u64 {
    let ends = ["$ENDDATA", "$ENDSTEXT", "$ENDANALYSIS"];
    let stated = ends
        .iter()
        .filter_map(|name| keywords.get(name)?.parse::<u64>().ok());
    let in_header = [Some(header.text), header.data, header.analysis];
    let in_header = in_header.into_iter().flatten().map(|range| range.1);
    let all = stated.map(|end| end.saturating_add(1)).chain(in_header);
    all.max().unwrap_or(0)
}

/// A data set that begins right behind the last segment though `$NEXTDATA` names none; some
/// instruments write 0 there all the same.
pub(super) fn unnamed_data_set(source: &dyn Source, end: u64) -> Option<u64> {
    let bytes = behind(source, end);
    let fits = |at: &usize| header::starts_as_fcs(&bytes[*at..]);
    let begin = (0..bytes.len().min(MOST_PADDING)).find(fits)?;
    let filled = bytes[..begin].iter().all(|byte| {
        PADDING_BYTES.contains(byte) || byte.is_ascii_alphanumeric() && begin <= CRC_BYTES + 8
    });
    filled.then_some(end + begin as u64)
}

/// Say what stands behind the last segment, a check word and padding apart.
pub(super) fn report(
    source: &dyn Source,
    end: u64,
    next: Option<u64>,
    violations: &mut Vec<Violation>,
) {
    let limit = next.unwrap_or_else(|| source.len());
    let mut bytes = behind(source, end);
    bytes.truncate(usize::try_from(limit.saturating_sub(end)).unwrap_or(usize::MAX));
    let crc = bytes.get(..CRC_BYTES).is_some_and(|word| {
        word.iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ')
    });
    let rest = bytes
        .get(if crc { CRC_BYTES } else { 0 }..)
        .unwrap_or_default();
    if rest
        .iter()
        .all(|byte| PADDING_BYTES.contains(byte) || PADDING.contains(&char::from(*byte)))
    {
        return;
    }
    violations.push(Violation::new(
        "bytes-behind",
        format!("{} bytes from {end} on belong to no segment", limit - end),
        "left them out".into(),
    ));
}

fn behind(source: &dyn Source, end: u64) -> Vec<u8> {
    let count = source.len().saturating_sub(end).min(MOST_BYTES);
    let mut bytes = vec![0; usize::try_from(count).unwrap_or(0)];
    match source.read_at(&mut bytes, end) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}
