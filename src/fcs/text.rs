//! TEXT: keywords and values between delimiters (FCS 3.1 §3.2).
//!
//! The first byte is the delimiter. A doubled delimiter stands for itself inside a
//! keyword or value, so that an empty value and an escaped delimiter look alike. The standard's
//! reading is tried first; if its outcome is implausible (an unpaired token, a keyword that
//! holds the delimiter, no `$PAR`), every delimiter is taken as a separator instead.

use crate::error::{Error, Result};

use super::Departure;

/// Keywords in file order; looked up without regard to case.
#[derive(Debug)]
pub(super) struct Keywords(Vec<(String, String)>);

impl Keywords {
    /// The value of a keyword, trimmed, or `None` where it is missing or blank.
    pub(super) fn get(&self, keyword: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(keyword))
            .map(|(_, value)| value.trim_matches([' ', '\t', '\r', '\n', '\0']))
            .filter(|value| !value.is_empty())
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

    /// A finite number, or `None` where the keyword is missing or blank.
    pub(super) fn number(&self, keyword: &str) -> Result<Option<f64>> {
        let value = self.parsed::<f64>(keyword, "a number")?;
        match value {
            Some(number) if !number.is_finite() => Err(Error::BadKeyword {
                keyword: keyword.into(),
                value: number.to_string(),
                expected: "a finite number",
            }),
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
        value.parse().map(Some).map_err(|_| Error::BadKeyword {
            keyword: keyword.into(),
            value: value.into(),
            expected,
        })
    }

    pub(super) fn extend(&mut self, more: Keywords) {
        self.0.extend(more.0);
    }

    pub(super) fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }
}

/// Split a TEXT segment into keywords and values.
pub(super) fn parse(segment: &[u8], departures: &mut Vec<Departure>) -> Result<Keywords> {
    let Some((&delimiter, body)) = segment.split_first() else {
        return Err(Error::Text {
            detail: "it is empty".into(),
        });
    };
    if delimiter == 0 || delimiter > 126 {
        return Err(Error::Text {
            detail: format!("its delimiter is byte {delimiter}, outside 1 to 126"),
        });
    }
    let escaped = tokens_with_escapes(body, delimiter);
    if let Some(keywords) = pair(&escaped, delimiter) {
        return Ok(keywords);
    }
    let plain: Vec<Vec<u8>> = body
        .split(|&byte| byte == delimiter)
        .map(<[u8]>::to_vec)
        .collect();
    let plain = match plain.split_last() {
        Some((last, rest)) if is_padding(last) => rest.to_vec(),
        _ => plain,
    };
    if let Some(keywords) = pair(&plain, delimiter) {
        departures.push(Departure::new(
            "empty-values",
            "TEXT holds empty values, which the standard forbids".into(),
            "took every delimiter as a separator".into(),
        ));
        return Ok(keywords);
    }
    // A last keyword without a value, or bytes behind the last delimiter.
    let kept = plain.len() / 2 * 2;
    if let Some(keywords) = pair(&escaped[..escaped.len() / 2 * 2], delimiter) {
        departures.push(unpaired());
        return Ok(keywords);
    }
    if let Some(keywords) = pair(&plain[..kept], delimiter) {
        departures.push(unpaired());
        return Ok(keywords);
    }
    Err(Error::Text {
        detail: "keywords and values cannot be paired".into(),
    })
}

fn unpaired() -> Departure {
    Departure::new(
        "unpaired-token",
        "TEXT ends with a keyword that has no value".into(),
        "left the last token out".into(),
    )
}

/// Tokens where a doubled delimiter stands for itself.
fn tokens_with_escapes(body: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    let mut token = Vec::new();
    let mut bytes = body.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != delimiter {
            token.push(byte);
        } else if bytes.peek() == Some(&delimiter) {
            bytes.next();
            token.push(byte);
        } else {
            tokens.push(std::mem::take(&mut token));
        }
    }
    if !is_padding(&token) {
        tokens.push(token);
    }
    tokens
}

fn is_padding(token: &[u8]) -> bool {
    token
        .iter()
        .all(|byte| byte.is_ascii_whitespace() || *byte == 0)
}

/// Pair tokens, or `None` if the outcome is implausible.
fn pair(tokens: &[Vec<u8>], delimiter: u8) -> Option<Keywords> {
    if tokens.is_empty() || tokens.len() % 2 == 1 {
        return None;
    }
    let mut pairs = Vec::with_capacity(tokens.len() / 2);
    for two in tokens.chunks_exact(2) {
        let key = decode(&two[0]);
        // Some writers pad with blanks or line ends before a keyword.
        let key = key.trim_matches([' ', '\t', '\r', '\n', '\0']);
        if key.is_empty() || key.contains(char::from(delimiter)) {
            return None;
        }
        pairs.push((key.to_owned(), decode(&two[1])));
    }
    Some(Keywords(pairs))
}

/// UTF-8 where the bytes are, Latin-1 otherwise: nothing is lost.
fn decode(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().copied().map(char::from).collect(),
        ToOwned::to_owned,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Vec<(String, String)>, Vec<Departure>) {
        let mut departures = Vec::new();
        let keywords = parse(text.as_bytes(), &mut departures).expect("plausible TEXT");
        (keywords.into_pairs(), departures)
    }

    #[test]
    fn reads_a_doubled_delimiter_as_itself() {
        let (pairs, departures) = parsed("/$PAR/1/$COM/a//b/");
        assert_eq!(pairs[1], ("$COM".into(), "a/b".into()));
        assert!(departures.is_empty());
    }

    #[test]
    fn reads_empty_values_and_says_so() {
        let (pairs, departures) = parsed("|$PAR|1|$P1S||$P1N|FSC|");
        assert_eq!(pairs[1], ("$P1S".into(), String::new()));
        assert_eq!(pairs[2], ("$P1N".into(), "FSC".into()));
        assert_eq!(departures[0].code, "empty-values");
    }

    #[test]
    fn trims_padding_before_a_keyword() {
        let (pairs, _) = parsed("/$PAR/1/   \0 $MODE/L/");
        assert_eq!(pairs[1].0, "$MODE");
    }

    #[test]
    fn understands_any_delimiter_and_any_case() {
        for delimiter in ['^', '.', '+', '?', '(', '\\', '\x0c', '!'] {
            let text = format!("{delimiter}$par{delimiter}3{delimiter}");
            let mut departures = Vec::new();
            let keywords = parse(text.as_bytes(), &mut departures).expect("plausible TEXT");
            assert_eq!(keywords.whole_number("$PAR").expect("a number"), Some(3));
        }
    }

    #[test]
    fn leaves_out_an_unpaired_last_token() {
        let (pairs, departures) = parsed("/$PAR/1/$SYS");
        assert_eq!(pairs.len(), 1);
        assert_eq!(departures[0].code, "unpaired-token");
    }
}
