//! DATA: columns of values from rows of bytes.
//!
//! A file is read once, in blocks that fit the cache, and each channel that is asked for is
//! decoded into its column: byte order, mask, scale and transposition in one pass. Threads share
//! out parts of the file; each reads its own blocks.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::error::{Error, Result};
use crate::simd::transpose;
use crate::source::Source;
use crate::threads::meant;

use super::decode::Decoder;
use super::layout::Stored;
use super::{Encoding, File, Violation};

pub use super::rows::{BLOCK_EVENTS, read_rows};

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

impl Column<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Float32(out) => out.len(),
            Self::Float64(out) => out.len(),
        }
    }

    /// The first `count` values, and the rest.
    fn split(self, count: usize) -> (Self, Self) {
        match self {
            Self::Float32(out) => {
                let (front, rest) = out.split_at_mut(count);
                (Self::Float32(front), Self::Float32(rest))
            }
            Self::Float64(out) => {
                let (front, rest) = out.split_at_mut(count);
                (Self::Float64(front), Self::Float64(rest))
            }
        }
    }

    /// Some values, if they are 32-bit floats.
    fn singles(&mut self, first: usize, count: usize) -> Option<&mut [f32]> {
        match self {
            Self::Float32(out) => Some(&mut out[first..first + count]),
            Self::Float64(_) => None,
        }
    }

    fn decode(&mut self, decoder: &Decoder, rows: &[u8], first: usize, count: usize) -> u64 {
        match self {
            Self::Float32(out) => decoder.decode(rows, &mut out[first..first + count]),
            Self::Float64(out) => decoder.decode(rows, &mut out[first..first + count]),
        }
    }
}

/// Bytes of a block that is read at once.
const BLOCK_BYTES: usize = 1 << 17;
/// Bytes of the rows that are decoded channel by channel while they stay in the first cache.
const TILE_BYTES: usize = 1 << 13;
/// Bytes of DATA below which a second thread costs more than it gains.
const BYTES_PER_THREAD: u64 = 1 << 20;
/// Channels side by side from which on turning them together pays.
const FEWEST_TOGETHER: usize = 2;
/// Parts of the file per thread, so that a thread that is held up does not hold up the rest.
const PARTS_PER_THREAD: usize = 4;

/// Decode whole columns of a file on as many threads as there are processors.
///
/// `columns[i]` takes the channel number `channels[i]`, from 0.
///
/// # Errors
/// As [`read_columns_on`].
pub fn read_columns(
    source: &dyn Source,
    file: &File,
    channels: &[usize],
    values: Values,
    columns: &mut [Column<'_>],
) -> Result<()> {
    read_columns_on(source, file, channels, values, columns, 0).map(drop)
}

/// Decode whole columns of a file on `threads` threads (0: one per processor).
///
/// Gives a violation for each channel of whose stored numbers some had bits outside the mask, or
/// more digits than a 64-bit float holds.
///
/// # Errors
/// [`Error::NoSuchChannel`], [`Error::Length`] if a column is not one value per event,
/// and what [`read_rows`] raises.
pub fn read_columns_on(
    source: &dyn Source,
    file: &File,
    channels: &[usize],
    values: Values,
    columns: &mut [Column<'_>],
    threads: usize,
) -> Result<Vec<Violation>> {
    let never = AtomicBool::new(false);
    read_columns_unless(source, file, channels, values, columns, threads, &never)
}

/// As [`read_columns_on`], unless `stop` becomes true before all is read.
///
/// # Errors
/// [`Error::Interrupted`], and those of [`read_columns_on`].
pub fn read_columns_unless(
    source: &dyn Source,
    file: &File,
    channels: &[usize],
    values: Values,
    columns: &mut [Column<'_>],
    threads: usize,
    stop: &AtomicBool,
) -> Result<Vec<Violation>> {
    check_channels(file, channels)?;
    check_columns(file, channels, columns)?;
    let decoders: Vec<Decoder> = channels
        .iter()
        .map(|&channel| Decoder::new(file, channel, values).with_table(file.n_events))
        .collect();
    let data_bytes = file.segments.data.1 - file.segments.data.0;
    let most = usize::try_from(data_bytes / BYTES_PER_THREAD).unwrap_or(usize::MAX);
    let threads = meant(threads).min(most).max(1);
    let parts = Mutex::new(split(file.n_events, threads, columns).into_iter());
    let work = || -> Result<Vec<u64>> {
        let mut worker = Worker::new(source, file, &decoders, stop);
        loop {
            // The lock is only held to take a part; a poisoned one means another thread failed.
            let part = parts.lock().map_or(None, |mut parts| parts.next());
            match part {
                Some(part) => worker.run(part)?,
                None => return Ok(worker.met),
            }
        }
    };
    let outcome = run_on(threads, work);
    if source.has_changed() {
        return Err(Error::FileChanged); // blocks may be of different files
    }
    Ok(report(file, channels, &outcome?))
}

/// Run the same work on several threads, this one included, and put together what they met.
fn run_on(threads: usize, work: impl Fn() -> Result<Vec<u64>> + Sync) -> Result<Vec<u64>> {
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|_| thread::Builder::new().spawn_scoped(scope, &work))
            .collect();
        let mut met = work()?;
        for other in others {
            // Where no more threads can be had, those that there are do the work.
            let Ok(handle) = other else { continue };
            let more = handle
                .join()
                .map_err(|_| Error::Threads("a reading thread failed".into()))??;
            for (sum, more) in met.iter_mut().zip(more) {
                *sum |= more;
            }
        }
        Ok(met)
    })
}

fn check_columns(file: &File, channels: &[usize], columns: &[Column<'_>]) -> Result<()> {
    let lengths = columns
        .iter()
        .map(|column| ("a column", column.len(), file.n_events))
        .chain([("the list of columns", columns.len(), channels.len())]);
    for (what, found, expected) in lengths {
        if found != expected {
            return Err(Error::Length {
                what,
                found,
                expected,
            });
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

/// Decode one channel of a block of rows; `out` has one value per row.
pub fn decode(rows: &[u8], file: &File, channel: usize, values: Values, out: &mut [f64]) {
    Decoder::new(file, channel, values).decode(rows, out);
}

/// Some events of every column.
struct Part<'a> {
    first: usize,
    n_events: usize,
    columns: Vec<Column<'a>>,
}

/// Cut all columns at the same events, which are multiples of [`BLOCK_EVENTS`].
fn split<'a>(n_events: usize, threads: usize, columns: &'a mut [Column<'_>]) -> Vec<Part<'a>> {
    let n_parts = if threads == 1 {
        1
    } else {
        threads * PARTS_PER_THREAD
    };
    let per_part = n_events
        .div_ceil(n_parts)
        .next_multiple_of(BLOCK_EVENTS)
        .max(BLOCK_EVENTS);
    let mut rest: Vec<Column<'a>> = columns
        .iter_mut()
        .map(|column| match column {
            Column::Float32(out) => Column::Float32(out),
            Column::Float64(out) => Column::Float64(out),
        })
        .collect();
    (0..n_events)
        .step_by(per_part)
        .map(|first| {
            let n_events = per_part.min(n_events - first);
            let (columns, behind) = rest.drain(..).map(|c| c.split(n_events)).unzip();
            rest = behind;
            Part {
                first,
                n_events,
                columns,
            }
        })
        .collect()
}

/// One thread's buffer, and the bits of integers that it met.
struct Worker<'a> {
    source: &'a dyn Source,
    file: &'a File,
    decoders: &'a [Decoder],
    stop: &'a AtomicBool,
    rows: Vec<u8>,
    met: Vec<u64>,
}

impl<'a> Worker<'a> {
    fn new(
        source: &'a dyn Source,
        file: &'a File,
        decoders: &'a [Decoder],
        stop: &'a AtomicBool,
    ) -> Self {
        Self {
            source,
            file,
            decoders,
            stop,
            rows: Vec::new(),
            met: vec![0; decoders.len()],
        }
    }

    fn run(&mut self, mut part: Part<'_>) -> Result<()> {
        let row = self.file.event_bytes.max(1);
        let block = match self.file.stored {
            Stored::Rows | Stored::Mixed(_) => (BLOCK_BYTES / row).max(1),
            _ => BLOCK_EVENTS,
        };
        let tile = (TILE_BYTES / row).max(1);
        for first in (0..part.n_events).step_by(block) {
            if self.stop.load(Ordering::Relaxed) {
                return Err(Error::Interrupted);
            }
            let count = block.min(part.n_events - first);
            read_rows(
                self.source,
                self.file,
                part.first + first,
                count,
                &mut self.rows,
            )?;
            for (at, rows) in (first..).step_by(tile).zip(self.rows.chunks(tile * row)) {
                let count = rows.len() / row;
                let met = &mut self.met;
                decode_tile(self.decoders, met, rows, (at, count), &mut part.columns);
            }
        }
        Ok(())
    }
}

/// Decode the rows of a tile into `count` values from index `at` on.
fn decode_tile(
    decoders: &[Decoder],
    met: &mut [u64],
    rows: &[u8],
    (at, count): (usize, usize),
    columns: &mut [Column<'_>],
) {
    let mut from = 0;
    while from < columns.len() {
        let together = Decoder::side_by_side(&decoders[from..]);
        let mut slices: [&mut [f32]; transpose::WIDTH] = Default::default();
        let singles = columns[from..from + together]
            .iter_mut()
            .map_while(|column| column.singles(at, count));
        let mut n_singles = 0;
        for (slice, single) in slices.iter_mut().zip(singles) {
            *slice = single;
            n_singles += 1;
        }
        if n_singles >= FEWEST_TOGETHER {
            let to = from + n_singles;
            let slices = &mut slices[..n_singles];
            let bits = Decoder::decode_together(&decoders[from..to], rows, slices);
            for (met, bits) in met[from..to].iter_mut().zip(bits) {
                *met |= u64::from(bits);
            }
            from = to;
        } else {
            met[from] |= columns[from].decode(&decoders[from], rows, at, count);
            from += 1;
        }
    }
}

/// Bits of an integer that a 64-bit float holds exactly.
const FLOAT64_BITS: u64 = (1 << f64::MANTISSA_DIGITS) - 1;

/// What the integers of the channels show: bits outside the mask, and lost digits.
fn report(file: &File, channels: &[usize], met: &[u64]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (&channel, &met) in channels.iter().zip(met) {
        let parameter = &file.parameters[channel];
        let Encoding::Integer { mask } = parameter.encoding else {
            continue;
        };
        let name = super::keywords::shown(&parameter.detector);
        if met & !mask != 0 {
            violations.push(Violation::new(
                "mask-applied",
                format!(
                    "channel {name:?} has numbers with bits (at most {:#x}) above $PnR = {}",
                    met & !mask,
                    parameter.range
                ),
                "cleared these bits, as the standard asks".into(),
            ));
        }
        if met & mask > FLOAT64_BITS {
            violations.push(Violation::new(
                "rounded-integers",
                format!("channel {name:?} has integers of more than 53 bits"),
                "rounded them to the nearest 64-bit float".into(),
            ));
        }
    }
    violations
}
