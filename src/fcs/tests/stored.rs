//! Every way in which numbers are stored, and the values that come of it.

use super::made::{Made, columns};
use crate::error::{Error, Result};
use crate::fcs::data::{BLOCK_EVENTS, Column, Values, decode, read_columns_on, read_rows};
use crate::fcs::{ChannelToWrite, File, Form, encode_metadata_as};

/// Numbers of `width` bits each, one behind the other, most significant bit first.
fn pack_big(numbers: &[u64], width: u32) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    for number in numbers {
        bits.extend((0..width).rev().map(|bit| number >> bit & 1 == 1));
    }
    let byte =
        |bits: &[bool]| (0..8).fold(0, |sum, i| sum << 1 | u8::from(bits.get(i) == Some(&true)));
    bits.chunks(8).map(byte).collect()
}

/// The same, least significant bit first.
fn pack_little(numbers: &[u64], width: u32) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    for number in numbers {
        bits.extend((0..width).map(|bit| number >> bit & 1 == 1));
    }
    let byte =
        |bits: &[bool]| (0..8).fold(0, |sum, i| sum | u8::from(bits.get(i) == Some(&true)) << i);
    bits.chunks(8).map(byte).collect()
}

#[test]
fn reads_ten_bits_packed_from_either_end() -> Result<()> {
    let numbers: Vec<u64> = (0..3 * 5000).map(|i| i * 37 % 1024).collect();
    let channels = [("10", "1024"); 3];
    for (order, data) in [
        ("4,3,2,1", pack_big(&numbers, 10)),
        ("1,2,3,4", pack_little(&numbers, 10)),
    ] {
        let made = Made::new("I", &channels, &data)
            .with("$BYTEORD", order)
            .with("$TOT", "5000");
        assert!(made.codes()?.is_empty());
        let read = made.columns(Values::Raw)?;
        for (channel, column) in read.iter().enumerate() {
            let expected = numbers.iter().skip(channel).step_by(3).map(|&n| n as f64);
            assert!(column.iter().copied().eq(expected), "channel {channel}");
        }
    }
    Ok(())
}

#[test]
fn reads_odd_widths_beside_each_other() -> Result<()> {
    // 3, 12 and 33 bits of 0b101, 0xABC and 2^32 + 1: 48 bits in all.
    let packed: u64 = 0b101 << 45 | 0xABC << 33 | 0x1_0000_0001;
    let data = &packed.to_be_bytes()[2..];
    let channels = [("3", "8"), ("12", "4096"), ("33", "8589934592")];
    let made = Made::new("I", &channels, data)
        .with("$BYTEORD", "4,3,2,1")
        .with("$TOT", "1");
    let read = made.columns(Values::Raw)?;
    assert_eq!(read, [[5.0], [2748.0], [4_294_967_297.0]]);
    Ok(())
}

#[test]
fn takes_whole_bytes_where_the_length_of_data_says_so() -> Result<()> {
    let data = [0x05, 0xFC, 0xFF, 0x03, 0x07, 0x00, 0x08, 0x40];
    let made = Made::new("I", &[("10", "1024"), ("10", "1024")], &data).with("$TOT", "2");
    assert_eq!(made.codes()?, ["padded-widths"]);
    let read = made.columns(Values::Raw)?;
    assert_eq!(read, [[5.0, 7.0], [1023.0, 8.0]]);
    Ok(())
}

#[test]
fn refuses_odd_widths_that_data_holds_in_two_ways() {
    let made = Made::new("I", &[("10", "1024"), ("10", "1024")], &[0; 20]).with("$TOT", "2");
    let refused = made.codes();
    assert!(matches!(refused, Err(Error::Offsets { .. })), "{refused:?}");
}

#[test]
fn reads_any_order_of_bytes() -> Result<()> {
    let data = [0x03, 0x04, 0x01, 0x02];
    let made = Made::new("I", &[("32", "4294967296")], &data).with("$TOT", "1");
    let read = |order| made.clone().with("$BYTEORD", order).columns(Values::Raw);
    // The first byte is the third of significance, and so on.
    assert_eq!(read("3,4,1,2")?, [[f64::from(0x0403_0201_u32)]]);
    assert_eq!(read("2,1,4,3")?, [[f64::from(0x0102_0304_u32)]]);
    let float = Made::new("F", &[("32", "1024")], &[0x80, 0x3f, 0, 0])
        .with("$BYTEORD", "3,4,1,2")
        .with("$TOT", "1");
    assert_eq!(float.columns(Values::Raw)?, [[1.0]]);
    Ok(())
}

#[test]
fn a_mixed_order_says_nothing_of_other_widths() {
    let made = Made::new("I", &[("32", "1024"), ("16", "1024")], &[0; 6])
        .with("$BYTEORD", "3,4,1,2")
        .with("$TOT", "1");
    assert!(matches!(made.codes(), Err(Error::Unsupported { .. })));
}

#[test]
fn reads_64_bits_and_says_what_a_float_cannot_hold() -> Result<()> {
    let data = [u64::MAX.to_be_bytes(), 5_u64.to_be_bytes()].concat();
    let made = Made::new("I", &[("64", "18446744073709551616")], &data)
        .with("$BYTEORD", "4,3,2,1")
        .with("$TOT", "2");
    let bytes = made.bytes();
    let file = File::read(&bytes.as_slice())?;
    let mut out = [0.0; 2];
    let mut column = [Column::Float64(&mut out)];
    let met = read_columns_on(&bytes.as_slice(), &file, &[0], Values::Raw, &mut column, 1)?;
    assert_eq!(out, [2_f64.powi(64), 5.0]);
    assert_eq!(met[0].code, "rounded-integers");
    Ok(())
}

#[test]
fn reads_doubles_of_either_order() -> Result<()> {
    for (order, data) in [
        ("1,2,3,4,5,6,7,8", (-1.0e300_f64).to_le_bytes()),
        ("8,7,6,5,4,3,2,1", (-1.0e300_f64).to_be_bytes()),
    ] {
        let made = Made::new("D", &[("64", "1024")], &data)
            .with("$BYTEORD", order)
            .with("$TOT", "1");
        assert_eq!(made.columns(Values::Scale)?, [[-1.0e300]]);
    }
    Ok(())
}

#[test]
fn reads_the_mixed_types_of_3_2() -> Result<()> {
    let mut data = Vec::new();
    for event in 0..3_u16 {
        data.extend_from_slice(&(1.5 + f32::from(event)).to_be_bytes());
        data.extend_from_slice(&(event | 0xFC00).to_be_bytes());
        data.extend_from_slice(&(f64::from(event) / 3.0).to_be_bytes());
    }
    let channels = [("32", "262144"), ("16", "1024"), ("64", "262144")];
    let mut made = Made::new("F", &channels, &data)
        .with("$BYTEORD", "4,3,2,1")
        .with("$P2DATATYPE", "I")
        .with("$P3DATATYPE", "d")
        .with("$P3TYPE", "Time")
        .with("$TIMESTEP", "0.5")
        .with("$TOT", "3");
    made.version = "FCS3.2";
    let expected = [
        [1.5, 2.5, 3.5],
        [0.0, 1.0, 2.0],
        [0.0, 1.0 / 6.0, 1.0 / 3.0],
    ];
    assert_eq!(made.columns(Values::Scale)?, expected);
    Ok(())
}

#[test]
fn reads_ascii_of_fixed_width_and_refuses_words() -> Result<()> {
    let made = Made::new(
        "A",
        &[("4", "1024"), ("6", "1024")],
        b"  12001023   7     5",
    );
    let made = made.with("$TOT", "2").with("$P1E", "4,1");
    assert_eq!(made.columns(Values::Raw)?, [[12.0, 7.0], [1023.0, 5.0]]);
    assert_eq!(
        made.columns(Values::Scale)?[0][0],
        10_f64.powf(48.0 / 1024.0)
    );
    let words = Made::new("A", &[("4", "1024")], b"many").with("$TOT", "1");
    let refused = words.columns(Values::Raw);
    assert!(matches!(refused, Err(Error::Data { .. })), "{refused:?}");
    Ok(())
}

#[test]
fn reads_delimited_ascii_in_many_blocks() -> Result<()> {
    let n_events = 2 * BLOCK_EVENTS + 77;
    let separators = [" ", ",", "\r\n", "\t", ", "];
    let mut text = String::new();
    for number in 0..2 * n_events {
        text.push_str(&number.to_string());
        text.push_str(separators[number % 5]);
    }
    let made = Made::new("A", &[("*", "1024"); 2], text.as_bytes());
    let bytes = made.clone().with("$TOT", &n_events.to_string()).bytes();
    let file = File::read(&bytes.as_slice())?;
    assert!(file.violations.is_empty());
    let read = columns(&bytes, Values::Raw)?;
    assert!((0..n_events).all(|event| read[1][event] == (2 * event + 1) as f64));
    // A block that begins inside another one.
    let mut rows = Vec::new();
    let mut some = [0.0; 10];
    read_rows(&bytes.as_slice(), &file, BLOCK_EVENTS - 5, 10, &mut rows)?;
    decode(&rows, &file, 0, Values::Raw, &mut some);
    assert_eq!(some[9], (2 * (BLOCK_EVENTS + 4)) as f64);
    // Without $TOT the numbers tell; with too large a one the file is refused.
    let counted = File::read(&made.bytes().as_slice())?;
    assert_eq!(counted.n_events, n_events);
    let more = made.with("$TOT", &(n_events + 1).to_string());
    assert!(matches!(more.codes(), Err(Error::Data { .. })));
    Ok(())
}

#[test]
fn a_table_gives_the_values_that_are_computed() -> Result<()> {
    let data: Vec<u8> = (0..2000_u16).flat_map(u16::to_le_bytes).collect();
    let made = Made::new("I", &[("16", "1000")], &data)
        .with("$P1E", "4.5,0.1")
        .with("$TOT", "2000");
    let looked_up = &made.columns(Values::Scale)?[0];
    let computed = (0..2000).map(|x| 0.1 * 10_f64.powf(4.5 * f64::from(x % 1024) / 1000.0));
    assert!(looked_up.iter().copied().eq(computed));
    Ok(())
}

#[test]
fn the_number_of_threads_changes_nothing() -> Result<()> {
    let channels = [("32", "262144"); 7];
    let data: Vec<u8> = (0..7 * 4 * 60_000_u32)
        .map(|i| (i * 31 % 251) as u8 & 0x3f)
        .collect();
    let bytes = Made::new("F", &channels, &data)
        .with("$TOT", "60000")
        .bytes();
    let file = File::read(&bytes.as_slice())?;
    let read = |threads| -> Result<Vec<Vec<f32>>> {
        let mut out = vec![vec![0.0; file.n_events]; 7];
        let mut views: Vec<_> = out.iter_mut().map(|c| Column::Float32(c)).collect();
        let channels: Vec<usize> = (0..7).collect();
        let source = bytes.as_slice();
        read_columns_on(&source, &file, &channels, Values::Raw, &mut views, threads)?;
        Ok(out)
    };
    let one = read(1)?;
    assert_eq!(one, read(2)?);
    assert_eq!(one, read(5)?);
    assert_eq!(
        one[3][59_999],
        f32::from_le_bytes([
            data[59_999 * 28 + 12],
            data[59_999 * 28 + 13],
            data[59_999 * 28 + 14],
            data[59_999 * 28 + 15]
        ])
    );
    Ok(())
}

#[test]
fn writes_every_form_that_it_reads() -> Result<()> {
    let channel = ChannelToWrite {
        detector: "FL1".into(),
        marker: None,
        range: 65536.0,
    };
    for (number, stored) in [
        ("float32", 7.0_f32.to_le_bytes().to_vec()),
        ("float64", 7.0_f64.to_le_bytes().to_vec()),
        ("uint16", 7_u16.to_le_bytes().to_vec()),
        ("uint32", 7_u32.to_le_bytes().to_vec()),
    ] {
        for version in ["3.1", "3.2"] {
            let form = Form::from_names(number, version)?;
            let mut bytes = encode_metadata_as(form, std::slice::from_ref(&channel), 1, &[])?;
            bytes.extend_from_slice(&stored);
            let file = File::read(&bytes.as_slice())?;
            assert_eq!(file.version, format!("FCS{version}"));
            assert!(file.violations.is_empty(), "{:?}", file.violations);
            assert_eq!(columns(&bytes, Values::Raw)?, [[7.0]]);
        }
    }
    Ok(())
}
