//! The detection loss: which cell answers (softmax over all cells and anchors), and how well its box fits.

use crate::dataset::iou::Box2D;
use crate::model::head::{self, VALUES, sigmoid};
use crate::tensor::Shape;

/// The labelled box in fractions of the image.
pub type Target = Box2D;

/// Weight of the squared error of the centre, in cells.
const CENTRE_WEIGHT: f32 = 2.0;
/// Weight of the squared error of the logarithm of the extents.
const EXTENT_WEIGHT: f32 = 1.0;
/// Weight of `1 - IoU`.
const IOU_WEIGHT: f32 = 2.0;
/// Where the logarithm of the softmax's denominator is held: a sure detection then has confidence sigmoid(3) = 0.95, and
/// background stays inside the range of nine bits.
const LEVEL: f32 = 3.0;
/// How strongly it is held there.
const LEVEL_WEIGHT: f32 = 0.02;
/// A neighbouring cell's share of the label: the IoU it can still reach, to this power.
const REACH_POWER: i32 = 8;

/// The IoU of two shapes laid over each other's centres; `size` are width and height.
pub fn shape_iou(a: [f32; 2], b: [f32; 2]) -> f32 {
    Box2D::centred(0.0, 0.0, a[0], a[1]).iou(Box2D::centred(0.0, 0.0, b[0], b[1]))
}

/// Loss of one image, and its gradient at the head's output (`grad` is overwritten). Layout as in [`head::decode`].
pub fn detection(output: &[f32], shape: Shape, anchors: &[[f32; 2]], target: &Target, grad: &mut [f32]) -> f64 {
    grad.fill(0.0);
    let plane = shape.h * shape.w;
    let best = (0..anchors.len())
        .max_by(|&a, &b| shape_iou(anchors[a], [target.w, target.h]).total_cmp(&shape_iou(anchors[b], [target.w, target.h])))
        .unwrap_or(0);
    let labels = labels(shape, target);
    let mut loss = confidence(output, plane, anchors.len(), best, &labels, grad);
    for &(cell, share) in &labels {
        let mut values = [0.0; VALUES];
        for (k, v) in values.iter_mut().enumerate() {
            *v = output[(best * VALUES + k) * plane + cell];
        }
        let (box_loss, slope) = box_loss(values, cell, shape, anchors[best], target);
        loss += f64::from(share * box_loss);
        for (k, s) in slope.iter().enumerate() {
            grad[(best * VALUES + k) * plane + cell] += share * s;
        }
    }
    loss
}

/// Cells that should answer, with shares that sum to 1: the one with the target's centre, and its neighbours as far as
/// their best box (centre moved to their edge) still overlaps the target.
fn labels(shape: Shape, target: &Target) -> Vec<(usize, f32)> {
    let (w, h) = (shape.w as f32, shape.h as f32);
    let (cx, cy) = ((target.x + target.w / 2.0) * w, (target.y + target.h / 2.0) * h);
    let clamp = |v: f32, n: usize| (v as i64).clamp(0, n as i64 - 1);
    let (column, row) = (clamp(cx, shape.w), clamp(cy, shape.h));
    let mut cells = Vec::with_capacity(9);
    for y in (row - 1).max(0)..=(row + 1).min(shape.h as i64 - 1) {
        for x in (column - 1).max(0)..=(column + 1).min(shape.w as i64 - 1) {
            let near = [cx.clamp(x as f32, x as f32 + 1.0) / w, cy.clamp(y as f32, y as f32 + 1.0) / h];
            let reach = Box2D::centred(near[0], near[1], target.w, target.h).iou(*target);
            let share = (0..REACH_POWER).fold(1.0, |p, _| p * reach);
            // The cell of the centre always counts, also for a target without area.
            cells.push((y as usize * shape.w + x as usize, if (x, y) == (column, row) { 1.0 } else { share }));
        }
    }
    let total: f32 = cells.iter().map(|c| c.1).sum();
    cells.retain(|c| c.1 > 1e-3 * total);
    let total: f32 = cells.iter().map(|c| c.1).sum();
    cells.iter_mut().for_each(|c| c.1 /= total);
    cells
}

/// Cross entropy of the softmax over every cell of every anchor against `labels` on anchor `best`.
fn confidence(output: &[f32], plane: usize, anchors: usize, best: usize, labels: &[(usize, f32)], grad: &mut [f32]) -> f64 {
    let channels = (0..anchors).map(|a| (a * VALUES + VALUES - 1) * plane);
    let largest = channels.clone().flat_map(|c| &output[c..c + plane]).fold(f32::MIN, |m, &v| m.max(v));
    let mut sum = 0.0f64;
    for c in channels.clone() {
        for (g, &v) in grad[c..c + plane].iter_mut().zip(&output[c..c + plane]) {
            *g = libm::expf(v - largest);
            sum += f64::from(*g);
        }
    }
    let level = largest + libm::log(sum) as f32;
    let off = level - LEVEL;
    let factor = ((1.0 + 2.0 * LEVEL_WEIGHT * off) as f64 / sum) as f32;
    for c in channels {
        grad[c..c + plane].iter_mut().for_each(|g| *g *= factor);
    }
    let channel = (best * VALUES + VALUES - 1) * plane;
    let mut loss = f64::from(LEVEL_WEIGHT * off * off);
    for &(cell, share) in labels {
        loss += f64::from(share * (level - output[channel + cell]));
        grad[channel + cell] -= share;
    }
    loss
}

/// Loss of one cell's box, and its gradient at the five values (none at the confidence).
fn box_loss(v: [f32; VALUES], cell: usize, shape: Shape, anchor: [f32; 2], target: &Target) -> (f32, [f32; VALUES]) {
    let (row, column) = (cell / shape.w, cell % shape.w);
    let found = head::cell_box(v, row, column, shape, anchor);
    let (sx, sy) = (sigmoid(v[0]), sigmoid(v[1]));
    let want_x = ((target.x + target.w / 2.0) * shape.w as f32 - column as f32).clamp(0.0, 1.0);
    let want_y = ((target.y + target.h / 2.0) * shape.h as f32 - row as f32).clamp(0.0, 1.0);
    let off = [
        sx - want_x,
        sy - want_y,
        v[2] - libm::logf((target.w / anchor[0]).max(1e-6)),
        v[3] - libm::logf((target.h / anchor[1]).max(1e-6)),
    ];
    let bend = [sx * (1.0 - sx), sy * (1.0 - sy)];
    let (iou, slope) = iou_and_slope(&found, target);
    let mut loss = IOU_WEIGHT * (1.0 - iou);
    let mut grad = [0.0; VALUES];
    for axis in 0..2 {
        loss += CENTRE_WEIGHT * off[axis] * off[axis] + EXTENT_WEIGHT * off[2 + axis] * off[2 + axis];
        let cells = [shape.w, shape.h][axis] as f32;
        let extent = [found.w, found.h][axis];
        grad[axis] = bend[axis] * (2.0 * CENTRE_WEIGHT * off[axis] - IOU_WEIGHT * slope[axis] / cells);
        grad[2 + axis] = 2.0 * EXTENT_WEIGHT * off[2 + axis] - IOU_WEIGHT * slope[2 + axis] * extent;
    }
    (loss, grad)
}

/// IoU and its derivatives by centre x, centre y, width, height of `a`; all zero without overlap.
fn iou_and_slope(a: &Box2D, b: &Box2D) -> (f32, [f32; 4]) {
    let iou = a.iou(*b);
    if iou == 0.0 {
        return (0.0, [0.0; 4]);
    }
    let mut extent = [0.0; 2];
    // Derivatives of the intersection's extent by centre and by extent of `a`, for each axis.
    let mut by = [[0.0; 2]; 2];
    for (axis, (a0, a1, b0, b1)) in [(a.x, a.x + a.w, b.x, b.x + b.w), (a.y, a.y + a.h, b.y, b.y + b.h)].into_iter().enumerate() {
        extent[axis] = a1.min(b1) - a0.max(b0);
        let right = if a1 < b1 { 1.0 } else { 0.0 };
        let left = if a0 > b0 { 1.0 } else { 0.0 };
        by[axis] = [right - left, 0.5 * (right + left)];
    }
    let both = extent[0] * extent[1];
    let union = a.area() + b.area() - both;
    let slope = |d_both: f32, d_area: f32| (d_both * (union + both) - both * d_area) / (union * union);
    (
        iou,
        [
            slope(by[0][0] * extent[1], 0.0),
            slope(by[1][0] * extent[0], 0.0),
            slope(by[0][1] * extent[1], a.h),
            slope(by[1][1] * extent[0], a.w),
        ],
    )
}
