//! DATA: columns of values from rows of bytes.
//!
//! A block of events is read once and each channel that is asked for is decoded
//! into a column. Channel to scale (FCS 3.1 §3.2.20, Gating-ML 2.0 §6.1.1): a logarithmic
//! amplifier gives `f2 · 10^(f1 x / R)`, with `R` and not `R - 1`; a linear one `x / gain`; Time
//! is multiplied by `$TIMESTEP`.

use crate::error::{Error, Result};
use crate::source::Source;

use super::parameters::Amplification;
use super::{ByteOrder, Encoding, File, Parameter};

/// Which numbers are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// The stored numbers, after the mask of `$PnR`.
    Raw,
    /// Values on the channel's scale: `$PnE`, `$PnG` and `$TIMESTEP` applied.
    Scale,
}

/// A column to be filled, in the width its parameter calls for.
#[derive(Debug)]
pub enum Column<'a> {
    /// Every value fits a 32-bit float exactly.
    Float32(&'a mut [f32]),
    /// Everything else.
    Float64(&'a mut [f64]),
}

/// Events that are decoded at a time: the rows of a block stay in the cache.
pub const BLOCK_EVENTS: usize = 4096;

/// The bytes of `n_events` events from event `first` on.
///
/// # Errors
/// As [`Source::read_at`].
pub fn read_rows(
    source: &dyn Source,
    file: &File,
    first: usize,
    n_events: usize,
    rows: &mut Vec<u8>,
) -> Result<()> {
    rows.resize(n_events * file.event_bytes, 0);
    let offset = file.data_begin + first as u64 * file.event_bytes as u64;
    source.read_at(rows, offset)
}

/// Decode whole columns of a file.
///
/// `columns[i]` takes the channel number `channels[i]`, from 0.
///
/// # Errors
/// [`Error::NoSuchChannel`], [`Error::Length`] if a column is not one value per event,
/// and what [`Source::read_at`] raises.
pub fn read_columns(
    source: &dyn Source,
    file: &File,
    channels: &[usize],
    values: Values,
    columns: &mut [Column<'_>],
) -> Result<()> {
    check_channels(file, channels)?;
    for column in columns.iter() {
        let found = match column {
            Column::Float32(out) => out.len(),
            Column::Float64(out) => out.len(),
        };
        if found != file.n_events {
            return Err(Error::Length {
                what: "a column",
                found,
                expected: file.n_events,
            });
        }
    }
    let mut rows = Vec::new();
    let mut scratch = vec![0.0; BLOCK_EVENTS.min(file.n_events)];
    for first in (0..file.n_events).step_by(BLOCK_EVENTS) {
        let n_events = BLOCK_EVENTS.min(file.n_events - first);
        read_rows(source, file, first, n_events, &mut rows)?;
        for (&channel, column) in channels.iter().zip(columns.iter_mut()) {
            match column {
                Column::Float64(out) => {
                    decode(
                        &rows,
                        file,
                        channel,
                        values,
                        &mut out[first..first + n_events],
                    );
                }
                Column::Float32(out) => {
                    decode(&rows, file, channel, values, &mut scratch[..n_events]);
                    for (narrow, &wide) in out[first..].iter_mut().zip(&scratch[..n_events]) {
                        // Exact: the parameter fits, see `Parameter::scale_fits_float32`.
                        #[allow(clippy::cast_possible_truncation)]
                        let value = wide as f32;
                        *narrow = value;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Refuse channel numbers that the file does not have.
///
/// # Errors
/// [`Error::NoSuchChannel`].
pub fn check_channels(file: &File, channels: &[usize]) -> Result<()> {
    match channels
        .iter()
        .find(|&&index| index >= file.parameters.len())
    {
        Some(&index) => Err(Error::NoSuchChannel {
            index,
            available: file.parameters.len(),
        }),
        None => Ok(()),
    }
}

/// Decode one channel of a block of rows; `out` has one place per row.
pub fn decode(rows: &[u8], file: &File, channel: usize, values: Values, out: &mut [f64]) {
    let parameter = &file.parameters[channel];
    decode_raw(rows, file, parameter, out);
    if values == Values::Scale {
        to_scale(parameter, out);
    }
}

fn decode_raw(rows: &[u8], file: &File, parameter: &Parameter, out: &mut [f64]) {
    let values = rows
        .chunks_exact(file.event_bytes)
        .map(|row| &row[parameter.offset..parameter.offset + parameter.bytes]);
    let big = file.byte_order == ByteOrder::Big;
    match parameter.encoding {
        Encoding::Float32 => fill(out, values, |bytes| {
            let array = <[u8; 4]>::try_from(bytes).unwrap_or_default();
            f64::from(if big {
                f32::from_be_bytes(array)
            } else {
                f32::from_le_bytes(array)
            })
        }),
        Encoding::Float64 => fill(out, values, |bytes| {
            let array = <[u8; 8]>::try_from(bytes).unwrap_or_default();
            if big {
                f64::from_be_bytes(array)
            } else {
                f64::from_le_bytes(array)
            }
        }),
        Encoding::Integer { mask } if big => fill(out, values, |bytes| {
            let number = bytes
                .iter()
                .fold(0, |sum, &byte| sum << 8 | u64::from(byte));
            (number & mask) as f64
        }),
        Encoding::Integer { mask } => fill(out, values, |bytes| {
            let number = bytes
                .iter()
                .rev()
                .fold(0, |sum, &byte| sum << 8 | u64::from(byte));
            (number & mask) as f64
        }),
    }
}

fn fill<'a>(
    out: &mut [f64],
    values: impl Iterator<Item = &'a [u8]>,
    number: impl Fn(&[u8]) -> f64,
) {
    for (place, bytes) in out.iter_mut().zip(values) {
        *place = number(bytes);
    }
}

fn to_scale(parameter: &Parameter, values: &mut [f64]) {
    match parameter.amplification {
        Amplification::Linear { gain: 1.0 } => {}
        Amplification::Linear { gain } => {
            for x in values {
                *x /= gain;
            }
        }
        Amplification::Time { step } => {
            for x in values {
                *x *= step;
            }
        }
        Amplification::Logarithmic { decades, offset } => {
            let range = parameter.range;
            for x in values {
                *x = offset * 10_f64.powf(decades * *x / range);
            }
        }
    }
}
