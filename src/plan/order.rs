//! The order in which gates are decided, and what gates beside each other share.

use std::collections::HashMap;

use crate::error::Result;

use super::compile::{GateKind, GateSpec, Plan, refuse};
use super::nodes::Nodes;

/// Per gate: the compensated values that gates of the same parent need.
pub(super) fn beside(gates: &[GateSpec], nodes: &Nodes) -> Vec<Vec<usize>> {
    let mut of_parent: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for gate in gates {
        let known = of_parent.entry(gate.parent).or_default();
        gate.kind.for_each_axis(|axis| {
            let source = nodes.source[axis];
            if !nodes.all[source].detectors().is_empty() && !known.contains(&source) {
                known.push(source);
            }
        });
    }
    let beside = |gate: &GateSpec| of_parent[&gate.parent].clone();
    gates.iter().map(beside).collect()
}

/// The gates that must be decided before this one.
pub(super) fn needs(gate: &GateSpec) -> impl Iterator<Item = usize> + '_ {
    let references = match &gate.kind {
        GateKind::Boolean(expression) => Some(expression.populations()),
        _ => None,
    };
    gate.parent
        .into_iter()
        .chain(references.into_iter().flatten())
}

/// Each gate after what it needs, and otherwise sub-tree by sub-tree, so that what was computed
/// for a population can be given up early.
pub(super) fn order(gates: &[GateSpec]) -> Result<Vec<usize>> {
    let mut waits: Vec<usize> = gates.iter().map(|gate| needs(gate).count()).collect();
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); gates.len()];
    for (index, gate) in gates.iter().enumerate() {
        needs(gate).for_each(|other| waiting[other].push(index));
    }
    let mut ready: Vec<usize> = (0..gates.len()).rev().filter(|&g| waits[g] == 0).collect();
    let mut order = Vec::with_capacity(gates.len());
    while let Some(index) = ready.pop() {
        order.push(index);
        for &next in waiting[index].iter().rev() {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(next);
            }
        }
    }
    if order.len() < gates.len() {
        return refuse("gates need each other in a circle".into());
    }
    Ok(order)
}

/// For each gate, the populations that no later gate lies in.
pub(super) fn last_uses(gates: &[GateSpec], order: &[usize]) -> Vec<Vec<usize>> {
    let mut last: Vec<usize> = (0..gates.len()).collect();
    for &gate in order {
        let mut above = gates[gate].parent;
        while let Some(parent) = above {
            last[parent] = gate;
            above = gates[parent].parent;
        }
    }
    let mut uses = vec![Vec::new(); gates.len()];
    // Inner domains are given up before those that they lie in.
    for &population in order.iter().rev() {
        uses[last[population]].push(population);
    }
    uses
}

/// A gate and all that depend on it, in order.
pub(super) fn affected(plan: &Plan, gate: usize) -> Vec<usize> {
    let mut is_affected = vec![false; plan.n_gates()];
    is_affected[gate] = true;
    let mut found = Vec::new();
    for &index in &plan.order {
        is_affected[index] |= needs(&plan.gates[index]).any(|other| is_affected[other]);
        if is_affected[index] {
            found.push(index);
        }
    }
    found
}
