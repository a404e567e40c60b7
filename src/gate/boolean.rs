//! Boolean gates: and, or, not over other populations (Gating-ML 2.0 §5.5).
//!
//! Truth has three values: an event with NaN in a dimension is neither in a gate nor in
//! its complement. Each population therefore has two masks, the events that are in and the
//! events that are out, and `not` exchanges them (Kleene's logic).

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
    terms: Vec<Term>,
    /// Most values that wait for an operator.
    depth: usize,
}

/// Values that can wait without memory of their own.
const SHALLOW: usize = 8;
/// Bytes of masks taken at a time, so that they stay in the nearest cache.
const BLOCK: usize = 4096;

impl Expression {
    /// Check that the terms leave exactly one value.
    ///
    /// # Errors
    /// [`Error::MalformedGate`].
    pub fn new(terms: Vec<Term>) -> Result<Self> {
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
        Ok(Self { terms, depth: most })
    }

    /// The populations it refers to, in order of appearance.
    pub fn populations(&self) -> impl Iterator<Item = usize> + '_ {
        self.terms.iter().filter_map(|term| match term {
            Term::Population(index) => Some(*index),
            _ => None,
        })
    }

    /// Evaluate one word of 64 events: `(in, out)` from the `(in, out)` of each population.
    #[must_use]
    pub fn evaluate(&self, word_of: impl Fn(usize) -> (u64, u64)) -> (u64, u64) {
        let mut shallow = [(0, 0); SHALLOW];
        let mut deep = Vec::new();
        let stack: &mut [(u64, u64)] = if self.depth <= SHALLOW {
            &mut shallow
        } else {
            deep.resize(self.depth, (0, 0));
            &mut deep
        };
        // `new` has counted: no operator lacks an operand, and one value remains.
        let mut height = 0;
        for term in &self.terms {
            match term {
                Term::Population(index) => {
                    stack[height] = word_of(*index);
                    height += 1;
                }
                Term::Not => {
                    let (inside, out) = stack[height - 1];
                    stack[height - 1] = (out, inside);
                }
                Term::And | Term::Or => {
                    height -= 1;
                    let (a, b) = (stack[height - 1], stack[height]);
                    stack[height - 1] = if *term == Term::And {
                        (a.0 & b.0, a.1 | b.1)
                    } else {
                        (a.0 | b.0, a.1 & b.1)
                    };
                }
            }
        }
        stack[0]
    }

    /// Evaluate whole masks, packed into bytes: the `(in, out)` of each population give
    /// `inside` and `outside`. All masks have the same length.
    ///
    /// # Errors
    /// [`Error::Length`] where they have not; [`Error::MalformedGate`] for a population without masks.
    pub fn evaluate_masks(
        &self,
        populations: &[(&[u8], &[u8])],
        inside: &mut [u8],
        outside: &mut [u8],
    ) -> Result<()> {
        let expected = inside.len();
        let masks = populations
            .iter()
            .flat_map(|(inside, out)| [inside.len(), out.len()]);
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
        if let Some(missing) = self.populations().find(|index| *index >= populations.len()) {
            return Err(Error::MalformedGate {
                detail: format!(
                    "a Boolean expression names population {missing} of {}",
                    populations.len()
                ),
            });
        }
        let mut waiting = vec![[[0_u8; BLOCK]; 2]; self.depth - 1];
        let blocks = inside.chunks_mut(BLOCK).zip(outside.chunks_mut(BLOCK));
        for (block, (inside, outside)) in blocks.enumerate() {
            let bytes = block * BLOCK..block * BLOCK + inside.len();
            let length = inside.len();
            // The lowest value grows where the answer belongs.
            let above = waiting.iter_mut().map(|[inside, outside]| Value {
                given: None,
                own: [&mut inside[..length], &mut outside[..length]],
            });
            let lowest = Value {
                given: None,
                own: [inside, outside],
            };
            let mut stack: Stack = std::iter::once(lowest).chain(above).collect();
            self.evaluate_block(&mut stack, |index| {
                let (inside, out) = populations[index];
                [&inside[bytes.clone()], &out[bytes.clone()]]
            });
            stack[0].settle();
        }
        Ok(())
    }

    fn evaluate_block<'a>(
        &self,
        stack: &mut [Value<'a, '_>],
        masks_of: impl Fn(usize) -> [&'a [u8]; 2],
    ) {
        let mut height = 0;
        for term in &self.terms {
            match term {
                Term::Population(index) => {
                    stack[height].given = Some(masks_of(*index));
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
    given: Option<[&'a [u8]; 2]>,
    /// Where they have been worked out.
    own: [&'b mut [u8]; 2],
}

type Stack<'a, 'b> = Vec<Value<'a, 'b>>;

impl Value<'_, '_> {
    fn masks(&self) -> [&[u8]; 2] {
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
fn combine(own: &mut [u8], given: Option<&[u8]>, other: &[u8], operator: impl Fn(u8, u8) -> u8) {
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

    #[test]
    fn leaves_an_undefined_event_out_of_gate_and_complement() -> Result<()> {
        // Events: in, out, undefined.
        let word = (0b001, 0b010);
        let not = Expression::new(vec![Term::Population(0), Term::Not])?;
        assert_eq!(not.evaluate(|_| word), (0b010, 0b001));
        let either = Expression::new(vec![
            Term::Population(0),
            Term::Population(0),
            Term::Not,
            Term::Or,
        ])?;
        assert_eq!(either.evaluate(|_| word), (0b011, 0));
        Ok(())
    }

    proptest! {
        #[test]
        fn masks_are_evaluated_as_words_and_as_single_events(
            picks in prop::collection::vec((0..5_usize, 0..4_usize), 1..30),
            words in prop::collection::vec((any::<u64>(), any::<u64>()), 600),
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
            let bytes = |pick: fn((u64, u64)) -> u64, index: usize| -> Vec<u8> {
                (0..150).flat_map(|at| pick(word(index, at)).to_le_bytes()).collect()
            };
            let masks: Vec<_> = (0..4)
                .map(|index| (bytes(|pair| pair.0, index), bytes(|pair| pair.1, index))).collect();
            let views: Vec<_> = masks.iter().map(|(a, b)| (a.as_slice(), b.as_slice())).collect();
            let (mut inside, mut outside) = (vec![9; 1200], vec![9; 1200]);
            expression.evaluate_masks(&views, &mut inside, &mut outside).expect("one length");
            for at in 0..150 {
                let found = expression.evaluate(|index| word(index, at));
                prop_assert_eq!(found.0 & found.1, 0);
                prop_assert_eq!(&inside[at * 8..at * 8 + 8], &found.0.to_le_bytes());
                prop_assert_eq!(&outside[at * 8..at * 8 + 8], &found.1.to_le_bytes());
                // One event, in Kleene's logic.
                let mut stack: Vec<Option<bool>> = Vec::new();
                for term in &terms {
                    let value = match term {
                        Term::Population(index) => match word(*index, at) {
                            (inside, _) if inside & 1 == 1 => Some(true),
                            (_, out) if out & 1 == 1 => Some(false),
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
                prop_assert_eq!((found.0 & 1 == 1, found.1 & 1 == 1), expected);
            }
        }
    }

    #[test]
    fn refuses_masks_that_do_not_fit() {
        let both = vec![Term::Population(0), Term::Population(1), Term::And];
        let both = Expression::new(both).expect("an expression");
        let mask = ([0_u8; 2].as_slice(), [0_u8; 2].as_slice());
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
