//! Memory that is needed soon.

/// Bytes that come from memory together.
const LINE: usize = 64;

/// Ask for values that will be needed soon; nothing waits for them.
///
/// A processor foresees what is read in order, but not across pages of memory, and every few
/// hundred events each column enters a new one.
#[inline]
pub fn fetch<T>(values: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let first = values.as_ptr().cast::<i8>();
        for place in (0..size_of_val(values)).step_by(LINE) {
            // SAFETY: a hint changes nothing, and the place lies within the slice.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(first.add(place)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, LINE);
}
