//! What is trained: a graph of stages, each an operation with what follows it (batch norm, clipped ReLU, 2 x 2 max pool).

use crate::error::{Error, Result};
use crate::tensor::Shape;

/// What a stage computes. Windows are square; convolutions pad by half their kernel, pools not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// One odd `kernel` x `kernel` filter a channel.
    Depthwise {
        /// Rows and columns.
        kernel: usize,
        /// Step between outputs.
        stride: usize,
    },
    /// 1 x 1 over all channels.
    Pointwise,
    /// An odd `kernel` x `kernel` over all channels.
    Conv {
        /// Rows and columns.
        kernel: usize,
        /// Step between outputs.
        stride: usize,
    },
    /// Sum of two operands.
    Add,
    /// Mean of `size` x `size` pixels, as far apart.
    AvgPool {
        /// Rows, columns and stride.
        size: usize,
    },
    /// What follows an operation, on its own.
    Activation,
    /// Largest of `size` x `size` pixels, as far apart.
    MaxPool {
        /// Rows, columns and stride.
        size: usize,
    },
    /// Channels one after the other.
    Concat,
    /// `block` x `block` pixels become channels: output channel `(dy * block + dx) * c + ch`.
    SpaceToDepth {
        /// Side of the square.
        block: usize,
    },
    /// Each pixel becomes `factor` x `factor`.
    Upsample {
        /// Factor in both directions.
        factor: usize,
    },
}

impl Op {
    /// Whether it has trained weights.
    pub fn has_weights(self) -> bool {
        matches!(self, Op::Depthwise { .. } | Op::Pointwise | Op::Conv { .. })
    }

    /// Whether values pass as they are, with no accumulator and nothing after it.
    pub fn moves(self) -> bool {
        matches!(self, Op::MaxPool { .. } | Op::Concat | Op::SpaceToDepth { .. } | Op::Upsample { .. })
    }

    /// Weights for each output channel, with `ci` input channels; 0 without weights.
    pub fn taps(self, ci: usize) -> usize {
        match self {
            Op::Depthwise { kernel, .. } => kernel * kernel,
            Op::Pointwise => ci,
            Op::Conv { kernel, .. } => kernel * kernel * ci,
            _ => 0,
        }
    }
}

/// One stage of the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct StageSpec {
    /// Name of its layer in `network.toml`.
    pub name: String,
    /// The operation.
    pub op: Op,
    /// What it reads: 0 is the image, `k + 1` the output of stage `k`.
    pub inputs: Vec<usize>,
    /// Output channels.
    pub channels: usize,
    /// Batch norm follows; otherwise a bias.
    pub norm: bool,
    /// Upper bound of the ReLU (infinite for a plain one); none for no ReLU.
    pub clip: Option<f32>,
    /// A 2 x 2 max pool ends the stage.
    pub pool: bool,
}

/// Stages on an input of fixed shape; the last stage is the detection head.
#[derive(Clone, Debug, PartialEq)]
pub struct NetSpec {
    /// Input channels, rows, columns.
    pub input: Shape,
    /// The stages, in an order in which each reads earlier ones.
    pub stages: Vec<StageSpec>,
    /// Anchors of the head: width, height in fractions of the image.
    pub anchors: Vec<[f32; 2]>,
}

impl NetSpec {
    /// Bundles of depthwise 3 x 3, pointwise 1 x 1 and ReLU4; `bundles` lists (output channels, pool after it). ReLU4 because
    /// nine signed bits with six fraction bits end at 3.98.
    pub fn bundles(input: Shape, bundles: &[(usize, bool)], anchors: Vec<[f32; 2]>) -> NetSpec {
        let mut stages: Vec<StageSpec> = Vec::new();
        let mut channels = input.c;
        let mut push = |name: String, op, channels, clip: Option<f32>, pool| {
            let inputs = vec![stages.len()];
            stages.push(StageSpec { name, op, inputs, channels, norm: clip.is_some(), clip, pool });
        };
        for (k, &(out, pool)) in bundles.iter().enumerate() {
            push(format!("bundle{}_dw", k + 1), Op::Depthwise { kernel: 3, stride: 1 }, channels, Some(4.0), false);
            push(format!("bundle{}_pw", k + 1), Op::Pointwise, out, Some(4.0), pool);
            channels = out;
        }
        push("head".into(), Op::Pointwise, anchors.len() * 5, None, false);
        NetSpec { input, stages, anchors }
    }

    /// The same network on another input. `anchors` keep their extent in pixels.
    pub fn on(&self, input: Shape) -> NetSpec {
        let [x, y] = [self.input.w as f32 / input.w as f32, self.input.h as f32 / input.h as f32];
        let anchors = self.anchors.iter().map(|a| [a[0] * x, a[1] * y]).collect();
        NetSpec { input, stages: self.stages.clone(), anchors }
    }

    /// Shape of tensor `t`: the image for 0, the output of stage `t - 1` otherwise.
    fn tensor(&self, shapes: &[StageShape], t: usize) -> Option<Shape> {
        if t == 0 { Some(self.input) } else { shapes.get(t - 1).map(|s| s.output) }
    }

    /// Shapes around each stage.
    ///
    /// # Errors
    /// When a stage is empty, reads a later one, nobody reads it, or its operands do not fit it.
    pub fn shapes(&self) -> Result<Vec<StageShape>> {
        let mut shapes: Vec<StageShape> = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            let inputs: Option<Vec<Shape>> = stage.inputs.iter().map(|&t| self.tensor(&shapes, t)).collect();
            let made = inputs.filter(|i| i.iter().all(|s| !s.is_empty())).and_then(|inputs| stage.shape(&inputs));
            shapes.push(made.ok_or_else(|| {
                Error::input(format!("stage {} does not fit what it reads", stage.name))
                    .value(format!("{:?}", stage.inputs.iter().map(|&t| self.tensor(&shapes, t)).collect::<Vec<_>>()))
                    .allowed("depthwise keeps the channels, sums have equal operands, pools and space-to-depth divide the extents")
            })?);
        }
        let last = self.stages.len();
        let read = |k: usize| k + 1 == last || self.stages.iter().any(|s| s.inputs.contains(&(k + 1)));
        match (0..last).find(|&k| !read(k)) {
            Some(k) => Err(Error::input(format!("no layer reads `{}`", self.stages[k].name)).hint("remove it: it cannot be trained")),
            None => Ok(shapes),
        }
    }

    /// Multiply-accumulates a frame.
    ///
    /// # Errors
    /// As [`NetSpec::shapes`].
    pub fn macs(&self) -> Result<u64> {
        let shapes = self.shapes()?;
        let each = self.stages.iter().zip(&shapes).map(|(stage, s)| (s.full.len() * stage.op.taps(s.input.c)) as u64);
        Ok(each.sum())
    }
}

impl StageSpec {
    fn shape(&self, inputs: &[Shape]) -> Option<StageShape> {
        let input = *inputs.first()?;
        let whole = |n: usize| n > 0 && input.h.is_multiple_of(n) && input.w.is_multiple_of(n);
        let slid = |kernel: usize, stride: usize| {
            let sound = kernel % 2 == 1 && kernel <= 15 && (1..=4).contains(&stride) && self.channels > 0;
            sound.then(|| Shape::new(self.channels, input.h.div_ceil(stride), input.w.div_ceil(stride)))
        };
        let full = match self.op {
            Op::Depthwise { kernel, stride } => slid(kernel, stride).filter(|s| s.c == input.c),
            Op::Pointwise => slid(1, 1),
            Op::Conv { kernel, stride } => slid(kernel, stride),
            Op::Add => (inputs.len() == 2 && inputs[1] == input).then_some(input),
            Op::Activation => Some(input),
            Op::AvgPool { size } | Op::MaxPool { size } => whole(size).then(|| Shape::new(input.c, input.h / size, input.w / size)),
            Op::Concat => {
                let fits = inputs.iter().all(|s| (s.h, s.w) == (input.h, input.w));
                fits.then(|| Shape::new(inputs.iter().map(|s| s.c).sum(), input.h, input.w))
            }
            Op::SpaceToDepth { block: b } => whole(b).then(|| Shape::new(input.c * b * b, input.h / b, input.w / b)),
            Op::Upsample { factor } => (factor > 0).then(|| Shape::new(input.c, input.h * factor, input.w * factor)),
        }?;
        let fits = full.c == self.channels && (!self.pool || full.h.is_multiple_of(2) && full.w.is_multiple_of(2));
        let output = if self.pool { Shape::new(full.c, full.h / 2, full.w / 2) } else { full };
        (fits && !full.is_empty() && (!self.op.moves() || !self.pool)).then_some(StageShape { input, full, output })
    }
}

/// Shapes around one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageShape {
    /// Its first operand.
    pub input: Shape,
    /// After the operation.
    pub full: Shape,
    /// After the pool, if any.
    pub output: Shape,
}
