//! Allocations that keep the sizes of two groups: counted, listed, drawn.

/// Number of ways to choose `k` of `n`, or `None` where it exceeds 64 bits.
pub(super) fn allocations(n: usize, k: usize) -> Option<u64> {
    let Some(left) = n.checked_sub(k) else {
        return Some(0);
    };
    let mut number: u128 = 1;
    for step in 0..k.min(left) {
        number = number.checked_mul((n - step) as u128)? / (step as u128 + 1);
    }
    u64::try_from(number).ok()
}

/// Moves `chosen` to the next choice in lexicographic order; false at the last.
pub(super) fn next_choice(chosen: &mut [usize], n: usize) -> bool {
    let k = chosen.len();
    for position in (0..k).rev() {
        if chosen[position] < n - k + position {
            chosen[position] += 1;
            for after in position + 1..k {
                chosen[after] = chosen[after - 1] + 1;
            }
            return true;
        }
    }
    false
}

/// The choice of `k` of `n` that comes after `rank` others in lexicographic order.
pub(super) fn choice(mut rank: u64, n: usize, k: usize) -> Vec<usize> {
    let mut chosen = Vec::with_capacity(k);
    for candidate in 0..n {
        if chosen.len() == k {
            break;
        }
        // Choices that go on with this candidate.
        let with = allocations(n - candidate - 1, k - chosen.len() - 1).unwrap_or(u64::MAX);
        if rank < with {
            chosen.push(candidate);
        } else {
            rank -= with;
        }
    }
    chosen
}

/// Draws the allocation of one replicate, which depends on `seed` and
/// `replicate` alone.
pub(super) fn draw(
    order: &mut Vec<usize>,
    labels: &mut [bool],
    n_first: usize,
    seed: u64,
    replicate: u64,
) {
    let n = labels.len();
    order.clear();
    order.extend(0..n);
    labels.fill(false);
    let mut state = mix(seed ^ mix(replicate));
    for position in 0..n_first {
        let left = (n - position) as u64;
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        // Multiply and shift: the bias is below n / 2^64.
        let pick = (u128::from(mix(state)) * u128::from(left)) >> 64;
        order.swap(position, position + usize::try_from(pick).unwrap_or(0));
        labels[order[position]] = true;
    }
}

/// The finaliser of `SplitMix64` (Steele, Lea and Flood 2014,
/// doi:10.1145/2660193.2660195).
pub(super) fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_every_allocation_equally_often() {
        let (mut order, mut labels) = (Vec::new(), vec![false; 5]);
        let mut seen = std::collections::BTreeMap::new();
        for replicate in 0..20_000 {
            draw(&mut order, &mut labels, 2, 7, replicate);
            *seen.entry(labels.clone()).or_insert(0_u32) += 1;
        }
        assert_eq!(seen.len(), 10);
        assert!(
            seen.values().all(|&times| times.abs_diff(2_000) < 200),
            "{seen:?}"
        );
    }

    #[test]
    fn finds_every_choice_by_its_number() {
        let mut chosen: Vec<usize> = (0..5).collect();
        for rank in 0..792 {
            assert_eq!(choice(rank, 12, 5), chosen);
            assert_eq!(next_choice(&mut chosen, 12), rank < 791);
        }
        assert_eq!(choice(0, 4, 4), vec![0, 1, 2, 3]);
    }

    #[test]
    fn counts_the_allocations() {
        assert_eq!(allocations(12, 5), Some(792));
        assert_eq!(allocations(9, 4), Some(126));
        assert_eq!(allocations(400, 200), None);
    }
}
