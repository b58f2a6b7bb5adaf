//! The detection head: YOLO-style decoding on the host, one box an image as in DAC-SDC.
//!
//! Source of the equations: Redmon and Farhadi, "YOLO9000", CVPR 2017, section 2 (direct location prediction); two anchors
//! and no class scores as in SkyNet (Zhang et al., MLSys 2020, section 5).

use super::format_spec::FormatSpec;
use super::graph::Node;
use crate::dataset::iou::Box2D;
use crate::error::{Error, Result};
use crate::fixed::Format;
use crate::tensor::{Shape, Tensor};

/// Output channels for each anchor: x, y, w, h, confidence.
pub const VALUES: usize = 5;

/// A found object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// The box in fractions of the image.
    pub area: Box2D,
    /// Sigmoid of the confidence output, 0 to 1.
    pub confidence: f32,
    /// Index of the anchor that found it.
    pub anchor: usize,
    /// Grid cell: row and column.
    pub cell: (usize, usize),
}

/// What the raw integers of a layer stand for: (r - zero_point) / 2^frac.
#[derive(Clone, Copy, Debug)]
pub struct Coding {
    format: Format,
    zero_point: i32,
}

impl Coding {
    /// The value of a raw integer.
    pub fn value(self, raw: i32) -> f32 {
        (raw - self.zero_point) as f32 * self.format.step() as f32
    }
}

impl From<Format> for Coding {
    fn from(format: Format) -> Coding {
        Coding { format, zero_point: 0 }
    }
}

impl From<&Node> for Coding {
    fn from(node: &Node) -> Coding {
        Coding { format: node.format, zero_point: node.zero_point }
    }
}

/// Decodes the raw integers of the last layer: `anchors.len() * 5` channels, anchor-major, each x, y, w, h, confidence.
///
/// `anchors` are (width, height) in fractions of the image. Among equal confidences the first anchor, row and column wins.
///
/// # Errors
/// When the channels are not five an anchor, or the map is empty.
pub fn decode(t: &Tensor, coding: impl Into<Coding>, anchors: &[[f32; 2]]) -> Result<Detection> {
    check(t.shape, anchors.len())?;
    let coding = coding.into();
    let plane = t.shape.h * t.shape.w;
    let best = argmax(anchors.len(), plane, |i| t.data[i]);
    let value = |k: usize| coding.value(t.data[(best.0 * VALUES + k) * plane + best.1]);
    Ok(at_cell([value(0), value(1), value(2), value(3), value(4)], best, t.shape, anchors))
}

/// [`decode`] of float outputs laid out (channel, row, column).
///
/// # Errors
/// As [`decode`].
pub fn decode_float(data: &[f32], shape: Shape, anchors: &[[f32; 2]]) -> Result<Detection> {
    check(shape, anchors.len())?;
    if data.len() != shape.len() {
        return Err(Error::input(format!("head output of shape {shape} needs {} values", shape.len())).value(data.len()));
    }
    let plane = shape.h * shape.w;
    let best = argmax(anchors.len(), plane, |i| data[i]);
    let value = |k: usize| data[(best.0 * VALUES + k) * plane + best.1];
    Ok(at_cell([value(0), value(1), value(2), value(3), value(4)], best, shape, anchors))
}

/// Fraction bits that are tried for a head.
const FRACTIONS: std::ops::RangeInclusive<i8> = -7..=16;

/// The fraction bits that suit a head, by what it is for: the mean IoU of boxes decoded from outputs that are rounded to them. Squared error would
/// spend the range on how sure the background is of being background.
pub struct Fractions {
    spec: FormatSpec,
    /// Sum of IoU, by fraction bits.
    totals: Vec<f64>,
}

impl Fractions {
    /// Of outputs in formats of `spec`.
    pub fn new(spec: FormatSpec) -> Fractions {
        Fractions { spec, totals: vec![0.0; FRACTIONS.count()] }
    }

    /// Adds an image with its float output, laid out as for [`decode_float`], and its true box.
    ///
    /// # Errors
    /// As [`decode`].
    pub fn add(&mut self, output: &[f32], shape: Shape, anchors: &[[f32; 2]], truth: Box2D) -> Result<()> {
        for (frac, total) in FRACTIONS.zip(&mut self.totals) {
            let format = self.spec.with_frac(frac);
            let data = output.iter().map(|&v| format.quantise(f64::from(v))).collect();
            *total += f64::from(decode(&Tensor { shape, data }, format, anchors)?.area.iou(truth));
        }
        Ok(())
    }

    /// The best; `None` when no box came near.
    pub fn best(&self) -> Option<i8> {
        let best = FRACTIONS.zip(&self.totals).reduce(|a, b| if b.1 > a.1 { b } else { a });
        best.filter(|(_, total)| **total > 0.0).map(|(frac, _)| frac)
    }
}

pub(super) fn check(shape: Shape, anchors: usize) -> Result<()> {
    if shape.is_empty() || anchors == 0 || shape.c != anchors * VALUES {
        return Err(Error::input("detection head does not fit the last layer")
            .value(format!("{shape} for {anchors} anchors"))
            .allowed("5 channels an anchor, at least 1 x 1"));
    }
    Ok(())
}

/// (anchor, cell) of the highest confidence.
fn argmax<T: PartialOrd + Copy>(anchors: usize, plane: usize, at: impl Fn(usize) -> T) -> (usize, usize) {
    let mut best = (0, 0);
    let mut top = at((VALUES - 1) * plane);
    for anchor in 0..anchors {
        for cell in 0..plane {
            let v = at((anchor * VALUES + VALUES - 1) * plane + cell);
            if v > top {
                (best, top) = ((anchor, cell), v);
            }
        }
    }
    best
}

pub(super) fn at_cell(v: [f32; VALUES], (anchor, cell): (usize, usize), shape: Shape, anchors: &[[f32; 2]]) -> Detection {
    let (row, column) = (cell / shape.w, cell % shape.w);
    Detection { area: cell_box(v, row, column, shape, anchors[anchor]), confidence: sigmoid(v[4]), anchor, cell: (row, column) }
}

/// The box one cell predicts: `x = (sigmoid(tx) + column) / W`, `w = anchor_w * exp(tw)`, likewise y and h.
pub fn cell_box(v: [f32; VALUES], row: usize, column: usize, shape: Shape, anchor: [f32; 2]) -> Box2D {
    let cx = (sigmoid(v[0]) + column as f32) / shape.w as f32;
    let cy = (sigmoid(v[1]) + row as f32) / shape.h as f32;
    // Bounded so that a wild output stays finite.
    let (w, h) = (anchor[0] * libm::expf(v[2].clamp(-10.0, 10.0)), anchor[1] * libm::expf(v[3].clamp(-10.0, 10.0)));
    Box2D::centred(cx, cy, w, h)
}

/// The logistic function.
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_the_most_confident_cell_by_hand() {
        let mut t = Tensor::zeros(Shape::new(10, 2, 4));
        // Second anchor, row 1, column 2: tx = 0, ty = 0, tw = 1 (32 / 2^5), th = -1, confidence 2.
        for (k, v) in [0, 0, 32, -32, 64].into_iter().enumerate() {
            *t.at_mut(5 + k, 1, 2) = v;
        }
        *t.at_mut(4, 0, 0) = 63;
        let d = decode(&t, Format::signed(9, 5), &[[0.1, 0.1], [0.2, 0.4]]).unwrap();
        assert_eq!((d.anchor, d.cell), (1, (1, 2)));
        assert!((d.area.x + d.area.w / 2.0 - 2.5 / 4.0).abs() < 1e-6);
        assert!((d.area.y + d.area.h / 2.0 - 1.5 / 2.0).abs() < 1e-6);
        assert!((d.area.w - 0.2 * std::f32::consts::E).abs() < 1e-6);
        assert!((d.area.h - 0.4 / std::f32::consts::E).abs() < 1e-6);
        assert!((d.confidence - 0.880_797).abs() < 1e-5);
        let floats: Vec<f32> = t.data.iter().map(|&v| v as f32 / 32.0).collect();
        assert_eq!(decode_float(&floats, t.shape, &[[0.1, 0.1], [0.2, 0.4]]).unwrap(), d);
        // With a zero point the same values are other integers.
        let moved = Tensor::new(t.shape, t.data.iter().map(|v| v + 100).collect()).unwrap();
        let coding = Coding { format: Format::signed(9, 5), zero_point: 100 };
        assert_eq!(decode(&moved, coding, &[[0.1, 0.1], [0.2, 0.4]]).unwrap(), d);
    }

    #[test]
    fn refuses_channels_that_are_not_five_an_anchor() {
        assert!(decode(&Tensor::zeros(Shape::new(9, 2, 2)), Format::signed(9, 5), &[[0.1, 0.1]; 2]).is_err());
        assert!(decode(&Tensor::zeros(Shape::new(0, 2, 2)), Format::signed(9, 5), &[]).is_err());
        assert!(decode_float(&[0.0; 3], Shape::new(5, 1, 1), &[[0.1, 0.1]]).is_err());
    }
}
