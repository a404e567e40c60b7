//! Plans: axes, gates and requests, checked and ordered.

use std::collections::HashSet;

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::fcs::data::Values;
use crate::gate::{AxisBounds, Expression, Interval, Rectangle, Shape, numbers, pairs};
use crate::summary::Statistic;
use crate::transform::Scale;

use super::nodes::Nodes;
use super::order::{beside, last_uses, needs, order};
use super::reach::{Reach, reaches};

/// A channel, as acquired or compensated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value {
    /// Index of the channel in the plan.
    pub channel: usize,
    /// Number of a matrix and column of its weights, or `None` for the value as acquired.
    pub compensated: Option<(usize, usize)>,
}

/// The source of an axis, before its scale.
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
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The values shown.
    pub source: AxisSource,
    /// Scale of the axis.
    pub scale: Scale,
}

/// Weights that turn detectors into fluorochromes.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Positions of the detectors among the plan's channels.
    pub detectors: Vec<usize>,
    /// Detectors x dyes: the inverse of a spillover matrix, or its pseudo-inverse.
    pub weights: Array2<f64>,
}

/// The shape of a gate.
#[derive(Debug, Clone, PartialEq)]
pub enum GateKind {
    /// Intervals on axes.
    Rectangle(Rectangle),
    /// A region of the scaled values.
    Region {
        /// One per dimension.
        axes: Vec<usize>,
        /// Its shape.
        shape: Shape,
    },
    /// An expression over other gates, each with its own ancestors.
    Boolean(Expression),
}

impl GateKind {
    /// A rectangle or a region by the name of its kind and its parameters; `scales` are those of
    /// its axes.
    ///
    /// # Errors
    /// [`Error::MalformedGate`] for a kind that there is not, or parameters that make no gate.
    pub fn from_name(
        name: &str,
        axes: Vec<usize>,
        parameters: &[Option<f64>],
        scale: impl Fn(usize) -> Scale,
    ) -> Result<Self> {
        let Some(interval) = Interval::of_kind(name) else {
            let shape = Shape::from_name(name, &numbers(parameters)?)?;
            return Ok(Self::Region { axes, shape });
        };
        let bounds = pairs(parameters)?;
        if bounds.len() != axes.len() {
            return Err(Error::MalformedGate {
                detail: format!(
                    "{} axes do not fit {} pairs of bounds",
                    axes.len(),
                    bounds.len()
                ),
            });
        }
        let dimensions = axes
            .iter()
            .zip(bounds)
            .map(|(&axis, &[low, high])| AxisBounds::new(axis, scale(axis), (low, high), interval))
            .collect::<Result<_>>()?;
        Ok(Self::Rectangle(Rectangle { dimensions }))
    }

    /// Visit the axes it is drawn on, in its order.
    pub fn for_each_axis(&self, mut visit: impl FnMut(usize)) {
        match self {
            Self::Rectangle(gate) => gate.dimensions.iter().for_each(|side| visit(side.axis)),
            Self::Region { axes, .. } => axes.iter().copied().for_each(visit),
            Self::Boolean(_) => {}
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

/// Values of a population that are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Index of the gate; `None` for all events.
    pub population: Option<usize>,
    /// Index of the axis.
    pub axis: usize,
    /// True for values on the scale of the axis.
    pub scaled: bool,
    /// The statistics that are estimated.
    pub statistics: Vec<Statistic>,
    /// True if the values themselves are kept, in the order of the events.
    pub values: bool,
}

/// Everything needed to gate files of one panel, checked and ordered.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) channels: Vec<usize>,
    /// True if files give stored numbers or values on the channels' scales.
    pub(super) values: Values,
    #[cfg_attr(not(test), allow(dead_code))] // what nodes were made of; tests take it from here
    pub(super) matrices: Vec<Matrix>,
    pub(super) axes: Vec<Axis>,
    pub(super) gates: Vec<GateSpec>,
    /// Requests beyond counts.
    pub(super) requests: Vec<Request>,
    /// Indices of `gates`, each after its parent and what it refers to.
    pub(super) order: Vec<usize>,
    /// The quantities that are computed of an event.
    pub(super) nodes: Nodes,
    /// Per gate: the compensated values that it and the gates beside it need, all of them in one domain.
    pub(super) beside: Vec<Vec<usize>>,
    /// Per gate: where it can hold anything, for regions on scaled axes.
    pub(super) reaches: Vec<Option<Reach>>,
    /// Per gate: whether a Boolean gate refers to it.
    pub(super) referenced: Vec<bool>,
    /// Per gate: the populations of which it is the last descendant in this order.
    pub(super) last_uses: Vec<Vec<usize>>,
}

impl Plan {
    /// Check and order a gating strategy.
    ///
    /// `channels` are numbers of the file's channels; values and matrices refer to positions in it.
    ///
    /// # Errors
    /// [`Error::MalformedPlan`] for an index beyond its list, or gates that need each other.
    pub fn compile(
        channels: Vec<usize>,
        matrices: Vec<Matrix>,
        axes: Vec<Axis>,
        gates: Vec<GateSpec>,
    ) -> Result<Self> {
        if channels.iter().collect::<HashSet<_>>().len() < channels.len() {
            return refuse("a channel stands in the list twice".into());
        }
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
            let mut axis_missing = false;
            gate.kind
                .for_each_axis(|axis| axis_missing |= axis >= axes.len());
            if axis_missing || needs(gate).any(|other| other >= gates.len()) {
                return refuse(format!(
                    "gate {index} refers to something that is not there"
                ));
            }
            if let GateKind::Region { axes, shape } = &gate.kind
                && axes.len() != shape.dimensions()
            {
                return refuse(format!(
                    "gate {index} has {} axes for a region of {} dimensions",
                    axes.len(),
                    shape.dimensions()
                ));
            }
        }
        let order = order(&gates)?;
        let mut referenced = vec![false; gates.len()];
        for gate in &gates {
            if let GateKind::Boolean(expression) = &gate.kind {
                expression
                    .populations()
                    .for_each(|other| referenced[other] = true);
            }
        }
        let nodes = Nodes::new(channels.len(), &matrices, &axes);
        Ok(Self {
            beside: beside(&gates, &nodes),
            nodes,
            reaches: reaches(&axes, &gates),
            last_uses: last_uses(&gates, &order),
            requests: Vec::new(),
            values: Values::Scale,
            channels,
            matrices,
            axes,
            gates,
            order,
            referenced,
        })
    }

    /// The same plan, asked for values and statistics beside counts.
    ///
    /// # Errors
    /// [`Error::MalformedPlan`] for a population or an axis that is not there.
    pub fn keeping(mut self, requests: Vec<Request>) -> Result<Self> {
        for (index, one) in requests.iter().enumerate() {
            let known = one.population.is_none_or(|gate| gate < self.gates.len());
            if !known || one.axis >= self.axes.len() {
                return refuse(format!(
                    "request {index} refers to something that is not there"
                ));
            }
        }
        self.requests = requests;
        Ok(self)
    }

    /// The same plan for stored numbers, or for values on the channels' scales.
    #[must_use]
    pub fn reading(mut self, values: Values) -> Self {
        self.values = values;
        self
    }

    /// Build what makes many decisions of a region fast.
    pub(super) fn prepare(&self) {
        for gate in &self.gates {
            if let GateKind::Region { shape, .. } = &gate.kind {
                shape.prepare();
            }
        }
    }

    /// The axes on which gates are drawn.
    #[must_use]
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Requests beyond counts.
    #[must_use]
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// Number of gates.
    #[must_use]
    pub fn n_gates(&self) -> usize {
        self.gates.len()
    }
}

pub(super) fn refuse<T>(detail: String) -> Result<T> {
    Err(Error::MalformedPlan { detail })
}
