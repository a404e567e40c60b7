//! Sign changes of a polynomial of low degree, found between those of its slope.

/// At most four real numbers, ascending.
#[derive(Clone, Copy)]
pub(super) struct Roots {
    at: [f64; 4],
    number: usize,
}

impl Roots {
    pub(super) fn found(&self) -> &[f64] {
        &self.at[..self.number]
    }

    fn push(&mut self, root: f64) {
        if self.number < self.at.len() {
            self.at[self.number] = root;
            self.number += 1;
        }
    }
}

/// Positive numbers at which the polynomial (lowest power first, at most
/// degree four, leading coefficient not 0) changes its sign.
pub(super) fn positive_roots(polynomial: &[f64]) -> Roots {
    let mut found = Roots {
        at: [0.0; 4],
        number: 0,
    };
    let Some((&leading, others)) = polynomial.split_last() else {
        return found;
    };
    // Cauchy's bound: no root lies beyond.
    let bound = others
        .iter()
        .fold(0.0_f64, |most, a| most.max((a / leading).abs()))
        + 1.0;
    if others.is_empty() || !bound.is_finite() {
        return found;
    }
    let mut slope = [0.0; 4];
    for (power, &coefficient) in polynomial.iter().enumerate().skip(1) {
        slope[power - 1] = power as f64 * coefficient;
    }
    let turns = positive_roots(&slope[..others.len()]);
    let mut low = 0.0;
    for &high in turns.found().iter().chain(std::iter::once(&bound)) {
        if (value(polynomial, low) > 0.0) != (value(polynomial, high) > 0.0) {
            found.push(crossing(polynomial, low, high));
        }
        low = high;
    }
    found
}

/// Horner's rule, lowest power first.
fn value(polynomial: &[f64], at: f64) -> f64 {
    polynomial.iter().rev().fold(0.0, |sum, a| sum * at + a)
}

/// The one sign change between `low` and `high`: Newton steps, halved where
/// they would leave the bracket or hardly move.
fn crossing(polynomial: &[f64], mut low: f64, mut high: f64) -> f64 {
    let rising = value(polynomial, high) > 0.0;
    let mut at = 0.5 * (low + high);
    for _ in 0..200 {
        let (mut height, mut slope) = (0.0, 0.0);
        for &coefficient in polynomial.iter().rev() {
            slope = slope * at + height;
            height = height * at + coefficient;
        }
        if (height > 0.0) == rising {
            high = at;
        } else {
            low = at;
        }
        let newton = at - height / slope;
        let middle = 0.5 * (low + high);
        let next = if newton > low && newton < high {
            newton
        } else {
            middle
        };
        if (next - at).abs() <= 1e-15 * at.abs() || next <= low || next >= high {
            return next;
        }
        at = next;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_positive_roots_of_a_quartic() {
        // (x - 1)(x - 2)(x - 3)(x + 4)
        let found = positive_roots(&[-24.0, 38.0, -13.0, -2.0, 1.0]);
        let roots = found.found();
        assert_eq!(roots.len(), 3);
        for (root, truth) in roots.iter().zip([1.0, 2.0, 3.0]) {
            assert!((root - truth).abs() < 1e-12);
        }
    }
}
