//! Everything that can go wrong with bytes and numbers, one variant each.
//!
//! Messages say what was found and what would be right; the caller, who knows
//! the file's name, puts it in front.

/// The result of every kernel that can refuse its input.
pub type Result<T> = std::result::Result<T, Error>;

/// One variant per complaint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to open or read.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The file does not start like an FCS file.
    #[error("is not an FCS file: it starts with {found:?} where 'FCS2.0' to 'FCS3.2' is expected")]
    NotFcs {
        /// The first bytes, printable.
        found: String,
    },
    /// A segment reaches beyond the end of the file.
    #[error(
        "is truncated: the {segment} segment needs bytes {begin} to {end}, the file has {length} bytes"
    )]
    Truncated {
        /// HEADER, TEXT or DATA.
        segment: &'static str,
        /// First byte, counted from 0.
        begin: u64,
        /// One past the last byte.
        end: u64,
        /// Length of the file.
        length: u64,
    },
    /// A segment's offsets are not usable.
    #[error("has unusable {segment} offsets: {detail}")]
    Offsets {
        /// HEADER, TEXT or DATA.
        segment: &'static str,
        /// The finding.
        detail: String,
    },
    /// TEXT cannot be split into keywords and values.
    #[error("has an unreadable TEXT segment: {detail}")]
    Text {
        /// The finding.
        detail: String,
    },
    /// A required keyword is missing.
    #[error("lacks the required keyword {keyword}")]
    MissingKeyword {
        /// The keyword, with its `$`.
        keyword: String,
    },
    /// A keyword has a value that cannot be understood.
    #[error("has {keyword} = {value:?}, where {expected} is expected")]
    BadKeyword {
        /// The keyword, with its `$`.
        keyword: String,
        /// Its value.
        value: String,
        /// The expected form.
        expected: &'static str,
    },
    /// Legal FCS that this reader does not read.
    #[error("uses {what}, which this reader does not support")]
    Unsupported {
        /// The part of the standard that is used.
        what: String,
    },
    /// HEADER and TEXT give different positions for DATA and both are possible.
    #[error(
        "HEADER and TEXT disagree about where DATA begins ({header} and {text}) and {bytes} bytes of events fit neither or both; the choice would decide the values"
    )]
    AmbiguousData {
        /// Begin of DATA by HEADER.
        header: u64,
        /// Begin of DATA by TEXT.
        text: u64,
        /// Bytes that `$TOT` events need.
        bytes: u64,
    },
    /// Events that cannot be read.
    #[error("has an unreadable DATA segment: {detail}")]
    Data {
        /// The finding.
        detail: String,
    },
    /// More memory than there is.
    #[error("needs {bytes} bytes of memory for {what}, which cannot be had ({detail})")]
    Memory {
        /// What it is for.
        what: &'static str,
        /// How much.
        bytes: u64,
        /// What is left, or what the allocator says.
        detail: String,
    },
    /// A data set beyond those of the file.
    #[error("has {available} data sets; data set number {number} was asked for, counted from 0")]
    NoSuchDataSet {
        /// Number that was asked for, from 0.
        number: usize,
        /// Number of data sets in the file.
        available: usize,
    },
    /// The file is not the one that was scanned.
    #[error(
        "has changed since the study was read (size, modification time, or HEADER and TEXT differ); read the study again"
    )]
    FileChanged,
    /// A channel index beyond the file's parameters.
    #[error("has {available} channels; channel number {index} was asked for")]
    NoSuchChannel {
        /// Index that was asked for, from 0.
        index: usize,
        /// Number of channels in the file.
        available: usize,
    },
    /// A matrix that is not square, not finite, or of the wrong size.
    #[error("the spillover matrix is malformed: {detail}")]
    MalformedSpillover {
        /// The finding.
        detail: String,
    },
    /// A matrix without a usable inverse.
    #[error(
        "the spillover matrix is singular (pivot {pivot:e} in column {column}): two detectors carry the same information, or a row is empty"
    )]
    SingularSpillover {
        /// Column at which elimination failed, from 0.
        column: usize,
        /// Size of the largest pivot found there.
        pivot: f64,
    },
    /// A dye whose spectrum the other dyes make up.
    #[error(
        "the spectrum of dye {dye} (counted from 0) is made up of those of the dyes before it, or is empty (rest {rest:e} of its length)"
    )]
    DependentSpectrum {
        /// The dye, from 0.
        dye: usize,
        /// What the others leave of its spectrum, of its length.
        rest: f64,
    },
    /// A scale whose parameters break its definition.
    #[error("{scale} requires {constraint}; got {found}")]
    ScaleParameters {
        /// Name of the scale.
        scale: &'static str,
        /// The broken constraint.
        constraint: &'static str,
        /// The offending values.
        found: String,
    },
    /// No scale of this name, or the wrong number of parameters.
    #[error("no scale {name:?} with {parameters} parameters")]
    UnknownScale {
        /// Name that was asked for.
        name: String,
        /// The number of parameters came with it.
        parameters: usize,
    },
    /// No statistic of this name, or a percentile that is none.
    #[error("no statistic {name:?} with this percentile")]
    UnknownStatistic {
        /// Name that was asked for.
        name: String,
    },
    /// A gate that is not a gate.
    #[error("{detail}")]
    MalformedGate {
        /// The fault.
        detail: String,
    },
    /// A plan whose parts do not fit together.
    #[error("the gating plan is malformed: {detail}")]
    MalformedPlan {
        /// The fault.
        detail: String,
    },
    /// Arrays whose lengths differ.
    #[error("{what} has length {found}, expected {expected}")]
    Length {
        /// The array.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The right length.
        expected: usize,
    },
    /// A value that is not a number where every value counts.
    #[error("{what} has NaN at position {index}, counted from 0")]
    NotANumber {
        /// The array.
        what: &'static str,
        /// Position of the first one.
        index: usize,
    },
    /// The run was stopped from outside.
    #[error("was not finished: the run was interrupted")]
    Interrupted,
    /// No threads could be had.
    #[error("threads cannot be started: {0}")]
    Threads(String),
}

/// A number for a message: plain where that is short, else with its power of ten.
#[must_use]
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() || (1e-4..1e16).contains(&size) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}
