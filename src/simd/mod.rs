//! Kernels that are compiled twice: for every x86-64, and for AVX2 where the machine has it.
//!
//! The only room with `unsafe`. A kernel is written once, in plain Rust over slices; the macro
//! `multiversion!` compiles its body for the baseline and for AVX2 and picks one when called. Rust never
//! contracts a multiplication and an addition into one rounding, and reductions have a fixed
//! order, so that both give the same bits. `LONGATE_SIMD=baseline` in the environment forces the
//! plain one.
#![allow(unsafe_code)]

pub mod compare;
pub mod quadratic;
pub mod raster;
pub mod transpose;

use std::sync::OnceLock;

/// Which instructions kernels may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// What every processor of the target has.
    Baseline,
    /// 256-bit vectors.
    Avx2,
}

/// The level of this machine, or the baseline where `LONGATE_SIMD=baseline` asks for it.
#[must_use]
pub fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    #[cfg(test)]
    if let Some(forced) = forced::level() {
        return forced;
    }
    *LEVEL.get_or_init(|| {
        let asked_for_baseline =
            std::env::var_os("LONGATE_SIMD").is_some_and(|value| value == "baseline");
        if asked_for_baseline {
            Level::Baseline
        } else {
            detected()
        }
    })
}

#[cfg(target_arch = "x86_64")]
fn detected() -> Level {
    if std::arch::is_x86_feature_detected!("avx2") {
        Level::Avx2
    } else {
        Level::Baseline
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detected() -> Level {
    Level::Baseline
}

/// Compile a function for each level and pick one when it is called.
macro_rules! multiversion {
    ($(#[$about:meta])* $visible:vis fn $name:ident($($argument:ident: $kind:ty),* $(,)?) $(-> $answer:ty)? $body:block) => {
        $(#[$about])*
        $visible fn $name($($argument: $kind),*) $(-> $answer)? {
            #[inline(always)]
            #[allow(clippy::inline_always)] // the body must take on the features of its caller
            fn plain($($argument: $kind),*) $(-> $answer)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn avx2($($argument: $kind),*) $(-> $answer)? {
                plain($($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)] // this one call, in whichever room uses the macro
            if $crate::simd::level() == $crate::simd::Level::Avx2 {
                // SAFETY: the processor has AVX2, or the level would be another.
                return unsafe { avx2($($argument),*) };
            }
            plain($($argument),*)
        }
    };
}
pub(crate) use multiversion;

pub mod polyline;
pub mod positivity;
pub(crate) mod weighted_sums;

mod columns;
pub(crate) use columns::{add_one, add_two, and_count, has_nan};

/// Tests compare the levels within one process.
#[cfg(test)]
pub(crate) mod forced {
    use super::Level;
    use std::cell::Cell;

    thread_local! {
        static FORCED: Cell<Option<Level>> = const { Cell::new(None) };
    }

    pub(super) fn level() -> Option<Level> {
        FORCED.get()
    }

    /// What `kernel` gives on this thread without any vectors beyond the baseline.
    pub(crate) fn baseline<T>(kernel: impl FnOnce() -> T) -> T {
        FORCED.set(Some(Level::Baseline));
        let answer = kernel();
        FORCED.set(None);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::forced::baseline;
    use super::{Level, level};

    multiversion! {
        /// A sum of squares.
        fn squares(values: &[f64], out: &mut [f64]) {
            for (place, value) in out.iter_mut().zip(values) {
                *place = value * value + 0.1;
            }
        }
    }

    #[test]
    fn both_levels_give_the_same_bits() {
        let values: Vec<f64> = (0..1003).map(|i| f64::from(i) * 0.37 - 100.0).collect();
        let (mut fast, mut plain) = (vec![0.0; 1003], vec![0.0; 1003]);
        squares(&values, &mut fast);
        baseline(|| squares(&values, &mut plain));
        assert_eq!(fast, plain);
    }

    #[test]
    fn a_forced_level_ends_with_its_kernel() {
        let usual = level();
        assert_eq!(baseline(level), Level::Baseline);
        assert_eq!(level(), usual);
    }
}
