//! Whole files of any bytes: whatever they claim, a reading or an error, and no more events than
//! the bytes hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use longate::fcs::{File, count_data_sets};

fuzz_target!(|bytes: &[u8]| {
    let sets = count_data_sets(&bytes);
    assert!(sets <= bytes.len() / 58 + 1);
    for number in 0..sets.min(4) {
        if let Ok(file) = File::read_data_set(&bytes, number) {
            let bits: u64 = file
                .parameters
                .iter()
                .map(|p| u64::from(p.bits.max(8)))
                .sum();
            // Delimited numbers take two bytes at least; packed ones may take single bits.
            let least = if file.parameters[0].bits < 8 {
                bits.min(1)
            } else {
                bits
            };
            assert!(file.n_events as u64 * least <= 8 * bytes.len() as u64);
            let _ = file.crc_fits(&bytes);
        }
    }
});
