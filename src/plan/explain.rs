//! Explanation of a plan in numbers of channels, axes and gates.

use crate::fcs::data::BLOCK_EVENTS;

use super::compile::{GateKind, Plan};
use super::nodes::Node;

/// What is done with each block, and what that takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Gates in the order in which they are decided.
    pub order: Vec<usize>,
    /// The plan's channels that are decoded.
    pub decoded: Vec<usize>,
    /// The number of compensated values are computed: columns of matrices.
    pub matrix_columns: usize,
    /// Per gate: whether it is decided on values before any scale (Boolean gates: on masks alone).
    pub on_values: Vec<bool>,
    /// Per gate: the axes whose scaled values it needs.
    pub scaled_axes: Vec<Vec<usize>>,
    /// Most bytes of columns and masks that one thread holds, beside the rows of a block.
    pub bytes_per_thread: usize,
    /// Events of a block.
    pub block_events: usize,
}

impl Plan {
    /// Say what the plan does.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let scaled_axes: Vec<Vec<usize>> =
            self.gates.iter().map(|g| self.scaled(&g.kind)).collect();
        let mut is_needed = vec![false; self.nodes.all.len()];
        for (gate, scaled) in self.gates.iter().zip(&scaled_axes) {
            gate.kind
                .for_each_axis(|axis| self.need(self.nodes.source[axis], &mut is_needed));
            for &axis in scaled {
                is_needed[self.nodes.scaled[axis]] = true;
            }
        }
        for request in &self.requests {
            self.need(self.nodes.source[request.axis], &mut is_needed);
        }
        let needed = || {
            self.nodes
                .all
                .iter()
                .zip(&is_needed)
                .filter(|(_, needed)| **needed)
        };
        let decoded = needed()
            .filter_map(|(node, _)| match node {
                Node::Channel(channel) => Some(*channel),
                _ => None,
            })
            .collect();
        let matrix_columns = needed()
            .filter(|(node, _)| matches!(node, Node::Compensated { .. }))
            .count();
        // One domain for each level of the tree at most and one for the events near a region, each
        // with every column; seven masks a gate.
        let columns = (2 + self.depth()) * needed().count() * BLOCK_EVENTS * size_of::<f64>();
        let masks = self.gates.len() * 7 * BLOCK_EVENTS / 8;
        Explanation {
            order: self.order.clone(),
            decoded,
            matrix_columns,
            on_values: scaled_axes.iter().map(Vec::is_empty).collect(),
            scaled_axes,
            bytes_per_thread: columns + masks,
            block_events: BLOCK_EVENTS,
        }
    }

    fn scaled(&self, kind: &GateKind) -> Vec<usize> {
        let mut axes = Vec::new();
        if matches!(kind, GateKind::Region { .. }) {
            kind.for_each_axis(|axis| {
                if self.nodes.scaled[axis] != self.nodes.source[axis] {
                    axes.push(axis);
                }
            });
        }
        axes
    }

    /// Mark a node and what it is made of.
    fn need(&self, node: usize, is_needed: &mut [bool]) {
        is_needed[node] = true;
        match &self.nodes.all[node] {
            Node::Channel(_) => {}
            Node::Compensated { detectors, .. } => {
                for &detector in detectors {
                    is_needed[detector] = true;
                }
            }
            Node::Ratio {
                numerator,
                denominator,
                ..
            } => {
                self.need(*numerator, is_needed);
                self.need(*denominator, is_needed);
            }
            Node::Scaled { source, .. } => self.need(*source, is_needed),
        }
    }

    fn depth(&self) -> usize {
        let depth = |gate: usize| {
            std::iter::successors(Some(gate), |&gate| self.gates[gate].parent).count()
        };
        (0..self.gates.len()).map(depth).max().unwrap_or(0)
    }
}
