//! Compiled strategies, and their perturbations.

use std::sync::Arc;

use numpy::PyReadonlyArray2;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::{Error, Result};
use crate::fcs::data::Values;
use crate::gate::{Expression, Term};
use crate::plan::{self, Axis, AxisSource, GateKind, GateSpec, Matrix, Request, Value};
use crate::summary::Statistic;
use crate::transform::Scale;

use super::errors::exception;
use super::numbers::ScaleArgument;

/// A channel as (position, (matrix, column) or None).
type ValueArgument = (usize, Option<(usize, usize)>);

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
        let (source, scale) = match self {
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
        let scale = scale.scale()?;
        Ok(Axis { source, scale })
    }
}

/// A gate as (parent, kind, axes, parameters).
///
/// The parameters are a flat list of numbers, as [`GateKind::from_name`] has them, or the terms of
/// a Boolean expression in postfix order.
pub(super) type GateArgument<'py> = (Option<usize>, String, Vec<usize>, Bound<'py, PyAny>);

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

/// The gate that Python describes.
pub(super) fn gate_of(
    (parent, kind, of, parameters): GateArgument<'_>,
    axes: &[Axis],
) -> PyResult<GateSpec> {
    let kind = if kind == "boolean" {
        let terms: Vec<TermArgument> = parameters.extract()?;
        let terms = terms.into_iter().map(Term::from).collect();
        Expression::new(terms).map(GateKind::Boolean)
    } else {
        let parameters: Vec<Option<f64>> = parameters.extract()?;
        let scale = |axis: usize| {
            axes.get(axis)
                .map_or(Scale::Identity, |axis| axis.scale.clone())
        };
        GateKind::from_name(&kind, of, &parameters, scale)
    };
    let kind = kind.map_err(exception)?;
    Ok(GateSpec { parent, kind })
}

/// A request as (population or None for all events, axis, whether on its scale, statistics as (name,
/// percentile), whether the values are wanted too).
type RequestArgument = (Option<usize>, usize, bool, Vec<(String, Option<f64>)>, bool);

/// A compiled gating strategy for files of one panel.
#[pyclass(frozen)]
pub(super) struct Plan(pub(super) Arc<plan::Plan>);

#[pymethods]
impl Plan {
    /// Compile a strategy: channel numbers of the file; matrices as (positions among the channels of
    /// the detectors, weights of detectors x dyes); axes; gates. `raw` asks files for stored numbers.
    #[new]
    #[pyo3(signature = (channels, matrices, axes, gates, kept = Vec::new(), *, raw = false))]
    fn new(
        channels: Vec<usize>,
        matrices: Vec<(Vec<usize>, PyReadonlyArray2<'_, f64>)>,
        axes: Vec<AxisArgument>,
        gates: Vec<GateArgument<'_>>,
        kept: Vec<RequestArgument>,
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
            .map(|gate| gate_of(gate, &axes))
            .collect::<PyResult<Vec<_>>>()?;
        let kept = kept
            .into_iter()
            .map(|(population, axis, scaled, named, values)| {
                Ok(Request {
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

/// Gates of a plan in other positions, and which of them each perturbation takes.
#[pyclass(frozen)]
pub(super) struct Perturbations(pub(super) Arc<plan::Perturbations>);

#[pymethods]
impl Perturbations {
    /// Gates as (number, what it becomes), and for each perturbation positions among these.
    #[new]
    fn new(
        plan: &Plan,
        versions: Vec<(usize, GateArgument<'_>)>,
        perturbations: Vec<Vec<usize>>,
    ) -> PyResult<Self> {
        let versions = versions
            .into_iter()
            .map(|(gate, becomes)| Ok((gate, gate_of(becomes, plan.0.axes())?.kind)))
            .collect::<PyResult<Vec<_>>>()?;
        let made =
            plan::Perturbations::new(&plan.0, versions, &perturbations).map_err(exception)?;
        Ok(Self(Arc::new(made)))
    }
}

/// Statistics by their names.
pub(super) fn statistics(named: Vec<(String, Option<f64>)>) -> Result<Vec<Statistic>> {
    let one = |(name, percentile): (String, Option<f64>)| Statistic::from_name(&name, percentile);
    named.into_iter().map(one).collect()
}
