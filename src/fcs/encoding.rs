//! Encodings: how a stored number is written, and in which order its bytes stand.

use crate::error::{Error, Result};

use super::keywords::shown;

/// Order of the bytes of a number in the rows that the reader hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first, `1,2,3,4`.
    Little,
    /// Most significant byte first, `4,3,2,1`.
    Big,
}

/// How a number is written in the rows that the reader hands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Encoding {
    /// An unsigned integer, of which the bits of `mask` are the value.
    Integer {
        /// Bits that `$PnR` leaves, up to the next power of two.
        mask: u64,
    },
    /// IEEE 754 single precision.
    Float32,
    /// IEEE 754 double precision.
    Float64,
}

/// What `$DATATYPE` or `$PnDATATYPE` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Datatype {
    Integer,
    Float,
    Double,
    Ascii,
}

impl Datatype {
    pub(super) fn from_keyword(keyword: &str, value: &str) -> Result<Self> {
        match value.to_ascii_uppercase().as_str() {
            "I" => Ok(Self::Integer),
            "F" => Ok(Self::Float),
            "D" => Ok(Self::Double),
            // FCS 3.2 has no ASCII for single parameters.
            "A" if keyword == "$DATATYPE" => Ok(Self::Ascii),
            _ => Err(Error::Unsupported {
                what: format!("{keyword} = {:?}", shown(value)),
            }),
        }
    }
}

/// `$BYTEORD`: the significance of the bytes of a number as they stand in the file, 1 the least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StoredOrder {
    Little,
    Big,
    /// Any other order, such as `3,4,1,2`; significance from 0.
    Mixed(Vec<u8>),
}

/// Most bytes of a number.
pub(super) const MOST_BYTES: usize = 8;

impl StoredOrder {
    /// `1,2` and `2,1` mean little and big at any width.
    pub(super) fn from_keyword(value: &str) -> Result<Self> {
        let refused = || Error::Unsupported {
            what: format!("$BYTEORD = {:?}", shown(value)),
        };
        let order = value
            .split(',')
            .take(MOST_BYTES + 1)
            .map(|digit| digit.trim().parse::<u8>().ok()?.checked_sub(1))
            .collect::<Option<Vec<u8>>>()
            .ok_or_else(refused)?;
        let mut sorted = order.clone();
        sorted.sort_unstable();
        let complete = sorted.iter().copied().eq((0..).take(order.len()));
        if order.len() > MOST_BYTES || !complete {
            return Err(refused());
        }
        Ok(if order == sorted {
            Self::Little
        } else if order.iter().rev().eq(&sorted) {
            Self::Big
        } else {
            Self::Mixed(order)
        })
    }
}

/// The bits of numbers below `range`, up to the next power of two (FCS 3.1 §3.2.20).
pub(super) fn range_mask(range: Option<f64>, all: u64) -> Option<u64> {
    let range = range.filter(|range| *range > 0.0)?;
    let mut mask = 0;
    while (mask as f64) + 1.0 < range && mask < all {
        mask = mask << 1 | 1;
    }
    Some(if mask == 0 { all } else { mask })
}

/// The lowest `bits` bits, 1 to 64.
pub(super) fn low_bits(bits: u32) -> u64 {
    u64::MAX >> (u64::BITS - bits.clamp(1, u64::BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_to_the_next_power_of_two() {
        assert_eq!(range_mask(Some(1024.0), 0xffff), Some(1023));
        assert_eq!(range_mask(Some(1000.0), 0xffff), Some(1023));
        assert_eq!(range_mask(Some(65536.0), 0xffff), Some(0xffff));
        assert_eq!(range_mask(Some(1e10), 0xffff_ffff), Some(0xffff_ffff));
        assert_eq!(range_mask(Some(0.0), 0xffff), None);
        assert_eq!(range_mask(None, 0xffff), None);
    }

    #[test]
    fn understands_byte_orders_and_refuses_what_is_none() {
        let order = |value| StoredOrder::from_keyword(value).ok();
        assert_eq!(order("1"), Some(StoredOrder::Little));
        assert_eq!(order("2,1"), Some(StoredOrder::Big));
        assert_eq!(order(" 4, 3,2,1 "), Some(StoredOrder::Big));
        assert_eq!(order("3,4,1,2"), Some(StoredOrder::Mixed(vec![2, 3, 0, 1])));
        for value in ["", "0,1", "1,1", "1,3", "1,2,3,4,5,6,7,8,9", "little"] {
            assert_eq!(order(value), None, "{value}");
        }
    }
}
