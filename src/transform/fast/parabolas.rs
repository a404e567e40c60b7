//! Parabolas through a rising function, one for each of its cells, in sixteen bytes: small tables
//! stay in the nearest cache.

/// `height + d (slope + d bend)`.
///
/// The bend stands in the lower half of the bits of the slope, which it changes by less than
/// [`LOST`], always downwards: from a cell to the next the function steps up, never down.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parabola {
    height: f64,
    slopes: u64,
}

/// The number of bits of a number are left to the bend.
const HALF: u32 = 32;
/// What a slope may lose to them, as a share of itself.
const LOST: f64 = 1.0 / 1_048_576.0;
/// The largest error of a parabola at the ends and in the middle of a cell, in third differences of the
/// function at half cells: `1 / 9√3`.
const CURVED: f64 = 0.064_15;

impl Parabola {
    /// Through the heights at the lower end, in the middle and at the upper end of a cell, where `d` is
    /// 0, `width / 2` and `width`; none where the function does not rise.
    pub(super) fn from_end([low, middle, high]: [f64; 3], width: f64) -> Option<Self> {
        let bend = half_of(2.0 * (high - 2.0 * middle + low) / (width * width));
        // With the bend as it stands there, so that the upper end is met.
        let slope = (high - low) / width - f64::from_bits(bend << HALF) * width;
        Self::new(low, slope, bend)
    }

    /// The same where `d` is `-width / 2`, 0 and `width / 2`.
    pub(super) fn from_middle([low, middle, high]: [f64; 3], width: f64) -> Option<Self> {
        let bend = half_of(2.0 * (high - 2.0 * middle + low) / (width * width));
        Self::new(middle, (high - low) / width, bend)
    }

    fn new(height: f64, slope: f64, bend: u64) -> Option<Self> {
        if !height.is_finite() || !slope.is_normal() || slope < 0.0 {
            return None;
        }
        let slopes = (slope.to_bits() >> HALF << HALF) | bend;
        let above = f64::from_bits(slopes) > slope;
        Some(Self {
            height,
            slopes: slopes.wrapping_sub(u64::from(above) << HALF),
        })
    }

    /// The height at `d`.
    #[inline(always)]
    pub(super) fn at(self, d: f64) -> f64 {
        let (slope, bend) = (self.slopes, self.slopes << HALF);
        self.height + d * (f64::from_bits(slope) + d * f64::from_bits(bend))
    }
}

/// The upper half of the bits of a number, rounded.
fn half_of(bend: f64) -> u64 {
    (bend.to_bits() + (1 << (HALF - 1))) >> HALF
}

/// Return whether parabolas through `heights`, which stand at half cells, are within `most` of the function,
/// by its third differences within each two cells, which have one width; `share` is what an error in
/// a cell with this rise counts.
pub(super) fn hold(heights: &[f64], most: f64, share: impl Fn(f64) -> f64) -> bool {
    let third = |a: &[f64]| (a[3] - 3.0 * a[2] + 3.0 * a[1] - a[0]).abs();
    let near = |h: &[f64]| {
        let rise = 0.5 * (h[4] - h[0]);
        let error = CURVED * third(&h[..4]).max(third(&h[1..])) + LOST * rise;
        error * share(rise) <= most
    };
    // Not a number is not near.
    heights.windows(5).step_by(4).all(near)
}
