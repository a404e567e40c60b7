//! Long arrays over several threads.

use std::num::NonZero;
use std::thread;

/// Shorter arrays are not worth a thread.
const LONG: usize = 100_000;
/// More threads than these wait for memory.
const MOST_THREADS: usize = 8;

/// Apply `kernel`, which treats each value alone, to parts of `values` and `out`, side by side where
/// they are long and the machine has several processors.
pub fn spread(values: &[f64], out: &mut [f64], kernel: impl Fn(&[f64], &mut [f64]) + Sync) {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let parts = threads.min(MOST_THREADS).min(values.len() / (LONG / 2));
    if values.len() < LONG || parts < 2 {
        return kernel(values, out);
    }
    let length = values.len().div_ceil(parts);
    thread::scope(|scope| {
        let mut pairs = values.chunks(length).zip(out.chunks_mut(length));
        let own = pairs.next();
        for (values, out) in pairs {
            let kernel = &kernel;
            scope.spawn(move || kernel(values, out));
        }
        if let Some((values, out)) = own {
            kernel(values, out);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn treats_every_value_once() {
        for length in [0, 1, LONG - 1, LONG, 3 * LONG + 7] {
            let values: Vec<_> = (0..length).map(|i| i as f64).collect();
            let mut out = vec![-1.0; length];
            spread(&values, &mut out, |values, out| {
                for (out, value) in out.iter_mut().zip(values) {
                    *out = value + 1.0;
                }
            });
            assert!(
                out.iter()
                    .zip(&values)
                    .all(|(out, value)| *out == value + 1.0)
            );
        }
    }
}
