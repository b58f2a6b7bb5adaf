//! Training images in memory, and the anchors that suit their boxes.

use super::loss::Target;
use crate::dataset::rng::Rng;
use crate::dataset::scene::{HEIGHT, Scene, Split, WIDTH, version_hash};
use crate::dataset::{Examples, preprocess};
use crate::error::{Error, Result};
use crate::tensor::Shape;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Preprocessed images with their boxes.
#[derive(Clone, Debug)]
pub struct Images {
    /// Shape of one image.
    pub shape: Shape,
    /// Raw pixels of each image: channel, row, column. Shared: an epoch takes the same images in another order.
    pub pixels: Vec<Arc<[u8]>>,
    /// Its box in fractions of the image.
    pub targets: Vec<Target>,
}

impl Images {
    /// Scenes `first..first + count` of a split, resized to `shape`.
    pub fn scenes(split: Split, first: u64, count: usize, shape: Shape) -> Images {
        let (pixels, targets): (Vec<_>, _) = Scene::training_images(split, first..first + count as u64, shape.w, shape.h);
        Images { shape, pixels: pixels.into_iter().map(Arc::from).collect(), targets }
    }

    /// A user's images resized to `shape`, each with its largest object: those to train on, and every tenth to validate with. Images without
    /// an object teach this detector nothing and are left out.
    ///
    /// # Errors
    /// When a file can no longer be read, or too few have an object to set any apart.
    pub fn split(examples: &dyn Examples, shape: Shape) -> Result<[Images; 2]> {
        let load = |i: usize| -> Result<Option<(Vec<u8>, Target)>> {
            let example = examples.load(i)?;
            let target = example.largest().map(|o| example.fractions()[o]);
            let raw = target.map(|t| (preprocess(&example.image, shape.w, shape.h), t));
            Ok(raw.map(|(raw, t)| (raw.data.iter().map(|&v| v as u8).collect(), t)))
        };
        let loaded: Vec<Option<(Vec<u8>, Target)>> = (0..examples.len()).into_par_iter().map(load).collect::<Result<_>>()?;
        let mut parts = [0, 1].map(|_| Images { shape, pixels: Vec::new(), targets: Vec::new() });
        for (i, (pixels, target)) in loaded.into_iter().flatten().enumerate() {
            let part = &mut parts[usize::from(i % VALIDATION_STRIDE == VALIDATION_STRIDE - 1)];
            part.pixels.push(pixels.into());
            part.targets.push(target);
        }
        match parts[1].len() {
            0 => Err(Error::input("too few images with an object to train on")
                .value(parts[0].len())
                .allowed(format!("at least {VALIDATION_STRIDE}: one in {VALIDATION_STRIDE} is for validation"))),
            _ => Ok(parts),
        }
    }

    /// What tells these images from others in a checkpoint: how many, and a hash of their boxes and pixels.
    pub fn name(&self) -> String {
        let mut hash = Sha256::new();
        self.pixels.iter().for_each(|p| hash.update(&**p));
        self.targets.iter().for_each(|t| [t.x, t.y, t.w, t.h].iter().for_each(|v| hash.update(v.to_le_bytes())));
        format!("images {} {}", self.len(), hex::encode(hash.finalize()))
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
        out.iter_mut().zip(self.pixels[index].iter()).for_each(|(o, &p)| *o = f32::from(p) / 256.0);
    }
}

/// Of a user's images every so many validate.
const VALIDATION_STRIDE: usize = 10;

/// Where training images come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Every epoch its own scenes, rendered when it begins.
    Scenes,
    /// The same images in each epoch, in another order.
    Images(Images),
}

impl Source {
    /// The images of an epoch, at most `count`.
    ///
    /// # Errors
    /// When there are none.
    pub fn epoch(&self, epoch: u64, count: usize, shape: Shape, rng: &mut Rng) -> Result<Images> {
        match self {
            Source::Scenes => Ok(Images::scenes(Split::Training, epoch * count as u64, count, shape)),
            Source::Images(images) if images.is_empty() => Err(Error::usage("there is no image to train on")),
            Source::Images(images) => {
                let order: Vec<usize> = (0..count.div_ceil(images.len())).flat_map(|_| rng.permutation(images.len())).take(count).collect();
                let pixels = order.iter().map(|&i| Arc::clone(&images.pixels[i])).collect();
                Ok(Images { shape: images.shape, pixels, targets: order.iter().map(|&i| images.targets[i]).collect() })
            }
        }
    }

    /// What tells this source from another in a checkpoint: the generator's version, or the boxes and pixels of the images.
    pub fn name(&self) -> String {
        match self {
            Source::Scenes => format!("scenes {}", version_hash(1)),
            Source::Images(images) => images.name(),
        }
    }

    /// Boxes to choose anchors from.
    pub fn targets(&self) -> Vec<Target> {
        match self {
            Source::Images(images) => images.targets.clone(),
            Source::Scenes => {
                let boxes = (0..ANCHOR_SCENES).map(|i| Scene::annotation(Split::Training, i).0);
                boxes.map(|b| b.scale(1.0 / WIDTH as f32, 1.0 / HEIGHT as f32)).collect()
            }
        }
    }
}

/// Scenes whose boxes decide the anchors.
const ANCHOR_SCENES: u64 = 4000;

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
            // Rounded, so that the anchors in the network's file are the ones trained with; and no side is rounded to nothing.
            *centre = sum.map(|s| ((s / f64::from(*n)) * 1e4).round().max(1.0) as f32 / 1e4);
        }
    }
    centres
}
