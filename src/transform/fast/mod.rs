//! Scales for drawings and first guesses: the place of a value within [`Fast::BOUND`], in a fraction
//! of the time of the exact solution.
//!
//! A table holds one cubic for each short interval of values (or places); intervals are found in the
//! bits of a number, and values below data zero are the reflection of those above. Numbers outside
//! the table take the exact path. What is decided is decided by [`Scale::forward`]: whoever finds a
//! place nearer to a border than the bound asks it.

mod cubics;
mod knots;
mod octave;
mod reflected;

use std::sync::Arc;

use super::Scale;
pub(super) use knots::Knots;
use octave::Octave;
use reflected::{Places, Values};

/// A scale with tables, shared by its clones.
#[derive(Debug, Clone)]
pub struct Fast {
    scale: Scale,
    tables: Arc<Tables>,
}

/// How places are found.
#[derive(Debug)]
enum Tables {
    /// As the scale itself does, because it is quick, or has too many decades.
    Exact,
    /// Cubics over the sizes of values, and over the distances from data zero.
    Reflected(Places, Values),
    /// Cubics over the mantissa.
    Octave(Octave),
    /// The scale's own table; these places are exact.
    Knots(Knots),
}

impl Fast {
    /// How far a place may lie from the exact one, the whole scale being 1; and how far the place of a
    /// value brought back may lie from where it came from.
    pub const BOUND: f64 = 1e-7;

    /// Make the tables of a scale, which takes some ten microseconds.
    #[must_use]
    pub fn new(scale: Scale) -> Self {
        let reflected = |zero: f64, linear_size: f64, top: f64| {
            let places = Places::new(&scale, zero, linear_size, top)?;
            Some(Tables::Reflected(places, Values::new(&scale, zero)?))
        };
        let tables = match &scale {
            Scale::Identity | Scale::Linear(_) => None,
            Scale::Log(log) => Some(Tables::Octave(Octave::new(log))),
            Scale::Arcsinh(of) => reflected(of.zero(), of.linear_size(), scale.inverse(1.0)),
            Scale::Logicle(of) => reflected(of.zero(), of.linear_size(), scale.inverse(1.0)),
            Scale::Hyperlog(of) => reflected(of.zero(), of.linear_size(), scale.inverse(1.0)),
            Scale::FlowJoBiex(biex) => Knots::new(biex).map(Tables::Knots),
        };
        Self {
            scale,
            tables: Arc::new(tables.unwrap_or(Tables::Exact)),
        }
    }

    /// The scale itself, which decides.
    #[must_use]
    pub fn scale(&self) -> &Scale {
        &self.scale
    }

    /// Put `values` on the axis, within [`Self::BOUND`]; NaN and infinities as the scale has them.
    pub fn forward_into(&self, values: &[f64], out: &mut [f64]) {
        match &*self.tables {
            Tables::Exact => self.scale.forward_into(values, out),
            Tables::Reflected(places, _) => places.look_up(&self.scale, values, out),
            Tables::Octave(octave) => octave.look_up(&self.scale, values, out),
            Tables::Knots(knots) => knots.forward_into(values, out),
        }
    }

    /// Bring `places` back to values whose places are these, within [`Self::BOUND`].
    pub fn inverse_into(&self, places: &[f64], out: &mut [f64]) {
        match &*self.tables {
            Tables::Exact | Tables::Octave(_) => self.scale.inverse_into(places, out),
            Tables::Reflected(_, values) => values.look_up(&self.scale, places, out),
            Tables::Knots(knots) => knots.inverse_into(places, out),
        }
    }

    /// Put `values` on the axis, in place, within [`Self::BOUND`].
    pub fn forward_all(&self, values: &mut [f64]) {
        super::curve::in_place(values, |values, out| self.forward_into(values, out));
    }

    /// Bring `places` back to values, in place, within [`Self::BOUND`].
    pub fn inverse_all(&self, places: &mut [f64]) {
        super::curve::in_place(places, |places, out| self.inverse_into(places, out));
    }
}

#[cfg(test)]
mod tests;
