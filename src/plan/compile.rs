//! What each gate needs, and in which order gates are decided.

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::gate::{Ellipsoid, Expression, Polygon, Rectangle};
use crate::transform::Scale;

/// A channel, as acquired or compensated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value {
    /// Which of the plan's channels.
    pub channel: usize,
    /// Number of a matrix and column of its weights, or `None` for the value as acquired.
    pub compensated: Option<(usize, usize)>,
}

/// What an axis shows, before its scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AxisSource {
    /// One channel.
    Value(Value),
    /// `a (x - b) / (y - c)` of two channels (Gating-ML 2.0 §6.7).
    Ratio {
        /// `x`.
        numerator: Value,
        /// `y`.
        denominator: Value,
        /// Factor.
        a: f64,
        /// Taken from the numerator.
        b: f64,
        /// Taken from the denominator.
        c: f64,
    },
}

impl AxisSource {
    /// The channels it is made of.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        let (first, second) = match *self {
            Self::Value(value) => (value, None),
            Self::Ratio {
                numerator,
                denominator,
                ..
            } => (numerator, Some(denominator)),
        };
        std::iter::once(first).chain(second)
    }
}

/// One axis on which gates are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// What it shows.
    pub source: AxisSource,
    /// Scale of the axis.
    pub scale: Scale,
}

/// What turns observed detectors into dyes.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Places of the detectors among the plan's channels.
    pub detectors: Vec<usize>,
    /// Detectors x dyes: the inverse of a spillover matrix, or its pseudo-inverse.
    pub weights: Array2<f64>,
}

/// The shape of a gate.
#[derive(Debug, Clone, PartialEq)]
pub enum GateKind {
    /// Intervals on axes.
    Rectangle(Rectangle),
    /// A polygon on two axes.
    Polygon {
        /// Horizontal axis.
        x: usize,
        /// Vertical axis.
        y: usize,
        /// Its outline, in scaled places.
        outline: Polygon,
    },
    /// An ellipsoid on any number of axes.
    Ellipsoid {
        /// One per coordinate.
        axes: Vec<usize>,
        /// In scaled places.
        ellipsoid: Ellipsoid,
    },
    /// An expression over other gates, each with its own ancestors.
    Boolean(Expression),
}

impl GateKind {
    /// The axes it is drawn on.
    #[must_use]
    pub fn axes(&self) -> Vec<usize> {
        match self {
            Self::Rectangle(gate) => gate.dimensions.iter().map(|side| side.axis).collect(),
            Self::Polygon { x, y, .. } => vec![*x, *y],
            Self::Ellipsoid { axes, .. } => axes.clone(),
            Self::Boolean(_) => Vec::new(),
        }
    }
}

/// A gate and the gate in which it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct GateSpec {
    /// Index of the parent gate, or `None` for all events.
    pub parent: Option<usize>,
    /// Shape.
    pub kind: GateKind,
}

/// Everything needed to gate files of one panel, checked and ordered.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) channels: Vec<usize>,
    pub(super) matrices: Vec<Matrix>,
    pub(super) axes: Vec<Axis>,
    pub(super) gates: Vec<GateSpec>,
    /// Indices of `gates`, each after its parent and what it refers to.
    pub(super) order: Vec<usize>,
}

impl Plan {
    /// Check and order a gating strategy.
    ///
    /// `channels` are numbers of the file's channels; values and matrices refer to places in it.
    ///
    /// # Errors
    /// [`Error::MalformedPlan`] for an index beyond its list, or gates that need each other.
    pub fn compile(
        channels: Vec<usize>,
        matrices: Vec<Matrix>,
        axes: Vec<Axis>,
        gates: Vec<GateSpec>,
    ) -> Result<Self> {
        for (index, matrix) in matrices.iter().enumerate() {
            if matrix.weights.nrows() != matrix.detectors.len() {
                return refuse(format!(
                    "{} detectors do not fit the {} rows of matrix {index}",
                    matrix.detectors.len(),
                    matrix.weights.nrows()
                ));
            }
            if matrix.detectors.iter().any(|&d| d >= channels.len()) {
                return refuse(format!(
                    "a detector of matrix {index} is not among the channels"
                ));
            }
        }
        let is_there = |value: Value| {
            value.channel < channels.len()
                && value.compensated.is_none_or(|(number, column)| {
                    matrices
                        .get(number)
                        .is_some_and(|matrix| column < matrix.weights.ncols())
                })
        };
        for (index, axis) in axes.iter().enumerate() {
            if !axis.source.values().all(is_there) {
                return refuse(format!(
                    "axis {index} refers to a channel that is not there"
                ));
            }
        }
        for (index, gate) in gates.iter().enumerate() {
            let axis_missing = gate.kind.axes().iter().any(|&axis| axis >= axes.len());
            if axis_missing || needs(gate).any(|other| other >= gates.len()) {
                return refuse(format!(
                    "gate {index} refers to something that is not there"
                ));
            }
            if let GateKind::Ellipsoid { axes, ellipsoid } = &gate.kind
                && axes.len() != ellipsoid.dimensions()
            {
                return refuse(format!(
                    "gate {index} has {} axes for an ellipsoid of {} dimensions",
                    axes.len(),
                    ellipsoid.dimensions()
                ));
            }
        }
        let order = order(&gates)?;
        Ok(Self {
            channels,
            matrices,
            axes,
            gates,
            order,
        })
    }

    /// Number of gates.
    #[must_use]
    pub fn n_gates(&self) -> usize {
        self.gates.len()
    }
}

fn refuse<T>(detail: String) -> Result<T> {
    Err(Error::MalformedPlan { detail })
}

/// The gates that must be decided before this one.
fn needs(gate: &GateSpec) -> impl Iterator<Item = usize> + '_ {
    let references = match &gate.kind {
        GateKind::Boolean(expression) => Some(expression.populations()),
        _ => None,
    };
    gate.parent
        .into_iter()
        .chain(references.into_iter().flatten())
}

fn order(gates: &[GateSpec]) -> Result<Vec<usize>> {
    let mut order = Vec::with_capacity(gates.len());
    let mut done = vec![false; gates.len()];
    while order.len() < gates.len() {
        let before = order.len();
        for (index, gate) in gates.iter().enumerate() {
            if !done[index] && needs(gate).all(|other| done[other]) {
                done[index] = true;
                order.push(index);
            }
        }
        if order.len() == before {
            return refuse("gates need each other in a circle".into());
        }
    }
    Ok(order)
}
