//! TEXT of any bytes behind a sound HEADER, before a little DATA.
#![no_main]

use libfuzzer_sys::fuzz_target;
use longate::fcs::File;
use longate::fcs::data::{Column, Values, read_columns_on};

/// Bytes of DATA behind TEXT.
const DATA: usize = 64;

fuzz_target!(|text: &[u8]| {
    if text.len() < 2 {
        return;
    }
    let begin = 58 + text.len();
    let mut bytes = format!(
        "FCS3.1    {:>8}{:>8}{:>8}{:>8}{:>8}{:>8}",
        58,
        begin - 1,
        begin,
        begin + DATA - 1,
        0,
        0
    )
    .into_bytes();
    bytes.extend_from_slice(text);
    bytes.resize(begin + DATA, 0x31);
    let source = bytes.as_slice();
    let Ok(file) = File::read(&source) else {
        return;
    };
    let channels: Vec<usize> = (0..file.parameters.len()).collect();
    let mut out = vec![vec![0.0_f64; file.n_events]; channels.len()];
    let mut columns: Vec<_> = out.iter_mut().map(|c| Column::Float64(c)).collect();
    let _ = read_columns_on(&source, &file, &channels, Values::Scale, &mut columns, 1);
});
