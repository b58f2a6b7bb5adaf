//! Squares of pixels become channels (SkyNet's bypass reorders this way).

use super::operation::{Kernel, LayerKeys, Map, Number, Operation, required};
use crate::error::{Error, Result};
use crate::model::graph::{Op, Weights};
use crate::tensor::Shape;

/// Output channel `(dy * block + dx) * c + ch` at (y, x) is input channel `ch` at `(y * block + dy, x * block + dx)`.
pub struct SpaceToDepth;

fn side(op: &Op) -> usize {
    match op {
        Op::SpaceToDepth { block } => *block,
        other => unreachable!("not a space-to-depth: {other:?}"),
    }
}

impl Operation for SpaceToDepth {
    const NAME: &'static str = "space_to_depth";
    const LAYERS: &'static [&'static str] = &["space_to_depth"];
    const KEYS: &'static [&'static str] = &["block"];
    const MOVES: bool = true;

    fn recognises(op: &Op) -> bool {
        matches!(op, Op::SpaceToDepth { .. })
    }

    fn from_layer(keys: &LayerKeys, _inputs: &[Shape]) -> Result<Op> {
        Ok(Op::SpaceToDepth { block: required("block", keys.block)? })
    }

    fn output_shape(op: &Op, inputs: &[Shape], _channels: usize) -> Result<Shape> {
        let (block, s) = (side(op), inputs[0]);
        if block == 0 || s.h % block != 0 || s.w % block != 0 {
            return Err(Error::input("block must divide height and width").value(format!("block {block}, input {s}")));
        }
        Ok(Shape::new(s.c * block * block, s.h / block, s.w / block))
    }

    fn accumulate<T: Number>(op: &Op, inputs: &[Map<T>], _weights: Option<&Kernel<T>>, out: Shape) -> Map<T> {
        let (block, x) = (side(op), &inputs[0]);
        let mut acc = Map::zeros(out);
        for oc in 0..out.c {
            let (square, c) = (oc / x.shape.c, oc % x.shape.c);
            for oy in 0..out.h {
                let from = x.row(c, oy * block + square / block)[square % block..].iter().step_by(block);
                acc.row_mut(oc, oy).iter_mut().zip(from).for_each(|(o, &v)| *o = v);
            }
        }
        acc
    }

    fn bound(_op: &Op, _inputs: &[Shape], reach: &[i64], _weights: Option<&Weights>) -> i64 {
        reach[0]
    }
}
