//! What allocations count, for every outcome of a family: towards its own p,
//! towards the p of the largest statistic (maxT), and in steps from the top.

use super::TIE;

/// What each outcome's squared statistic is held against.
pub(super) struct Bars {
    squares: Vec<f64>,
    /// Outcomes from the smallest bar to the largest.
    upwards: Vec<usize>,
}

impl Bars {
    /// Bars at `squares`, low enough for ties.
    pub(super) fn at(squares: &[f64]) -> Self {
        let mut upwards: Vec<usize> = (0..squares.len()).collect();
        upwards.sort_by(|&one, &other| squares[one].total_cmp(&squares[other]));
        let tie = (1.0 - TIE) * (1.0 - TIE);
        Self {
            squares: squares.iter().map(|square| square * tie).collect(),
            upwards,
        }
    }
}

/// Numbers of allocations, outcome by outcome.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) allocations: u64,
    /// The outcome's own statistic reaches the bar.
    pub(super) own: Vec<u64>,
    /// The largest statistic of the family reaches the bar.
    pub(super) largest: Vec<u64>,
    /// The largest among the outcomes whose bar is no higher reaches it.
    pub(super) step: Vec<u64>,
    /// The largest squared statistic of the outcome.
    pub(super) top: Vec<f64>,
    /// The statistic has no meaning: a group of fewer than two.
    pub(super) undefined: Vec<u64>,
    /// Neither group varies.
    pub(super) degenerate: Vec<u64>,
}

impl Tally {
    pub(super) fn new(outcomes: usize) -> Self {
        Self {
            allocations: 0,
            own: vec![0; outcomes],
            largest: vec![0; outcomes],
            step: vec![0; outcomes],
            top: vec![0.0; outcomes],
            undefined: vec![0; outcomes],
            degenerate: vec![0; outcomes],
        }
    }

    /// Counts one allocation, given the squared statistics of all outcomes.
    pub(super) fn add(&mut self, squares: &[f64], bars: &Bars) {
        self.allocations += 1;
        let mut largest = 0.0;
        for &outcome in &bars.upwards {
            let square = squares[outcome];
            largest = if square > largest { square } else { largest };
            self.step[outcome] += u64::from(largest >= bars.squares[outcome]);
        }
        let of_all = self.own.iter_mut().zip(&mut self.largest);
        let held = squares.iter().zip(&bars.squares);
        for (((own, all), top), (&square, &bar)) in of_all.zip(&mut self.top).zip(held) {
            *own += u64::from(square >= bar);
            *all += u64::from(largest >= bar);
            *top = if square > *top { square } else { *top };
        }
    }

    /// Adds what another thread counted; the order does not matter.
    pub(super) fn merge(mut self, other: &Self) -> Self {
        fn plus(mine: &mut [u64], others: &[u64]) {
            mine.iter_mut()
                .zip(others)
                .for_each(|(one, two)| *one += two);
        }
        self.allocations += other.allocations;
        plus(&mut self.own, &other.own);
        plus(&mut self.largest, &other.largest);
        plus(&mut self.step, &other.step);
        plus(&mut self.undefined, &other.undefined);
        plus(&mut self.degenerate, &other.degenerate);
        for (one, &two) in self.top.iter_mut().zip(&other.top) {
            *one = one.max(two);
        }
        self
    }

    /// The step-down p: shares that never fall from the highest bar downwards.
    pub(super) fn step_down(&self, bars: &Bars) -> Vec<f64> {
        let mut p = vec![0.0; self.step.len()];
        let mut least: f64 = 0.0;
        for &outcome in bars.upwards.iter().rev() {
            least = least.max(self.share(self.step[outcome]));
            p[outcome] = least;
        }
        p
    }

    pub(super) fn share(&self, number: u64) -> f64 {
        number as f64 / self.allocations as f64
    }

    pub(super) fn shares(&self, numbers: &[u64]) -> Vec<f64> {
        numbers.iter().map(|&number| self.share(number)).collect()
    }
}
