//! Weighted sums of a block of columns, several at once.

/// Events in a block: 13 detectors of it are 26 kB and stay in the nearest cache.
pub(crate) const BLOCK: usize = 256;

/// Most sums that are formed side by side.
pub(crate) const WIDEST: usize = 4;

/// Events that are summed side by side.
const LANES: usize = 8;

multiversion! {
    /// `sums[g][i] = Σ_k block[k][i] · weights[k][g]`, each from 0 in the order of `k`, a rounding after each
    /// product and each sum.
    ///
    /// `block` holds columns of [`BLOCK`] values, `weights` `width` values for each column, `sums`
    /// [`WIDEST`] rows of [`BLOCK`] places.
    pub(crate) fn weighted_sums(block: &[f64], weights: &[f64], width: usize, sums: &mut [f64]) {
        match width {
            1 => group::<1>(block, weights, sums),
            2 => group::<2>(block, weights, sums),
            3 => group::<3>(block, weights, sums),
            _ => group::<4>(block, weights, sums),
        }
    }
}

multiversion! {
    /// Float32 as float64, exactly.
    pub(crate) fn widen(values: &[f32], out: &mut [f64]) {
        for (place, &value) in out.iter_mut().zip(values) {
            *place = f64::from(value);
        }
    }
}

multiversion! {
    /// Float64 as the nearest float32.
    pub(crate) fn narrow(values: &[f64], out: &mut [f32]) {
        for (place, &value) in out.iter_mut().zip(values) {
            #[allow(clippy::cast_possible_truncation)] // what is asked for
            {
                *place = value as f32;
            }
        }
    }
}

#[inline(always)]
#[allow(clippy::inline_always)] // must take on the features of its caller
fn group<const WIDTH: usize>(block: &[f64], weights: &[f64], sums: &mut [f64]) {
    for first in (0..BLOCK).step_by(LANES) {
        let mut part = [[0.0; LANES]; WIDTH];
        let columns = block.chunks_exact(BLOCK);
        for (column, weights) in columns.zip(weights.chunks_exact(WIDTH)) {
            let Some(values) = column[first..].first_chunk::<LANES>() else {
                return;
            };
            for (sum, weight) in part.iter_mut().zip(weights) {
                for (place, value) in sum.iter_mut().zip(values) {
                    *place += value * weight;
                }
            }
        }
        for (sum, row) in part.iter().zip(sums.chunks_exact_mut(BLOCK)) {
            row[first..first + LANES].copy_from_slice(sum);
        }
    }
}
