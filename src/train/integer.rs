//! The trained network in integers, executed naively: what the accelerator must reproduce bit for bit.
//!
//! Slow and simple on purpose; the one place that rounds is [`crate::fixed`].

use super::data::Images;
use super::params::Params;
use super::quantise::Grids;
use super::spec::{NetSpec, Op, StageShape};
use crate::error::{Error, Result};
use crate::fixed::{Format, Requantise};
use crate::model::head;
use crate::tensor::Tensor;
use rayon::prelude::*;

/// Format of the input: raw 8-bit pixels that stand for pixel / 256.
pub const INPUT: Format = Format::unsigned(8, 8);

/// One stage in integers.
struct IntStage {
    op: Op,
    shape: StageShape,
    pool: bool,
    weight: Vec<i32>,
    /// At the accumulator's fraction bits: those of the input plus those of the weights.
    bias: Vec<i64>,
    requantise: Requantise,
}

/// A network in integers.
pub struct IntNet {
    stages: Vec<IntStage>,
    anchors: Vec<[f32; 2]>,
}

impl IntNet {
    /// Quantises a network whose batch norm was folded.
    ///
    /// # Errors
    /// When the network still has batch norm, or a requantise shift leaves the machine's range.
    pub fn new(spec: &NetSpec, params: &Params, grids: &Grids) -> Result<IntNet> {
        let shapes = spec.shapes()?;
        let mut input = INPUT;
        let mut stages = Vec::with_capacity(shapes.len());
        for (k, stage) in spec.stages.iter().enumerate() {
            let (w, out) = (grids.weight[k], grids.feature[k]);
            let shift = input.frac + w.frac - out.frac;
            if stage.norm || !(-16..=47).contains(&shift) {
                return Err(Error::input(format!("stage {} cannot be quantised", stage.name))
                    .value(format!("batch norm {}, shift {shift}", stage.norm))
                    .allowed("folded batch norm, shift -16 to 47"));
            }
            let mut requantise = Requantise::by_shift(shift, out);
            requantise.relu = stage.clip.is_some();
            requantise.clip = stage.clip.map(|c| out.quantise(f64::from(c)));
            let p = &params.stages[k];
            let scale = libm::exp2(f64::from(input.frac + w.frac));
            stages.push(IntStage {
                op: stage.op,
                shape: shapes[k],
                pool: stage.pool,
                weight: p.weight.iter().map(|&v| w.quantise(f64::from(v))).collect(),
                bias: p.beta.iter().map(|&b| libm::rint(f64::from(b) * scale) as i64).collect(),
                requantise,
            });
            input = out;
        }
        Ok(IntNet { stages, anchors: spec.anchors.clone() })
    }

    /// Raw outputs of every stage, after its pool, for one input of raw pixels.
    pub fn run(&self, pixels: &[u8]) -> Vec<Tensor> {
        let mut outputs: Vec<Tensor> = Vec::with_capacity(self.stages.len());
        let mut input: Vec<i32> = pixels.iter().map(|&p| i32::from(p)).collect();
        for stage in &self.stages {
            let out = stage.run(&input);
            input.clone_from(&out.data);
            outputs.push(out);
        }
        outputs
    }

    /// IoU of each image, in order.
    ///
    /// # Errors
    /// When the last layer is no detection head.
    pub fn ious(&self, images: &Images) -> Result<Vec<f32>> {
        let format = self.stages.last().map_or(INPUT, |s| s.requantise.format);
        (0..images.len())
            .into_par_iter()
            .map(|i| {
                let outputs = self.run(&images.pixels[i]);
                let last = outputs.last().ok_or_else(|| Error::input("the network has no layers"))?;
                Ok(head::decode(last, format, &self.anchors)?.area.iou(images.targets[i]))
            })
            .collect()
    }
}

impl IntStage {
    fn run(&self, input: &[i32]) -> Tensor {
        let full = self.shape.full;
        let plane = full.h * full.w;
        let mut out = Tensor::zeros(self.shape.output);
        let to = self.shape.output.h * self.shape.output.w;
        let mut acc = vec![0i32; plane];
        for c in 0..full.c {
            acc.fill(0);
            self.accumulate(input, c, &mut acc);
            let raw: Vec<i32> = acc.iter().map(|&a| self.requantise.apply(i64::from(a) + self.bias[c], c)).collect();
            let out = &mut out.data[c * to..(c + 1) * to];
            if self.pool {
                for (i, o) in out.iter_mut().enumerate() {
                    let at = i / (full.w / 2) * 2 * full.w + i % (full.w / 2) * 2;
                    *o = raw[at].max(raw[at + 1]).max(raw[at + full.w]).max(raw[at + full.w + 1]);
                }
            } else {
                out.copy_from_slice(&raw);
            }
        }
        out
    }

    /// Sums products of output channel `c`. 32 bits hold them: 9 + 11 bits and up to 1,152 terms need 31.
    fn accumulate(&self, input: &[i32], c: usize, acc: &mut [i32]) {
        let taps = self.op.taps(self.shape.input.c);
        let weight = &self.weight[c * taps..(c + 1) * taps];
        let [ci, h, w] = [self.shape.input.c, self.shape.input.h, self.shape.input.w];
        match self.op {
            Op::Pointwise => {
                for (&weight, plane) in weight.iter().zip(input.chunks_exact(h * w)) {
                    acc.iter_mut().zip(plane).for_each(|(a, &v)| *a += weight * v);
                }
            }
            Op::Depthwise => accumulate_3x3(&input[c * h * w..(c + 1) * h * w], [h, w], 1, weight, acc, self.shape.full.w),
            Op::Conv { stride } => {
                for i in 0..ci {
                    let plane = &input[i * h * w..(i + 1) * h * w];
                    accumulate_3x3(plane, [h, w], stride, &weight[i * 9..i * 9 + 9], acc, self.shape.full.w);
                }
            }
        }
    }
}

/// Adds a 3 x 3 correlation (padding 1) of one plane to `acc`, rows of `out_w`.
fn accumulate_3x3(plane: &[i32], [h, w]: [usize; 2], stride: usize, kernel: &[i32], acc: &mut [i32], out_w: usize) {
    for (y, row) in acc.chunks_exact_mut(out_w).enumerate() {
        for (k, &weight) in kernel.iter().enumerate() {
            let sy = (y * stride + k / 3).wrapping_sub(1);
            if sy >= h {
                continue;
            }
            let from = &plane[sy * w..(sy + 1) * w];
            // Output columns whose source column lies inside.
            let (first, last) = (usize::from(k % 3 == 0), ((w - 1 + 1 - k % 3) / stride + 1).min(out_w));
            for x in first..last {
                row[x] += weight * from[x * stride + k % 3 - 1];
            }
        }
    }
}
