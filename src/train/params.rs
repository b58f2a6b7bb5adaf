//! The trained numbers of a network: weights, batch norm, and how they start.

use super::spec::NetSpec;
use crate::dataset::rng::Rng;
use crate::error::Result;
use sha2::{Digest, Sha256};

/// Deviation added to batch norm's variance.
pub const EPSILON: f32 = 1e-3;

/// Trained numbers of one stage.
#[derive(Clone, Debug, PartialEq)]
pub struct StageParams {
    /// `[co][taps]`, taps as in `Op::taps`.
    pub weight: Vec<f32>,
    /// Batch norm's gamma, one a channel; empty without batch norm.
    pub gamma: Vec<f32>,
    /// Batch norm's beta, or the bias, one a channel.
    pub beta: Vec<f32>,
}

/// Running statistics of one batch norm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Running {
    /// Mean, one a channel; empty without batch norm.
    pub mean: Vec<f32>,
    /// Variance, one a channel.
    pub var: Vec<f32>,
}

/// All numbers of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// One a stage.
    pub stages: Vec<StageParams>,
    /// One a stage.
    pub running: Vec<Running>,
}

impl Params {
    /// He-normal weights from a seed, gamma 1, beta 0 (He et al., ICCV 2015).
    ///
    /// # Errors
    /// When the stages do not fit each other.
    pub fn random(spec: &NetSpec, seed: u64) -> Result<Params> {
        let mut rng = Rng::new(seed);
        let shapes = spec.shapes()?;
        let mut params = Params { stages: Vec::new(), running: Vec::new() };
        for (stage, s) in spec.stages.iter().zip(&shapes) {
            let taps = stage.op.taps(s.input.c);
            let deviation = (2.0 / taps.max(1) as f32).sqrt() * if stage.norm { 1.0 } else { 0.3 };
            let c = if stage.op.has_weights() { stage.channels } else { 0 };
            params.stages.push(StageParams {
                weight: (0..c * taps).map(|_| rng.normal() * deviation).collect(),
                gamma: if stage.norm { vec![1.0; c] } else { Vec::new() },
                beta: vec![if stage.norm { 0.5 } else { 0.0 }; c],
            });
            params.running.push(if stage.norm { Running { mean: vec![0.0; c], var: vec![1.0; c] } } else { Running::default() });
        }
        Ok(params)
    }

    /// The same shapes, all trained numbers zero: for gradients and moments.
    pub fn zeros_like(&self) -> Params {
        let mut zero = self.clone();
        zero.lists_mut().for_each(|l| l.fill(0.0));
        zero
    }

    /// All trained lists, in a fixed order.
    pub fn lists(&self) -> impl Iterator<Item = &Vec<f32>> {
        self.stages.iter().flat_map(|s| [&s.weight, &s.gamma, &s.beta])
    }

    /// All trained lists, in a fixed order, to write.
    pub fn lists_mut(&mut self) -> impl Iterator<Item = &mut Vec<f32>> {
        self.stages.iter_mut().flat_map(|s| [&mut s.weight, &mut s.gamma, &mut s.beta])
    }

    /// All lists, running statistics too, in a fixed order, to write.
    pub fn all_lists_mut(&mut self) -> impl Iterator<Item = &mut Vec<f32>> {
        let trained = self.stages.iter_mut().flat_map(|s| [&mut s.weight, &mut s.gamma, &mut s.beta]);
        trained.chain(self.running.iter_mut().flat_map(|r| [&mut r.mean, &mut r.var]))
    }

    /// Moves towards `other`: `share` of it, the rest of what was here.
    pub fn approach(&mut self, other: &Params, share: f32) {
        let others = other.lists().chain(other.running.iter().flat_map(|r| [&r.mean, &r.var]));
        for (own, other) in self.all_lists_mut().zip(others) {
            own.iter_mut().zip(other).for_each(|(a, b)| *a += share * (b - *a));
        }
    }

    /// SHA-256 (hex) of all numbers, running statistics included.
    pub fn sha256(&self) -> String {
        let mut sha = Sha256::new();
        let running = self.running.iter().flat_map(|r| [&r.mean, &r.var]);
        for list in self.lists().chain(running) {
            sha.update((list.len() as u64).to_le_bytes());
            sha.update(list.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
        }
        hex::encode(sha.finalize())
    }

    /// Folds batch norm's running statistics into weights and biases; `spec` loses its batch norms with them.
    pub fn fold(&self, spec: &NetSpec) -> (NetSpec, Params) {
        self.fold_with(spec, |_, weight| weight.to_vec())
    }

    /// [`Params::fold`], the weights of each stage, with batch norm or without, replaced by what `weights` makes of them before they are scaled.
    pub fn fold_with(&self, spec: &NetSpec, weights: impl Fn(usize, &[f32]) -> Vec<f32>) -> (NetSpec, Params) {
        let (mut spec, mut params) = (spec.clone(), self.clone());
        for (k, stage) in spec.stages.iter_mut().enumerate() {
            let p = &mut params.stages[k];
            p.weight = weights(k, &p.weight);
            if !std::mem::take(&mut stage.norm) {
                continue;
            }
            let running = std::mem::take(&mut params.running[k]);
            let taps = p.weight.len() / p.beta.len();
            for c in 0..p.beta.len() {
                let scale = p.gamma[c] / (running.var[c] + EPSILON).sqrt();
                p.weight[c * taps..(c + 1) * taps].iter_mut().for_each(|w| *w *= scale);
                p.beta[c] -= running.mean[c] * scale;
            }
            p.gamma.clear();
        }
        (spec, params)
    }
}
