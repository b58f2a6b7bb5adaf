//! Concatenation along channels.

use super::operation::{Kernel, LayerKeys, Map, Number, Operation};
use crate::error::{Error, Result};
use crate::model::graph::{Op, Weights};
use crate::tensor::Shape;

/// The operands' channels, one operand after the other.
pub struct Concat;

impl Operation for Concat {
    const NAME: &'static str = "concat";
    const LAYERS: &'static [&'static str] = &["concat"];
    const OPERANDS: (usize, usize) = (2, 64);
    const MOVES: bool = true;

    fn recognises(op: &Op) -> bool {
        matches!(op, Op::Concat)
    }

    fn from_layer(_keys: &LayerKeys, _inputs: &[Shape]) -> Result<Op> {
        Ok(Op::Concat)
    }

    fn output_shape(_op: &Op, inputs: &[Shape], _channels: usize) -> Result<Shape> {
        let first = inputs[0];
        if let Some(other) = inputs.iter().find(|s| (s.h, s.w) != (first.h, first.w)) {
            return Err(Error::input("concat needs maps of one height and width").value(format!("{first} and {other}")));
        }
        Ok(Shape::new(inputs.iter().map(|s| s.c).sum(), first.h, first.w))
    }

    fn accumulate<T: Number>(_op: &Op, inputs: &[Map<T>], _weights: Option<&Kernel<T>>, out: Shape) -> Map<T> {
        Map { shape: out, data: inputs.iter().flat_map(|m| m.data.iter().copied()).collect() }
    }

    fn bound(_op: &Op, _inputs: &[Shape], reach: &[i64], _weights: Option<&Weights>) -> i64 {
        reach.iter().copied().max().unwrap_or(0)
    }
}
