//! From a trained float network to a quantised one: fold batch norm, calibrate formats, fine-tune on the grids, score.

use super::data::Images;
use super::integer::IntNet;
use super::net::Net;
use super::params::Params;
use super::quantise::Grids;
use super::run::{self, Epoch, Plan};
use super::spec::NetSpec;
use super::{evaluate, evaluate::mean};
use crate::error::Result;

/// Images the feature formats are calibrated on.
const CALIBRATION: usize = 16;

/// A network with formats, and its scores.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Structure without batch norm.
    pub spec: NetSpec,
    /// Folded (and, after fine-tuning, adapted) weights and biases.
    pub params: Params,
    /// Formats of weights and features.
    pub grids: Grids,
    /// IoU of each scored image in float, with batch norm.
    pub iou_float: Vec<f32>,
    /// IoU of each scored image in integers.
    pub iou_quantised: Vec<f32>,
}

/// Widths and fine-tuning.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Bits of features.
    pub feature_bits: u8,
    /// Bits of weights.
    pub weight_bits: u8,
    /// Fine-tuning on the fixed-point grids; zero epochs for none.
    pub tune: Plan,
}

/// Folds, calibrates on the first training images, fine-tunes, and scores on `scored`.
///
/// # Errors
/// When fine-tuning or evaluation fails.
pub fn finish(
    net: &mut Net,
    recipe: &Recipe,
    training: &Images,
    scored: &Images,
    watch: &mut dyn FnMut(usize, usize, Option<Epoch>),
) -> Result<Finished> {
    let batch = recipe.tune.batch;
    let iou_float = evaluate::ious(net, scored, batch)?;
    let (spec, params) = net.params.fold(&net.spec);
    let mut folded = Net::new(spec, params, batch.max(CALIBRATION))?;
    let count = CALIBRATION.min(training.len());
    let grids = Grids::calibrate(&mut folded, recipe.feature_bits, recipe.weight_bits, count, |i, out| training.fill(i, out));
    if recipe.tune.epochs > 0 {
        folded.grids = Some(grids.clone());
        let none = Images { shape: training.shape, pixels: Vec::new(), targets: Vec::new() };
        run::train(&mut folded, &recipe.tune, training, &none, None, watch)?;
    }
    let iou_quantised = IntNet::new(&folded.spec, &folded.params, &grids)?.ious(scored)?;
    Ok(Finished { spec: folded.spec, params: folded.params, grids, iou_float, iou_quantised })
}

impl Finished {
    /// Mean IoU in float and in integers.
    pub fn means(&self) -> (f32, f32) {
        (mean(&self.iou_float), mean(&self.iou_quantised))
    }
}
