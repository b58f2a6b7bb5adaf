//! Formats for a pair of widths: what a float network's layers hold on a few images decides where the fraction bits go.

use crate::dataset::Box2D;
use crate::error::Result;
use crate::model::graph::Graph;
use crate::model::head::Fractions;
use crate::model::quantise::quantise;
use crate::model::{FloatNetwork, Network, format_spec::FormatSpec};
use crate::ops::Map;
use crate::simulate::Sample;
use rayon::prelude::*;

/// Values kept of a layer and image.
const VALUES: usize = 4096;
/// Share of a layer's values that [`Method::Percentile`] lets through unsaturated.
const PERCENTILE: f64 = 0.999;
/// Most fraction bits that keep every requantise shift in range.
const MOST_FRAC: i8 = 20;

/// How the fraction bits of each layer are chosen at each width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Method {
    /// Features and weights: the least squared error over the values of the calibration images, and over the weights; the last layer of a detector by the
    /// boxes that are decoded from it.
    SquaredError,
    /// Features: all but one value in a thousand stay in range; weights and the last layer as with squared-error.
    Percentile,
    /// Integer bits of the network file: what `--features` and `--weights` of other commands do.
    File,
}

impl Method {
    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Method::SquaredError => "squared-error",
            Method::Percentile => "percentile",
            Method::File => "file",
        }
    }
}

/// What each layer of a float network holds on the calibration images, thinned out.
pub struct Calibration {
    method: Method,
    /// By layer.
    values: Vec<Vec<f32>>,
    /// Of a detector.
    head: Option<Head>,
}

/// What boxes are decoded from.
struct Head {
    anchors: Vec<[f32; 2]>,
    /// Float output of each image with a true box.
    labelled: Vec<(Map<f32>, Box2D)>,
}

impl Calibration {
    /// Runs the float network on `samples`. [`Method::File`] needs none.
    ///
    /// # Errors
    /// When an image has other extents than the network's input.
    pub fn new(network: &Network, samples: &[Sample], method: Method) -> Result<Calibration> {
        let float = &network.float;
        let of_image = |sample: &Sample| -> Result<(Vec<Vec<f32>>, Map<f32>)> {
            let mut seen = vec![Vec::new(); float.layers.len()];
            let output = float.run(&float.image(&sample.image), |id, map| seen[id] = thinned(map))?;
            Ok((seen, output))
        };
        let (seen, outputs): (Vec<_>, Vec<_>) = samples.par_iter().map(of_image).collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let values = (0..float.layers.len()).map(|id| seen.iter().flat_map(|image| image[id].iter().copied()).collect()).collect();
        let labelled = outputs.into_iter().zip(samples).filter_map(|(output, sample)| Some((output, sample.truth?))).collect();
        Ok(Calibration { method, values, head: network.head.as_ref().map(|spec| Head { anchors: spec.sides(), labelled }) })
    }

    /// The network with features of `bits` bits. The image is never widened, but narrowed with the rest: on the accelerator it lies in the same
    /// buffers. Layers with a zero point keep the range that the file gives them.
    ///
    /// # Errors
    /// When the width is outside 1 to 16.
    pub fn with_features(&self, float: &FloatNetwork, bits: u8) -> Result<FloatNetwork> {
        let mut network = float.clone();
        network.override_bits(Some(bits), None)?;
        if self.method == Method::File {
            return Ok(network);
        }
        for (layer, values) in network.layers.iter_mut().zip(&self.values).skip(1) {
            let Some(spec) = layer.numbers.features.as_mut().filter(|_| layer.numbers.zero_point == 0 && !values.is_empty()) else {
                continue;
            };
            spec.frac = Some(match self.method {
                Method::Percentile => within_percentile(*spec, values),
                _ => spec.fitting(values, MOST_FRAC),
            });
        }
        self.settle_head(&mut network)?;
        Ok(network)
    }

    /// The last layer of a detector, by the boxes that its rounded values give.
    fn settle_head(&self, network: &mut FloatNetwork) -> Result<()> {
        let last = network.layers.last_mut().filter(|l| l.numbers.zero_point == 0);
        let (Some(Head { anchors, labelled }), Some(spec)) = (&self.head, last.and_then(|l| l.numbers.features.as_mut())) else {
            return Ok(());
        };
        let mut fractions = Fractions::new(*spec);
        for (output, truth) in labelled {
            fractions.add(&output.data, output.shape, anchors, *truth)?;
        }
        spec.frac = fractions.best().or(spec.frac);
        Ok(())
    }

    /// What [`Calibration::with_features`] gave, quantised with weights of `bits` bits (two bits: -1, 0, +1 times a power of two; one bit: -1, +1).
    ///
    /// # Errors
    /// When the width is outside 1 to 16, or a bias or scale leaves its range.
    pub fn quantise(&self, with_features: &FloatNetwork, bits: u8) -> Result<Graph> {
        let mut network = with_features.clone();
        network.override_bits(None, Some(bits))?;
        if self.method != Method::File {
            network.layers.iter_mut().for_each(|l| l.numbers.weights.frac = None);
        }
        quantise(&network)
    }
}

/// At most [`VALUES`] of a map, evenly; the step is odd so that it does not walk along one column.
fn thinned(map: &Map<f32>) -> Vec<f32> {
    map.data.iter().step_by((map.data.len() / VALUES) | 1).copied().collect()
}

fn within_percentile(spec: FormatSpec, values: &[f32]) -> i8 {
    let mut magnitudes: Vec<f32> = values.iter().map(|v| v.abs()).collect();
    magnitudes.sort_unstable_by(f32::total_cmp);
    let limit = magnitudes[((magnitudes.len() - 1) as f64 * PERCENTILE) as usize];
    let (low, high) = values.iter().fold((0f32, 0f32), |(l, h), &v| (l.min(v), h.max(v)));
    spec.covering(f64::from(low.max(-limit)), f64::from(high.min(limit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlier_is_saturated_when_the_rest_gains_by_it() {
        let spec = FormatSpec { bits: 4, frac: None, signed: true, narrow: false };
        let mut values: Vec<f32> = (0..4000).map(|i| (i % 100) as f32 / 100.0).collect();
        values.push(3.9);
        assert_eq!(spec.covering(0.0, 3.9), 0, "the range of all values");
        assert_eq!(spec.fitting(&values, MOST_FRAC), 2);
        assert_eq!(within_percentile(spec, &values), 2, "0.99 rounds to 4 quarters, which fit; 8 eighths do not");
    }
}
