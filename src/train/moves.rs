//! Operations without weights on one image: sums, and those that move values. Forward, and gradients added to the operands'.

use super::spec::Op;
use crate::tensor::Shape;

/// Calls `each(input element, output element)` for every pair of an operation of one operand that moves values by a fixed rule.
fn pairs(op: Op, input: Shape, output: Shape, mut each: impl FnMut(usize, usize)) {
    let at = |s: Shape, c: usize, y: usize, x: usize| (c * s.h + y) * s.w + x;
    match op {
        Op::SpaceToDepth { block } => {
            for (c, y, x) in positions(input) {
                let to = ((y % block) * block + x % block) * input.c + c;
                each(at(input, c, y, x), at(output, to, y / block, x / block));
            }
        }
        Op::Upsample { factor } => positions(output).for_each(|(c, y, x)| each(at(input, c, y / factor, x / factor), at(output, c, y, x))),
        Op::AvgPool { size } => positions(output).for_each(|(c, y, x)| {
            for (dy, dx) in (0..size).flat_map(|dy| (0..size).map(move |dx| (dy, dx))) {
                each(at(input, c, y * size + dy, x * size + dx), at(output, c, y, x));
            }
        }),
        _ => (0..output.len()).for_each(|i| each(i, i)),
    }
}

fn positions(s: Shape) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..s.c).flat_map(move |c| (0..s.h).flat_map(move |y| (0..s.w).map(move |x| (c, y, x))))
}

/// What each input element of a pair weighs in the output.
fn share(op: Op) -> f32 {
    if let Op::AvgPool { size } = op { 1.0 / (size * size) as f32 } else { 1.0 }
}

/// The operation on operands of shapes `shapes` into `out`.
pub fn forward(op: Op, operands: &[&[f32]], shapes: &[Shape], output: Shape, out: &mut [f32]) {
    match op {
        Op::Concat => {
            let mut start = 0;
            for (operand, shape) in operands.iter().zip(shapes) {
                out[start..start + shape.len()].copy_from_slice(&operand[..shape.len()]);
                start += shape.len();
            }
        }
        Op::Add => out.iter_mut().zip(operands[0]).zip(operands[1]).for_each(|((o, a), b)| *o = a + b),
        Op::MaxPool { size } => {
            largest(size, operands[0], shapes[0], output, |from, to| out[to] = operands[0][from]);
        }
        _ => {
            out.fill(0.0);
            let share = share(op);
            pairs(op, shapes[0], output, |from, to| out[to] += share * operands[0][from]);
        }
    }
}

/// Adds the gradient at operand `index` to `into`.
pub fn backward(op: Op, index: usize, operand: &[f32], shapes: &[Shape], output: Shape, grad: &[f32], into: &mut [f32]) {
    match op {
        Op::Concat => {
            let start: usize = shapes[..index].iter().map(|s| s.len()).sum();
            into.iter_mut().zip(&grad[start..start + shapes[index].len()]).for_each(|(i, g)| *i += g);
        }
        Op::MaxPool { size } => largest(size, operand, shapes[0], output, |from, to| into[from] += grad[to]),
        _ => {
            let share = share(op);
            pairs(op, shapes[index], output, |from, to| into[from] += share * grad[to]);
        }
    }
}

/// Calls `each(input element, output element)` with the first largest element of each window.
fn largest(size: usize, values: &[f32], input: Shape, output: Shape, mut each: impl FnMut(usize, usize)) {
    for (to, (c, y, x)) in positions(output).enumerate() {
        let corner = (c * input.h + y * size) * input.w + x * size;
        let mut best = corner;
        for (dy, dx) in (0..size).flat_map(|dy| (0..size).map(move |dx| (dy, dx))) {
            let at = corner + dy * input.w + dx;
            if values[at] > values[best] {
                best = at;
            }
        }
        each(best, to);
    }
}
