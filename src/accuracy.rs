//! Accuracy from executed inference: a quantised network over many images, integer for integer, with neither machine nor time. Its integers are those
//! of `bico simulate` (both are held against [`crate::model::reference`]).

use crate::dataset::iou::Box2D;
use crate::error::{Error, Result};
use crate::model::graph::Graph;
use crate::model::untiled::Untiled;
use crate::model::{FloatNetwork, HeadSpec, head};
use crate::simulate::Sample;
use crate::tensor::Tensor;
use rayon::prelude::*;
use std::borrow::Cow;

/// Intersection over union of each image that has a true box, in order, on as many threads as there are; `image` gives a sample's raw integers in the
/// graph's input format, `done` is called after each.
///
/// # Errors
/// When an image does not fit the network's input, or the head does not decode.
pub fn ious(
    graph: &Graph,
    spec: &HeadSpec,
    samples: &[Sample],
    image: impl Fn(&Sample) -> Cow<Tensor> + Sync,
    done: impl Fn() + Sync,
) -> Result<Vec<f64>> {
    let executor = Untiled::new(graph)?;
    let anchors = spec.sides();
    each(
        samples,
        || executor.maps(),
        |maps, sample, truth| {
            let output = executor.run(&image(sample), maps)?;
            done();
            Ok(truth.iou(head::decode(&output, graph.output(), &anchors)?.area))
        },
    )
}

/// The same in `f32`, before quantisation.
///
/// # Errors
/// As [`ious`].
pub fn float_ious(network: &FloatNetwork, spec: &HeadSpec, samples: &[Sample], done: impl Fn() + Sync) -> Result<Vec<f64>> {
    let anchors = spec.sides();
    each(
        samples,
        || (),
        |(), sample, truth| {
            let output = network.run(&network.image(&sample.image), |_, _| ())?;
            done();
            Ok(truth.iou(head::decode_float(&output.data, output.shape, &anchors)?.area))
        },
    )
}

fn each<M>(
    samples: &[Sample],
    memory: impl Fn() -> M + Sync + Send,
    iou: impl Fn(&mut M, &Sample, Box2D) -> Result<f32> + Sync + Send,
) -> Result<Vec<f64>> {
    let labelled: Vec<(&Sample, Box2D)> = samples.iter().filter_map(|s| Some((s, s.truth?))).collect();
    labelled.par_iter().map_init(memory, |memory, (sample, truth)| iou(memory, sample, *truth).map(f64::from)).collect()
}

/// A network's head, or why there is no accuracy without.
///
/// # Errors
/// When the network has none.
pub fn head_of(network: &crate::model::Network) -> Result<&HeadSpec> {
    network.head.as_ref().ok_or_else(|| {
        Error::input(format!("network `{}` has no detection head, so there is no accuracy to measure", network.name))
            .hint("give network.toml a [head] table")
    })
}

/// Arithmetic mean; 0 for no values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Standard error of the mean, from the sample's own deviation; 0 for fewer than two values.
pub fn standard_error(values: &[f64]) -> f64 {
    let (n, mean) = (values.len() as f64, mean(values));
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    if values.len() < 2 { 0.0 } else { libm::sqrt(squares / (n - 1.0) / n) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_standard_error_by_hand() {
        let values = [0.2, 0.4, 0.6, 0.8];
        assert!((mean(&values) - 0.5).abs() < 1e-12);
        // Variance (0.09 + 0.01 + 0.01 + 0.09) / 3 = 0.0666..., divided by 4 images.
        assert!((standard_error(&values) - (0.2f64 / 3.0 / 4.0).sqrt()).abs() < 1e-12);
        assert_eq!((mean(&[]), standard_error(&[0.7])), (0.0, 0.0));
    }
}
