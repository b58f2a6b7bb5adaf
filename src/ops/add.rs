//! Element-wise addition of two maps, brought to one scale by left shifts: nothing is lost before the requantise step.

use super::operation::{Kernel, LayerKeys, Map, Number, Operation};
use crate::error::{Error, Result};
use crate::model::graph::{Op, Weights};
use crate::tensor::Shape;

/// `(a << shifts[0]) + (b << shifts[1])`.
pub struct Add;

fn shifts(op: &Op) -> [u8; 2] {
    match op {
        Op::Add { shifts } => *shifts,
        other => unreachable!("not an addition: {other:?}"),
    }
}

impl Operation for Add {
    const NAME: &'static str = "add";
    const LAYERS: &'static [&'static str] = &["add"];
    const OPERANDS: (usize, usize) = (2, 2);

    fn recognises(op: &Op) -> bool {
        matches!(op, Op::Add { .. })
    }

    /// The shifts follow from the operands' formats, once those are known.
    fn from_layer(_keys: &LayerKeys, _inputs: &[Shape]) -> Result<Op> {
        Ok(Op::Add { shifts: [0, 0] })
    }

    fn output_shape(_op: &Op, inputs: &[Shape], _channels: usize) -> Result<Shape> {
        if inputs[0] != inputs[1] {
            return Err(Error::input("add needs two maps of one shape").value(format!("{} and {}", inputs[0], inputs[1])));
        }
        Ok(inputs[0])
    }

    fn accumulate<T: Number>(_op: &Op, inputs: &[Map<T>], _weights: Option<&Kernel<T>>, out: Shape) -> Map<T> {
        Map { shape: out, data: inputs[0].data.iter().zip(&inputs[1].data).map(|(&a, &b)| a + b).collect() }
    }

    fn bound(op: &Op, _inputs: &[Shape], reach: &[i64], _weights: Option<&Weights>) -> i64 {
        let [a, b] = shifts(op);
        (reach[0] << a) + (reach[1] << b)
    }

    fn operand_shift(op: &Op, index: usize) -> u8 {
        shifts(op)[index]
    }
}
