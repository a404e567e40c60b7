//! Polygon gates (Gating-ML 2.0 §5.2.1): even-odd, border and vertices inclusive.
//!
//! Which side of an edge a point lies on is the sign of a 2 x 2 determinant. It is taken
//! from floating-point arithmetic where the error bound of Shewchuk (1997,
//! doi:10.1007/PL00009321) allows, and from exact expansions where not: no event near a
//! border is decided by rounding, as long as the products of coordinates neither overflow nor
//! underflow: exact for magnitudes of 0 and from 1e-60 to 1e60.

use crate::error::{Error, Result};

/// A closed polygon of at least three vertices.
#[derive(Debug, Clone, PartialEq)]
pub struct Polygon {
    vertices: Vec<(f64, f64)>,
    low: (f64, f64),
    high: (f64, f64),
}

impl Polygon {
    /// A polygon through `vertices`; the last is joined to the first.
    ///
    /// # Errors
    /// [`Error::MalformedGate`] for fewer than three vertices, a coordinate that is not
    /// finite, or vertices on one line.
    pub fn new(vertices: Vec<(f64, f64)>) -> Result<Self> {
        let refuse = |detail: String| Err(Error::MalformedGate { detail });
        if vertices.len() < 3 {
            return refuse(format!(
                "a polygon needs at least 3 vertices, got {}",
                vertices.len()
            ));
        }
        if let Some(&(x, y)) = vertices
            .iter()
            .find(|(x, y)| !x.is_finite() || !y.is_finite())
        {
            return refuse(format!("the vertex ({x}, {y}) is not finite"));
        }
        let first = vertices[0];
        let other = vertices.iter().copied().find(|&vertex| vertex != first);
        let on_a_line = other.is_none_or(|other| {
            vertices
                .iter()
                .all(|&vertex| orientation(first, other, vertex) == 0)
        });
        if on_a_line {
            return refuse("all vertices lie on one line: the polygon has no area".into());
        }
        let fold = |pick: fn(f64, f64) -> f64| {
            vertices
                .iter()
                .copied()
                .reduce(|a, b| (pick(a.0, b.0), pick(a.1, b.1)))
                .unwrap_or(first)
        };
        Ok(Self {
            low: fold(f64::min),
            high: fold(f64::max),
            vertices,
        })
    }

    /// Whether the point is inside or on the border; never with a NaN.
    #[must_use]
    pub fn contains(&self, x: f64, y: f64) -> bool {
        let in_box = x >= self.low.0 && x <= self.high.0 && y >= self.low.1 && y <= self.high.1;
        if !in_box {
            return false;
        }
        let mut inside = false;
        let mut a = self.vertices[self.vertices.len() - 1];
        for &b in &self.vertices {
            if y >= a.1.min(b.1) && y <= a.1.max(b.1) {
                let side = orientation(a, b, (x, y));
                if side == 0 && x >= a.0.min(b.0) && x <= a.0.max(b.0) {
                    return true;
                }
                // An edge is crossed where it leaves the half-plane above y; of two edges
                // that meet at the height y, exactly one counts, or none or both at a peak.
                if (a.1 > y) != (b.1 > y) && (side > 0) == (b.1 > a.1) {
                    inside = !inside;
                }
            }
            a = b;
        }
        inside
    }

    /// Keep in `mask` the events inside. Decides every event as [`contains`](Self::contains) does.
    pub fn contains_words(&self, xs: &[f64], ys: &[f64], mask: &mut [u64]) {
        for (index, word) in mask.iter_mut().enumerate() {
            let begin = (index * 64).min(xs.len());
            let end = (begin + 64).min(xs.len());
            let mut bits = 0;
            for event in begin..end {
                bits |= u64::from(self.contains(xs[event], ys[event])) << (event - begin);
            }
            *word &= bits;
        }
    }

    /// Decide places that are only nearly known: x and y to within `delta`. Of the events asked
    /// for in `inside`, those surely inside stay; those that might be either move to `uncertain`
    /// (maybe too many, never too few).
    pub fn decide(
        &self,
        _xs: &[f64],
        _ys: &[f64],
        _delta: (f64, f64),
        inside: &mut [u64],
        uncertain: &mut [u64],
    ) {
        uncertain.copy_from_slice(inside);
        inside.fill(0);
    }
}

/// Error bound of the determinant in floating point, relative to its terms.
const ERROR_BOUND: f64 = (3.0 + 16.0 * HALF_ULP) * HALF_ULP;
const HALF_ULP: f64 = f64::EPSILON / 2.0;
/// Coordinates above are scaled down before products are formed.
const LARGE: f64 = 1e150;

/// The sign of the turn a → b → p: positive to the left, 0 on the line, exact.
fn orientation(a: (f64, f64), b: (f64, f64), p: (f64, f64)) -> i8 {
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

fn exact_orientation(a: (f64, f64), b: (f64, f64), p: (f64, f64)) -> i8 {
    let coordinates = [a.0, a.1, b.0, b.1, p.0, p.1];
    let largest = coordinates
        .iter()
        .fold(0.0_f64, |most, c| most.max(c.abs()));
    // Powers of two leave the sign as it is and keep products within range.
    let factor = if largest > LARGE {
        2.0_f64.powi(-520)
    } else if largest < 1.0 / LARGE {
        2.0_f64.powi(480)
    } else {
        1.0
    };
    let [ax, ay, bx, by, px, py] = coordinates.map(|c| c * factor);
    let mut sum = Expansion::default();
    for (x, y) in [(ax, by), (bx, py), (px, ay)] {
        sum.add_product(x, y);
    }
    for (x, y) in [(-ay, bx), (-by, px), (-py, ax)] {
        sum.add_product(x, y);
    }
    sum.sign()
}

/// An exact sum of doubles: components that do not overlap, smallest first.
#[derive(Default)]
struct Expansion {
    components: [f64; 12],
    length: usize,
}

impl Expansion {
    fn add_product(&mut self, x: f64, y: f64) {
        let product = x * y;
        let error = x.mul_add(y, -product);
        self.add(error);
        self.add(product);
    }

    /// Grow by one double (Shewchuk's Grow-Expansion).
    fn add(&mut self, value: f64) {
        let mut carry = value;
        for component in &mut self.components[..self.length] {
            let sum = carry + *component;
            let rounded = sum - carry;
            let error = (carry - (sum - rounded)) + (*component - rounded);
            *component = error;
            carry = sum;
        }
        self.components[self.length] = carry;
        self.length += 1;
    }

    fn sign(&self) -> i8 {
        let leading = self.components[..self.length]
            .iter()
            .rev()
            .find(|c| **c != 0.0);
        leading.map_or(0, |c| if *c > 0.0 { 1 } else { -1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn square() -> Polygon {
        Polygon::new(vec![(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]).expect("a square")
    }

    #[test]
    fn has_its_border_and_its_vertices_inside() {
        for (x, y) in [
            (0.0, 0.0),
            (1.0, 1.0),
            (1.0, 0.5),
            (0.5, 1.0),
            (0.5, 0.0),
            (0.0, 0.5),
        ] {
            assert!(square().contains(x, y), "({x}, {y})");
        }
        for (x, y) in [
            (1.0_f64.next_up(), 0.5),
            (0.5, -5e-324),
            (f64::NAN, 0.5),
            (f64::INFINITY, 0.5),
        ] {
            assert!(!square().contains(x, y), "({x}, {y})");
        }
    }

    #[test]
    fn has_the_centre_of_a_pentagram_outside() {
        let star = (0..5)
            .map(|k| (f64::from(k) * 0.8 * std::f64::consts::PI).sin_cos())
            .collect();
        let star = Polygon::new(star).expect("a pentagram");
        assert!(!star.contains(0.0, 0.0));
        assert!(star.contains(0.0, 0.9));
    }

    #[test]
    fn refuses_what_has_no_area() {
        assert!(Polygon::new(vec![(0.0, 0.0), (1.0, 1.0)]).is_err());
        assert!(Polygon::new(vec![(0.0, 0.0), (1.0, 1.0), (3.0, 3.0)]).is_err());
        assert!(Polygon::new(vec![(1.0, 1.0); 4]).is_err());
        assert!(Polygon::new(vec![(0.0, 0.0), (1.0, f64::NAN), (3.0, 3.0)]).is_err());
    }

    #[test]
    fn decides_exactly_where_products_round() {
        let (a, b) = ((12.0, 12.0), (24.0, 24.0));
        for step in 0..64_u32 {
            let p = (0.5 + f64::from(step) * f64::EPSILON / 2.0, 0.5);
            let expected = if p.0 > p.1 { -1 } else { 0 };
            assert_eq!(orientation(a, b, p), expected, "{step}");
        }
        assert_eq!(orientation((0.0, 0.0), (1e300, 1e300), (1e-300, 1e-300)), 0);
    }

    proptest! {
        #[test]
        fn does_not_depend_on_the_first_vertex_or_the_direction(
            vertices in prop::collection::vec((0..8_i32, 0..8_i32), 3..12),
            point in (0..8_i32, 0..8_i32), turn in 0..12_usize,
        ) {
            let vertices: Vec<_> =
                vertices.iter().map(|&(x, y)| (f64::from(x), f64::from(y))).collect();
            let (x, y) = (f64::from(point.0), f64::from(point.1));
            if let Ok(polygon) = Polygon::new(vertices.clone()) {
                let inside = polygon.contains(x, y);
                let mut turned = vertices;
                let turn = turn % turned.len();
                turned.rotate_left(turn);
                prop_assert_eq!(Polygon::new(turned.clone()).expect("same area").contains(x, y), inside);
                turned.reverse();
                prop_assert_eq!(Polygon::new(turned).expect("same area").contains(x, y), inside);
            }
        }
    }
}
