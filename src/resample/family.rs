//! Families of outcomes that are relabelled together: own p, maxT, floors.

use std::ops::Range;

use super::crew::{Pieces, share_out};
use super::tally::{Bars, Tally};
use crate::error::Result;

/// Labellings that a thread takes at once.
const PORTION: u64 = 64;

/// How many labellings of a family to look at, and on how many threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Up to this many labellings are enumerated; above, they are sampled.
    pub most_enumerated: u64,
    /// Size of the sample where labellings are sampled.
    pub replicates: u64,
    /// Seed of the sample; each replicate has one of its own, made of it.
    pub seed: u64,
    /// Threads; 0 for as many as there are processors. They change no number.
    pub threads: usize,
}

/// What the joint labellings of a family say, outcome by outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// The observed studentised statistics.
    pub statistic: Vec<f64>,
    /// Share of labellings, the observed one included, whose statistic is at
    /// least as far from 0.
    pub p: Vec<f64>,
    /// Share of labellings in which the largest statistic of the family is
    /// (Westfall and Young 1993); never below `p`.
    pub p_max_t: Vec<f64>,
    /// The same in steps from the largest observed statistic downwards; never
    /// above `p_max_t`.
    pub p_step_down: Vec<f64>,
    /// The smallest `p` that any labelling of these values could reach.
    pub floor: Vec<f64>,
    /// The smallest `p_max_t` that any labelling could give the outcome.
    pub floor_max_t: Vec<f64>,
    /// Labellings that leave a group fewer than two values; they count as 0.
    pub undefined: Vec<u64>,
    /// Labellings in which neither group varies.
    pub degenerate: Vec<u64>,
    /// Labellings, the observed one included.
    pub labellings: u64,
    /// Whether every labelling was looked at.
    pub exact: bool,
}

/// A way of relabelling: numbered labellings and their squared statistics.
pub(super) trait Relabelling: Sync {
    /// What a thread keeps between labellings.
    type Scratch: Send;
    fn outcomes(&self) -> usize;
    /// The observed statistics, with their signs.
    fn observed(&self) -> Vec<f64>;
    /// Labellings to look at, and whether they are all there are.
    fn labellings(&self) -> (u64, bool);
    /// How many labellings each one that is looked at stands for.
    fn stands_for(&self) -> u64 {
        1
    }
    fn scratch(&self) -> Self::Scratch;
    /// Shows the squared statistics of each labelling of `range` to `look`,
    /// and notes what has no meaning or does not vary in `tally`.
    fn visit(&self, range: Range<u64>, scratch: &mut Self::Scratch, tally: &mut Tally, bars: &Bars);
}

/// Looks at all labellings, twice where floors are to be known.
pub(super) fn relabel(
    family: &impl Relabelling,
    threads: usize,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Family> {
    let statistic = family.observed();
    let squares: Vec<f64> = statistic.iter().map(|t| t * t).collect();
    let bars = Bars::at(&squares);
    let (number, exact) = family.labellings();
    let pieces = Pieces {
        number,
        portion: PORTION,
        threads,
    };
    let tally = count(family, pieces, &bars, go_on)?;
    let (floor, floor_max_t) = if exact {
        let tops = Bars::at(&tally.top);
        let most = count(family, pieces, &tops, go_on)?;
        (most.shares(&most.own), most.shares(&most.largest))
    } else {
        let least = vec![1.0 / number as f64; statistic.len()];
        (least.clone(), least)
    };
    let stands_for = family.stands_for();
    let all = |numbers: &[u64]| numbers.iter().map(|number| number * stands_for).collect();
    Ok(Family {
        p: tally.shares(&tally.own),
        p_max_t: tally.shares(&tally.largest),
        p_step_down: tally.step_down(&bars),
        statistic,
        floor,
        floor_max_t,
        undefined: all(&tally.undefined),
        degenerate: all(&tally.degenerate),
        labellings: number * stands_for,
        exact,
    })
}

fn count(
    family: &impl Relabelling,
    pieces: Pieces,
    bars: &Bars,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Tally> {
    let outcomes = family.outcomes();
    let start = || (Tally::new(outcomes), family.scratch());
    let homes = share_out(pieces, go_on, &start, &|(tally, scratch), range| {
        family.visit(range, scratch, tally, bars);
    });
    Ok(homes?
        .into_iter()
        .fold(Tally::new(outcomes), |sum, (tally, _)| sum.merge(&tally)))
}
