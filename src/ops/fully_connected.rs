//! Every input element to every output channel.

use super::conv::weights_bound;
use super::operation::{Kernel, LayerKeys, Map, Number, Operation, required};
use crate::error::Result;
use crate::model::graph::{Op, Weights};
use crate::tensor::Shape;
use rayon::prelude::*;

/// `acc[co] = bias[co] + sum of w[co][c][y][x] * x[c][y][x]`; the output is 1 x 1.
pub struct FullyConnected;

impl Operation for FullyConnected {
    const NAME: &'static str = "fully_connected";
    const LAYERS: &'static [&'static str] = &["fully_connected"];
    const KEYS: &'static [&'static str] = &["channels"];

    fn recognises(op: &Op) -> bool {
        matches!(op, Op::FullyConnected)
    }

    fn from_layer(keys: &LayerKeys, _inputs: &[Shape]) -> Result<Op> {
        required("channels", keys.channels)?;
        Ok(Op::FullyConnected)
    }

    fn output_shape(_op: &Op, _inputs: &[Shape], channels: usize) -> Result<Shape> {
        Ok(Shape::new(channels, 1, 1))
    }

    fn weights_shape(_op: &Op, inputs: &[Shape], channels: usize) -> Option<[usize; 4]> {
        Some([channels, inputs[0].c, inputs[0].h, inputs[0].w])
    }

    fn accumulate<T: Number>(_op: &Op, inputs: &[Map<T>], weights: Option<&Kernel<T>>, out: Shape) -> Map<T> {
        let (x, weights) = (&inputs[0].data, weights.expect("a fully connected layer has weights"));
        let dot = |(w, &bias): (&[T], &T)| w.iter().zip(x).fold(bias, |acc, (&w, &v)| acc + w * v);
        Map { shape: out, data: weights.data.par_chunks(x.len().max(1)).zip(&weights.bias).map(dot).collect() }
    }

    fn bound(_op: &Op, _inputs: &[Shape], reach: &[i64], weights: Option<&Weights>) -> i64 {
        weights_bound(weights.expect("a fully connected layer has weights"), reach[0])
    }
}
