//! What each gate needs, and in which order gates are decided.

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::gate::{Expression, Polygon, Rectangle};
use crate::transform::Scale;

/// One axis on which gates are drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Which of the plan's channels.
    pub channel: usize,
    /// Column of the inverse spillover matrix, or `None` for the value as acquired.
    pub compensated: Option<usize>,
    /// Scale of the axis.
    pub scale: Scale,
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
    /// An expression over other gates, each with its own ancestors.
    Boolean(Expression),
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
    pub(super) detectors: Vec<usize>,
    pub(super) axes: Vec<Axis>,
    pub(super) inverse: Option<Array2<f64>>,
    pub(super) gates: Vec<GateSpec>,
    /// Indices of `gates`, each after its parent and what it refers to.
    pub(super) order: Vec<usize>,
}

impl Plan {
    /// Check and order a gating strategy.
    ///
    /// `channels` are numbers of the file's channels; axes refer to places in it. `detectors` are the places
    /// of the channels that enter compensation, in the order of the rows of `inverse`.
    ///
    /// # Errors
    /// [`Error::MalformedPlan`] for an index beyond its list, or gates that need each other.
    pub fn compile(
        channels: Vec<usize>,
        detectors: Vec<usize>,
        inverse: Option<Array2<f64>>,
        axes: Vec<Axis>,
        gates: Vec<GateSpec>,
    ) -> Result<Self> {
        let refuse = |detail: String| Err(Error::MalformedPlan { detail });
        let dyes = inverse.as_ref().map_or(0, Array2::ncols);
        if inverse.as_ref().map_or(0, Array2::nrows) != detectors.len() {
            return refuse(format!(
                "{} detectors do not fit the inverse spillover matrix",
                detectors.len()
            ));
        }
        if detectors.iter().any(|&place| place >= channels.len()) {
            return refuse("a detector is not among the channels".into());
        }
        for (index, axis) in axes.iter().enumerate() {
            if axis.channel >= channels.len() || axis.compensated.is_some_and(|dye| dye >= dyes) {
                return refuse(format!(
                    "axis {index} refers to a channel that is not there"
                ));
            }
        }
        for (index, gate) in gates.iter().enumerate() {
            let axis_missing = match &gate.kind {
                GateKind::Rectangle(gate) => gate.dimensions.iter().any(|d| d.axis >= axes.len()),
                GateKind::Polygon { x, y, .. } => *x >= axes.len() || *y >= axes.len(),
                GateKind::Boolean(_) => false,
            };
            if axis_missing || needs(gate).any(|other| other >= gates.len()) {
                return refuse(format!(
                    "gate {index} refers to something that is not there"
                ));
            }
        }
        let order = order(&gates)?;
        Ok(Self {
            channels,
            detectors,
            axes,
            inverse,
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
            return Err(Error::MalformedPlan {
                detail: "gates need each other in a circle".into(),
            });
        }
    }
    Ok(order)
}
