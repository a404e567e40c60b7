//! Passes over files and over values in memory.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::plan::{self, Job, Keep, Monitor, Outcome, Populations};
use crate::summary::{self, Estimate};

use super::errors::{exception, file_exception};
use super::fcs::Identity;
use super::gates::Held;
use super::location::LocationArgument;
use super::plan::{Plan, Variants, statistics};
use super::watch::watched;

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
    values: Vec<Held<'py>>,
    n_events: usize,
) -> PyResult<Gated<'py>> {
    let columns = values
        .iter()
        .map(Held::column)
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let work = |stop: &AtomicBool| plan::gate_values(&columns, n_events, &plan.0, stop);
    let outcome = if plan::takes_long(n_events, &plan.0) {
        watched(py, work)?
    } else {
        py.detach(|| work(&AtomicBool::new(false)))
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
type JobArgument<'py> = (LocationArgument, Bound<'py, Plan>, Option<Identity>);

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
    Option<Identity>,
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
