//! Forward and backward passes of a graph of stages over a batch.
//!
//! The images of a batch are the parallel unit. Whatever crosses images (batch statistics, parameter gradients) is kept an
//! image and added up in image order, so results do not depend on the number of threads.

use super::loss::{self, Target};
use super::moves;
use super::norm::{self, Curve};
use super::params::{EPSILON, Params};
use super::quantise::Grids;
use super::sample::{Conv, Sample};
use super::slots::Slots;
use super::spec::{NetSpec, Op, StageShape};
use crate::error::Result;
use crate::tensor::Shape;
use rayon::prelude::*;

/// Share of a new batch in the running statistics.
const MOMENTUM: f32 = 0.03;

/// A network being trained or evaluated, with the buffers of one batch.
pub struct Net {
    /// Structure.
    pub spec: NetSpec,
    /// Trained numbers.
    pub params: Params,
    /// Their gradients, mean over the batch, after [`Net::backward`].
    pub grads: Params,
    /// Fixed-point grids for quantisation-aware training; `None` trains in float.
    pub grids: Option<Grids>,
    shapes: Vec<StageShape>,
    slots: Slots,
    samples: Vec<Sample>,
    curves: Vec<Vec<Curve>>,
    /// Weights on their grids, where there are grids; made anew in each forward pass.
    quantised: Vec<Vec<f32>>,
    /// Batch mean and inverse deviation of each normalised channel.
    batch: Vec<Vec<[f32; 2]>>,
}

/// Whether batch norm uses the batch's statistics or the running ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Batch statistics; the running ones follow.
    Train,
    /// Running statistics.
    Evaluate,
}

impl Net {
    /// Buffers for up to `batch` images.
    ///
    /// # Errors
    /// When the stages do not fit each other.
    pub fn new(spec: NetSpec, params: Params, batch: usize) -> Result<Net> {
        let shapes = spec.shapes()?;
        let slots = Slots::new(&spec, &shapes);
        let samples = (0..batch).map(|_| Sample::new(&spec, &shapes, &slots)).collect();
        let n = shapes.len();
        let grads = params.zeros_like();
        let (curves, quantised, statistics) = (vec![Vec::new(); n], vec![Vec::new(); n], vec![Vec::new(); n]);
        Ok(Net { spec, grads, params, grids: None, batch: statistics, shapes, slots, samples, curves, quantised })
    }

    /// Shape of the head's output.
    pub fn output_shape(&self) -> Shape {
        self.shapes.last().map(|s| s.output).unwrap_or_default()
    }

    /// How many images there are buffers for.
    pub fn batch(&self) -> usize {
        self.samples.len()
    }

    /// Runs the first `count` samples; `fill` writes each input (channel, row, column).
    pub fn forward(&mut self, count: usize, mode: Mode, fill: impl Fn(usize, &mut [f32]) + Sync) {
        let coarse = self.grids.as_ref().map(|g| g.input).filter(|f| f.frac < 8);
        self.samples[..count].par_iter_mut().enumerate().for_each(|(i, s)| {
            fill(i, &mut s.input);
            if let Some(format) = coarse {
                s.input.iter_mut().for_each(|v| *v = format.value(format.quantise(f64::from(*v))) as f32);
            }
        });
        for k in 0..self.shapes.len() {
            let stage = &self.spec.stages[k];
            let norm = stage.norm && mode == Mode::Train;
            if stage.op.has_weights() {
                self.quantised[k] = self.grids.as_ref().map_or(Vec::new(), |g| g.weights(k, &self.params.stages[k].weight));
                let conv = conv(&self.spec, &self.params, &self.quantised, self.shapes[k], k);
                let from = stage.inputs[0];
                self.samples[..count].par_iter_mut().for_each(|s| s.convolve(k, from, &conv, norm));
            } else {
                let shapes = self.operand_shapes(k);
                let (inputs, op, shape) = (&stage.inputs, stage.op, self.shapes[k]);
                self.samples[..count].par_iter_mut().for_each(|s| s.combine(k, op, inputs, &shapes, shape));
            }
            if norm {
                self.batch[k] = statistics(&self.samples[..count], k, self.shapes[k]);
                self.update_running(k, count);
            }
            self.curves[k] = self.curves_of(k, mode);
            let (curves, pool, shape, moves) = (&self.curves[k], self.spec.stages[k].pool, self.shapes[k], self.spec.stages[k].op.moves());
            if moves {
                // Values that are moved may still have to fit a coarser grid: that of a concatenation.
                let grid = self.grids.as_ref().and_then(|g| g.moved(k));
                if let Some(curve) = grid {
                    self.samples[..count].par_iter_mut().for_each(|s| norm::snap(&mut s.a[k], &curve));
                }
            } else {
                self.samples[..count].par_iter_mut().for_each(|s| s.activate(k, shape, curves, pool));
            }
        }
    }

    /// Output of the head for sample `i`.
    pub fn output(&self, i: usize) -> &[f32] {
        self.samples[i].output()
    }

    /// Activations of stage `k` for sample `i`, after its pool.
    pub fn activations(&self, i: usize, k: usize) -> &[f32] {
        &self.samples[i].a[k]
    }

    /// Loss of the last forward pass and, in `self.grads`, its gradient. Returns the mean loss.
    pub fn backward(&mut self, targets: &[Target]) -> f64 {
        let count = targets.len();
        let head = self.output_shape();
        let anchors = &self.spec.anchors;
        let slot = self.slots.of(self.shapes.len()).unwrap_or(0);
        self.samples[..count].par_iter_mut().zip(targets).for_each(|(s, t)| {
            let output = s.a.last().map_or(&[][..], |a| a);
            s.loss = loss::detection(output, head, anchors, t, &mut s.grads[slot][..output.len()]);
        });
        for k in (0..self.shapes.len()).rev() {
            if self.spec.stages[k].op.moves() {
                self.backward_operands(k, count);
            } else {
                self.backward_stage(k, count);
            }
        }
        self.samples[..count].iter().map(|s| s.loss).sum::<f64>() / count as f64
    }

    fn backward_stage(&mut self, k: usize, count: usize) {
        let shape = self.shapes[k];
        let stage = &self.spec.stages[k];
        let (curves, pool) = (&self.curves[k], stage.pool);
        let slot = self.slots.of(k + 1).unwrap_or(0);
        self.samples[..count].par_iter_mut().for_each(|s| s.grad_activation(k, slot, shape, curves, pool));
        if !stage.op.has_weights() {
            return self.backward_operands(k, count);
        }
        let linear = self.grad_channels(k, count);
        let stage = &self.spec.stages[k];
        let conv = conv(&self.spec, &self.params, &self.quantised, shape, k);
        let (norm, slots, from) = (stage.norm, &self.slots, stage.inputs[0]);
        let add = !slots.first[k][0];
        let samples = &mut self.samples[..count];
        samples.par_iter_mut().for_each(|s| {
            if norm {
                s.grad_norm(k, shape, &linear);
            }
            s.grad_convolution(from, &conv, slots, add);
        });
        let total = &mut self.grads.stages[k].weight;
        let scale = 1.0 / count as f32;
        // Elements are the parallel unit here; each adds its images in order.
        total.par_chunks_mut(4096).enumerate().for_each(|(i, total)| {
            total.fill(0.0);
            for s in samples.iter() {
                total.iter_mut().zip(&s.grad_weight[i * 4096..]).for_each(|(t, g)| *t += g * scale);
            }
        });
    }

    /// Gradients of batch norm or bias of stage `k`; returns for each channel what takes the gradient through batch norm.
    fn grad_channels(&mut self, k: usize, count: usize) -> Vec<[f32; 3]> {
        let shape = self.shapes[k];
        let n = (count * shape.full.h * shape.full.w) as f64;
        let mut linear = vec![[1.0f32, 0.0, 0.0]; shape.full.c];
        for (c, linear) in linear.iter_mut().enumerate() {
            let sums = self.samples[..count].iter().fold([0.0; 2], |t, s| [t[0] + s.sums[c][0], t[1] + s.sums[c][1]]);
            let p = &mut self.grads.stages[k];
            p.beta[c] = (sums[0] / count as f64) as f32;
            if self.spec.stages[k].norm {
                let [mean, inverse] = self.batch[k][c].map(f64::from);
                let dot = (sums[1] - mean * sums[0]) * inverse;
                p.gamma[c] = (dot / count as f64) as f32;
                // dz = scale * (dy - sum(dy) / n - xhat * sum(dy * xhat) / n), with xhat = (z - mean) * inverse.
                let scale = f64::from(self.curves[k][c].scale);
                let slope = -scale * inverse * dot / n;
                *linear = [scale, slope, -scale * sums[0] / n - slope * mean].map(|v| v as f32);
            }
        }
        linear
    }

    /// Gradients at the operands of a stage without weights.
    fn backward_operands(&mut self, k: usize, count: usize) {
        let stage = &self.spec.stages[k];
        let shapes = self.operand_shapes(k);
        let (slots, shape) = (&self.slots, self.shapes[k]);
        self.samples[..count].par_iter_mut().for_each(|s| {
            // The gradient at the values: of the output for those that move, of the accumulators for sums.
            let own =
                if stage.op.moves() { std::mem::take(&mut s.grads[slots.of(k + 1).unwrap_or(0)]) } else { std::mem::take(&mut s.grad_z) };
            for (j, &t) in stage.inputs.iter().enumerate() {
                let Some(slot) = slots.of(t) else { continue };
                let into = &mut s.grads[slot][..shapes[j].len()];
                if slots.first[k][j] {
                    into.fill(0.0);
                }
                moves::backward(stage.op, j, &s.a[t - 1], &shapes, shape.full, &own[..shape.full.len()], into);
            }
            if stage.op.moves() { s.grads[slots.of(k + 1).unwrap_or(0)] = own } else { s.grad_z = own }
        });
    }

    fn operand_shapes(&self, k: usize) -> Vec<Shape> {
        self.spec.stages[k].inputs.iter().map(|&t| if t == 0 { self.spec.input } else { self.shapes[t - 1].output }).collect()
    }

    fn curves_of(&self, k: usize, mode: Mode) -> Vec<Curve> {
        let stage = &self.spec.stages[k];
        let p = &self.params.stages[k];
        let (mut low, mut high, mut grid) = match stage.clip {
            Some(clip) => (0.0, clip, 0.0),
            None => (f32::NEG_INFINITY, f32::INFINITY, 0.0),
        };
        // The head's outputs stay off their grid while training: where a confidence saturates, its gradient would vanish, and the softmax
        // over all of them would count a background that is less sure than the network is.
        let off = mode == Mode::Train && k + 1 == self.spec.stages.len();
        if let Some(g) = self.grids.as_ref().filter(|_| !off) {
            (low, high, grid) = g.features(k, low, high);
        }
        let linear = |c: usize| match (stage.op.has_weights(), stage.norm, mode) {
            (false, ..) => (1.0, 0.0),
            (true, false, _) => (1.0, p.beta[c]),
            (true, true, Mode::Train) => {
                let [mean, inverse] = self.batch[k][c];
                (p.gamma[c] * inverse, p.beta[c] - p.gamma[c] * inverse * mean)
            }
            (true, true, Mode::Evaluate) => {
                let r = &self.params.running[k];
                let scale = p.gamma[c] / (r.var[c] + EPSILON).sqrt();
                (scale, p.beta[c] - scale * r.mean[c])
            }
        };
        let channels = if stage.op.moves() { 0 } else { stage.channels };
        let steps = self.grids.as_ref().map_or_else(|| vec![0.0; channels], |g| g.accumulator_steps(k, &self.quantised[k]));
        (0..channels)
            .map(|c| {
                let (scale, shift) = linear(c);
                // With few, large weights the accumulator is coarse, and so are its biases.
                let last_bit = steps[c] * scale.abs();
                let shift = if last_bit > 0.0 { (shift / last_bit).round() * last_bit } else { shift };
                Curve { scale, shift, low, high, grid }
            })
            .collect()
    }

    fn update_running(&mut self, k: usize, count: usize) {
        let n = (count * self.shapes[k].full.h * self.shapes[k].full.w) as f32;
        let running = &mut self.params.running[k];
        for (c, [mean, inverse]) in self.batch[k].iter().enumerate() {
            let var = (1.0 / (inverse * inverse) - EPSILON) * n / (n - 1.0).max(1.0);
            running.mean[c] += MOMENTUM * (mean - running.mean[c]);
            running.var[c] += MOMENTUM * (var - running.var[c]);
        }
    }
}

fn conv<'a>(spec: &NetSpec, params: &'a Params, quantised: &'a [Vec<f32>], shape: StageShape, k: usize) -> Conv<'a> {
    let weight = if quantised[k].is_empty() { &params.stages[k].weight } else { &quantised[k] };
    Conv { op: spec.stages[k].op, shape, weight }
}

/// Mean and inverse deviation of each channel of stage `k` over the batch.
fn statistics(samples: &[Sample], k: usize, shape: StageShape) -> Vec<[f32; 2]> {
    debug_assert!(samples.iter().all(|s| s.z[k].len() == shape.full.len()));
    let n = (samples.len() * shape.full.h * shape.full.w) as f64;
    (0..shape.full.c)
        .map(|c| {
            let [sum, square] = samples.iter().fold([0.0; 2], |t, s| [t[0] + s.sums[c][0], t[1] + s.sums[c][1]]);
            let mean = sum / n;
            let var = (square / n - mean * mean).max(0.0) + f64::from(EPSILON);
            [mean as f32, (1.0 / var.sqrt()) as f32]
        })
        .collect()
}

// Kept here so that the passes and their kernels are read together.
impl Sample {
    /// A stage without weights: accumulators, or for those that move values the output itself.
    fn combine(&mut self, k: usize, op: Op, inputs: &[usize], shapes: &[Shape], shape: StageShape) {
        let (before, rest) = self.a.split_at_mut(k);
        let operands: Vec<&[f32]> = inputs.iter().map(|&t| if t == 0 { &self.input[..] } else { &before[t - 1][..] }).collect();
        let out = if op.moves() { &mut rest[0] } else { &mut self.z[k] };
        moves::forward(op, &operands, shapes, shape.full, out);
    }

    fn activate(&mut self, k: usize, shape: StageShape, curves: &[Curve], pool: bool) {
        let (plane, out) = (shape.full.h * shape.full.w, shape.output.h * shape.output.w);
        for (c, curve) in curves.iter().enumerate() {
            let z = &self.z[k][c * plane..(c + 1) * plane];
            let a = &mut self.a[k][c * out..(c + 1) * out];
            if pool { norm::activate_pool(z, shape.full.w, curve, a) } else { norm::activate(z, curve, a) }
        }
    }

    fn grad_activation(&mut self, k: usize, slot: usize, shape: StageShape, curves: &[Curve], pool: bool) {
        let (plane, out) = (shape.full.h * shape.full.w, shape.output.h * shape.output.w);
        for (c, curve) in curves.iter().enumerate() {
            let z = &self.z[k][c * plane..(c + 1) * plane];
            let grad = &self.grads[slot][c * out..(c + 1) * out];
            let to = &mut self.grad_z[c * plane..(c + 1) * plane];
            self.sums[c] =
                if pool { norm::grad_activate_pool(z, shape.full.w, grad, curve, to) } else { norm::grad_activate(z, grad, curve, to) };
        }
    }

    fn grad_norm(&mut self, k: usize, shape: StageShape, linear: &[[f32; 3]]) {
        let plane = shape.full.h * shape.full.w;
        for (c, &[a, b, offset]) in linear.iter().enumerate() {
            let z = &self.z[k][c * plane..(c + 1) * plane];
            norm::grad_linear(&mut self.grad_z[c * plane..(c + 1) * plane], z, a, b, offset);
        }
    }
}
