//! Phenotypes of the events of a population, from which stages are named.

mod stage;

pub use stage::{MOST_MARKERS, count_phenotypes};
