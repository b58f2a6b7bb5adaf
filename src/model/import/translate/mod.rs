//! From operators of ONNX to layers.

mod activations;
mod ends;
mod geometry;
mod linear;
mod maps;
mod quantisers;

use super::constant::Constant;
use super::file::{File, Node};
use super::{Imported, Options, RawInput, RawLayer, RawNetwork, RawQuantise, raw_format, spanned};
use crate::error::{Error, Result};
use crate::fixed::Format;
use crate::model::checked::{MAX_EXTENT, MAX_LAYERS, MAX_MAP};
use crate::model::raw_values::{RawActivation, RawPair};
use crate::tensor::Shape;
use std::collections::{BTreeMap, BTreeSet};

/// Domains whose operators are known here: ONNX's own, and those that QONNX's files name.
const DOMAINS: &[&str] = &["ai.onnx", "qonnx", "onnx.brevitas", "finn"];
/// Floating-point types of ONNX (TensorProto.DataType).
const FLOATS: &[i64] = &[1, 10, 11, 16];
/// Longest name of a layer, without what tells it apart from others.
const MOST_NAME: usize = 48;

/// Whether a layer of this operation hands on the values that it reads.
fn moves(op: &str) -> bool {
    crate::ops::by_layer_name(op).is_some_and(|entry| entry.moves)
}

pub(super) fn translate(file: &File, options: &Options) -> Result<Imported> {
    let mut remarks = Vec::new();
    let output = ends::output(file, options, &mut remarks)?;
    let nodes = file.towards(&output);
    let (name, image) = ends::image(file, &nodes, options)?;
    let mut reads: BTreeMap<&str, usize> = BTreeMap::from([(output.as_str(), 1)]);
    nodes.iter().flat_map(|n| &n.inputs).for_each(|i| *reads.entry(i).or_default() += 1);
    let image = small(image)?;
    let shape = image.shape;
    let mut translator = Translator {
        file,
        layers: Vec::new(),
        names: BTreeSet::from(["input".to_string()]),
        values: BTreeMap::from([(name, image)]),
        reads,
        remarks,
        remarked: BTreeSet::new(),
        zero_point: None,
        common: common(&nodes),
    };
    for node in nodes {
        let value = translator.node(node).and_then(small).map_err(|e| e.within(node.place()))?;
        if translator.layers.len() > MAX_LAYERS {
            return Err(Error::input("the network has too many layers").allowed(MAX_LAYERS));
        }
        translator.values.insert(node.output.clone(), value);
    }
    let last =
        translator.values.get(&output).cloned().ok_or_else(|| Error::input("the output does not depend on the image").value(&output))?;
    let last = translator.plain(last, "output")?;
    if last.layer.is_none() {
        return Err(Error::input("no node between the image and the output computes anything").value(&output));
    }
    translator.finish(options, shape)
}

/// `x * scale + shift`, by channel.
#[derive(Clone, Debug)]
struct Affine {
    scale: Vec<f64>,
    shift: Vec<f64>,
}

impl Affine {
    /// The raw pixel that becomes closest to 0 in the mean of the channels.
    fn zero_point(&self) -> i32 {
        let zeros = self.scale.iter().zip(&self.shift).map(|(scale, shift)| -shift / scale * 256.0);
        libm::rint(zeros.sum::<f64>() / self.scale.len().max(1) as f64).clamp(0.0, 255.0) as i32
    }

    /// By how much what is 0 before it differs from what is 0 behind it, as a share of what one is worth: the most of any channel.
    fn shift_share(&self) -> f64 {
        self.scale.iter().zip(&self.shift).map(|(scale, shift)| (shift / scale).abs()).fold(0.0, f64::max)
    }
}

/// What a tensor of the file is here.
#[derive(Clone, Debug)]
struct Value {
    /// The layer that makes it; none for the image.
    layer: Option<usize>,
    /// Of the layer.
    shape: Shape,
    /// Channels, rows and columns have become one axis.
    flat: bool,
    /// An image that has its channels last yet.
    channels_last: bool,
    /// The layer is also read under another name.
    shared: bool,
    /// Zeros around it: top, left, bottom, right.
    pad: [usize; 4],
    /// What is still to be done to it, before the padding.
    affine: Option<Affine>,
    /// In the file it is the integers of a quantiser of these scales and zero points, which has been seen to; here it is what they stand for.
    coded: Option<(Vec<f64>, Vec<f64>)>,
}

impl Value {
    /// Why a layer that takes no padding can not read it.
    fn refuse_pad(&self) -> Result<()> {
        if self.pad == [0; 4] {
            return Ok(());
        }
        Err(Error::unsupported("zeros around a map that no convolution reads").hint("pad within the convolution or the pool"))
    }

    /// Why only a transpose can read it.
    fn refuse_channels_last(&self) -> Result<()> {
        if !self.channels_last {
            return Ok(());
        }
        Err(Error::unsupported("the image has its channels last").hint("transpose it to channels, rows, columns first"))
    }

    /// Its extents in the file, the batch apart.
    fn extents(&self) -> Vec<usize> {
        let Shape { c, h, w } = self.shape;
        match (self.flat, self.channels_last) {
            (true, _) => vec![self.shape.len()],
            (false, true) => vec![h, w, c],
            (false, false) => vec![c, h, w],
        }
    }
}

struct Layer {
    raw: RawLayer,
    /// What it reads.
    from: Vec<Option<usize>>,
    /// Nothing else reads what it reads first.
    alone: bool,
    weights: Option<Weights>,
}

/// Extents are output channels, channels of a group, rows, columns.
struct Weights {
    dims: [usize; 4],
    data: Vec<f64>,
    bias: Vec<f64>,
    /// Set while the values lie on it.
    grid: Option<Format>,
}

struct Translator<'f> {
    file: &'f File,
    layers: Vec<Layer>,
    names: BTreeSet<String>,
    values: BTreeMap<String, Value>,
    /// How often each tensor is read.
    reads: BTreeMap<&'f str, usize>,
    remarks: Vec<String>,
    /// What was remarked on already.
    remarked: BTreeSet<String>,
    /// The pixel that stands for 0, once the first layer has been seen that reads the image.
    zero_point: Option<i32>,
    /// Parts that the names of all nodes begin with.
    common: usize,
}

impl<'f> Translator<'f> {
    fn node(&mut self, node: &'f Node) -> Result<Value> {
        if !DOMAINS.iter().any(|d| node.domain.starts_with(d)) && !node.domain.is_empty() {
            return Err(Error::unsupported("import does not know this domain of operators")
                .value(&node.domain)
                .allowed(DOMAINS.join(", ")));
        }
        match node.op.as_str() {
            "Conv" => self.conv(node),
            "Gemm" | "MatMul" => self.dense(node),
            "BatchNormalization" => self.batch_norm(node),
            "Add" | "Sum" | "Sub" | "Mul" | "Div" => self.arithmetic(node),
            "Relu" => self.activation(node, RawActivation::Relu),
            "Clip" => self.clip(node),
            "LeakyRelu" => self.leaky(node, node.float("alpha", 0.01)),
            "PRelu" => {
                let slope = self.constant(node, 1)?.scalar();
                let slope = slope.ok_or_else(|| {
                    Error::unsupported("slopes differ from channel to channel").hint("train with one slope, or with ReLU")
                })?;
                self.leaky(node, slope)
            }
            "MaxPool" => self.pool(node, "max_pool"),
            "AveragePool" => self.pool(node, "avg_pool"),
            "GlobalAveragePool" => self.global(node, "global_avg_pool"),
            "GlobalMaxPool" => self.global(node, "max_pool"),
            "ReduceMean" => self.reduce_mean(node),
            "Concat" => self.concat(node),
            "Pad" => self.pad(node),
            "Resize" | "Upsample" => self.upsample(node),
            "SpaceToDepth" => self.space_to_depth(node),
            "Flatten" | "Reshape" | "Squeeze" => self.flatten(node),
            "Transpose" => {
                let value = self.passed(node)?;
                if !value.channels_last {
                    return Err(Error::unsupported("axes change places within the network")
                        .hint("name a tensor before it with --output, or leave it out of the export"));
                }
                Ok(Value { channels_last: false, ..value })
            }
            "Identity" | "Dropout" => self.passed(node),
            "Cast" => {
                let value = self.passed(node)?;
                if value.layer.is_some() && !FLOATS.contains(&node.int("to", 1)) {
                    return Err(Error::unsupported("a map becomes integers")
                        .value(format!("type {}", node.int("to", 1)))
                        .allowed("floating point"));
                }
                Ok(value)
            }
            "DequantizeLinear" => self.dequantise_linear(node),
            "QuantizeLinear" => self.quantise_linear(node),
            "Quant" => self.quant(node),
            "Sigmoid" | "HardSigmoid" | "HardSwish" | "Tanh" | "Elu" | "Selu" | "Gelu" | "Softplus" | "Mish" => {
                Err(Error::unsupported("the machine has no such activation").allowed("ReLU, ReLU with an upper bound, leaky ReLU").hint(
                    format!(
                        "where the host does it and the rest, add --output {}; else train with ReLU6",
                        node.input(0).unwrap_or_default()
                    ),
                ))
            }
            _ => Err(Error::unsupported("import does not know this operator")
                .hint("name a tensor before it with --output, or export the network without it")),
        }
    }

    fn value(&self, node: &Node, k: usize) -> Result<Value> {
        let name = node.input(k).ok_or_else(|| Error::input(format!("input {k} is missing")))?;
        let value =
            self.values.get(name).cloned().ok_or_else(|| {
                Error::unsupported("an input depends on neither the image nor on constants that import folds").value(name)
            })?;
        if value.coded.is_some() && !["DequantizeLinear", "Identity", "Dropout"].contains(&node.op.as_str()) {
            return Err(Error::unsupported("the integers of a quantiser are read by another operator than DequantizeLinear").value(name));
        }
        Ok(value)
    }

    fn constant(&self, node: &Node, k: usize) -> Result<&'f Constant> {
        let name = node.input(k).ok_or_else(|| Error::input(format!("input {k} is missing")))?;
        self.file.constants.get(name).ok_or_else(|| Error::unsupported("this input has to be a constant").value(name))
    }

    fn given(&self, node: &Node, k: usize) -> Result<Option<&'f Constant>> {
        node.input(k).map(|_| self.constant(node, k)).transpose()
    }

    /// Whether nothing but this node reads what makes input `k`, which is `value`.
    fn alone(&self, node: &Node, k: usize, value: &Value) -> bool {
        !value.shared && node.input(k).and_then(|name| self.reads.get(name)).is_none_or(|&n| n == 1)
    }

    /// The first input under another name.
    fn passed(&self, node: &Node) -> Result<Value> {
        let value = self.value(node, 0)?;
        Ok(Value { shared: !self.alone(node, 0, &value), ..value })
    }

    fn remark(&mut self, about: &str, text: String) {
        if self.remarked.insert(about.into()) {
            self.remarks.push(text);
        }
    }

    /// A name that layers may have, and none has: the end of a node's path.
    fn name(&mut self, node: &str) -> String {
        let parts = path(node);
        let own = parts.get(self.common.min(parts.len().saturating_sub(1))..).unwrap_or_default();
        let text = match own {
            [.., before, last] if !last.starts_with(before) => format!("{before}.{last}"),
            [.., last] => (*last).to_string(),
            [] => "layer".into(),
        };
        let plain: String = text.chars().map(|c| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '_' }).collect();
        let base = &plain[plain.len().saturating_sub(MOST_NAME)..];
        let base = if base.is_empty() { "layer" } else { base };
        let mut names = std::iter::once(base.to_string()).chain((2..).map(|k| format!("{base}_{k}")));
        let name = names.find(|n| !self.names.contains(n)).unwrap_or_default();
        self.names.insert(name.clone());
        name
    }

    fn push(&mut self, name: &str, op: &str, from: &[&Value], alone: bool, shape: Shape) -> Value {
        let name = self.name(name);
        let from: Vec<Option<usize>> = from.iter().map(|v| v.layer).collect();
        self.layers.push(Layer { raw: empty(name, op), from, alone, weights: None });
        Value {
            layer: Some(self.layers.len() - 1),
            shape,
            flat: false,
            channels_last: false,
            shared: false,
            pad: [0; 4],
            affine: None,
            coded: None,
        }
    }

    fn last(&mut self) -> &mut Layer {
        self.layers.last_mut().expect("a layer was just pushed")
    }

    fn weighted(&mut self, channels: usize, weights: Weights) {
        let layer = self.last();
        layer.raw.channels = Some(spanned(channels as i64));
        layer.weights = Some(weights);
    }

    /// What is to be done to a value as its reader finds it: the image has its zero point taken off, which the first that asks settles.
    fn affine_of(&mut self, value: &mut Value) -> Option<Affine> {
        let affine = value.affine.take()?;
        let seen = self.seen(value, &affine);
        if value.layer.is_none() {
            self.zero_point.get_or_insert_with(|| affine.zero_point());
        }
        Some(seen)
    }

    /// The same, with nothing settled yet.
    fn seen(&self, value: &Value, affine: &Affine) -> Affine {
        let mean = match value.layer {
            Some(_) => 0.0,
            None => f64::from(self.zero_point.unwrap_or_else(|| affine.zero_point())) / 256.0,
        };
        let shift = affine.shift.iter().zip(&affine.scale).map(|(shift, scale)| shift + scale * mean).collect();
        Affine { shift, scale: affine.scale.clone() }
    }

    /// The value with nothing left to be done to it but padding.
    fn settled(&mut self, mut value: Value, name: &str) -> Result<Value> {
        value.refuse_channels_last()?;
        let Some(Affine { scale, shift }) = self.affine_of(&mut value) else { return Ok(value) };
        if scale.iter().all(|&s| s == 1.0) && shift.iter().all(|&s| s == 0.0) {
            return Ok(value);
        }
        let op = if value.shape.c == 1 { "conv" } else { "depthwise" };
        let made = self.push(&format!("{}/scale/", path(name).join("/")), op, &[&value], false, value.shape);
        let channels = value.shape.c;
        self.last().raw.kernel = Some(spanned(RawPair::Both(1)));
        self.weighted(channels, Weights { dims: [channels, 1, 1, 1], data: scale, bias: shift, grid: None });
        if op == "depthwise" {
            self.last().raw.channels = None;
        }
        Ok(Value { flat: value.flat, pad: value.pad, ..made })
    }

    /// The value as a layer without padding reads it.
    fn plain(&mut self, value: Value, name: &str) -> Result<Value> {
        let value = self.settled(value, name)?;
        value.refuse_pad()?;
        Ok(value)
    }

    fn map(&self, node: &Node, k: usize) -> Result<Value> {
        let value = self.value(node, k)?;
        if value.flat && (value.shape.h, value.shape.w) != (1, 1) {
            return Err(Error::unsupported("the map was flattened before"));
        }
        Ok(value)
    }

    fn finish(self, options: &Options, shape: Shape) -> Result<Imported> {
        let zero_point = self.zero_point.unwrap_or(0);
        let mut raws: Vec<RawLayer> = Vec::new();
        let mut weights = Vec::new();
        let names: Vec<String> = self.layers.iter().map(|l| l.raw.name.get_ref().clone()).collect();
        let name_of = |from: &Option<usize>| from.map_or("input", |k| &names[k]).to_string();
        for (k, layer) in self.layers.into_iter().enumerate() {
            let mut raw = layer.raw;
            match layer.from.as_slice() {
                [one] if *one == k.checked_sub(1) => {}
                [one] => raw.input = Some(spanned(name_of(one))),
                many => raw.inputs = Some(spanned(many.iter().map(|f| spanned(name_of(f))).collect())),
            }
            if let Some(w) = layer.weights {
                raw.weights = w.grid.map(|g| spanned(raw_format(g)));
                let name = raw.name.get_ref();
                let narrow = |v: &[f64]| v.iter().map(|&v| v as f32).collect::<Vec<f32>>();
                weights.push((format!("{name}.weight"), w.dims.to_vec(), narrow(&w.data)));
                weights.push((format!("{name}.bias"), vec![w.bias.len()], narrow(&w.bias)));
            }
            raws.push(raw);
        }
        let extent = |n: usize| spanned(n as i64);
        let input = RawInput {
            channels: extent(shape.c),
            height: extent(shape.h),
            width: extent(shape.w),
            format: spanned(raw_format(Format::PIXEL)),
            zero_point: (zero_point != 0).then(|| spanned(i64::from(zero_point))),
            mean: (zero_point != 0).then(|| spanned(f64::from(zero_point) / 256.0)),
        };
        let raw = RawNetwork {
            name: options.name.clone(),
            description: None,
            input,
            quantise: RawQuantise::default(),
            bundle: Vec::new(),
            layer: raws,
            head: None,
            provenance: toml::Table::new(),
        };
        Ok(Imported { raw, weights, remarks: self.remarks, origin: self.file.origin.clone(), sha256: self.file.sha256.clone() })
    }
}

/// That a map is of a size that a network file may have.
fn small(value: Value) -> Result<Value> {
    let Shape { c, h, w } = value.shape;
    if c.max(h).max(w) > MAX_EXTENT as usize || value.shape.is_empty() || value.shape.len() > MAX_MAP {
        return Err(Error::input("extents of a map")
            .value(format!("{c}x{h}x{w}"))
            .allowed(format!("1 to {MAX_EXTENT}, {MAX_MAP} elements in all")));
    }
    Ok(value)
}

/// The parts of a node's name: exporters write scopes with the operator last.
fn path(name: &str) -> Vec<&str> {
    let name = name.split(':').next().unwrap_or(name);
    let (scopes, last) = name.rsplit_once('/').unwrap_or(("", name));
    let parts: Vec<&str> = scopes.split('/').filter(|p| !p.is_empty()).collect();
    if parts.is_empty() { vec![last] } else { parts }
}

/// How many parts the names of all nodes begin with.
fn common(nodes: &[&Node]) -> usize {
    let paths: Vec<Vec<&str>> = nodes.iter().map(|n| path(&n.name)).collect();
    let Some((first, rest)) = paths.split_first() else { return 0 };
    (0..first.len()).take_while(|&k| rest.iter().all(|p| p.get(k) == first.get(k))).count()
}

fn empty(name: String, op: &str) -> RawLayer {
    RawLayer {
        name: spanned(name),
        op: spanned(op.to_string()),
        input: None,
        inputs: None,
        kernel: None,
        stride: None,
        padding: None,
        dilation: None,
        groups: None,
        channels: None,
        block: None,
        factor: None,
        activation: None,
        feature_frac: None,
        weight_frac: None,
        features: None,
        weights: None,
        zero_point: None,
        rounding: None,
        overflow: None,
        scale: None,
    }
}
