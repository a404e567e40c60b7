//! The end of primary TEXT, which HEADER may put some bytes too late or too early.
//!
//! An end one byte too late makes TEXT overlap DATA; one that is too early loses keywords, the
//! spillover matrix among them. TEXT ends in its delimiter (FCS 3.1 §3.2.3), and the segment that
//! follows says how far it can reach, so that both can be told and mended.

use crate::error::Result;
use crate::source::Source;

use super::Violation;
use super::header::Header;
use super::keywords::PADDING;
use super::segments::{Range, read_segment};
use super::text::{self, Pairs};

/// Bytes behind TEXT that are looked at for keywords.
const MOST_BEHIND: u64 = 1 << 20;
/// Bytes by which TEXT may reach into DATA and still be repaired.
const MOST_OVERLAP: u64 = 2;

/// Primary TEXT: its bytes, its keywords and where it lies.
pub(super) struct PrimaryText {
    pub(super) bytes: Vec<u8>,
    pub(super) pairs: Pairs,
    pub(super) range: Range,
}

/// Read primary TEXT and settle where it ends.
pub(super) fn read(
    source: &dyn Source,
    header: &Header,
    violations: &mut Vec<Violation>,
) -> Result<PrimaryText> {
    let mut range = header.text;
    let mut bytes = read_segment(source, "TEXT", range)?;
    shorten(
        &mut bytes,
        &mut range,
        header.data.map(|data| data.0),
        violations,
    );
    let mut met = Vec::new();
    let mut parsed = text::parse(&bytes, &mut met);
    let stated = stated_begins(parsed.as_deref().unwrap_or_default());
    if header.data.is_none() && shorten(&mut bytes, &mut range, stated.data, violations) {
        met.clear();
        parsed = text::parse(&bytes, &mut met);
    }
    let begins = [
        header.data.map(|data| data.0),
        header.analysis.map(|range| range.0),
    ];
    let following = begins.into_iter().flatten().chain(stated.all);
    let next = following.filter(|&begin| begin >= range.1).min();
    let gap = next.filter(|&next| next > range.1 && next <= source.len());
    let gap = match gap {
        Some(next) => read_segment(source, "TEXT", (range.1, next.min(range.1 + MOST_BEHIND)))?,
        None => Vec::new(),
    };
    let found = parsed.as_deref().ok();
    if let Some((longer, pairs, also_met)) = continued(&bytes, found, &gap) {
        let end = range.0 + longer.len() as u64;
        violations.push(Violation::new(
            "text-end-short",
            format!(
                "HEADER ends TEXT at {}; keywords go on to byte {}",
                range.1 - 1,
                end - 1
            ),
            "read the keywords up to there".into(),
        ));
        violations.extend(also_met);
        let range = (range.0, end);
        return Ok(PrimaryText {
            bytes: longer,
            pairs,
            range,
        });
    }
    let pairs = parsed?;
    violations.extend(met);
    if !text::ends_delimited(&bytes) && !violations.iter().any(|one| one.code == "unpaired-token") {
        violations.push(Violation::new(
            "text-unterminated",
            "TEXT does not end in its delimiter".into(),
            "took the last value as it stands; it may be cut short".into(),
        ));
    }
    if is_keywords(&gap) {
        violations.push(Violation::new(
            "keywords-between-segments",
            format!(
                "bytes from {} on, outside of all segments, hold keywords",
                range.1
            ),
            "left them out".into(),
        ));
    }
    Ok(PrimaryText {
        bytes,
        pairs,
        range,
    })
}

/// Where keywords say that other segments begin; what is no number says nothing here.
struct StatedBegins {
    data: Option<u64>,
    all: Vec<u64>,
}

fn stated_begins(pairs: &[(String, String)]) -> StatedBegins {
    let begin = |wanted: &str| {
        let (_, value) = pairs
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(wanted))?;
        value
            .trim_matches(PADDING)
            .parse()
            .ok()
            .filter(|&begin: &u64| begin > 0)
    };
    let names = ["$BEGINDATA", "$BEGINSTEXT", "$BEGINANALYSIS", "$NEXTDATA"];
    StatedBegins {
        data: begin(names[0]),
        all: names.into_iter().filter_map(begin).collect(),
    }
}

/// Leave out bytes that are the first of DATA; whether there were any.
fn shorten(
    bytes: &mut Vec<u8>,
    range: &mut Range,
    data: Option<u64>,
    violations: &mut Vec<Violation>,
) -> bool {
    let Some(data) = data.filter(|&data| data > range.0 && data < range.1) else {
        return false;
    };
    let overlap = range.1 - data;
    let Some(kept) = usize::try_from(overlap)
        .ok()
        .and_then(|n| bytes.len().checked_sub(n))
    else {
        return false;
    };
    if overlap > MOST_OVERLAP || !text::ends_delimited(&bytes[..kept]) {
        return false;
    }
    violations.push(Violation::new(
        "text-end-in-data",
        format!("TEXT ends at {}, DATA begins at {data}", range.1 - 1),
        "ended TEXT right before DATA, where its last delimiter is".into(),
    ));
    bytes.truncate(kept);
    range.1 = data;
    true
}

/// TEXT with the bytes behind it, where together they are keywords that begin as TEXT does.
fn continued(
    bytes: &[u8],
    found: Option<&[(String, String)]>,
    gap: &[u8],
) -> Option<(Vec<u8>, Pairs, Vec<Violation>)> {
    let gap = &gap[..gap.len() - blanks_at_end(gap)];
    if gap.is_empty() {
        return None;
    }
    let longer = [bytes, gap].concat();
    if !text::ends_delimited(&longer) {
        return None;
    }
    let mut met = Vec::new();
    let pairs = text::parse(&longer, &mut met).ok()?;
    // Where TEXT ends inside a value, the last of its pairs is not whole; two delimiters at its
    // end may be one that belongs to the value.
    let delimiters = bytes.first().map_or(0, |by| {
        bytes.iter().rev().take_while(|byte| *byte == by).count()
    });
    let is_whole = text::ends_delimited(bytes) && (delimiters % 2 == 1 || delimiters == 0);
    let whole = found.map_or(0, |found| {
        found.len().saturating_sub(usize::from(!is_whole))
    });
    let same = found.is_none_or(|found| found.get(..whole) == pairs.get(..whole));
    let more = pairs.get(whole..).unwrap_or_default();
    let legible = more
        .iter()
        .all(|(key, _)| key.chars().all(|sign| !sign.is_control()));
    let odd = met.iter().any(|one| one.code == "unpaired-token");
    (same && legible && !odd && !more.is_empty()).then_some((longer, pairs, met))
}

fn blanks_at_end(bytes: &[u8]) -> usize {
    let blank = |byte: &&u8| byte.is_ascii_whitespace() || **byte == 0;
    bytes.iter().rev().take_while(blank).count()
}

/// Whether bytes are a segment of keywords by themselves.
fn is_keywords(gap: &[u8]) -> bool {
    let begin = gap
        .iter()
        .position(|byte| !byte.is_ascii_whitespace() && *byte != 0);
    let Some(gap) = begin.and_then(|begin| gap.get(begin..)) else {
        return false;
    };
    let words = |pairs: Pairs| {
        pairs.iter().all(|(key, value)| {
            let legible = |text: &str| text.chars().all(|sign| !sign.is_control());
            legible(key) && legible(value)
        })
    };
    text::ends_delimited(gap) && text::parse(gap, &mut Vec::new()).is_ok_and(words)
}
