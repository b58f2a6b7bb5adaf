//! Search-grade training: a score that ranks candidates, in about a minute.
//!
//! The candidate trains in float on scenes at a quarter of the usual pixels (80 x 160), the same few thousand for every candidate, which
//! are rendered once. The score is no accuracy to quote, and how well it ranks networks as full training would has not been measured yet.

use super::build::Trainable;
use super::data::{Images, Source, anchors};
use super::params::Params;
use super::phase::{Phase, Schedule};
use crate::dataset::scene::Split;
use crate::error::Result;
use crate::model::Network;
use crate::tensor::Shape;

/// Rows and columns of the images.
pub const INPUT: [usize; 2] = [80, 160];
/// Training scenes.
const IMAGES: usize = 4000;
/// Validation scenes.
const VALIDATION: usize = 400;

/// The images that candidates are trained and judged on.
pub struct Proxy {
    source: Source,
    validation: Images,
}

impl Proxy {
    /// Renders them.
    pub fn new() -> Proxy {
        let shape = Shape::new(3, INPUT[0], INPUT[1]);
        let source = Source::Images(Images::scenes(Split::Training, 0, IMAGES, shape));
        Proxy { source, validation: Images::scenes(Split::Validation, 0, VALIDATION, shape) }
    }

    /// Mean IoU on the validation scenes of the network's layers, trained from a seed for `epochs` passes; `watch` is told images done
    /// and to do.
    ///
    /// # Errors
    /// When a layer cannot be trained, or does not fit images of 80 x 160.
    pub fn score(&self, network: &Network, epochs: u64, seed: u64, watch: &mut dyn FnMut(u64, u64)) -> Result<f32> {
        let map = Trainable::new(&network.float, network.head.as_ref())?;
        let mut spec = map.spec;
        spec.input = Shape::new(spec.input.c, INPUT[0], INPUT[1]);
        spec.anchors = anchors(&self.source.targets(), spec.anchors.len());
        let schedule = Schedule {
            phase: "float",
            epochs,
            images: IMAGES,
            batch: 16,
            rate: 4e-3,
            decay: 1e-2,
            average: 0.99,
            patience: 0,
            crop_epochs: 0,
            crop: INPUT,
            seed,
        };
        let phase =
            Phase { schedule, source: &self.source, validation: &self.validation, checkpoint: None, context: String::new(), until: None };
        let done = phase.train(&spec, None, &Params::random(&spec, seed)?, &mut |done, of, _| watch(done, of))?;
        Ok(done.best_epoch().map_or(0.0, |e| e.iou))
    }
}

impl Default for Proxy {
    fn default() -> Proxy {
        Proxy::new()
    }
}
