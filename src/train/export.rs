//! Writes a network as a folder: `network.toml`, every format in it, and `weights.safetensors`.

use super::checkpoint::serialize;
use crate::error::Result;
use crate::files::{make_folder, write_atomically};
use crate::model::Network;
use crate::ops;
use crate::tensor::Shape;
use std::path::Path;

/// Writes both files into `folder`, which is created.
///
/// # Errors
/// When the folder cannot be written.
pub fn write(network: &Network, folder: &Path) -> Result<()> {
    make_folder(folder)?;
    let mut lists = Vec::new();
    for layer in &network.float.layers {
        let Some(kernel) = &layer.weights else { continue };
        let inputs: Vec<Shape> = layer.inputs.iter().map(|&i| network.float.layers[i].shape).collect();
        let shape = ops::of(&layer.op).and_then(|e| (e.weights_shape)(&layer.op, &inputs, layer.shape.c));
        let shape = shape.map_or(vec![kernel.data.len()], |s| s.to_vec());
        lists.push((format!("{}.weight", layer.name), shape, &kernel.data[..]));
        lists.push((format!("{}.bias", layer.name), vec![kernel.bias.len()], &kernel.bias[..]));
    }
    let path = folder.join("weights.safetensors");
    write_atomically(&path, &serialize(&path, &lists, None)?)?;
    write_atomically(&folder.join("network.toml"), network.resolved.as_bytes())
}
