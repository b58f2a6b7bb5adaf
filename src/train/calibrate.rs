//! Formats of a trained network: the fraction bits that lose least, from weights and from activations on training images.

use super::build::Trainable;
use super::data::Images;
use super::net::{Mode, Net};
use super::spec::{NetSpec, Op};
use crate::error::Result;
use crate::fixed::Format;
use crate::model::float::FloatNetwork;
use crate::model::format_spec::FormatSpec;
use crate::model::head;
use crate::model::quantise::{common_format, most_weight_frac};

/// Fraction bits that are tried for features.
const FEATURE_FRAC: std::ops::RangeInclusive<i8> = -7..=16;

/// Settles every format of `float` at the widths it asks for: features over the activations of the first `count` inputs that `fill`
/// writes, weights over all their values. `net` must hold the same network with batch norm folded, or per-channel steps.
pub fn calibrate(net: &mut Net, map: &Trainable, float: &mut FloatNetwork, count: usize, fill: impl Fn(usize, &mut [f32]) + Sync) {
    net.grids = None;
    net.forward(count, Mode::Evaluate, fill);
    let input = float.pixels().format;
    let mut tensors = vec![input];
    for (k, (stage, &id)) in map.spec.stages.iter().zip(&map.layers).enumerate() {
        let operands = || stage.inputs.iter().map(|&t| tensors[t]);
        let numbers = &mut float.layers[id].numbers;
        let tensor = match stage.op {
            Op::Concat => {
                numbers.features = None;
                common_format(operands())
            }
            op if op.moves() => tensors[stage.inputs[0]],
            _ => {
                let values: Vec<&[f32]> = (0..count).map(|i| net.activations(i, k)).collect();
                let spec = numbers.features.unwrap_or(FormatSpec::open(8, false));
                let best = best_feature(spec, &values);
                numbers.features = Some(FormatSpec { frac: Some(best.frac), ..spec });
                best
            }
        };
        if stage.op.has_weights() {
            let p = &net.params.stages[k];
            let most = most_weight_frac(&p.beta, i32::from(tensors[stage.inputs[0]].frac));
            numbers.weights.frac = Some(numbers.weights.fitting(&p.weight, most));
        }
        tensors.push(tensor);
    }
}

/// Settles the format of the detection head anew ([`head::Fractions`]), on as many of `images` as there are.
///
/// # Errors
/// When the last stage is no detection head.
pub fn calibrate_head(net: &mut Net, map: &Trainable, float: &mut FloatNetwork, images: &Images) -> Result<()> {
    let Some(&id) = map.layers.last() else { return Ok(()) };
    let Some(spec) = float.layers[id].numbers.features else { return Ok(()) };
    net.grids = None;
    let (shape, anchors) = (net.output_shape(), net.spec.anchors.clone());
    let mut fractions = head::Fractions::new(spec);
    for start in (0..images.len()).step_by(net.batch().max(1)) {
        let count = net.batch().min(images.len() - start);
        net.forward(count, Mode::Evaluate, |i, out| images.fill(start + i, out));
        for i in 0..count {
            fractions.add(net.output(i), shape, &anchors, images.targets[start + i])?;
        }
    }
    float.layers[id].numbers.features = Some(FormatSpec { frac: fractions.best().or(spec.frac), ..spec });
    Ok(())
}

/// Whether batch norm has to be folded before weights are put on their grids: only steps of their own for each channel can take it up.
pub fn folds_first(float: &FloatNetwork, spec: &NetSpec, layers: &[usize]) -> bool {
    let per_channel = crate::model::raw::ScaleKind::MultiplierPerChannel;
    spec.stages.iter().zip(layers).any(|(s, &id)| s.norm && float.layers[id].numbers.scale != per_channel)
}

/// The format with the least squared rounding and saturation error over all values.
fn best_feature(spec: FormatSpec, values: &[&[f32]]) -> Format {
    let error = |frac: i8| -> f64 {
        let f = spec.with_frac(frac);
        let (scale, low, high) = (1.0 / f.step() as f32, f.min() as f32, f.max() as f32);
        let one = |v: f32| {
            let off = (v * scale + 0.5).floor().clamp(low, high) / scale - v;
            f64::from(off * off)
        };
        // Every seventh value is plenty, and keeps calibration short.
        values.iter().flat_map(|v| v.iter().step_by(7)).map(|&v| one(v)).sum()
    };
    let best = FEATURE_FRAC.map(|frac| (error(frac), frac)).reduce(|a, b| if b.0 < a.0 { b } else { a });
    spec.with_frac(best.map_or(0, |(_, frac)| frac))
}
