//! How training images are varied: cropped, zoomed, mirrored, brighter or darker. Applied alike to pixels and box.

use super::loss::Target;
use crate::dataset::iou::Box2D;
use crate::dataset::rng::Rng;
use crate::tensor::Shape;

/// Least and most source pixels for each pixel of the varied image.
const ZOOM: [f32; 2] = [0.8, 1.25];
/// The target takes at most this share of a varied image's rows and columns.
const LARGEST_TARGET: f32 = 0.9;

/// One random variation of an image.
#[derive(Clone, Copy, Debug)]
pub struct Augment {
    mirror: bool,
    /// The window of the source that becomes the image: left, top, columns, rows in source pixels.
    window: [f32; 4],
    gain: [f32; 3],
    offset: f32,
}

impl Augment {
    /// A variation that shows `from` as an image of extents `to`, wholly with the `target` in it.
    pub fn random(rng: &mut Rng, from: Shape, to: Shape, target: &Target) -> Augment {
        let mirror = rng.chance(0.5);
        let size = [from.w as f32, from.h as f32];
        let (at, extent) = ([target.x * size[0], target.y * size[1]], [target.w * size[0], target.h * size[1]]);
        let shape = [to.w as f32, to.h as f32];
        let needed = (extent[0] / shape[0]).max(extent[1] / shape[1]) / LARGEST_TARGET;
        // Not more than the source has, unless the target needs it.
        let whole = (size[0] / shape[0]).min(size[1] / shape[1]);
        let zoom = rng.log_range(ZOOM[0], ZOOM[1]).min(whole.max(1.0)).max(needed);
        let mut window = [0.0, 0.0, shape[0] * zoom, shape[1] * zoom];
        for axis in 0..2 {
            let (inside, outside) = (at[axis] + extent[axis] - window[2 + axis], size[axis] - window[2 + axis]);
            let (low, high) = (inside.max(outside.min(0.0)), at[axis].min(outside.max(0.0)));
            window[axis] = if low < high { rng.range(low, high) } else { low };
        }
        let gain = rng.range(0.75, 1.3);
        let gains = [0, 1, 2].map(|_| gain * rng.range(0.95, 1.05));
        Augment { mirror, window, gain: gains, offset: rng.range(-0.08, 0.08) }
    }

    /// The varied box, in fractions of the varied image.
    pub fn target(&self, t: &Target, from: Shape) -> Target {
        let [left, top, w, h] = self.window;
        let x = (t.x * from.w as f32 - left) / w;
        let (y, tw, th) = ((t.y * from.h as f32 - top) / h, t.w * from.w as f32 / w, t.h * from.h as f32 / h);
        Box2D { x: if self.mirror { 1.0 - x - tw } else { x }, y, w: tw, h: th }
    }

    /// The varied image, by bilinear interpolation, edges repeated outside; values stay multiples of 1/256 in 0 to 255/256.
    pub fn fill(&self, pixels: &[u8], from: Shape, to: Shape, out: &mut [f32]) {
        let [left, top, w, h] = self.window;
        let columns: Vec<(usize, usize, f32)> = (0..to.w)
            .map(|x| {
                let x = if self.mirror { to.w - 1 - x } else { x };
                taps(left + (x as f32 + 0.5) * w / to.w as f32 - 0.5, from.w)
            })
            .collect();
        let mut line = vec![0.0f32; from.w];
        for c in 0..to.c {
            let (gain, plane) = (self.gain[c % 3], &pixels[c * from.h * from.w..]);
            // (v - 110) * gain + 110 + offset, on the scale of pixels.
            let shift = 110.0 * (1.0 - gain) + self.offset * 255.0 + 0.5;
            for y in 0..to.h {
                let (y0, y1, part) = taps(top + (y as f32 + 0.5) * h / to.h as f32 - 0.5, from.h);
                let (upper, lower) = (&plane[y0 * from.w..][..from.w], &plane[y1 * from.w..][..from.w]);
                for ((l, &u), &v) in line.iter_mut().zip(upper).zip(lower) {
                    *l = f32::from(u) + part * (f32::from(v) - f32::from(u));
                }
                let row = &mut out[(c * to.h + y) * to.w..][..to.w];
                for (o, &(x0, x1, part)) in row.iter_mut().zip(&columns) {
                    let v = line[x0] + part * (line[x1] - line[x0]);
                    *o = (v * gain + shift).clamp(0.0, 255.0).floor() * (1.0 / 256.0);
                }
            }
        }
    }
}

/// The two pixels around a place, and the second one's share.
fn taps(at: f32, n: usize) -> (usize, usize, f32) {
    let at = at.clamp(0.0, n as f32 - 1.0);
    let first = at as usize;
    (first, (first + 1).min(n - 1), at - first as f32)
}
