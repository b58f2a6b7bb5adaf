//! The untiled reference executor: every node's integers, one whole map after the other. The golden for everything else.

use super::graph::{Graph, Node};
use crate::error::{Error, Result};
use crate::ops::{self, Operand};
use crate::tensor::Tensor;
use sha2::{Digest, Sha256};

/// Runs one image; returns each node's output, by node.
///
/// `graph` must have passed [`super::check()`].
///
/// # Errors
/// When the image has other extents than the input, or values that are no members of its format.
pub fn run(graph: &Graph, image: &Tensor) -> Result<Vec<Tensor>> {
    run_with(graph, image, ops::evaluate)
}

/// [`run`] with another evaluation of nodes: `evaluate(node, operands)`.
///
/// # Errors
/// As [`run`].
pub fn run_with(graph: &Graph, image: &Tensor, evaluate: impl Fn(&Node, &[Operand]) -> Tensor) -> Result<Vec<Tensor>> {
    check_image(graph, image)?;
    let mut outputs: Vec<Tensor> = Vec::with_capacity(graph.nodes.len());
    outputs.push(image.clone());
    for node in &graph.nodes[1..] {
        let operands: Vec<Operand> = node.inputs.iter().map(|&i| Operand::new(&graph.nodes[i], &outputs[i])).collect();
        outputs.push(evaluate(node, &operands));
    }
    Ok(outputs)
}

/// The image has the input's extents, and its values are members of the input's format.
pub(super) fn check_image(graph: &Graph, image: &Tensor) -> Result<()> {
    let input = graph.input();
    if image.shape != input.shape {
        return Err(Error::input("image has other extents than the network's input").value(image.shape).allowed(input.shape));
    }
    if let Some(v) = image.data.iter().find(|&&v| !input.format.contains(v)) {
        let f = input.format;
        return Err(Error::input("image value is no member of the input's format").value(v).allowed(format!("{} to {}", f.min(), f.max())));
    }
    Ok(())
}

/// One node's name and the SHA-256 (hex) of its raw integers.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LayerHash {
    /// Name of the node.
    pub layer: String,
    /// Of the raw integers as little-endian `i32`, channel-major.
    pub sha256: String,
}

/// The hash of every node's output, for golden runs.
pub fn hash_layers(graph: &Graph, outputs: &[Tensor]) -> Vec<LayerHash> {
    graph.nodes.iter().zip(outputs).map(|(n, t)| LayerHash { layer: n.name.clone(), sha256: hash(t) }).collect()
}

/// SHA-256 (hex) of a tensor's raw integers as little-endian `i32`, channel-major.
pub fn hash(tensor: &Tensor) -> String {
    let mut sha = Sha256::new();
    for chunk in tensor.data.chunks(4096) {
        sha.update(chunk.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
    }
    hex::encode(sha.finalize())
}
