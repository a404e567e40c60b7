//! Compiled strategies, and their variants.

use std::sync::Arc;

use numpy::PyReadonlyArray2;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::{Error, Result};
use crate::fcs::data::Values;
use crate::gate::{Dimension, Expression, Interval, Polygon, Rectangle, Term};
use crate::plan::{self, Axis, AxisSource, GateKind, GateSpec, Kept, Matrix, Value};
use crate::summary::Statistic;
use crate::transform::Scale;

use super::errors::exception;
use super::gates::ellipsoid_of;

/// A scale as (name, parameters).
type ScaleArgument = (String, Vec<f64>);
/// A channel as (place, (matrix, column) or None).
type ValueArgument = (usize, Option<(usize, usize)>);
/// A side of a rectangle as (axis, min, max).
type DimensionArgument = (usize, Option<f64>, Option<f64>);

/// An axis: `("value", channel, scale)` or `("ratio", (channel, channel), (a, b, c), scale)`.
#[derive(FromPyObject)]
enum AxisArgument {
    Value(String, ValueArgument, ScaleArgument),
    Ratio(
        String,
        (ValueArgument, ValueArgument),
        (f64, f64, f64),
        ScaleArgument,
    ),
}

impl AxisArgument {
    fn into_axis(self) -> Result<Axis> {
        let value = |(channel, compensated): ValueArgument| Value {
            channel,
            compensated,
        };
        let refuse = |kind: String| {
            let detail = format!("there is no axis {kind:?} of this form");
            Err(Error::MalformedPlan { detail })
        };
        let (source, (name, parameters)) = match self {
            Self::Value(kind, channel, scale) => {
                if kind != "value" {
                    return refuse(kind);
                }
                (AxisSource::Value(value(channel)), scale)
            }
            Self::Ratio(kind, (numerator, denominator), (a, b, c), scale) => {
                if kind != "ratio" {
                    return refuse(kind);
                }
                let (numerator, denominator) = (value(numerator), value(denominator));
                let source = AxisSource::Ratio {
                    numerator,
                    denominator,
                    a,
                    b,
                    c,
                };
                (source, scale)
            }
        };
        let scale = Scale::from_name(&name, &parameters)?;
        Ok(Axis { source, scale })
    }
}

/// A gate as Python describes it.
#[derive(FromPyObject)]
enum GateArgument {
    Rectangle {
        #[pyo3(item)]
        parent: Option<usize>,
        #[pyo3(item)]
        dimensions: Vec<DimensionArgument>,
        #[pyo3(item)]
        closed: bool,
    },
    Polygon {
        #[pyo3(item)]
        parent: Option<usize>,
        #[pyo3(item)]
        x: usize,
        #[pyo3(item)]
        y: usize,
        #[pyo3(item)]
        vertices: Vec<(f64, f64)>,
    },
    Ellipsoid {
        #[pyo3(item)]
        parent: Option<usize>,
        #[pyo3(item)]
        axes: Vec<usize>,
        #[pyo3(item)]
        mean: Vec<f64>,
        #[pyo3(item)]
        covariance: Vec<Vec<f64>>,
        #[pyo3(item)]
        distance_square: f64,
        #[pyo3(item)]
        as_written: bool,
    },
    Boolean {
        #[pyo3(item)]
        parent: Option<usize>,
        #[pyo3(item)]
        terms: Vec<TermArgument>,
    },
}

/// A term of a Boolean expression: a gate's number, or the name of an operator.
#[derive(FromPyObject)]
pub(super) enum TermArgument {
    Gate(usize),
    Operator(String),
}

impl From<TermArgument> for Term {
    fn from(argument: TermArgument) -> Self {
        match argument {
            TermArgument::Gate(index) => Self::Population(index),
            TermArgument::Operator(name) if name == "not" => Self::Not,
            TermArgument::Operator(name) if name == "and" => Self::And,
            TermArgument::Operator(_) => Self::Or,
        }
    }
}

impl GateArgument {
    fn into_spec(self, axes: &[Axis]) -> Result<GateSpec> {
        let scale = |axis: usize| axes.get(axis).map_or(Scale::Identity, |axis| axis.scale);
        Ok(match self {
            Self::Rectangle {
                parent,
                dimensions,
                closed,
            } => {
                let interval = if closed {
                    Interval::Closed
                } else {
                    Interval::HalfOpen
                };
                let dimensions = dimensions
                    .into_iter()
                    .map(|(axis, min, max)| Dimension::new(axis, scale(axis), (min, max), interval))
                    .collect::<Result<_>>()?;
                let kind = GateKind::Rectangle(Rectangle { dimensions });
                GateSpec { parent, kind }
            }
            Self::Polygon {
                parent,
                x,
                y,
                vertices,
            } => {
                let outline = Polygon::shared(vertices)?;
                let kind = GateKind::Polygon { x, y, outline };
                GateSpec { parent, kind }
            }
            Self::Ellipsoid {
                parent,
                axes,
                mean,
                covariance,
                distance_square,
                as_written,
            } => {
                let ellipsoid = ellipsoid_of(&mean, &covariance, distance_square, as_written)?;
                let kind = GateKind::Ellipsoid { axes, ellipsoid };
                GateSpec { parent, kind }
            }
            Self::Boolean { parent, terms } => {
                let terms = terms.into_iter().map(Term::from).collect();
                let kind = GateKind::Boolean(Expression::new(terms)?);
                GateSpec { parent, kind }
            }
        })
    }
}

/// A request as (population or None for all events, axis, whether on its scale, statistics as (name,
/// percentile), whether the values are wanted too).
type KeptArgument = (Option<usize>, usize, bool, Vec<(String, Option<f64>)>, bool);

/// A compiled gating strategy for files of one panel.
#[pyclass(frozen)]
pub(super) struct Plan(pub(super) Arc<plan::Plan>);

#[pymethods]
impl Plan {
    /// Compile a strategy: channel numbers of the file; matrices as (places among the channels of
    /// the detectors, weights of detectors x dyes); axes; gates. `raw` asks files for stored numbers.
    #[new]
    #[pyo3(signature = (channels, matrices, axes, gates, kept = Vec::new(), *, raw = false))]
    fn new(
        channels: Vec<usize>,
        matrices: Vec<(Vec<usize>, PyReadonlyArray2<'_, f64>)>,
        axes: Vec<AxisArgument>,
        gates: Vec<GateArgument>,
        kept: Vec<KeptArgument>,
        raw: bool,
    ) -> PyResult<Self> {
        let matrices = matrices
            .into_iter()
            .map(|(detectors, weights)| Matrix {
                detectors,
                weights: weights.as_array().to_owned(),
            })
            .collect();
        let axes = axes
            .into_iter()
            .map(AxisArgument::into_axis)
            .collect::<Result<Vec<_>>>()
            .map_err(exception)?;
        let gates = gates
            .into_iter()
            .map(|gate| gate.into_spec(&axes))
            .collect::<Result<Vec<_>>>()
            .map_err(exception)?;
        let kept = kept
            .into_iter()
            .map(|(population, axis, scaled, named, values)| {
                Ok(Kept {
                    population,
                    axis,
                    scaled,
                    statistics: statistics(named)?,
                    values,
                })
            })
            .collect::<Result<Vec<_>>>()
            .map_err(exception)?;
        let plan = plan::Plan::compile(channels, matrices, axes, gates)
            .and_then(|plan| plan.keeping(kept))
            .map(|plan| plan.reading(if raw { Values::Raw } else { Values::Scale }))
            .map_err(exception)?;
        Ok(Self(Arc::new(plan)))
    }

    /// What the plan does: see `Explanation`.
    fn explain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let explained = self.0.explain();
        let out = PyDict::new(py);
        out.set_item("order", explained.order)?;
        out.set_item("decoded", explained.decoded)?;
        out.set_item("matrix_columns", explained.matrix_columns)?;
        out.set_item("on_values", explained.on_values)?;
        out.set_item("scaled_axes", explained.scaled_axes)?;
        out.set_item("bytes_per_thread", explained.bytes_per_thread)?;
        out.set_item("block_events", explained.block_events)?;
        Ok(out)
    }
}

/// Gates of a plan in other places, and which of them each variant takes.
#[pyclass(frozen)]
pub(super) struct Variants(pub(super) Arc<plan::Variants>);

#[pymethods]
impl Variants {
    /// Gates as (number, what it becomes), and for each variant places among these.
    #[new]
    fn new(
        plan: &Plan,
        versions: Vec<(usize, GateArgument)>,
        variants: Vec<Vec<usize>>,
    ) -> PyResult<Self> {
        let versions = versions
            .into_iter()
            .map(|(gate, becomes)| Ok((gate, becomes.into_spec(plan.0.axes())?.kind)))
            .collect::<Result<Vec<_>>>()
            .map_err(exception)?;
        let made = plan::Variants::new(&plan.0, versions, &variants).map_err(exception)?;
        Ok(Self(Arc::new(made)))
    }
}

/// Statistics by their names.
pub(super) fn statistics(named: Vec<(String, Option<f64>)>) -> Result<Vec<Statistic>> {
    let one = |(name, percentile): (String, Option<f64>)| Statistic::from_name(&name, percentile);
    named.into_iter().map(one).collect()
}
