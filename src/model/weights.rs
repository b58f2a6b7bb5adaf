//! Float weights of a network: read from `weights.safetensors`, or drawn from a seed.

use super::float::FloatNetwork;
use crate::config::suggest::did_you_mean;
use crate::error::{Error, Result};
use crate::ops::{self, Kernel};
use crate::tensor::Shape;
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

/// Where weights come from.
pub(super) enum WeightSource<'a> {
    /// A safetensors file's bytes and the name it goes by in errors.
    File { bytes: &'a [u8], path: &'a Path },
    /// A pseudo-random network: only its shapes mean something.
    Random { seed: u64 },
}

/// Fills in every layer's weights.
///
/// # Errors
/// When the file is no safetensors file, a tensor is missing, left over, of another shape or type, or not finite.
pub(super) fn fill(network: &mut FloatNetwork, source: &WeightSource) -> Result<()> {
    let wanted: Vec<(usize, String, [usize; 4])> = (0..network.layers.len())
        .filter_map(|id| {
            let layer = &network.layers[id];
            let shapes: Vec<Shape> = layer.inputs.iter().map(|&i| network.layers[i].shape).collect();
            let shape = (ops::of(&layer.op)?.weights_shape)(&layer.op, &shapes, layer.shape.c)?;
            Some((id, layer.name.clone(), shape))
        })
        .collect();
    match *source {
        WeightSource::Random { seed } => {
            for (id, name, shape) in wanted {
                network.layers[id].weights = Some(random(seed, &name, shape));
            }
            Ok(())
        }
        WeightSource::File { bytes, path } => {
            let file = SafeTensors::deserialize(bytes)
                .map_err(|e| Error::input(format!("not a safetensors file: {e}")).hint("write the file anew; it may have been cut short"));
            let filled = file.and_then(|file| from_file(network, &file, &wanted));
            filled.map_err(|e| e.file(path))
        }
    }
}

fn from_file(network: &mut FloatNetwork, file: &SafeTensors, wanted: &[(usize, String, [usize; 4])]) -> Result<()> {
    let known: Vec<String> = wanted.iter().flat_map(|(_, n, _)| [format!("{n}.weight"), format!("{n}.bias")]).collect();
    let mut names = file.names();
    names.sort_unstable();
    if let Some(extra) = names.iter().find(|&&n| !known.iter().any(|k| k == n)) {
        let error = Error::input(format!("tensor `{}` belongs to no layer of the network", extra.escape_debug()));
        return Err(match did_you_mean(extra, known.iter().map(String::as_str)) {
            Some(hint) => error.hint(hint),
            None => error.allowed("<layer>.weight and <layer>.bias of layers that have weights"),
        });
    }
    for (id, name, shape) in wanted {
        // Fully connected layers may also come flat.
        let flat = [shape[0], shape[1] * shape[2] * shape[3]];
        let data = tensor(file, &format!("{name}.weight"), &[shape, &flat])?
            .ok_or_else(|| Error::input(format!("tensor `{name}.weight` is missing")).allowed(format!("float32 of shape {shape:?}")))?;
        // A convolution without bias simply has none in the file.
        let bias = tensor(file, &format!("{name}.bias"), &[&[shape[0]]])?.unwrap_or_else(|| vec![0.0; shape[0]]);
        network.layers[*id].weights = Some(Kernel { data, bias });
    }
    Ok(())
}

/// A float32 tensor of one of the `shapes`; `None` when the file does not have it.
fn tensor(file: &SafeTensors, name: &str, shapes: &[&[usize]]) -> Result<Option<Vec<f32>>> {
    let Ok(view) = file.tensor(name) else { return Ok(None) };
    if view.dtype() != Dtype::F32 {
        return Err(Error::input(format!("type of tensor `{name}`")).value(format!("{:?}", view.dtype())).allowed("F32"));
    }
    if !shapes.contains(&view.shape()) {
        return Err(Error::input(format!("shape of tensor `{name}`"))
            .value(format!("{:?}", view.shape()))
            .allowed(format!("{:?}", shapes[0])));
    }
    let values: Vec<f32> = view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    match values.iter().position(|v| !v.is_finite()) {
        Some(at) => Err(Error::input(format!("tensor `{name}` is not finite at element {at}")).value(values[at]).allowed("finite numbers")),
        None => Ok(Some(values)),
    }
}

/// Uniform weights that keep the size of activations from layer to layer (variance 2 / fan-in), and small biases. Each layer draws
/// from its own stream, so that one layer more does not change the others.
fn random(seed: u64, name: &str, shape: [usize; 4]) -> Kernel<f32> {
    let mut state = name.bytes().fold(seed ^ 0x9e37_79b9_7f4a_7c15, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let fan_in = shape[1] * shape[2] * shape[3];
    let reach = libm::sqrt(6.0 / fan_in.max(1) as f64);
    let mut draw = |reach: f64| ((uniform(&mut state) * 2.0 - 1.0) * reach) as f32;
    let data = (0..shape[0] * fan_in).map(|_| draw(reach)).collect();
    Kernel { data, bias: (0..shape[0]).map(|_| draw(0.1)).collect() }
}

/// The next number in 0..1 of a SplitMix64 stream.
pub(super) fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}
