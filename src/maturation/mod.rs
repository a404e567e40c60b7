//! Phenotypes of the events of a population, and how mature its events look.

mod event_score;
mod principal_curve;
mod stage;
mod superiority;

pub use event_score::{Components, Marker, Negatives, Positivity, score_events};
pub use principal_curve::{Fit, Polyline, PrincipalCurve, Projections, fit_curve};
pub use stage::{MOST_MARKERS, count_phenotypes};
pub use superiority::{Superiority, superiority};
