//! One phase of a training: epochs over varied images, with checkpoints, averaged weights and early stopping.

use super::adam::cosine;
use super::augment::Augment;
use super::checkpoint::{Checkpoint, Epoch, Settings};
use super::data::{Images, Source};
use super::evaluate;
use super::loss::Target;
use super::net::{Mode, Net};
use super::params::Params;
use super::quantise::Grids;
use super::spec::NetSpec;
use crate::dataset::rng::Rng;
use crate::error::{Error, Result};
use crate::tensor::Shape;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Share of the steps over which the learning rate rises.
const WARM_UP: f64 = 0.03;

/// What decides the trained numbers; nothing else does.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Schedule {
    /// `float` or `quantised`.
    pub phase: &'static str,
    /// Epochs of `images` images.
    pub epochs: u64,
    /// Images an epoch.
    pub images: usize,
    /// Images a step.
    pub batch: usize,
    /// Highest learning rate.
    pub rate: f32,
    /// Weight decay.
    pub decay: f32,
    /// Most of the weights' running average that a step keeps.
    pub average: f32,
    /// Epochs without a better validation IoU after which the phase ends; 0 for never.
    pub patience: u64,
    /// Epochs that train on crops.
    pub crop_epochs: u64,
    /// Rows and columns of the crops.
    pub crop: [usize; 2],
    /// Seed of order and variation.
    pub seed: u64,
}

/// Where a phase takes its images from and leaves its checkpoint.
pub struct Phase<'a> {
    /// What to do.
    pub schedule: Schedule,
    /// Training images.
    pub source: &'a Source,
    /// Images that decide which epoch was best; may be empty.
    pub validation: &'a Images,
    /// Checkpoint file; the phase goes on from it if it exists.
    pub checkpoint: Option<&'a Path>,
    /// What else the checkpoint must agree with.
    pub context: Settings,
    /// Stop after this epoch as if interrupted (the learning rate follows the whole schedule).
    pub until: Option<u64>,
}

/// SHA-256 of a text too long to show, in hex.
pub(super) fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// What a watcher is told: images done and to do in this phase, and the figures of an epoch at its end.
pub type Watch<'a> = dyn FnMut(u64, u64, Option<&Epoch>) + 'a;

impl Phase<'_> {
    /// Trains `params` on `spec`. The best numbers are those of [`Checkpoint::best`].
    ///
    /// # Errors
    /// When a checkpoint cannot be read or written, a crop does not fit the stages, there are fewer images than a batch, or the loss stops being a number.
    pub fn train(&self, spec: &NetSpec, grids: Option<&Grids>, params: &Params, watch: &mut Watch<'_>) -> Result<Checkpoint> {
        let s = &self.schedule;
        let steps = (s.images / s.batch.max(1)) as u64;
        if s.epochs > 0 && (s.batch == 0 || steps == 0) {
            return Err(Error::usage("fewer images an epoch than one batch")
                .value(s.images)
                .allowed(format!("at least {}", s.batch.max(1))));
        }
        let settings = self.settings(spec)?;
        let mut state = match self.checkpoint.filter(|p| p.exists()) {
            Some(path) => Checkpoint::read(path, &settings, params)?,
            None => Checkpoint::start(&settings, params),
        };
        let mut judge = Net::new(spec.clone(), params.clone(), if self.validation.is_empty() { 0 } else { s.batch.min(16) })?;
        judge.grids = grids.cloned();
        let mut net: Option<Net> = None;
        let last = self.until.unwrap_or(s.epochs).min(s.epochs);
        while (state.history.len() as u64) < last && !self.has_converged(&state) {
            let epoch = state.history.len() as u64;
            let here = if epoch < s.crop_epochs { spec.on(Shape::new(spec.input.c, s.crop[0], s.crop[1])) } else { spec.clone() };
            let mut n = match net.take().filter(|n| n.spec.input == here.input) {
                Some(n) => n,
                None => Net::new(here, state.params.clone(), s.batch)?,
            };
            n.grids = grids.cloned();
            let loss = self.epoch(&mut n, &mut state, spec.input, epoch, steps, watch)?;
            if !loss.is_finite() {
                let e = Error::usage(format!("training diverged in epoch {} of the {} phase", epoch + 1, s.phase)).value(loss);
                return Err(e.hint("lower the learning rate"));
            }
            judge.params.clone_from(&state.average);
            let iou = evaluate::mean(&evaluate::ious(&mut judge, self.validation)?);
            if state.best_epoch().is_none_or(|b| iou >= b.iou) {
                state.best.clone_from(&state.average);
            }
            let rate = self.rate((epoch + 1) * steps - 1, steps);
            state.history.push(Epoch { epoch: epoch + 1, phase: s.phase.into(), rate, loss, iou });
            if let Some(path) = self.checkpoint {
                state.write(path)?;
            }
            watch((epoch + 1) * steps * s.batch as u64, s.epochs * steps * s.batch as u64, state.history.last());
            net = Some(n);
        }
        Ok(state)
    }

    /// Everything the numbers depend on.
    fn settings(&self, spec: &NetSpec) -> Result<Settings> {
        let schedule = serde_json::to_value(&self.schedule).map_err(|e| Error::fault(e.to_string()))?;
        let schedule = schedule.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.to_string()));
        let spec = [
            ("input", spec.input.to_string()),
            ("anchors", format!("{:?}", spec.anchors)),
            ("layers", digest(&format!("{:?}", spec.stages))),
        ];
        let spec = spec.map(|(name, value)| (name.to_string(), value));
        Ok(schedule.chain(self.context.iter().cloned()).chain(spec).collect())
    }

    fn rate(&self, step: u64, steps: u64) -> f32 {
        cosine(self.schedule.rate, step, self.schedule.epochs * steps, WARM_UP)
    }

    fn has_converged(&self, state: &Checkpoint) -> bool {
        let (patience, done) = (self.schedule.patience, state.history.len() as u64);
        patience > 0 && state.best_epoch().is_some_and(|b| done >= b.epoch + patience)
    }

    /// One epoch; returns its mean loss.
    fn epoch(&self, net: &mut Net, state: &mut Checkpoint, full: Shape, epoch: u64, steps: u64, watch: &mut Watch<'_>) -> Result<f64> {
        let s = &self.schedule;
        let mut rng = Rng::new(s.seed ^ (epoch + 1).wrapping_mul(0x5851_f42d_4c95_7f2d));
        let images = self.source.epoch(epoch, s.images, full, &mut rng)?;
        let mut loss = 0.0;
        for step in 0..steps {
            let first = step as usize * s.batch;
            loss += one_step(net, &images, first..first + s.batch, &mut rng);
            let at = epoch * steps + step;
            state.adam.step(&mut net.params, &net.grads, self.rate(at, steps), s.decay);
            let keep = s.average.min((1 + at) as f32 / (10 + at) as f32);
            state.average.approach(&net.params, 1.0 - keep);
            watch((at + 1) * s.batch as u64, s.epochs * steps * s.batch as u64, None);
        }
        state.params.clone_from(&net.params);
        Ok(loss / steps as f64)
    }
}

fn one_step(net: &mut Net, images: &Images, chosen: std::ops::Range<usize>, rng: &mut Rng) -> f64 {
    let (from, to) = (images.shape, net.spec.input);
    let varied: Vec<Augment> = chosen.clone().map(|i| Augment::random(rng, from, to, &images.targets[i])).collect();
    let targets: Vec<Target> = chosen.clone().zip(&varied).map(|(i, a)| a.target(&images.targets[i], from)).collect();
    net.forward(chosen.len(), Mode::Train, |i, out| varied[i].fill(&images.pixels[chosen.start + i], from, to, out));
    net.backward(&targets)
}
