//! Outcomes of the same patients, brought to one size and laid out by patient.

use ndarray::ArrayView2;

/// Outcomes that are summed together: two registers of sums of four or two.
pub(super) const LANES: usize = 8;

/// Values of a family: patient after patient, outcomes side by side and padded
/// to whole blocks of [`LANES`]; each outcome centred and divided by its size.
pub(super) struct Standard {
    pub(super) patients: usize,
    pub(super) outcomes: usize,
    /// Outcomes and padding.
    pub(super) width: usize,
    /// 0 where there is no value.
    pub(super) values: Vec<f64>,
    /// 1 where there is a value, else 0.
    pub(super) present: Vec<f64>,
    /// True if every patient has every outcome.
    pub(super) complete: bool,
}

/// True if an outcome's mean is taken off before it is divided.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Centre {
    Mean,
    Zero,
}

impl Standard {
    /// Reads `values` (outcomes by patients, NaN where missing); `None` where
    /// there is no outcome, or a value is infinite.
    pub(super) fn new(values: ArrayView2<'_, f64>, centre: Centre) -> Option<Self> {
        let (outcomes, patients) = values.dim();
        if outcomes == 0 || values.iter().any(|value| value.is_infinite()) {
            return None;
        }
        let width = outcomes.next_multiple_of(LANES);
        let mut laid = vec![0.0; patients * width];
        let mut present = vec![0.0; patients * width];
        for (outcome, row) in values.rows().into_iter().enumerate() {
            let known = || row.iter().copied().filter(|value| !value.is_nan());
            let n = known().count() as f64;
            let middle = if centre == Centre::Mean {
                known().sum::<f64>() / n
            } else {
                0.0
            };
            let (low, high) = known().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| {
                (l.min(x), h.max(x))
            });
            let size = if centre == Centre::Mean {
                high - low
            } else {
                high.max(-low)
            };
            for (patient, &value) in row.iter().enumerate() {
                let at = patient * width + outcome;
                if !value.is_nan() {
                    present[at] = 1.0;
                    laid[at] = if size > 0.0 {
                        (value - middle) / size
                    } else {
                        0.0
                    };
                }
            }
        }
        let complete = !values.iter().any(|value| value.is_nan());
        Some(Self {
            patients,
            outcomes,
            width,
            values: laid,
            present,
            complete,
        })
    }

    /// One outcome's known values with their patients.
    pub(super) fn known(&self, outcome: usize) -> impl Iterator<Item = (usize, f64)> {
        (0..self.patients)
            .map(move |patient| (patient, patient * self.width + outcome))
            .filter(|&(_, at)| self.present[at] > 0.0)
            .map(|(patient, at)| (patient, self.values[at]))
    }

    /// Sums of `what` over all patients, outcome by outcome.
    pub(super) fn totals(&self, what: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.width];
        for patient in 0..self.patients {
            for (outcome, sum) in sums.iter_mut().enumerate() {
                *sum += what(patient * self.width + outcome);
            }
        }
        sums
    }

    /// Sums of `values` over some patients, for the block that begins at `from`.
    pub(super) fn sums(&self, values: &[f64], of: &[usize], from: usize) -> [f64; LANES] {
        let mut sums = [0.0; LANES];
        for patient in of {
            let at = patient * self.width + from;
            for (sum, value) in sums.iter_mut().zip(&values[at..at + LANES]) {
                *sum += value;
            }
        }
        sums
    }

    /// Sums of values and of their squares, as [`Self::sums`].
    pub(super) fn sums_and_squares(
        &self,
        of: &[usize],
        from: usize,
    ) -> ([f64; LANES], [f64; LANES]) {
        let mut sums = [0.0; LANES];
        let mut squares = [0.0; LANES];
        for patient in of {
            let at = patient * self.width + from;
            let row = &self.values[at..at + LANES];
            for ((sum, square), value) in sums.iter_mut().zip(&mut squares).zip(row) {
                *sum += value;
                *square += value * value;
            }
        }
        (sums, squares)
    }
}
