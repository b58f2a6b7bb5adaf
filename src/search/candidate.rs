//! A candidate and what is found out about it: two pure functions, the accelerator from above and the accuracy by training, each kept by content hash.

use super::bundle::Bundle;
use super::cache::{Cache, key};
use super::genes::Genes;
use super::grid;
use super::jobs::lock;
use super::table::Table;
use super::topdown::{self, Found, Target, Trial};
use crate::accelerator::RawAccelerator;
use crate::board::{Board, Resources};
use crate::dataset::scene::version_hash;
use crate::error::{Kind, Result};
use crate::sweep::rounded;
use crate::train::proxy::{self, IMAGES, Proxy};
use crate::units::Hertz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A pair of network and accelerator is offered: simulated, not guessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Simulated cycles of a frame.
    pub cycles: u64,
    /// What the papers' analytical model says.
    pub analytical_cycles: u64,
    /// Frames a second, host stage included.
    pub fps: f64,
    /// Board energy of a frame, millijoules.
    pub mj_per_frame: f64,
    /// What the accelerator takes.
    pub resources: Resources,
    /// The unit that bounds it from below.
    pub slowest: String,
    /// As in a file.
    pub accelerator: RawAccelerator,
}

/// What the top-down search offers for a network on a board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hardware {
    /// Designs that were simulated.
    pub designs: u64,
    /// Those that no other beats in both FPS and energy, the fastest first; none where nothing fits.
    pub offers: Vec<Offer>,
    /// Why there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl Hardware {
    fn of(found: &Found) -> Hardware {
        let mut trials: Vec<&Trial> = found.trials.iter().collect();
        // Where the host stage hides the accelerator, more cycles may come to the same rate.
        trials.sort_by(|a, b| b.fps.total_cmp(&a.fps).then(a.joules.total_cmp(&b.joules)).then(a.cycles.cmp(&b.cycles)));
        let mut offers: Vec<Offer> = Vec::new();
        let mut least = f64::INFINITY;
        for t in trials {
            if t.joules < least {
                least = t.joules;
                offers.push(Offer {
                    cycles: t.cycles,
                    analytical_cycles: t.analytical_cycles,
                    fps: rounded(t.fps),
                    mj_per_frame: rounded(t.joules * 1e3),
                    resources: t.resources,
                    slowest: t.bound.0.to_string(),
                    accelerator: grid::to_raw(&t.accelerator, "Designed by bico"),
                });
            }
        }
        Hardware { designs: found.trials.len() as u64, offers, refused: None }
    }

    /// No offer, and why.
    pub fn refused(why: impl Into<String>) -> Hardware {
        Hardware { designs: 0, offers: Vec::new(), refused: Some(why.into()) }
    }

    /// The fastest.
    pub fn fastest(&self) -> Option<&Offer> {
        self.offers.first()
    }
}

/// How accuracy is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Judging {
    /// Passes over the proxy's scenes.
    pub epochs: u64,
    /// Seed of initial weights and of the order of scenes.
    pub seed: u64,
    /// Train on for this many epochs with weights and features on their grids, and judge there; 0: in float, where widths do not matter.
    #[serde(default)]
    pub grid_epochs: u64,
    /// Training scenes; a tenth as many judge.
    #[serde(default = "proxy_images")]
    pub images: usize,
}

const fn proxy_images() -> usize {
    IMAGES
}

impl Judging {
    /// In float, as proxy tables are trained.
    pub const fn float(epochs: u64, seed: u64) -> Judging {
        Judging { epochs, seed, grid_epochs: 0, images: IMAGES }
    }
}

/// Finds out about candidates, and keeps what it found.
pub struct Evaluator<'a> {
    /// Bundles that genes may name.
    pub pool: &'a [Bundle],
    board: &'a Board,
    target: Target,
    /// All that accelerators depend on, the network apart.
    settings: String,
    /// How accuracy is judged.
    pub judging: Judging,
    /// Networks that were judged so before: they are not trained again.
    pub table: Option<Table>,
    /// Where finished evaluations are kept.
    pub cache: Cache,
    /// The images of the size that was asked for last: they take hundreds of megabytes.
    proxy: Mutex<Option<([usize; 2], Arc<Proxy>)>>,
    made: [AtomicUsize; 2],
}

impl<'a> Evaluator<'a> {
    /// On a board at an assumed fabric clock, with at most so many designs simulated for a network; without a table.
    pub fn new(pool: &'a [Bundle], board: &'a Board, clock: Hertz, designs: usize, judging: Judging, cache: Cache) -> Evaluator<'a> {
        let target = Target { clock, fps: None, designs, jobs: 1 };
        let settings = format!("{board:?} {clock:?} {designs}");
        let (proxy, made) = Default::default();
        Evaluator { pool, board, target, settings, judging, table: None, cache, proxy, made }
    }

    /// Top-down searches and trainings that were done rather than found in the cache or the table.
    pub fn made(&self) -> [usize; 2] {
        [0, 1].map(|k| self.made[k].load(Ordering::Relaxed))
    }

    /// The proxy's images for a network; rendered once while sizes do not change.
    fn proxy(&self, genes: &Genes) -> Arc<Proxy> {
        let input = genes.input.map(usize::from);
        let mut last = lock(&self.proxy);
        if let Some((_, proxy)) = last.as_ref().filter(|(size, _)| *size == input) {
            return Arc::clone(proxy);
        }
        // Nobody needs two sizes for long.
        *last = None;
        let proxy = Arc::new(Proxy::at(input, self.judging.images));
        *last = Some((input, Arc::clone(&proxy)));
        proxy
    }

    /// The accelerators for a network, on one thread.
    ///
    /// # Errors
    /// When genes describe no network, or an evaluation can not be kept. That nothing fits is no error: there are no offers then.
    pub fn hardware(&self, genes: &Genes) -> Result<Hardware> {
        let text = genes.toml(self.pool)?;
        let (hardware, made) = self.cache.get_or(&key("hardware", &[&text, &self.settings]), || {
            let network = match genes.network(self.pool) {
                Ok(network) => network,
                // Too large, or pooled to nothing: a point of the space that is no network.
                Err(e) if e.kind() == Kind::Input => return Ok(Hardware::refused(e.what())),
                Err(e) => return Err(e),
            };
            match topdown::design(&network, self.board, self.target, &|| ()) {
                Ok(found) => Ok(Hardware::of(&found)),
                Err(e) if e.kind().refuses_design() => Ok(Hardware::refused(e.what())),
                Err(e) => Err(e),
            }
        })?;
        self.made[0].fetch_add(usize::from(made), Ordering::Relaxed);
        Ok(hardware)
    }

    /// What the table says of a network, when it was trained there as it would be here.
    pub fn tabled(&self, genes: &Genes) -> Option<f64> {
        let Judging { epochs, seed, .. } = self.judging;
        let table = self.table.as_ref().filter(|_| self.judging == Judging::float(epochs, seed))?;
        table.row(&genes.in_float()).filter(|r| (r.epochs, r.seed) == (epochs, seed)).map(|r| r.proxy_iou)
    }

    /// Mean IoU by the proxy, on one thread.
    ///
    /// # Errors
    /// When the network can not be trained, or the evaluation can not be kept.
    pub fn iou(&self, genes: &Genes) -> Result<f64> {
        let Judging { epochs, seed, grid_epochs, images } = self.judging;
        let genes = if grid_epochs == 0 { genes.in_float() } else { genes.clone() };
        if let Some(iou) = self.tabled(&genes) {
            return Ok(iou);
        }
        let settings = format!("{} {epochs} {seed} {grid_epochs} {images} {}", proxy::VERSION, version_hash(4));
        let (iou, made) = self.cache.get_or(&key("iou", &[&genes.toml(self.pool)?, &settings]), || {
            let iou = self.proxy(&genes).score(&genes.network(self.pool)?, epochs, seed, grid_epochs, &mut |_, _| {})?;
            Ok(rounded(f64::from(iou)))
        })?;
        self.made[1].fetch_add(usize::from(made), Ordering::Relaxed);
        Ok(iou)
    }
}

/// What `bico evaluate-candidate` reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The network.
    pub genes: Genes,
    /// Board: a name, or a TOML file.
    pub board: String,
    /// Assumed fabric clock, megahertz.
    pub clock_mhz: f64,
    /// Most designs that are simulated.
    pub designs: usize,
    /// How accuracy is judged; without it, it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Judging>,
}

/// What `bico evaluate-candidate` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// What was asked.
    pub candidate: Request,
    /// Short name of the network.
    pub network: String,
    /// Its accelerators.
    pub hardware: Hardware,
    /// Mean IoU by the proxy.
    pub proxy_iou: Option<f64>,
}
