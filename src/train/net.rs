//! Forward and backward passes of a chain of stages over a batch.
//!
//! The images of a batch are the parallel unit. Whatever crosses images (batch statistics, parameter gradients) is kept an
//! image and added up in image order, so results do not depend on the number of threads.

use super::loss::{self, Target};
use super::norm::{self, Curve};
use super::params::{EPSILON, Params};
use super::quantise::Grids;
use super::sample::{Conv, Sample};
use super::spec::{NetSpec, StageShape};
use crate::error::Result;
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
    samples: Vec<Sample>,
    curves: Vec<Vec<Curve>>,
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
        let samples = (0..batch).map(|_| Sample::new(&spec, &shapes)).collect();
        let curves = vec![Vec::new(); shapes.len()];
        let grads = params.zeros_like();
        Ok(Net { spec, grads, params, grids: None, batch: vec![Vec::new(); shapes.len()], shapes, samples, curves })
    }

    /// Shape of the head's output.
    pub fn output_shape(&self) -> crate::tensor::Shape {
        self.shapes.last().map(|s| s.output).unwrap_or_default()
    }

    /// Runs the first `inputs.len()` samples; `fill` writes each input (channel, row, column).
    pub fn forward(&mut self, count: usize, mode: Mode, fill: impl Fn(usize, &mut [f32]) + Sync) {
        self.samples[..count].par_iter_mut().enumerate().for_each(|(i, s)| fill(i, &mut s.input));
        for k in 0..self.shapes.len() {
            let shape = self.shapes[k];
            let op = self.spec.stages[k].op;
            let norm = self.spec.stages[k].norm && mode == Mode::Train;
            let quantised = self.grids.as_ref().map(|g| g.weights(k, &self.params.stages[k].weight));
            let weight = quantised.as_ref().unwrap_or(&self.params.stages[k].weight);
            self.samples[..count].par_iter_mut().for_each(|s| s.convolve(k, &Conv { op, shape, weight }, norm));
            if norm {
                self.batch[k] = statistics(&self.samples[..count], k, shape);
                self.update_running(k, count);
            }
            self.curves[k] = self.curves_of(k, mode);
            let (curves, pool) = (&self.curves[k], self.spec.stages[k].pool);
            self.samples[..count].par_iter_mut().for_each(|s| s.activate(k, shape, curves, pool));
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
        self.samples[..count].par_iter_mut().zip(targets).for_each(|(s, t)| {
            let (output, grad) = s.output_and_grad();
            let loss = loss::detection(output, head, anchors, t, grad);
            s.loss = loss;
        });
        for k in (0..self.shapes.len()).rev() {
            self.backward_stage(k, count);
        }
        self.samples[..count].iter().map(|s| s.loss).sum::<f64>() / count as f64
    }

    fn backward_stage(&mut self, k: usize, count: usize) {
        let shape = self.shapes[k];
        let stage = &self.spec.stages[k];
        let curves = &self.curves[k];
        let samples = &mut self.samples[..count];
        samples.par_iter_mut().for_each(|s| s.grad_activation(k, shape, curves, stage.pool));
        let plane = shape.full.h * shape.full.w;
        let n = (count * plane) as f64;
        let mut linear = vec![[1.0f32, 0.0, 0.0]; shape.full.c];
        for c in 0..shape.full.c {
            let sums = samples.iter().fold([0.0; 2], |t, s| [t[0] + s.sums[c][0], t[1] + s.sums[c][1]]);
            let p = &mut self.grads.stages[k];
            p.beta[c] = (sums[0] / count as f64) as f32;
            if stage.norm {
                let [mean, inverse] = self.batch[k][c].map(f64::from);
                let dot = (sums[1] - mean * sums[0]) * inverse;
                p.gamma[c] = (dot / count as f64) as f32;
                // dz = scale * (dy - sum(dy) / n - xhat * sum(dy * xhat) / n), with xhat = (z - mean) * inverse.
                let scale = f64::from(curves[c].scale);
                let slope = -scale * inverse * dot / n;
                linear[c] = [scale, slope, -scale * sums[0] / n - slope * mean].map(|v| v as f32);
            }
        }
        let quantised = self.grids.as_ref().map(|g| g.weights(k, &self.params.stages[k].weight));
        let weight = quantised.as_ref().unwrap_or(&self.params.stages[k].weight);
        let conv = Conv { op: stage.op, shape, weight };
        let norm = stage.norm;
        samples.par_iter_mut().for_each(|s| {
            if norm {
                s.grad_norm(k, shape, &linear);
            }
            s.grad_convolution(k, &conv);
        });
        let total = &mut self.grads.stages[k].weight;
        total.fill(0.0);
        let scale = 1.0 / count as f32;
        for s in samples.iter() {
            total.iter_mut().zip(&s.grad_weight).for_each(|(t, g)| *t += g * scale);
        }
    }

    fn curves_of(&self, k: usize, mode: Mode) -> Vec<Curve> {
        let stage = &self.spec.stages[k];
        let p = &self.params.stages[k];
        let (mut low, mut high, mut grid) = match stage.clip {
            Some(clip) => (0.0, clip, 0.0),
            None => (f32::NEG_INFINITY, f32::INFINITY, 0.0),
        };
        if let Some(g) = &self.grids {
            (low, high, grid) = g.features(k, low, high);
        }
        (0..stage.channels)
            .map(|c| {
                let (scale, shift) = match (stage.norm, mode) {
                    (false, _) => (1.0, p.beta[c]),
                    (true, Mode::Train) => {
                        let [mean, inverse] = self.batch[k][c];
                        (p.gamma[c] * inverse, p.beta[c] - p.gamma[c] * inverse * mean)
                    }
                    (true, Mode::Evaluate) => {
                        let r = &self.params.running[k];
                        let scale = p.gamma[c] / (r.var[c] + EPSILON).sqrt();
                        (scale, p.beta[c] - scale * r.mean[c])
                    }
                };
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
    fn activate(&mut self, k: usize, shape: StageShape, curves: &[Curve], pool: bool) {
        let (plane, out) = (shape.full.h * shape.full.w, shape.output.h * shape.output.w);
        for (c, curve) in curves.iter().enumerate() {
            let z = &self.z[k][c * plane..(c + 1) * plane];
            let a = &mut self.a[k][c * out..(c + 1) * out];
            if pool { norm::activate_pool(z, shape.full.w, curve, a) } else { norm::activate(z, curve, a) }
        }
    }

    fn grad_activation(&mut self, k: usize, shape: StageShape, curves: &[Curve], pool: bool) {
        let (plane, out) = (shape.full.h * shape.full.w, shape.output.h * shape.output.w);
        for (c, curve) in curves.iter().enumerate() {
            let z = &self.z[k][c * plane..(c + 1) * plane];
            let grad = &self.grad_a[c * out..(c + 1) * out];
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
