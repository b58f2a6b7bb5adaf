//! Fixed-point grids for quantisation-aware training: what the hardware can do, seen from the float side.
//!
//! Features and, by default, weights have power-of-two steps, one a tensor, so that requantise is a shift. With integer multipliers the
//! step of the weights is free, one a layer or one an output channel. Gradients pass straight through (Bengio et al., arXiv 1308.3432).

use super::norm::Curve;
use super::spec::{NetSpec, Op};
use crate::fixed::Format;
use crate::model::float::{FloatLayer, FloatNetwork};
use crate::model::quantise::common_format;
use crate::model::raw::ScaleKind;

/// Share of the mean magnitude under which a ternary weight is zero (Li, Zhang, Liu, "Ternary weight networks", arXiv 1605.04711, equation 6).
const TERNARY_THRESHOLD: f32 = 0.7;

/// The grid of one stage's weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WeightGrid {
    /// A power-of-two step.
    Shift(Format),
    /// One free step a layer; the format's fraction bits mean nothing.
    Layer(Format),
    /// One free step an output channel; the format's fraction bits mean nothing.
    Channel(Format),
}

/// Grids of weights and features of each stage, as the accelerator holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct Grids {
    /// Format of the image.
    pub input: Format,
    /// One a stage; none for stages without weights.
    pub weight: Vec<Option<WeightGrid>>,
    /// One a stage for its activations, after its pool; none for stages that move values as they are.
    pub feature: Vec<Option<Format>>,
    /// Format of what each stage reads (its first operand).
    pub operand: Vec<Format>,
    /// Output channels of each stage.
    pub channels: Vec<usize>,
}

impl Grids {
    /// The grids that `float` describes, its fraction bits settled; `layers` names the layer of each stage.
    pub fn new(float: &FloatNetwork, spec: &NetSpec, layers: &[usize]) -> Grids {
        let input = settled(float.input());
        let mut tensors = vec![input];
        let mut grids = Grids { input, weight: Vec::new(), feature: Vec::new(), operand: Vec::new(), channels: Vec::new() };
        for (stage, &layer) in spec.stages.iter().zip(layers) {
            let layer = &float.layers[layer];
            let operands = || stage.inputs.iter().map(|&t| tensors[t]);
            let (feature, tensor) = match stage.op {
                Op::Concat => {
                    let common = common_format(operands());
                    (operands().any(|f| f != common).then_some(common), common)
                }
                op if op.moves() => (None, tensors[stage.inputs[0]]),
                _ => (Some(settled(layer)), settled(layer)),
            };
            grids.operand.push(tensors[stage.inputs[0]]);
            grids.channels.push(stage.channels);
            tensors.push(tensor);
            grids.feature.push(feature);
            grids.weight.push(stage.op.has_weights().then(|| weight_grid(layer)));
        }
        grids
    }

    /// Weights of stage `k` on their grid; empty for a stage without weights.
    pub fn weights(&self, k: usize, weight: &[f32]) -> Vec<f32> {
        match self.weight[k] {
            None => Vec::new(),
            Some(WeightGrid::Shift(format)) => {
                let step = format.step();
                weight.iter().map(|&w| (f64::from(format.quantise(f64::from(w))) * step) as f32).collect()
            }
            Some(WeightGrid::Layer(format)) => on_free_step(format, weight),
            // Batch norm's scale is one a channel, so that one step for all of them loses nothing before it is folded; afterwards the
            // channels' steps differ, and are found again in their largest weights, which are 1.
            Some(WeightGrid::Channel(format)) if format.bits <= 2 => on_free_step(format, weight),
            // Wider ones are found again only where a channel's largest weight is the largest integer.
            Some(WeightGrid::Channel(format)) => self.by_channel(k, weight).flat_map(|w| on_free_step(format, w)).collect(),
        }
    }

    /// What the last bit of the accumulator of each of stage `k`'s channels weighs, before batch norm, with weights already on their grid: biases are rounded to
    /// it. 0 where a channel has a step of its own and all its weights are zero: its bias is exact then.
    pub fn accumulator_steps(&self, k: usize, quantised: &[f32]) -> Vec<f32> {
        match self.weight[k] {
            // A channel of ternary weights that are not all zero has the step of its layer.
            Some(WeightGrid::Channel(_)) => self.by_channel(k, quantised).map(|w| self.accumulator_step(k, w)).collect(),
            _ => vec![self.accumulator_step(k, quantised); self.channels[k]],
        }
    }

    /// The weights of each output channel of stage `k`.
    fn by_channel<'w>(&self, k: usize, weight: &'w [f32]) -> impl Iterator<Item = &'w [f32]> {
        weight.chunks((weight.len() / self.channels[k].max(1)).max(1))
    }

    fn accumulator_step(&self, k: usize, quantised: &[f32]) -> f32 {
        let step = match self.weight[k] {
            None => 0.0,
            Some(WeightGrid::Shift(format)) => format.step() as f32,
            Some(WeightGrid::Layer(format) | WeightGrid::Channel(format)) => {
                quantised.iter().fold(0f32, |m, w| m.max(w.abs())) / Format { frac: 0, ..format }.max() as f32
            }
        };
        step * self.operand[k].step() as f32
    }

    /// Bounds of stage `k` narrowed to its format, and the inverse step (0 for none).
    pub fn features(&self, k: usize, low: f32, high: f32) -> (f32, f32, f32) {
        let Some(f) = self.feature[k] else { return (low, high, 0.0) };
        (low.max(f.value(f.min()) as f32), high.min(f.value(f.max()) as f32), (1.0 / f.step()) as f32)
    }

    /// What a stage that moves values has to do to them, if anything.
    pub fn moved(&self, k: usize) -> Option<Curve> {
        let (low, high, grid) = self.features(k, f32::NEG_INFINITY, f32::INFINITY);
        (grid > 0.0).then_some(Curve { scale: 1.0, shift: 0.0, low, high, grid })
    }
}

/// The format of a layer that has one; of open fraction bits, none.
pub(super) fn settled(layer: &FloatLayer) -> Format {
    let spec = layer.numbers.features;
    spec.map_or(Format::signed(16, 8), |f| f.with_frac(f.frac.unwrap_or(0)))
}

fn weight_grid(layer: &FloatLayer) -> WeightGrid {
    let spec = layer.numbers.weights;
    match layer.numbers.scale {
        ScaleKind::Shift => WeightGrid::Shift(spec.with_frac(spec.frac.unwrap_or(0))),
        ScaleKind::Multiplier => WeightGrid::Layer(spec.with_frac(0)),
        ScaleKind::MultiplierPerChannel => WeightGrid::Channel(spec.with_frac(0)),
    }
}

/// Weights on a grid whose step is chosen for them: the largest weight becomes the largest integer, but ternary and binary weights take the
/// step of least error.
fn on_free_step(format: Format, weight: &[f32]) -> Vec<f32> {
    let mean = |values: &mut dyn Iterator<Item = f32>| {
        let (sum, count) = values.fold((0.0f64, 0u32), |(s, n), v| (s + f64::from(v), n + 1));
        (sum / f64::from(count.max(1))) as f32
    };
    let all = mean(&mut weight.iter().map(|w| w.abs()));
    if format.bits == 1 {
        return weight.iter().map(|&w| if w < 0.0 { -all } else { all }).collect();
    }
    if format.bits == 2 {
        let threshold = TERNARY_THRESHOLD * all;
        let step = mean(&mut weight.iter().map(|w| w.abs()).filter(|&w| w > threshold));
        return weight.iter().map(|&w| if w.abs() > threshold { step.copysign(w) } else { 0.0 }).collect();
    }
    let largest = weight.iter().fold(0f32, |m, w| m.max(w.abs()));
    let step = if largest > 0.0 { f64::from(largest) / f64::from(format.max()) } else { 1.0 };
    let unit = Format { frac: 0, ..format };
    weight.iter().map(|&w| (f64::from(unit.quantise(f64::from(w) / step)) * step) as f32).collect()
}
