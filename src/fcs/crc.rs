//! CRC: the check word behind the last segment of a data set (FCS 3.1 §3.5).
//!
//! Eight ASCII digits hold a 16-bit CCITT sum, `x^16 + x^12 + x^5 + 1`, over every byte before
//! them; `00000000` says that none was computed. The standard names the polynomial but neither the
//! initial value nor the order of bits, so that the four usual forms all count as right.

use crate::error::Result;
use crate::source::Source;

/// Length of the field.
pub(super) const CRC_BYTES: usize = 8;
const POLYNOMIAL: u16 = 0x1021;
const REFLECTED: u16 = 0x8408;
const CHUNK: usize = 1 << 18;

/// The check word that stands at `offset`, where one was computed.
pub(super) fn stored(source: &dyn Source, offset: u64) -> Option<u16> {
    let mut field = [0; CRC_BYTES];
    source.read_at(&mut field, offset).ok()?;
    if !field.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = std::str::from_utf8(&field).ok()?;
    digits.parse().ok().filter(|&crc| crc != 0)
}

/// The sums of the bytes from `begin` to `end`, one per usual form.
pub(super) fn computed(source: &dyn Source, begin: u64, end: u64) -> Result<[u16; 4]> {
    let (forward, backward) = (table(POLYNOMIAL, false), table(REFLECTED, true));
    let mut plain = [0xffff_u16, 0];
    let mut mirrored = [0xffff_u16, 0];
    let mut chunk = vec![0; CHUNK.min(usize::try_from(end - begin).unwrap_or(CHUNK))];
    let mut at = begin;
    while at < end {
        let count = usize::try_from(end - at).unwrap_or(CHUNK).min(CHUNK);
        source.read_at(&mut chunk[..count], at)?;
        for &byte in &chunk[..count] {
            for sum in &mut plain {
                let [high, low] = sum.to_be_bytes();
                *sum = u16::from(low) << 8 ^ forward[usize::from(high ^ byte)];
            }
            for sum in &mut mirrored {
                let [high, low] = sum.to_be_bytes();
                *sum = u16::from(high) ^ backward[usize::from(low ^ byte)];
            }
        }
        at += count as u64;
    }
    Ok([plain[0], plain[1], !mirrored[0], mirrored[1]])
}

fn table(polynomial: u16, reflected: bool) -> [u16; 256] {
    let mut table = [0; 256];
    for (entry, byte) in table.iter_mut().zip(0_u16..) {
        let mut sum = if reflected { byte } else { byte << 8 };
        for _ in 0..8 {
            sum = match (reflected, sum & 1, sum >> 15) {
                (true, 1, _) => sum >> 1 ^ polynomial,
                (true, _, _) => sum >> 1,
                (false, _, 1) => sum << 1 ^ polynomial,
                (false, _, _) => sum << 1,
            };
        }
        *entry = sum;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_published_check_values() -> Result<()> {
        // The check string of every CRC catalogue: CCITT-FALSE, XMODEM, X-25, KERMIT.
        let bytes: &[u8] = b"123456789";
        assert_eq!(computed(&bytes, 0, 9)?, [0x29b1, 0x31c3, 0x906e, 0x2189]);
        Ok(())
    }

    #[test]
    fn zeros_and_words_are_no_sum() {
        let stored = |text: &[u8]| stored(&text, 0);
        assert_eq!(stored(b"00031323"), Some(31323));
        for text in [b"00000000", b"ABCD0000", b"99999999", b"    1234"] {
            assert_eq!(stored(text), None);
        }
    }
}
