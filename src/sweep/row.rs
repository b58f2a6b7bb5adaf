//! One point of a sweep, and the grid of all points.

use crate::model::graph::{Graph, Op};
use serde::{Deserialize, Serialize};

/// How the network of a point came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `f32` throughout: 32 bits.
    Float,
    /// Quantised as trained, formats calibrated.
    PostTraining,
    /// Trained further at its widths.
    FineTuned,
}

/// One point: a line of `sweep.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// How the network came about.
    pub kind: Kind,
    /// Bits of feature maps.
    pub feature_bits: u8,
    /// Bits of weights.
    pub weight_bits: u8,
    /// Epochs of fine-tuning; 0 without.
    pub epochs: u32,
    /// Mean intersection over union.
    pub mean_iou: f64,
    /// Standard error of that mean.
    pub standard_error: f64,
    /// Bits of all feature maps but the image in float32 over those here.
    pub feature_compression: f64,
    /// Bits of all weights and biases in float32 over those here (biases keep 32 bits).
    pub weight_compression: f64,
}

/// What a point is asked for by.
pub type Key = (Kind, u8, u8, u32);

impl Row {
    /// What the point is asked for by; rows are kept in this order.
    pub fn key(&self) -> Key {
        (self.kind, self.feature_bits, self.weight_bits, self.epochs)
    }
}

/// Six decimals: far below the standard error, and a file that can be read.
pub(crate) fn rounded(value: f64) -> f64 {
    libm::round(value * 1e6) / 1e6
}

/// (features, weights): how much smaller they are than in float32.
pub(super) fn compression(graph: &Graph) -> (f64, f64) {
    let (mut features, mut weights) = ([0u64; 2], [0u64; 2]);
    for node in graph.nodes.iter().filter(|n| n.op != Op::Input) {
        let elements = node.shape.len() as u64;
        features = [features[0] + 32 * elements, features[1] + u64::from(node.format.bits) * elements];
        if let Some(w) = &node.weights {
            let (data, bias) = (w.data.len() as u64, w.bias.len() as u64);
            weights = [weights[0] + 32 * (data + bias), weights[1] + u64::from(w.format.bits) * data + 32 * bias];
        }
    }
    let ratio = |[float, here]: [u64; 2]| rounded(float as f64 / here.max(1) as f64);
    (ratio(features), ratio(weights))
}
