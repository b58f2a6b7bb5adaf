//! Images to run: procedural scenes, or a folder.

use crate::dataset::{self, Image, Scene, Split, reader, scene};
use crate::error::{Error, Result};
use crate::fixed::Format;
use crate::model::Network;
use crate::report::Picture;
use crate::simulate::Sample;
use crate::tensor::Tensor;
use rayon::prelude::*;
use std::path::Path;

/// Samples with their pixels.
#[derive(Default)]
pub struct Samples {
    /// For the network.
    pub samples: Vec<Sample>,
    /// For the pictures of the report.
    pub pictures: Vec<Picture>,
}

/// Scenes `first..first + count` of a split.
///
/// # Errors
/// When the network does not take three channels.
pub fn scenes(network: &Network, split: Split, first: u64, count: usize) -> Result<Samples> {
    check_channels(network)?;
    let made: Vec<(Sample, Picture)> = (0..count as u64)
        .into_par_iter()
        .map(|k| {
            let scene = Scene::generate(split, first + k);
            let name = format!("scene_{:04}", first + k);
            let truth = scene.target.scale(1.0 / scene::WIDTH as f32, 1.0 / scene::HEIGHT as f32);
            sample(network, name, &scene.image, Some(truth))
        })
        .collect();
    Ok(collect(made))
}

fn check_channels(network: &Network) -> Result<()> {
    let shape = network.graph.input().shape;
    if shape.c != 3 {
        return Err(Error::input(format!("network `{}` does not take colour images", network.name))
            .value(format!("{} channels", shape.c))
            .allowed("3 channels"));
    }
    Ok(())
}

fn collect(made: Vec<(Sample, Picture)>) -> Samples {
    let (samples, pictures) = made.into_iter().unzip();
    Samples { samples, pictures }
}

fn sample(network: &Network, name: String, image: &Image, truth: Option<dataset::Box2D>) -> (Sample, Picture) {
    let input = network.graph.input();
    let raw = dataset::preprocess(image, input.shape.w, input.shape.h);
    let pixels = image::RgbImage::from_raw(image.w as u32, image.h as u32, image.data.clone()).unwrap_or_default();
    (Sample { name: name.clone(), image: to_format(raw, input.format), truth }, Picture { name, pixels })
}

/// Pixels (0 to 255, standing for pixel / 256) in the network's input format.
fn to_format(raw: Tensor, format: Format) -> Tensor {
    if format == Format::unsigned(8, 8) {
        return raw;
    }
    let table: Vec<i32> = (0..256).map(|p| format.quantise(f64::from(p) / 256.0)).collect();
    let data = raw.data.iter().map(|&p| table[p as usize]).collect();
    Tensor { shape: raw.shape, data }
}

/// A network without a detection head still runs: on one pseudo-random image.
pub fn noise(network: &Network) -> Samples {
    let input = network.graph.input();
    let mut rng = dataset::rng::Rng::new(1);
    let (low, span) = (input.format.min(), (input.format.max() - input.format.min()) as usize + 1);
    let data = (0..input.shape.len()).map(|_| low + rng.below(span) as i32).map(|v| if input.format.contains(v) { v } else { 1 }).collect();
    let image = Tensor { shape: input.shape, data };
    Samples { samples: vec![Sample { name: "noise".into(), image, truth: None }], pictures: Vec::new() }
}

/// The images of a folder, in order of their names; remarks about images of another size or depth go to standard error.
///
/// # Errors
/// When the folder or an image is unreadable, or an annotation is wrong.
pub fn folder(network: &Network, folder: &Path, quiet: bool) -> Result<Samples> {
    check_channels(network)?;
    let paths = reader::list(folder)?;
    let made = paths
        .par_iter()
        .map(|path| -> Result<_> {
            let found = reader::read(path)?;
            let truth = found.target.map(|b| b.scale(1.0 / scene::WIDTH as f32, 1.0 / scene::HEIGHT as f32));
            Ok((sample(network, found.name, &found.image, truth), found.notes))
        })
        .collect::<Result<Vec<_>>>()?;
    for (path, (_, notes)) in paths.iter().zip(&made).filter(|_| !quiet) {
        notes.iter().for_each(|note| eprintln!("{}: {note}", path.display()));
    }
    Ok(collect(made.into_iter().map(|(one, _)| one).collect()))
}
