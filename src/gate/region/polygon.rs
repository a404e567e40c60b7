//! Polygon gates (Gating-ML 2.0 §5.2.1): even-odd, border and vertices inclusive.
//!
//! On which side of an edge a point lies is decided exactly, for all finite numbers: no event near
//! a border is decided by rounding. Columns of events are looked up in a grid that is built when
//! it first pays; where a cell of it has a border, the few edges there decide as all of
//! them would, so that the answer never depends on the grid.

mod orientation;
mod raster;

use std::sync::{Arc, OnceLock};

use crate::error::{Error, Result, number};
use crate::simd::raster::{BLOCK, Found};

use super::{Columns, Region, WORD, lowest_bits, retain_bits};
use crate::cache::Cache;
use orientation::orientation;
use raster::{Coordinate, Passing, Raster, near, passes};

/// A closed polygon of at least three vertices.
#[derive(Clone)]
pub struct Polygon {
    /// The vertices, the first again at the end.
    outline: Vec<(f64, f64)>,
    low: (f64, f64),
    high: (f64, f64),
    /// Built when first needed, for all clones; `None` inside where coordinates are too extreme for a
    /// grid.
    raster: Arc<OnceLock<Option<Raster>>>,
}

impl PartialEq for Polygon {
    fn eq(&self, other: &Self) -> bool {
        self.outline == other.outline
    }
}

impl std::fmt::Debug for Polygon {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Polygon")
            .field("vertices", &self.vertices())
            .finish()
    }
}

/// Tests of an edge that cost less than building a grid.
const FEW_TESTS: u64 = 1 << 14;

/// Grids take mostly a hundred kilobytes each.
const MOST_POLYGONS: usize = 64;
static LATEST: Cache<Polygon> = Cache::new(MOST_POLYGONS);
/// Outlines of more vertices have larger grids, and are not kept.
const MOST_VERTICES: usize = 512;

impl Polygon {
    /// A polygon through `vertices`; the last is joined to the first.
    ///
    /// # Errors
    /// [`Error::MalformedGate`] for fewer than three vertices, a coordinate that is not
    /// finite, or vertices on one line.
    pub fn new(vertices: Vec<(f64, f64)>) -> Result<Self> {
        let refuse = |detail: String| Err(Error::MalformedGate { detail });
        if vertices.len() < 3 {
            return refuse(format!(
                "a polygon needs at least 3 vertices, got {}",
                vertices.len()
            ));
        }
        if let Some(&(x, y)) = vertices
            .iter()
            .find(|(x, y)| !x.is_finite() || !y.is_finite())
        {
            return refuse(format!(
                "the vertex ({}, {}) is not finite",
                number(x),
                number(y)
            ));
        }
        let first = vertices[0];
        let other = vertices.iter().copied().find(|&vertex| vertex != first);
        let on_a_line = other.is_none_or(|other| {
            vertices
                .iter()
                .all(|&vertex| orientation(first, other, vertex) == 0)
        });
        if on_a_line {
            return refuse("all vertices lie on one line: the polygon has no area".into());
        }
        let fold = |pick: fn(f64, f64) -> f64| {
            vertices
                .iter()
                .copied()
                .reduce(|a, b| (pick(a.0, b.0), pick(a.1, b.1)))
                .unwrap_or(first)
        };
        let (low, high) = (fold(f64::min), fold(f64::max));
        let mut outline = vertices;
        outline.push(first);
        Ok(Self {
            outline,
            low,
            high,
            raster: Arc::default(),
        })
    }

    /// [`new`](Self::new), with the grid of an equal polygon asked for not long ago, so that gates
    /// that are applied again and again build it once.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn shared(vertices: Vec<(f64, f64)>) -> Result<Self> {
        if vertices.len() > MOST_VERTICES {
            return Self::new(vertices);
        }
        LATEST.get_or_make(
            |known| known.vertices() == vertices,
            || Self::new(vertices.clone()),
        )
    }

    /// The vertices it was made from.
    #[must_use]
    pub fn vertices(&self) -> &[(f64, f64)] {
        &self.outline[..self.outline.len() - 1]
    }

    fn raster(&self) -> Option<&Raster> {
        self.raster
            .get_or_init(|| Raster::new(&self.outline, self.low, self.high))
            .as_ref()
    }

    /// The grid, if there is one or the events in `mask` are worth one.
    fn raster_for(&self, mask: &[u64]) -> Option<&Raster> {
        if let Some(built) = self.raster.get() {
            return built.as_ref();
        }
        let asked: u64 = mask.iter().map(|word| u64::from(word.count_ones())).sum();
        if asked * self.outline.len() as u64 > FEW_TESTS {
            self.raster()
        } else {
            None
        }
    }

    /// Return whether the point is inside or on the border; never with a NaN.
    #[must_use]
    pub fn contains_point(&self, x: f64, y: f64) -> bool {
        match self.raster.get() {
            Some(Some(raster)) => self.contains_by(raster, x, y),
            _ => self.contains_by_all_edges(x, y),
        }
    }

    /// [`contains_point`](Self::contains_point), by asking every edge: what any faster way must agree with.
    #[must_use]
    pub fn contains_by_all_edges(&self, x: f64, y: f64) -> bool {
        let in_box = x >= self.low.0 && x <= self.high.0 && y >= self.low.1 && y <= self.high.1;
        if !in_box {
            return false;
        }
        let mut inside = false;
        for ends in self.outline.windows(2) {
            match passes(ends[0], ends[1], x, y) {
                Passing::On => return true,
                Passing::Right => inside = !inside,
                Passing::Not => {}
            }
        }
        inside
    }

    fn contains_by(&self, raster: &Raster, x: f64, y: f64) -> bool {
        let cell = raster.cell(x, y);
        match raster.known(cell) {
            Some(inside) => inside,
            None => raster.settle(&self.outline, cell, x, y),
        }
    }

    fn keep_inside<X: Coordinate>(&self, xs: &[X], ys: &[X], mask: &mut [u64]) {
        let Some(raster) = self.raster_for(mask) else {
            each_word(xs, ys, mask, |_, asked, xs, ys| {
                retain_bits(asked, |event| {
                    self.contains_by_all_edges(xs[event].into(), ys[event].into())
                })
            });
            return;
        };
        sweep(raster, xs, ys, mask, |_, asked, points| {
            let undecided = asked & points.border;
            let settled = retain_bits(undecided, |event| {
                let (x, y) = points.point(event);
                raster.settle(&self.outline, points.cell(event), x, y)
            });
            asked & points.inside & !points.border | settled
        });
    }

    fn near_any_edge(&self, point: (f64, f64), delta: (f64, f64)) -> bool {
        let mut edges = self.outline.windows(2);
        edges.any(|ends| near((ends[0], ends[1]), point, delta))
    }
}

impl Region for Polygon {
    const NAMES: &'static [&'static str] = &["polygon"];

    /// `x, y` of each vertex, one after the other.
    fn from_parameters(_: &str, parameters: &[f64]) -> Result<Self> {
        let (vertices, rest) = parameters.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(Error::MalformedGate {
                detail: format!(
                    "a polygon has two coordinates per vertex, got {} numbers",
                    parameters.len()
                ),
            });
        }
        Self::shared(vertices.iter().map(|&[x, y]| (x, y)).collect())
    }

    fn dimensions(&self) -> usize {
        2
    }

    fn contains(&self, point: &[f64]) -> bool {
        self.contains_point(point[0], point[1])
    }

    fn retain(&self, columns: Columns, mask: &mut [u64]) {
        match columns {
            Columns::Double(columns) => self.keep_inside(columns[0], columns[1], mask),
            Columns::Single(columns) => self.keep_inside(columns[0], columns[1], mask),
        }
    }

    fn retain_within(
        &self,
        columns: &[&[f64]],
        errors: &[f64],
        inside: &mut [u64],
        undecided: &mut [u64],
    ) {
        let (xs, ys, delta) = (columns[0], columns[1], (errors[0], errors[1]));
        undecided.fill(0);
        let raster = self
            .raster_for(inside)
            .filter(|raster| raster.reaches(delta));
        let Some(raster) = raster else {
            each_word(xs, ys, inside, |word, asked, xs, ys| {
                let unsure = retain_bits(asked, |event| {
                    self.near_any_edge((xs[event], ys[event]), delta)
                });
                undecided[word] = unsure;
                retain_bits(asked & !unsure, |event| {
                    self.contains_by_all_edges(xs[event], ys[event])
                })
            });
            return;
        };
        sweep(raster, xs, ys, inside, |word, asked, points| {
            let near_edge = asked & points.border;
            let unsure = retain_bits(near_edge, |event| {
                raster.near(
                    &self.outline,
                    points.cell(event),
                    points.point(event),
                    delta,
                )
            });
            undecided[word] = unsure;
            let settled = retain_bits(near_edge & !unsure, |event| {
                let (x, y) = points.point(event);
                raster.settle(&self.outline, points.cell(event), x, y)
            });
            asked & points.inside & !points.border | settled
        });
    }

    fn bounding_box(&self) -> Option<Vec<(f64, f64)>> {
        Some(vec![(self.low.0, self.high.0), (self.low.1, self.high.1)])
    }

    /// Builds the grid.
    fn prepare(&self) {
        self.raster();
    }
}

/// What the grid says about the events of one word.
struct Points<'a, X> {
    xs: &'a [X],
    ys: &'a [X],
    cells: &'a [u32],
    inside: u64,
    border: u64,
}

impl<X: Coordinate> Points<'_, X> {
    fn cell(&self, event: usize) -> usize {
        self.cells[event] as usize
    }

    fn point(&self, event: usize) -> (f64, f64) {
        (self.xs[event].into(), self.ys[event].into())
    }
}

/// Replace each word of `mask` by what `decide` makes of it and of its points, in order.
fn sweep<X: Coordinate>(
    raster: &Raster,
    xs: &[X],
    ys: &[X],
    mask: &mut [u64],
    mut decide: impl FnMut(usize, u64, &Points<X>) -> u64,
) {
    let n_events = xs.len().min(ys.len());
    let mut found = Found::default();
    for (block, words) in mask.chunks_mut(BLOCK / WORD).enumerate() {
        let begin = (block * BLOCK).min(n_events);
        let end = (begin + BLOCK).min(n_events);
        let (xs, ys) = (&xs[begin..end], &ys[begin..end]);
        if words.iter().all(|word| *word == 0) {
            continue;
        }
        X::locate(raster, xs, ys, &mut found);
        for (index, word) in words.iter_mut().enumerate() {
            let (begin, end) = (
                (index * WORD).min(xs.len()),
                ((index + 1) * WORD).min(xs.len()),
            );
            *word = decide(
                block * BLOCK / WORD + index,
                *word,
                &Points {
                    xs: &xs[begin..end],
                    ys: &ys[begin..end],
                    cells: &found.cells[begin..end],
                    inside: found.inside[index],
                    border: found.border[index],
                },
            );
        }
    }
}

/// Replace each word of `mask` by what `decide` makes of it and of the coordinates of its events.
fn each_word<X>(
    xs: &[X],
    ys: &[X],
    mask: &mut [u64],
    mut decide: impl FnMut(usize, u64, &[X], &[X]) -> u64,
) {
    let n_events = xs.len().min(ys.len());
    for (index, word) in mask.iter_mut().enumerate() {
        let begin = (index * WORD).min(n_events);
        let end = (begin + WORD).min(n_events);
        *word = decide(
            index,
            *word & lowest_bits(end - begin),
            &xs[begin..end],
            &ys[begin..end],
        );
    }
}

#[cfg(test)]
mod tests;
