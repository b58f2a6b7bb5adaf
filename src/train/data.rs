//! Training images in memory, and how they are varied.

use super::loss::Target;
use crate::dataset::iou::Box2D;
use crate::dataset::rng::Rng;
use crate::dataset::scene::{Scene, Split};
use crate::tensor::Shape;
use rayon::prelude::*;

/// Preprocessed images with their boxes.
#[derive(Clone, Debug)]
pub struct Images {
    /// Shape of one image.
    pub shape: Shape,
    /// Raw pixels of each image: channel, row, column.
    pub pixels: Vec<Vec<u8>>,
    /// Its box in fractions of the image.
    pub targets: Vec<Target>,
}

impl Images {
    /// The first `count` scenes of a split, resized to `shape`.
    pub fn scenes(split: Split, count: usize, shape: Shape) -> Images {
        let (pixels, targets) =
            (0..count as u64).into_par_iter().map(|index| Scene::training_image(split, index, shape.w, shape.h)).unzip();
        Images { shape, pixels, targets }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.pixels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// Writes image `index` as the network sees it: pixel / 256.
    pub fn fill(&self, index: usize, out: &mut [f32]) {
        out.iter_mut().zip(&self.pixels[index]).for_each(|(o, &p)| *o = f32::from(p) / 256.0);
    }
}

/// One random variation of an image: mirrored, moved, brighter or darker. Applied alike to pixels and box.
#[derive(Clone, Copy, Debug)]
pub struct Augment {
    mirror: bool,
    shift: [i32; 2],
    gain: [f32; 3],
    offset: f32,
}

impl Augment {
    /// A variation that keeps `target` inside the image.
    pub fn random(rng: &mut Rng, shape: Shape, target: &Target) -> Augment {
        let mirror = rng.chance(0.5);
        let left = if mirror { 1.0 - target.x - target.w } else { target.x };
        let mut shift = [0; 2];
        for (axis, (at, extent, size)) in [(left, target.w, shape.w), (target.y, target.h, shape.h)].into_iter().enumerate() {
            let most = size as f32 / 8.0;
            let (low, high) = ((at * size as f32).min(most), ((1.0 - at - extent) * size as f32).min(most));
            shift[axis] = rng.range(-low.max(0.0), high.max(0.0)) as i32;
        }
        let gain = rng.range(0.75, 1.3);
        let gains = [0, 1, 2].map(|_| gain * rng.range(0.95, 1.05));
        Augment { mirror, shift, gain: gains, offset: rng.range(-0.08, 0.08) }
    }

    /// The varied box.
    pub fn target(&self, t: &Target, shape: Shape) -> Target {
        let x = if self.mirror { 1.0 - t.x - t.w } else { t.x };
        Box2D { x: x + self.shift[0] as f32 / shape.w as f32, y: t.y + self.shift[1] as f32 / shape.h as f32, ..*t }
    }

    /// The varied image, pixel / 256, edges repeated where it moved away; values stay multiples of 1/256 in 0 to 255/256.
    pub fn fill(&self, pixels: &[u8], shape: Shape, out: &mut [f32]) {
        let (w, h) = (shape.w as i32, shape.h as i32);
        for c in 0..shape.c {
            let table: Vec<f32> = (0..256)
                .map(|v| {
                    let v = (v as f32 - 110.0) * self.gain[c % 3] + 110.0 + self.offset * 255.0;
                    (v + 0.5).clamp(0.0, 255.0).floor() / 256.0
                })
                .collect();
            for y in 0..h {
                let from = (y - self.shift[1]).clamp(0, h - 1);
                let row = &pixels[((c as i32 * h + from) * w) as usize..][..w as usize];
                let to = &mut out[((c as i32 * h + y) * w) as usize..][..w as usize];
                for (x, o) in to.iter_mut().enumerate() {
                    let from = (x as i32 - self.shift[0]).clamp(0, w - 1);
                    *o = table[row[if self.mirror { w - 1 - from } else { from } as usize] as usize];
                }
            }
        }
    }
}

/// Two or more anchors by k-means with `1 - IoU` of the shapes as distance (Redmon and Farhadi, CVPR 2017, section 2),
/// smallest first.
pub fn anchors(targets: &[Target], k: usize) -> Vec<[f32; 2]> {
    let mut sizes: Vec<[f32; 2]> = targets.iter().map(|t| [t.w, t.h]).collect();
    sizes.sort_by(|a, b| (a[0] * a[1]).total_cmp(&(b[0] * b[1])));
    if sizes.is_empty() {
        return Vec::new();
    }
    let mut centres: Vec<[f32; 2]> = (0..k).map(|i| sizes[(2 * i + 1) * sizes.len() / (2 * k)]).collect();
    for _ in 0..30 {
        let mut sums = vec![([0.0f64; 2], 0u32); k];
        for &size in &sizes {
            let nearest = (0..k)
                .max_by(|&a, &b| super::loss::shape_iou(centres[a], size).total_cmp(&super::loss::shape_iou(centres[b], size)))
                .unwrap_or(0);
            sums[nearest].0[0] += f64::from(size[0]);
            sums[nearest].0[1] += f64::from(size[1]);
            sums[nearest].1 += 1;
        }
        for (centre, (sum, n)) in centres.iter_mut().zip(&sums).filter(|(_, s)| s.1 > 0) {
            // Rounded, so that the anchors in the network's file are the ones trained with.
            *centre = sum.map(|s| ((s / f64::from(*n)) * 1e4).round() as f32 / 1e4);
        }
    }
    centres
}
