//! Order statistics by selection that can be stopped half way.

use crate::error::{Error, Result};

/// Values between two looks at whether to stop.
pub(super) const CHUNK: usize = 1 << 20;
/// Values among which the standard library's selection, which cannot be stopped, is quick.
const FEW: usize = if cfg!(test) { 1 << 16 } else { 1 << 23 };
/// The number of values tell where a rank is to be expected, and how far off they may be.
const SAMPLE: usize = 1024;
const WIDTH: usize = 40; // 2.5 standard errors of the median of the sample
/// Rounds after which the standard library takes over, whose worst case is bounded.
const MOST_ROUNDS: usize = 12;

/// Values from which order statistics are taken.
pub(super) struct Order<'a> {
    values: &'a mut [f64],
    /// Positions, ascending: no value before such a position is above one behind it.
    cuts: Vec<usize>,
    stopped: &'a dyn Fn() -> bool,
}

impl<'a> Order<'a> {
    pub(super) fn new(values: &'a mut [f64], stopped: &'a dyn Fn() -> bool) -> Self {
        let cuts = vec![0, values.len()];
        Self {
            values,
            cuts,
            stopped,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The value of a rank, from 0.
    pub(super) fn at(&mut self, rank: usize) -> Result<f64> {
        let mut width = WIDTH;
        for _ in 0..MOST_ROUNDS {
            let (begin, end) = self.around(rank);
            if end - begin <= FEW {
                break;
            }
            let (low, high) = self.pivots(begin, end, rank, width);
            let middle = self.part(begin, end, |key| key < low)?;
            if rank >= middle {
                let above = self.part(middle, end, |key| key <= high)?;
                if low == high && rank < above {
                    return Ok(self.values[rank]); // all of these are equal
                }
            }
            let (first, last) = self.around(rank);
            if last - first > (end - begin) / 2 {
                width = 0; // few different values
            }
        }
        let (begin, end) = self.around(rank);
        if end - begin > 1 {
            if (self.stopped)() {
                return Err(Error::Interrupted);
            }
            self.values[begin..end].select_nth_unstable_by(rank - begin, f64::total_cmp);
            self.cut(rank);
            self.cut(rank + 1);
        }
        Ok(self.values[rank])
    }

    /// The cuts that are next to a rank.
    fn around(&self, rank: usize) -> (usize, usize) {
        let next = self.cuts.partition_point(|&cut| cut <= rank);
        (self.cuts[next - 1], self.cuts[next])
    }

    fn cut(&mut self, position: usize) {
        if let Err(next) = self.cuts.binary_search(&position) {
            self.cuts.insert(next, position);
        }
    }

    /// Two values between which the rank is to be expected, as keys.
    fn pivots(&self, begin: usize, end: usize, rank: usize, width: usize) -> (i64, i64) {
        let step = (end - begin) / SAMPLE;
        let mut sample: Vec<i64> = (0..SAMPLE)
            .map(|number| key(self.values[begin + number * step]))
            .collect();
        sample.sort_unstable();
        let position = ((rank - begin) / step).min(SAMPLE - 1);
        let high = (position + width).min(SAMPLE - 1);
        (sample[position.saturating_sub(width)], sample[high])
    }

    /// Put values that belong in front before the others; gives the position of the first other one.
    fn part(&mut self, begin: usize, end: usize, in_front: impl Fn(i64) -> bool) -> Result<usize> {
        let mut border = begin;
        for first in (begin..end).step_by(CHUNK) {
            if (self.stopped)() {
                return Err(Error::Interrupted);
            }
            for position in first..end.min(first + CHUNK) {
                let value = self.values[position];
                self.values.swap(position, border);
                border += usize::from(in_front(key(value)));
            }
        }
        self.cut(border);
        Ok(border)
    }
}

/// A whole number that is ordered as [`f64::total_cmp`] orders.
fn key(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f64], ranks: &[usize]) {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let mut shuffled = values.to_vec();
        let mut order = Order::new(&mut shuffled, &|| false);
        for &rank in ranks {
            let found = order.at(rank).map_or(0, f64::to_bits);
            assert_eq!(found, sorted[rank].to_bits(), "rank {rank}");
        }
        shuffled.sort_unstable_by(f64::total_cmp);
        let bits = |all: &[f64]| all.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&shuffled), bits(&sorted));
    }

    #[test]
    fn order_statistics_are_those_of_a_sorted_list() {
        let values: Vec<f64> = (0..997).map(|i| f64::from(i * 7919 % 997)).collect();
        check(&values, &[0, 996, 500, 3, 499, 501, 500, 250]);
    }

    #[test]
    fn many_values_are_narrowed_down_to_the_very_rank() {
        let n = FEW * 2 + 12_345;
        let ranks = [
            n / 2,
            n / 2 + 1,
            n / 2 - 900,
            0,
            n - 1,
            n / 7,
            n - 2,
            1,
            n / 2,
        ];
        let dice = |i: usize| (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11;
        let spread: Vec<f64> = (0..n).map(|i| dice(i) as f64 - 4e15).collect();
        check(&spread, &ranks);
        let two: Vec<f64> = (0..n)
            .map(|i| if i % 2 == 0 { 0.0 } else { -0.0 })
            .collect();
        check(&two, &ranks);
        check(&vec![7.0; n], &ranks);
        let rising: Vec<f64> = (0..n).map(|i| i as f64).collect();
        check(&rising, &ranks);
        let ends = |i: usize| [f64::INFINITY, f64::NEG_INFINITY, 1e-310][i % 3];
        check(&(0..n).map(ends).collect::<Vec<_>>(), &ranks);
    }

    #[test]
    fn stops_between_pieces() {
        use std::cell::Cell;
        let mut values: Vec<f64> = (0..FEW * 2).map(|i| (i % 1000) as f64).collect();
        let looks = Cell::new(0);
        let stopped = || {
            looks.set(looks.get() + 1);
            looks.get() > 2
        };
        let found = Order::new(&mut values, &stopped).at(FEW);
        assert!(matches!(found, Err(Error::Interrupted)));
        assert_eq!(looks.get(), 3);
    }
}
