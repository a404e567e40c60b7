//! DATA offsets: where DATA begins and how many events it holds.
//!
//! FCS 3.x prefers the offsets of TEXT (3.1 §3.1); those of HEADER are 0 or blank for large
//! files. Where both are given and differ, what can be decided without guessing is decided by
//! [`choose`] and reported.

use crate::error::{Error, Result};

use super::Violation;
use super::crc::CRC_BYTES;
use super::header::{HEADER_BYTES, Header};
use super::keywords::Keywords;
use super::layout::bytes_of;
use super::segments::Range;

/// What HEADER and TEXT say of DATA.
#[derive(Debug)]
pub(super) struct DataOffsets {
    in_text: Option<Range>,
    in_header: Option<Range>,
    pub(super) total: Option<u64>,
    text_segment: Range,
}

impl DataOffsets {
    pub(super) fn read(header: &Header, text: Range, keywords: &Keywords) -> Result<Self> {
        let begin = keywords.whole_number("$BEGINDATA")?.unwrap_or(0);
        let end = keywords.whole_number("$ENDDATA")?.unwrap_or(0);
        Ok(Self {
            in_text: (begin > 0 && end >= begin).then(|| (begin, end.saturating_add(1))),
            in_header: header.data,
            total: keywords.whole_number("$TOT")?,
            text_segment: text,
        })
    }

    /// The length that is declared for DATA, where one is.
    pub(super) fn declared_bytes(&self) -> Option<u64> {
        let range = self.in_text.or(self.in_header)?;
        Some(range.1 - range.0)
    }

    /// Settle where DATA lies, for events of `event_bits` bits (0: of no fixed length).
    pub(super) fn settle(
        &self,
        length: u64,
        event_bits: u64,
        violations: &mut Vec<Violation>,
    ) -> Result<Data> {
        let needed = self
            .total
            .filter(|_| event_bits > 0)
            .map(|total| bytes_of(total, event_bits));
        let limits = Limits {
            needed: needed.unwrap_or(0),
            text_segment: self.text_segment,
            length,
        };
        let Some(range) = self.range(&limits, violations)? else {
            return Ok(Data::default());
        };
        let range = extend_point(range, limits.needed, violations);
        let reach = needed.unwrap_or(range.1 - range.0);
        if overlaps_head((range.0, reach), self.text_segment) {
            return Err(Error::Offsets {
                segment: "DATA",
                detail: format!(
                    "it begins at {} and would overlap HEADER or TEXT (bytes {} to {})",
                    range.0,
                    self.text_segment.0,
                    self.text_segment.1 - 1
                ),
            });
        }
        if event_bits == 0 {
            return check_end(range, length).map(|()| Data { range, n_events: 0 });
        }
        // Offsets decide over $TOT where HEADER and TEXT agree on them, or the file ends there.
        let agreed = self.in_text.is_some() && self.in_text == self.in_header;
        let decide =
            agreed || (range.1..=range.1.saturating_add(CRC_BYTES as u64)).contains(&length);
        let total = self.total;
        let confirmed = self.holds_exactly(limits.needed);
        let contradicted = |&total: &u64| !confirmed && contradicts(total, range, event_bits);
        let total = match total.filter(contradicted) {
            Some(total) => Some(whole_events(total, range, event_bits, decide, violations)?),
            None => total,
        };
        let n_events = count_events(length, range, total, event_bits, violations)?;
        let end = range.0 + bytes_of(n_events as u64, event_bits);
        Ok(Data {
            range: (range.0, end),
            n_events,
        })
    }

    /// Whether the segment of HEADER or that of TEXT has this length, as two of three agree then.
    fn holds_exactly(&self, needed: u64) -> bool {
        let claims = [self.in_text, self.in_header];
        needed > 0
            && claims.into_iter().flatten().any(|range| {
                let declared = range.1 - range.0;
                declared == needed || declared == needed.saturating_add(1)
            })
    }

    fn range(&self, limits: &Limits, violations: &mut Vec<Violation>) -> Result<Option<Range>> {
        match (self.in_text, self.in_header) {
            (None, None) if self.total == Some(0) => Ok(None),
            (None, None) => Err(Error::Offsets {
                segment: "DATA",
                detail: "neither HEADER nor TEXT says where it lies".into(),
            }),
            (Some(range), None) | (None, Some(range)) => Ok(Some(range)),
            (Some(text), Some(head)) if text.0 == head.0 => {
                if text.1 != head.1 {
                    violations.push(Violation::new(
                        "data-end-differs",
                        format!("HEADER ends DATA at {}, TEXT at {}", head.1 - 1, text.1 - 1),
                        "took the number of events from $TOT".into(),
                    ));
                }
                Ok(Some((text.0, text.1.max(head.1))))
            }
            (Some(text), Some(head)) => choose(text, head, limits, violations).map(Some),
        }
    }
}

/// DATA, relative to the begin of the data set.
#[derive(Debug, Default)]
pub(super) struct Data {
    pub(super) range: Range,
    /// 0 where events have no fixed length.
    pub(super) n_events: usize,
}

/// Some instruments write an end that equals the begin, and mean that `$TOT` decides.
fn extend_point(range: Range, needed: u64, violations: &mut Vec<Violation>) -> Range {
    if range.1 - range.0 > 1 || needed <= 2 {
        return range;
    }
    violations.push(Violation::new(
        "data-end-missing",
        format!("DATA begins and ends at {}", range.0),
        "took its length from $TOT".into(),
    ));
    (range.0, range.0.saturating_add(needed))
}

/// Whether `size` bytes from `begin` on reach into HEADER or into TEXT.
fn overlaps_head((begin, size): (u64, u64), text: Range) -> bool {
    begin < HEADER_BYTES as u64 || (begin < text.1 && begin.saturating_add(size) > text.0)
}

/// What DATA must fit, to choose between the offsets of HEADER and those of TEXT.
struct Limits {
    /// Bytes that `$TOT` events need.
    needed: u64,
    text_segment: Range,
    length: u64,
}

impl Limits {
    /// DATA overlaps neither HEADER nor TEXT, and lies inside the file.
    fn is_possible(&self, range: Range) -> bool {
        !overlaps_head((range.0, self.needed), self.text_segment)
            && range.0.saturating_add(self.needed) <= self.length
    }

    fn holds(&self, range: Range, slack: u64) -> bool {
        self.needed > 0 && range.1 - range.0 == self.needed.saturating_add(slack)
    }
}

/// A test that the right offsets of DATA pass, and the same in words.
type Criterion<'a> = (&'a dyn Fn(Range) -> bool, &'static str);

/// Choose between the offsets of TEXT and HEADER: the first criterion that only one of them meets decides
/// and is reported; if none does, it is an error.
fn choose(
    text: Range,
    head: Range,
    limits: &Limits,
    violations: &mut Vec<Violation>,
) -> Result<Range> {
    let criteria: [Criterion<'_>; 4] = [
        (
            &|range| limits.is_possible(range),
            "the only one inside the file and outside HEADER and TEXT",
        ),
        (
            &|range| limits.holds(range, 0),
            "whose segment alone holds exactly $TOT events",
        ),
        (
            &|range| limits.holds(range, 1),
            "whose segment alone holds $TOT events, but for an end one byte too far",
        ),
        (
            &|range| limits.holds(range, 0) && range.0 == limits.text_segment.1,
            "which begins right behind TEXT and leaves no unexplained gap",
        ),
    ];
    for (meets, words) in criteria {
        let (chosen, name) = match (meets(text), meets(head)) {
            (true, false) => (text, "TEXT"),
            (false, true) => (head, "HEADER"),
            _ => continue,
        };
        violations.push(Violation::new(
            "data-begin-differs",
            format!("HEADER begins DATA at {}, TEXT at {}", head.0, text.0),
            format!("took that of {name}, {words}"),
        ));
        return Ok(chosen);
    }
    Err(Error::AmbiguousData {
        header: head.0,
        text: text.0,
        bytes: limits.needed,
    })
}

/// Whether DATA holds a whole number of events above `total`, an end one byte too far apart.
fn contradicts(total: u64, (begin, end): Range, event_bits: u64) -> bool {
    let declared = end - begin;
    let held = events_in(declared, event_bits);
    held > total
        && bytes_of(held, event_bits) == declared
        && declared > bytes_of(total, event_bits).saturating_add(1)
}

fn events_in(bytes: u64, event_bits: u64) -> u64 {
    u64::try_from(u128::from(bytes) * 8 / u128::from(event_bits)).unwrap_or(u64::MAX)
}

/// The number of events that the offsets give, which contradicts `$TOT`.
fn whole_events(
    total: u64,
    (begin, end): Range,
    event_bits: u64,
    decide: bool,
    violations: &mut Vec<Violation>,
) -> Result<u64> {
    let held = events_in(end - begin, event_bits);
    if !decide {
        return Err(Error::Offsets {
            segment: "DATA",
            detail: format!(
                "its {} bytes hold exactly {held} events, $TOT says {total}, and nothing else in \
                 the file tells which is right",
                end - begin
            ),
        });
    }
    violations.push(Violation::new(
        "tot-differs",
        format!("$TOT is {total}, the bytes of DATA hold exactly {held} events"),
        format!("read the {held} events that the offsets give"),
    ));
    Ok(held)
}

fn count_events(
    length: u64,
    (begin, end): Range,
    total: Option<u64>,
    event_bits: u64,
    violations: &mut Vec<Violation>,
) -> Result<usize> {
    let declared = end - begin;
    let n_events = if let Some(total) = total {
        let bytes = bytes_of(total, event_bits);
        // An end that is one short is common and harmless.
        if bytes > declared.saturating_add(1) {
            return Err(Error::Offsets {
                segment: "DATA",
                detail: format!(
                    "$TOT = {total} events need {bytes} bytes, the segment has {declared}"
                ),
            });
        }
        if bytes != declared {
            violations.push(Violation::new(
                "data-length",
                format!("DATA is declared as {declared} bytes, $TOT events need {bytes}"),
                "read $TOT events".into(),
            ));
        }
        total
    } else {
        violations.push(Violation::new(
            "tot-missing",
            "$TOT is missing".into(),
            "took the number of events from the length of DATA".into(),
        ));
        events_in(declared, event_bits)
    };
    check_end(
        (begin, begin.saturating_add(bytes_of(n_events, event_bits))),
        length,
    )?;
    usize::try_from(n_events).map_err(|_| Error::Offsets {
        segment: "DATA",
        detail: format!("{n_events} events do not fit in memory"),
    })
}

fn check_end((begin, end): Range, length: u64) -> Result<()> {
    if end > length {
        return Err(Error::Truncated {
            segment: "DATA",
            begin,
            end,
            length,
        });
    }
    Ok(())
}
