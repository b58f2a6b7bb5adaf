//! Nearest-neighbour upsampling.

use super::operation::{Kernel, LayerKeys, Map, Number, Operation, required};
use crate::error::{Error, Result};
use crate::model::graph::{Op, Weights};
use crate::tensor::Shape;

/// Every pixel becomes a `factor` x `factor` square.
pub struct Upsample;

fn factor(op: &Op) -> usize {
    match op {
        Op::Upsample { factor } => *factor,
        other => unreachable!("not an upsampling: {other:?}"),
    }
}

impl Operation for Upsample {
    const NAME: &'static str = "upsample";
    const LAYERS: &'static [&'static str] = &["upsample"];
    const KEYS: &'static [&'static str] = &["factor"];
    const MOVES: bool = true;

    fn recognises(op: &Op) -> bool {
        matches!(op, Op::Upsample { .. })
    }

    fn from_layer(keys: &LayerKeys, _inputs: &[Shape]) -> Result<Op> {
        Ok(Op::Upsample { factor: required("factor", keys.factor)? })
    }

    fn output_shape(op: &Op, inputs: &[Shape], _channels: usize) -> Result<Shape> {
        let (factor, s) = (factor(op), inputs[0]);
        if factor == 0 {
            return Err(Error::input("factor is out of range").value(factor).allowed("1 or more"));
        }
        Ok(Shape::new(s.c, s.h * factor, s.w * factor))
    }

    fn accumulate<T: Number>(op: &Op, inputs: &[Map<T>], _weights: Option<&Kernel<T>>, out: Shape) -> Map<T> {
        let (factor, x) = (factor(op), &inputs[0]);
        let mut acc = Map::zeros(out);
        for c in 0..out.c {
            for oy in 0..out.h {
                let from = x.row(c, oy / factor);
                acc.row_mut(c, oy).iter_mut().enumerate().for_each(|(ox, o)| *o = from[ox / factor]);
            }
        }
        acc
    }

    fn bound(_op: &Op, _inputs: &[Shape], reach: &[i64], _weights: Option<&Weights>) -> i64 {
        reach[0]
    }
}
