//! Columns: bits that two have, and whether there is a NaN.

multiversion! {
    /// `out = a & b`, and how many bits that has.
    pub(crate) fn and_count(a: &[u64], b: &[u64], out: &mut [u64]) -> u64 {
        let mut n_bits = 0;
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            *out = a & b;
            n_bits += u64::from(out.count_ones());
        }
        n_bits
    }
}

multiversion! {
    /// Return whether all values are finite.
    fn all_finite(values: &[f64]) -> bool {
        // Zero times a number that is not finite is NaN, and stays NaN in a sum.
        let (groups, rest) = values.as_chunks::<16>();
        let mut sums = [0.0; 16];
        for group in groups {
            for (sum, value) in sums.iter_mut().zip(group) {
                *sum += value * 0.0;
            }
        }
        let rest = rest.iter().fold(0.0, |sum, value| sum + value * 0.0);
        sums.iter().fold(rest, |sum, more| sum + more) == 0.0
    }
}

/// Return whether any value is NaN.
pub(crate) fn has_nan(values: &[f64]) -> bool {
    !all_finite(values) && values.iter().any(|value| value.is_nan())
}

#[cfg(test)]
mod tests {
    use super::super::forced::baseline;
    use super::*;

    #[test]
    fn counts_what_both_have() {
        let a: Vec<u64> = (0..67_u64)
            .map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .collect();
        let b: Vec<u64> = a.iter().map(|word| word.rotate_left(17)).collect();
        let expected: u64 = a
            .iter()
            .zip(&b)
            .map(|(a, b)| u64::from((a & b).count_ones()))
            .sum();
        let mut out = vec![0; 67];
        assert_eq!(and_count(&a, &b, &mut out), expected);
        assert_eq!(baseline(|| and_count(&a, &b, &mut out)), expected);
        assert_eq!(out[66], a[66] & b[66]);
    }

    #[test]
    fn finds_a_nan_anywhere() {
        for n_values in [1, 7, 8, 9, 64, 67] {
            for slot in 0..n_values {
                let mut values = vec![1.0; n_values];
                assert!(!has_nan(&values));
                values[slot] = f64::INFINITY;
                assert!(!has_nan(&values));
                values[slot] = f64::NAN;
                assert!(has_nan(&values) && baseline(|| has_nan(&values)));
            }
        }
    }
}
