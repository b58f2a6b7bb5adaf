//! The network before quantisation, and its executor in `f32`: for calibration and for the float column of accuracy tables.

use super::format_spec::FormatSpec;
use super::graph::{NodeId, Op};
use super::raw::ScaleKind;
use crate::error::{Error, Result};
use crate::fixed::{Format, Overflow, PixelCoding, Rounding};
use crate::ops::{self, Kernel, Map};
use crate::tensor::{Shape, Tensor};

/// A network with float weights and, beside each layer, the numbers it is to be quantised to.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatNetwork {
    /// Name of the network.
    pub name: String,
    /// Layers in topological order; layer 0 is the input.
    pub layers: Vec<FloatLayer>,
    /// What is taken off each pixel of an image, as a fraction of 256.
    pub mean: f64,
}

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatLayer {
    /// Unique within the network.
    pub name: String,
    /// What it computes (an addition's shifts are settled when it is quantised).
    pub op: Op,
    /// Indices of the layers it reads.
    pub inputs: Vec<NodeId>,
    /// Extents of the output.
    pub shape: Shape,
    /// Weights and bias, batch norm folded.
    pub weights: Option<Kernel<f32>>,
    /// What follows.
    pub activation: Activation,
    /// What it is quantised to.
    pub numbers: Numbers,
}

/// What a layer is quantised to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Output format; `None` takes over that of the operands (operations that move values).
    pub features: Option<FormatSpec>,
    /// Weight format.
    pub weights: FormatSpec,
    /// Raw value of the output that stands for zero.
    pub zero_point: i32,
    /// How requantise rounds.
    pub rounding: Rounding,
    /// How requantise enforces the format.
    pub overflow: Overflow,
    /// How accumulators are scaled.
    pub scale: ScaleKind,
}

/// What follows a layer's sum, as part of its requantise step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Activation {
    /// Nothing.
    #[default]
    None,
    /// Negative values become zero.
    Relu,
    /// ReLU that ends at this value.
    Clip(f64),
    /// Negative values times `2^-slope`.
    Leaky(u8),
}

impl Activation {
    /// The function itself.
    pub fn apply(self, x: f32) -> f32 {
        match self {
            Activation::None => x,
            Activation::Relu => x.max(0.0),
            Activation::Clip(end) => x.clamp(0.0, end as f32),
            Activation::Leaky(slope) if x < 0.0 => x / f32::from(1u16 << slope),
            Activation::Leaky(_) => x,
        }
    }
}

impl FloatNetwork {
    /// The input layer.
    pub fn input(&self) -> &FloatLayer {
        &self.layers[0]
    }

    /// Multiply-accumulates of one frame.
    pub fn macs(&self) -> u64 {
        let of = |l: &FloatLayer| l.weights.as_ref().map_or(0, |w| w.data.len() as u64) * (l.shape.h * l.shape.w) as u64;
        self.layers.iter().map(of).sum()
    }

    /// Weights and biases.
    pub fn parameters(&self) -> usize {
        self.layers.iter().filter_map(|l| l.weights.as_ref()).map(|w| w.data.len() + w.bias.len()).sum()
    }

    /// How a pixel enters the network.
    pub fn pixels(&self) -> PixelCoding {
        let numbers = &self.input().numbers;
        let format = numbers.features.map_or(Format::PIXEL, |f| f.with_frac(f.frac.unwrap_or(0)));
        PixelCoding { format, zero_point: numbers.zero_point, mean: self.mean }
    }

    /// The real values that a raw image stands for.
    pub fn image(&self, raw: &Tensor) -> Map<f32> {
        let numbers = &self.input().numbers;
        let step = numbers.features.map_or(1.0, |f| f.with_frac(f.frac.unwrap_or(0)).step()) as f32;
        Map { shape: raw.shape, data: raw.data.iter().map(|&r| (r - numbers.zero_point) as f32 * step).collect() }
    }

    /// Runs one image and hands each layer's output to `see` (layer index, output), in order; maps nobody reads any more are dropped.
    /// Returns the last layer's output.
    ///
    /// # Errors
    /// When the image has other extents than the network's input.
    pub fn run(&self, image: &Map<f32>, mut see: impl FnMut(usize, &Map<f32>)) -> Result<Map<f32>> {
        if image.shape != self.input().shape {
            return Err(Error::input("image has other extents than the network's input").value(image.shape).allowed(self.input().shape));
        }
        let mut last_reader = vec![0; self.layers.len()];
        for (id, layer) in self.layers.iter().enumerate() {
            layer.inputs.iter().for_each(|&i| last_reader[i] = id);
        }
        let mut maps: Vec<Option<Map<f32>>> = vec![None; self.layers.len()];
        for (id, layer) in self.layers.iter().enumerate() {
            let output = match ops::of(&layer.op) {
                None => image.clone(),
                Some(entry) => evaluate(entry, layer, &maps),
            };
            see(id, &output);
            for &i in layer.inputs.iter().filter(|&&i| last_reader[i] == id) {
                maps[i] = None;
            }
            maps[id] = Some(output);
        }
        maps.pop().flatten().ok_or_else(|| Error::input("network has no layers"))
    }
}

fn evaluate(entry: &ops::Entry, layer: &FloatLayer, maps: &[Option<Map<f32>>]) -> Map<f32> {
    let operands: Vec<Map<f32>> = layer.inputs.iter().map(|&i| maps[i].clone().expect("kept until its last reader")).collect();
    let shapes: Vec<Shape> = operands.iter().map(|m| m.shape).collect();
    let mut out = (entry.accumulate_f32)(&layer.op, &operands, layer.weights.as_ref(), layer.shape);
    let mean = 1.0 / (entry.mean_of)(&layer.op, &shapes) as f32;
    out.data.iter_mut().for_each(|v| *v = layer.activation.apply(*v * mean));
    out
}
