//! Search-grade training: a score that ranks candidates, in about a minute.
//!
//! The candidate trains in float on scenes at a quarter of the usual pixels (80 x 160), the same few thousand for every candidate, which
//! are rendered once. The score is no accuracy to quote, and how well it ranks networks as full training would has not been measured yet.

use super::checkpoint::Epoch;
use super::data::{Images, Source};
use super::phase::Schedule;
use super::run::{Plan, Training};
use crate::dataset::scene::Split;
use crate::error::Result;
use crate::model::Network;
use crate::tensor::Shape;

/// Rows and columns of the images.
pub const INPUT: [usize; 2] = [80, 160];
/// Training scenes where nothing is said.
pub const IMAGES: usize = 4000;
/// Training scenes for each validation scene.
const FOR_EACH_VALIDATED: usize = 10;

/// The images that candidates are trained and judged on.
pub struct Proxy {
    input: [usize; 2],
    images: usize,
    source: Source,
    validation: Images,
}

/// Highest learning rate on the grids.
const GRID_RATE: f32 = 1e-3;

impl Proxy {
    /// Renders them.
    pub fn new() -> Proxy {
        Proxy::at(INPUT, IMAGES)
    }

    /// Renders `images` training scenes and a tenth as many validation scenes, with other rows and columns.
    pub fn at(input: [usize; 2], images: usize) -> Proxy {
        let shape = Shape::new(3, input[0], input[1]);
        let source = Source::Images(Images::scenes(Split::Training, 0, images, shape));
        Proxy { input, images, source, validation: Images::scenes(Split::Validation, 0, images / FOR_EACH_VALIDATED, shape) }
    }

    /// The network's layers trained from a seed for `epochs` passes in float and then `grid_epochs` passes with weights and features on their grids (0: none, and
    /// widths do not matter): mean IoU on the validation scenes after the best pass of the last phase. `watch` is told images done and to do of a phase.
    ///
    /// # Errors
    /// When a layer cannot be trained, or does not fit the images.
    pub fn score(&self, network: &Network, epochs: u64, seed: u64, grid_epochs: u64, watch: &mut dyn FnMut(u64, u64)) -> Result<f32> {
        let schedule = self.schedule(epochs, seed);
        let tune = Schedule { phase: "quantised", epochs: grid_epochs, rate: GRID_RATE, decay: 0.0, ..schedule.clone() };
        let training = Training {
            network,
            plan: Plan { float: schedule, tune, scale: None },
            input: Some(Shape::new(network.float.input().shape.c, self.input[0], self.input[1])),
            source: &self.source,
            validation: &self.validation,
            folder: None,
        };
        let watch = &mut |_: &str, done: u64, of: u64, _: Option<&Epoch>| watch(done, of);
        let (phase, history) = match grid_epochs {
            0 => ("float", training.float(None, watch)?.history),
            _ => ("quantised", training.run(watch)?.history),
        };
        Ok(history.iter().filter(|e| e.phase == phase).map(|e| e.iou).fold(0.0, f32::max))
    }

    fn schedule(&self, epochs: u64, seed: u64) -> Schedule {
        Schedule {
            phase: "float",
            epochs,
            images: self.images,
            batch: 16,
            rate: 4e-3,
            decay: 1e-2,
            average: 0.99,
            patience: 0,
            crop_epochs: 0,
            crop: self.input,
            seed,
        }
    }
}

impl Default for Proxy {
    fn default() -> Proxy {
        Proxy::new()
    }
}
