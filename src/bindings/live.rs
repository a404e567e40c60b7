//! A study held ready, for Python.

use std::sync::Arc;

use numpy::{IntoPyArray, PyArray2, PyArrayMethods};
use pyo3::prelude::*;

use crate::plan::{self, Job};

use super::errors::{detached, exception, file_exception};
use super::passes::JobArgument;
use super::plan::{GateArgument, gate_of};
use super::watch::watched;

/// Counts of files x (all events and gates), and the files that could not be counted.
type Counts<'py> = (Bound<'py, PyArray2<u64>>, Vec<(usize, PyErr)>);

/// Files held ready; see [`plan::LiveStudy`].
#[pyclass]
pub(super) struct LiveStudy(plan::LiveStudy);

#[pymethods]
impl LiveStudy {
    /// Read files as (path, plan, identity); at most `max_memory` bytes are held.
    #[new]
    #[pyo3(signature = (jobs, *, max_memory, threads))]
    fn new(
        py: Python<'_>,
        jobs: Vec<JobArgument<'_>>,
        max_memory: u64,
        threads: usize,
    ) -> PyResult<Self> {
        let jobs = jobs
            .into_iter()
            .map(|(location, plan, identity)| Job {
                location: location.0,
                plan: Arc::clone(&plan.get().0),
                identity,
                perturbations: None,
            })
            .collect();
        let made = watched(py, |stop| {
            plan::LiveStudy::new(jobs, max_memory, threads, stop)
        })?;
        made.map(Self).map_err(exception)
    }

    /// Bytes of values and masks that are held.
    #[getter]
    fn n_bytes(&self) -> u64 {
        self.0.n_bytes()
    }

    /// Number of files that are held.
    #[getter]
    fn n_held(&self) -> usize {
        self.0.n_held()
    }

    /// Counts of files x (all events and gates), and (file, exception) where there are none.
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Counts<'py>> {
        let n_gates = self.0.plans().first().map_or(0, |plan| plan.n_gates());
        let (mut table, mut failed, mut n_files) = (Vec::new(), Vec::new(), 0);
        for (number, (job, outcome)) in self.0.outcomes().enumerate() {
            n_files += 1;
            match outcome {
                Ok(found) => {
                    table.push(found.n_events as u64);
                    table.extend_from_slice(&found.counts);
                }
                Err(error) => {
                    failed.push((number, file_exception(&job.location, error)));
                }
            }
            table.resize(n_files * (n_gates + 1), 0);
        }
        let table = table.into_pyarray(py).reshape([n_files, n_gates + 1])?;
        Ok((table, failed))
    }

    /// Put another gate in the place of one; `becomes` has one per plan, in the order in which
    /// plans appear among the jobs.
    fn set_gate(
        &mut self,
        py: Python<'_>,
        gate: usize,
        becomes: Vec<GateArgument<'_>>,
    ) -> PyResult<()> {
        let kinds = becomes
            .into_iter()
            .zip(self.0.plans())
            .map(|(entry, plan)| Ok(gate_of(entry, plan.axes())?.kind))
            .collect::<PyResult<Vec<_>>>()?;
        detached(py, || self.0.set_gate(gate, kinds))?.map_err(exception)
    }
}
