//! Whole arrays put on a scale, or brought back from it.

use crate::threads::share;

use super::curve::BLOCK;
use super::{Fast, Scale};

/// What becomes of each number of an array, whichever numbers are beside it.
#[derive(Debug, Clone)]
pub struct Conversion {
    scale: Scale,
    fast: Option<Fast>,
    inverse: bool,
    unit: f64,
}

/// Numbers of one job for a thread: some tens of microseconds at least.
const JOB: usize = 32 * BLOCK;
/// Fewer jobs are not worth another thread.
const JOBS_PER_THREAD: usize = 3;
/// More threads than these wait for memory.
const MOST_THREADS: usize = 8;

/// The number of threads share so many numbers.
fn threads(n: usize) -> usize {
    MOST_THREADS.min(n.div_ceil(JOB) / JOBS_PER_THREAD)
}

impl Conversion {
    /// Values to scaled values on `scale`, exact.
    #[must_use]
    pub fn forward(scale: Scale) -> Self {
        Self {
            scale,
            fast: None,
            inverse: false,
            unit: 1.0,
        }
    }

    /// Scaled values on `scale` to values, exact.
    #[must_use]
    pub fn inverse(scale: Scale) -> Self {
        Self {
            inverse: true,
            ..Self::forward(scale)
        }
    }

    /// The same within [`Fast::BOUND`].
    #[must_use]
    pub fn fast(self) -> Self {
        Self {
            fast: Some(Fast::new(self.scale.clone())),
            ..self
        }
    }

    /// The same, with the results times `unit`.
    #[must_use]
    pub fn times(self, unit: f64) -> Self {
        Self { unit, ..self }
    }

    /// Convert `numbers` into `out`, which is of the same length.
    pub fn apply(&self, numbers: &[f64], out: &mut [f64]) {
        let threads = threads(numbers.len());
        let jobs = numbers.chunks(JOB).zip(out.chunks_mut(JOB));
        share(threads, jobs, |(numbers, out)| self.one_job(numbers, out));
    }

    /// Convert `numbers` in place.
    pub fn apply_in_place(&self, numbers: &mut [f64]) {
        share(threads(numbers.len()), numbers.chunks_mut(JOB), |numbers| {
            super::curve::in_place(numbers, |numbers, out| self.one_job(numbers, out));
        });
    }

    fn one_job(&self, numbers: &[f64], out: &mut [f64]) {
        let Some(fast) = &self.fast else {
            if self.inverse {
                self.scale.inverse_into(numbers, out);
            } else {
                self.scale.forward_into(numbers, out);
            }
            return self.multiply(out);
        };
        // Block by block, so that the results are still at hand when they are multiplied.
        for (numbers, out) in numbers.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            if self.inverse {
                fast.inverse_into(numbers, out);
            } else {
                fast.forward_into(numbers, out);
            }
            self.multiply(out);
        }
    }

    fn multiply(&self, out: &mut [f64]) {
        if self.unit != 1.0 {
            for number in out {
                *number *= self.unit;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_place_and_in_any_number_of_threads_the_results_are_the_same() {
        let values: Vec<f64> = (0..8 * JOB + 7).map(|i| i as f64 * 3.7 - 4e4).collect();
        for (name, parameters) in [
            ("logicle", vec![262_144.0, 0.5, 4.5, 0.0]),
            ("flowjo_biex", vec![262_144.0, -10.0, 4.5, 0.0, 4096.0]),
        ] {
            let scale = Scale::from_name(name, &parameters).expect("usual parameters");
            for conversion in [
                Conversion::forward(scale.clone()),
                Conversion::forward(scale.clone()).fast().times(4096.0),
                Conversion::inverse(scale.clone()).fast(),
            ] {
                let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                let mut out = vec![0.0; values.len()];
                conversion.apply(&values, &mut out);
                let mut same = values.clone();
                conversion.apply_in_place(&mut same);
                assert_eq!(bits(&out), bits(&same), "{conversion:?}");
                for (part, out) in values.chunks(1001).zip(out.chunks(1001)) {
                    let mut alone = vec![0.0; part.len()];
                    conversion.apply(part, &mut alone);
                    assert_eq!(bits(out), bits(&alone), "{conversion:?}");
                }
            }
        }
    }
}
