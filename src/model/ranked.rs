//! Detections of several objects in an image: every cell decoded, ranked by confidence, duplicates suppressed.
//!
//! The head has no class scores, so that suppression and everything counted on it is class-agnostic.

use super::head::{self, Coding, Detection, VALUES};
use crate::error::{Error, Result};
use crate::tensor::{Shape, Tensor};

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Keep {
    /// Lowest confidence.
    pub confidence: f32,
    /// Highest IoU with a more confident box; above it a box is a duplicate.
    pub overlap: f32,
    /// Most boxes of an image.
    pub most: usize,
}

impl Default for Keep {
    /// Confidence 0.01 and overlap 0.5; 100 boxes as in COCO's evaluation.
    fn default() -> Keep {
        Keep { confidence: 0.01, overlap: 0.5, most: 100 }
    }
}

/// All boxes of the raw integers of the last layer, most confident first; layout and anchors as in [`head::decode`].
///
/// # Errors
/// As [`head::decode`].
pub fn decode(t: &Tensor, coding: impl Into<Coding>, anchors: &[[f32; 2]], keep: Keep) -> Result<Vec<Detection>> {
    head::check(t.shape, anchors.len())?;
    let coding = coding.into();
    Ok(suppress(every_cell(t.shape, anchors, keep.confidence, |i| coding.value(t.data[i])), keep))
}

/// [`decode`] of float outputs laid out (channel, row, column).
///
/// # Errors
/// As [`head::decode`], and when `data` has another length than `shape`.
pub fn decode_float(data: &[f32], shape: Shape, anchors: &[[f32; 2]], keep: Keep) -> Result<Vec<Detection>> {
    head::check(shape, anchors.len())?;
    if data.len() != shape.len() {
        return Err(Error::input(format!("head output of shape {shape} needs {} values", shape.len())).value(data.len()));
    }
    Ok(suppress(every_cell(shape, anchors, keep.confidence, |i| data[i]), keep))
}

fn every_cell(shape: Shape, anchors: &[[f32; 2]], least: f32, at: impl Fn(usize) -> f32) -> Vec<Detection> {
    let plane = shape.h * shape.w;
    let all = (0..anchors.len()).flat_map(|anchor| (0..plane).map(move |cell| (anchor, cell)));
    let value = |(anchor, cell): (usize, usize), k: usize| at((anchor * VALUES + k) * plane + cell);
    let confident = all.filter(|&place| head::sigmoid(value(place, VALUES - 1)) >= least);
    confident.map(|place| head::at_cell([0, 1, 2, 3, 4].map(|k| value(place, k)), place, shape, anchors)).collect()
}

/// Greedy non-maximum suppression: most confident first, among equals the first anchor, row and column.
fn suppress(mut all: Vec<Detection>, keep: Keep) -> Vec<Detection> {
    all.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut kept: Vec<Detection> = Vec::new();
    for d in all {
        if kept.len() == keep.most {
            break;
        }
        if kept.iter().all(|k| k.area.iou(d.area) <= keep.overlap) {
            kept.push(d);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::Format;

    /// One anchor as large as a cell of a 2 x 2 grid; confidences by cell.
    fn boxes(confidence: [f32; 4], extent: f32, keep: Keep) -> Vec<(usize, usize)> {
        let mut data = vec![0.0; 20];
        data[8..16].fill(extent);
        data[16..].copy_from_slice(&confidence);
        let found = decode_float(&data, Shape::new(5, 2, 2), &[[0.5, 0.5]], keep).unwrap();
        let raw = Tensor { shape: Shape::new(5, 2, 2), data: data.iter().map(|v| (v * 32.0) as i32).collect() };
        assert_eq!(decode(&raw, Format::signed(9, 5), &[[0.5, 0.5]], keep).unwrap(), found);
        found.iter().map(|d| d.cell).collect()
    }

    #[test]
    fn cells_are_ranked_and_duplicates_suppressed() {
        let keep = Keep { confidence: 0.25, ..Keep::default() };
        assert_eq!(boxes([0.0, 1.0, -4.0, 1.0], 0.0, keep), [(0, 1), (1, 1), (0, 0)]);
        assert_eq!(boxes([0.0, 1.0, -4.0, 1.0], 0.0, Keep { most: 1, ..keep }), [(0, 1)]);
        // Boxes of 4.5 times the extent: those of neighbours in a row or column overlap by 0.64, on the diagonal by 0.43.
        assert_eq!(boxes([0.0, 1.0, -4.0, 2.0], 1.5, keep), [(1, 1), (0, 0)]);
    }
}
