//! Pictures of scenes to look at: boxes, and many small images on one sheet.

use super::frame::Image;
use super::iou::Box2D;
use super::preprocess::resize;

/// Draws the outline of a box in pixels, `thickness` pixels wide and growing outwards.
pub fn outline(image: &mut Image, b: Box2D, colour: [u8; 3], thickness: usize) {
    let (w, h) = (image.w as i64, image.h as i64);
    let [x0, y0, x1, y1] = [b.x, b.y, b.x + b.w, b.y + b.h].map(|v| libm::roundf(v) as i64);
    for t in 1..=thickness as i64 {
        for x in (x0 - t).max(0)..(x1 + t).min(w) {
            for y in [y0 - t, y1 - 1 + t].into_iter().filter(|y| (0..h).contains(y)) {
                image.put(y as usize, x as usize, colour);
            }
        }
        for y in (y0 - t).max(0)..(y1 + t).min(h) {
            for x in [x0 - t, x1 - 1 + t].into_iter().filter(|x| (0..w).contains(x)) {
                image.put(y as usize, x as usize, colour);
            }
        }
    }
}

/// A sheet of `columns` thumbnails a row, each `width` x `height`.
pub fn sheet(images: &[Image], columns: usize, width: usize, height: usize) -> Image {
    let columns = columns.clamp(1, images.len().max(1));
    let rows = images.len().div_ceil(columns).max(1);
    let mut out = Image::new(columns * width, rows * height);
    for (k, image) in images.iter().enumerate() {
        let small = resize(image, width, height);
        let (top, left) = (k / columns * height, k % columns * width);
        for y in 0..height {
            let to = ((top + y) * out.w + left) * 3;
            out.data[to..to + width * 3].copy_from_slice(&small.data[y * width * 3..(y + 1) * width * 3]);
        }
    }
    out
}
