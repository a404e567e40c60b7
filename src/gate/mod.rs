//! Gates: one file each. Semantics are those of Gating-ML 2.0 (Spidlen 2015,
//! doi:10.1002/cyto.a.22637): half-open ranges, even-odd polygons with inclusive borders,
//! and an event with NaN in a dimension is in neither a gate nor its complement.

mod boolean;
pub mod columns;
pub mod quadrant;
mod rectangle;
mod region;

pub use boolean::{Expression, Sides, Term};
pub(crate) use rectangle::pairs;
pub use rectangle::{AxisBounds, Bounds, Interval, Rectangle};
pub(crate) use region::numbers;
pub use region::{Columns, Ellipsoid, Polygon, Region, Shape};
