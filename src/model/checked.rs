//! `network.toml` from raw (what was written) to checked (what it means): a float network that still lacks its weights.

use super::checked_layer::layer;
use super::float::{Activation, FloatLayer, FloatNetwork, Numbers};
use super::format_spec::FormatSpec;
use super::graph::Op;
use super::head::VALUES;
use super::head_spec::{HeadSpec, KINDS};
use super::raw::{RawFormat, RawNetwork, ScaleKind};
use crate::config::{Source, Spanned};
use crate::error::{Error, Result};
use crate::fixed::{Overflow, Rounding};
use crate::tensor::Shape;
use std::collections::BTreeMap;

/// Largest extent and number of channels.
pub(in crate::model) const MAX_EXTENT: i64 = 65_536;
/// Most elements of one feature map (64 MiB as `i32`).
pub(in crate::model) const MAX_MAP: usize = 1 << 24;
const MAX_ALL_MAPS: usize = 1 << 27;
/// Most layers of a network.
pub(in crate::model) const MAX_LAYERS: usize = 4096;
/// Most weights of a network (VGG-16 has 138 million).
pub(in crate::model) const MAX_WEIGHTS: usize = 160 << 20;

/// What the file means.
pub(super) struct Checked {
    /// The network without weights.
    pub float: FloatNetwork,
    /// How the output is decoded.
    pub head: Option<HeadSpec>,
    /// For weights, when there is no file.
    pub seed: Option<u64>,
}

/// Widths and modes where a layer gives none.
pub(super) struct Defaults {
    pub feature_bits: u8,
    pub weight_bits: u8,
    pub rounding: Rounding,
    pub overflow: Overflow,
    pub scale: ScaleKind,
}

/// What the layers before the one at hand have made.
pub(super) struct Context<'a> {
    pub source: &'a Source,
    pub defaults: Defaults,
    pub layers: Vec<FloatLayer>,
    pub index: BTreeMap<String, usize>,
    /// Every layer name of the file, for "comes later" messages.
    pub all_names: Vec<&'a str>,
}

pub(super) fn check(source: &Source, raw: &RawNetwork) -> Result<Checked> {
    let q = &raw.quantise;
    let bits = |key, value: &Option<Spanned<i64>>| -> Result<u8> {
        Ok(value.as_ref().map(|v| source.in_range(key, v, 1..=16)).transpose()?.unwrap_or(8) as u8)
    };
    let defaults = Defaults {
        feature_bits: bits("feature_bits", &q.feature_bits)?,
        weight_bits: bits("weight_bits", &q.weight_bits)?,
        rounding: q.rounding.unwrap_or_default(),
        overflow: q.overflow.unwrap_or_default(),
        scale: q.scale.unwrap_or_default(),
    };
    let seed = q.random_weights_seed.as_ref().map(|s| source.in_range("random_weights_seed", s, 0..=i64::MAX)).transpose()?;
    if raw.layer.is_empty() || raw.layer.len() > MAX_LAYERS {
        return Err(source.error("number of layers").value(raw.layer.len()).allowed(format!("1 to {MAX_LAYERS}")));
    }
    let input = input(source, raw, &defaults)?;
    let mean = raw.input.mean.as_ref().map_or(Ok(0.0), |m| source.in_range("mean", m, 0.0..=1.0))?;
    let all_names = raw.layer.iter().map(|l| l.name.get_ref().as_str()).collect();
    let mut context = Context { source, defaults, index: BTreeMap::from([(input.name.clone(), 0)]), layers: vec![input], all_names };
    let (mut elements, mut weights) = (0, 0);
    for raw_layer in &raw.layer {
        let made = layer(&context, raw_layer)?;
        elements += made.layer.shape.len();
        weights += made.weights;
        if elements > MAX_ALL_MAPS || weights > MAX_WEIGHTS {
            return Err(source
                .error_at(&raw_layer.name, "the network is too large, up to this layer")
                .allowed(format!("{MAX_ALL_MAPS} feature-map elements and {MAX_WEIGHTS} weights in all")));
        }
        context.index.insert(made.layer.name.clone(), context.layers.len());
        context.layers.push(made.layer);
    }
    // What nobody reads is a forgotten `inputs`.
    let is_read = |id: usize| id + 1 == context.layers.len() || context.layers.iter().any(|l| l.inputs.contains(&id));
    if let Some(id) = (1..context.layers.len()).find(|&id| !is_read(id)) {
        return Err(source
            .error_at(&raw.layer[id - 1].name, "nothing reads this layer, and it is not the last one")
            .hint("name it in `input` or `inputs` of a layer behind it, or remove it"));
    }
    let head = raw.head.as_ref().map(|h| head(source, h, context.layers.last().map_or(0, |l| l.shape.c))).transpose()?;
    let float = FloatNetwork { name: raw.name.clone(), layers: context.layers, mean };
    Ok(Checked { float, head, seed: seed.map(|s| s as u64) })
}

fn input(source: &Source, raw: &RawNetwork, defaults: &Defaults) -> Result<FloatLayer> {
    let extent = |key, v| Ok(source.in_range(key, v, 1..=MAX_EXTENT)? as usize);
    let i = &raw.input;
    let shape = Shape::new(extent("channels", &i.channels)?, extent("height", &i.height)?, extent("width", &i.width)?);
    if shape.len() > MAX_MAP {
        return Err(source.error_at(&i.width, "the input is too large").value(shape).allowed(format!("at most {MAX_MAP} elements")));
    }
    let spec = format(source, i.format.get_ref())?;
    if spec.frac.is_none() {
        return Err(source.error_at(&i.format, "the input's format lacks `frac`").hint("frac = 8 makes 8-bit pixels 0 to 0.996"));
    }
    Ok(FloatLayer {
        name: "input".to_string(),
        op: Op::Input,
        inputs: Vec::new(),
        shape,
        weights: None,
        activation: Activation::None,
        numbers: Numbers {
            features: Some(spec),
            weights: FormatSpec::open(defaults.weight_bits, true),
            zero_point: zero_point(source, i.zero_point.as_ref(), spec)?,
            rounding: defaults.rounding,
            overflow: defaults.overflow,
            scale: defaults.scale,
        },
    })
}

/// A format as written, its fraction bits perhaps open.
pub(super) fn format(source: &Source, raw: &RawFormat) -> Result<FormatSpec> {
    let bits = source.in_range("bits", &raw.bits, 1..=16)? as u8;
    let frac = raw.frac.as_ref().map(|f| source.in_range("frac", f, -32..=32)).transpose()?.map(|f| f as i8);
    let spec = FormatSpec { bits, frac, signed: raw.signed, narrow: raw.narrow };
    spec.with_frac(0).check().map_err(|e| e.at(source.path(), source.line(&raw.bits)))?;
    Ok(spec)
}

pub(super) fn zero_point(source: &Source, value: Option<&Spanned<i64>>, spec: FormatSpec) -> Result<i32> {
    let Some(value) = value else { return Ok(0) };
    let f = spec.with_frac(0);
    let range = if f.is_binary() { 0..=0 } else { i64::from(f.min())..=i64::from(f.max()) };
    Ok(source.in_range("zero_point", value, range)? as i32)
}

fn head(source: &Source, head: &Spanned<HeadSpec>, channels: usize) -> Result<HeadSpec> {
    let spec = head.get_ref();
    let wrong = |what: &str| source.error(what).line(source.line(head));
    if !KINDS.contains(&spec.kind.as_str()) {
        return Err(wrong("unknown `kind` of head").value(&spec.kind).allowed(KINDS.join(", ")));
    }
    if let Some(a) = spec.anchors.iter().flatten().find(|a| !(**a > 0.0 && **a <= 1.0)) {
        return Err(wrong("an anchor's side is out of range")
            .value(a)
            .allowed("above 0 to 1, as a fraction of the image")
            .hint("divide sides in grid cells by the grid's width and height, sides in pixels by the image's"));
    }
    if spec.anchors.is_empty() {
        return Err(wrong("the head has no anchors").hint("anchors = [[WIDTH, HEIGHT], ...], as fractions of the image"));
    }
    let needed = spec.anchors.len() * VALUES;
    if needed != channels {
        let allowed = format!("{VALUES} channels for each anchor: here {needed}");
        return Err(wrong("anchors and output channels do not agree").value(format!("{channels} output channels")).allowed(allowed));
    }
    Ok(spec.clone())
}

impl FloatNetwork {
    /// Other widths for all features, for all weights: integer bits are kept, the image is never widened.
    ///
    /// # Errors
    /// When a width is outside 1 to 16.
    pub fn override_bits(&mut self, feature_bits: Option<u8>, weight_bits: Option<u8>) -> Result<()> {
        if let Some(bits) = feature_bits.into_iter().chain(weight_bits).find(|b| !(1..=16).contains(b)) {
            return Err(Error::input("bit width is out of range").value(bits).allowed("1 to 16"));
        }
        for layer in &mut self.layers {
            let numbers = &mut layer.numbers;
            let of_layer = |e: Error| e.within(format!("layer `{}`", layer.name));
            if let (Some(bits), Some(spec)) = (feature_bits, numbers.features.as_mut()) {
                let bits = if layer.op == Op::Input { bits.min(spec.bits) } else { bits };
                let zero_point = f64::from(numbers.zero_point) * libm::exp2(f64::from(bits) - f64::from(spec.bits));
                *spec = spec.widened(bits, false).map_err(of_layer)?;
                numbers.zero_point = libm::rint(zero_point).min(f64::from(spec.with_frac(0).max())) as i32;
            }
            if let Some(bits) = weight_bits {
                numbers.weights = numbers.weights.widened(bits, true).map_err(of_layer)?;
            }
        }
        Ok(())
    }
}
