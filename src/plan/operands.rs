//! Boolean gates of a plan: their populations brought together, combined, and kept within a parent.

use crate::gate::{Expression, Sides};

/// Room for the populations of one Boolean gate after the other.
#[derive(Debug, Default)]
pub(super) struct Operands {
    /// Per operand the events that are in and those that are out.
    sides: Vec<[Vec<u64>; 2]>,
    holds: Vec<u64>,
}

impl Operands {
    /// Keep in `inside`, which holds the events of the parent, those for which an expression holds,
    /// and write to `undefined` those for which it neither holds nor fails; whether there is one.
    ///
    /// `write` is asked for each population of the expression: which events are in, and which are
    /// neither in nor out, where there are any.
    pub(super) fn decide(
        &mut self,
        expression: &Expression,
        inside: &mut [u64],
        undefined: &mut [u64],
        mut write: impl FnMut(usize, &mut [u64], &mut [u64]),
    ) -> bool {
        let n_operands = expression.populations().count();
        self.sides
            .resize_with(n_operands.max(self.sides.len()), Default::default);
        for (sides, population) in self.sides.iter_mut().zip(expression.populations()) {
            let [held, out] = sides.each_mut().map(|side| {
                side.clear();
                side.resize(inside.len(), 0);
                side.as_mut_slice()
            });
            write(population, held, out);
            for (out, held) in out.iter_mut().zip(held) {
                *out = !(*held | *out);
            }
        }
        let operands: Vec<Sides> = self.sides[..n_operands]
            .iter()
            .map(|sides| sides.each_ref().map(Vec::as_slice))
            .collect();
        self.holds.resize(inside.len(), 0);
        expression.evaluate(&operands, &mut self.holds, undefined);
        let mut any = false;
        let words = inside.iter_mut().zip(&self.holds);
        for ((inside, holds), fails) in words.zip(undefined) {
            let open = *inside & !holds & !*fails;
            (*inside, *fails) = (*inside & holds, open);
            any |= open != 0;
        }
        any
    }
}
