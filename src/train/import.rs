//! Reads back what [`super::export`] wrote: a chain of stages with weights and formats.
//!
//! General network files are the model loader's business; this serves scoring and further training of own networks.

use super::params::{Params, Running, StageParams};
use super::quantise::Grids;
use super::spec::{NetSpec, Op, StageSpec};
use crate::error::{Error, Result};
use crate::fixed::Format;
use crate::tensor::Shape;
use safetensors::tensor::SafeTensors;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct File {
    input: Input,
    quantise: Widths,
    layer: Vec<Layer>,
    head: Head,
}

#[derive(Deserialize)]
struct Input {
    channels: usize,
    height: usize,
    width: usize,
}

#[derive(Deserialize)]
struct Widths {
    feature_bits: u8,
    weight_bits: u8,
}

#[derive(Deserialize)]
struct Layer {
    name: String,
    op: String,
    #[serde(default)]
    stride: Option<usize>,
    #[serde(default)]
    channels: usize,
    #[serde(default)]
    activation: Option<toml::Value>,
    #[serde(default)]
    feature_frac: i8,
    #[serde(default)]
    weight_frac: i8,
}

#[derive(Deserialize)]
struct Head {
    anchors: Vec<[f32; 2]>,
}

/// Structure, weights and formats of an exported network folder.
///
/// # Errors
/// When a file is missing or damaged, or the network is no chain that [`super::export`] could have written.
pub fn read(folder: &Path) -> Result<(NetSpec, Params, Grids)> {
    let path = folder.join("network.toml");
    let text = std::fs::read_to_string(&path).map_err(|e| Error::io("read", &path, &e))?;
    let file: File = toml::from_str(&text).map_err(|e| Error::input(format!("not a trained network: {}", e.message())).file(&path))?;
    let input = Shape::new(file.input.channels, file.input.height, file.input.width);
    let mut spec = NetSpec { input, stages: Vec::new(), anchors: file.head.anchors };
    let mut grids = Grids { weight: Vec::new(), feature: Vec::new() };
    for layer in &file.layer {
        let bad = |what: &str| Error::input(format!("layer {} {what}", layer.name)).file(&path);
        if layer.op == "max_pool" {
            spec.stages.last_mut().ok_or_else(|| bad("has nothing to pool"))?.pool = true;
            continue;
        }
        let op = match layer.op.as_str() {
            "depthwise" => Op::Depthwise,
            "pointwise" => Op::Pointwise,
            "conv" => Op::Conv { stride: layer.stride.unwrap_or(1) },
            _ => return Err(bad("is of a kind the trainer does not know").value(&layer.op)),
        };
        let clip = clip(layer.activation.as_ref()).ok_or_else(|| bad("has an unknown activation"))?;
        spec.stages.push(StageSpec { name: layer.name.clone(), op, channels: layer.channels, norm: false, clip, pool: false });
        grids.weight.push(Format::signed(file.quantise.weight_bits, layer.weight_frac).check()?);
        grids.feature.push(Format::signed(file.quantise.feature_bits, layer.feature_frac).check()?);
    }
    let params = weights(&folder.join("weights.safetensors"), &spec)?;
    Ok((spec, params, grids))
}

/// The upper bound of an activation; the outer option is none for unknown ones.
fn clip(activation: Option<&toml::Value>) -> Option<Option<f32>> {
    match activation {
        None => Some(None),
        Some(toml::Value::String(s)) => match s.as_str() {
            "none" => Some(None),
            "relu" => Some(Some(f32::INFINITY)),
            s => s.strip_prefix("relu").and_then(|n| n.parse().ok()).map(Some),
        },
        Some(v) => v.get("clip").and_then(toml::Value::as_float).map(|c| Some(c as f32)),
    }
}

fn weights(path: &Path, spec: &NetSpec) -> Result<Params> {
    let data = std::fs::read(path).map_err(|e| Error::io("read", path, &e))?;
    let tensors = SafeTensors::deserialize(&data).map_err(|e| Error::input(format!("not a safetensors file: {e}")).file(path))?;
    let list = |name: String, count: usize| -> Result<Vec<f32>> {
        let view = tensors.tensor(&name).map_err(|e| Error::input(e.to_string()).file(path))?;
        if view.data().len() != count * 4 {
            return Err(Error::input(format!("{name} has another size")).file(path).value(view.data().len() / 4).allowed(count));
        }
        Ok(view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    };
    let mut params = Params { stages: Vec::new(), running: Vec::new() };
    for (stage, s) in spec.stages.iter().zip(spec.shapes()?) {
        let weight = list(format!("{}.weight", stage.name), stage.channels * stage.op.taps(s.input.c))?;
        let beta = list(format!("{}.bias", stage.name), stage.channels)?;
        params.stages.push(StageParams { weight, gamma: Vec::new(), beta });
        params.running.push(Running::default());
    }
    Ok(params)
}
