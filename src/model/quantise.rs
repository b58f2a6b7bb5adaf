//! Post-training quantisation: a float network and its settled formats become a graph of integers.

use super::check::check;
use super::float::{Activation, FloatLayer, FloatNetwork};
use super::graph::{Graph, Node, NodeId, Op, Weights};
use super::raw::ScaleKind;
use crate::error::{Error, Result};
use crate::fixed::{Format, Requantise, Scale};
use crate::ops::{self, Entry, Kernel};
use crate::tensor::Shape;

/// Quantises a network whose feature formats are settled; open weight formats are derived from the weights.
///
/// A concatenation's operands of other formats get a requantise node `<concat>.<operand>`; an addition's operands are shifted to the
/// finer of their scales; biases are rounded to the accumulator's scale.
///
/// # Errors
/// When a feature format is open, a bias does not fit 32 bits, or a scale is out of range: names the layer.
pub fn quantise(network: &FloatNetwork) -> Result<Graph> {
    let mut builder = Builder { graph: Graph { name: network.name.clone(), nodes: Vec::new() }, node_of: Vec::new() };
    for layer in &network.layers {
        builder.layer(layer).map_err(|e| e.within(format!("layer `{}`", layer.name)))?;
    }
    check(&builder.graph)?;
    Ok(builder.graph)
}

struct Builder {
    graph: Graph,
    /// The node that holds each layer's output.
    node_of: Vec<NodeId>,
}

impl Builder {
    fn layer(&mut self, layer: &FloatLayer) -> Result<()> {
        let inputs: Vec<NodeId> = layer.inputs.iter().map(|&i| self.node_of[i]).collect();
        let node = match ops::of(&layer.op) {
            None => Node { zero_point: layer.numbers.zero_point, ..node(layer, inputs, settled(layer)?) },
            Some(_) if layer.op == Op::Concat => self.concat(layer, inputs)?,
            Some(entry) if entry.moves => {
                let from = &self.graph.nodes[inputs[0]];
                Node { zero_point: from.zero_point, ..node(layer, inputs.clone(), from.format) }
            }
            Some(entry) => self.requantised(entry, layer, inputs)?,
        };
        let id = self.push(node);
        self.node_of.push(id);
        Ok(())
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.graph.nodes.push(node);
        self.graph.nodes.len() - 1
    }

    /// Brings all operands to one format: the layer's own if it has one, else the widest and coarsest of the operands'.
    fn concat(&mut self, layer: &FloatLayer, mut inputs: Vec<NodeId>) -> Result<Node> {
        let of = |id: &NodeId| (self.graph.nodes[*id].format, self.graph.nodes[*id].zero_point);
        let first = of(&inputs[0]);
        let common = match layer.numbers.features {
            Some(_) => (settled(layer)?, layer.numbers.zero_point),
            None if inputs.iter().all(|i| of(i) == first) => first,
            None if inputs.iter().any(|i| of(i).1 != 0) => {
                return Err(Error::input("operands of a concatenation have different zero points, or formats around one")
                    .hint("give the concatenation its own `features` and `zero_point`"));
            }
            None => (common_format(inputs.iter().map(|i| of(i).0)), 0),
        };
        let mut made: Vec<(NodeId, NodeId)> = Vec::new();
        for id in &mut inputs {
            let source = &self.graph.nodes[*id];
            if (source.format, source.zero_point) == common {
                continue;
            }
            if let Some(&(_, again)) = made.iter().find(|(from, _)| from == id) {
                *id = again;
                continue;
            }
            let scale = Scale::power_of_two(i32::from(source.format.frac) - i32::from(common.0.frac))?;
            let requantise = Requantise {
                zero_point: common.1,
                rounding: layer.numbers.rounding,
                overflow: layer.numbers.overflow,
                ..Requantise::by_shift(scale.shift, common.0)
            };
            let adapted = Node {
                name: format!("{}.{}", layer.name, source.name),
                op: Op::Activation,
                inputs: vec![*id],
                shape: source.shape,
                format: common.0,
                zero_point: common.1,
                weights: None,
                requantise: Some(requantise),
            };
            made.push((*id, self.push(adapted)));
            *id = self.graph.nodes.len() - 1;
        }
        Ok(Node { zero_point: common.1, ..node(layer, inputs, common.0) })
    }

    fn requantised(&self, entry: &Entry, layer: &FloatLayer, inputs: Vec<NodeId>) -> Result<Node> {
        let format = settled(layer)?;
        let fracs: Vec<i32> = inputs.iter().map(|&i| i32::from(self.graph.nodes[i].format.frac)).collect();
        let shapes: Vec<Shape> = inputs.iter().map(|&i| self.graph.nodes[i].shape).collect();
        let finest = fracs.iter().copied().max().unwrap_or(0);
        let mut node = Node { zero_point: layer.numbers.zero_point, ..node(layer, inputs, format) };
        if matches!(layer.op, Op::Add { .. }) {
            if finest - fracs.iter().min().unwrap_or(&0) > 31 {
                return Err(Error::input("operands' fraction bits are too far apart").value(format!("{fracs:?}")).allowed("31 at most"));
            }
            node.op = Op::Add { shifts: [(finest - fracs[0]) as u8, (finest - fracs[1]) as u8] };
        }
        let scales = match &layer.weights {
            Some(kernel) => {
                let (weights, scales) = weights(layer, kernel, fracs[0], format)?;
                node.weights = Some(weights);
                scales
            }
            None => match (entry.mean_of)(&layer.op, &shapes) {
                1 => vec![Scale::power_of_two(finest - i32::from(format.frac))?],
                n => vec![Scale::nearest(libm::ldexp(1.0 / n as f64, i32::from(format.frac) - finest))?],
            },
        };
        let requantise = requantise(layer, scales, format);
        if requantise.clip.is_some_and(|clip| clip <= requantise.zero_point) {
            return Err(Error::input("the clip rounds to 0 at these fraction bits: the layer would give nothing else")
                .value(format!("{} fraction bits", format.frac))
                .hint("raise feature_frac"));
        }
        node.requantise = Some(requantise);
        Ok(node)
    }
}

fn node(layer: &FloatLayer, inputs: Vec<NodeId>, format: Format) -> Node {
    let (name, op, shape) = (layer.name.clone(), layer.op.clone(), layer.shape);
    Node { name, op, inputs, shape, format, zero_point: 0, weights: None, requantise: None }
}

fn settled(layer: &FloatLayer) -> Result<Format> {
    let spec = layer.numbers.features.ok_or_else(|| Error::input("no output format"))?;
    let frac = spec.frac.ok_or_else(|| Error::input("fraction bits of the output are open").hint("calibrate, or give feature_frac"))?;
    spec.with_frac(frac).check()
}

/// As wide as the widest, and coarse enough to hold the values of all: the most integer bits (without the sign), a sign where one has it.
pub fn common_format(formats: impl Iterator<Item = Format> + Clone) -> Format {
    let signed = formats.clone().any(|f| f.signed);
    let whole = |f: Format| i32::from(f.bits) - i32::from(f.frac) - i32::from(f.signed);
    let bits = formats.clone().map(|f| f.bits).max().unwrap_or(1);
    let integer = formats.map(whole).max().unwrap_or(0);
    Format { bits, frac: (i32::from(bits) - integer - i32::from(signed)).clamp(-32, 32) as i8, signed, narrow: false }
}

fn requantise(layer: &FloatLayer, scales: Vec<Scale>, format: Format) -> Requantise {
    let numbers = &layer.numbers;
    let (relu, clip, leaky_slope) = match layer.activation {
        Activation::None => (false, None, None),
        Activation::Relu => (true, None, None),
        Activation::Clip(end) => {
            // Contract, point 17: the smaller of the bound and the format's end.
            let raw = libm::rint(end / format.step()) + f64::from(numbers.zero_point);
            (true, Some(raw.min(f64::from(format.max())) as i32), None)
        }
        Activation::Leaky(slope) => (false, None, Some(slope)),
    };
    let (rounding, overflow) = (numbers.rounding, numbers.overflow);
    Requantise { scales, rounding, overflow, zero_point: numbers.zero_point, relu, clip, leaky_slope, format }
}

/// Integer weights and the scales that go with them.
fn weights(layer: &FloatLayer, kernel: &Kernel<f32>, input_frac: i32, output: Format) -> Result<(Weights, Vec<Scale>)> {
    match layer.numbers.scale {
        ScaleKind::Shift => by_shift(layer, kernel, input_frac, output),
        ScaleKind::Multiplier => by_multiplier(layer, kernel, input_frac, output, kernel.bias.len()),
        ScaleKind::MultiplierPerChannel => by_multiplier(layer, kernel, input_frac, output, 1),
    }
}

fn by_shift(layer: &FloatLayer, kernel: &Kernel<f32>, input_frac: i32, output: Format) -> Result<(Weights, Vec<Scale>)> {
    let spec = layer.numbers.weights;
    let frac = spec.frac.unwrap_or_else(|| spec.fitting(&kernel.data, most_weight_frac(&kernel.bias, input_frac)));
    let format = spec.with_frac(frac).check()?;
    let acc_frac = input_frac + i32::from(frac);
    let bias = kernel.bias.iter().map(|&b| raw_bias(b, libm::ldexp(1.0, -acc_frac))).collect::<Result<_>>()?;
    let data = kernel.data.iter().map(|&w| format.quantise(f64::from(w))).collect();
    Ok((Weights { format, data, bias }, vec![Scale::power_of_two(acc_frac - i32::from(output.frac))?]))
}

/// The most fraction bits of the weights with which every bias still fits 32 bits.
pub fn most_weight_frac(bias: &[f32], input_frac: i32) -> i8 {
    let fits = |frac: &i32| libm::ldexp(largest(bias), input_frac + frac) < f64::from(i32::MAX);
    (-32..=32).rev().find(fits).unwrap_or(-32) as i8
}

/// No accumulator times two to the minus this reaches half of the output's last bit (accumulators have 32 bits where scales are free).
const LEAST_SCALE_LOG2: i32 = 32;

/// Free weight scales, each shared by `channels` output channels; the format's fraction bits are then only nominal (the power of two
/// nearest to the coarsest scale).
fn by_multiplier(
    layer: &FloatLayer,
    kernel: &Kernel<f32>,
    input_frac: i32,
    output: Format,
    channels: usize,
) -> Result<(Weights, Vec<Scale>)> {
    let per_channel = kernel.data.len() / kernel.bias.len().max(1);
    let unit = layer.numbers.weights.with_frac(0).check()?;
    let (mut data, mut bias, mut scales, mut coarsest) = (Vec::with_capacity(kernel.data.len()), Vec::new(), Vec::new(), 0f64);
    for (w, b) in kernel.data.chunks(per_channel * channels).zip(kernel.bias.chunks(channels)) {
        let for_bias = libm::ldexp(largest(b), input_frac) / f64::from(i32::MAX - 1);
        // A channel that weighs less than this never reaches the output's last bit, and its scale would leave the machine's range.
        let least = libm::ldexp(1.0, input_frac - i32::from(output.frac) - LEAST_SCALE_LOG2);
        let step = free_step(w, unit).max(for_bias);
        let step = if step > 0.0 { step.max(least) } else { step };
        let step = if step > 0.0 { step } else { libm::ldexp(1.0, -i32::from(unit.bits)) };
        coarsest = coarsest.max(step);
        data.extend(w.iter().map(|&w| unit.quantise(f64::from(w) / step)));
        for &b in b {
            bias.push(raw_bias(b, libm::ldexp(step, -input_frac))?);
        }
        scales.push(Scale::nearest(libm::ldexp(step, i32::from(output.frac) - input_frac))?);
    }
    let nominal = (-libm::rint(libm::log2(coarsest))).clamp(-32.0, 32.0) as i8;
    Ok((Weights { format: Format { frac: nominal, ..unit }, data, bias }, scales))
}

/// The largest magnitude.
fn largest(values: &[f32]) -> f64 {
    values.iter().fold(0f64, |m, &v| m.max(f64::from(v).abs()))
}

/// The step of least squared error over `weights`, of those that make the largest of them the largest integer, or cut off a twentieth of its size, two, ...; weights
/// that are on such a grid already keep it.
fn free_step(weights: &[f32], unit: Format) -> f64 {
    let widest = largest(weights) / f64::from(unit.max());
    let error = |step: f64| {
        let of = |w: f64| w - f64::from(unit.quantise(w / step)) * step;
        weights.iter().map(|&w| of(f64::from(w)).powi(2)).sum::<f64>()
    };
    let steps = (2..=20).rev().map(|share| widest * f64::from(share) / 20.0).filter(|step| *step > 0.0);
    steps.map(|step| (error(step), step)).reduce(|a, b| if b.0 < a.0 { b } else { a }).map_or(0.0, |(_, step)| step)
}

fn raw_bias(bias: f32, step: f64) -> Result<i32> {
    let raw = libm::rint(f64::from(bias) / step);
    if raw.abs() > f64::from(i32::MAX) {
        return Err(Error::input("a bias does not fit 32 bits at the accumulator's scale")
            .value(bias)
            .allowed(format!("magnitude up to {:.4e}", step * f64::from(i32::MAX)))
            .hint("take fewer fraction bits for the weights or the layer's input"));
    }
    Ok(raw as i32)
}
