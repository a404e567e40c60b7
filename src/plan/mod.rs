//! A compiled gating strategy, and its single pass over a file.
//!
//! [`Plan::compile`] puts gates in an order in which each comes after what it needs, and
//! turns every bound on a scaled axis into an exact cut on the value. [`run_files`] reads each file once,
//! block by block, and keeps counts and, where asked, one bit per event and population.

mod block;
mod compile;
mod decide;
mod domain;
mod explain;
mod memory;
mod nodes;
mod operands;
mod pool;
mod reach;
mod rows;
mod run;
mod variants;

pub use compile::{Axis, AxisSource, GateKind, GateSpec, Kept, Matrix, Plan, Value};
pub use explain::Explanation;
pub use memory::{gate_values, takes_long};
pub use pool::{Job, Monitor, Outcome, run_files};
pub use run::{Keep, Populations, Summary, run_file};
pub use variants::Variants;

#[cfg(test)]
mod borders;
#[cfg(test)]
mod dice;
#[cfg(test)]
mod tests;
