//! Fixed-point grids for quantisation-aware training, and how they are calibrated: power-of-two steps, one a tensor.

use super::net::{Mode, Net};
use crate::fixed::Format;

/// Formats of weights and features of each stage; signed, as the accelerator holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct Grids {
    /// One weight format a stage.
    pub weight: Vec<Format>,
    /// One format a stage for its activations, after its pool.
    pub feature: Vec<Format>,
}

impl Grids {
    /// Weights of stage `k` on their grid; gradients pass straight through (Bengio et al., arXiv 1308.3432).
    pub fn weights(&self, k: usize, weight: &[f32]) -> Vec<f32> {
        let format = self.weight[k];
        let step = format.step();
        weight.iter().map(|&w| (f64::from(format.quantise(f64::from(w))) * step) as f32).collect()
    }

    /// Bounds of stage `k` narrowed to its format, and the inverse step.
    pub fn features(&self, k: usize, low: f32, high: f32) -> (f32, f32, f32) {
        let f = self.feature[k];
        (low.max(f.value(f.min()) as f32), high.min(f.value(f.max()) as f32), (1.0 / f.step()) as f32)
    }

    /// The formats with the least squared error: weights over all their values, features over the activations of `count`
    /// inputs that `fill` writes. Batch norm must be folded.
    pub fn calibrate(net: &mut Net, feature_bits: u8, weight_bits: u8, count: usize, fill: impl Fn(usize, &mut [f32]) + Sync) -> Grids {
        net.grids = None;
        net.forward(count, Mode::Evaluate, fill);
        let stages = net.spec.stages.len();
        let weight = (0..stages).map(|k| best_format(weight_bits, &[&net.params.stages[k].weight])).collect();
        let feature = (0..stages)
            .map(|k| {
                let values: Vec<&[f32]> = (0..count).map(|i| net.activations(i, k)).collect();
                best_format(feature_bits, &values)
            })
            .collect();
        Grids { weight, feature }
    }
}

/// The signed format of `bits` bits with the least squared rounding and saturation error over all values.
fn best_format(bits: u8, values: &[&[f32]]) -> Format {
    let error = |frac: i8| -> f64 {
        let f = Format::signed(bits, frac);
        let (scale, low, high) = (1.0 / f.step() as f32, f.min() as f32, f.max() as f32);
        let one = |v: f32| {
            let off = (v * scale + 0.5).floor().clamp(low, high) / scale - v;
            f64::from(off * off)
        };
        // Every seventh value is plenty for features, and keeps calibration short.
        let stride = if values.len() > 1 { 7 } else { 1 };
        values.iter().flat_map(|v| v.iter().step_by(stride)).map(|&v| one(v)).sum()
    };
    let mut best = (f64::MAX, 0);
    for frac in -4..=16 {
        let e = error(frac);
        if e < best.0 {
            best = (e, frac);
        }
    }
    Format::signed(bits, best.1)
}
