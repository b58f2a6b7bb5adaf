//! A training run: epochs over shuffled, varied images, with checkpoints.

use super::adam::{Adam, cosine};
use super::checkpoint::Checkpoint;
use super::data::{Augment, Images};
use super::evaluate;
use super::loss::Target;
use super::net::{Mode, Net};
use super::params::Params;
use super::spec::NetSpec;
use crate::dataset::rng::Rng;
use crate::error::{Error, Result};
use std::path::PathBuf;

/// What decides the trained numbers; nothing else does.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Passes over the images.
    pub epochs: u64,
    /// Images a step.
    pub batch: usize,
    /// Highest learning rate.
    pub rate: f32,
    /// Weight decay.
    pub decay: f32,
    /// Seed of initial weights, order and variation.
    pub seed: u64,
}

impl Plan {
    /// A line that names the plan, for checkpoints.
    pub fn line(&self, spec: &NetSpec, images: usize) -> String {
        format!("{self:?} images {images} anchors {:?} stages {:?}", spec.anchors, spec.stages)
    }
}

/// Figures of one epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Epochs done.
    pub epoch: u64,
    /// Mean loss over the epoch.
    pub loss: f64,
    /// Mean IoU on the validation images, where measured.
    pub iou: Option<f32>,
}

/// Trains `net` by `plan`, resuming from `checkpoint` if that file exists, and calls `watch(done images, of, epoch figures)`
/// after each step and each epoch.
///
/// # Errors
/// When a checkpoint cannot be read or written, there are fewer images than a batch, or the loss stops being a number.
pub fn train(
    net: &mut Net,
    plan: &Plan,
    images: &Images,
    validation: &Images,
    checkpoint: Option<&PathBuf>,
    watch: &mut dyn FnMut(usize, usize, Option<Epoch>),
) -> Result<()> {
    train_until(net, plan, plan.epochs, images, validation, checkpoint, watch)
}

/// [`train`], stopped after epoch `until` as if interrupted (the learning rate follows the whole plan).
///
/// # Errors
/// As [`train`].
pub fn train_until(
    net: &mut Net,
    plan: &Plan,
    until: u64,
    images: &Images,
    validation: &Images,
    checkpoint: Option<&PathBuf>,
    watch: &mut dyn FnMut(usize, usize, Option<Epoch>),
) -> Result<()> {
    let steps = images.len() / plan.batch.max(1);
    if plan.batch == 0 || steps == 0 {
        return Err(Error::usage("fewer images than one batch").value(images.len()).allowed(format!("at least {}", plan.batch.max(1))));
    }
    let line = plan.line(&net.spec, images.len());
    let mut adam = Adam::new(&net.params);
    let mut first = 0;
    if let Some(path) = checkpoint.filter(|p| p.exists()) {
        let c = Checkpoint::read(path, &line, &net.params)?;
        (first, net.params, adam) = (c.epoch, c.params, c.adam);
    }
    let total = plan.epochs * steps as u64;
    for epoch in first..until.min(plan.epochs) {
        let mut rng = Rng::new(plan.seed ^ (epoch + 1).wrapping_mul(0x5851_f42d_4c95_7f2d));
        let order = rng.permutation(images.len());
        let mut loss = 0.0;
        for step in 0..steps {
            let chosen = &order[step * plan.batch..(step + 1) * plan.batch];
            let rate = cosine(plan.rate, epoch * steps as u64 + step as u64, total, 0.03);
            loss += one_step(net, &mut adam, images, chosen, &mut rng, rate, plan.decay);
            watch((step + 1) * plan.batch, steps * plan.batch, None);
        }
        loss /= steps as f64;
        if !loss.is_finite() {
            return Err(Error::new(crate::error::Kind::Fault, "training diverged").value(loss).hint("lower the learning rate"));
        }
        if let Some(path) = checkpoint {
            Checkpoint { epoch: epoch + 1, plan: line.clone(), params: net.params.clone(), adam: adam.clone() }.write(path)?;
        }
        let iou = if validation.is_empty() { None } else { Some(evaluate::mean(&evaluate::ious(net, validation, plan.batch)?)) };
        watch(steps * plan.batch, steps * plan.batch, Some(Epoch { epoch: epoch + 1, loss, iou }));
    }
    Ok(())
}

fn one_step(net: &mut Net, adam: &mut Adam, images: &Images, chosen: &[usize], rng: &mut Rng, rate: f32, decay: f32) -> f64 {
    let varied: Vec<Augment> = chosen.iter().map(|&i| Augment::random(rng, images.shape, &images.targets[i])).collect();
    let targets: Vec<Target> = chosen.iter().zip(&varied).map(|(&i, a)| a.target(&images.targets[i], images.shape)).collect();
    net.forward(chosen.len(), Mode::Train, |i, out| varied[i].fill(&images.pixels[chosen[i]], images.shape, out));
    let loss = net.backward(&targets);
    adam.step(&mut net.params, &net.grads, rate, decay);
    loss
}

/// Runs `work` on its own pool of `threads` threads (0: as many as the machine has). The results do not depend on it.
///
/// # Errors
/// When threads cannot be started.
pub fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| Error::new(crate::error::Kind::Environment, format!("cannot start {threads} threads: {e}")))?;
    pool.install(work)
}

/// A fresh network of `spec`, seeded.
///
/// # Errors
/// When the stages do not fit each other.
pub fn fresh(spec: NetSpec, seed: u64, batch: usize) -> Result<Net> {
    let params = Params::random(&spec, seed)?;
    Net::new(spec, params, batch)
}
