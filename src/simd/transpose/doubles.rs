//! 32-bit floats of rows become columns of 64-bit floats.

use super::{Rows, WIDTH, chunk, word};

/// Turn 32-bit floats of all rows, or of those at `places` (rising): `out[k][i]` becomes number
/// `lanes[k]` behind the offset, of the row of event `i`.
///
/// There are at most [`WIDTH`] columns, all of one length, and every lane is below [`WIDTH`].
pub fn doubles(rows: Rows<'_>, places: Option<&[u32]>, lanes: &[usize], out: &mut [&mut [f64]]) {
    let n_events = out.first().map_or(0, |column| column.len());
    let n_events = places.map_or(n_events, |places| n_events.min(places.len()));
    let mut done = 0;
    #[cfg(target_arch = "x86_64")]
    if super::super::level() != super::super::Level::Baseline {
        let row = |event: usize| places.map_or(event, |places| places[event] as usize);
        let is_safe =
            |event: usize| row(event) * rows.stride + rows.offset + 4 * WIDTH <= rows.bytes.len();
        // Only the last rows may have fewer bytes behind the offset than are loaded at once.
        let unsafe_ones = (0..n_events).rev().take_while(|&event| !is_safe(event));
        let safe = n_events - unsafe_ones.count();
        assert!(lanes.iter().all(|lane| *lane < WIDTH) && lanes.len() == out.len());
        assert!(out.len() <= WIDTH && out.iter().all(|column| column.len() >= safe));
        // SAFETY: the processor has AVX2, or the level would be another; places rise, so that all
        // rows before the last safe one are safe; the columns have been looked at.
        done = unsafe {
            match places {
                Some(places) => {
                    avx2::doubles(rows, |event| places[event] as usize, safe, lanes, out)
                }
                None => avx2::doubles(rows, |event| event, safe, lanes, out),
            }
        };
    }
    for (lane, column) in lanes.iter().zip(out) {
        let begin = rows.offset + 4 * lane;
        let value =
            |row: &[u8]| f64::from(f32::from_bits(word(chunk(row, begin), rows.big_endian)));
        let column = &mut column[done..];
        match places {
            Some(places) => {
                for (place, &row) in column.iter_mut().zip(&places[done..]) {
                    *place = value(&rows.bytes[row as usize * rows.stride..]);
                }
            }
            None => {
                for (place, row) in column
                    .iter_mut()
                    .zip(rows.from(done).chunks_exact(rows.stride))
                {
                    *place = value(row);
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    #![allow(clippy::cast_ptr_alignment)] // the loads are the unaligned ones

    use std::arch::x86_64::{
        __m256i, _mm_setr_epi8, _mm256_broadcastsi128_si256, _mm256_castps256_ps128,
        _mm256_castsi256_ps, _mm256_cvtps_pd, _mm256_extractf128_ps, _mm256_loadu_si256,
        _mm256_shuffle_epi8, _mm256_storeu_pd,
    };

    use super::super::avx2::turned;
    use super::{Rows, WIDTH};

    /// Turn the first `n_events` events but for a rest of fewer than eight; gives how many.
    ///
    /// # Safety
    /// The rows of `n_events` events have `4 * WIDTH` bytes behind the offset, and every column as
    /// many places; lanes are below `WIDTH`.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn doubles(
        rows: Rows<'_>,
        row_of: impl Fn(usize) -> usize,
        n_events: usize,
        lanes: &[usize],
        out: &mut [&mut [f64]],
    ) -> usize {
        let reversed = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
        let reversed = _mm256_broadcastsi128_si256(reversed);
        let begin = rows.bytes.as_ptr().wrapping_add(rows.offset);
        let groups = n_events / WIDTH;
        for group in 0..groups {
            let mut table = [_mm256_castsi256_ps(reversed); WIDTH];
            for (event, place) in (group * WIDTH..).zip(&mut table) {
                // SAFETY: by the condition on the rows.
                let mut eight = unsafe {
                    _mm256_loadu_si256(begin.add(row_of(event) * rows.stride).cast::<__m256i>())
                };
                if rows.big_endian {
                    eight = _mm256_shuffle_epi8(eight, reversed);
                }
                *place = _mm256_castsi256_ps(eight);
            }
            let table = turned(table);
            for (column, &lane) in out.iter_mut().zip(lanes) {
                // SAFETY: lanes are below the width, and columns have a place for every event.
                unsafe {
                    let eight = *table.get_unchecked(lane);
                    let places = column.as_mut_ptr().add(group * WIDTH);
                    let low = _mm256_cvtps_pd(_mm256_castps256_ps128(eight));
                    let high = _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(eight));
                    _mm256_storeu_pd(places, low);
                    _mm256_storeu_pd(places.add(4), high);
                }
            }
        }
        groups * WIDTH
    }
}
