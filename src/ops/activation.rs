//! Requantise alone: an activation by itself, or a change of format.

use super::operation::{Kernel, LayerKeys, Map, Number, Operation};
use crate::error::Result;
use crate::model::graph::{Op, Weights};
use crate::tensor::Shape;

/// The operand as it is; all the work is in the requantise step.
pub struct Activation;

impl Operation for Activation {
    const NAME: &'static str = "activation";
    const LAYERS: &'static [&'static str] = &["activation"];

    fn recognises(op: &Op) -> bool {
        matches!(op, Op::Activation)
    }

    fn from_layer(_keys: &LayerKeys, _inputs: &[Shape]) -> Result<Op> {
        Ok(Op::Activation)
    }

    fn output_shape(_op: &Op, inputs: &[Shape], _channels: usize) -> Result<Shape> {
        Ok(inputs[0])
    }

    fn accumulate<T: Number>(_op: &Op, inputs: &[Map<T>], _weights: Option<&Kernel<T>>, _out: Shape) -> Map<T> {
        inputs[0].clone()
    }

    fn bound(_op: &Op, _inputs: &[Shape], reach: &[i64], _weights: Option<&Weights>) -> i64 {
        reach[0]
    }
}
