//! On which side of a line a point lies: the sign of a 2 x 2 determinant, exact for all finite numbers.
//!
//! Floating-point arithmetic decides where the error bound of Shewchuk (1997,
//! doi:10.1007/PL00009321) allows. Else the signs of the two products may tell, and else the
//! six products of coordinates are summed as integers wide enough for every finite number.

/// Error bound of the determinant in floating point, relative to its terms.
const ERROR_BOUND: f64 = (3.0 + 16.0 * HALF_ULP) * HALF_ULP;
const HALF_ULP: f64 = f64::EPSILON / 2.0;

/// The sign of the turn a → b → p: positive to the left, 0 on the line.
#[inline]
pub(super) fn orientation(a: (f64, f64), b: (f64, f64), p: (f64, f64)) -> i8 {
    let left = (a.0 - p.0) * (b.1 - p.1);
    let right = (a.1 - p.1) * (b.0 - p.0);
    let determinant = left - right;
    // Below the smallest normal products lose digits, so the bound needs a floor.
    let bound = ERROR_BOUND * (left.abs() + right.abs()) + f64::MIN_POSITIVE;
    if determinant.is_finite() && determinant.abs() > bound {
        return if determinant > 0.0 { 1 } else { -1 };
    }
    exact_orientation(a, b, p)
}

#[cold]
fn exact_orientation(a: (f64, f64), b: (f64, f64), p: (f64, f64)) -> i8 {
    // A difference has the sign of the comparison, whatever its rounding.
    let sign = |x: f64, y: f64| i8::from(x > y) - i8::from(x < y);
    let left = sign(a.0, p.0) * sign(b.1, p.1);
    let right = sign(a.1, p.1) * sign(b.0, p.0);
    if left != right || left == 0 {
        return (left - right).signum();
    }
    let mut sum = Sum::default();
    for (x, y) in [(a.0, b.1), (b.0, p.1), (p.0, a.1)] {
        sum.add_product(x, y);
    }
    for (x, y) in [(-a.1, b.0), (-b.1, p.0), (-p.1, a.0)] {
        sum.add_product(x, y);
    }
    sum.sign()
}

/// The exponent of the lowest bit that a product of two doubles can have.
const LOWEST: i32 = -2 * 1074;
/// Bits from there to the highest of a product, and some for carries and the sign, by words of 64.
const LIMBS: usize = 66;

/// An exact sum of products of doubles: an integer in two's complement, in units of `2^LOWEST`.
struct Sum {
    limbs: [u64; LIMBS],
}

impl Default for Sum {
    fn default() -> Self {
        Self { limbs: [0; LIMBS] }
    }
}

impl Sum {
    fn add_product(&mut self, x: f64, y: f64) {
        let ((a, to_a), (b, to_b)) = (parts(x), parts(y));
        let product = u128::from(a) * u128::from(b);
        let point = (to_a + to_b - LOWEST).unsigned_abs();
        let (limb, shift) = ((point / 64) as usize, point % 64);
        // 106 bits moved by at most 63 lie in three limbs.
        #[allow(clippy::cast_possible_truncation)]
        let (low, high) = (product as u64, (product >> 64) as u64);
        let over = |part: u64| if shift == 0 { 0 } else { part >> (64 - shift) };
        let moved = [low << shift, high << shift | over(low), over(high)];
        if x.is_sign_negative() == y.is_sign_negative() {
            self.add(limb, moved);
        } else {
            self.subtract(limb, moved);
        }
    }

    fn add(&mut self, limb: usize, moved: [u64; 3]) {
        let mut carry = false;
        let parts = moved.into_iter().chain(std::iter::repeat(0));
        for (index, (point, part)) in self.limbs[limb..].iter_mut().zip(parts).enumerate() {
            if index >= moved.len() && !carry {
                break;
            }
            let (sum, over) = point.overflowing_add(part);
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            *point = sum;
            carry = over | again;
        }
    }

    fn subtract(&mut self, limb: usize, moved: [u64; 3]) {
        let mut borrow = false;
        let parts = moved.into_iter().chain(std::iter::repeat(0));
        for (index, (point, part)) in self.limbs[limb..].iter_mut().zip(parts).enumerate() {
            if index >= moved.len() && !borrow {
                break;
            }
            let (rest, under) = point.overflowing_sub(part);
            let (rest, again) = rest.overflowing_sub(u64::from(borrow));
            *point = rest;
            borrow = under | again;
        }
    }

    fn sign(&self) -> i8 {
        if self.limbs[LIMBS - 1] >> 63 == 1 {
            -1
        } else {
            i8::from(self.limbs.iter().any(|limb| *limb != 0))
        }
    }
}

/// `(m, e)` with `|x| = m 2^e`, for a finite `x`.
fn parts(x: f64) -> (u64, i32) {
    let bits = x.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let biased = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    if biased == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, biased - 1075)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decides_exactly_where_products_round() {
        let (a, b) = ((12.0, 12.0), (24.0, 24.0));
        for step in 0..64_u32 {
            let p = (0.5 + f64::from(step) * f64::EPSILON / 2.0, 0.5);
            let expected = if p.0 > p.1 { -1 } else { 0 };
            assert_eq!(orientation(a, b, p), expected, "{step}");
        }
    }

    #[test]
    fn decides_exactly_where_products_overflow_or_vanish() {
        let tiny = 5e-324;
        assert_eq!(orientation((0.0, 0.0), (1e300, 1e300), (1e-300, 1e-300)), 0);
        assert_eq!(
            orientation((0.0, 0.0), (tiny, tiny), (2.0 * tiny, 2.0 * tiny)),
            0
        );
        assert_eq!(
            orientation((0.0, 0.0), (tiny, tiny), (2.0 * tiny, 3.0 * tiny)),
            1
        );
        assert_eq!(
            orientation((0.0, 0.0), (f64::MAX, f64::MAX), (-f64::MAX, -f64::MAX)),
            0
        );
        assert_eq!(
            orientation((0.0, 0.0), (f64::MAX, f64::MAX), (1.0, 1.0 + f64::EPSILON)),
            1
        );
        assert_eq!(
            orientation((-f64::MAX, 0.0), (f64::MAX, tiny), (f64::MAX, tiny)),
            0
        );
        assert_eq!(
            orientation((-f64::MAX, -f64::MAX), (f64::MAX, f64::MAX), (0.0, tiny)),
            1
        );
        assert_eq!(
            orientation((-f64::MAX, -f64::MAX), (f64::MAX, f64::MAX), (0.0, -tiny)),
            -1
        );
        assert_eq!(
            orientation((1e-200, 1e-200), (3e-200, 3e-200), (1e200, 1e200)),
            0
        );
    }

    /// Whole numbers times one power of two per axis: the sign is that of the whole numbers.
    fn whole() -> impl Strategy<Value = i64> {
        prop_oneof![-3..=3_i64, -(1_i64 << 52)..1 << 52]
    }

    proptest! {
        #[test]
        fn agrees_with_whole_numbers_at_every_magnitude(
            c in prop::array::uniform6(whole()), on_line in any::<bool>(), steps in -3..=3_i64,
            (to_x, to_y) in (-1074..=960_i32, -1074..=960_i32),
        ) {
            let [ax, ay, bx, by, mut px, mut py] = c;
            if on_line {
                (px, py) = (ax + steps * (bx - ax), ay + steps * (by - ay));
            }
            let wide = |x: i64| i128::from(x);
            let determinant = (wide(ax) - wide(px)) * (wide(by) - wide(py))
                - (wide(ay) - wide(py)) * (wide(bx) - wide(px));
            let scaled = |x: i64, to: i32| {
                // In two steps, each exact.
                (x as f64 * 2.0_f64.powi(to / 2)) * 2.0_f64.powi(to - to / 2)
            };
            let whole = |x: i64| x.abs() < 1 << 53;
            prop_assume!(whole(px) && whole(py));
            let point = |x, y| (scaled(x, to_x), scaled(y, to_y));
            let sign = orientation(point(ax, ay), point(bx, by), point(px, py));
            prop_assert_eq!(i128::from(sign), determinant.signum());
        }
    }
}
