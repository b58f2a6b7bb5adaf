//! IoU of a network in float, and executed in integers.

use super::data::Images;
use super::net::{Mode, Net};
use crate::dataset::preprocess::to_format;
use crate::error::{Error, Result};
use crate::model::untiled::Untiled;
use crate::model::{Network, head};
use crate::tensor::Tensor;
use rayon::prelude::*;

/// IoU of each image, in order. Uses running statistics and, if set, the network's fixed-point grids.
///
/// # Errors
/// When the network's last layer is no detection head.
pub fn ious(net: &mut Net, images: &Images) -> Result<Vec<f32>> {
    let (shape, batch) = (net.output_shape(), net.batch().max(1));
    let mut out = Vec::with_capacity(images.len());
    for start in (0..images.len()).step_by(batch) {
        let count = batch.min(images.len() - start);
        net.forward(count, Mode::Evaluate, |i, input| images.fill(start + i, input));
        for i in 0..count {
            let found = head::decode_float(net.output(i), shape, &net.spec.anchors)?;
            out.push(found.area.iou(images.targets[start + i]));
        }
    }
    Ok(out)
}

/// Arithmetic mean; 0 for no values.
pub fn mean(values: &[f32]) -> f32 {
    if values.is_empty() { 0.0 } else { (values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64) as f32 }
}

/// IoU of each image with the network executed in integers: what the accelerator computes, bit for bit.
///
/// # Errors
/// When the network has no detection head, or takes images of another size.
pub fn executed(network: &Network, images: &Images) -> Result<Vec<f32>> {
    let head = network.head.as_ref().ok_or_else(|| Error::input("the network has no detection head").value(&network.name))?;
    let anchors = head.sides();
    let executor = Untiled::new(&network.graph)?;
    (0..images.len())
        .into_par_iter()
        .map_init(
            || executor.maps(),
            |maps, i| {
                let raw = Tensor { shape: images.shape, data: images.pixels[i].iter().map(|&p| i32::from(p)).collect() };
                let output = executor.run(&to_format(raw, network.float.pixels()), maps)?;
                Ok(head::decode(&output, network.graph.output(), &anchors)?.area.iou(images.targets[i]))
            },
        )
        .collect()
}
