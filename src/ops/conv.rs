//! Convolution with any kernel, stride, padding, dilation and groups; depthwise and pointwise are its two common cases.

use super::operation::{Kernel, LayerKeys, Map, Number, Operation, required, slide};
use crate::error::{Error, Result};
use crate::model::graph::{Op, Sliding, Weights};
use crate::tensor::Shape;
use rayon::prelude::*;

/// `acc[co] = bias[co] + sum over (ci, ky, kx) of w[co][ci][ky][kx] * x[ci][y * s - p + ky * d][...]`.
pub struct Conv;

fn parts(op: &Op) -> (&Sliding, usize) {
    match op {
        Op::Conv { window, groups } => (window, *groups),
        other => unreachable!("not a convolution: {other:?}"),
    }
}

impl Operation for Conv {
    const NAME: &'static str = "conv";
    const LAYERS: &'static [&'static str] = &["conv", "depthwise", "pointwise"];
    const KEYS: &'static [&'static str] = &["kernel", "stride", "dilation", "padding", "groups", "channels"];

    fn recognises(op: &Op) -> bool {
        matches!(op, Op::Conv { .. })
    }

    fn from_layer(keys: &LayerKeys, inputs: &[Shape]) -> Result<Op> {
        let mut keys = keys.clone();
        match keys.op.as_str() {
            "depthwise" => fixed_key("groups", &mut keys.groups, inputs[0].c)?,
            "pointwise" => {
                fixed_key("kernel", &mut keys.kernel, (1, 1))?;
                required("channels", keys.channels)?;
            }
            _ => {
                required("channels", keys.channels)?;
            }
        }
        Ok(Op::Conv { window: keys.window(Some((1, 1)))?, groups: keys.groups.unwrap_or(1) })
    }

    fn output_shape(op: &Op, inputs: &[Shape], channels: usize) -> Result<Shape> {
        let (window, groups) = parts(op);
        let c = inputs[0].c;
        if groups == 0 || !c.is_multiple_of(groups) || !channels.is_multiple_of(groups) {
            return Err(Error::input("groups must divide input and output channels")
                .value(format!("groups {groups}, input channels {c}, output channels {channels}")));
        }
        let (h, w) = slide(window, inputs[0])?;
        Ok(Shape::new(channels, h, w))
    }

    fn weights_shape(op: &Op, inputs: &[Shape], channels: usize) -> Option<[usize; 4]> {
        let (window, groups) = parts(op);
        Some([channels, inputs[0].c / groups, window.kernel.0, window.kernel.1])
    }

    fn accumulate<T: Number>(op: &Op, inputs: &[Map<T>], weights: Option<&Kernel<T>>, out: Shape) -> Map<T> {
        let ((window, groups), x) = (parts(op), &inputs[0]);
        let weights = weights.expect("a convolution has weights");
        let per_channel = x.shape.c / groups * window.taps();
        let mut acc = Map::zeros(out);
        acc.data.par_chunks_mut((out.h * out.w).max(1)).enumerate().for_each(|(co, plane)| {
            plane.fill(weights.bias[co]);
            let first = co / (out.c / groups) * (x.shape.c / groups);
            for (k, &w) in weights.data[co * per_channel..(co + 1) * per_channel].iter().enumerate() {
                let (ci, tap) = (first + k / window.taps(), k % window.taps());
                add_tap(plane, out, x, ci, window, (tap / window.kernel.1, tap % window.kernel.1), w);
            }
        });
        acc
    }

    fn bound(_op: &Op, _inputs: &[Shape], reach: &[i64], weights: Option<&Weights>) -> i64 {
        weights_bound(weights.expect("a convolution has weights"), reach[0])
    }
}

/// The largest `|bias| + reach * sum |w|` of any output channel.
pub(super) fn weights_bound(weights: &Weights, reach: i64) -> i64 {
    let per_channel = (weights.data.len() / weights.bias.len().max(1)).max(1);
    let sums = weights.data.chunks(per_channel).map(|w| w.iter().map(|&w| i64::from(w).abs()).sum::<i64>());
    sums.zip(&weights.bias).map(|(sum, &b)| sum * reach + i64::from(b).abs()).max().unwrap_or(0)
}

/// `key` follows from the kind of layer; a file may repeat it, but not contradict it.
fn fixed_key<V: PartialEq + std::fmt::Debug>(key: &str, value: &mut Option<V>, fixed: V) -> Result<()> {
    match value {
        Some(v) if *v != fixed => {
            Err(Error::input(format!("`{key}` contradicts the op")).value(format!("{v:?}")).allowed(format!("{fixed:?}, or leave it out")))
        }
        _ => {
            *value = Some(fixed);
            Ok(())
        }
    }
}

/// Outputs `lo..hi` along one axis whose tap lands inside the map, and the map's coordinate for output `lo`.
fn inside(n: usize, outputs: usize, stride: usize, padding: usize, offset: usize) -> (usize, usize, usize) {
    let lo = padding.saturating_sub(offset).div_ceil(stride);
    let hi = match (n + padding).checked_sub(offset + 1) {
        Some(room) => (room / stride + 1).min(outputs),
        None => 0,
    };
    if lo < hi { (lo, hi, lo * stride + offset - padding) } else { (0, 0, 0) }
}

/// Adds `w * x` for one tap of one input channel to every output it reaches.
fn add_tap<T: Number>(plane: &mut [T], out: Shape, x: &Map<T>, ci: usize, s: &Sliding, tap: (usize, usize), w: T) {
    let (y_lo, y_hi, y_first) = inside(x.shape.h, out.h, s.stride.0, s.padding.top, tap.0 * s.dilation.0);
    let (x_lo, x_hi, x_first) = inside(x.shape.w, out.w, s.stride.1, s.padding.left, tap.1 * s.dilation.1);
    if x_lo == x_hi {
        return;
    }
    for (i, oy) in (y_lo..y_hi).enumerate() {
        let from = &x.row(ci, y_first + i * s.stride.0)[x_first..];
        let to = &mut plane[oy * out.w + x_lo..oy * out.w + x_hi];
        if s.stride.1 == 1 {
            to.iter_mut().zip(from).for_each(|(a, &v)| *a += w * v);
        } else {
            to.iter_mut().zip(from.iter().step_by(s.stride.1)).for_each(|(a, &v)| *a += w * v);
        }
    }
}
