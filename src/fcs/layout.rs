//! Layout: how the events of a file are stored, and the rows that the reader hands out.
//!
//! Rows of whole bytes in one of the two common byte orders are handed out as they are stored.
//! Everything rarer (numbers of odd widths packed bit by bit, other byte orders, ASCII) is turned
//! into plain little-endian rows as it is read, so that decoding knows one form.

use crate::error::{Error, Result};

use super::Violation;
use super::encoding::{ByteOrder, Datatype, Encoding, StoredOrder, low_bits, range_mask};
use super::parameters::{Described, Parameter};

/// How events are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stored {
    /// Rows of whole bytes, as they are handed out.
    Rows,
    /// Rows of whole bytes of which some are to be reordered: (bytes, significance from 0).
    Mixed(Vec<u8>),
    /// Numbers of any width, one behind the other without regard to bytes.
    Packed {
        /// Most significant bit first.
        big: bool,
    },
    /// Numbers of a fixed count of characters.
    Text,
    /// Numbers between blanks, commas or line ends; see [`super::delimited`].
    Delimited,
}

/// How events are stored, and how the rows that are handed out look.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) stored: Stored,
    /// Bits of an event in the file; 0 where it has no fixed length.
    pub(super) event_bits: u64,
    pub(super) parameters: Vec<Parameter>,
    /// Bytes of a row as handed out.
    pub(super) event_bytes: usize,
    /// Order of the bytes in it.
    pub(super) byte_order: ByteOrder,
}

/// Bytes that `n_events` events of `event_bits` bits take.
pub(super) fn bytes_of(n_events: u64, event_bits: u64) -> u64 {
    let bits = u128::from(n_events) * u128::from(event_bits);
    u64::try_from(bits.div_ceil(8)).unwrap_or(u64::MAX)
}

/// How the widths of `$PnB` are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    /// Bit by bit, as the standard asks.
    Tight,
    /// Each in the next whole number of bytes.
    WholeBytes,
    /// Each in 1, 2, 4 or 8 bytes.
    Words,
}

impl Packing {
    fn bits(self, width: u32) -> u32 {
        match self {
            Self::Tight => width,
            Self::WholeBytes => width.next_multiple_of(8),
            Self::Words => width.next_multiple_of(8).next_power_of_two(),
        }
    }

    fn event_bits(self, described: &[Described]) -> u64 {
        let widths = described.iter().filter_map(|channel| channel.width);
        widths.map(|width| u64::from(self.bits(width))).sum()
    }
}

/// Settle the layout of events; `total` is `$TOT`, `declared` the length of DATA.
pub(super) fn settle(
    described: Vec<Described>,
    order: StoredOrder,
    total: Option<u64>,
    declared: Option<u64>,
    violations: &mut Vec<Violation>,
) -> Result<Layout> {
    if described.iter().any(|c| c.datatype == Datatype::Ascii) {
        return settle_ascii(described);
    }
    let packing = if described.iter().all(|c| c.width.unwrap_or(0) % 8 == 0) {
        Packing::Tight
    } else {
        choose_packing(&described, total, declared, violations)?
    };
    let event_bits = packing.event_bits(&described);
    let odd = packing == Packing::Tight && described.iter().any(|c| c.width.unwrap_or(0) % 8 != 0);
    let stored = match &order {
        StoredOrder::Mixed(_) if odd => {
            return Err(Error::Unsupported {
                what:
                    "numbers packed bit by bit in a byte order that is neither rising nor falling"
                        .into(),
            });
        }
        _ if odd => Stored::Packed {
            big: order == StoredOrder::Big,
        },
        StoredOrder::Mixed(order) => Stored::Mixed(order.clone()),
        StoredOrder::Little | StoredOrder::Big => Stored::Rows,
    };
    let byte_order = if stored == Stored::Rows && order == StoredOrder::Big {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    };
    let mut rows = RowBuilder::default();
    for (index, channel) in described.into_iter().enumerate() {
        let width = packing.bits(channel.width.unwrap_or(0));
        check_mixed(&stored, width, index + 1)?;
        let encoding = encoding(&channel, width, index + 1, violations);
        rows.push(channel, width, width.div_ceil(8), encoding);
    }
    Ok(Layout {
        stored,
        event_bits,
        event_bytes: rows.event_bytes,
        parameters: rows.parameters,
        byte_order,
    })
}

/// A mixed order says nothing of numbers of another width, single bytes apart.
fn check_mixed(stored: &Stored, width: u32, number: usize) -> Result<()> {
    match stored {
        Stored::Mixed(order) if width != 8 && width as usize != 8 * order.len() => {
            Err(Error::Unsupported {
                what: format!(
                    "$P{number}B = {width} beside a mixed $BYTEORD of {} bytes",
                    order.len()
                ),
            })
        }
        _ => Ok(()),
    }
}

fn settle_ascii(described: Vec<Described>) -> Result<Layout> {
    let delimited = described.iter().any(|channel| channel.width.is_none());
    let uniform = described
        .iter()
        .all(|channel| channel.datatype == Datatype::Ascii && channel.width.is_none() == delimited);
    if !uniform {
        return Err(Error::Unsupported {
            what: "ASCII numbers beside others, or of fixed width beside delimited ones".into(),
        });
    }
    let mut rows = RowBuilder::default();
    let mut event_bits = 0;
    for channel in described {
        let bits = 8 * channel.width.unwrap_or(0);
        event_bits += u64::from(bits);
        rows.push(channel, bits, 8, Encoding::Float64);
    }
    Ok(Layout {
        stored: if delimited {
            Stored::Delimited
        } else {
            Stored::Text
        },
        event_bits,
        event_bytes: rows.event_bytes,
        parameters: rows.parameters,
        byte_order: ByteOrder::Little,
    })
}

/// Settle how odd widths are stored, by the length of DATA: some instruments declare the
/// resolution of their converter (10 bits) and store words of 16 bits.
fn choose_packing(
    described: &[Described],
    total: Option<u64>,
    declared: Option<u64>,
    violations: &mut Vec<Violation>,
) -> Result<Packing> {
    let (Some(total), Some(declared)) = (total.filter(|&n| n > 0), declared) else {
        return Ok(Packing::Tight);
    };
    let size = |packing: Packing| bytes_of(total, packing.event_bits(described));
    let all = [Packing::Tight, Packing::WholeBytes, Packing::Words];
    let exact = |slack| {
        let fits = move |p: &Packing| size(*p).abs_diff(declared) <= slack;
        all.into_iter().find(fits)
    };
    let chosen = exact(0).or_else(|| exact(1));
    let possible = all.into_iter().filter(|&p| size(p) <= declared).count();
    match chosen {
        Some(Packing::Tight) => Ok(Packing::Tight),
        Some(packing) => {
            violations.push(Violation::new(
                "padded-widths",
                format!(
                    "$PnB is not a multiple of 8 and asks for {} bytes of tightly packed bits, \
                     but DATA has {declared}",
                    size(Packing::Tight)
                ),
                "read each number from whole bytes, which take exactly that".into(),
            ));
            Ok(packing)
        }
        // Tightly packed bits take the least: if they alone fit, or nothing does, it is decided.
        None if possible <= 1 => Ok(Packing::Tight),
        None => Err(Error::Offsets {
            segment: "DATA",
            detail: format!(
                "{declared} bytes hold $TOT = {total} events packed bit by bit as well as in \
                 whole bytes, and $PnB is not a multiple of 8; the choice would decide the values"
            ),
        }),
    }
}

fn encoding(
    channel: &Described,
    width: u32,
    number: usize,
    violations: &mut Vec<Violation>,
) -> Encoding {
    match channel.datatype {
        Datatype::Float => return Encoding::Float32,
        Datatype::Double | Datatype::Ascii => return Encoding::Float64,
        Datatype::Integer => {}
    }
    let mask = range_mask(channel.range, low_bits(width)).unwrap_or_else(|| {
        let declared = channel.width.unwrap_or(width);
        violations.push(Violation::new(
            "range-unusable",
            format!("$P{number}R is missing or not above 0"),
            format!("took all {declared} bits of the stored numbers"),
        ));
        low_bits(declared)
    });
    Encoding::Integer { mask }
}

/// Puts parameters side by side into a row.
#[derive(Default)]
struct RowBuilder {
    parameters: Vec<Parameter>,
    event_bytes: usize,
}

impl RowBuilder {
    fn push(&mut self, channel: Described, bits: u32, bytes: u32, encoding: Encoding) {
        let offset = self.event_bytes;
        self.event_bytes += bytes as usize;
        self.parameters.push(Parameter {
            detector: channel.detector,
            marker: channel.marker,
            range: channel.range.unwrap_or(0.0),
            voltage: channel.voltage,
            bits,
            bytes: bytes as usize,
            offset,
            encoding,
            amplification: channel.amplification,
        });
    }
}
