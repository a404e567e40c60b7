//! Boolean gates: and, or, not over other populations (Gating-ML 2.0 §5.5).
//!
//! Truth has three values: an event with NaN in a dimension is neither in a gate nor in
//! its complement. Each population therefore has two masks, the events that are in and the
//! events that are out, and `not` exchanges them (Kleene's logic).

use std::collections::HashMap;

use crate::error::{Error, Result};

/// One term of an expression in postfix order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// The population number so-and-so of the plan.
    Population(usize),
    /// The complement of the value before.
    Not,
    /// The last two values, both.
    And,
    /// The last two values, either.
    Or,
}

/// A Boolean expression over populations, in postfix order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// Populations are numbered by their first appearance here.
    terms: Vec<Term>,
    /// The populations so numbered.
    populations: Vec<usize>,
    /// Most values that wait for an operator.
    depth: usize,
}

/// Words of masks taken at a time, so that they stay in the nearest cache.
const BLOCK: usize = 512;
/// Most words on either side that wait for an operator, unless there are more masks.
const WAITING: usize = 16 * BLOCK;

/// Of a population the events that are in, and those that are out, as words of 64 events.
pub type Sides<'a> = [&'a [u64]; 2];

impl Expression {
    /// Check that the terms leave exactly one value.
    ///
    /// # Errors
    /// [`Error::MalformedGate`].
    pub fn new(mut terms: Vec<Term>) -> Result<Self> {
        let (mut depth, mut most) = (0_usize, 0);
        for term in &terms {
            let (taken, given) = match term {
                Term::Population(_) => (0, 1),
                Term::Not => (1, 1),
                Term::And | Term::Or => (2, 1),
            };
            depth = depth
                .checked_sub(taken)
                .map(|left| left + given)
                .ok_or_else(|| Error::MalformedGate {
                    detail: "a Boolean operator lacks an operand".into(),
                })?;
            most = most.max(depth);
        }
        if depth != 1 {
            return Err(Error::MalformedGate {
                detail: format!(
                    "a Boolean expression must leave one value, this one leaves {depth}"
                ),
            });
        }
        let (mut populations, mut numbers) = (Vec::new(), HashMap::new());
        for term in &mut terms {
            if let Term::Population(index) = term {
                let population = *index;
                *index = *numbers.entry(population).or_insert_with(|| {
                    populations.push(population);
                    populations.len() - 1
                });
            }
        }
        Ok(Self {
            terms,
            populations,
            depth: most,
        })
    }

    /// The populations it refers to, each once, in order of appearance.
    pub fn populations(&self) -> impl Iterator<Item = usize> + '_ {
        self.populations.iter().copied()
    }

    /// Evaluate masks: the sides of each population give `inside` and `outside`. All have the same length.
    ///
    /// # Errors
    /// [`Error::Length`] where they have not; [`Error::MalformedGate`] for a population without masks.
    pub fn evaluate_masks(
        &self,
        populations: &[Sides],
        inside: &mut [u64],
        outside: &mut [u64],
    ) -> Result<()> {
        let expected = inside.len();
        let masks = populations.iter().flatten().map(|mask| mask.len());
        if let Some(found) = masks
            .chain([outside.len()])
            .find(|length| *length != expected)
        {
            return Err(Error::Length {
                what: "a mask",
                found,
                expected,
            });
        }
        let operand = |index: usize| {
            let sides = populations.get(index).copied();
            sides.ok_or_else(|| Error::MalformedGate {
                detail: format!(
                    "a Boolean expression names population {index} of {}",
                    populations.len()
                ),
            })
        };
        let operands = self
            .populations()
            .map(operand)
            .collect::<Result<Vec<_>>>()?;
        self.evaluate(&operands, inside, outside);
        Ok(())
    }

    /// Evaluate masks of one length: `operands` has the sides of each population in the order of
    /// [`Self::populations`].
    pub(crate) fn evaluate(&self, operands: &[Sides], inside: &mut [u64], outside: &mut [u64]) {
        let length = (WAITING / self.depth).clamp(1, BLOCK).min(inside.len());
        if length == 0 {
            return;
        }
        let mut waiting = vec![0; (self.depth - 1) * 2 * length];
        let blocks = inside.chunks_mut(length).zip(outside.chunks_mut(length));
        for (block, (inside, outside)) in blocks.enumerate() {
            let words = block * length..block * length + inside.len();
            // The lowest value grows where the answer belongs.
            let above = waiting.chunks_mut(2 * length).map(|both| {
                let (inside, outside) = both.split_at_mut(length);
                Value {
                    given: None,
                    own: [&mut inside[..words.len()], &mut outside[..words.len()]],
                }
            });
            let lowest = Value {
                given: None,
                own: [inside, outside],
            };
            let mut stack: Stack = std::iter::once(lowest).chain(above).collect();
            self.evaluate_block(&mut stack, |number| {
                operands[number].map(|mask| &mask[words.clone()])
            });
            stack[0].settle();
        }
    }

    fn evaluate_block<'a>(
        &self,
        stack: &mut [Value<'a, '_>],
        operand: impl Fn(usize) -> Sides<'a>,
    ) {
        // `new` has counted: no operator lacks an operand, and one value remains.
        let mut height = 0;
        for term in &self.terms {
            match term {
                Term::Population(number) => {
                    stack[height].given = Some(operand(*number));
                    height += 1;
                }
                Term::Not => stack[height - 1].exchange(),
                Term::And | Term::Or => {
                    height -= 1;
                    let (below, above) = stack.split_at_mut(height);
                    below[height - 1].join(&above[0], *term == Term::And);
                }
            }
        }
    }
}

/// A value that waits for an operator: the events that are in and those that are out.
struct Value<'a, 'b> {
    /// Where they are a population's own, or these exchanged.
    given: Option<Sides<'a>>,
    /// Where they have been worked out.
    own: [&'b mut [u64]; 2],
}

type Stack<'a, 'b> = Vec<Value<'a, 'b>>;

impl Value<'_, '_> {
    fn masks(&self) -> Sides<'_> {
        self.given.unwrap_or_else(|| [&*self.own[0], &*self.own[1]])
    }

    fn exchange(&mut self) {
        let [inside, out] = &mut self.own;
        match &mut self.given {
            Some(masks) => masks.swap(0, 1),
            None => inside.swap_with_slice(out),
        }
    }

    /// Both this and the other, or either.
    fn join(&mut self, other: &Self, both: bool) {
        let others = other.masks();
        for (side, own) in self.own.iter_mut().enumerate() {
            let given = self.given.map(|masks| masks[side]);
            if both == (side == 0) {
                combine(own, given, others[side], |a, b| a & b);
            } else {
                combine(own, given, others[side], |a, b| a | b);
            }
        }
        self.given = None;
    }

    /// Work out what is still a population's own.
    fn settle(&mut self) {
        if let Some(masks) = self.given.take() {
            for (own, mask) in self.own.iter_mut().zip(masks) {
                own.copy_from_slice(mask);
            }
        }
    }
}

/// Put into `own` what `operator` makes of it, or of what is given instead, and the other.
fn combine(
    own: &mut [u64],
    given: Option<&[u64]>,
    other: &[u64],
    operator: impl Fn(u64, u64) -> u64,
) {
    if let Some(given) = given {
        for ((own, a), b) in own.iter_mut().zip(given).zip(other) {
            *own = operator(*a, *b);
        }
    } else {
        for (own, b) in own.iter_mut().zip(other) {
            *own = operator(*own, *b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// More than one block.
    const WORDS: usize = BLOCK + 30;

    #[test]
    fn leaves_an_undefined_event_out_of_gate_and_complement() -> Result<()> {
        // Events: in, out, undefined.
        let sides: Sides = [&[0b001], &[0b010]];
        let found = |expression: &Expression| {
            let (mut inside, mut outside) = ([9], [9]);
            let done = expression.evaluate_masks(&[sides], &mut inside, &mut outside);
            done.map(|()| (inside[0], outside[0]))
        };
        let not = Expression::new(vec![Term::Population(0), Term::Not])?;
        assert_eq!(found(&not)?, (0b010, 0b001));
        let either = Expression::new(vec![
            Term::Population(0),
            Term::Population(0),
            Term::Not,
            Term::Or,
        ])?;
        assert_eq!(found(&either)?, (0b011, 0));
        Ok(())
    }

    proptest! {
        #[test]
        fn masks_are_evaluated_as_single_events(
            picks in prop::collection::vec((0..5_usize, 0..4_usize), 1..30),
            words in prop::collection::vec((any::<u64>(), any::<u64>()), 4 * WORDS),
        ) {
            // Any list of picks becomes an expression: operators that lack operands are left out.
            let (mut terms, mut depth) = (Vec::new(), 0);
            for (kind, population) in picks {
                match (kind, depth) {
                    (0, 1..) => terms.push(Term::Not),
                    (1 | 2, 2..) => {
                        terms.push(if kind == 1 { Term::And } else { Term::Or });
                        depth -= 1;
                    }
                    _ => {
                        terms.push(Term::Population(population));
                        depth += 1;
                    }
                }
            }
            terms.extend((1..depth).map(|k| if k % 2 == 0 { Term::And } else { Term::Or }));
            let expression = Expression::new(terms.clone()).expect("one value is left");
            // Nothing is both in and out.
            let word = |index: usize, at: usize| {
                let (inside, out) = words[at * 4 + index];
                (inside & !out, out)
            };
            let side = |pick: fn((u64, u64)) -> u64, index: usize| -> Vec<u64> {
                (0..WORDS).map(|at| pick(word(index, at))).collect()
            };
            let masks: Vec<_> = (0..4)
                .map(|index| [side(|pair| pair.0, index), side(|pair| pair.1, index)]).collect();
            let views: Vec<_> = masks.iter().map(|[a, b]| [a.as_slice(), b.as_slice()]).collect();
            let (mut inside, mut outside) = (vec![9; WORDS], vec![9; WORDS]);
            expression.evaluate_masks(&views, &mut inside, &mut outside).expect("one length");
            prop_assert!(inside.iter().zip(&outside).all(|(inside, outside)| inside & outside == 0));
            for (at, bit) in (0..WORDS).flat_map(|at| [(at, 0), (at, 1), (at, 31), (at, 63)]) {
                let is_set = |word: u64| word >> bit & 1 == 1;
                // One event, in Kleene's logic.
                let mut stack: Vec<Option<bool>> = Vec::new();
                for term in &terms {
                    let value = match term {
                        Term::Population(index) => match word(*index, at) {
                            (inside, _) if is_set(inside) => Some(true),
                            (_, out) if is_set(out) => Some(false),
                            _ => None,
                        },
                        Term::Not => stack.pop().expect("an operand").map(|value| !value),
                        Term::And | Term::Or => {
                            let decisive = *term == Term::Or;
                            match (stack.pop().expect("one"), stack.pop().expect("two")) {
                                (a, b) if a == Some(decisive) || b == Some(decisive) => Some(decisive),
                                (Some(_), Some(_)) => Some(!decisive),
                                _ => None,
                            }
                        }
                    };
                    stack.push(value);
                }
                let expected = (stack[0] == Some(true), stack[0] == Some(false));
                prop_assert_eq!((is_set(inside[at]), is_set(outside[at])), expected);
            }
        }
    }

    #[test]
    fn many_masks_that_wait_are_taken_few_words_at_a_time() -> Result<()> {
        // a and (b or (a and (b or ... b))), the innermost first where it is written.
        let nested = 3 * WAITING;
        let mut terms: Vec<_> = (0..=nested).map(|k| Term::Population(k % 2)).collect();
        terms.extend((0..nested).map(|k| if k % 2 == 0 { Term::Or } else { Term::And }));
        let expression = Expression::new(terms)?;
        assert_eq!(expression.populations().count(), 2);
        let (a, b) = ([0b0011, u64::MAX, 0], [0b0101, 0, 1]);
        let (not_a, not_b) = (a.map(|word| !word), b.map(|word| !word));
        let (mut inside, mut outside) = ([9; 3], [9; 3]);
        let sides: [Sides; 2] = [[&a, &not_a], [&b, &not_b]];
        expression.evaluate_masks(&sides, &mut inside, &mut outside)?;
        for word in 0..3 {
            let expected = (0..nested).fold(a[word], |held, k| {
                let next = if k % 2 == 0 { b[word] } else { a[word] };
                if k % 2 == 0 { held | next } else { held & next }
            });
            assert_eq!((inside[word], outside[word]), (expected, !expected));
        }
        Ok(())
    }

    #[test]
    fn refuses_masks_that_do_not_fit() {
        let both = vec![Term::Population(0), Term::Population(1), Term::And];
        let both = Expression::new(both).expect("an expression");
        let mask: Sides = [&[0; 2], &[0; 2]];
        assert!(
            both.evaluate_masks(&[mask], &mut [0; 2], &mut [0; 2])
                .is_err()
        );
        assert!(
            both.evaluate_masks(&[mask, mask], &mut [0; 3], &mut [0; 3])
                .is_err()
        );
        assert!(
            both.evaluate_masks(&[mask, mask], &mut [0; 2], &mut [0; 2])
                .is_ok()
        );
    }

    #[test]
    fn refuses_operators_without_operands() {
        assert!(Expression::new(vec![Term::Not]).is_err());
        assert!(Expression::new(vec![Term::Population(0), Term::And]).is_err());
        assert!(Expression::new(vec![Term::Population(0), Term::Population(1)]).is_err());
        assert!(Expression::new(vec![]).is_err());
    }
}
