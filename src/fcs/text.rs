//! TEXT: keywords and values between delimiters (FCS 3.1 §3.2).
//!
//! The first byte is the delimiter. A doubled delimiter stands for itself inside a
//! keyword or value, so that an empty value and an escaped delimiter look alike. The standard's
//! reading is tried first. If its outcome is implausible (an unpaired token, a `$` keyword
//! that holds the delimiter, a required keyword where a value belongs), a doubled delimiter
//! right behind a keyword is taken as an empty value instead; inside a value it remains an escape.

use std::borrow::Cow;

use crate::error::{Error, Result};

use super::Violation;
use super::keywords::{PADDING, shown};

/// Keywords and values as they stand in a segment.
pub(super) type Pairs = Vec<(String, String)>;
/// Tokens of a segment, keywords and values in turn.
type Tokens<'a> = Vec<Cow<'a, [u8]>>;

/// Largest byte that may be a delimiter.
const LARGEST_DELIMITER: u8 = 126;
/// Keywords without which no file can be read; none is the value of another.
const REQUIRED: [&[u8]; 6] = [
    b"$PAR",
    b"$TOT",
    b"$MODE",
    b"$DATATYPE",
    b"$BYTEORD",
    b"$NEXTDATA",
];

/// Split a TEXT or ANALYSIS segment into keywords and values.
pub(super) fn parse(segment: &[u8], violations: &mut Vec<Violation>) -> Result<Pairs> {
    let Some((&delimiter, body)) = segment.split_first() else {
        return Err(refused("it is empty".into()));
    };
    if delimiter == 0 || delimiter > LARGEST_DELIMITER {
        return Err(refused(format!(
            "its delimiter is byte {delimiter}, outside 1 to {LARGEST_DELIMITER}"
        )));
    }
    let body = without_padding(body, delimiter);
    let escaped = tokens_with_escapes(body, delimiter);
    if let Some(pairs) = pair(&escaped, delimiter) {
        report_delimiters(&pairs, delimiter, violations);
        return Ok(pairs);
    }
    let with_empty = tokens_with_empty_values(body, delimiter);
    if let Some(pairs) = pair(&with_empty, delimiter) {
        violations.push(empty_values());
        return Ok(pairs);
    }
    // A last keyword without a value, or bytes behind the last delimiter.
    if let Some(pairs) = pair(even(&escaped), delimiter) {
        violations.push(unpaired());
        return Ok(pairs);
    }
    if let Some(pairs) = pair(even(&with_empty), delimiter) {
        violations.extend([empty_values(), unpaired()]);
        return Ok(pairs);
    }
    // A channel may be called like a required keyword; if it was shifted tokens after all, the
    // keyword itself will be missing.
    if let Some(pairs) = plausible(&escaped, delimiter) {
        return Ok(pairs);
    }
    Err(refused("keywords and values cannot be paired".into()))
}

fn refused(detail: String) -> Error {
    Error::Text { detail }
}

fn even<'a, 'b>(tokens: &'b [Cow<'a, [u8]>]) -> &'b [Cow<'a, [u8]>] {
    &tokens[..tokens.len() / 2 * 2]
}

fn empty_values() -> Violation {
    Violation::new(
        "empty-values",
        "TEXT holds empty values, which the standard forbids".into(),
        "took a doubled delimiter behind a keyword as an empty value".into(),
    )
}

fn unpaired() -> Violation {
    Violation::new(
        "unpaired-token",
        "TEXT ends with a keyword that has no value".into(),
        "left the last token out".into(),
    )
}

/// Say where a doubled delimiter in a keyword might also be an empty value.
fn report_delimiters(pairs: &Pairs, delimiter: u8, violations: &mut Vec<Violation>) {
    let odd = |pair: &&(String, String)| pair.0.contains(char::from(delimiter));
    if let Some((keyword, _)) = pairs.iter().find(odd) {
        violations.push(Violation::new(
            "delimiter-in-keyword",
            format!("the keyword {:?} holds the delimiter", shown(keyword)),
            "took a doubled delimiter as itself, as the standard says; it may be an empty value"
                .into(),
        ));
    }
}

/// Tokens where a doubled delimiter stands for itself.
fn tokens_with_escapes(body: &[u8], delimiter: u8) -> Tokens<'_> {
    let mut tokens = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (token, behind) = escaped_token(rest, delimiter);
        tokens.push(token);
        rest = behind;
    }
    tokens
}

/// The token up to the next single delimiter, and what follows that.
fn escaped_token(body: &[u8], delimiter: u8) -> (Cow<'_, [u8]>, &[u8]) {
    let mut from = 0;
    let mut escapes = false;
    while let Some(offset) = find(&body[from..], delimiter) {
        let end = from + offset;
        if body.get(end + 1) == Some(&delimiter) {
            escapes = true;
            from = end + 2;
        } else {
            return (
                unescaped(&body[..end], delimiter, escapes),
                &body[end + 1..],
            );
        }
    }
    (unescaped(body, delimiter, escapes), &[])
}

/// Tokens where a keyword's run of delimiters may hold an empty value: an odd number behind the
/// one that ends the keyword.
fn tokens_with_empty_values(body: &[u8], delimiter: u8) -> Tokens<'_> {
    let mut tokens = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let Some(end) = find(rest, delimiter) else {
            tokens.push(Cow::Borrowed(rest));
            break;
        };
        tokens.push(Cow::Borrowed(&rest[..end]));
        rest = &rest[end + 1..];
        let run = rest.iter().take_while(|&&byte| byte == delimiter).count();
        if run % 2 == 1 {
            // Escapes of delimiters, then the delimiter that ends the value.
            tokens.push(Cow::Owned(vec![delimiter; run / 2]));
            rest = &rest[run..];
        } else if !rest.is_empty() {
            let (value, behind) = escaped_token(rest, delimiter);
            tokens.push(value);
            rest = behind;
        }
    }
    tokens
}

fn find(bytes: &[u8], delimiter: u8) -> Option<usize> {
    bytes.iter().position(|&byte| byte == delimiter)
}

fn unescaped(token: &[u8], delimiter: u8, escapes: bool) -> Cow<'_, [u8]> {
    if !escapes {
        return Cow::Borrowed(token);
    }
    let mut skip = false;
    let kept = token.iter().copied().filter(|&byte| {
        skip = byte == delimiter && !skip;
        byte != delimiter || skip
    });
    Cow::Owned(kept.collect())
}

/// Whether a segment ends in its delimiter, blanks behind it apart.
pub(super) fn ends_delimited(segment: &[u8]) -> bool {
    let Some((&delimiter, body)) = segment.split_first() else {
        return false;
    };
    without_padding(body, delimiter).last() == Some(&delimiter)
}

/// What stands before the blanks behind the last delimiter.
fn without_padding(body: &[u8], delimiter: u8) -> &[u8] {
    let blank = |byte: u8| byte != delimiter && (byte.is_ascii_whitespace() || byte == 0);
    let padding = body.iter().rev().take_while(|&&byte| blank(byte)).count();
    &body[..body.len() - padding]
}

/// Pair tokens, or `None` if the outcome is implausible or a required keyword became a value.
fn pair(tokens: &[Cow<'_, [u8]>], delimiter: u8) -> Option<Pairs> {
    let required = |value: &[u8]| REQUIRED.iter().any(|name| value.eq_ignore_ascii_case(name));
    if tokens
        .iter()
        .skip(1)
        .step_by(2)
        .any(|value| required(value))
    {
        return None;
    }
    plausible(tokens, delimiter)
}

/// Pair tokens, or `None` if one is left over or a keyword looks like two.
fn plausible(tokens: &[Cow<'_, [u8]>], delimiter: u8) -> Option<Pairs> {
    if tokens.is_empty() || tokens.len() % 2 == 1 {
        return None;
    }
    let mut pairs = Vec::with_capacity(tokens.len() / 2);
    for two in tokens.chunks_exact(2) {
        let key = decoded(&two[0]);
        // Some writers pad with blanks or line ends before a keyword.
        let key = key.trim_matches(PADDING);
        let mut parts = key.split(char::from(delimiter)).skip(1).peekable();
        let split = parts.peek().is_some() && key.starts_with('$');
        if key.is_empty() || split || parts.any(|part| part.starts_with('$')) {
            return None;
        }
        pairs.push((key.to_owned(), decoded(&two[1]).into_owned()));
    }
    Some(pairs)
}

/// UTF-8 where the bytes are, Latin-1 otherwise: nothing is lost.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(
        |_| Cow::Owned(bytes.iter().copied().map(char::from).collect()),
        Cow::Borrowed,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Pairs, Vec<&'static str>) {
        let mut violations = Vec::new();
        let pairs = parse(text.as_bytes(), &mut violations).expect("plausible TEXT");
        (pairs, violations.iter().map(|d| d.code).collect())
    }

    fn value<'a>(pairs: &'a Pairs, keyword: &str) -> &'a str {
        let found = pairs.iter().find(|(key, _)| key == keyword);
        found.map_or("(missing)", |(_, value)| value)
    }

    #[test]
    fn reads_a_doubled_delimiter_as_itself() {
        let (pairs, codes) = parsed("/$PAR/1/$COM/a//b/$SYS/x///$SRC/c/");
        assert_eq!(value(&pairs, "$COM"), "a/b");
        assert_eq!(value(&pairs, "$SYS"), "x/");
        assert!(codes.is_empty());
    }

    #[test]
    fn reads_empty_values_and_says_so() {
        let (pairs, codes) = parsed("|$PAR|1|$P1S||$P1N|FSC|");
        assert_eq!(pairs[1], ("$P1S".into(), String::new()));
        assert_eq!(pairs[2], ("$P1N".into(), "FSC".into()));
        assert_eq!(codes, ["empty-values"]);
    }

    #[test]
    fn reads_empty_values_beside_escaped_delimiters() {
        let (pairs, codes) = parsed("/$PAR/1/$P1S//$COM/a//b/$SMNO////$P1N/FSC/");
        assert_eq!(value(&pairs, "$P1S"), "");
        assert_eq!(value(&pairs, "$COM"), "a/b");
        assert_eq!(value(&pairs, "$SMNO"), "/");
        assert_eq!(value(&pairs, "$P1N"), "FSC");
        assert_eq!(codes, ["empty-values"]);
    }

    #[test]
    fn reads_a_channel_that_is_called_like_a_keyword() {
        let (pairs, codes) = parsed("/$PAR/1/$DATATYPE/F/$P1N/$DATATYPE/");
        assert_eq!(value(&pairs, "$P1N"), "$DATATYPE");
        assert_eq!(value(&pairs, "$DATATYPE"), "F");
        assert!(codes.is_empty());
    }

    #[test]
    fn says_where_a_vendors_keyword_holds_the_delimiter() {
        let (pairs, codes) = parsed("/$PAR/1/GUID//CREATOR/x/");
        assert_eq!(value(&pairs, "GUID/CREATOR"), "x");
        assert_eq!(codes, ["delimiter-in-keyword"]);
    }

    #[test]
    fn an_even_number_of_shifted_tokens_is_not_taken_for_pairs() {
        // The stray byte behind the last delimiter makes the number of tokens even.
        let (pairs, codes) = parsed("/GUID//$PAR/1/$MODE/L/x");
        assert_eq!(value(&pairs, "$PAR"), "1");
        assert_eq!(codes, ["empty-values", "unpaired-token"]);
    }

    #[test]
    fn trims_padding_before_a_keyword() {
        let (pairs, _) = parsed("/$PAR/1/   \0 $MODE/L/");
        assert_eq!(pairs[1].0, "$MODE");
    }

    #[test]
    fn understands_any_delimiter() {
        for delimiter in ['^', '.', '+', '?', '(', '\\', '\x0c', '!'] {
            let (pairs, _) = parsed(&format!("{delimiter}$par{delimiter}3{delimiter}"));
            assert_eq!(value(&pairs, "$par"), "3");
        }
    }

    #[test]
    fn leaves_out_an_unpaired_last_token() {
        let (pairs, codes) = parsed("/$PAR/1/$SYS");
        assert_eq!(pairs.len(), 1);
        assert_eq!(codes, ["unpaired-token"]);
    }
}
