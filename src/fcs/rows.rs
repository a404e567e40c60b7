//! Rows: the events of a block as plain rows of bytes, however they are stored.

use crate::error::{Error, Result};
use crate::memory;
use crate::source::Source;

use super::layout::{Stored, bytes_of};
use super::{File, delimited};

/// What the rows of a block are called in an error.
const BLOCK: &str = "a block of events";

/// Events that are decoded at a time: the rows of a block stay in the cache.
pub const BLOCK_EVENTS: usize = 4096;

/// The plain rows of `n_events` events from event `first` on, [`File::event_bytes`] each.
///
/// # Errors
/// As [`Source::read_at`]; [`Error::Data`] for ASCII that is no number, or events that the file
/// does not have.
pub fn read_rows(
    source: &dyn Source,
    file: &File,
    first: usize,
    n_events: usize,
    rows: &mut Vec<u8>,
) -> Result<()> {
    if first.saturating_add(n_events) > file.n_events {
        return Err(Error::Data {
            detail: format!(
                "events {first} to {} of {} were asked for",
                first.saturating_add(n_events),
                file.n_events
            ),
        });
    }
    memory::resize(rows, n_events * file.event_bytes, 0, BLOCK)?;
    match &file.stored {
        Stored::Rows => source.read_at(rows, offset_of(file, first)),
        Stored::Mixed(order) => {
            source.read_at(rows, offset_of(file, first))?;
            reorder(file, order, rows);
            Ok(())
        }
        Stored::Packed { big } => {
            let bits = first as u64 * file.event_bits;
            let shift = (bits % 8) as usize;
            let end = bytes_of((first + n_events) as u64, file.event_bits);
            let size = usize::try_from(end - bits / 8).unwrap_or(usize::MAX);
            let mut packed = memory::filled(size, 0, BLOCK)?;
            source.read_at(&mut packed, file.data_begin + bits / 8)?;
            unpack(file, &packed, shift, *big, rows);
            Ok(())
        }
        Stored::Text => {
            let bytes = bytes_of(n_events as u64, file.event_bits);
            let size = usize::try_from(bytes).unwrap_or(usize::MAX);
            let mut text = memory::filled(size, 0, BLOCK)?;
            source.read_at(&mut text, offset_of(file, first))?;
            parse_fixed(file, first, &text, rows)
        }
        Stored::Delimited => delimited::read_rows(source, file, first, rows),
    }
}

/// Byte at which an event of whole bytes begins.
fn offset_of(file: &File, event: usize) -> u64 {
    file.data_begin + event as u64 * (file.event_bits / 8)
}

/// Bring the bytes of each number into rising significance.
fn reorder(file: &File, order: &[u8], rows: &mut [u8]) {
    for row in rows.chunks_exact_mut(file.event_bytes) {
        for parameter in file.parameters.iter().filter(|p| p.bytes == order.len()) {
            let number = &mut row[parameter.offset..parameter.offset + parameter.bytes];
            let mut sorted = [0; super::encoding::MOST_BYTES];
            for (&significance, &byte) in order.iter().zip(&*number) {
                sorted[usize::from(significance)] = byte;
            }
            number.copy_from_slice(&sorted[..order.len()]);
        }
    }
}

/// Spread packed bits into whole bytes, least significant first.
fn unpack(file: &File, packed: &[u8], shift: usize, big: bool, rows: &mut [u8]) {
    let mut bit = shift;
    for row in rows.chunks_exact_mut(file.event_bytes) {
        for parameter in &file.parameters {
            let width = parameter.bits as usize;
            let number = bits_at(packed, bit, width, big);
            let slot = &mut row[parameter.offset..parameter.offset + parameter.bytes];
            slot.copy_from_slice(&number.to_le_bytes()[..parameter.bytes]);
            bit += width;
        }
    }
}

/// The number of `width` bits (at most 64) from bit `begin` on.
fn bits_at(bytes: &[u8], begin: usize, width: usize, big: bool) -> u64 {
    let end = (begin + width).div_ceil(8);
    let window = &bytes[begin / 8..end];
    let add = |sum: u128, &byte: &u8| sum << 8 | u128::from(byte);
    // At most 64 + 7 bits in 9 bytes.
    let number = if big {
        window.iter().fold(0, add) >> (8 * end - begin - width)
    } else {
        window.iter().rev().fold(0, add) >> (begin % 8)
    };
    let mask = (1_u128 << width) - 1;
    u64::try_from(number & mask).unwrap_or(u64::MAX)
}

fn parse_fixed(file: &File, first: usize, text: &[u8], rows: &mut [u8]) -> Result<()> {
    let mut rest = text;
    for (event, row) in rows.chunks_exact_mut(file.event_bytes).enumerate() {
        for (parameter, slot) in file.parameters.iter().zip(row.chunks_exact_mut(8)) {
            let (field, behind) = rest.split_at(parameter.bits as usize / 8);
            rest = behind;
            let number = delimited::number(field).ok_or_else(|| Error::Data {
                detail: format!(
                    "event {} holds {:?} in channel {:?}, where a number is expected",
                    first + event + 1,
                    String::from_utf8_lossy(field),
                    super::keywords::shown(&parameter.detector)
                ),
            })?;
            slot.copy_from_slice(&number.to_le_bytes());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_bits_from_either_end() {
        let bytes = [0b1010_1100, 0b0101_0011, 0b1111_0000];
        assert_eq!(bits_at(&bytes, 0, 10, true), 0b10_1011_0001);
        assert_eq!(bits_at(&bytes, 10, 10, true), 0b01_0011_1111);
        assert_eq!(bits_at(&bytes, 0, 10, false), 0b11_1010_1100);
        assert_eq!(bits_at(&bytes, 10, 10, false), 0b00_0001_0100);
        let ones = [0xff; 9];
        assert_eq!(bits_at(&ones, 7, 64, true), u64::MAX);
        assert_eq!(bits_at(&ones, 7, 64, false), u64::MAX);
    }
}
