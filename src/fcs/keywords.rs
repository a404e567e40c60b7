//! Keywords in file order, found without regard to case.

use std::collections::HashMap;

use crate::error::{Error, Result};

use super::Violation;

/// Blanks that writers put around values.
pub(super) const PADDING: [char; 5] = [' ', '\t', '\r', '\n', '\0'];
/// Most characters of a value that a message repeats.
const MOST_SHOWN: usize = 60;
/// Most keywords that a message lists.
const MOST_LISTED: usize = 5;

/// Keywords and values; of a repeated keyword the first counts.
#[derive(Debug, Default)]
pub(super) struct Keywords {
    pairs: Vec<(String, String)>,
    first: HashMap<String, usize>,
}

impl Keywords {
    pub(super) fn new(pairs: Vec<(String, String)>) -> Self {
        let mut keywords = Self::default();
        keywords.extend(pairs);
        keywords
    }

    /// Append the keywords of another segment; those already there come first.
    pub(super) fn extend(&mut self, more: Vec<(String, String)>) {
        self.pairs.reserve(more.len());
        self.first.reserve(more.len());
        for pair in more {
            let index = self.pairs.len();
            self.first
                .entry(pair.0.to_ascii_uppercase())
                .or_insert(index);
            self.pairs.push(pair);
        }
    }

    pub(super) fn into_pairs(self) -> Vec<(String, String)> {
        self.pairs
    }

    /// The value of a keyword (given in upper case), trimmed, or `None` where it is missing or
    /// blank.
    pub(super) fn get(&self, keyword: &str) -> Option<&str> {
        let index = *self.first.get(keyword)?;
        let value = self.pairs[index].1.trim_matches(PADDING);
        Some(value).filter(|value| !value.is_empty())
    }

    /// The value of a required keyword.
    pub(super) fn require(&self, keyword: &str) -> Result<&str> {
        self.get(keyword).ok_or_else(|| Error::MissingKeyword {
            keyword: keyword.into(),
        })
    }

    /// A whole number, or `None` where the keyword is missing or blank.
    pub(super) fn whole_number(&self, keyword: &str) -> Result<Option<u64>> {
        self.parsed(keyword, "a whole number")
    }

    /// A whole number, or `None` where the keyword is missing, blank or, which is reported, no
    /// number.
    pub(super) fn whole_number_if_any(
        &self,
        keyword: &str,
        violations: &mut Vec<Violation>,
    ) -> Option<u64> {
        self.whole_number(keyword).unwrap_or_else(|_| {
            violations.push(self.unreadable(keyword, "took it as 0, there is none"));
            None
        })
    }

    /// The violation of a value that cannot be read and decides nothing.
    pub(super) fn unreadable(&self, keyword: &str, repair: &str) -> Violation {
        let value = self.get(keyword).unwrap_or_default();
        Violation::new(
            "value-unreadable",
            format!("{keyword} = {:?} is no number", shown(value)),
            repair.into(),
        )
    }

    /// Keywords that are there again with another value; blanks around values do not count.
    pub(super) fn contradictions(&self) -> Option<Violation> {
        let mut found = Vec::new();
        for (index, (key, value)) in self.pairs.iter().enumerate() {
            let key = key.to_ascii_uppercase();
            let first = self.first.get(&key).copied().unwrap_or(index);
            let (value, kept) = (
                value.trim_matches(PADDING),
                self.pairs[first].1.trim_matches(PADDING),
            );
            if first == index || value == kept {
                continue;
            }
            // What else a keyword holds may name a person.
            found.push(if is_technical(&key) {
                format!("{key} = {:?} and {:?}", shown(kept), shown(value))
            } else {
                format!("{:?} twice", shown(&key))
            });
        }
        if found.is_empty() {
            return None;
        }
        let more = found.len().saturating_sub(MOST_LISTED);
        found.truncate(MOST_LISTED);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        Some(Violation::new(
            "repeated-keyword",
            format!(
                "keywords are repeated with other values: {}{more}",
                found.join(", ")
            ),
            "took the first of each".into(),
        ))
    }

    /// A finite number, or `None` where the keyword is missing or blank.
    pub(super) fn number(&self, keyword: &str) -> Result<Option<f64>> {
        match self.parsed::<f64>(keyword, "a number")? {
            Some(number) if !number.is_finite() => {
                Err(bad(keyword, &number.to_string(), "a finite number"))
            }
            other => Ok(other),
        }
    }

    fn parsed<T: std::str::FromStr>(
        &self,
        keyword: &str,
        expected: &'static str,
    ) -> Result<Option<T>> {
        let Some(value) = self.get(keyword) else {
            return Ok(None);
        };
        let number = value.parse().map_err(|_| bad(keyword, value, expected))?;
        Ok(Some(number))
    }
}

/// Whether a keyword (in upper case) is about how events are stored.
fn is_technical(keyword: &str) -> bool {
    let names = [
        "$BYTEORD",
        "$DATATYPE",
        "$MODE",
        "$PAR",
        "$TOT",
        "$NEXTDATA",
        "$TIMESTEP",
        "$UNICODE",
    ];
    let of_channel = keyword.strip_prefix("$P").is_some_and(|rest| {
        rest.trim_start_matches(|sign: char| sign.is_ascii_digit())
            .len()
            < rest.len()
    });
    names.contains(&keyword)
        || of_channel
        || keyword.starts_with("$BEGIN")
        || keyword.starts_with("$END")
}

/// A complaint about a value.
pub(super) fn bad(keyword: &str, value: &str, expected: &'static str) -> Error {
    Error::BadKeyword {
        keyword: keyword.into(),
        value: shown(value),
        expected,
    }
}

/// As much of a value as a message should repeat, so that messages stay small.
pub(super) fn shown(value: &str) -> String {
    let mut characters = value.chars();
    let mut start: String = characters.by_ref().take(MOST_SHOWN).collect();
    if characters.next().is_some() {
        start.push('…');
    }
    start
}
