//! Gates: one file each. Semantics are those of Gating-ML 2.0 (Spidlen 2015,
//! doi:10.1002/cyto.a.22637): half-open ranges, even-odd polygons with inclusive borders,
//! and an event with NaN in a dimension is in neither a gate nor its complement.

mod boolean;
pub mod columns;
mod covariance;
mod ellipsoid;
mod orientation;
mod places;
mod polygon;
pub mod quadrant;
mod raster;
mod rectangle;

pub use boolean::{Expression, Sides, Term};
pub use ellipsoid::Ellipsoid;
pub use polygon::Polygon;
pub use rectangle::{Bounds, Dimension, Interval, Rectangle};
