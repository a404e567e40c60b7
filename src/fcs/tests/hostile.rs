//! Valid files of every form, damaged with an eye to their structure.

use proptest::prelude::*;
use proptest::sample::select;

use super::made::Made;
use crate::fcs::data::{Column, Values, read_columns_on};
use crate::fcs::{File, count_data_sets};

/// Values that keywords do not expect.
const HOSTILE: [&str; 24] = [
    "",
    " ",
    "0",
    "1",
    "-1",
    "7",
    "58",
    "60",
    "99",
    "1e3",
    "1e308",
    "nan",
    "*",
    "A",
    "F",
    "D",
    "I",
    "4,1",
    "3,4,1,2",
    "2,1",
    "99999999",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
];
const KEYWORDS: [&str; 22] = [
    "$PAR",
    "$TOT",
    "$MODE",
    "$DATATYPE",
    "$BYTEORD",
    "$NEXTDATA",
    "$BEGINDATA",
    "$ENDDATA",
    "$BEGINSTEXT",
    "$ENDSTEXT",
    "$BEGINANALYSIS",
    "$ENDANALYSIS",
    "$TIMESTEP",
    "$P1B",
    "$P1R",
    "$P1E",
    "$P1G",
    "$P1N",
    "$P2B",
    "$P2R",
    "$P2DATATYPE",
    "$P1TYPE",
];
const RANGES: [&str; 5] = ["1024", "1000", "262144", "4294967296", "1e10"];
const ORDERS: [&str; 5] = ["1,2,3,4", "4,3,2,1", "3,4,1,2", "1,2", "8,7,6,5,4,3,2,1"];

/// What is done to a file.
#[derive(Debug, Clone)]
enum Damage {
    Keyword(&'static str, &'static str),
    Without(&'static str),
    Byte(usize, u8),
    Cut(usize),
    Insert(usize, u8, usize),
    Header(usize, u64),
    Twice,
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (select(&KEYWORDS), select(&HOSTILE)).prop_map(|(k, v)| Damage::Keyword(k, v)),
        1 => select(&KEYWORDS).prop_map(Damage::Without),
        2 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        1 => any::<usize>().prop_map(Damage::Cut),
        1 => (any::<usize>(), any::<u8>(), 1..40_usize)
            .prop_map(|(at, byte, count)| Damage::Insert(at, byte, count)),
        2 => (0..6_usize, prop_oneof![0..600_u64, 99_999_000..100_000_000_u64])
            .prop_map(|(field, offset)| Damage::Header(field, offset)),
        1 => Just(Damage::Twice),
    ]
}

fn made() -> impl Strategy<Value = Made> {
    let widths = prop_oneof![
        Just(("F", vec!["32"])),
        Just(("D", vec!["64"])),
        Just(("A", vec!["3", "5"])),
        Just(("A", vec!["*"])),
        Just(("I", vec!["8", "16", "24", "32", "64"])),
        Just(("I", vec!["10", "12", "1", "33"])),
    ];
    let channels = prop::collection::vec((any::<usize>(), select(&RANGES)), 1..5);
    let data = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..120),
        prop::collection::vec(select(b"0123456789 ,\n".as_slice()), 0..120),
    ];
    (widths, channels, data, select(&ORDERS), 0..12_u32).prop_map(
        |((datatype, widths), channels, data, order, total)| {
            let channels: Vec<_> = channels
                .iter()
                .map(|&(pick, range)| (widths[pick % widths.len()], range))
                .collect();
            Made::new(datatype, &channels, &data)
                .with("$BYTEORD", order)
                .with("$TOT", &total.to_string())
                .with("$NEXTDATA", "0")
        },
    )
}

fn damaged(mut made: Made, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        match damage {
            Damage::Keyword(keyword, value) => made.set(keyword, value),
            Damage::Without(keyword) => made.keywords.retain(|(key, _)| key != keyword),
            _ => {}
        }
    }
    let mut bytes = made.bytes();
    for damage in damages {
        let length = bytes.len();
        match *damage {
            Damage::Byte(at, byte) if length > 0 => bytes[at % length] = byte,
            Damage::Cut(at) if length > 0 => bytes.truncate(length - at % length),
            Damage::Insert(at, byte, count) => {
                let at = at % (length + 1);
                bytes.splice(at..at, std::iter::repeat_n(byte, count));
            }
            Damage::Header(field, offset) if length >= 58 => {
                let at = 10 + 8 * field;
                bytes[at..at + 8].copy_from_slice(format!("{offset:>8}").as_bytes());
            }
            Damage::Twice => bytes.extend(bytes.clone()),
            _ => {}
        }
    }
    bytes
}

/// Read everything that can be read, and hold the claims against the bytes.
fn read_all(bytes: &[u8]) {
    let sets = count_data_sets(&bytes);
    for number in 0..sets {
        let Ok(file) = File::read_data_set(&bytes, number) else {
            continue;
        };
        let bits: u64 = file.parameters.iter().map(|p| u64::from(p.bits)).sum();
        // Delimited numbers are of no fixed width, but of one byte at least.
        let least = bits.max(8 * u64::from(bits == 0));
        assert!(file.n_events as u64 * least <= 8 * bytes.len() as u64);
        let words = |d: &crate::fcs::Violation| d.found.len() + d.repair.len();
        let told: usize = file.violations.iter().map(words).sum();
        assert!(
            told <= 4096 + 16 * bytes.len(),
            "{told} bytes of violations"
        );
        let channels: Vec<usize> = (0..file.parameters.len()).collect();
        for values in [Values::Raw, Values::Scale] {
            let mut out = vec![vec![0.0_f64; file.n_events]; channels.len()];
            let mut columns: Vec<_> = out.iter_mut().map(|c| Column::Float64(c)).collect();
            let _ = read_columns_on(&bytes, &file, &channels, values, &mut columns, 1);
        }
        let _ = file.crc_fits(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn no_damage_panics_hangs_or_claims_more_than_there_is(
        made in made(), damages in prop::collection::vec(damage(), 0..4),
    ) {
        read_all(&damaged(made, &damages));
    }
}

#[test]
fn many_channels_of_one_name_and_a_long_value_stay_small() {
    let mut made = Made::new("I", &vec![("8", "256"); 2000], &[]).with("$TOT", "0");
    for number in 1..=2000 {
        made.set(&format!("$P{number}N"), "Time");
    }
    made.set("$TIMESTEP", &"x".repeat(100_000));
    read_all(&made.bytes());
}

#[test]
fn blanks_as_delimiters_take_no_quadratic_time() {
    let mut made = Made::new("I", &[("8", "256")], &[7]).with("$TOT", "1");
    made.delimiter = '\n';
    made.set("PADDING", &" \n".repeat(200_000));
    let started = std::time::Instant::now();
    read_all(&made.bytes());
    assert!(started.elapsed().as_secs() < 5);
}
