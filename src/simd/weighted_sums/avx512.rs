//! Eight numbers in a register of AVX-512. Written with its instructions, since the compiler makes
//! none of them of loops over arrays here.

use std::arch::x86_64::{
    __m512d, _mm256_loadu_ps, _mm256_storeu_ps, _mm512_add_pd, _mm512_cvtpd_ps, _mm512_cvtps_pd,
    _mm512_loadu_pd, _mm512_mul_pd, _mm512_set1_pd, _mm512_setzero_pd, _mm512_storeu_pd,
};

use super::{Number, Vector};

/// Eight numbers side by side.
#[derive(Clone, Copy)]
pub(super) struct Eight(__m512d);

#[allow(clippy::inline_always)] // must take on the features of the caller
impl Vector for Eight {
    const LANES: usize = 8;

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the processor has AVX-512.
        Self(unsafe { _mm512_setzero_pd() })
    }

    #[inline(always)]
    unsafe fn load<X: Number>(from: *const X) -> Self {
        // SAFETY: the processor has AVX-512, and `from` eight numbers of this type.
        Self(unsafe {
            if X::SINGLE {
                _mm512_cvtps_pd(_mm256_loadu_ps(from.cast()))
            } else {
                _mm512_loadu_pd(from.cast())
            }
        })
    }

    #[inline(always)]
    unsafe fn add_product(self, x: Self, weight: f64) -> Self {
        // SAFETY: the processor has AVX-512.
        Self(unsafe { _mm512_add_pd(self.0, _mm512_mul_pd(x.0, _mm512_set1_pd(weight))) })
    }

    #[inline(always)]
    unsafe fn store<Y: Number>(self, to: *mut Y) {
        // SAFETY: the processor has AVX-512, and `to` eight positions of this type.
        unsafe {
            if Y::SINGLE {
                _mm256_storeu_ps(to.cast(), _mm512_cvtpd_ps(self.0));
            } else {
                _mm512_storeu_pd(to.cast(), self.0);
            }
        }
    }
}
