//! DATA of any bytes under keywords that the first bytes choose: type, widths, order, ranges.
#![no_main]

use libfuzzer_sys::fuzz_target;
use longate::fcs::File;
use longate::fcs::data::{Column, Values, read_columns_on};

const TYPES: [&str; 5] = ["I", "F", "D", "A", "I"];
const ORDERS: [&str; 6] = [
    "1,2,3,4",
    "4,3,2,1",
    "3,4,1,2",
    "1,2",
    "2,1",
    "2,1,4,3,6,5,8,7",
];
const RANGES: [&str; 6] = ["1024", "1000", "262144", "4294967296", "1e20", "0"];
const AMPLIFICATIONS: [&str; 4] = ["0,0", "4,1", "5.4,0", "0,1"];
const NAMES: [&str; 3] = ["FSC-A", "Time", "FL1"];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, data)) = bytes.split_first_chunk::<12>() else {
        return;
    };
    let pick = |list: &[&'static str], at: usize| list[usize::from(choice[at]) % list.len()];
    let datatype = pick(&TYPES, 0);
    let channels = usize::from(choice[1] % 4) + 1;
    let mut text = format!(
        "|$DATATYPE|{datatype}|$BYTEORD|{}|$MODE|L|$PAR|{channels}|$TIMESTEP|0.01|",
        pick(&ORDERS, 2)
    );
    if choice[3] % 4 != 0 {
        text += &format!("$TOT|{}|", u16::from_le_bytes([choice[4], choice[5] % 4]));
    }
    for number in 1..=channels {
        let width = match (datatype, choice[5 + number]) {
            ("F", _) => "32".to_owned(),
            ("D", _) => "64".to_owned(),
            ("A", choice) if choice % 3 == 0 => "*".to_owned(),
            ("A", choice) => (choice % 9).to_string(),
            (_, choice) if choice % 2 == 0 => (choice / 2 % 9 * 8).to_string(),
            (_, choice) => (choice % 70).to_string(),
        };
        text += &format!(
            "$P{number}B|{width}|$P{number}N|{}|$P{number}R|{}|$P{number}E|{}|$P{number}G|{}|",
            pick(&NAMES, 10),
            pick(&RANGES, 11),
            pick(&AMPLIFICATIONS, 10),
            choice[11] % 3
        );
        if datatype == "I" && choice[9 + number % 3] % 5 == 0 {
            text += &format!("$P{number}DATATYPE|{}|", pick(&["F", "D", "I"], 9));
        }
    }
    let begin = 58 + text.len();
    let mut file = format!(
        "FCS3.2    {:>8}{:>8}{:>8}{:>8}{:>8}{:>8}",
        58,
        begin - 1,
        begin,
        (begin + data.len()).saturating_sub(1),
        0,
        0
    )
    .into_bytes();
    file.extend_from_slice(text.as_bytes());
    file.extend_from_slice(data);
    let source = file.as_slice();
    let Ok(file) = File::read(&source) else {
        return;
    };
    let wanted: Vec<usize> = (0..file.parameters.len()).collect();
    for values in [Values::Raw, Values::Scale] {
        let mut out = vec![vec![0.0_f64; file.n_events]; wanted.len()];
        let mut columns: Vec<_> = out.iter_mut().map(|c| Column::Float64(c)).collect();
        let _ = read_columns_on(&source, &file, &wanted, values, &mut columns, 1);
    }
});
