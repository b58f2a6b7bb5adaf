//! An operation on integers: centre the operands, accumulate at full width, requantise once.

use super::operation::{Kernel, Map, Number};
use super::{Entry, of};
use crate::fixed::Format;
use crate::model::graph::{Node, Weights};
use crate::tensor::{Shape, Tensor};

/// One operand: its raw integers and how they read.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a> {
    /// Raw integers.
    pub tensor: &'a Tensor,
    /// Their format.
    pub format: Format,
    /// The raw value that stands for zero.
    pub zero_point: i32,
}

impl<'a> Operand<'a> {
    /// What `node` produced.
    pub fn new(node: &Node, tensor: &'a Tensor) -> Operand<'a> {
        Operand { tensor, format: node.format, zero_point: node.zero_point }
    }
}

/// The largest `|raw - zero point|` in `format`.
fn reach(format: Format, zero_point: i32) -> i64 {
    let z = i64::from(zero_point);
    (i64::from(format.min()) - z).abs().max((i64::from(format.max()) - z).abs())
}

/// A proven bound of the accumulator's magnitude, for any input of the given nodes' formats and any order of summation (contract,
/// point 16): over output channels, the largest `sum |w| * max|x - z| + |bias|`; the analogous sum for pools and additions.
/// 0 for the input node.
pub fn accumulator_bound(node: &Node, inputs: &[&Node]) -> i64 {
    let shapes: Vec<Shape> = inputs.iter().map(|n| n.shape).collect();
    let reach: Vec<i64> = inputs.iter().map(|n| reach(n.format, n.zero_point)).collect();
    of(&node.op).map_or(0, |entry| (entry.bound)(&node.op, &shapes, &reach, node.weights.as_ref()))
}

/// The node's output from its operands.
///
/// Accumulates in `i32` where the bound proves that this is exact, in `i64` where it does not; the result is that of
/// [`evaluate_wide`] either way.
///
/// # Panics
/// When node and operands do not belong together; `model::check` finds that beforehand.
pub fn evaluate(node: &Node, operands: &[Operand]) -> Tensor {
    let entry = of(&node.op).expect("the input node is not evaluated");
    let shapes: Vec<Shape> = operands.iter().map(|o| o.tensor.shape).collect();
    let reach: Vec<i64> = operands.iter().map(|o| reach(o.format, o.zero_point)).collect();
    if (entry.bound)(&node.op, &shapes, &reach, node.weights.as_ref()) > i64::from(i32::MAX) {
        return evaluate_wide(node, operands);
    }
    let inputs: Vec<Map<i32>> = centred(entry, node, operands, |v| v as i32);
    let weights = node.weights.as_ref().map(|w| Kernel { data: w.data.clone(), bias: w.bias.clone() });
    finish(node, &(entry.accumulate_i32)(&node.op, &inputs, weights.as_ref(), node.shape))
}

/// [`evaluate`] with `i64` accumulators throughout: the definition, with nothing to prove.
///
/// # Panics
/// As [`evaluate`].
pub fn evaluate_wide(node: &Node, operands: &[Operand]) -> Tensor {
    let entry = of(&node.op).expect("the input node is not evaluated");
    let widen = |w: &Weights| {
        let wide = |v: &[i32]| v.iter().map(|&v| i64::from(v)).collect();
        Kernel { data: wide(&w.data), bias: wide(&w.bias) }
    };
    let inputs: Vec<Map<i64>> = centred(entry, node, operands, |v| v);
    finish(node, &(entry.accumulate_i64)(&node.op, &inputs, node.weights.as_ref().map(widen).as_ref(), node.shape))
}

fn centred<T: Number>(entry: &Entry, node: &Node, operands: &[Operand], narrow: impl Fn(i64) -> T) -> Vec<Map<T>> {
    let centre = |(index, o): (usize, &Operand)| {
        let shift = (entry.operand_shift)(&node.op, index);
        let value = |&raw: &i32| narrow((i64::from(raw) - i64::from(o.zero_point)) << shift);
        Map { shape: o.tensor.shape, data: o.tensor.data.iter().map(value).collect() }
    };
    operands.iter().enumerate().map(centre).collect()
}

/// From accumulators to raw integers: the one requantise step, or the zero point back where values only moved.
fn finish<T: Number + Into<i64>>(node: &Node, acc: &Map<T>) -> Tensor {
    let plane = (acc.shape.h * acc.shape.w).max(1);
    let mut data = Vec::with_capacity(acc.data.len());
    for (c, acc) in acc.data.chunks(plane).enumerate() {
        match &node.requantise {
            Some(r) => data.extend(acc.iter().map(|&a| r.apply(a.into(), c))),
            None => data.extend(acc.iter().map(|&a| (a.into() + i64::from(node.zero_point)) as i32)),
        }
    }
    Tensor { shape: acc.shape, data }
}
