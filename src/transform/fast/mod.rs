//! Scales for drawings and first guesses: the scaled value of a value within [`Fast::BOUND`], in a fraction
//! of the time of the exact solution.
//!
//! A table holds one parabola for each short interval of values (or scaled values); intervals are found in
//! the bits of a number, and values below data zero are the reflection of those above. Numbers
//! outside the table take the exact path. What is decided is decided by [`Scale::forward`]: whoever
//! finds a scaled value nearer to a border than the bound asks it.

mod channels;
mod cubics;
mod knots;
mod octave;
mod parabolas;
mod scaled_values;
mod values;

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use super::Scale;
use crate::cache::Cache;
use channels::Channels;
use octave::Octave;
use scaled_values::ScaledValues;
use values::Values;

/// Values that are looked up side by side.
const GROUP: usize = 4;

/// A scale with tables, shared by its clones.
#[derive(Debug, Clone)]
pub struct Fast {
    scale: Scale,
    tables: Arc<Tables>,
}

/// How scaled values are found.
#[derive(Debug)]
enum Tables {
    /// As the scale itself does, because it is quick, or has too many decades.
    Exact,
    /// Parabolas over the sizes of values, and over the distances of scaled values from data zero, which are
    /// made when first asked for.
    Reflected(ScaledValues, OnceLock<Option<Values>>),
    /// Cubics over the mantissa.
    Octave(Octave),
    /// FlowJo's channels.
    Channels(Channels),
}

impl Tables {
    fn new(scale: &Scale) -> Self {
        let reflected = |zero: f64, linear_size: f64| {
            let scaled_values = ScaledValues::new(scale, zero, linear_size, scale.inverse(1.0))?;
            Some(Self::Reflected(scaled_values, OnceLock::new()))
        };
        let tables = match scale {
            Scale::Identity | Scale::Linear(_) | Scale::Grid(_) | Scale::Bounded(_) => None,
            Scale::Log(log) => Some(Self::Octave(Octave::new(log))),
            Scale::Arcsinh(of) => reflected(of.zero(), of.linear_size()),
            Scale::Logicle(of) => reflected(of.zero(), of.linear_size()),
            Scale::Hyperlog(of) => reflected(of.zero(), of.linear_size()),
            Scale::FlowJoBiex(biex) => Some(Self::Channels(Channels::new(biex))),
        };
        tables.unwrap_or(Self::Exact)
    }
}

/// One for each channel of some panels, of some kilobytes each.
const MOST_TABLES: usize = 64;
static LATEST: Cache<Fast> = Cache::new(MOST_TABLES);

impl Fast {
    /// How far a scaled value may lie from the exact one, the whole scale being 1; and how far the scaled value of a
    /// value brought back may lie from where it came from.
    pub const BOUND: f64 = 1e-7;

    /// A scale with its tables: those made for it before, or new ones, which takes less than a hundred
    /// microseconds.
    #[must_use]
    pub fn new(scale: Scale) -> Self {
        let made: Result<_, Infallible> =
            LATEST.get_or_make(|fast| fast.scale == scale, || Ok(Self::made(scale.clone())));
        match made {
            Ok(fast) => fast,
        }
    }

    fn made(scale: Scale) -> Self {
        let tables = Arc::new(Tables::new(&scale));
        Self { scale, tables }
    }

    /// The scale itself, which decides.
    #[must_use]
    pub fn scale(&self) -> &Scale {
        &self.scale
    }

    /// Return whether values are put on the axis as the scale itself does.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        matches!(&*self.tables, Tables::Exact)
    }

    /// Put `values` on the axis, within [`Self::BOUND`]; NaN and infinities as the scale has them.
    pub fn forward_into(&self, values: &[f64], out: &mut [f64]) {
        match &*self.tables {
            Tables::Exact => self.scale.forward_into(values, out),
            Tables::Reflected(scaled_values, _) => scaled_values.look_up(&self.scale, values, out),
            Tables::Octave(octave) => octave.look_up(&self.scale, values, out),
            Tables::Channels(channels) => {
                if !channels.look_up(values, out) {
                    self.scale.forward_into(values, out);
                }
            }
        }
    }

    /// Bring `scaled_values` back to values whose scaled values are these, within [`Self::BOUND`].
    pub fn inverse_into(&self, scaled_values: &[f64], out: &mut [f64]) {
        match &*self.tables {
            Tables::Reflected(of, values) => {
                match first(values, || Values::new(&self.scale, of.zero())) {
                    Some(values) => values.look_up(&self.scale, scaled_values, out),
                    None => self.scale.inverse_into(scaled_values, out),
                }
            }
            Tables::Channels(channels) => match channels.knots() {
                Some(knots) => knots.inverse_into(scaled_values, out),
                None => self.scale.inverse_into(scaled_values, out),
            },
            Tables::Exact | Tables::Octave(_) => self.scale.inverse_into(scaled_values, out),
        }
    }

    /// Put `values` on the axis as the scale itself does, to the last bit, by a table; whether there
    /// is one.
    pub(super) fn exact_into(&self, values: &[f64], out: &mut [f64]) -> bool {
        matches!(&*self.tables, Tables::Channels(channels) if channels.exact(values, out))
    }

    /// Put `values` on the axis, in place, within [`Self::BOUND`].
    pub fn forward_all(&self, values: &mut [f64]) {
        super::curve::in_place(values, |values, out| self.forward_into(values, out));
    }

    /// Bring `scaled_values` back to values, in place, within [`Self::BOUND`].
    pub fn inverse_all(&self, scaled_values: &mut [f64]) {
        super::curve::in_place(scaled_values, |scaled_values, out| {
            self.inverse_into(scaled_values, out);
        });
    }
}

/// What is in a cell, made outside of it where there is nothing yet: a cell that is locked for as
/// long as that takes would stay so in the child of a fork.
fn first<T>(cell: &OnceLock<T>, make: impl FnOnce() -> T) -> &T {
    if let Some(made) = cell.get() {
        return made;
    }
    let new = make();
    cell.get_or_init(|| new)
}

/// Apply `kernel` to whole groups, the last one filled up.
fn in_groups(
    values: &[f64],
    out: &mut [f64],
    kernel: impl Fn(&[[f64; GROUP]], &mut [[f64; GROUP]]),
) {
    let (groups, rest) = values.as_chunks();
    let (scaled_values, last) = out.as_chunks_mut();
    kernel(groups, scaled_values);
    if !rest.is_empty() {
        let mut group = [0.0; GROUP];
        group[..rest.len()].copy_from_slice(rest);
        let mut scaled_values = [[0.0; GROUP]];
        kernel(&[group], &mut scaled_values);
        last.copy_from_slice(&scaled_values[0][..rest.len()]);
    }
}

#[cfg(test)]
mod tests;
