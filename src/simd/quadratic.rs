//! Squared Mahalanobis distances of whole columns.

use super::compare::split_bits;
use super::multiversion;

multiversion! {
    /// `out[e] = (values[e] - middle) * factor`: how far each event is from the middle.
    pub fn deviations(values: &[f64], middle: f64, factor: f64, out: &mut [f64]) {
        for (place, x) in out.iter_mut().zip(values) {
            *place = (x - middle) * factor;
        }
    }
}

multiversion! {
    /// `out[e] -= weight * other[e]`: one step of a forward substitution.
    pub fn subtract_weighted(out: &mut [f64], weight: f64, other: &[f64]) {
        for (place, y) in out.iter_mut().zip(other) {
            *place -= weight * y;
        }
    }
}

multiversion! {
    /// `sum[e] += y[e]² * weight`.
    pub fn add_squares(sum: &mut [f64], y: &[f64], weight: f64) {
        for (place, y) in sum.iter_mut().zip(y) {
            *place += y * y * weight;
        }
    }
}

/// What [`two_within`] needs: per dimension the middle, the factor of deviations and the weight of
/// squares, and what the first takes from the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Two {
    /// Middles.
    pub middle: [f64; 2],
    /// Factors of deviations.
    pub factor: [f64; 2],
    /// Weights of squares.
    pub weight: [f64; 2],
    /// How much of the first deviation is taken from the second.
    pub slope: f64,
}

/// Events taken at a time, so that what is known about them stays in the nearest cache.
const BLOCK: usize = 512;

macro_rules! two_within {
    ($(#[$about:meta])* $name:ident, $flags:ident, $number:ty) => {
        multiversion! {
            /// One byte per event: bit 0 where the sum is at most `surely`, bit 1 where at most `possibly`.
            fn $flags(
                xs: &[$number],
                ys: &[$number],
                form: &Two,
                limits: (f64, f64),
                flags: &mut [u8],
            ) {
                let Two { middle, factor, weight, slope } = *form;
                for ((flag, &x), &y) in flags.iter_mut().zip(xs).zip(ys) {
                    let first = (f64::from(x) - middle[0]) * factor[0];
                    let second = (f64::from(y) - middle[1]) * factor[1] - slope * first;
                    let sum = first * first * weight[0] + second * second * weight[1];
                    *flag = u8::from(sum <= limits.0) | u8::from(sum <= limits.1) << 1;
                }
            }
        }

        $(#[$about])*
        pub fn $name(
            xs: &[$number],
            ys: &[$number],
            form: &Two,
            limits: (f64, f64),
            surely: &mut [u64],
            possibly: &mut [u64],
        ) {
            let mut flags = [0; BLOCK];
            let blocks = xs.chunks(BLOCK).zip(ys.chunks(BLOCK)).chain(std::iter::repeat((&[][..], &[][..])));
            let words = surely.chunks_mut(BLOCK / 64).zip(possibly.chunks_mut(BLOCK / 64));
            for ((surely, possibly), (xs, ys)) in words.zip(blocks) {
                let flags = &mut flags[..xs.len().min(ys.len())];
                $flags(xs, ys, form, limits, flags);
                split_bits(flags, surely, possibly);
            }
        }
    };
}

two_within! {
    /// Where what the steps above give for two dimensions is at most the first of the limits, and
    /// at most the second: one bit per event; bits beyond the last event are cleared.
    two_within, flags, f64
}
two_within! {
    /// [`two_within`] on columns of single precision.
    two_within_f32, flags_f32, f32
}
