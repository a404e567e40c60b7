//! Columns of either precision that a gate looks at.

/// Columns of events, as they are stored.
#[derive(Clone, Copy)]
pub(super) enum Places<'a> {
    Double(&'a [&'a [f64]]),
    Single([&'a [f32]; 2]),
}

impl Places<'_> {
    /// How many events all columns have.
    pub(super) fn n_events(self) -> usize {
        match self {
            Self::Double(columns) => columns.iter().map(|column| column.len()).min().unwrap_or(0),
            Self::Single([xs, ys]) => xs.len().min(ys.len()),
        }
    }

    /// One value in double precision.
    pub(super) fn value(self, dimension: usize, event: usize) -> f64 {
        match self {
            Self::Double(columns) => columns[dimension][event],
            Self::Single(columns) => f64::from(columns[dimension][event]),
        }
    }
}
