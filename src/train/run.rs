//! A whole training: in float, then on the fixed-point grids, to a network that the accelerator runs.

use super::build::Trainable;
use super::calibrate::{calibrate, calibrate_head, folds_first};
use super::checkpoint::{Checkpoint, Epoch, Settings};
use super::data::{Images, Source, anchors};
use super::net::Net;
use super::params::Params;
use super::phase::{Phase, Schedule, Watch, digest};
use super::quantise::Grids;
use super::spec::NetSpec;
use crate::dataset::rng::Rng;
use crate::error::{Error, Kind, Result};
use crate::model::float::FloatNetwork;
use crate::model::raw::ScaleKind;
use crate::model::{HeadSpec, Network, Weights};
use crate::tensor::Shape;
use std::path::{Path, PathBuf};

/// Images the feature formats are calibrated on.
const CALIBRATION: usize = 32;
/// Images the head's format is chosen on.
const HEAD_CALIBRATION: usize = 256;

/// How to train.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In float, from random weights; no epochs keep the network's own weights.
    pub float: Schedule,
    /// On the grids, from the best of the float phase.
    pub tune: Schedule,
    /// How accumulators are scaled in every layer with weights; `None` leaves it to the network's file.
    pub scale: Option<ScaleKind>,
}

/// Rows and columns of training crops: half of each side, or a little more for the network's strides to divide them; small sides are left whole.
pub fn crop(network: &Network) -> [usize; 2] {
    let whole = network.float.input().shape;
    let half = |side: fn(&Shape) -> usize| {
        let n = side(&whole);
        let stride = n / network.graph.nodes.iter().map(|node| side(&node.shape)).min().unwrap_or(n).max(1);
        if n < SMALL { n } else { (n / 2).next_multiple_of(stride).min(n) }
    };
    [half(|s| s.h), half(|s| s.w)]
}

/// Sides below this are not cropped.
const SMALL: usize = 64;

/// Images an epoch where nothing is said.
pub const EPOCH_IMAGES: u32 = 2000;
/// Images a step where nothing is said.
pub const BATCH: u32 = 16;
/// Share of the float epochs that train on crops where nothing is said.
pub const CROPS: f64 = 0.7;
/// Highest learning rate in float where nothing is said.
pub const RATE: f32 = 3e-3;

/// `epochs` epochs in float, as `bico train` does them where nothing else is said.
pub fn float_schedule(network: &Network, epochs: u64, seed: u64) -> Schedule {
    Schedule {
        phase: "float",
        epochs,
        images: EPOCH_IMAGES as usize,
        batch: BATCH as usize,
        rate: RATE,
        decay: 1e-2,
        average: 0.998,
        patience: 0,
        crop_epochs: share(epochs, CROPS),
        crop: crop(network),
        seed,
    }
}

/// A share of some epochs, in whole ones.
pub fn share(epochs: u64, of: f64) -> u64 {
    libm::round(epochs as f64 * of) as u64
}

impl Plan {
    /// A short further training of a network's own weights on its grids, for `epochs` epochs.
    pub fn tuning(network: &Network, epochs: u64) -> Plan {
        let tune = Schedule {
            phase: "quantised",
            epochs,
            images: EPOCH_IMAGES as usize,
            batch: BATCH as usize,
            rate: 2e-4,
            decay: 0.0,
            average: 0.99,
            patience: 0,
            crop_epochs: epochs / 2,
            crop: crop(network),
            seed: 1,
        };
        Plan { float: Schedule { phase: "float", epochs: 0, ..tune.clone() }, tune, scale: None }
    }
}

/// A training and its data.
pub struct Training<'a> {
    /// Layers and widths.
    pub network: &'a Network,
    /// How.
    pub plan: Plan,
    /// Training images.
    pub source: &'a Source,
    /// Validation images.
    pub validation: &'a Images,
    /// Folder for `float.safetensors` (the float phase) and `quantised.safetensors`; an interrupted run goes on from them.
    pub folder: Option<&'a Path>,
}

/// Told, by phase, images done and to do, and the figures of an epoch at its end.
pub type Watcher<'a> = dyn FnMut(&str, u64, u64, Option<&Epoch>) + 'a;

/// What came of it.
pub struct Trained {
    /// The network, its formats settled.
    pub network: Network,
    /// In float with batch norm: structure and numbers, for scoring.
    pub float: (NetSpec, Params),
    /// Figures of each epoch.
    pub history: Vec<Epoch>,
}

/// A training whose float phase is done: what the grids start from.
pub struct Begun {
    /// The network's stages.
    map: Trainable,
    /// Structure and numbers of the best epoch.
    pub float: (NetSpec, Params),
    /// Figures of each epoch so far.
    history: Vec<Epoch>,
}

impl Training<'_> {
    /// Trains, and tells `watch` how far it is.
    ///
    /// # Errors
    /// When a layer cannot be trained, a checkpoint is of another run, or the loss stops being a number.
    pub fn run(&self, watch: &mut Watcher<'_>) -> Result<Trained> {
        let begun = self.begin(watch)?;
        self.finish(begun, watch)
    }

    /// Whether a network's own weights can be trained on: it has some, and no layer that is not trained.
    ///
    /// # Errors
    /// When not: says why.
    pub fn check(network: &Network) -> Result<()> {
        Trainable::new(&network.float, network.head.as_ref())?;
        Training::check_weights(network)
    }

    fn check_weights(network: &Network) -> Result<()> {
        match network.weights {
            Weights::File => Ok(()),
            _ => Err(Error::usage("the network has no trained weights to begin with")
                .value(&network.name)
                .hint("train it from random weights first: `bico train` with --epochs 1 or more")),
        }
    }

    /// The second half of [`Training::run`]: on the grids, from what [`Training::begin`] made.
    ///
    /// # Errors
    /// As [`Training::run`].
    pub fn finish(&self, begun: Begun, watch: &mut Watcher<'_>) -> Result<Trained> {
        let Begun { map, float, mut history } = begun;
        let (spec, grids, layers) = self.on_grids(&map, &float)?;
        // Formats may come out the same of other numbers to start from.
        let tuned = self.phase(&self.plan.tune, &spec.0, (Some(&grids), Some(spec.1.sha256())), &spec.1, None, watch)?;
        history.extend(tuned.history);
        let mut layers = layers;
        let (_, folded) = tuned.best.fold_with(&spec.0, |k, weight| grids.weights(k, weight));
        map.put(&folded, &mut layers);
        let chosen = || HeadSpec { anchors: map.spec.anchors.iter().map(|a| a.map(decimal)).collect(), kind: "yolo".into() };
        let head = self.network.head.clone().filter(|_| self.plan.float.epochs == 0).unwrap_or_else(chosen);
        let network = self.network.trained(layers, head, self.network.provenance.clone())?;
        Ok(Trained { network, float, history })
    }

    /// The phase in float alone, up to epoch `until` as if interrupted there.
    ///
    /// # Errors
    /// As [`Training::run`].
    pub fn float(&self, until: Option<u64>, watch: &mut Watcher<'_>) -> Result<Checkpoint> {
        self.in_float(&mut self.trainable()?, until, watch)
    }

    /// All that comes before the grids: what [`Training::run`] would refuse there is refused here, and its float phase is done.
    ///
    /// # Errors
    /// As [`Training::run`].
    pub fn begin(&self, watch: &mut Watcher<'_>) -> Result<Begun> {
        let mut map = self.trainable()?;
        if self.plan.float.epochs > 0 {
            let done = self.in_float(&mut map, None, watch)?;
            let float = (map.spec.clone(), done.best);
            return Ok(Begun { map, float, history: done.history });
        }
        Training::check_weights(self.network)?;
        let float = map.with_weights(&self.network.float)?;
        Ok(Begun { map, float, history: Vec::new() })
    }

    fn trainable(&self) -> Result<Trainable> {
        Trainable::new(&self.network.float, self.network.head.as_ref())
    }

    /// From random weights, with the anchors that suit the images.
    fn in_float(&self, map: &mut Trainable, until: Option<u64>, watch: &mut Watcher<'_>) -> Result<Checkpoint> {
        map.spec.anchors = anchors(&self.source.targets(), map.spec.anchors.len());
        let fresh = Params::random(&map.spec, self.plan.float.seed)?;
        self.phase(&self.plan.float, &map.spec, (None, None), &fresh, until, watch)
    }

    /// Folds batch norm where the grids ask for it, and calibrates: stages and numbers, grids, and the layers with settled formats.
    fn on_grids(&self, map: &Trainable, (spec, params): &(NetSpec, Params)) -> Result<((NetSpec, Params), Grids, FloatNetwork)> {
        let mut float = self.network.float.clone();
        if let Some(scale) = self.plan.scale {
            map.layers.iter().for_each(|&id| float.layers[id].numbers.scale = scale);
        }
        let start = if folds_first(&float, spec, &map.layers) { params.fold(spec) } else { (spec.clone(), params.clone()) };
        let mut net = Net::new(start.0.clone(), start.1.clone(), CALIBRATION)?;
        let images = self.source.epoch(0, CALIBRATION, spec.input, &mut Rng::new(self.plan.tune.seed))?;
        calibrate(&mut net, map, &mut float, images.len(), |i, out| images.fill(i, out));
        let more = self.source.epoch(0, HEAD_CALIBRATION, spec.input, &mut Rng::new(self.plan.tune.seed))?;
        calibrate_head(&mut net, map, &mut float, &more)?;
        let grids = Grids::new(&float, &start.0, &map.layers);
        Ok((start, grids, float))
    }

    fn phase(
        &self,
        schedule: &Schedule,
        spec: &NetSpec,
        (grids, from): (Option<&Grids>, Option<String>),
        params: &Params,
        until: Option<u64>,
        watch: &mut Watcher<'_>,
    ) -> Result<Checkpoint> {
        let name = schedule.phase;
        let path: Option<PathBuf> = self.folder.map(|f| f.join(format!("{name}.safetensors")));
        // Images are hashed for it, which takes a while.
        let context = || {
            let grids = grids.map(|g| ("grids", digest(&format!("{g:?}"))));
            let from = from.map(|sha256| ("weights to start from", sha256));
            let data = [("training images", self.source.name()), ("validation images", self.validation.name())];
            data.into_iter().chain(grids).chain(from).map(|(name, value)| (name.to_string(), value)).collect()
        };
        let context: Settings = path.as_ref().map_or_else(Settings::new, |_| context());
        let phase = Phase {
            schedule: schedule.clone(),
            source: self.source,
            validation: self.validation,
            checkpoint: path.as_deref(),
            context,
            until,
        };
        let mut inner = |done: u64, of: u64, epoch: Option<&Epoch>| watch(name, done, of, epoch);
        let inner: &mut Watch<'_> = &mut inner;
        phase.train(spec, grids, params, inner)
    }
}

/// An anchor's side with the four decimals it was chosen with.
fn decimal(v: f32) -> f64 {
    (f64::from(v) * 1e4).round() / 1e4
}

/// Runs `work` on its own pool of `threads` threads (0: as many as the machine has). The results do not depend on it.
///
/// # Errors
/// When threads cannot be started.
pub fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| Error::new(Kind::Environment, format!("cannot start {threads} threads: {e}")))?;
    pool.install(work)
}
