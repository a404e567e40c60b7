//! Bit masks: which events of a block belong to a population.
//!
//! Bit `i % 64` of word `i / 64` stands for event `i`; bits beyond the last
//! event are always zero, so that counting is a population count.

/// Number of events a word holds.
pub const WORD_BITS: usize = 64;

/// Number of words that hold `n_events` bits.
#[must_use]
pub fn words_for(n_events: usize) -> usize {
    n_events.div_ceil(WORD_BITS)
}

/// Set the bits of all `n_events` events, and clear the rest.
pub fn fill(mask: &mut [u64], n_events: usize) {
    for (index, word) in mask.iter_mut().enumerate() {
        let left = n_events.saturating_sub(index * WORD_BITS);
        *word = if left >= WORD_BITS {
            u64::MAX
        } else {
            (1 << left) - 1
        };
    }
}

/// Number of events in the mask.
#[must_use]
pub fn count(mask: &[u64]) -> u64 {
    mask.iter().map(|word| u64::from(word.count_ones())).sum()
}

/// Call `visit` with the index of every event of the mask, in order.
pub fn for_each(mask: &[u64], mut visit: impl FnMut(usize)) {
    for (index, &word) in mask.iter().enumerate() {
        let mut rest = word;
        while rest != 0 {
            visit(index * WORD_BITS + rest.trailing_zeros() as usize);
            rest &= rest - 1;
        }
    }
}

/// Build a mask from a predicate on the index of each event.
pub fn collect(mask: &mut [u64], n_events: usize, mut holds: impl FnMut(usize) -> bool) {
    for (index, word) in mask.iter_mut().enumerate() {
        let begin = index * WORD_BITS;
        let end = (begin + WORD_BITS).min(n_events);
        let mut bits = 0;
        for event in begin..end.max(begin) {
            bits |= u64::from(holds(event)) << (event - begin);
        }
        *word = bits;
    }
}

/// Return whether event `index` of a mask packed into bytes (lowest bit first) is set.
#[must_use]
pub fn packed_bit(bytes: &[u8], index: usize) -> bool {
    bytes[index / 8] >> (index % 8) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_exactly_the_events() {
        for n_events in [0, 1, 63, 64, 65, 128, 130] {
            let mut mask = vec![u64::MAX; words_for(n_events) + 1];
            fill(&mut mask, n_events);
            assert_eq!(count(&mask), n_events as u64);
        }
    }

    #[test]
    fn visits_what_was_collected() {
        let mut mask = vec![0; words_for(200)];
        collect(&mut mask, 200, |event| event % 7 == 3);
        let mut seen = Vec::new();
        for_each(&mask, |event| seen.push(event));
        let expected: Vec<_> = (0..200).filter(|event| event % 7 == 3).collect();
        assert_eq!(seen, expected);
        assert_eq!(count(&mask), expected.len() as u64);
    }
}
