//! The buffers of one image of a batch, allocated once, and the convolutions that work on them.

use super::dense::{self, Patches};
use super::slots::Slots;
use super::spec::{NetSpec, Op, StageShape};
use super::{depthwise, simd};

/// Everything one image needs on its way forward and back.
pub struct Sample {
    /// The network's input.
    pub input: Vec<f32>,
    /// Accumulators of each stage; empty for stages that only move values.
    pub z: Vec<Vec<f32>>,
    /// Activations of each stage, after its pool.
    pub a: Vec<Vec<f32>>,
    /// Gradients at activations, in slots that stages share.
    pub grads: Vec<Vec<f32>>,
    /// Gradient at the accumulators of the stage in work.
    pub grad_z: Vec<f32>,
    /// Two sums a channel: moments forward, gradient sums backward.
    pub sums: Vec<[f64; 2]>,
    /// Gradient of the weights of the stage in work.
    pub grad_weight: Vec<f32>,
    /// Loss of the last backward pass.
    pub loss: f64,
    scratch: Scratch,
}

/// Work space of a convolution.
struct Scratch {
    padded: [Vec<f32>; 2],
    plane: Vec<f32>,
    columns: Vec<f32>,
}

/// A convolution to run: what, on which shapes, with which weights (`[co][taps]`).
pub struct Conv<'a> {
    /// Kind.
    pub op: Op,
    /// Shapes.
    pub shape: StageShape,
    /// Weights.
    pub weight: &'a [f32],
}

/// Where a convolution's gradient at its input goes.
pub struct Into<'a> {
    /// The operand's gradient.
    pub grad: &'a mut [f32],
    /// Somebody has written there already: add.
    pub add: bool,
}

impl Sample {
    /// Buffers for one image.
    pub fn new(spec: &NetSpec, shapes: &[StageShape], slots: &Slots) -> Sample {
        let most = |f: &dyn Fn(&StageShape) -> usize| shapes.iter().map(f).max().unwrap_or(0);
        let stages = || spec.stages.iter().zip(shapes);
        let columns = stages().map(|(stage, s)| match stage.op {
            Op::Conv { kernel, .. } => s.input.c * kernel * kernel * s.full.h * s.full.w,
            _ => 0,
        });
        let padded = stages().map(|(stage, s)| match stage.op {
            Op::Depthwise { kernel, .. } => (s.input.h + kernel) * (s.input.w + kernel),
            _ => 0,
        });
        let padded = padded.max().unwrap_or(0);
        let weights = stages().map(|(stage, s)| stage.channels * stage.op.taps(s.input.c));
        let scratch = Scratch {
            padded: [0; 2].map(|_| vec![0.0; padded]),
            plane: vec![0.0; 2 * most(&|s| s.input.h * s.input.w)],
            columns: vec![0.0; columns.max().unwrap_or(0)],
        };
        Sample {
            input: vec![0.0; spec.input.len()],
            z: stages().map(|(stage, s)| vec![0.0; if stage.op.moves() { 0 } else { s.full.len() }]).collect(),
            a: shapes.iter().map(|s| vec![0.0; s.output.len()]).collect(),
            grads: slots.sizes.iter().map(|&size| vec![0.0; size]).collect(),
            grad_z: vec![0.0; most(&|s| s.full.len())],
            sums: vec![[0.0; 2]; most(&|s| s.full.c)],
            grad_weight: vec![0.0; weights.max().unwrap_or(0)],
            loss: 0.0,
            scratch,
        }
    }

    /// Output of the last stage.
    pub fn output(&self) -> &[f32] {
        self.a.last().map_or(&[], |a| a)
    }

    /// Stage `k` forward from tensor `from`: `z[k]`; with `moments`, also the sums of each channel.
    pub fn convolve(&mut self, k: usize, from: usize, conv: &Conv<'_>, moments: bool) {
        let input = if from == 0 { &self.input } else { &self.a[from - 1] };
        let z = &mut self.z[k];
        let plane = conv.shape.full.h * conv.shape.full.w;
        let sums = &mut self.sums;
        self.scratch.forward(conv, input, z, |c, z| {
            if moments {
                sums[c] = simd::moments(z);
            }
        });
        debug_assert_eq!(z.len(), conv.shape.full.c * plane);
    }

    /// Stage `k` backward: `grad_weight`, and the gradient at its input, tensor `from`, from `grad_z`.
    pub fn grad_convolution(&mut self, from: usize, conv: &Conv<'_>, slots: &Slots, add: bool) {
        let input = if from == 0 { &self.input } else { &self.a[from - 1] };
        let into = slots.of(from).map(|slot| Into { grad: &mut self.grads[slot], add });
        self.scratch.backward(conv, input, &mut self.grad_z, &mut self.grad_weight, into);
    }
}

impl Scratch {
    /// Runs the convolution; `done(c, plane)` sees each output plane, for depthwise ones while it is hot.
    fn forward(&mut self, conv: &Conv<'_>, input: &[f32], z: &mut [f32], mut done: impl FnMut(usize, &[f32])) {
        let (ci, co) = (conv.shape.input.c, conv.shape.full.c);
        let (h, w) = (conv.shape.input.h, conv.shape.input.w);
        let (plane, source) = (conv.shape.full.h * conv.shape.full.w, h * w);
        match conv.op {
            Op::Depthwise { kernel: size, stride } => {
                for (c, z) in z.chunks_exact_mut(plane).enumerate() {
                    let [padded, _] = &mut self.padded;
                    depthwise::pad(&input[c * source..(c + 1) * source], h, w, size, padded);
                    let kernel = &conv.weight[c * size * size..(c + 1) * size * size];
                    if stride == 1 {
                        depthwise::forward(padded, h, w, kernel, size, false, z);
                    } else {
                        depthwise::forward(padded, h, w, kernel, size, false, &mut self.plane[..source]);
                        depthwise::keep(&self.plane[..source], [h, w], stride, z);
                    }
                    done(c, z);
                }
                return;
            }
            Op::Conv { kernel, stride } => {
                Patches { input: [ci, h, w], kernel, stride }.gather(input, &mut self.columns);
                dense::forward(conv.weight, &self.columns, co, ci * kernel * kernel, plane, z);
            }
            _ => dense::forward(conv.weight, input, co, ci, plane, z),
        }
        z.chunks_exact(plane).enumerate().for_each(|(c, z)| done(c, z));
    }

    fn backward(&mut self, conv: &Conv<'_>, input: &[f32], grad_z: &mut [f32], grad_weight: &mut [f32], into: Option<Into<'_>>) {
        let (ci, co) = (conv.shape.input.c, conv.shape.full.c);
        let (h, w) = (conv.shape.input.h, conv.shape.input.w);
        let plane = conv.shape.full.h * conv.shape.full.w;
        match conv.op {
            Op::Depthwise { .. } => self.backward_depthwise(conv, input, grad_z, grad_weight, into),
            Op::Conv { kernel, stride } => {
                let patches = Patches { input: [ci, h, w], kernel, stride };
                let taps = ci * kernel * kernel;
                patches.gather(input, &mut self.columns);
                dense::grad_weight(grad_z, &self.columns, co, taps, plane, grad_weight);
                if let Some(into) = into {
                    dense::grad_input(conv.weight, grad_z, [co, taps, plane], false, &mut self.columns);
                    let grad = &mut into.grad[..ci * h * w];
                    if !into.add {
                        grad.fill(0.0);
                    }
                    patches.scatter(&self.columns, grad);
                }
            }
            _ => {
                dense::grad_weight(grad_z, input, co, ci, plane, grad_weight);
                if let Some(into) = into {
                    dense::grad_input(conv.weight, grad_z, [co, ci, plane], into.add, into.grad);
                }
            }
        }
    }

    fn backward_depthwise(
        &mut self,
        conv: &Conv<'_>,
        input: &[f32],
        grad_z: &mut [f32],
        grad_weight: &mut [f32],
        mut into: Option<Into<'_>>,
    ) {
        let Op::Depthwise { kernel: size, stride } = conv.op else { return };
        let (h, w) = (conv.shape.input.h, conv.shape.input.w);
        let (plane, source) = (conv.shape.full.h * conv.shape.full.w, h * w);
        for c in 0..conv.shape.full.c {
            let (from, taps) = (c * source..(c + 1) * source, c * size * size..(c + 1) * size * size);
            let small = &grad_z[c * plane..(c + 1) * plane];
            let (spread, _) = self.plane.split_at_mut(source);
            let grad = if stride == 1 {
                small
            } else {
                depthwise::spread(small, [h, w], stride, spread);
                &*spread
            };
            let [padded, padded_grad] = &mut self.padded;
            depthwise::pad(&input[from.clone()], h, w, size, padded);
            depthwise::pad(grad, h, w, size, padded_grad);
            depthwise::grad_kernel(padded, padded_grad, h, w, size, &mut grad_weight[taps.clone()]);
            if let Some(into) = &mut into {
                // Gradients go back through the kernel turned by 180 degrees.
                let turned: Vec<f32> = conv.weight[taps].iter().rev().copied().collect();
                depthwise::forward(padded_grad, h, w, &turned, size, into.add, &mut into.grad[from]);
            }
        }
    }
}
