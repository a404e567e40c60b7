//! Files built byte by byte, as instruments and their faults make them.

mod hostile;
mod made;
mod segments;
mod stored;

use super::data::Values;
use super::{ChannelToWrite, File, encode_metadata};
use crate::error::{Error, Result};
use crate::source::Source;
use made::columns;

/// A file of two channels whose TEXT starts at 58, DATA right behind it.
fn file_with(keywords: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    let pairs = keywords.iter().flat_map(|&(key, value)| [key, value]);
    let text = format!("|{}|", pairs.collect::<Vec<_>>().join("|"));
    let begin = 58 + text.len();
    let mut bytes = format!(
        "FCS3.1    {:>8}{:>8}{:>8}{:>8}{:>8}{:>8}",
        58,
        begin - 1,
        begin,
        begin + data.len() - 1,
        0,
        0
    )
    .into_bytes();
    bytes.extend_from_slice(text.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

const INTEGERS: [(&str, &str); 12] = [
    ("$BYTEORD", "4,3,2,1"),
    ("$DATATYPE", "I"),
    ("$MODE", "L"),
    ("$PAR", "2"),
    ("$TOT", "2"),
    ("$P1B", "16"),
    ("$P1N", "FL1"),
    ("$P1R", "1024"),
    ("$P2B", "32"),
    ("$P2N", "Time"),
    ("$P2R", "4294967296"),
    ("$TIMESTEP", "0.5"),
];

#[test]
fn masks_integers_and_keeps_all_bits_of_time() -> Result<()> {
    let data = [0xFC, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x02, 0, 0, 0, 4];
    let bytes = file_with(&INTEGERS, &data);
    assert_eq!(
        columns(&bytes, Values::Raw)?,
        [vec![1.0, 2.0], vec![4_294_967_295.0, 4.0]]
    );
    assert_eq!(columns(&bytes, Values::Scale)?[1], [2_147_483_647.5, 2.0]);
    Ok(())
}

#[test]
fn amplifies_by_the_range_and_not_by_one_less() -> Result<()> {
    let mut keywords = INTEGERS.to_vec();
    keywords.push(("$P1E", "4,0"));
    let data = [0x02, 0x00, 0, 0, 0, 0, 0x01, 0x00, 0, 0, 0, 4];
    let bytes = file_with(&keywords, &data);
    assert_eq!(columns(&bytes, Values::Scale)?[0], [100.0, 10.0]);
    let file = File::read(&bytes.as_slice())?;
    assert!(file.violations.iter().any(|d| d.code == "log-offset-zero"));
    Ok(())
}

#[test]
fn refuses_more_events_than_the_segment_holds() {
    let mut keywords = INTEGERS.to_vec();
    keywords[4] = ("$TOT", "1000000000000");
    let outcome = File::read(&file_with(&keywords, &[0; 12]).as_slice());
    assert!(matches!(outcome, Err(Error::Offsets { .. })), "{outcome:?}");
}

/// A file whose HEADER puts DATA right behind TEXT, and whose TEXT puts it `shift` bytes later.
fn file_with_two_places(shift: usize, text_bytes: usize, data: &[u8]) -> Vec<u8> {
    let mut keywords = INTEGERS.to_vec();
    let names = ["$BEGINDATA", "$ENDDATA"];
    keywords.extend(names.map(|name| (name, "000")));
    let begin = file_with(&keywords, data).len() - data.len() + shift;
    let offsets = [begin.to_string(), (begin + text_bytes - 1).to_string()];
    for (name, offset) in names.iter().zip(&offsets) {
        keywords.retain(|(key, _)| key != name);
        keywords.push((name, offset));
    }
    file_with(&keywords, data)
}

#[test]
fn refuses_two_places_for_data_where_nothing_decides() {
    let outcome = File::read(&file_with_two_places(4, 16, &[0; 20]).as_slice());
    assert!(
        matches!(outcome, Err(Error::AmbiguousData { .. })),
        "{outcome:?}"
    );
}

#[test]
fn takes_the_place_that_holds_exactly_all_events_and_says_so() -> Result<()> {
    let bytes = file_with_two_places(8, 12, &[0; 20]);
    let file = File::read(&bytes.as_slice())?;
    assert_eq!(file.violations[0].code, "data-begin-differs");
    assert_eq!(file.data_begin + 12, bytes.len() as u64);
    Ok(())
}

#[test]
fn refuses_data_inside_text_and_offsets_that_wrap() {
    for (begin, end) in [
        ("70", "81"),
        ("18446743873709551616", "18446744073709551614"),
    ] {
        let mut keywords = INTEGERS.to_vec();
        keywords.extend([("$BEGINDATA", begin), ("$ENDDATA", end)]);
        let mut bytes = file_with(&keywords, &[0; 12]);
        bytes[26..42].fill(b' '); // HEADER knows nothing of DATA
        assert!(File::read(&bytes.as_slice()).is_err(), "{begin}");
    }
}

#[test]
fn says_which_keyword_is_wrong() {
    let mut keywords = INTEGERS.to_vec();
    keywords[5] = ("$P1B", "sixteen");
    let outcome = File::read(&file_with(&keywords, &[0; 12]).as_slice());
    assert!(
        matches!(outcome, Err(Error::BadKeyword { ref keyword, .. }) if keyword == "$P1B"),
        "{outcome:?}"
    );
}

#[test]
fn reads_back_what_the_head_announces() -> Result<()> {
    let channel = |detector: &str, marker: Option<&str>| ChannelToWrite {
        detector: detector.into(),
        marker: marker.map(Into::into),
        range: 262_144.0,
    };
    let channels = [channel("FSC-A", None), channel("PE-A", Some("CD\x0c56"))];
    let mut bytes = encode_metadata(&channels, 2, &[("$CYT".into(), "a/b|c".into())])?;
    for value in [1.5_f32, -2.25, f32::MAX, 0.0] {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    let file = File::read(&bytes.as_slice())?;
    assert_eq!(file.parameters[1].marker.as_deref(), Some("CD\x0c56"));
    assert!(file.violations.is_empty(), "{:?}", file.violations);
    assert_eq!(
        columns(&bytes, Values::Scale)?,
        [vec![1.5, f64::from(f32::MAX)], vec![-2.25, 0.0]]
    );
    Ok(())
}

#[test]
fn writes_zero_offsets_in_the_header_of_a_large_file() -> Result<()> {
    let channels = [ChannelToWrite {
        detector: "FSC-A".into(),
        marker: None,
        range: 1024.0,
    }];
    let head = encode_metadata(&channels, 30_000_000, &[])?;
    let length = head.len() as u64 + 120_000_000;
    let file = File::read(&Padded { head, length })?;
    assert_eq!(file.n_events, 30_000_000);
    Ok(())
}

/// A head followed by zeros that take no memory.
struct Padded {
    head: Vec<u8>,
    length: u64,
}

impl Source for Padded {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        buffer.fill(0);
        let begin = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.head.len());
        let count = buffer.len().min(self.head.len() - begin);
        buffer[..count].copy_from_slice(&self.head[begin..begin + count]);
        Ok(())
    }
}
