//! Logarithms from one octave: the exponent of a number, and a cubic for its mantissa.

use crate::simd::multiversion;
use crate::transform::curve::BLOCK;
use crate::transform::{Log, Scale};

use super::cubics::{self, Cubic, NODES};

/// An octave is divided into `2^BITS` cells.
const BITS: u32 = 5;

/// Scaled values of normal numbers on a logarithmic scale.
#[derive(Debug)]
pub(super) struct Octave {
    /// The scaled value of the mantissa, from 1 to 2.
    cells: Vec<Cubic>,
    /// From the scaled value of 1 to that of 2.
    per_octave: f64,
}

impl Octave {
    pub(super) fn new(scale: &Log) -> Self {
        let scale = Scale::Log(*scale);
        let cells = 1_u32 << BITS;
        let mantissas: Vec<_> = (0..cells)
            .flat_map(|cell| NODES.map(|t| 1.0 + (f64::from(cell) + t) / f64::from(cells)))
            .chain([2.0])
            .collect();
        let mut scaled_values = vec![0.0; mantissas.len()];
        scale.forward_into(&mantissas, &mut scaled_values);
        Self {
            cells: cubics::through(&scaled_values),
            per_octave: scale.forward(2.0) - scale.forward(1.0),
        }
    }

    /// Put `values` on the scale.
    pub(super) fn look_up(&self, scale: &Scale, values: &[f64], out: &mut [f64]) {
        for (values, out) in values.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            if !scaled_values_of(self, values, out) {
                for (scaled, &x) in out.iter_mut().zip(values) {
                    if x > f64::MAX || x.is_nan() || (x > 0.0 && !x.is_normal()) {
                        *scaled = scale.forward(x);
                    }
                }
            }
        }
    }
}

multiversion! {
    /// Look up a block; whether all of it was in the table.
    fn scaled_values_of(table: &Octave, values: &[f64], out: &mut [f64]) -> bool {
        const MANTISSA: u64 = (1 << 52) - 1;
        const ONE: u64 = 0x3ff0_0000_0000_0000;
        let mut cells = [0_u32; BLOCK];
        let mut parts = [0.0_f64; BLOCK];
        let (cells, parts) = (&mut cells[..values.len()], &mut parts[..values.len()]);
        let per_octave = table.per_octave;
        let mut all = true;
        for (((cell, part), scaled), &x) in
            cells.iter_mut().zip(parts.iter_mut()).zip(out.iter_mut()).zip(values)
        {
            all &= (x <= 0.0) | ((x >= f64::MIN_POSITIVE) & (x <= f64::MAX));
            let bits = x.to_bits();
            #[allow(clippy::cast_possible_truncation)] // BITS bits
            {
                *cell = ((bits & MANTISSA) >> (52 - BITS)) as u32;
            }
            *part = f64::from_bits(((bits << BITS) & MANTISSA) | ONE) - 1.0;
            // A whole number in the lowest bits of 2^52 is that number plus 2^52.
            let exponent = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000);
            *scaled = (exponent - (4_503_599_627_370_496.0 + 1023.0)) * per_octave;
        }
        let table = table.cells.as_slice();
        for (((scaled, &cell), &part), &x) in out.iter_mut().zip(&*cells).zip(&*parts).zip(values) {
            let sum = *scaled + cubics::at(&table[cell as usize], part);
            *scaled = if x <= 0.0 { f64::NEG_INFINITY } else { sum };
        }
        all
    }
}
