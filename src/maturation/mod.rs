//! Phenotypes of the events of a population, and how mature its events look.

mod event_score;
mod principal_curve;
mod shift;
mod stage;
mod threads;

pub use event_score::{Components, Marker, Negatives, Positivity, score_events};
pub use principal_curve::{Fit, Places, Polyline, PrincipalCurve, fit_curve};
pub use shift::{Shift, shift};
pub use stage::{MOST_MARKERS, count_phenotypes};
