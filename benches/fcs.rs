//! Reading FCS in events per second, beside the limit of copying the bytes.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use longate::fcs::data::{Column, Values, read_columns_on};
use longate::fcs::{ChannelToWrite, File, Form, Number, Version, encode_metadata_as};

const EVENTS: usize = 200_000;

fn main() {
    divan::main();
}

/// A file whose numbers differ from each other; of integers, ten bits and a logarithm.
fn file(number: Number, channels: usize) -> Vec<u8> {
    let described: Vec<_> = (0..channels)
        .map(|index| ChannelToWrite {
            detector: format!("FL{index}-A"),
            marker: None,
            range: 1024.0,
        })
        .collect();
    let form = Form {
        number,
        version: Version::V3_1,
    };
    let mut bytes = encode_metadata_as(form, &described, EVENTS as u64, &[]).expect("a head");
    for value in 0..EVENTS * channels {
        match number {
            Number::Uint16 => bytes.extend_from_slice(&(value % 1000).to_le_bytes()[..2]),
            _ => bytes.extend_from_slice(&(value as f32).to_le_bytes()),
        }
    }
    bytes
}

/// The same with another value of the same length somewhere in TEXT.
fn with(mut bytes: Vec<u8>, old: &str, new: &str) -> Vec<u8> {
    let starts: Vec<usize> = bytes[..4096]
        .windows(old.len())
        .enumerate()
        .filter_map(|(position, window)| (window == old.as_bytes()).then_some(position))
        .collect();
    for position in starts {
        bytes[position..position + old.len()].copy_from_slice(new.as_bytes());
    }
    bytes
}

fn read(bencher: Bencher, bytes: &[u8], wanted: usize, values: Values) {
    let file = File::read(&bytes).expect("a file");
    let channels: Vec<_> = (0..wanted).collect();
    let wide = !file.parameters[0].scale_fits_float32() && values == Values::Scale;
    let mut narrow = vec![vec![0.0_f32; EVENTS]; if wide { 0 } else { wanted }];
    let mut double = vec![vec![0.0_f64; EVENTS]; if wide { wanted } else { 0 }];
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        let mut columns: Vec<_> = narrow
            .iter_mut()
            .map(|c| Column::Float32(c))
            .chain(double.iter_mut().map(|c| Column::Float64(c)))
            .collect();
        read_columns_on(&bytes, &file, &channels, values, &mut columns, 1)
    });
}

#[divan::bench(args = [10, 20])]
fn limit_copy(bencher: Bencher, words: usize) {
    let source = vec![1_u32; EVENTS * words];
    let mut out = source.clone();
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| black_box(&mut out).copy_from_slice(black_box(&source)));
}

#[divan::bench(args = [5, 20])]
fn float32_little_endian(bencher: Bencher, wanted: usize) {
    read(bencher, &file(Number::Float32, 20), wanted, Values::Raw);
}

#[divan::bench(args = [5, 20])]
fn float32_big_endian(bencher: Bencher, wanted: usize) {
    let bytes = with(file(Number::Float32, 20), "1,2,3,4", "4,3,2,1");
    read(bencher, &bytes, wanted, Values::Raw);
}

#[divan::bench(args = [Values::Raw, Values::Scale])]
fn uint16_log_amplified(bencher: Bencher, values: Values) {
    let bytes = with(file(Number::Uint16, 10), "\x0c0,0\x0c", "\x0c4,1\x0c");
    read(bencher, &bytes, 10, values);
}
