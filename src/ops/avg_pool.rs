//! Average over a window: a sum here, divided in the requantise step; padding counts as zero and takes part in the divisor.

use super::operation::{Kernel, LayerKeys, Map, Number, Operation, slide};
use crate::error::Result;
use crate::model::graph::{Op, Sliding, Weights};
use crate::tensor::Shape;

/// The sum of what lies under the window.
pub struct AvgPool;

fn window(op: &Op) -> &Sliding {
    match op {
        Op::AvgPool(window) => window,
        other => unreachable!("not an average pool: {other:?}"),
    }
}

impl Operation for AvgPool {
    const NAME: &'static str = "avg_pool";
    const LAYERS: &'static [&'static str] = &["avg_pool"];
    const KEYS: &'static [&'static str] = &["kernel", "stride", "dilation", "padding"];

    fn recognises(op: &Op) -> bool {
        matches!(op, Op::AvgPool(_))
    }

    fn from_layer(keys: &LayerKeys, _inputs: &[Shape]) -> Result<Op> {
        Ok(Op::AvgPool(keys.window(None)?))
    }

    fn output_shape(op: &Op, inputs: &[Shape], _channels: usize) -> Result<Shape> {
        let (h, w) = slide(window(op), inputs[0])?;
        Ok(Shape::new(inputs[0].c, h, w))
    }

    fn accumulate<T: Number>(op: &Op, inputs: &[Map<T>], _weights: Option<&Kernel<T>>, out: Shape) -> Map<T> {
        let (s, x) = (window(op), &inputs[0]);
        let mut acc = Map::zeros(out);
        for c in 0..out.c {
            for oy in 0..out.h {
                let rows = (0..s.kernel.0).filter_map(|k| (oy * s.stride.0 + k * s.dilation.0).checked_sub(s.padding.top));
                for y in rows.filter(|&y| y < x.shape.h) {
                    let from = x.row(c, y);
                    for (ox, o) in acc.row_mut(c, oy).iter_mut().enumerate() {
                        let columns = (0..s.kernel.1).filter_map(|k| (ox * s.stride.1 + k * s.dilation.1).checked_sub(s.padding.left));
                        columns.filter_map(|at| from.get(at)).for_each(|&v| *o += v);
                    }
                }
            }
        }
        acc
    }

    fn bound(op: &Op, _inputs: &[Shape], reach: &[i64], _weights: Option<&Weights>) -> i64 {
        window(op).taps() as i64 * reach[0]
    }

    fn mean_of(op: &Op, _inputs: &[Shape]) -> usize {
        window(op).taps()
    }
}
