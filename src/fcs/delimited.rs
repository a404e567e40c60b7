//! Delimited ASCII: numbers between blanks, tabs, commas or line ends (`$PnB = *`).
//!
//! Events have no fixed length, so that DATA is walked through once when the file is opened and
//! the begin of every block remembered. Several delimiters in a row count as one.

use crate::error::{Error, Result};
use crate::memory;
use crate::source::Source;

use super::File;
use super::rows::BLOCK_EVENTS;
use super::segments::Range;

/// Where each block of [`BLOCK_EVENTS`] events begins, and where the last ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) starts: Vec<u64>,
    pub(super) end: u64,
    /// Numbers in all.
    pub(super) n_numbers: u64,
}

impl Index {
    /// From offsets in the data set to offsets in the file.
    pub(super) fn shifted(mut self, begin: u64) -> Self {
        self.starts.iter_mut().for_each(|start| *start += begin);
        self.end += begin;
        self
    }
}

/// Bytes that are read at a time.
const CHUNK: usize = 1 << 16;

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b',' | b'\r' | b'\n')
}

/// Walk through DATA, of events of `n_channels` numbers.
pub(super) fn index(source: &dyn Source, data: Range, n_channels: usize) -> Result<Index> {
    let per_block = (BLOCK_EVENTS * n_channels) as u64;
    let mut index = Index {
        end: data.1,
        ..Index::default()
    };
    let mut chunk = vec![0; CHUNK];
    let mut inside = false;
    let mut at = data.0;
    while at < data.1 {
        let count = usize::try_from(data.1 - at).unwrap_or(CHUNK).min(CHUNK);
        source.read_at(&mut chunk[..count], at)?;
        for (offset, &byte) in (at..).zip(&chunk[..count]) {
            let begins = !inside && !is_delimiter(byte);
            inside = !is_delimiter(byte);
            if begins {
                if index.n_numbers.is_multiple_of(per_block) {
                    index.starts.push(offset);
                }
                index.n_numbers += 1;
            }
        }
        at += count as u64;
    }
    Ok(index)
}

/// A number in ASCII, finite.
pub(super) fn number(field: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(field).ok()?;
    let number = text.trim().parse::<f64>().ok()?;
    number.is_finite().then_some(number)
}

/// Rows of 64-bit floats, from event `first` on.
pub(super) fn read_rows(
    source: &dyn Source,
    file: &File,
    first: usize,
    rows: &mut [u8],
) -> Result<()> {
    let mut block = first / BLOCK_EVENTS;
    let mut skip = first % BLOCK_EVENTS * file.parameters.len();
    let mut slots = rows.chunks_exact_mut(8);
    let mut text = Vec::new();
    while slots.len() > 0 {
        let starts = &file.index.starts;
        let (Some(&begin), end) = (starts.get(block), starts.get(block + 1)) else {
            return Err(missing());
        };
        let end = end.copied().unwrap_or(file.index.end);
        let size = usize::try_from(end - begin).unwrap_or(usize::MAX);
        memory::resize(&mut text, size, 0, "a block of events")?;
        source.read_at(&mut text, begin)?;
        let fields = text
            .split(|&byte| is_delimiter(byte))
            .filter(|field| !field.is_empty());
        for (field, slot) in fields.skip(skip).zip(&mut slots) {
            let number = number(field).ok_or_else(|| Error::Data {
                detail: format!(
                    "block {block} holds {:?} where a number is expected",
                    super::keywords::shown(&String::from_utf8_lossy(field))
                ),
            })?;
            slot.copy_from_slice(&number.to_le_bytes());
        }
        block += 1;
        skip = 0;
    }
    Ok(())
}

fn missing() -> Error {
    Error::Data {
        detail: "it holds fewer numbers than $TOT and $PAR ask for".into(),
    }
}
