//! What is trained: a chain of stages, each a convolution with batch norm, clipped ReLU and an optional 2 x 2 max pool.

use crate::error::{Error, Result};
use crate::tensor::Shape;

/// The convolution of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// 3 x 3, one filter a channel, padding 1, stride 1.
    Depthwise,
    /// 1 x 1 over all channels.
    Pointwise,
    /// 3 x 3 over all channels, padding 1.
    Conv {
        /// 1 or 2.
        stride: usize,
    },
}

/// One stage of the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct StageSpec {
    /// Name of its layer in `network.toml`.
    pub name: String,
    /// The convolution.
    pub op: Op,
    /// Output channels.
    pub channels: usize,
    /// Batch norm follows; otherwise a bias.
    pub norm: bool,
    /// Upper bound of the ReLU; none for the head.
    pub clip: Option<f32>,
    /// A 2 x 2 max pool ends the stage.
    pub pool: bool,
}

/// A chain of stages on an input of fixed shape; the last stage is the detection head.
#[derive(Clone, Debug, PartialEq)]
pub struct NetSpec {
    /// Input channels, rows, columns.
    pub input: Shape,
    /// The stages, in order.
    pub stages: Vec<StageSpec>,
    /// Anchors of the head: width, height in fractions of the image.
    pub anchors: Vec<[f32; 2]>,
}

impl NetSpec {
    /// Bundles of depthwise 3 x 3, pointwise 1 x 1 and ReLU4; `bundles` lists (output channels, pool after it). ReLU4 because
    /// nine signed bits with six fraction bits end at 3.98.
    pub fn bundles(input: Shape, bundles: &[(usize, bool)], anchors: Vec<[f32; 2]>) -> NetSpec {
        let mut stages = Vec::new();
        let mut channels = input.c;
        for (k, &(out, pool)) in bundles.iter().enumerate() {
            let stage = |kind: &str, op, channels, pool| StageSpec {
                name: format!("bundle{}_{kind}", k + 1),
                op,
                channels,
                norm: true,
                clip: Some(4.0),
                pool,
            };
            stages.push(stage("dw", Op::Depthwise, channels, false));
            stages.push(stage("pw", Op::Pointwise, out, pool));
            channels = out;
        }
        let head = StageSpec { name: "head".into(), op: Op::Pointwise, channels: anchors.len() * 5, norm: false, clip: None, pool: false };
        stages.push(head);
        NetSpec { input, stages, anchors }
    }

    /// The detector that ships with bico: eight bundles on 160 x 320, output grid 20 x 40.
    pub fn default_detector(anchors: Vec<[f32; 2]>) -> NetSpec {
        let plan = [(16, true), (32, true), (64, true), (96, false), (96, false), (128, false), (128, false), (128, false)];
        NetSpec::bundles(Shape::new(3, 160, 320), &plan, anchors)
    }

    /// Shape of each stage's input, before its pool, and after it.
    ///
    /// # Errors
    /// When a stage is empty, a depthwise stage changes the channels, or a pool meets an odd extent.
    pub fn shapes(&self) -> Result<Vec<StageShape>> {
        let mut input = self.input;
        let mut shapes = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            let stride = if let Op::Conv { stride } = stage.op { stride } else { 1 };
            let full = Shape::new(stage.channels, input.h.div_ceil(stride.max(1)), input.w.div_ceil(stride.max(1)));
            let fits = !input.is_empty()
                && !full.is_empty()
                && (1..=2).contains(&stride)
                && (stage.op != Op::Depthwise || full.c == input.c)
                && (!stage.pool || full.h.is_multiple_of(2) && full.w.is_multiple_of(2));
            if !fits {
                return Err(Error::input(format!("stage {} does not fit its input", stage.name))
                    .value(format!("{input} to {full}"))
                    .allowed("depthwise keeps the channels, strides are 1 or 2, pooled extents are even"));
            }
            let output = if stage.pool { Shape::new(full.c, full.h / 2, full.w / 2) } else { full };
            shapes.push(StageShape { input, full, output });
            input = output;
        }
        Ok(shapes)
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

impl Op {
    /// Weights for each output element, with `ci` input channels.
    pub fn taps(self, ci: usize) -> usize {
        match self {
            Op::Depthwise => 9,
            Op::Pointwise => ci,
            Op::Conv { .. } => 9 * ci,
        }
    }
}

/// Shapes around one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageShape {
    /// Input.
    pub input: Shape,
    /// After the convolution.
    pub full: Shape,
    /// After the pool, if any.
    pub output: Shape,
}
