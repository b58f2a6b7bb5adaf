//! Windows and where they land.

use crate::error::{Error, Result};
use crate::model::graph::{Padding, Sliding};
use crate::model::import::file::Node;
use crate::model::import::spanned;
use crate::model::raw::RawLayer;
use crate::model::raw_values::{RawPair, RawSides};
use crate::tensor::Shape;

/// Largest kernel, stride, dilation and padding.
pub(super) const MOST: i64 = 1024;

pub(super) fn pair([a, b]: [i64; 2]) -> RawPair {
    if a == b { RawPair::Both(a) } else { RawPair::Each([a, b]) }
}

/// Writes what differs from the defaults of a layer.
pub(super) fn sliding(layer: &mut RawLayer, s: &Sliding) {
    let both = |(a, b): (usize, usize)| pair([a as i64, b as i64]);
    layer.kernel = Some(spanned(both(s.kernel)));
    layer.stride = (s.stride != (1, 1)).then(|| spanned(both(s.stride)));
    layer.dilation = (s.dilation != (1, 1)).then(|| spanned(both(s.dilation)));
    let sides = [s.padding.top, s.padding.left, s.padding.bottom, s.padding.right].map(|p| p as i64);
    let raw = if sides.iter().all(|&p| p == sides[0]) { RawSides::All(sides[0]) } else { RawSides::Each(sides) };
    layer.padding = (s.padding != Padding::default()).then(|| spanned(raw));
}

pub(super) fn add(padding: &mut Padding, [top, left, bottom, right]: [usize; 4]) {
    padding.top += top;
    padding.left += left;
    padding.bottom += bottom;
    padding.right += right;
}

/// A map with zeros around it.
pub(super) fn with_pad(shape: Shape, [top, left, bottom, right]: [usize; 4]) -> Shape {
    Shape { h: shape.h + top + bottom, w: shape.w + left + right, ..shape }
}

/// The window of a convolution or pool on a map.
pub(super) fn window(node: &Node, kernel: (usize, usize), shape: Shape) -> Result<Sliding> {
    let two = |name: &str| -> Result<(usize, usize)> {
        match node.ints(name) {
            [] => Ok((1, 1)),
            &[a, b] if [a, b].iter().all(|v| (1..=MOST).contains(v)) => Ok((a as usize, b as usize)),
            other => {
                Err(Error::unsupported(format!("`{name}`")).value(format!("{other:?}")).allowed(format!("two numbers of 1 to {MOST}")))
            }
        }
    };
    if kernel.0.max(kernel.1) > MOST as usize || kernel.0.min(kernel.1) == 0 {
        return Err(Error::unsupported("extents of the window").value(format!("{kernel:?}")).allowed(format!("1 to {MOST}")));
    }
    let (stride, dilation) = (two("strides")?, two("dilations")?);
    let padding = match node.ints("pads") {
        [] => Padding::default(),
        sides => {
            let sides: Option<Vec<usize>> = sides.iter().map(|&p| usize::try_from(p).ok().filter(|_| p <= MOST)).collect();
            let Some(&[top, left, bottom, right]) = sides.as_deref() else {
                return Err(Error::unsupported("`pads`")
                    .value(format!("{:?}", node.ints("pads")))
                    .allowed(format!("four numbers of 0 to {MOST}")));
            };
            Padding { top, left, bottom, right }
        }
    };
    let mut window = Sliding { kernel, stride, dilation, padding };
    let auto = node.text("auto_pad").unwrap_or_default();
    if ["SAME_UPPER", "SAME_LOWER"].contains(&auto.as_str()) {
        let along = |n: usize, k: usize, s: usize, d: usize| {
            let missing = ((n.div_ceil(s) - 1) * s + (k - 1) * d + 1).saturating_sub(n);
            if auto == "SAME_UPPER" { (missing / 2, missing - missing / 2) } else { (missing - missing / 2, missing / 2) }
        };
        let (top, bottom) = along(shape.h, kernel.0, stride.0, dilation.0);
        let (left, right) = along(shape.w, kernel.1, stride.1, dilation.1);
        window.padding = Padding { top, left, bottom, right };
    }
    Ok(window)
}

/// Adds padding behind until the last window that begins within the map is whole.
pub(super) fn round_up(s: &mut Sliding, shape: Shape) {
    let more = |n: usize, before: usize, behind: usize, k: usize, stride: usize, d: usize| {
        let reach = (k - 1) * d + 1;
        let room = (n + before + behind).saturating_sub(reach);
        let mut last = room.div_ceil(stride);
        if last * stride >= n + before {
            last = last.saturating_sub(1);
        }
        (last * stride + reach).saturating_sub(n + before).max(behind)
    };
    s.padding.bottom = more(shape.h, s.padding.top, s.padding.bottom, s.kernel.0, s.stride.0, s.dilation.0);
    s.padding.right = more(shape.w, s.padding.left, s.padding.right, s.kernel.1, s.stride.1, s.dilation.1);
}

pub(super) fn slid(s: &Sliding, shape: Shape, channels: usize) -> Result<Shape> {
    let (h, w) = s
        .output(shape.h, shape.w)
        .ok_or_else(|| Error::input("the window is larger than the map").value(format!("{:?} on {shape}", s.kernel)))?;
    Ok(Shape::new(channels, h, w))
}
