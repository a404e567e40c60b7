//! Passes over files and over values in memory.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::plan::{self, Job, Keep, Monitor, Outcome};
use crate::summary::{self, Estimate};

use super::errors::{detached, exception, file_exception};
use super::fcs::Identity;
use super::gates::Held;
use super::location::LocationArgument;
use super::plan::{Perturbations, Plan, statistics};
use super::watch::watched;

/// An estimate as (value, low, high, reason of a NaN).
type EstimateEntry = (f64, f64, f64, String);
/// The answer to a request.
#[pyclass(frozen, get_all, module = "longate._core")]
pub(super) struct Answer {
    /// Number of events of the population.
    n_events: usize,
    /// One per statistic.
    estimates: Vec<EstimateEntry>,
    /// The values, or None where they were not asked for.
    values: Option<Py<PyArray1<f64>>>,
}

/// Counts of a file or of values in memory.
#[pyclass(frozen, get_all, module = "longate._core")]
pub(super) struct FileCounts {
    /// Number of events.
    n_events: usize,
    /// Events in each gate.
    counts: Vec<u64>,
    /// Events of the parent of each gate that are neither in it nor out of it.
    undefined: Vec<u64>,
    /// Packed masks of gates x bytes, or None where they were not kept.
    masks: Option<Py<PyArray2<u8>>>,
    /// One per request.
    answers: Vec<Py<Answer>>,
}

/// What makes an answer again: workers of a cluster send theirs.
type AnswerFields = (usize, Vec<EstimateEntry>, Option<Py<PyArray1<f64>>>);
/// The same of counts.
type FileCountsFields = (
    usize,
    Vec<u64>,
    Vec<u64>,
    Option<Py<PyArray2<u8>>>,
    Vec<Py<Answer>>,
);

#[pymethods]
impl Answer {
    #[new]
    fn new(
        n_events: usize,
        estimates: Vec<EstimateEntry>,
        values: Option<Py<PyArray1<f64>>>,
    ) -> Self {
        Self {
            n_events,
            estimates,
            values,
        }
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyType>, AnswerFields) {
        let values = self.values.as_ref().map(|values| values.clone_ref(py));
        let fields = (self.n_events, self.estimates.clone(), values);
        (py.get_type::<Self>(), fields)
    }
}

#[pymethods]
impl FileCounts {
    #[new]
    fn new(
        n_events: usize,
        counts: Vec<u64>,
        undefined: Vec<u64>,
        masks: Option<Py<PyArray2<u8>>>,
        answers: Vec<Py<Answer>>,
    ) -> Self {
        Self {
            n_events,
            counts,
            undefined,
            masks,
            answers,
        }
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyType>, FileCountsFields) {
        let masks = self.masks.as_ref().map(|masks| masks.clone_ref(py));
        let answers = self.answers.iter().map(|answer| answer.clone_ref(py));
        let fields = (
            self.n_events,
            self.counts.clone(),
            self.undefined.clone(),
            masks,
            answers.collect(),
        );
        (py.get_type::<Self>(), fields)
    }
}

fn entries(estimates: Vec<Estimate>) -> Vec<EstimateEntry> {
    let entry = |one: Estimate| (one.value, one.low, one.high, one.reason.into());
    estimates.into_iter().map(entry).collect()
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
    Ok(entries(detached(py, || {
        summary::summarise(&mut all, &statistics)
    })?))
}

fn gated(
    py: Python<'_>,
    plan: &plan::Plan,
    found: plan::FileCounts,
    keep: Keep,
) -> PyResult<FileCounts> {
    let bytes = found.n_events.div_ceil(8);
    let shape = [found.counts.len(), bytes];
    let masks = if keep.masks {
        Some(found.masks.into_pyarray(py).reshape(shape)?.unbind())
    } else {
        None
    };
    let answers = found.answers.into_iter().zip(plan.requests());
    let answers = answers
        .map(|(one, request)| {
            let values = request.values.then(|| one.values.into_pyarray(py).unbind());
            let answer = Answer {
                n_events: one.n_events,
                estimates: entries(one.estimates),
                values,
            };
            Py::new(py, answer)
        })
        .collect::<PyResult<_>>()?;
    Ok(FileCounts {
        n_events: found.n_events,
        counts: found.counts,
        undefined: found.undefined,
        masks,
        answers,
    })
}

/// Gate values in memory: one array per channel of the plan.
#[pyfunction]
pub(super) fn gate_arrays<'py>(
    py: Python<'py>,
    plan: &Plan,
    values: Vec<Held<'py>>,
    n_events: usize,
) -> PyResult<FileCounts> {
    let columns = values
        .iter()
        .map(Held::column)
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let work = |stop: &AtomicBool| plan::gate_values(&columns, n_events, &plan.0, stop);
    let outcome = if plan::takes_long(n_events, &plan.0) {
        watched(py, work)?
    } else {
        detached(py, || work(&AtomicBool::new(false)))?
    };
    let outcome = outcome.map_err(exception)?;
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
        if self.raised.is_some() {
            return false; // what stopped the run is what it raises
        }
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

/// A file as (path, plan, identity), the identity being that of `read_metadata` or None.
pub(super) type JobArgument<'py> = (LocationArgument, Bound<'py, Plan>, Option<Identity>);

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
    let outcomes = detached(py, || plan::run_files(jobs, threads, keep, &mut monitor))?;
    match monitor.raised {
        Some(raised) => Err(raised),
        None => outcomes.map_err(exception),
    }
}

/// A file as (path, plan, identity, perturbations).
type PerturbationJob<'py> = (
    LocationArgument,
    Bound<'py, Plan>,
    Option<Identity>,
    Bound<'py, Perturbations>,
);

/// Count perturbations in files; each answer is a table of perturbations x gates beside the events of the file
/// and the plan's own counts, or an exception.
#[pyfunction]
#[pyo3(signature = (jobs, threads, progress))]
pub(super) fn count_perturbations<'py>(
    py: Python<'py>,
    jobs: Vec<PerturbationJob<'py>>,
    threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let jobs: Vec<Job> = jobs
        .into_iter()
        .map(
            |(LocationArgument(location), plan, identity, perturbations)| Job {
                location,
                plan: Arc::clone(&plan.get().0),
                identity,
                perturbations: Some(Arc::clone(&perturbations.get().0)),
            },
        )
        .collect();
    let outcomes = run(py, &jobs, threads, Keep::default(), progress.as_ref())?;
    let answer = |(job, outcome): (&Job, Outcome)| match outcome {
        Ok(found) => {
            let n_perturbations = job
                .perturbations
                .as_ref()
                .map_or(0, |perturbations| perturbations.len());
            let shape = [n_perturbations, found.counts.len()];
            let table = found.perturbations.into_pyarray(py).reshape(shape)?;
            let entry = (found.n_events, found.counts, table);
            Ok(entry.into_pyobject(py)?.into_any())
        }
        Err(error) => Ok(file_exception(&job.location, &error)
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
            perturbations: None,
        })
        .collect();
    let keep = Keep { masks: keep_masks };
    let outcomes = run(py, &jobs, threads, keep, progress.as_ref())?;
    let answer = |(job, outcome): (&Job, Outcome)| match outcome {
        Ok(found) => Ok(gated(py, &job.plan, found, keep)?
            .into_pyobject(py)?
            .into_any()),
        Err(error) => Ok(file_exception(&job.location, &error)
            .into_value(py)
            .into_bound(py)
            .into_any()),
    };
    jobs.iter().zip(outcomes).map(answer).collect()
}
