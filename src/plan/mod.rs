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
mod in_memory;
mod live;
mod nodes;
mod operands;
mod order;
mod perturbations;
mod pool;
mod reach;
mod rows;
mod run;

pub use compile::{Axis, AxisSource, GateKind, GateSpec, Matrix, Plan, Request, Value};
pub use explain::Explanation;
pub use in_memory::{gate_values, takes_long};
pub use live::{LiveCounts, LiveStudy};
pub use perturbations::Perturbations;
pub use pool::{Job, Monitor, Outcome, run_files};
pub use run::{Answer, FileCounts, Keep, run_file};

#[cfg(test)]
mod tests;
