//! Accuracy against bit width: the whole grid of feature and weight widths, each point executed in integers on the same images.
//!
//! Post-training points differ from the network only in their formats ([`calibration`]). For a dozen points where that starts to cost accuracy
//! ([`choose`]) the network can be trained further by whoever is handed in as [`FineTune`]. What is finished is kept in a [`journal`].

pub mod calibration;
pub mod choose;
pub mod journal;
pub mod observation;
mod row;

pub use calibration::{Calibration, Method};
pub use journal::{Journal, Settings};
pub(crate) use row::rounded;
pub use row::{Key, Kind, Row};

use crate::accuracy;
use crate::error::Result;
use crate::model::Network;
use crate::model::graph::{Graph, Node};
use crate::simulate::Sample;
use crate::tensor::Tensor;
use std::borrow::Cow;

/// Trains a network further at a width of features and of weights, in bits; returns it quantised at those.
pub type FineTune<'a> = dyn FnMut(&Network, u8, u8) -> Result<Network> + 'a;

/// A network and the images that every point is scored on.
pub struct Sweep<'a> {
    /// The network; its own widths do not matter.
    pub network: &'a Network,
    /// Images in the network's input format, with true boxes.
    pub samples: &'a [Sample],
    /// What the formats are derived from.
    pub calibration: &'a Calibration,
    /// Called after each image.
    pub done: &'a (dyn Fn() + Sync),
}

impl Sweep<'_> {
    /// Scores every pair of widths, and the float network, that `journal` does not have yet. Points come one after the other, the images of a point in
    /// parallel; the rows do not depend on the number of threads.
    ///
    /// # Errors
    /// When a width is outside 1 to 16, the network has no head, or the journal can not be written.
    pub fn post_training(&self, features: &[u8], weights: &[u8], journal: &mut Journal) -> Result<()> {
        let head = accuracy::head_of(self.network)?;
        if journal.find((Kind::Float, 32, 32, 0)).is_none() {
            let ious = accuracy::float_ious(&self.network.float, head, self.samples, self.done)?;
            journal.add(row((Kind::Float, 32, 32, 0), &ious, (1.0, 1.0)))?;
        }
        for &f in features {
            let missing: Vec<u8> = weights.iter().copied().filter(|&w| journal.find((Kind::PostTraining, f, w, 0)).is_none()).collect();
            if missing.is_empty() {
                continue;
            }
            let with_features = self.calibration.with_features(&self.network.float, f)?;
            for w in missing {
                let graph = self.calibration.quantise(&with_features, w)?;
                journal.add(self.score((Kind::PostTraining, f, w, 0), &graph)?)?;
            }
        }
        Ok(())
    }

    /// Trains and scores `points` (features, weights) that `journal` does not have yet.
    ///
    /// # Errors
    /// When training fails, or as [`Sweep::post_training`].
    pub fn fine_tuned(&self, points: &[(u8, u8)], epochs: u32, tune: &mut FineTune, journal: &mut Journal) -> Result<()> {
        for &(f, w) in points {
            let key = (Kind::FineTuned, f, w, epochs);
            if journal.find(key).is_none() {
                let tuned = tune(self.network, f, w)?;
                journal.add(self.score(key, &tuned.graph)?)?;
            }
        }
        Ok(())
    }

    fn score(&self, key: Key, graph: &Graph) -> Result<Row> {
        let image = narrowing(self.network.graph.input(), graph.input());
        let head = accuracy::head_of(self.network)?;
        let ious = accuracy::ious(graph, head, self.samples, |s| image(&s.image), self.done)?;
        Ok(row(key, &ious, row::compression(graph)))
    }
}

fn row((kind, feature_bits, weight_bits, epochs): Key, ious: &[f64], (feature_compression, weight_compression): (f64, f64)) -> Row {
    let (mean_iou, standard_error) = (rounded(accuracy::mean(ious)), rounded(accuracy::standard_error(ious)));
    Row { kind, feature_bits, weight_bits, epochs, mean_iou, standard_error, feature_compression, weight_compression }
}

/// Brings raw images from one input to another.
fn narrowing(from: &Node, to: &Node) -> impl Fn(&Tensor) -> Cow<Tensor> {
    let same = (from.format, from.zero_point) == (to.format, to.zero_point);
    let low = from.format.min();
    let table: Vec<i32> =
        (low..=from.format.max()).map(|raw| to.format.quantise_around(from.format.value(raw - from.zero_point), to.zero_point)).collect();
    move |image| match same {
        true => Cow::Borrowed(image),
        false => {
            let data = image.data.iter().map(|&raw| table[(raw - low) as usize]).collect();
            Cow::Owned(Tensor { shape: image.shape, data })
        }
    }
}
