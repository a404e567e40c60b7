//! Quantities that can be computed of an event: each channel, compensated value, ratio and scaled scaled value once.

use crate::transform::{Fast, Scale};

use super::compile::{Axis, AxisSource, Matrix, Value};

/// One thing that is computed of an event.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// The plan's channel of this number, as acquired. Nodes begin with these, in order.
    Channel(usize),
    /// A weighted sum of detectors, in their order.
    Compensated {
        /// Nodes of the detectors.
        detectors: Vec<usize>,
        /// One per detector.
        weights: Vec<f64>,
    },
    /// `a (x - b) / (y - c)` of two nodes.
    Ratio {
        numerator: usize,
        denominator: usize,
        a: f64,
        b: f64,
        c: f64,
    },
    /// A scaled value on a scale, near enough to find out which events need the exact scaled value.
    Scaled { source: usize, fast: Fast },
}

impl Node {
    /// The nodes that are summed; none where nothing is.
    pub(super) fn detectors(&self) -> &[usize] {
        match self {
            Self::Compensated { detectors, .. } => detectors,
            _ => &[],
        }
    }

    /// What each of these is multiplied with.
    pub(super) fn weights(&self) -> &[f64] {
        match self {
            Self::Compensated { weights, .. } => weights,
            _ => &[],
        }
    }

    /// Return whether both are the same sum or the same ratio.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Compensated { detectors, weights },
                Self::Compensated {
                    detectors: others,
                    weights: other_weights,
                },
            ) => detectors == others && weights == other_weights,
            (
                Self::Ratio {
                    numerator,
                    denominator,
                    a,
                    b,
                    c,
                },
                Self::Ratio {
                    numerator: other_numerator,
                    denominator: other_denominator,
                    a: other_a,
                    b: other_b,
                    c: other_c,
                },
            ) => {
                (numerator, denominator) == (other_numerator, other_denominator)
                    && (a, b, c) == (other_a, other_b, other_c)
            }
            _ => false,
        }
    }
}

/// All that a plan computes, and where its axes find it.
#[derive(Debug, Clone, Default)]
pub(super) struct Nodes {
    pub(super) all: Vec<Node>,
    /// Per axis: its value before the scale.
    pub(super) source: Vec<usize>,
    /// Per axis: its scaled value on the scale; the value itself where there is none.
    pub(super) scaled: Vec<usize>,
}

impl Nodes {
    /// Find what axes need; references have been checked.
    pub(super) fn new(n_channels: usize, matrices: &[Matrix], axes: &[Axis]) -> Self {
        let mut nodes = Self {
            all: (0..n_channels).map(Node::Channel).collect(),
            ..Self::default()
        };
        for axis in axes {
            let source = nodes.of_source(matrices, &axis.source);
            let scaled = match &axis.scale {
                Scale::Identity => source,
                scale => nodes.of_scale(source, scale),
            };
            nodes.source.push(source);
            nodes.scaled.push(scaled);
        }
        nodes
    }

    /// The node of a source, added where it is new.
    pub(super) fn of_source(&mut self, matrices: &[Matrix], source: &AxisSource) -> usize {
        match *source {
            AxisSource::Value(value) => self.of_value(matrices, value),
            AxisSource::Ratio {
                numerator,
                denominator,
                a,
                b,
                c,
            } => {
                let numerator = self.of_value(matrices, numerator);
                let denominator = self.of_value(matrices, denominator);
                self.add(Node::Ratio {
                    numerator,
                    denominator,
                    a,
                    b,
                    c,
                })
            }
        }
    }

    fn of_value(&mut self, matrices: &[Matrix], value: Value) -> usize {
        let Some((matrix, column)) = value.compensated else {
            return value.channel;
        };
        let matrix = &matrices[matrix];
        self.add(Node::Compensated {
            detectors: matrix.detectors.clone(),
            weights: matrix.weights.column(column).to_vec(),
        })
    }

    fn of_scale(&mut self, source: usize, scale: &Scale) -> usize {
        let known = |node: &Node| match node {
            Node::Scaled { source: of, fast } => *of == source && fast.scale() == scale,
            _ => false,
        };
        self.all.iter().position(known).unwrap_or_else(|| {
            let fast = Fast::new(scale.clone());
            self.all.push(Node::Scaled { source, fast });
            self.all.len() - 1
        })
    }

    fn add(&mut self, node: Node) -> usize {
        let known = self.all.iter().position(|other| other.is(&node));
        known.unwrap_or_else(|| {
            self.all.push(node);
            self.all.len() - 1
        })
    }
}
