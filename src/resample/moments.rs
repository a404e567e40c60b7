//! Means and products of deviations in two groups.

/// Means and products of deviations of two variables in the two groups.
pub(super) struct Moments {
    pub(super) left: [f64; 2],
    pub(super) right: [f64; 2],
    product: [f64; 2],
    n: [f64; 2],
}

impl Moments {
    pub(super) fn of(left: &[f64], right: &[f64], labels: &[bool]) -> Self {
        let mut found = Self {
            left: [0.0; 2],
            right: [0.0; 2],
            product: [0.0; 2],
            n: [0.0; 2],
        };
        for ((&l, &r), &first) in left.iter().zip(right).zip(labels) {
            let group = usize::from(!first);
            found.n[group] += 1.0;
            found.left[group] += l;
            found.right[group] += r;
        }
        for group in 0..2 {
            found.left[group] /= found.n[group];
            found.right[group] /= found.n[group];
        }
        for ((&l, &r), &first) in left.iter().zip(right).zip(labels) {
            let group = usize::from(!first);
            found.product[group] += (l - found.left[group]) * (r - found.right[group]);
        }
        found
    }

    /// `s1 / n1 + s0 / n0`, s the covariance (variance where both are one).
    pub(super) fn error_product(&self) -> f64 {
        (0..2)
            .map(|group| self.product[group] / (self.n[group] * (self.n[group] - 1.0)))
            .sum()
    }
}

/// Difference over standard error, with 0 / 0 = 0: equal means are no effect.
pub(super) fn ratio(difference: f64, error: f64) -> f64 {
    if error > 0.0 {
        difference / error
    } else if difference == 0.0 {
        0.0
    } else {
        difference.signum() * f64::INFINITY
    }
}
