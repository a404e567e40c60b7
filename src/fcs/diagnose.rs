//! Departures from the standard that were met and repaired.

/// One departure: what was met, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Stable short name, such as `data-begin-differs`.
    pub code: &'static str,
    /// What was found, and where.
    pub found: String,
    /// How it was resolved.
    pub done: String,
}

impl Departure {
    pub(super) fn new(code: &'static str, found: String, done: String) -> Self {
        Self { code, found, done }
    }
}
