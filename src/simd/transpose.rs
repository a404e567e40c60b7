//! Rows of numbers side by side become columns, their bytes put in order on the way.
//!
//! A row holds the numbers of one event; eight rows of up to eight numbers are turned at once in
//! registers where the machine has AVX2, four by four else. Numbers are only moved, swapped,
//! masked and converted exactly, so that every path gives the same bits.

use std::array::from_fn;

mod doubles;
pub use doubles::doubles;

/// Most numbers of a row that are turned at once.
pub const WIDTH: usize = 8;

/// Where numbers side by side stand in rows of bytes.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Rows one after the other.
    pub bytes: &'a [u8],
    /// Bytes of a row.
    pub stride: usize,
    /// Where in a row the first of the numbers begins.
    pub offset: usize,
    /// True if the most significant byte of a number comes first.
    pub big_endian: bool,
}

impl Rows<'_> {
    /// For each row from `first` on: the `N` bytes from `skip` bytes behind the offset.
    fn chunks<const N: usize>(
        &self,
        first: usize,
        skip: usize,
    ) -> impl Iterator<Item = [u8; N]> + '_ {
        let begin = self.offset + skip;
        // All rows have one length, so that the bounds are checked once for all of them.
        self.from(first)
            .chunks_exact(self.stride)
            .map(move |row| chunk(row, begin))
    }

    /// The bytes from row `first` on.
    fn from(&self, first: usize) -> &[u8] {
        self.bytes.get(first * self.stride..).unwrap_or_default()
    }

    /// The number of of the first `n_rows` rows have `n_bytes` bytes behind the offset, in whatever row.
    #[cfg(target_arch = "x86_64")]
    fn with_bytes_behind(&self, n_rows: usize, n_bytes: usize) -> usize {
        let free = self.bytes.len().saturating_sub(self.offset + n_bytes);
        let enough = self.bytes.len() >= self.offset + n_bytes;
        n_rows.min(if enough { free / self.stride + 1 } else { 0 })
    }
}

/// The `N` bytes of `row` from `begin` on, which it has.
#[inline]
fn chunk<const N: usize>(row: &[u8], begin: usize) -> [u8; N] {
    let bytes = row.get(begin..).and_then(<[u8]>::first_chunk);
    bytes.copied().unwrap_or([0; N])
}

/// Turn 32-bit floats: `out[k][i]` becomes number `k` of row `i`. At most [`WIDTH`] columns of one length.
pub fn floats(rows: Rows<'_>, out: &mut [&mut [f32]]) {
    let n_rows = out.first().map_or(0, |column| column.len());
    let mut done = 0;
    #[cfg(target_arch = "x86_64")]
    if super::level() == super::Level::Avx2 {
        let safe = rows.with_bytes_behind(n_rows, 4 * WIDTH);
        // SAFETY: the processor has AVX2, or the level would be another.
        done = unsafe { avx2::floats(rows, safe, out) };
    }
    for columns in (0..out.len()).step_by(4) {
        let end = (columns + 4).min(out.len());
        match &mut out[columns..end] {
            [a, b, c, d] => {
                let four = [a, b, c, d].map(|column| &mut column[done..]);
                four_floats(rows, done, 4 * columns, four);
            }
            fewer => {
                for (skip, column) in (4 * columns..).step_by(4).zip(fewer) {
                    for (bytes, slot) in rows.chunks(done, skip).zip(&mut column[done..]) {
                        *slot = f32::from_bits(word(bytes, rows.big_endian));
                    }
                }
            }
        }
    }
}

fn word(bytes: [u8; 4], big_endian: bool) -> u32 {
    if big_endian {
        u32::from_be_bytes(bytes)
    } else {
        u32::from_le_bytes(bytes)
    }
}

/// Four rows of four numbers become four columns at a time.
fn four_floats(rows: Rows<'_>, first: usize, skip: usize, [a, b, c, d]: [&mut [f32]; 4]) {
    let begin = rows.offset + skip;
    let four = |row: &[u8]| -> [u32; 4] {
        let bytes: [u8; 16] = chunk(row, begin);
        from_fn(|n| u32::from_ne_bytes(from_fn(|byte| bytes[4 * n + byte])))
    };
    // Swapped after the transposition, where four of a kind stand side by side.
    let float = |word: u32| f32::from_bits(native(word, rows.big_endian));
    let (blocks_a, rest_a) = a.as_chunks_mut::<4>();
    let (blocks_b, rest_b) = b.as_chunks_mut::<4>();
    let (blocks_c, rest_c) = c.as_chunks_mut::<4>();
    let (blocks_d, rest_d) = d.as_chunks_mut::<4>();
    let mut groups = rows.from(first).chunks_exact(4 * rows.stride);
    let blocks = blocks_a.iter_mut().zip(blocks_b);
    let blocks = blocks.zip(blocks_c.iter_mut().zip(blocks_d));
    for (((a, b), (c, d)), group) in blocks.zip(&mut groups) {
        let table: [[u32; 4]; 4] = from_fn(|n| four(&group[n * rows.stride..]));
        *a = from_fn(|n| float(table[n][0]));
        *b = from_fn(|n| float(table[n][1]));
        *c = from_fn(|n| float(table[n][2]));
        *d = from_fn(|n| float(table[n][3]));
    }
    let rest = rest_a.iter_mut().zip(rest_b);
    let rest = rest.zip(rest_c.iter_mut().zip(rest_d));
    for (((a, b), (c, d)), row) in rest.zip(groups.remainder().chunks_exact(rows.stride)) {
        [*a, *b, *c, *d] = four(row).map(float);
    }
}

fn native(word: u32, big_endian: bool) -> u32 {
    if big_endian {
        u32::from_be(word)
    } else {
        u32::from_le(word)
    }
}

/// Turn 16-bit integers into floats, cleared of the bits outside their masks; gives for each column
/// the bits that were met. At most [`WIDTH`] columns of one length, with a mask each.
pub fn halfwords(rows: Rows<'_>, masks: &[u16], out: &mut [&mut [f32]]) -> [u16; WIDTH] {
    let n_rows = out.first().map_or(0, |column| column.len());
    let (mut done, mut met) = (0, [0; WIDTH]);
    #[cfg(target_arch = "x86_64")]
    if super::level() == super::Level::Avx2 {
        let safe = rows.with_bytes_behind(n_rows, 2 * WIDTH);
        // SAFETY: the processor has AVX2, or the level would be another.
        done = unsafe { avx2::halfwords(rows, safe, masks, out, &mut met) };
    }
    let columns = (0..).step_by(2).zip(masks).zip(out);
    for (((skip, &mask), column), met) in columns.zip(&mut met) {
        let (chunks, slots) = (rows.chunks(done, skip), &mut column[done..]);
        *met |= if rows.big_endian {
            masked(chunks.map(u16::from_be_bytes), mask, slots)
        } else {
            masked(chunks.map(u16::from_le_bytes), mask, slots)
        };
    }
    met
}

/// Numbers cleared of the bits outside the mask, as floats; gives the bits that were met.
fn masked(numbers: impl Iterator<Item = u16>, mask: u16, out: &mut [f32]) -> u16 {
    let (mut met, mask) = (0, i32::from(mask));
    for (number, slot) in numbers.zip(out) {
        let number = i32::from(number);
        met |= number;
        // Exact: at most 16 bits.
        *slot = (number & mask) as f32;
    }
    u16::try_from(met).unwrap_or(u16::MAX)
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    #![allow(clippy::cast_ptr_alignment)] // the loads are the unaligned ones

    use std::arch::x86_64::{
        __m128i, __m256, __m256i, _mm_and_si128, _mm_cvtsi128_si64, _mm_loadu_si128, _mm_or_si128,
        _mm_set1_epi16, _mm_setr_epi8, _mm_setzero_si128, _mm_shuffle_epi8, _mm_srli_si128,
        _mm_unpackhi_epi16, _mm_unpackhi_epi32, _mm_unpackhi_epi64, _mm_unpacklo_epi16,
        _mm_unpacklo_epi32, _mm_unpacklo_epi64, _mm256_broadcastsi128_si256, _mm256_castsi256_ps,
        _mm256_cvtepi32_ps, _mm256_cvtepu16_epi32, _mm256_loadu_si256, _mm256_permute2f128_ps,
        _mm256_shuffle_epi8, _mm256_shuffle_ps, _mm256_storeu_ps, _mm256_unpackhi_ps,
        _mm256_unpacklo_ps,
    };

    use super::{Rows, WIDTH};

    /// Turn the first `n_rows` rows but for a rest of fewer than eight; gives how many.
    ///
    /// # Safety
    /// `n_rows` rows have `4 * WIDTH` bytes behind the offset, and every column as many elements.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn floats(rows: Rows<'_>, n_rows: usize, out: &mut [&mut [f32]]) -> usize {
        let reversed = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
        let reversed = _mm256_broadcastsi128_si256(reversed);
        let groups = n_rows / WIDTH;
        for group in 0..groups {
            let begin = rows.bytes[group * WIDTH * rows.stride + rows.offset..].as_ptr();
            let mut table = [_mm256_castsi256_ps(reversed); WIDTH];
            for (row, slot) in table.iter_mut().enumerate() {
                // SAFETY: by the condition on `n_rows`.
                let mut eight =
                    unsafe { _mm256_loadu_si256(begin.add(row * rows.stride).cast::<__m256i>()) };
                if rows.big_endian {
                    eight = _mm256_shuffle_epi8(eight, reversed);
                }
                *slot = _mm256_castsi256_ps(eight);
            }
            for (column, eight) in out.iter_mut().zip(turned(table)) {
                let slots = &mut column[group * WIDTH..][..WIDTH];
                // SAFETY: eight elements.
                unsafe { _mm256_storeu_ps(slots.as_mut_ptr(), eight) };
            }
        }
        groups * WIDTH
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn turned(r: [__m256; 8]) -> [__m256; 8] {
        let low = |a, b| _mm256_unpacklo_ps(a, b);
        let high = |a, b| _mm256_unpackhi_ps(a, b);
        let t = [
            low(r[0], r[1]),
            high(r[0], r[1]),
            low(r[2], r[3]),
            high(r[2], r[3]),
            low(r[4], r[5]),
            high(r[4], r[5]),
            low(r[6], r[7]),
            high(r[6], r[7]),
        ];
        let left = |a, b| _mm256_shuffle_ps::<0x44>(a, b);
        let right = |a, b| _mm256_shuffle_ps::<0xEE>(a, b);
        let s = [
            left(t[0], t[2]),
            right(t[0], t[2]),
            left(t[1], t[3]),
            right(t[1], t[3]),
            left(t[4], t[6]),
            right(t[4], t[6]),
            left(t[5], t[7]),
            right(t[5], t[7]),
        ];
        [
            _mm256_permute2f128_ps::<0x20>(s[0], s[4]),
            _mm256_permute2f128_ps::<0x20>(s[1], s[5]),
            _mm256_permute2f128_ps::<0x20>(s[2], s[6]),
            _mm256_permute2f128_ps::<0x20>(s[3], s[7]),
            _mm256_permute2f128_ps::<0x31>(s[0], s[4]),
            _mm256_permute2f128_ps::<0x31>(s[1], s[5]),
            _mm256_permute2f128_ps::<0x31>(s[2], s[6]),
            _mm256_permute2f128_ps::<0x31>(s[3], s[7]),
        ]
    }

    /// As [`floats`], for 16-bit integers.
    ///
    /// # Safety
    /// `n_rows` rows have `2 * WIDTH` bytes behind the offset, and every column as many elements.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn halfwords(
        rows: Rows<'_>,
        n_rows: usize,
        masks: &[u16],
        out: &mut [&mut [f32]],
        met: &mut [u16; WIDTH],
    ) -> usize {
        let reversed = _mm_setr_epi8(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
        let mut sums = [_mm_setzero_si128(); WIDTH];
        let mut keep = [_mm_setzero_si128(); WIDTH];
        for (keep, &mask) in keep.iter_mut().zip(masks) {
            *keep = _mm_set1_epi16(mask.cast_signed());
        }
        let groups = n_rows / WIDTH;
        for group in 0..groups {
            let begin = rows.bytes[group * WIDTH * rows.stride + rows.offset..].as_ptr();
            let mut table = [reversed; WIDTH];
            for (row, slot) in table.iter_mut().enumerate() {
                // SAFETY: by the condition on `n_rows`.
                *slot = unsafe { _mm_loadu_si128(begin.add(row * rows.stride).cast::<__m128i>()) };
                if rows.big_endian {
                    *slot = _mm_shuffle_epi8(*slot, reversed);
                }
            }
            let columns = out.iter_mut().zip(turned_halfwords(table));
            for ((column, eight), (sum, &mask)) in columns.zip(sums.iter_mut().zip(&keep)) {
                *sum = _mm_or_si128(*sum, eight);
                let wide = _mm256_cvtepu16_epi32(_mm_and_si128(eight, mask));
                let slots = &mut column[group * WIDTH..][..WIDTH];
                // SAFETY: eight elements.
                unsafe { _mm256_storeu_ps(slots.as_mut_ptr(), _mm256_cvtepi32_ps(wide)) };
            }
        }
        for (met, sum) in met.iter_mut().zip(sums) {
            *met |= any_of(sum);
        }
        groups * WIDTH
    }

    #[target_feature(enable = "avx2")]
    fn turned_halfwords(r: [__m128i; 8]) -> [__m128i; 8] {
        let low = |a, b| _mm_unpacklo_epi16(a, b);
        let high = |a, b| _mm_unpackhi_epi16(a, b);
        let t = [
            low(r[0], r[1]),
            low(r[2], r[3]),
            low(r[4], r[5]),
            low(r[6], r[7]),
            high(r[0], r[1]),
            high(r[2], r[3]),
            high(r[4], r[5]),
            high(r[6], r[7]),
        ];
        let low = |a, b| _mm_unpacklo_epi32(a, b);
        let high = |a, b| _mm_unpackhi_epi32(a, b);
        let s = [
            low(t[0], t[1]),
            high(t[0], t[1]),
            low(t[2], t[3]),
            high(t[2], t[3]),
            low(t[4], t[5]),
            high(t[4], t[5]),
            low(t[6], t[7]),
            high(t[6], t[7]),
        ];
        [
            _mm_unpacklo_epi64(s[0], s[2]),
            _mm_unpackhi_epi64(s[0], s[2]),
            _mm_unpacklo_epi64(s[1], s[3]),
            _mm_unpackhi_epi64(s[1], s[3]),
            _mm_unpacklo_epi64(s[4], s[6]),
            _mm_unpackhi_epi64(s[4], s[6]),
            _mm_unpacklo_epi64(s[5], s[7]),
            _mm_unpackhi_epi64(s[5], s[7]),
        ]
    }

    /// The bits that are set in any of eight numbers.
    #[target_feature(enable = "avx2")]
    fn any_of(eight: __m128i) -> u16 {
        let four = _mm_or_si128(eight, _mm_srli_si128::<8>(eight));
        let bytes = _mm_cvtsi128_si64(four).to_le_bytes();
        bytes
            .chunks_exact(2)
            .fold(0, |any, pair| any | u16::from_le_bytes([pair[0], pair[1]]))
    }
}

#[cfg(test)]
mod tests;
