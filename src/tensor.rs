//! Shapes, windows and plain integer tensors.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Channels x height x width of one feature map (batch is always 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Shape {
    /// Channels.
    pub c: usize,
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
}

impl Shape {
    /// Channels, height, width.
    pub const fn new(c: usize, h: usize, w: usize) -> Shape {
        Shape { c, h, w }
    }
    /// Number of elements.
    pub const fn len(self) -> usize {
        self.c * self.h * self.w
    }
    /// Whether any extent is zero.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
    /// Channel blocks of `lanes` channels, the last one padded.
    pub const fn blocks(self, lanes: usize) -> usize {
        self.c.div_ceil(lanes)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.c, self.h, self.w)
    }
}

/// A rectangle of a feature map: rows `y..y+h`, columns `x..x+w`. Coordinates may be negative (padding) before clipping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Window {
    /// First row.
    pub y: i32,
    /// First column.
    pub x: i32,
    /// Rows.
    pub h: i32,
    /// Columns.
    pub w: i32,
}

impl Window {
    /// A window from its corner and extent.
    pub const fn new(y: i32, x: i32, h: i32, w: i32) -> Window {
        Window { y, x, h, w }
    }
    /// The part inside a map of `h` x `w`; never negative in extent.
    pub fn clip(self, h: usize, w: usize) -> Window {
        let (y0, x0) = (self.y.max(0), self.x.max(0));
        let (y1, x1) = ((self.y + self.h).min(h as i32), (self.x + self.w).min(w as i32));
        Window { y: y0, x: x0, h: (y1 - y0).max(0), w: (x1 - x0).max(0) }
    }
    /// Pixels.
    pub const fn area(self) -> usize {
        self.h as usize * self.w as usize
    }
}

/// Raw integers of one feature map, channel-major (c, y, x). The reference layout: nothing is blocked or padded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Extents.
    pub shape: Shape,
    /// `shape.len()` raw integers; element (c, y, x) is at `(c * h + y) * w + x`.
    pub data: Vec<i32>,
}

impl Tensor {
    /// All zero.
    pub fn zeros(shape: Shape) -> Tensor {
        Tensor { shape, data: vec![0; shape.len()] }
    }
    /// From raw integers.
    ///
    /// # Errors
    /// When the number of elements is not `shape.len()`.
    pub fn new(shape: Shape, data: Vec<i32>) -> Result<Tensor> {
        if data.len() != shape.len() {
            return Err(Error::input(format!("tensor of shape {shape} needs {} elements", shape.len())).value(data.len()));
        }
        Ok(Tensor { shape, data })
    }
    /// Element at (c, y, x).
    #[inline]
    pub fn at(&self, c: usize, y: usize, x: usize) -> i32 {
        self.data[(c * self.shape.h + y) * self.shape.w + x]
    }
    /// Element at (c, y, x), or `pad` outside rows and columns.
    #[inline]
    pub fn at_or(&self, c: usize, y: i32, x: i32, pad: i32) -> i32 {
        if y < 0 || x < 0 || y as usize >= self.shape.h || x as usize >= self.shape.w { pad } else { self.at(c, y as usize, x as usize) }
    }
    /// Element at (c, y, x), to write.
    #[inline]
    pub fn at_mut(&mut self, c: usize, y: usize, x: usize) -> &mut i32 {
        &mut self.data[(c * self.shape.h + y) * self.shape.w + x]
    }
}

/// Raw integers in channel-blocked layout: `[block][y][x][lane]`, as they lie in DRAM and in banks (contract, point 8).
/// Lanes past the last channel hold zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Extents in channels, not padded.
    pub shape: Shape,
    /// Channels in a block.
    pub lanes: usize,
    /// `blocks * h * w * lanes` raw integers. Unsigned 16-bit values are stored as their bit pattern.
    pub data: Vec<i16>,
}

impl Blocked {
    /// All zero.
    pub fn zeros(shape: Shape, lanes: usize) -> Blocked {
        Blocked { shape, lanes, data: vec![0; shape.blocks(lanes) * shape.h * shape.w * lanes] }
    }
    /// From the reference layout.
    pub fn from_tensor(t: &Tensor, lanes: usize) -> Blocked {
        let mut b = Blocked::zeros(t.shape, lanes);
        let plane = t.shape.h * t.shape.w;
        for c in 0..t.shape.c {
            let base = (c / lanes) * plane * lanes + c % lanes;
            for p in 0..plane {
                b.data[base + p * lanes] = t.data[c * plane + p] as i16;
            }
        }
        b
    }
    /// Back to the reference layout; `signed` says how a 16-bit pattern is read.
    pub fn to_tensor(&self, signed: bool) -> Tensor {
        let mut t = Tensor::zeros(self.shape);
        let plane = self.shape.h * self.shape.w;
        for c in 0..self.shape.c {
            let base = (c / self.lanes) * plane * self.lanes + c % self.lanes;
            for p in 0..plane {
                let raw = self.data[base + p * self.lanes];
                t.data[c * plane + p] = if signed { i32::from(raw) } else { i32::from(raw as u16) };
            }
        }
        t
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocked_layout_round_trips_and_pads_with_zero() {
        let shape = Shape::new(5, 2, 3);
        let t = Tensor::new(shape, (0..30).map(|v| v - 15).collect()).unwrap();
        let b = Blocked::from_tensor(&t, 4);
        assert_eq!(b.data.len(), 2 * 6 * 4);
        assert_eq!(b.to_tensor(true), t);
        assert_eq!(&b.data[6 * 4 + 1..6 * 4 + 4], &[0, 0, 0]);
    }

    #[test]
    fn windows_clip_to_the_map() {
        assert_eq!(Window::new(-1, -1, 4, 4).clip(3, 2), Window::new(0, 0, 3, 2));
        assert_eq!(Window::new(5, 5, 2, 2).clip(3, 3).area(), 0);
    }
}
