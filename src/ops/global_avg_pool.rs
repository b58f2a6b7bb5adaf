//! Average over the whole map: a sum here, divided in the requantise step.

use super::operation::{Kernel, LayerKeys, Map, Number, Operation};
use crate::error::Result;
use crate::model::graph::{Op, Weights};
use crate::tensor::Shape;

/// The sum of each channel.
pub struct GlobalAvgPool;

impl Operation for GlobalAvgPool {
    const NAME: &'static str = "global_avg_pool";
    const LAYERS: &'static [&'static str] = &["global_avg_pool"];

    fn recognises(op: &Op) -> bool {
        matches!(op, Op::GlobalAvgPool)
    }

    fn from_layer(_keys: &LayerKeys, _inputs: &[Shape]) -> Result<Op> {
        Ok(Op::GlobalAvgPool)
    }

    fn output_shape(_op: &Op, inputs: &[Shape], _channels: usize) -> Result<Shape> {
        Ok(Shape::new(inputs[0].c, 1, 1))
    }

    fn accumulate<T: Number>(_op: &Op, inputs: &[Map<T>], _weights: Option<&Kernel<T>>, out: Shape) -> Map<T> {
        let sum = |c| inputs[0].plane(c).iter().fold(T::default(), |sum, &v| sum + v);
        Map { shape: out, data: (0..out.c).map(sum).collect() }
    }

    fn bound(op: &Op, inputs: &[Shape], reach: &[i64], _weights: Option<&Weights>) -> i64 {
        Self::mean_of(op, inputs) as i64 * reach[0]
    }

    fn mean_of(_op: &Op, inputs: &[Shape]) -> usize {
        inputs[0].h * inputs[0].w
    }
}
