//! What every graph promises, whoever built it: after this, executing it cannot go wrong.

use super::graph::{Graph, Node, Op};
use crate::error::{Error, Result};
use crate::ops;
use crate::tensor::Shape;
use std::collections::BTreeSet;

/// Checks a graph: topology, extents, members of formats, scales, and that no accumulator or product leaves 62 bits.
///
/// # Errors
/// Names the first node that breaks a promise.
pub fn check(graph: &Graph) -> Result<()> {
    if !matches!(graph.nodes.first(), Some(Node { op: Op::Input, .. })) {
        return Err(Error::input(format!("graph `{}` does not begin with its input", graph.name)));
    }
    let mut names = BTreeSet::new();
    for (id, node) in graph.nodes.iter().enumerate() {
        if !names.insert(&node.name) {
            return Err(Error::input(format!("two nodes are named `{}`", node.name)));
        }
        node_holds(graph, id, node).map_err(|e| e.within(format!("node `{}`", node.name)))?;
    }
    Ok(())
}

fn node_holds(graph: &Graph, id: usize, node: &Node) -> Result<()> {
    node.format.check()?;
    let Some(entry) = ops::of(&node.op) else {
        let alone = id == 0 && node.inputs.is_empty() && node.requantise.is_none() && node.weights.is_none();
        return if alone { zero_point_holds(node) } else { Err(Error::input("only node 0 is an input, and nothing more")) };
    };
    if node.inputs.iter().any(|&i| i >= id) {
        return Err(Error::input("operands must come earlier").value(format!("{:?}", node.inputs)).allowed(format!("below {id}")));
    }
    let (fewest, most) = entry.operands;
    if !(fewest..=most).contains(&node.inputs.len()) {
        return Err(Error::input("number of operands").value(node.inputs.len()).allowed(format!("{fewest} to {most}")));
    }
    let inputs: Vec<&Node> = graph.operands(node).collect();
    let shapes: Vec<Shape> = inputs.iter().map(|n| n.shape).collect();
    let shape = (entry.output_shape)(&node.op, &shapes, node.shape.c)?;
    if shape != node.shape {
        return Err(Error::input("extents").value(node.shape).allowed(shape));
    }
    weights_hold(node, (entry.weights_shape)(&node.op, &shapes, node.shape.c))?;
    match (&node.requantise, entry.moves) {
        (None, true) => match inputs.iter().find(|n| (n.format, n.zero_point) != (node.format, node.zero_point)) {
            Some(other) => Err(Error::input(format!("operand `{}` has another format or zero point", other.name))),
            None => zero_point_holds(node),
        },
        (Some(r), false) if (r.format, r.zero_point) == (node.format, node.zero_point) => {
            let shifts_hold = (0..inputs.len()).all(|i| (entry.operand_shift)(&node.op, i) <= 31);
            let bound = if shifts_hold { ops::accumulator_bound(node, &inputs) } else { i64::MAX };
            r.check(node.shape.c, bound)
        }
        (Some(_), false) => Err(Error::input("the requantise step ends in another format or zero point than the node's")),
        (Some(_), true) => Err(Error::input(format!("{} moves values unchanged, yet has a requantise step", entry.name))),
        (None, false) => Err(Error::input(format!("{} has no requantise step", entry.name))),
    }
}

fn zero_point_holds(node: &Node) -> Result<()> {
    let binary = node.format.is_binary();
    let (low, high) = if binary { (0, 0) } else { (node.format.min(), node.format.max()) };
    if (low..=high).contains(&node.zero_point) {
        return Ok(());
    }
    Err(Error::input("zero point is out of range").value(node.zero_point).allowed(format!("{low} to {high}")))
}

fn weights_hold(node: &Node, shape: Option<[usize; 4]>) -> Result<()> {
    match (&node.weights, shape) {
        (None, None) => Ok(()),
        (Some(w), Some(shape)) => {
            w.format.check()?;
            let (count, bias) = (shape.iter().product::<usize>(), shape[0]);
            if w.data.len() != count || w.bias.len() != bias {
                return Err(Error::input("number of weights and biases")
                    .value(format!("{} and {}", w.data.len(), w.bias.len()))
                    .allowed(format!("{count} and {bias}")));
            }
            match w.data.iter().find(|&&v| !w.format.contains(v)) {
                Some(v) => Err(Error::input("a weight is no member of its format").value(v).allowed(format!("{:?}", w.format))),
                None => Ok(()),
            }
        }
        (Some(_), None) => Err(Error::input("weights on an operation that has none")),
        (None, Some(_)) => Err(Error::input("weights are missing")),
    }
}
