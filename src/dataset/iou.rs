//! Boxes and their overlap as DAC-SDC counts it.

use serde::{Deserialize, Serialize};

/// An axis-aligned box: top-left corner and extent. In pixels for images, in fractions of the image for network outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Box2D {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

impl Box2D {
    /// From the top-left corner and the extent.
    pub const fn new(x: f32, y: f32, w: f32, h: f32) -> Box2D {
        Box2D { x, y, w, h }
    }
    /// From centre and extent.
    pub fn centred(cx: f32, cy: f32, w: f32, h: f32) -> Box2D {
        Box2D { x: cx - w / 2.0, y: cy - h / 2.0, w, h }
    }
    /// Area; zero when an extent is negative.
    pub fn area(self) -> f32 {
        self.w.max(0.0) * self.h.max(0.0)
    }
    /// The part inside `0..width` x `0..height`.
    pub fn clip(self, width: f32, height: f32) -> Box2D {
        let (x0, y0) = (self.x.clamp(0.0, width), self.y.clamp(0.0, height));
        let (x1, y1) = ((self.x + self.w).clamp(0.0, width), (self.y + self.h).clamp(0.0, height));
        Box2D { x: x0, y: y0, w: x1 - x0, h: y1 - y0 }
    }
    /// Every coordinate times `sx` or `sy`: from one resolution to another.
    pub fn scale(self, sx: f32, sy: f32) -> Box2D {
        Box2D { x: self.x * sx, y: self.y * sy, w: self.w * sx, h: self.h * sy }
    }
    /// Intersection over union, 0 to 1: the score of DAC-SDC (Xu et al., "DAC-SDC low power object detection challenge",
    /// section IV). 0 when both boxes are empty or a coordinate is NaN.
    pub fn iou(self, other: Box2D) -> f32 {
        let both = self.intersection(other);
        let iou = both / (self.area() + other.area() - both);
        if iou.is_nan() { 0.0 } else { iou }
    }
    /// The part of its own area that lies in `other`, 0 to 1; 0 of an empty box.
    pub fn share_in(self, other: Box2D) -> f32 {
        let share = self.intersection(other) / self.area();
        if share.is_nan() { 0.0 } else { share }
    }
    fn intersection(self, other: Box2D) -> f32 {
        // `min` and `max` would drop a NaN.
        if [self, other].iter().any(|b| [b.x, b.y, b.w, b.h].iter().any(|v| v.is_nan())) {
            return 0.0;
        }
        let w = (self.x + self.w).min(other.x + other.w) - self.x.max(other.x);
        let h = (self.y + self.h).min(other.y + other.h) - self.y.max(other.y);
        if w > 0.0 && h > 0.0 { w * h } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_by_hand() {
        let a = Box2D::new(0.0, 0.0, 4.0, 4.0);
        assert_eq!(a.iou(a), 1.0);
        assert_eq!(a.iou(Box2D::new(2.0, 0.0, 4.0, 4.0)), 8.0 / 24.0);
        assert_eq!(a.iou(Box2D::new(4.0, 0.0, 4.0, 4.0)), 0.0);
        assert_eq!(a.iou(Box2D::new(f32::NAN, 0.0, 4.0, 4.0)), 0.0);
        assert_eq!((a.share_in(Box2D::new(2.0, 0.0, 40.0, 4.0)), a.share_in(Box2D::new(4.0, 0.0, 4.0, 4.0))), (0.5, 0.0));
        assert_eq!(a.iou(Box2D::centred(2.0, 2.0, 2.0, 2.0)), 0.25);
        assert_eq!(Box2D::new(-2.0, 3.0, 4.0, 4.0).clip(10.0, 5.0), Box2D::new(0.0, 3.0, 2.0, 2.0));
    }
}
