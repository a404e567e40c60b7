//! Kernels that are compiled twice: for every x86-64, and for AVX2 where the machine has it.
//!
//! The only room with `unsafe`. A kernel is written once, in plain Rust over slices; the macro
//! `multiversion!` compiles its body for the baseline and for AVX2 and picks one when called. Rust never
//! contracts a multiplication and an addition into one rounding, and reductions have a fixed
//! order, so that both give the same bits. `LONGATE_SIMD=baseline` in the environment forces the
//! plain one. Where AVX-512 wins clearly, a kernel has a third version, which asks `has_avx512`;
//! `LONGATE_SIMD=avx2` does without.
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
    /// 256-bit vectors, and bits moved by a mask (BMI2).
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
        if asked_for("baseline") {
            Level::Baseline
        } else {
            detected()
        }
    })
}

/// Return whether kernels may use AVX-512 too: on machines that have it, at [`Level::Avx2`], unless
/// `LONGATE_SIMD=avx2` asks for no more than that.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx512() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    #[cfg(test)]
    if forced::level().is_some() {
        return false;
    }
    *HAS.get_or_init(|| {
        let present = std::arch::is_x86_feature_detected!("avx512f");
        present && level() == Level::Avx2 && !asked_for("avx2")
    })
}

fn asked_for(version: &str) -> bool {
    std::env::var_os("LONGATE_SIMD").is_some_and(|value| value == version)
}

#[cfg(target_arch = "x86_64")]
fn detected() -> Level {
    if std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("bmi2")
        && std::arch::is_x86_feature_detected!("popcnt")
    {
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
            #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
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

pub(crate) mod bits;
pub mod polyline;
pub mod positivity;
pub(crate) mod prefetch;
pub(crate) mod weighted_sums;

mod columns;
pub(crate) use columns::{and_count, has_nan};

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
        at(Level::Baseline, kernel)
    }

    /// What `kernel` gives on this thread at this level, without AVX-512.
    pub(crate) fn at<T>(level: Level, kernel: impl FnOnce() -> T) -> T {
        FORCED.set(Some(level));
        let answer = kernel();
        FORCED.set(None);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::forced::baseline;
    use super::{Level, level};
    use proptest::prelude::*;

    /// Words of masks: full, empty, dense and sparse ones.
    pub(super) fn words(n_words: usize) -> impl Strategy<Value = Vec<u64>> {
        let word = prop_oneof![
            Just(0),
            Just(u64::MAX),
            any::<u64>(),
            any::<(u64, u64, u64)>().prop_map(|(a, b, c)| a & b & c),
        ];
        prop::collection::vec(word, n_words)
    }

    multiversion! {
        /// A sum of squares.
        fn squares(values: &[f64], out: &mut [f64]) {
            for (slot, value) in out.iter_mut().zip(values) {
                *slot = value * value + 0.1;
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
