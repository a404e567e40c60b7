//! Families of outcomes that are relabelled together: own p, maxT, smallest p.

use std::ops::Range;

use super::tally::{Bars, Tally};
use crate::error::Result;
use crate::threads::pieces::{Pieces, share_pieces};

/// Allocations that a thread takes at once.
const PORTION: u64 = 64;

/// The number of allocations of a family to look at, and on how many threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Up to this many allocations are enumerated; above, they are sampled.
    pub most_enumerated: u64,
    /// Size of the sample where allocations are sampled.
    pub replicates: u64,
    /// Seed of the sample; each replicate has one of its own, made of it.
    pub seed: u64,
    /// Threads; 0 for as many as there are processors. They change no number.
    pub threads: usize,
}

/// What the joint allocations of a family say, outcome by outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// The observed studentised statistics.
    pub statistic: Vec<f64>,
    /// Share of allocations, the observed one included, whose statistic is at
    /// least as far from 0.
    pub p: Vec<f64>,
    /// Share of allocations in which the largest statistic of the family is
    /// (Westfall and Young 1993); never below `p`.
    pub p_max_t: Vec<f64>,
    /// The same in steps from the largest observed statistic downwards; never
    /// above `p_max_t`.
    pub p_step_down: Vec<f64>,
    /// The smallest `p` that any allocation of these values could reach.
    pub smallest_p: Vec<f64>,
    /// The smallest `p_max_t` that any allocation could give the outcome.
    pub smallest_p_max_t: Vec<f64>,
    /// Allocations that leave a group fewer than two values; they count as 0.
    pub undefined: Vec<u64>,
    /// Allocations in which neither group varies.
    pub degenerate: Vec<u64>,
    /// Allocations, the observed one included.
    pub allocations: u64,
    /// True if every allocation was looked at.
    pub exact: bool,
}

/// A way of reallocation: numbered allocations and their squared statistics.
pub(super) trait Reallocation: Sync {
    /// What a thread keeps between allocations.
    type Scratch: Send;
    fn outcomes(&self) -> usize;
    /// The observed statistics, with their signs.
    fn observed(&self) -> Vec<f64>;
    /// Allocations to look at, and whether they are all there are.
    fn allocations(&self) -> (u64, bool);
    /// The number of allocations each one that is looked at stands for.
    fn stands_for(&self) -> u64 {
        1
    }
    fn scratch(&self) -> Self::Scratch;
    /// Shows the squared statistics of each allocation of `range` to `look`,
    /// and notes what has no meaning or does not vary in `tally`.
    fn visit(&self, range: Range<u64>, scratch: &mut Self::Scratch, tally: &mut Tally, bars: &Bars);
}

/// Looks at all allocations, twice where smallest p are to be known.
pub(super) fn reallocate(
    family: &impl Reallocation,
    threads: usize,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Family> {
    let statistic = family.observed();
    let squares: Vec<f64> = statistic.iter().map(|t| t * t).collect();
    let bars = Bars::at(&squares);
    let (number, exact) = family.allocations();
    let pieces = Pieces {
        number,
        portion: PORTION,
        threads,
    };
    let tally = count(family, pieces, &bars, go_on)?;
    let (smallest_p, smallest_p_max_t) = if exact {
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
        smallest_p,
        smallest_p_max_t,
        undefined: all(&tally.undefined),
        degenerate: all(&tally.degenerate),
        allocations: number * stands_for,
        exact,
    })
}

fn count(
    family: &impl Reallocation,
    pieces: Pieces,
    bars: &Bars,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Tally> {
    let outcomes = family.outcomes();
    let start = || (Tally::new(outcomes), family.scratch());
    let homes = share_pieces(pieces, go_on, &start, &|(tally, scratch), range| {
        family.visit(range, scratch, tally, bars);
    });
    Ok(homes?
        .into_iter()
        .fold(Tally::new(outcomes), |sum, (tally, _)| sum.merge(&tally)))
}
