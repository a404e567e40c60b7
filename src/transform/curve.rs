//! What the kernels of scales share: a branch-free formula for nearly all numbers, another for
//! the few that it does not reach, and loops over many of them.

/// A scale as two formulas each way.
///
/// The first is plain arithmetic without branches, so that a loop over it becomes vectors; for
/// numbers out of its reach its answer is of no use, but no harm.
pub(super) trait Curve {
    /// Return whether [`Curve::scaled`] holds for `x`; not for NaN.
    fn reaches(&self, x: f64) -> bool;
    /// The scaled value of a value within reach.
    fn scaled(&self, x: f64) -> f64;
    /// The scaled value of any other value, infinities and NaN among them.
    fn scaled_beyond(&self, x: f64) -> f64;
    /// Return whether [`Curve::value`] holds for `y`; not for NaN.
    fn reaches_back(&self, y: f64) -> bool;
    /// The value at a scaled value within reach.
    fn value(&self, y: f64) -> f64;
    /// The value at any other scaled value, infinities and NaN among them.
    fn value_beyond(&self, y: f64) -> f64;

    /// The scaled value of any value.
    #[inline]
    fn forward(&self, x: f64) -> f64 {
        if self.reaches(x) {
            self.scaled(x)
        } else {
            self.scaled_beyond(x)
        }
    }

    /// The value at any scaled value.
    #[inline]
    fn inverse(&self, y: f64) -> f64 {
        if self.reaches_back(y) {
            self.value(y)
        } else {
            self.value_beyond(y)
        }
    }
}

/// Values of one turn of a loop: few enough to stay in the nearest cache.
pub(super) const BLOCK: usize = 512;

/// Apply to `values` in place what writes to another slice.
pub(super) fn in_place(values: &mut [f64], put: impl Fn(&[f64], &mut [f64])) {
    let mut block = [0.0; BLOCK];
    for values in values.chunks_mut(BLOCK) {
        let block = &mut block[..values.len()];
        block.copy_from_slice(values);
        put(block, values);
    }
}

/// Loops over a scale's two formulas, for each level of vectors; a number gets the same bits there
/// as alone.
macro_rules! loops_over {
    ($scale:ty, $forward:ident, $inverse:ident) => {
        crate::simd::multiversion! {
            /// Put `values` on the scale.
            pub(super) fn $forward(scale: &$scale, values: &[f64], out: &mut [f64]) {
                use crate::transform::curve::{BLOCK, Curve};
                for (values, out) in values.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
                    let mut all = true;
                    for (scaled, &x) in out.iter_mut().zip(values) {
                        *scaled = scale.scaled(x);
                        all &= scale.reaches(x);
                    }
                    if !all {
                        for (scaled, &x) in out.iter_mut().zip(values) {
                            if !scale.reaches(x) {
                                *scaled = scale.scaled_beyond(x);
                            }
                        }
                    }
                }
            }
        }
        crate::simd::multiversion! {
            /// Bring `scaled_values` on the scale back to values.
            pub(super) fn $inverse(scale: &$scale, scaled_values: &[f64], out: &mut [f64]) {
                use crate::transform::curve::{BLOCK, Curve};
                for (scaled_values, out) in scaled_values.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
                    let mut all = true;
                    for (value, &y) in out.iter_mut().zip(scaled_values) {
                        *value = scale.value(y);
                        all &= scale.reaches_back(y);
                    }
                    if !all {
                        for (value, &y) in out.iter_mut().zip(scaled_values) {
                            if !scale.reaches_back(y) {
                                *value = scale.value_beyond(y);
                            }
                        }
                    }
                }
            }
        }
    };
}
pub(super) use loops_over;
