//! Data sets behind each other, ANALYSIS, supplemental TEXT, and check words.

use super::made::{Made, columns_of};
use crate::error::{Error, Result};
use crate::fcs::data::Values;
use crate::fcs::{File, count_data_sets};

fn one_byte(value: u8) -> Made {
    Made::new("I", &[("8", "256")], &[value]).with("$TOT", "1")
}

/// Data sets behind each other, each leading to the next.
fn chain(values: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, &value) in values.iter().enumerate() {
        let made = one_byte(value).with("$NEXTDATA", "0000");
        let next = if index + 1 == values.len() {
            0
        } else {
            made.bytes().len()
        };
        bytes.extend(made.with("$NEXTDATA", &format!("{next:04}")).bytes());
    }
    bytes
}

#[test]
fn reads_each_of_several_data_sets_by_relative_offsets() -> Result<()> {
    let bytes = chain(&[7, 8, 9]);
    assert_eq!(count_data_sets(&bytes.as_slice()), 3);
    for (number, value) in [7.0, 8.0, 9.0].into_iter().enumerate() {
        assert_eq!(columns_of(&bytes, number, Values::Raw)?, [[value]]);
        let file = File::read_data_set(&bytes.as_slice(), number)?;
        assert_eq!(file.count_data_sets(&bytes.as_slice(), number), 3);
    }
    let beyond = File::read_data_set(&bytes.as_slice(), 3);
    assert!(
        matches!(beyond, Err(Error::NoSuchDataSet { available: 3, .. })),
        "{beyond:?}"
    );
    Ok(())
}

#[test]
fn a_chain_that_leads_nowhere_or_back_ends_and_is_reported() -> Result<()> {
    for next in ["1", "58", "70", "99999999", "-5", "18446744073709551615"] {
        let made = one_byte(7).with("$NEXTDATA", next);
        assert_eq!(made.codes()?, ["nextdata-unusable"], "{next}");
        let bytes = made.bytes();
        assert_eq!(count_data_sets(&bytes.as_slice()), 1);
        let file = File::read(&bytes.as_slice())?;
        assert_eq!(file.count_data_sets(&bytes.as_slice(), 0), 1);
    }
    Ok(())
}

#[test]
fn exposes_analysis_and_leaves_out_what_is_none() -> Result<()> {
    let mut made = one_byte(7);
    made.analysis = b"/GATE/lymphocytes/N/12/".to_vec();
    let file = File::read(&made.bytes().as_slice())?;
    assert_eq!(file.analysis[1], ("N".into(), "12".into()));
    assert!(file.violations.is_empty());
    made.analysis = vec![0; 30];
    assert_eq!(made.codes()?, ["analysis-unreadable"]);
    made.analysis = Vec::new();
    made.set("$BEGINANALYSIS", "60");
    made.set("$ENDANALYSIS", "80");
    assert_eq!(made.codes()?, ["analysis-unreadable"]);
    Ok(())
}

#[test]
fn supplemental_text_adds_what_primary_text_does_not_say() -> Result<()> {
    let made = one_byte(7)
        .with("$BEGINSTEXT", "0000")
        .with("$ENDSTEXT", "0000");
    let begin = made.bytes().len();
    let more = b"|$CYT|X|$TOT|55|$P1S|CD56|";
    let mut made = made
        .with("$BEGINSTEXT", &format!("{begin:04}"))
        .with("$ENDSTEXT", &format!("{:04}", begin + more.len() - 1));
    made.trailing = more.to_vec();
    let file = File::read(&made.bytes().as_slice())?;
    assert_eq!(file.n_events, 1);
    assert_eq!(file.parameters[0].marker.as_deref(), Some("CD56"));
    assert_eq!(
        file.segments.supplement,
        Some((begin as u64, (begin + more.len()) as u64))
    );
    Ok(())
}

#[test]
fn checks_the_word_behind_the_last_segment() -> Result<()> {
    let mut made = one_byte(b'9');
    let body = made.bytes();
    let sum = crate::fcs::crc::computed(&body.as_slice(), 0, body.len() as u64)?;
    made.trailing = format!("{:08}", sum[0]).into_bytes();
    let bytes = made.bytes();
    let file = File::read(&bytes.as_slice())?;
    assert_eq!(file.crc, Some(sum[0]));
    assert_eq!(file.crc_fits(&bytes.as_slice())?, Some(true));
    let mut damaged = bytes.clone();
    damaged[body.len() - 1] ^= 1;
    let file = File::read(&damaged.as_slice())?;
    assert_eq!(file.crc_fits(&damaged.as_slice())?, Some(false));
    made.trailing = b"00000000".to_vec();
    assert_eq!(File::read(&made.bytes().as_slice())?.crc, None);
    Ok(())
}

#[test]
fn an_end_that_is_the_begin_leaves_the_length_to_tot() -> Result<()> {
    let made = Made::new("I", &[("16", "1024")], &[1, 0, 2, 0]).with("$TOT", "2");
    let mut bytes = made.bytes();
    let begin = bytes[26..34].to_vec();
    bytes[34..42].copy_from_slice(&begin);
    let file = File::read(&bytes.as_slice())?;
    assert_eq!(
        (file.n_events, file.violations[0].code),
        (2, "data-end-missing")
    );
    Ok(())
}

#[test]
fn a_file_that_shrinks_while_it_is_read_gives_an_error() -> Result<()> {
    let path = std::env::temp_dir().join(format!("longate-shrinks-{}.fcs", std::process::id()));
    let data = vec![1; 400_000];
    std::fs::write(
        &path,
        Made::new("I", &[("8", "256")], &data)
            .with("$TOT", "400000")
            .bytes(),
    )?;
    let source = crate::source::FileSource::open(&path)?;
    let file = File::read(&source)?;
    std::fs::OpenOptions::new()
        .write(true)
        .open(&path)?
        .set_len(200_000)?;
    let mut out = vec![0.0_f32; file.n_events];
    let mut columns = [crate::fcs::data::Column::Float32(&mut out)];
    let read = crate::fcs::data::read_columns(&source, &file, &[0], Values::Raw, &mut columns);
    std::fs::remove_file(&path)?;
    assert!(matches!(read, Err(Error::FileChanged)), "{read:?}");
    Ok(())
}
