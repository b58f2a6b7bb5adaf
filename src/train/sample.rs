//! The buffers of one image of a batch, allocated once, and the convolutions that work on them.

use super::dense::{self, Patches};
use super::spec::{NetSpec, Op, StageShape};
use super::{depthwise, simd};

/// Everything one image needs on its way forward and back.
pub struct Sample {
    /// The network's input.
    pub input: Vec<f32>,
    /// Convolution output of each stage.
    pub z: Vec<Vec<f32>>,
    /// Activations of each stage, after its pool.
    pub a: Vec<Vec<f32>>,
    /// Gradient at the activations of the stage in work.
    pub grad_a: Vec<f32>,
    /// Gradient at the convolution output of the stage in work.
    pub grad_z: Vec<f32>,
    /// Two sums a channel: moments forward, gradient sums backward.
    pub sums: Vec<[f64; 2]>,
    /// Gradient of the weights of the stage in work.
    pub grad_weight: Vec<f32>,
    /// Loss of the last backward pass.
    pub loss: f64,
    padded: Vec<f32>,
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

impl Sample {
    /// Buffers for one image.
    pub fn new(spec: &NetSpec, shapes: &[StageShape]) -> Sample {
        let most = |f: &dyn Fn(&StageShape) -> usize| shapes.iter().map(f).max().unwrap_or(0);
        let columns = spec.stages.iter().zip(shapes).map(|(stage, s)| match stage.op {
            Op::Conv { .. } => s.input.c * 9 * s.full.h * s.full.w,
            _ => 0,
        });
        let weights = spec.stages.iter().zip(shapes).map(|(stage, s)| stage.channels * stage.op.taps(s.input.c));
        Sample {
            input: vec![0.0; spec.input.len()],
            z: shapes.iter().map(|s| vec![0.0; s.full.len()]).collect(),
            a: shapes.iter().map(|s| vec![0.0; s.output.len()]).collect(),
            grad_a: vec![0.0; most(&|s| s.output.len().max(s.input.len()))],
            grad_z: vec![0.0; most(&|s| s.full.len())],
            sums: vec![[0.0; 2]; most(&|s| s.full.c)],
            grad_weight: vec![0.0; weights.max().unwrap_or(0)],
            loss: 0.0,
            padded: vec![0.0; most(&|s| (s.input.h + 2) * (s.input.w + 2))],
            columns: vec![0.0; columns.max().unwrap_or(0)],
        }
    }

    /// Output of the last stage.
    pub fn output(&self) -> &[f32] {
        self.a.last().map_or(&[], |a| a)
    }

    /// Output of the last stage, and where its gradient goes.
    pub fn output_and_grad(&mut self) -> (&[f32], &mut [f32]) {
        let output = self.a.last().map_or(&[][..], |a| a);
        let grad = &mut self.grad_a[..output.len()];
        (output, grad)
    }

    /// Stage `k` forward: `z[k]` from the activations before it; with `moments`, also the sums of each channel.
    pub fn convolve(&mut self, k: usize, conv: &Conv<'_>, moments: bool) {
        let input = if k == 0 { &self.input } else { &self.a[k - 1] };
        let (ci, co) = (conv.shape.input.c, conv.shape.full.c);
        let (h, w) = (conv.shape.input.h, conv.shape.input.w);
        let plane = conv.shape.full.h * conv.shape.full.w;
        let z = &mut self.z[k];
        match conv.op {
            Op::Depthwise => {
                for c in 0..co {
                    depthwise::pad(&input[c * plane..(c + 1) * plane], h, w, &mut self.padded);
                    let kernel = conv.weight[c * 9..c * 9 + 9].try_into().expect("nine weights a channel");
                    depthwise::forward(&self.padded, h, w, kernel, &mut z[c * plane..(c + 1) * plane]);
                }
            }
            Op::Pointwise => dense::forward(conv.weight, input, co, ci, plane, z),
            Op::Conv { stride } => {
                Patches { input: [ci, h, w], stride }.gather(input, &mut self.columns);
                dense::forward(conv.weight, &self.columns, co, ci * 9, plane, z);
            }
        }
        if moments {
            for c in 0..co {
                self.sums[c] = simd::moments(&z[c * plane..(c + 1) * plane]);
            }
        }
    }

    /// Stage `k` backward: `grad_weight`, and `grad_a` at the stage's input (not for the first stage), from `grad_z`.
    pub fn grad_convolution(&mut self, k: usize, conv: &Conv<'_>) {
        let input = if k == 0 { &self.input } else { &self.a[k - 1] };
        let (ci, co) = (conv.shape.input.c, conv.shape.full.c);
        let (h, w) = (conv.shape.input.h, conv.shape.input.w);
        let plane = conv.shape.full.h * conv.shape.full.w;
        let first = k == 0;
        match conv.op {
            Op::Depthwise => {
                for c in 0..co {
                    let at = c * plane..(c + 1) * plane;
                    let kernel: &[f32; 9] = conv.weight[c * 9..c * 9 + 9].try_into().expect("nine weights a channel");
                    depthwise::pad(&input[at.clone()], h, w, &mut self.padded);
                    let grad = depthwise::grad_kernel(&self.padded, &self.grad_z[at.clone()], h, w);
                    self.grad_weight[c * 9..c * 9 + 9].copy_from_slice(&grad);
                    if !first {
                        depthwise::pad(&self.grad_z[at.clone()], h, w, &mut self.padded);
                        depthwise::forward(&self.padded, h, w, &depthwise::turned(kernel), &mut self.grad_a[at]);
                    }
                }
            }
            Op::Pointwise => {
                dense::grad_weight(&self.grad_z, input, co, ci, plane, &mut self.grad_weight);
                if !first {
                    dense::grad_input(conv.weight, &self.grad_z, co, ci, plane, &mut self.grad_a);
                }
            }
            Op::Conv { stride } => {
                let patches = Patches { input: [ci, h, w], stride };
                patches.gather(input, &mut self.columns);
                dense::grad_weight(&self.grad_z, &self.columns, co, ci * 9, plane, &mut self.grad_weight);
                if !first {
                    dense::grad_input(conv.weight, &self.grad_z, co, ci * 9, plane, &mut self.columns);
                    patches.scatter(&self.columns, &mut self.grad_a[..ci * h * w]);
                }
            }
        }
    }
}
