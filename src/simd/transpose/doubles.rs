//! 32-bit floats of rows become columns of 64-bit floats.

use super::{Rows, WIDTH, chunk, word};

/// Turn 32-bit floats of all rows, or of those at `elements` (rising): `out[k][i]` becomes number
/// `lanes[k]` behind the offset, of the row of event `i`.
///
/// There are at most [`WIDTH`] columns, all of one length; lanes differ and are below [`WIDTH`].
///
/// # Panics
/// If they are not.
pub fn doubles(rows: Rows<'_>, slots: Option<&[u32]>, lanes: &[usize], out: &mut [&mut [f64]]) {
    assert!(lanes.iter().all(|lane| *lane < WIDTH) && lanes.len() == out.len());
    let n_events = out.first().map_or(0, |column| column.len());
    assert!(out.iter().all(|column| column.len() == n_events));
    let n_events = slots.map_or(n_events, |slots| n_events.min(slots.len()));
    let mut done = 0;
    #[cfg(target_arch = "x86_64")]
    if super::super::level() != super::super::Level::Baseline {
        let row = |event: usize| slots.map_or(event, |slots| slots[event] as usize);
        let is_safe =
            |event: usize| row(event) * rows.stride + rows.offset + 4 * WIDTH <= rows.bytes.len();
        // Only the last rows may have fewer bytes behind the offset than are loaded at once.
        let unsafe_ones = (0..n_events).rev().take_while(|&event| !is_safe(event));
        let safe = n_events - unsafe_ones.count();
        // SAFETY: the processor has AVX2, or the level would be another; elements rise, so that all
        // rows before the last safe one are safe; the columns have been looked at.
        done = unsafe {
            match slots {
                Some(slots) => avx2::doubles(rows, |event| slots[event] as usize, safe, lanes, out),
                None => avx2::doubles(rows, |event| event, safe, lanes, out),
            }
        };
    }
    for (lane, column) in lanes.iter().zip(out) {
        let begin = rows.offset + 4 * lane;
        let value =
            |row: &[u8]| f64::from(f32::from_bits(word(chunk(row, begin), rows.big_endian)));
        let column = &mut column[done..];
        match slots {
            Some(slots) => {
                for (slot, &row) in column.iter_mut().zip(&slots[done..]) {
                    *slot = value(&rows.bytes[row as usize * rows.stride..]);
                }
            }
            None => {
                for (slot, row) in column
                    .iter_mut()
                    .zip(rows.from(done).chunks_exact(rows.stride))
                {
                    *slot = value(row);
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    #![allow(clippy::cast_ptr_alignment)] // the loads are the unaligned ones

    use std::arch::x86_64::{
        __m256, _mm_loadu_ps, _mm_setr_epi8, _mm256_broadcastsi128_si256, _mm256_castps_si256,
        _mm256_castps128_ps256, _mm256_castps256_ps128, _mm256_castsi256_ps, _mm256_cvtps_pd,
        _mm256_extractf128_ps, _mm256_insertf128_ps, _mm256_loadu_ps, _mm256_setzero_ps,
        _mm256_shuffle_epi8, _mm256_shuffle_ps, _mm256_storeu_pd, _mm256_unpackhi_ps,
        _mm256_unpacklo_ps,
    };

    use super::super::avx2::turned;
    use super::{Rows, WIDTH};

    /// Turn the first `n_events` events but for a rest of fewer than eight; gives how many.
    ///
    /// # Safety
    /// The rows of `n_events` events have `4 * WIDTH` bytes behind the offset, and every column as
    /// many elements; lanes are below `WIDTH`.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn doubles(
        rows: Rows<'_>,
        row_of: impl Fn(usize) -> usize,
        n_events: usize,
        lanes: &[usize],
        out: &mut [&mut [f64]],
    ) -> usize {
        let begin = rows.bytes.as_ptr().wrapping_add(rows.offset);
        let row = |event: usize| begin.wrapping_add(row_of(event) * rows.stride);
        let few = lanes.iter().all(|lane| *lane < FEW);
        // By lane, so that what is turned can be stored from the registers that it is in.
        let mut columns: [Option<*mut f64>; WIDTH] = [None; WIDTH];
        for (&lane, column) in lanes.iter().zip(out) {
            columns[lane] = Some(column.as_mut_ptr());
        }
        let groups = n_events / WIDTH;
        for group in 0..groups {
            let first = group * WIDTH;
            // SAFETY: by the conditions; lanes are below the width of what is turned.
            unsafe {
                if few {
                    store(
                        few_columns(|k| row(first + k), rows.big_endian),
                        &columns,
                        first,
                    );
                } else {
                    store(
                        all_columns(|k| row(first + k), rows.big_endian),
                        &columns,
                        first,
                    );
                }
            }
        }
        groups * WIDTH
    }

    /// So many numbers side by side are turned with a third of the effort.
    const FEW: usize = 4;

    /// The bytes of each number in the other order.
    #[target_feature(enable = "avx2")]
    fn swapped(numbers: __m256) -> __m256 {
        let reversed = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
        let reversed = _mm256_broadcastsi128_si256(reversed);
        _mm256_castsi256_ps(_mm256_shuffle_epi8(_mm256_castps_si256(numbers), reversed))
    }

    /// Eight numbers of each of eight rows, turned.
    ///
    /// # Safety
    /// There are as many numbers behind each row.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn all_columns(row: impl Fn(usize) -> *const u8, swap: bool) -> [__m256; WIDTH] {
        let mut table = [_mm256_setzero_ps(); WIDTH];
        for (k, slot) in table.iter_mut().enumerate() {
            // SAFETY: by the condition.
            *slot = unsafe { _mm256_loadu_ps(row(k).cast::<f32>()) };
            if swap {
                *slot = swapped(*slot);
            }
        }
        turned(table)
    }

    /// Four numbers of each of eight rows, turned.
    ///
    /// # Safety
    /// There are as many numbers behind each row.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn few_columns(row: impl Fn(usize) -> *const u8, swap: bool) -> [__m256; FEW] {
        let mut rows = [_mm256_setzero_ps(); FEW];
        for (k, slot) in rows.iter_mut().enumerate() {
            // SAFETY: by the condition.
            *slot = unsafe {
                let low = _mm_loadu_ps(row(k).cast::<f32>());
                let high = _mm_loadu_ps(row(k + FEW).cast::<f32>());
                _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(low), high)
            };
            if swap {
                *slot = swapped(*slot);
            }
        }
        let low = [
            _mm256_unpacklo_ps(rows[0], rows[1]),
            _mm256_unpacklo_ps(rows[2], rows[3]),
        ];
        let high = [
            _mm256_unpackhi_ps(rows[0], rows[1]),
            _mm256_unpackhi_ps(rows[2], rows[3]),
        ];
        [
            _mm256_shuffle_ps::<0x44>(low[0], low[1]),
            _mm256_shuffle_ps::<0xEE>(low[0], low[1]),
            _mm256_shuffle_ps::<0x44>(high[0], high[1]),
            _mm256_shuffle_ps::<0xEE>(high[0], high[1]),
        ]
    }

    /// Write eight events from event `first` on to those lanes that have a column.
    ///
    /// # Safety
    /// Columns have a element for every event.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn store<const N: usize>(
        table: [__m256; N],
        columns: &[Option<*mut f64>; WIDTH],
        first: usize,
    ) {
        for (eight, column) in table.into_iter().zip(columns) {
            if let Some(column) = column {
                // SAFETY: by the condition.
                unsafe {
                    let slots = column.add(first);
                    _mm256_storeu_pd(slots, _mm256_cvtps_pd(_mm256_castps256_ps128(eight)));
                    let high = _mm256_extractf128_ps::<1>(eight);
                    _mm256_storeu_pd(slots.add(4), _mm256_cvtps_pd(high));
                }
            }
        }
    }
}
