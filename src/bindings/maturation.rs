//! Phenotypes of populations, and how mature their events look.

use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use crate::maturation;

use super::errors::{detached, exception};

/// Counts of each combination of marker calls among the events of a parent.
#[pyfunction]
pub(super) fn count_phenotypes<'py>(
    py: Python<'py>,
    parent: PyReadonlyArray1<'py, u8>,
    markers: Vec<PyReadonlyArray1<'py, u8>>,
    n_events: usize,
) -> PyResult<Bound<'py, PyArray1<u64>>> {
    let parent = parent.as_slice()?;
    let masks = markers
        .iter()
        .map(PyReadonlyArray1::as_slice)
        .collect::<Result<Vec<_>, _>>()?;
    let counts = detached(py, || {
        maturation::count_phenotypes(parent, &masks, n_events)
    })?
    .map_err(exception)?;
    Ok(counts.into_pyarray(py))
}

/// `(scale values, (kind, numbers), [(intensities, squared coefficient)], weight)`.
type MarkerIn<'py> = (
    PyReadonlyArray1<'py, f64>,
    (String, Vec<f64>),
    Vec<(PyReadonlyArray1<'py, f64>, f64)>,
    f64,
);

type Scored<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>);

/// Probabilities (markers x events) and scores of events; see [`maturation::score_events`].
#[pyfunction]
#[pyo3(signature = (markers, *, threads))]
pub(super) fn score_events<'py>(
    py: Python<'py>,
    markers: Vec<MarkerIn<'py>>,
    threads: usize,
) -> PyResult<Scored<'py>> {
    let n = match markers.first() {
        Some(marker) => marker.0.as_slice()?.len(),
        None => 0,
    };
    let taken = markers
        .iter()
        .map(|(values, (kind, numbers), spread, weight)| {
            Ok(maturation::Marker {
                values: values.as_slice()?,
                positivity: maturation::Positivity::from_name(kind, numbers).map_err(exception)?,
                spread: spread
                    .iter()
                    .map(|(light, square)| Ok((light.as_slice()?, *square)))
                    .collect::<PyResult<_>>()?,
                weight: *weight,
            })
        })
        .collect::<PyResult<Vec<_>>>()?;
    let probabilities = PyArray2::zeros(py, [markers.len(), n], false);
    let scores = PyArray1::zeros(py, n, false);
    {
        let mut out = probabilities.readwrite();
        let mut votes = scores.readwrite();
        let (out, votes) = (out.as_slice_mut()?, votes.as_slice_mut()?);
        detached(py, || maturation::score_events(&taken, out, votes, threads))?
            .map_err(exception)?;
    }
    Ok((probabilities, scores))
}

/// `(theta, earlier variance, later variance)`; see [`maturation::superiority`].
#[pyfunction]
pub(super) fn superiority(
    py: Python<'_>,
    earlier: PyReadonlyArray1<'_, f64>,
    later: PyReadonlyArray1<'_, f64>,
) -> PyResult<(f64, f64, f64)> {
    let (earlier, later) = (earlier.as_slice()?, later.as_slice()?);
    let found = detached(py, || maturation::superiority(earlier, later))?.map_err(exception)?;
    Ok((found.theta, found.earlier_variance, found.later_variance))
}

type Placed<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

/// `(vertices, arcs, squared distances, rounds, settled)`; see [`maturation::fit_curve`].
#[pyfunction]
#[pyo3(signature = (points, start, *, knots, span, rounds, tolerance, threads))]
#[allow(clippy::too_many_arguments, clippy::type_complexity)] // one line of Python
pub(super) fn fit_curve<'py>(
    py: Python<'py>,
    points: PyReadonlyArray2<'py, f64>,
    start: PyReadonlyArray1<'py, f64>,
    knots: usize,
    span: f64,
    rounds: usize,
    tolerance: f64,
    threads: usize,
) -> PyResult<(Vec<Vec<f64>>, Placed<'py>, usize, bool)> {
    let fit = maturation::Fit {
        knots,
        span,
        rounds,
        tolerance,
        threads,
    };
    let dimensions = points.shape()[1];
    let (points, start) = (points.as_slice()?, start.as_slice()?);
    let found = detached(py, || {
        maturation::fit_curve(points, dimensions, start, &fit)
    })?
    .map_err(exception)?;
    let vertices = found.line.vertices().to_vec();
    let projections = (
        found.projections.arcs.into_pyarray(py),
        found.projections.squares.into_pyarray(py),
    );
    Ok((vertices, projections, found.rounds, found.settled))
}

/// `(arcs, squared distances)` of points on a polyline; see [`maturation::Polyline::project`].
#[pyfunction]
#[pyo3(signature = (points, vertices, *, threads))]
pub(super) fn project_on_curve<'py>(
    py: Python<'py>,
    points: PyReadonlyArray2<'py, f64>,
    vertices: PyReadonlyArray2<'py, f64>,
    threads: usize,
) -> PyResult<Placed<'py>> {
    let (dimensions, of_line) = (points.shape()[1], vertices.shape()[1]);
    let (points, vertices) = (points.as_slice()?, vertices.as_slice()?);
    let projections = detached(py, || {
        maturation::Polyline::new(vertices, of_line)?.project(points, dimensions, threads)
    })?
    .map_err(exception)?;
    Ok((
        projections.arcs.into_pyarray(py),
        projections.squares.into_pyarray(py),
    ))
}
