//! **Longate**: numbers about events in clinical flow cytometry.
//!
//! The crate takes the bytes of FCS files to populations: it decodes events,
//! compensates them, puts them on a scale, decides gates and counts. It knows
//! neither patients nor Python; the package around it does. Only the module
//! `bindings` (feature `python`) sees Python, and decides nothing.
//!
//! The modules, from the bottom up; each uses only those before it:
//!
//! - [`error`]: one variant per complaint.
//! - [`simd`]: kernels compiled for several instruction sets; the only one with `unsafe`.
//! - [`threads`]: helpers that wait for work.
//! - [`cache`]: values that are costly to make.
//! - [`membership`]: bit masks, one bit per event.
//! - [`source`]: where bytes come from.
//! - [`fcs`]: bytes to events, and the HEADER and TEXT of a file to be written.
//! - [`compensation`]: the inverse of a spillover matrix, and its application.
//! - [`transform`]: scales, one file each, and exact thresholds on them.
//! - [`gate`]: gates, one file each.
//! - [`summary`]: order statistics and means of populations.
//! - [`density`]: binned densities of one channel, peaks and valleys.
//! - [`maturation`]: phenotypes of the events of a population.
//! - [`resample`]: exact permutations of patients' labels, and flips of signs.
//! - [`memory`]: allocations whose size a file decides.
//! - [`plan`]: a compiled gating strategy and its single pass over a file.

pub mod cache;
pub mod compensation;
pub mod density;
pub mod error;
pub mod fcs;
pub mod gate;
pub mod maturation;
pub mod membership;
pub mod memory;
pub mod plan;
pub mod resample;
pub mod simd;
pub mod source;
pub mod summary;
pub mod threads;
pub mod transform;

#[cfg(feature = "python")]
mod bindings;
