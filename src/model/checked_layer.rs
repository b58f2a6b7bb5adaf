//! One `[[layer]]` from raw to checked.

use super::checked::{Context, MAX_EXTENT, MAX_MAP, format, zero_point};
use super::float::{Activation, FloatLayer, Numbers};
use super::format_spec::FormatSpec;
use super::graph::Padding;
use super::raw::RawLayer;
use super::raw_values::{RawActivation, RawPair, RawSides};
use crate::config::suggest::did_you_mean;
use crate::config::{Source, Spanned};
use crate::error::{Error, Result};
use crate::ops::{self, Entry, LayerKeys};
use crate::tensor::Shape;

/// Largest kernel, stride, dilation and padding.
const MAX_WINDOW: i64 = 1024;
/// Largest side of a space-to-depth, largest upsampling factor.
const MAX_FACTOR: i64 = 64;
/// Keys of layers that requantise.
const FEATURE_KEYS: &[&str] = &["feature_frac", "features", "zero_point", "rounding", "overflow"];
/// Keys of layers that have weights.
const WEIGHT_KEYS: &[&str] = &["weight_frac", "weights", "scale"];

/// A checked layer and how many weights it wants.
pub(super) struct Made {
    pub layer: FloatLayer,
    pub weights: usize,
}

pub(super) fn layer(context: &Context, raw: &RawLayer) -> Result<Made> {
    let source = context.source;
    let name = name(context, &raw.name)?;
    let op_name = source.one_of("op", &raw.op, &ops::layer_names())?;
    let entry = ops::by_layer_name(op_name).ok_or_else(|| source.error_at(&raw.op, "unknown `op`"))?;
    let inputs = operands(context, raw, entry)?;
    let shapes: Vec<Shape> = inputs.iter().map(|&i| context.layers[i].shape).collect();
    let here = |e: Error| e.within(format!("layer `{name}` ({op_name})")).at(source.path(), source.line(&raw.name));
    let keys = geometry(source, raw)?;
    only_known_keys(source, raw, entry)?;
    let op = (entry.from_layer)(&keys, &shapes).map_err(here)?;
    let channels = keys.channels.unwrap_or(shapes[0].c);
    let shape = (entry.output_shape)(&op, &shapes, channels).map_err(here)?;
    if shape.is_empty() || shape.len() > MAX_MAP {
        return Err(here(Error::input("the output is too large").value(shape).allowed(format!("1 to {MAX_MAP} elements"))));
    }
    let weights = (entry.weights_shape)(&op, &shapes, channels);
    let numbers = numbers(context, raw, entry)?;
    let activation = raw.activation.as_ref().map(|a| activation(source, a)).transpose()?.unwrap_or_default();
    let layer = FloatLayer { name, op, inputs, shape, weights: None, activation, numbers };
    Ok(Made { layer, weights: weights.map_or(0, |w| w.iter().product()) })
}

fn name(context: &Context, name: &Spanned<String>) -> Result<String> {
    let text = name.get_ref();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    if text.is_empty() || text.len() > 64 || !text.chars().all(plain) {
        return Err(context.source.error_at(name, "bad layer name").allowed("1 to 64 letters, digits or _ - . /"));
    }
    if context.index.contains_key(text) {
        return Err(context.source.error_at(name, "two layers have this name (`input` is the image)"));
    }
    Ok(text.clone())
}

/// Indices of what the layer reads: `inputs`, `input`, or the layer before it.
fn operands(context: &Context, raw: &RawLayer, entry: &Entry) -> Result<Vec<usize>> {
    let source = context.source;
    let names: Vec<&Spanned<String>> = match (&raw.input, &raw.inputs) {
        (Some(one), Some(_)) => return Err(source.error_at(one, "a layer has either `input` or `inputs`")),
        (Some(one), None) => vec![one],
        (None, Some(many)) => many.get_ref().iter().collect(),
        (None, None) => Vec::new(),
    };
    let ids = match names.is_empty() && raw.inputs.is_none() {
        true => vec![context.layers.len() - 1],
        false => names.into_iter().map(|n| operand(context, n)).collect::<Result<_>>()?,
    };
    let (fewest, most) = entry.operands;
    if !(fewest..=most).contains(&ids.len()) {
        let allowed = if fewest == most { format!("{fewest}") } else { format!("{fewest} to {most}") };
        let error = source.error(format!("layer `{}`: number of operands of {}", raw.name.get_ref(), entry.name));
        let error = error.line(source.line(&raw.name)).value(ids.len()).allowed(allowed);
        return Err(if fewest > 1 { error.hint("name them: inputs = [\"a\", \"b\"]") } else { error });
    }
    Ok(ids)
}

fn operand(context: &Context, name: &Spanned<String>) -> Result<usize> {
    if let Some(&id) = context.index.get(name.get_ref()) {
        return Ok(id);
    }
    let error = context.source.error_at(name, "no earlier layer has this name");
    if context.all_names.contains(&name.get_ref().as_str()) {
        return Err(error.hint("a layer can only read layers above it: move it down"));
    }
    Err(match did_you_mean(name.get_ref(), context.index.keys().map(String::as_str)) {
        Some(hint) => error.hint(hint),
        None => error,
    })
}

fn geometry(source: &Source, raw: &RawLayer) -> Result<LayerKeys> {
    let pair = |key, value: &Option<Spanned<RawPair>>| -> Result<Option<(usize, usize)>> {
        let Some(value) = value else { return Ok(None) };
        let (a, b) = match *value.get_ref() {
            RawPair::Both(v) => (v, v),
            RawPair::Each([a, b]) => (a, b),
        };
        let at = |v| source.in_range(key, &Spanned::new(value.span(), v), 1..=MAX_WINDOW);
        Ok(Some((at(a)? as usize, at(b)? as usize)))
    };
    let number = |key, value: &Option<Spanned<i64>>, most| -> Result<Option<usize>> {
        Ok(value.as_ref().map(|v| source.in_range(key, v, 1..=most)).transpose()?.map(|v| v as usize))
    };
    Ok(LayerKeys {
        op: raw.op.get_ref().clone(),
        kernel: pair("kernel", &raw.kernel)?,
        stride: pair("stride", &raw.stride)?,
        dilation: pair("dilation", &raw.dilation)?,
        padding: raw.padding.as_ref().map(|p| padding(source, p)).transpose()?,
        groups: number("groups", &raw.groups, MAX_EXTENT)?,
        channels: number("channels", &raw.channels, MAX_EXTENT)?,
        block: number("block", &raw.block, MAX_FACTOR)?,
        factor: number("factor", &raw.factor, MAX_FACTOR)?,
    })
}

fn padding(source: &Source, value: &Spanned<RawSides>) -> Result<Padding> {
    let sides = match *value.get_ref() {
        RawSides::All(v) => [v; 4],
        RawSides::Each(sides) => sides,
    };
    for v in sides {
        source.in_range("padding", &Spanned::new(value.span(), v), 0..=MAX_WINDOW)?;
    }
    let [top, left, bottom, right] = sides.map(|v| v as usize);
    Ok(Padding { top, left, bottom, right })
}

/// Refuses keys that mean nothing to this operation, rather than ignoring them.
fn only_known_keys(source: &Source, raw: &RawLayer, entry: &Entry) -> Result<()> {
    // Output channels are free exactly where weights make them.
    let has_weights = entry.keys.contains(&"channels");
    let requantises = !entry.moves || entry.name == "concat";
    let mut known: Vec<&str> = entry.keys.to_vec();
    if entry.takes_activation() {
        known.push("activation");
    }
    known.extend(FEATURE_KEYS.iter().filter(|_| requantises));
    known.extend(WEIGHT_KEYS.iter().filter(|_| has_weights));
    match raw.present_keys().into_iter().find(|(key, _)| !known.contains(key)) {
        None => Ok(()),
        Some((key, span)) => {
            let allowed = if known.is_empty() { "no key but name, op and input".to_string() } else { known.join(", ") };
            let error = source.error_at(&Spanned::new(span, ()), format!("`{key}` means nothing to op `{}`", raw.op.get_ref()));
            Err(error.allowed(allowed))
        }
    }
}

fn numbers(context: &Context, raw: &RawLayer, entry: &Entry) -> Result<Numbers> {
    let (source, defaults) = (context.source, &context.defaults);
    let frac = |key, value: &Option<Spanned<i64>>| -> Result<Option<i8>> {
        Ok(value.as_ref().map(|v| source.in_range(key, v, -32..=32)).transpose()?.map(|v| v as i8))
    };
    let spec = |full: &Option<Spanned<_>>, key, short: &Option<Spanned<i64>>, open: FormatSpec| match (full, short) {
        (Some(full), None) => Ok(Some(format(source, full.get_ref())?)),
        (Some(_), Some(short)) => Err(source.error_at(short, format!("`{key}` and a whole format exclude each other"))),
        (None, None) => Ok(None),
        (None, Some(_)) => Ok(Some(FormatSpec { frac: frac(key, short)?, ..open })),
    };
    let open = FormatSpec::open(defaults.feature_bits, false);
    let features = spec(&raw.features, "feature_frac", &raw.feature_frac, open)?.or((!entry.moves).then_some(open));
    let open = FormatSpec::open(defaults.weight_bits, true);
    let weights = spec(&raw.weights, "weight_frac", &raw.weight_frac, open)?.unwrap_or(open);
    Ok(Numbers {
        features,
        weights,
        zero_point: zero_point(source, raw.zero_point.as_ref(), features.unwrap_or(open))?,
        rounding: raw.rounding.as_ref().map_or(defaults.rounding, |r| *r.get_ref()),
        overflow: raw.overflow.as_ref().map_or(defaults.overflow, |o| *o.get_ref()),
        scale: raw.scale.as_ref().map_or(defaults.scale, |s| *s.get_ref()),
    })
}

fn activation(source: &Source, value: &Spanned<RawActivation>) -> Result<Activation> {
    Ok(match *value.get_ref() {
        RawActivation::None => Activation::None,
        RawActivation::Relu => Activation::Relu,
        RawActivation::Relu4 => Activation::Clip(4.0),
        RawActivation::Relu6 => Activation::Clip(6.0),
        RawActivation::Relu8 => Activation::Clip(8.0),
        RawActivation::Clip(end) => Activation::Clip(source.in_range("clip", &Spanned::new(value.span(), end), 1e-6..=1e6)?),
        RawActivation::Leaky(slope) => Activation::Leaky(source.in_range("leaky", &Spanned::new(value.span(), slope), 0..=15)? as u8),
    })
}
