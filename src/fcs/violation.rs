//! Violations of the standard that a file shows, each with its repair.

/// One violation of the standard, and how it was repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Stable short name, such as `data-begin-differs`.
    pub code: &'static str,
    /// What was found, and where.
    pub found: String,
    /// How it was resolved.
    pub repair: String,
}

impl Violation {
    pub(super) fn new(code: &'static str, found: String, repair: String) -> Self {
        Self {
            code,
            found,
            repair,
        }
    }
}
