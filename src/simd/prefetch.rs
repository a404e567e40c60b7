//! Asking for memory before it is needed. Processors foresee by themselves what a few columns
//! will need, but neither a dozen side by side nor what lies beyond a page.

/// Bytes that come from memory at once.
pub(crate) const LINE: usize = 64;

/// Ask for the line of a position; one that does not exist does no harm.
#[inline(always)]
#[allow(clippy::inline_always)] // one instruction
pub(crate) fn prefetch<X>(slot: *const X) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint, that neither reads nor faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(slot.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = slot;
}
