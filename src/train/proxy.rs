//! Search-grade training: a score that ranks candidates, in about a minute.
//!
//! The candidate trains in float on crops of half the rows and columns, a quarter of the cost of whole images, out of a few thousand scenes that are the same
//! for every candidate and rendered once; it is judged on whole scenes. Objects keep their size, so that a receptive field too small for them shows. The score
//! is no accuracy to quote; `bico study proxy` measures how well it ranks networks.

use super::checkpoint::Epoch;
use super::data::{Images, Source};
use super::phase::Schedule;
use super::run::{Plan, Training, crop};
use crate::dataset::scene::{Split, version_hash};
use crate::error::{Error, Result};
use crate::model::Network;
use crate::tensor::Shape;
use std::sync::OnceLock;

/// The way of training and judging: to be changed when the same network gets another score on the same scenes.
pub(crate) const VERSION: &str = "crops 1";
/// Names the proxy in tables: its version and the scenes it renders.
pub fn name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| format!("{VERSION} of scenes {}", &version_hash(4)[..8]))
}

/// Training scenes where nothing is said.
pub const IMAGES: usize = 4000;
/// Training scenes for each validation scene.
const FOR_EACH_VALIDATED: usize = 10;

/// The images that candidates are trained and judged on.
pub struct Proxy {
    images: usize,
    source: Source,
    validation: Images,
}

/// Highest learning rate on the grids.
const GRID_RATE: f32 = 1e-3;

impl Proxy {
    /// Renders `images` training scenes and a tenth as many validation scenes, with the rows and columns of the networks to be judged.
    pub fn at(input: [usize; 2], images: usize) -> Proxy {
        let shape = Shape::new(3, input[0], input[1]);
        let source = Source::Images(Images::scenes(Split::Training, 0, images, shape));
        Proxy { images, source, validation: Images::scenes(Split::Validation, 0, images / FOR_EACH_VALIDATED, shape) }
    }

    /// The network's layers trained from a seed for `epochs` passes in float and then `grid_epochs` passes with weights and features on their grids (0: none, and
    /// widths do not matter): mean IoU on the validation scenes after the best pass of the last phase. `watch` is told images done and to do of a phase.
    ///
    /// # Errors
    /// When a layer cannot be trained, or its input is not that of the images.
    pub fn score(&self, network: &Network, epochs: u64, seed: u64, grid_epochs: u64, watch: &mut dyn FnMut(u64, u64)) -> Result<f32> {
        let (own, here) = (network.float.input().shape, self.validation.shape);
        if own != here {
            return Err(Error::usage("the network reads other images than the proxy has").value(own).allowed(here));
        }
        let schedule = self.schedule(network, epochs, seed);
        let tune =
            Schedule { phase: "quantised", epochs: grid_epochs, rate: GRID_RATE, decay: 0.0, crop_epochs: grid_epochs, ..schedule.clone() };
        let training = Training {
            network,
            plan: Plan { float: schedule, tune, scale: None },
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

    fn schedule(&self, network: &Network, epochs: u64, seed: u64) -> Schedule {
        Schedule {
            phase: "float",
            epochs,
            images: self.images,
            batch: 16,
            rate: 4e-3,
            decay: 1e-2,
            average: 0.99,
            patience: 0,
            crop_epochs: epochs,
            crop: crop(network),
            seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LoadOptions, builtin};

    #[test]
    fn candidates_train_on_crops_at_their_own_input_alone() {
        let network = builtin("uav-detector").unwrap().load(LoadOptions::default()).unwrap();
        let schedule = Proxy::at([160, 320], 20).schedule(&network, 2, 1);
        assert_eq!((schedule.crop, schedule.crop_epochs, schedule.images), ([80, 160], 2, 20));
        let e = Proxy::at([80, 160], 20).score(&network, 1, 1, 0, &mut |_, _| {}).unwrap_err().to_string();
        assert!(e.contains("3x160x320") && e.contains("3x80x160"), "{e}");
    }
}
