//! Weighted sums of a block of columns, several at once.

/// Events in a block: 13 detectors of it are 26 kB and stay in the nearest cache.
pub(crate) const BLOCK: usize = 256;

/// Most sums that are formed side by side: their vectors fit the registers.
pub(crate) const WIDEST: usize = 4;

/// Values of a vector; two of them are summed side by side.
const LANES: usize = 4;

/// One column of a block.
pub(crate) type Column = [f64; BLOCK];

multiversion! {
    /// `sums[g][i] = Σ_k columns[k][i] · weights[k][g]` for the first `width` sums, each from 0 in the
    /// order of `k`, with a rounding after each product and each sum.
    pub(crate) fn weighted_sums(columns: &[Column], weights: &[[f64; WIDEST]], width: usize, sums: &mut [Column; WIDEST]) {
        match width {
            1 => group::<1>(columns, weights, sums),
            2 => group::<2>(columns, weights, sums),
            3 => group::<3>(columns, weights, sums),
            _ => group::<4>(columns, weights, sums),
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

/// Four values side by side, written out so that they stay in one register.
#[derive(Clone, Copy)]
struct Lanes([f64; LANES]);

#[allow(clippy::inline_always)] // must take on the features of the caller
impl Lanes {
    #[inline(always)]
    fn add_product(self, x: &Column, at: usize, weight: f64) -> Self {
        let sum = self.0;
        Self([
            sum[0] + x[at] * weight,
            sum[1] + x[at + 1] * weight,
            sum[2] + x[at + 2] * weight,
            sum[3] + x[at + 3] * weight,
        ])
    }

    #[inline(always)]
    fn store(self, out: &mut Column, at: usize) {
        out[at] = self.0[0];
        out[at + 1] = self.0[1];
        out[at + 2] = self.0[2];
        out[at + 3] = self.0[3];
    }
}

// Plain loops over indices: adaptors of iterators are not always inlined into a function with
// other features, which costs a factor of six here.
#[inline(always)]
#[allow(clippy::inline_always)] // must take on the features of its caller
fn group<const WIDTH: usize>(
    columns: &[Column],
    weights: &[[f64; WIDEST]],
    sums: &mut [Column; WIDEST],
) {
    let n_columns = columns.len().min(weights.len());
    let mut first = 0;
    while first + 2 * LANES <= BLOCK {
        let mut low = [Lanes([0.0; LANES]); WIDTH];
        let mut high = [Lanes([0.0; LANES]); WIDTH];
        let mut k = 0;
        while k < n_columns {
            let (column, weights) = (&columns[k], &weights[k]);
            let mut sum = 0;
            while sum < WIDTH {
                low[sum] = low[sum].add_product(column, first, weights[sum]);
                high[sum] = high[sum].add_product(column, first + LANES, weights[sum]);
                sum += 1;
            }
            k += 1;
        }
        let mut sum = 0;
        while sum < WIDTH {
            low[sum].store(&mut sums[sum], first);
            high[sum].store(&mut sums[sum], first + LANES);
            sum += 1;
        }
        first += 2 * LANES;
    }
}
