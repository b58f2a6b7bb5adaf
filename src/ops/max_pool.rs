//! Maximum over a window; padding never wins.

use super::operation::{Kernel, LayerKeys, Map, Number, Operation, slide, window_text};
use crate::error::{Error, Result};
use crate::model::graph::{Op, Sliding, Weights};
use crate::tensor::Shape;

/// The largest value under the window; taps outside the map do not take part.
pub struct MaxPool;

fn window(op: &Op) -> &Sliding {
    match op {
        Op::MaxPool(window) => window,
        other => unreachable!("not a max pool: {other:?}"),
    }
}

/// Map coordinates under the window of output `o` along one axis.
fn taps(o: usize, n: usize, kernel: usize, stride: usize, dilation: usize, padding: usize) -> impl Iterator<Item = usize> {
    (0..kernel).filter_map(move |k| (o * stride + k * dilation).checked_sub(padding)).filter(move |&at| at < n)
}

impl Operation for MaxPool {
    const NAME: &'static str = "max_pool";
    const LAYERS: &'static [&'static str] = &["max_pool"];
    const KEYS: &'static [&'static str] = &["kernel", "stride", "dilation", "padding"];
    const MOVES: bool = true;

    fn recognises(op: &Op) -> bool {
        matches!(op, Op::MaxPool(_))
    }

    fn from_layer(keys: &LayerKeys, _inputs: &[Shape]) -> Result<Op> {
        Ok(Op::MaxPool(keys.window(None)?))
    }

    fn output_shape(op: &Op, inputs: &[Shape], _channels: usize) -> Result<Shape> {
        let (s, input) = (window(op), inputs[0]);
        let (h, w) = slide(s, input)?;
        let seen = |outputs, n, kernel, stride, dilation, padding| {
            (0..outputs).all(|o| taps(o, n, kernel, stride, dilation, padding).next().is_some())
        };
        let rows = seen(h, input.h, s.kernel.0, s.stride.0, s.dilation.0, s.padding.top);
        if !rows || !seen(w, input.w, s.kernel.1, s.stride.1, s.dilation.1, s.padding.left) {
            return Err(Error::input("a max-pool window lies in padding altogether")
                .value(format!("{}, input {input}", window_text(s)))
                .hint("keep padding below the kernel"));
        }
        Ok(Shape::new(input.c, h, w))
    }

    fn accumulate<T: Number>(op: &Op, inputs: &[Map<T>], _weights: Option<&Kernel<T>>, out: Shape) -> Map<T> {
        let (s, x) = (window(op), &inputs[0]);
        let mut acc = Map::zeros(out);
        let columns: Vec<Vec<usize>> =
            (0..out.w).map(|o| taps(o, x.shape.w, s.kernel.1, s.stride.1, s.dilation.1, s.padding.left).collect()).collect();
        for c in 0..out.c {
            for oy in 0..out.h {
                let rows = || taps(oy, x.shape.h, s.kernel.0, s.stride.0, s.dilation.0, s.padding.top);
                for (o, columns) in acc.row_mut(c, oy).iter_mut().zip(&columns) {
                    let under = rows().flat_map(|y| columns.iter().map(move |&at| x.row(c, y)[at]));
                    *o = under.reduce(|a, b| if b > a { b } else { a }).expect("every window sees the map");
                }
            }
        }
        acc
    }

    fn bound(_op: &Op, _inputs: &[Shape], reach: &[i64], _weights: Option<&Weights>) -> i64 {
        reach[0]
    }
}
