//! From a network folder's layers to stages that can be trained, and back.

use super::params::{Params, Running, StageParams};
use super::spec::{NetSpec, Op, StageSpec};
use crate::dataset;
use crate::error::{Error, Result};
use crate::model::HeadSpec;
use crate::model::float::{Activation, FloatLayer, FloatNetwork};
use crate::model::graph::{self, Padding, Sliding};
use crate::ops::Kernel;

/// A network seen as stages.
#[derive(Clone, Debug)]
pub struct Trainable {
    /// The stages, with batch norm after every layer with weights but the last.
    pub spec: NetSpec,
    /// The layer of each stage (of a stage with a pool, the layer before the pool).
    pub layers: Vec<usize>,
}

impl Trainable {
    /// The stages of a network with a detection head.
    ///
    /// # Errors
    /// When a layer is of a kind that is not trained: names it; when the network reads other images than those of three channels.
    pub fn new(float: &FloatNetwork, head: Option<&HeadSpec>) -> Result<Trainable> {
        let head = head.ok_or_else(|| {
            Error::input(format!("network `{}` has no detection head", float.name))
                .hint("add [head] with kind = \"yolo\" and anchors: the trainer trains detectors")
        })?;
        let (input, coding) = (float.input().shape, float.pixels());
        if coding.zero_point != 0 || coding.mean != 0.0 {
            return Err(
                Error::input("an input with a zero point or a mean cannot be trained").hint("leave `zero_point` and `mean` of [input] out")
            );
        }
        dataset::reads_images(&float.name, input, coding)?;
        let anchors = head.sides();
        let spec = NetSpec { input, stages: Vec::new(), anchors };
        let mut made = Trainable { spec, layers: Vec::new() };
        // Tensor (see `StageSpec::inputs`) of each layer's output.
        let mut tensor = vec![0];
        for (id, layer) in float.layers.iter().enumerate().skip(1) {
            if made.fuses(float, id, &tensor) {
                tensor.push(tensor[layer.inputs[0]]);
                continue;
            }
            let (op, clip) = op(float, layer).map_err(|e| e.within(format!("layer `{}`", layer.name)))?;
            let inputs = layer.inputs.iter().map(|&i| tensor[i]).collect();
            let norm = op.has_weights() && id + 1 < float.layers.len();
            let (name, channels) = (layer.name.clone(), layer.shape.c);
            made.spec.stages.push(StageSpec { name, op, inputs, channels, norm, clip, pool: false });
            made.layers.push(id);
            tensor.push(made.layers.len());
        }
        made.spec.shapes()?;
        Ok(made)
    }

    /// Whether layer `id` is a 2 x 2 max pool that can end the stage it reads; if so it does.
    fn fuses(&mut self, float: &FloatNetwork, id: usize, tensor: &[usize]) -> bool {
        let layer = &float.layers[id];
        let graph::Op::MaxPool(window) = layer.op else { return false };
        let from = layer.inputs[0];
        let readers = float.layers.iter().filter(|l| l.inputs.contains(&from)).count();
        let even = float.layers[from].shape.h.is_multiple_of(2) && float.layers[from].shape.w.is_multiple_of(2);
        let stage = tensor[from].checked_sub(1).map(|k| &mut self.spec.stages[k]);
        match stage.filter(|s| window == Sliding { stride: (2, 2), ..Sliding::square(2, 2, 0) } && readers == 1 && even && !s.pool) {
            Some(stage) if !stage.op.moves() => {
                stage.pool = true;
                true
            }
            _ => false,
        }
    }

    /// The stages without batch norm, with the weights that `float` holds.
    ///
    /// # Errors
    /// When a layer has no weights.
    pub fn with_weights(&self, float: &FloatNetwork) -> Result<(NetSpec, Params)> {
        let mut spec = self.spec.clone();
        let mut params = Params { stages: Vec::new(), running: Vec::new() };
        for (stage, &id) in spec.stages.iter_mut().zip(&self.layers) {
            stage.norm = false;
            let kernel = float.layers[id].weights.as_ref();
            let kernel = match (kernel, stage.op.has_weights()) {
                (Some(kernel), true) => kernel.clone(),
                (None, true) => return Err(Error::input(format!("layer `{}` has no weights", stage.name))),
                (_, false) => Kernel { data: Vec::new(), bias: Vec::new() },
            };
            params.stages.push(StageParams { weight: kernel.data, gamma: Vec::new(), beta: kernel.bias });
            params.running.push(Running::default());
        }
        Ok((spec, params))
    }

    /// Puts folded parameters into the layers they came from.
    pub fn put(&self, params: &Params, float: &mut FloatNetwork) {
        for ((stage, p), &id) in self.spec.stages.iter().zip(&params.stages).zip(&self.layers) {
            if stage.op.has_weights() {
                float.layers[id].weights = Some(Kernel { data: p.weight.clone(), bias: p.beta.clone() });
            }
        }
    }
}

fn op(float: &FloatNetwork, layer: &FloatLayer) -> Result<(Op, Option<f32>)> {
    let refuse =
        |what: &str| Err(Error::input(format!("{what} cannot be trained")).hint("take another layer, or train the network elsewhere"));
    let clip = match layer.activation {
        Activation::None => None,
        Activation::Relu => Some(f32::INFINITY),
        Activation::Clip(end) => Some(end as f32),
        Activation::Leaky(_) => return refuse("a leaky ReLU"),
    };
    if layer.numbers.zero_point != 0 {
        return refuse("a feature map with a zero point");
    }
    let input = float.layers[layer.inputs[0]].shape;
    let op = match layer.op {
        graph::Op::Conv { window, groups } => {
            let (kernel, stride) = (window.kernel.0, window.stride.0);
            let plain = window == Sliding { padding: Padding::same(kernel / 2), stride: (stride, stride), ..Sliding::square(kernel, 1, 0) };
            match groups {
                _ if !plain || kernel % 2 == 0 || kernel > 15 || stride > 4 => {
                    return refuse(
                        "a convolution whose kernel is not square, odd and padded by half of it, at most 15 wide, stride at most 4,",
                    );
                }
                1 if (kernel, stride) == (1, 1) => Op::Pointwise,
                1 => Op::Conv { kernel, stride },
                g if g == input.c && g == layer.shape.c => Op::Depthwise { kernel, stride },
                _ => return refuse("a convolution in groups (other than depthwise)"),
            }
        }
        graph::Op::MaxPool(window) | graph::Op::AvgPool(window) => {
            let size = window.kernel.0;
            if window != (Sliding { stride: (size, size), ..Sliding::square(size, 1, 0) }) {
                return refuse("a pool whose windows overlap, are not square or are padded");
            }
            if matches!(layer.op, graph::Op::MaxPool(_)) { Op::MaxPool { size } } else { Op::AvgPool { size } }
        }
        graph::Op::Add { .. } => Op::Add,
        graph::Op::Concat => Op::Concat,
        graph::Op::SpaceToDepth { block } => Op::SpaceToDepth { block },
        graph::Op::Upsample { factor } => Op::Upsample { factor },
        graph::Op::Activation => Op::Activation,
        graph::Op::GlobalAvgPool => return refuse("a global average pool"),
        graph::Op::FullyConnected => return refuse("a fully connected layer"),
        graph::Op::Input => return refuse("a second input"),
    };
    Ok((op, clip))
}
