//! The number of events of a population have each combination of marker calls.
//!
//! A phenotype is a number whose bit `k` is the call of marker `k`. Rules that name stages
//! look at phenotypes, of which there are few, and never at events.

use crate::error::{Error, Result};
use crate::membership::packed_bit;

/// More markers than this make a table of phenotypes that no panel needs.
pub const MOST_MARKERS: usize = 16;

/// Count the phenotypes among the events of `parent`.
///
/// `parent` and each of `markers` are masks packed into bytes, lowest bit first, for
/// `n_events` events. Entry `p` of the answer is the number of events with phenotype `p`; it has
/// `2^markers` entries, whose sum is the number of events of `parent`.
///
/// # Errors
/// [`Error::Length`] if a mask has another length, or there are more than [`MOST_MARKERS`] markers.
pub fn count_phenotypes(parent: &[u8], markers: &[&[u8]], n_events: usize) -> Result<Vec<u64>> {
    if markers.len() > MOST_MARKERS {
        return Err(Error::Length {
            what: "the list of markers",
            found: markers.len(),
            expected: MOST_MARKERS,
        });
    }
    let expected = n_events.div_ceil(8);
    if let Some(mask) = std::iter::once(&parent)
        .chain(markers)
        .find(|mask| mask.len() != expected)
    {
        return Err(Error::Length {
            what: "a packed mask",
            found: mask.len(),
            expected,
        });
    }
    let mut counts = vec![0; 1 << markers.len()];
    for (byte, &events) in parent.iter().enumerate() {
        let mut rest = events;
        while rest != 0 {
            let event = byte * 8 + rest.trailing_zeros() as usize;
            let phenotype = markers.iter().enumerate().fold(0, |bits, (marker, mask)| {
                bits | usize::from(packed_bit(mask, event)) << marker
            });
            counts[phenotype] += 1;
            rest &= rest - 1;
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_only_events_of_the_parent() -> Result<()> {
        let counts = count_phenotypes(&[0b0000_0111], &[&[0b0000_0101], &[0b1111_0001]], 8)?;
        assert_eq!(counts, [1, 1, 0, 1]);
        Ok(())
    }

    #[test]
    fn refuses_masks_of_another_length() {
        assert!(count_phenotypes(&[0], &[&[0, 0]], 8).is_err());
        let many: Vec<&[u8]> = vec![&[0]; MOST_MARKERS + 1];
        assert!(count_phenotypes(&[0], &many, 8).is_err());
    }

    proptest! {
        #[test]
        fn phenotypes_partition_the_parent(
            bytes in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..40),
        ) {
            let column = |pick: fn(&(u8, u8, u8)) -> u8| bytes.iter().map(pick).collect::<Vec<_>>();
            let (parent, a, b) = (column(|t| t.0), column(|t| t.1), column(|t| t.2));
            let counts = count_phenotypes(&parent, &[&a, &b], bytes.len() * 8).expect("lengths agree");
            let in_parent: u32 = parent.iter().map(|byte| byte.count_ones()).sum();
            prop_assert_eq!(counts.iter().sum::<u64>(), u64::from(in_parent));
        }
    }
}
