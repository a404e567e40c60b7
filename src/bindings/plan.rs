//! Compiled strategies and the pass over files.

use std::sync::Arc;

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::{Error, Result};
use crate::gate::{Dimension, Expression, Interval, Polygon, Rectangle, Term};
use crate::plan::{
    self, Axis, AxisSource, GateKind, GateSpec, Job, Keep, Kept, Matrix, Monitor, Outcome,
    Populations, Value,
};
use crate::summary::{self, Estimate, Statistic};
use crate::transform::Scale;

use super::errors::{exception, file_exception};
use super::gates::ellipsoid_of;
use super::location::LocationArgument;

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
                let outline = Polygon::new(vertices)?;
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
pub(super) struct Plan(Arc<plan::Plan>);

#[pymethods]
impl Plan {
    /// Compile a strategy: channel numbers of the file; matrices as (places among the channels of
    /// the detectors, weights of detectors x dyes); axes; gates.
    #[new]
    #[pyo3(signature = (channels, matrices, axes, gates, kept = Vec::new()))]
    fn new(
        channels: Vec<usize>,
        matrices: Vec<(Vec<usize>, PyReadonlyArray2<'_, f64>)>,
        axes: Vec<AxisArgument>,
        gates: Vec<GateArgument>,
        kept: Vec<KeptArgument>,
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
pub(super) struct Variants(Arc<plan::Variants>);

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

/// An estimate as (value, low, high, reason of a NaN).
type EstimateEntry = (f64, f64, f64, &'static str);
/// What a request came to as (number of events, estimates, values or None).
type SummaryEntry<'py> = (usize, Vec<EstimateEntry>, Option<Bound<'py, PyArray1<f64>>>);
/// (number of events, counts and undefined events per gate, packed masks of gates x bytes or None,
/// what each request came to).
type Gated<'py> = (
    usize,
    Vec<u64>,
    Vec<u64>,
    Option<Bound<'py, PyArray2<u8>>>,
    Vec<SummaryEntry<'py>>,
);

fn entries(estimates: Vec<Estimate>) -> Vec<EstimateEntry> {
    let entry = |one: Estimate| (one.value, one.low, one.high, one.reason);
    estimates.into_iter().map(entry).collect()
}

fn statistics(named: Vec<(String, Option<f64>)>) -> Result<Vec<Statistic>> {
    let one = |(name, percentile): (String, Option<f64>)| Statistic::from_name(&name, percentile);
    named.into_iter().map(one).collect()
}

/// Estimate statistics of values, which may stand in several arrays.
#[pyfunction]
pub(super) fn summarise(
    py: Python<'_>,
    values: Vec<PyReadonlyArray1<'_, f64>>,
    named: Vec<(String, Option<f64>)>,
) -> PyResult<Vec<EstimateEntry>> {
    let statistics = statistics(named).map_err(exception)?;
    let mut all = Vec::new();
    for part in &values {
        all.extend_from_slice(part.as_slice()?);
    }
    Ok(entries(
        py.detach(|| summary::summarise(&mut all, &statistics)),
    ))
}

fn gated<'py>(
    py: Python<'py>,
    plan: &plan::Plan,
    populations: Populations,
    keep: Keep,
) -> PyResult<Gated<'py>> {
    let bytes = populations.n_events.div_ceil(8);
    let shape = [populations.counts.len(), bytes];
    let masks = if keep.masks {
        Some(populations.masks.into_pyarray(py).reshape(shape)?)
    } else {
        None
    };
    let summaries = populations
        .summaries
        .into_iter()
        .zip(plan.kept())
        .map(|(one, kept)| {
            let values = kept.values.then(|| one.values.into_pyarray(py));
            (one.n_events, entries(one.estimates), values)
        })
        .collect();
    Ok((
        populations.n_events,
        populations.counts,
        populations.undefined,
        masks,
        summaries,
    ))
}

/// Gate values in memory: one array per channel of the plan.
#[pyfunction]
pub(super) fn gate_arrays<'py>(
    py: Python<'py>,
    plan: &Plan,
    values: Vec<PyReadonlyArray1<'py, f64>>,
    n_events: usize,
) -> PyResult<Gated<'py>> {
    let columns = values
        .iter()
        .map(PyReadonlyArray1::as_slice)
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let outcome = py
        .detach(|| plan::gate_values(&columns, n_events, &plan.0))
        .map_err(exception)?;
    gated(py, &plan.0, outcome, Keep { masks: true })
}

/// Passes progress on to Python and asks for its signals.
struct PythonMonitor<'a> {
    progress: Option<&'a Py<PyAny>>,
    told: usize,
    raised: Option<PyErr>,
}

impl Monitor for PythonMonitor<'_> {
    fn poll(&mut self, finished: usize) -> bool {
        let outcome = Python::attach(|py| {
            py.check_signals()?;
            if let Some(progress) = self.progress.filter(|_| finished > self.told) {
                progress.call1(py, (finished - self.told,))?;
                self.told = finished;
            }
            Ok(())
        });
        self.raised = outcome.err();
        self.raised.is_none()
    }
}

/// A file as (path, plan, identity), the identity being (length, modified, hash) or None.
type JobArgument<'py> = (LocationArgument, Bound<'py, Plan>, Option<(u64, i128, u64)>);

fn run(
    py: Python<'_>,
    jobs: &[Job],
    threads: usize,
    keep: Keep,
    progress: Option<&Py<PyAny>>,
) -> PyResult<Vec<Outcome>> {
    let mut monitor = PythonMonitor {
        progress,
        told: 0,
        raised: None,
    };
    let outcomes = py.detach(|| plan::run_files(jobs, threads, keep, &mut monitor));
    match monitor.raised {
        Some(raised) => Err(raised),
        None => outcomes.map_err(exception),
    }
}

/// A file as (path, plan, identity, variants).
type VariantJob<'py> = (
    LocationArgument,
    Bound<'py, Plan>,
    Option<(u64, i128, u64)>,
    Bound<'py, Variants>,
);

/// Count variants in files; each answer is a table of variants x gates beside the events of the file
/// and the plan's own counts, or an exception.
#[pyfunction]
#[pyo3(signature = (jobs, threads, progress))]
pub(super) fn count_variants<'py>(
    py: Python<'py>,
    jobs: Vec<VariantJob<'py>>,
    threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let jobs: Vec<Job> = jobs
        .into_iter()
        .map(
            |(LocationArgument(location), plan, identity, variants)| Job {
                location,
                plan: Arc::clone(&plan.get().0),
                identity,
                variants: Some(Arc::clone(&variants.get().0)),
            },
        )
        .collect();
    let outcomes = run(py, &jobs, threads, Keep::default(), progress.as_ref())?;
    let answer = |(job, outcome): (&Job, Outcome)| match outcome {
        Ok(found) => {
            let n_variants = job.variants.as_ref().map_or(0, |variants| variants.len());
            let shape = [n_variants, found.counts.len()];
            let table = found.variants.into_pyarray(py).reshape(shape)?;
            let entry = (found.n_events, found.counts, table);
            Ok(entry.into_pyobject(py)?.into_any())
        }
        Err(error) => Ok(file_exception(&job.location, error)
            .into_value(py)
            .into_bound(py)
            .into_any()),
    };
    jobs.iter().zip(outcomes).map(answer).collect()
}

/// Gate files on a pool of threads; each answer is what `gate_arrays` returns, or an exception.
#[pyfunction]
#[pyo3(signature = (jobs, threads, keep_masks, progress))]
pub(super) fn gate_files<'py>(
    py: Python<'py>,
    jobs: Vec<JobArgument<'py>>,
    threads: usize,
    keep_masks: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let jobs: Vec<Job> = jobs
        .into_iter()
        .map(|(LocationArgument(location), plan, identity)| Job {
            location,
            plan: Arc::clone(&plan.get().0),
            identity,
            variants: None,
        })
        .collect();
    let keep = Keep { masks: keep_masks };
    let outcomes = run(py, &jobs, threads, keep, progress.as_ref())?;
    let answer = |(job, outcome): (&Job, Outcome)| match outcome {
        Ok(populations) => Ok(gated(py, &job.plan, populations, keep)?
            .into_pyobject(py)?
            .into_any()),
        Err(error) => Ok(file_exception(&job.location, error)
            .into_value(py)
            .into_bound(py)
            .into_any()),
    };
    jobs.iter().zip(outcomes).map(answer).collect()
}
