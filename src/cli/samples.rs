//! Images to run on the accelerator.

use crate::dataset::{self, Examples, Image, Scenes, Split};
use crate::error::{Error, Result};
use crate::model::Network;
use crate::report::Picture;
use crate::simulate::Sample;
use crate::tensor::Tensor;
use rayon::prelude::*;

/// Columns of a picture at most: those of the scenes.
const PICTURE: usize = dataset::scene::WIDTH;

/// Samples with their pixels.
#[derive(Default)]
pub struct Samples {
    /// For the network.
    pub samples: Vec<Sample>,
    /// For the pictures of the report.
    pub pictures: Vec<Picture>,
    /// What is worth a remark.
    pub notes: Vec<String>,
}

/// Scenes `first..first + count` of a split.
///
/// # Errors
/// When the network does not take three channels.
pub fn scenes(network: &Network, split: Split, first: u64, count: usize) -> Result<Samples> {
    examples(network, &Scenes { split, first, count })
}

fn sample(network: &Network, name: String, image: &Image, truth: Option<dataset::Box2D>) -> (Sample, Picture) {
    let input = network.graph.input();
    let raw = dataset::preprocess(image, input.shape.w, input.shape.h);
    let pixels = picture(image);
    (Sample { name: name.clone(), image: dataset::to_format(raw, network.float.pixels()), truth }, Picture { name, pixels })
}

/// Pixels to look at: no wider than [`PICTURE`].
pub fn picture(image: &Image) -> image::RgbImage {
    let small = match image.w {
        w if w > PICTURE => &dataset::resize(image, PICTURE, (image.h * PICTURE / w).max(1)),
        _ => image,
    };
    image::RgbImage::from_raw(small.w as u32, small.h as u32, small.data.clone()).unwrap_or_default()
}

/// A network without a detection head still runs: on one pseudo-random image.
pub fn noise(network: &Network) -> Samples {
    let input = network.graph.input();
    let mut rng = dataset::rng::Rng::new(1);
    let (low, span) = (input.format.min(), (input.format.max() - input.format.min()) as usize + 1);
    let data = (0..input.shape.len()).map(|_| low + rng.below(span) as i32).map(|v| if input.format.contains(v) { v } else { 1 }).collect();
    let image = Tensor { shape: input.shape, data };
    Samples { samples: vec![Sample { name: "noise".into(), image, truth: None }], pictures: Vec::new(), notes: Vec::new() }
}

/// One image to run: the first of a split for a network that detects, else noise.
///
/// # Errors
/// When the network does not take three channels.
pub fn one(network: &Network, split: Split) -> Result<Sample> {
    let found = match network.head {
        Some(_) => scenes(network, split, 0, 1)?,
        None => noise(network),
    };
    found.samples.into_iter().next().ok_or_else(|| Error::fault("no image"))
}

/// All of `examples`, in order; of several objects the largest counts, which is remarked on, as is an image without any.
///
/// # Errors
/// When the network does not take three channels, or an image can no longer be read.
pub fn examples(network: &Network, examples: &dyn Examples) -> Result<Samples> {
    let input = network.graph.input();
    dataset::reads_images(&network.name, input.shape, network.float.pixels())?;
    let load = |index: usize| -> Result<_> {
        let example = examples.load(index)?;
        let truth = example.largest().map(|i| example.fractions()[i]);
        Ok((sample(network, example.name, &example.image, truth), example.objects.len()))
    };
    let made = (0..examples.len()).into_par_iter().map(load).collect::<Result<Vec<_>>>()?;
    let count = |which: fn(usize) -> bool| made.iter().filter(|(_, objects)| which(*objects)).count();
    let (none, several) = (count(|n| n == 0), count(|n| n > 1));
    let mut notes = Vec::new();
    if none > 0 && none < made.len() {
        notes.push(format!("{none} of {} images have no labelled object: they do not count in the mean IoU.", made.len()));
    }
    if several > 0 {
        notes.push(format!("{several} of {} images have several labelled objects: the largest counts.", made.len()));
    }
    let (samples, pictures) = made.into_iter().map(|(one, _)| one).unzip();
    Ok(Samples { samples, pictures, notes })
}
