//! Vectors in plain Rust: arrays that the compiler keeps in registers.

use super::{Number, Vector};

/// `N` numbers side by side.
#[derive(Clone, Copy)]
pub(super) struct Lanes<const N: usize>([f64; N]);

#[allow(clippy::inline_always)] // must take on the features of the caller
impl<const N: usize> Vector for Lanes<N> {
    const LANES: usize = N;

    #[inline(always)]
    unsafe fn zero() -> Self {
        Self([0.0; N])
    }

    #[inline(always)]
    unsafe fn load<X: Number>(from: *const X) -> Self {
        // SAFETY: the caller has so many numbers there.
        let values = unsafe { from.cast::<[X; N]>().read() };
        let mut wide = [0.0; N];
        let mut lane = 0;
        while lane < N {
            wide[lane] = values[lane].into();
            lane += 1;
        }
        Self(wide)
    }

    #[inline(always)]
    unsafe fn add_product(mut self, x: Self, weight: f64) -> Self {
        let mut lane = 0;
        while lane < N {
            self.0[lane] += x.0[lane] * weight;
            lane += 1;
        }
        self
    }

    #[inline(always)]
    unsafe fn store<Y: Number>(self, to: *mut Y) {
        let mut lane = 0;
        while lane < N {
            // SAFETY: the caller has so many positions there.
            unsafe { to.add(lane).write(Y::nearest(self.0[lane])) };
            lane += 1;
        }
    }
}
