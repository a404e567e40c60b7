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
}

impl Expression {
    /// Check that the terms leave exactly one value.
    ///
    /// # Errors
    /// [`Error::MalformedGate`].
    pub fn new(terms: Vec<Term>) -> Result<Self> {
        let mut depth = 0_usize;
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
        }
        if depth != 1 {
            return Err(Error::MalformedGate {
                detail: format!(
                    "a Boolean expression must leave one value, this one leaves {depth}"
                ),
            });
        }
        Ok(Self { terms })
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
        let mut stack: Vec<(u64, u64)> = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            let value = match term {
                Term::Population(index) => word_of(*index),
                Term::Not => stack
                    .pop()
                    .map(|(inside, out)| (out, inside))
                    .unwrap_or_default(),
                Term::And => {
                    let (b, a) = (
                        stack.pop().unwrap_or_default(),
                        stack.pop().unwrap_or_default(),
                    );
                    (a.0 & b.0, a.1 | b.1)
                }
                Term::Or => {
                    let (b, a) = (
                        stack.pop().unwrap_or_default(),
                        stack.pop().unwrap_or_default(),
                    );
                    (a.0 | b.0, a.1 & b.1)
                }
            };
            stack.push(value);
        }
        stack.pop().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn refuses_operators_without_operands() {
        assert!(Expression::new(vec![Term::Not]).is_err());
        assert!(Expression::new(vec![Term::Population(0), Term::And]).is_err());
        assert!(Expression::new(vec![Term::Population(0), Term::Population(1)]).is_err());
        assert!(Expression::new(vec![]).is_err());
    }
}
