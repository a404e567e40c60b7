//! Sums over any subset of patients, by tables.

/// Sums of any patients of one outcome, eight patients a step.
pub(super) struct Subsets {
    /// For every eight patients, the sums of their 256 subsets.
    tables: Vec<[f64; 256]>,
    /// A bit for each patient who has a value, 64 a word.
    present: Vec<u64>,
    pub(super) n: u32,
    pub(super) total: f64,
}

impl Subsets {
    pub(super) fn of(row: &[f64]) -> Self {
        let known = |value: &f64| if value.is_nan() { 0.0 } else { *value };
        let table = |eight: &[f64]| {
            let mut sums = [0.0; 256];
            for subset in 1..256_usize {
                let first = subset.trailing_zeros() as usize;
                let value = eight.get(first).map_or(0.0, known);
                sums[subset] = sums[subset & (subset - 1)] + value;
            }
            sums
        };
        let bits = |patients: &[f64]| {
            let bit = |(at, value): (usize, &f64)| u64::from(!value.is_nan()) << at;
            patients.iter().enumerate().map(bit).sum()
        };
        let present: Vec<u64> = row.chunks(64).map(bits).collect();
        Self {
            tables: row.chunks(8).map(table).collect(),
            n: present.iter().map(|word| word.count_ones()).sum(),
            present,
            total: row.iter().map(known).sum(),
        }
    }

    pub(super) fn size(&self, word: usize, bits: u64) -> u32 {
        (bits & self.present[word]).count_ones()
    }

    pub(super) fn sum(&self, word: usize, bits: u64) -> f64 {
        let tables = self.tables[word * 8..].iter().take(8);
        let bytes = bits.to_le_bytes();
        tables
            .zip(bytes)
            .map(|(sums, byte)| sums[usize::from(byte)])
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_any_subset_of_many_patients() {
        let row: Vec<f64> = (0..70)
            .map(|at| if at % 9 == 4 { f64::NAN } else { f64::from(at) })
            .collect();
        let subsets = Subsets::of(&row);
        assert_eq!(subsets.n, 62);
        let words = [0xF0F0_1234_5678_9ABC_u64, 0b10_1001];
        let (mut size, mut sum) = (0, 0.0);
        for (word, &bits) in words.iter().enumerate() {
            size += subsets.size(word, bits);
            sum += subsets.sum(word, bits);
        }
        let chosen = |at: usize| words[at / 64] >> (at % 64) & 1 == 1;
        let plain: Vec<f64> = (0..70)
            .filter(|&at| chosen(at) && !row[at].is_nan())
            .map(|at| row[at])
            .collect();
        assert_eq!(size as usize, plain.len());
        assert!((sum - plain.iter().sum::<f64>()).abs() < 1e-9);
    }
}
