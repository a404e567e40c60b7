//! A line of straight pieces, and the nearest point on it.

use crate::error::{Error, Result};
use crate::simd::polyline::{BLOCK, Segment, nearest};
use crate::threads::columns::share_columns;

/// A line of straight pieces.
#[derive(Debug, Clone, PartialEq)]
pub struct Polyline {
    /// Rows of coordinates, pieces of length 0 left out.
    vertices: Vec<Vec<f64>>,
    segments: Vec<Segment>,
}

/// The nearest point on a line of each of some points.
#[derive(Debug, Clone, PartialEq)]
pub struct Projections {
    /// Length of the line up to the nearest point.
    pub arcs: Vec<f64>,
    /// Squared distance from it.
    pub squares: Vec<f64>,
}

impl Projections {
    /// Points of rows that had been put in `order`, as the rows came.
    pub(super) fn back_in_order(&self, order: &[usize]) -> Self {
        let mut back = self.clone();
        for (at, &row) in order.iter().enumerate() {
            back.arcs[row] = self.arcs[at];
            back.squares[row] = self.squares[at];
        }
        back
    }
}

impl Polyline {
    /// A line through `vertices`, rows of `dimensions` coordinates.
    ///
    /// # Errors
    /// [`Error::Length`] if fewer than two distinct vertices are given.
    pub fn new(vertices: &[f64], dimensions: usize) -> Result<Self> {
        let mut rows: Vec<Vec<f64>> = Vec::new();
        let mut segments: Vec<Segment> = Vec::new();
        for row in vertices.chunks_exact(dimensions.max(1)) {
            if let Some(last) = rows.last() {
                let square: f64 = last.iter().zip(row).map(|(a, b)| (b - a) * (b - a)).sum();
                let length = square.sqrt();
                if length <= 0.0 {
                    continue;
                }
                segments.push(Segment {
                    origin: last.clone(),
                    direction: last
                        .iter()
                        .zip(row)
                        .map(|(a, b)| (b - a) / length)
                        .collect(),
                    length,
                    before: segments.last().map_or(0.0, |s| s.before + s.length),
                });
            }
            rows.push(row.to_vec());
        }
        if segments.is_empty() {
            return Err(Error::Length {
                what: "the distinct vertices of a line",
                found: rows.len(),
                expected: 2,
            });
        }
        Ok(Self {
            vertices: rows,
            segments,
        })
    }

    /// Rows of coordinates.
    #[must_use]
    pub fn vertices(&self) -> &[Vec<f64>] {
        &self.vertices
    }

    /// Points of `points`, rows of coordinates.
    ///
    /// # Errors
    /// [`Error::Length`] if rows have another number of coordinates; [`Error::NotANumber`];
    /// [`Error::Threads`].
    pub fn project(
        &self,
        points: &[f64],
        dimensions: usize,
        threads: usize,
    ) -> Result<Projections> {
        let expected = self.vertices[0].len();
        if dimensions != expected {
            return Err(Error::Length {
                what: "a point",
                found: dimensions,
                expected,
            });
        }
        if let Some(index) = points.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotANumber {
                what: "the coordinates of points",
                index,
            });
        }
        let columns: Vec<Vec<f64>> = (0..dimensions)
            .map(|k| points.iter().skip(k).step_by(dimensions).copied().collect())
            .collect();
        Ok(self.project_columns(&columns, points.len() / dimensions, threads))
    }

    /// Points of points given as columns.
    pub(super) fn project_columns(
        &self,
        columns: &[Vec<f64>],
        n: usize,
        threads: usize,
    ) -> Projections {
        let (mut arcs, mut squares) = (vec![0.0; n], vec![0.0; n]);
        share_columns(vec![&mut arcs, &mut squares], threads, &|first, outs| {
            let [arcs, squares] = outs else { return };
            let mut block = vec![0.0; BLOCK * columns.len()];
            for from in (0..arcs.len()).step_by(BLOCK) {
                let to = arcs.len().min(from + BLOCK);
                let block = &mut block[..(to - from) * columns.len()];
                for (part, column) in block.chunks_exact_mut(to - from).zip(columns) {
                    part.copy_from_slice(&column[first + from..first + to]);
                }
                nearest(
                    block,
                    &self.segments,
                    &mut arcs[from..to],
                    &mut squares[from..to],
                );
            }
        });
        Projections { arcs, squares }
    }
}
