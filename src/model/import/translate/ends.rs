//! Where the network begins and ends: the image, and the tensor that is the result.

use super::{Affine, Value};
use crate::error::{Error, Result};
use crate::model::import::file::{File, Input, Node};
use crate::model::import::{Options, Scaling};
use crate::tensor::Shape;

/// Operators behind the last layer that are the host's.
const HOST: &[&str] = &[
    "Reshape",
    "Flatten",
    "Transpose",
    "Squeeze",
    "Unsqueeze",
    "Softmax",
    "LogSoftmax",
    "Sigmoid",
    "HardSigmoid",
    "Tanh",
    "Exp",
    "Identity",
    "Cast",
    "ArgMax",
    "DepthToSpace",
    "Dropout",
];

const QUANTISERS: &[&str] = &["QuantizeLinear", "DequantizeLinear", "Quant"];

/// The tensor that is the result: behind it is only what the host does.
pub(super) fn output(file: &File, options: &Options, remarks: &mut Vec<String>) -> Result<String> {
    let known = || file.nodes.iter().map(|n| n.output.as_str());
    if let Some(name) = options.output.as_ref().filter(|name| file.maker(name).is_none()) {
        let error = Error::usage("no node of the model makes this tensor").value(name);
        return Err(match crate::config::suggest::did_you_mean(name, known()) {
            Some(hint) => error.hint(hint),
            None => error.allowed(format!(
                "the last are {}",
                known().collect::<Vec<_>>().iter().rev().take(8).copied().collect::<Vec<_>>().join(", ")
            )),
        });
    }
    let ends: Vec<&String> = options.output.as_ref().map_or_else(|| file.outputs.iter().collect(), |name| vec![name]);
    let mut found: Vec<(String, Vec<&str>)> = Vec::new();
    for end in ends {
        let (mut at, mut left) = (end.clone(), Vec::new());
        // Quantisers are left out where a host's operator is before them.
        let (mut before, mut passed) = (end.clone(), Vec::new());
        for _ in 0..file.nodes.len() {
            let Some((node, from)) = file.maker(&before).and_then(|n| Some((n, n.input(0)?))) else { break };
            let host = HOST.contains(&node.op.as_str());
            if !host && !QUANTISERS.contains(&node.op.as_str()) {
                break;
            }
            passed.push(node.op.as_str());
            before = from.to_string();
            if host {
                at.clone_from(&before);
                left.append(&mut passed);
            }
        }
        left.reverse();
        if !found.iter().any(|(name, _)| *name == at) {
            found.push((at, left));
        }
    }
    match found.as_slice() {
        [(name, left)] => {
            if !left.is_empty() {
                remarks.push(format!("Left to the host, behind `{name}`: {}.", left.join(", ")));
            }
            Ok(name.clone())
        }
        [] => Err(Error::input("the model has no output")),
        several => Err(Error::input("the model has several results, and the machine has one")
            .value(several.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", "))
            .hint("take one with --output, or concatenate them along the channels before the export")),
    }
}

/// Name of the image, and the image.
pub(super) fn image(file: &File, nodes: &[&Node], options: &Options) -> Result<(String, Value)> {
    let read = |name: &String| nodes.iter().any(|n| n.inputs.contains(name));
    let inputs: Vec<&Input> = file.inputs.iter().filter(|i| read(&i.name)).collect();
    let [input] = inputs.as_slice() else {
        let names: Vec<&str> = inputs.iter().map(|i| i.name.as_str()).collect();
        let value = if names.is_empty() { "none".into() } else { names.join(", ") };
        return Err(Error::input("the result has to depend on one image").value(value).allowed("one input without values"));
    };
    let (name, dims) = (&input.name, &input.dims);
    let here = |e: Error| e.within(format!("input `{}`", name.escape_debug()));
    let Some([batch, a, b, c]) = dims.as_deref() else {
        let text = dims.as_ref().map_or("none".into(), |d| format!("{} axes", d.len()));
        return Err(here(Error::input("extents of the image").value(text).allowed("batch, channels, rows, columns")));
    };
    if batch.is_some_and(|n| n != 1) {
        return Err(here(
            Error::input("the batch is fixed").value(batch.unwrap_or(0)).allowed("1, or open").hint("export with a batch of 1"),
        ));
    }
    // An image with its channels last is transposed somewhere, after arithmetic at most.
    let transposed = nodes.iter().any(|n| n.op == "Transpose" && n.ints("perm") == [0, 3, 1, 2]);
    let few = |extent: Option<usize>| extent.is_some_and(|e| e <= 4);
    let channels_last = transposed && few(*c) && !few(*a);
    let [channels, h, w] = if channels_last { [c, a, b] } else { [a, b, c] };
    let fixed = |given: Option<usize>, wanted: Option<usize>| match (given, wanted) {
        (Some(given), Some(wanted)) if given != wanted => Err(here(
            Error::usage("the model has a fixed size")
                .value(wanted)
                .allowed(given)
                .hint("leave --size out, or export the model with open rows and columns"),
        )),
        (Some(extent), _) | (None, Some(extent)) => Ok(extent),
        (None, None) => {
            Err(here(Error::input("rows and columns of the image are open").hint("give --size ROWSxCOLUMNS, e.g. --size 160x320")))
        }
    };
    let (h, w) = (fixed(*h, options.size.map(|s| s[0]))?, fixed(*w, options.size.map(|s| s[1]))?);
    let channels =
        channels.ok_or_else(|| here(Error::input("the channels of the image are open").hint("export the model with fixed channels")))?;
    // Of an image of bytes nothing else can be meant.
    let scaling = if input.bytes && options.scaling == Scaling::default() { &Scaling::Range([0.0, 255.0]) } else { &options.scaling };
    Ok((name.clone(), Value { channels_last, ..pixels(Shape::new(channels, h, w), scaling)? }))
}

/// The image: what its pixels of 0 to 255, as fractions of 256, are to the network.
fn pixels(shape: Shape, scaling: &Scaling) -> Result<Value> {
    // Value of black, and span to white, by channel.
    let (black, span): (Vec<f64>, Vec<f64>) = match scaling {
        Scaling::Range([low, high]) => (vec![*low; shape.c], vec![high - low; shape.c]),
        Scaling::Normalise { mean, deviation } => {
            let each = |v: &[f64]| match v {
                [one] => Ok(vec![*one; shape.c]),
                v if v.len() == shape.c => Ok(v.to_vec()),
                v => Err(Error::usage("numbers of --mean or --std")
                    .value(v.len())
                    .allowed(format!("1, or {} as the image has channels", shape.c))),
            };
            let (mean, deviation) = (each(mean)?, each(deviation)?);
            (mean.iter().zip(&deviation).map(|(m, d)| -m / d).collect(), deviation.iter().map(|d| 1.0 / d).collect())
        }
    };
    if span.iter().chain(&black).any(|v| !v.is_finite()) || span.iter().any(|s| *s <= 0.0) {
        return Err(Error::usage("black has to be less than white").value(format!("{black:?}, span {span:?}")));
    }
    let affine = Affine { scale: span.iter().map(|s| s * 256.0 / 255.0).collect(), shift: black };
    Ok(Value { layer: None, shape, flat: false, channels_last: false, shared: false, pad: [0; 4], affine: Some(affine), coded: None })
}
