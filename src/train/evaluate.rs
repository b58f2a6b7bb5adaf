//! Mean IoU of a network in float.

use super::data::Images;
use super::net::{Mode, Net};
use crate::error::Result;
use crate::model::head;

/// IoU of each image, in order. Uses running statistics and, if set, the network's fixed-point grids.
///
/// # Errors
/// When the network's last layer is no detection head.
pub fn ious(net: &mut Net, images: &Images, batch: usize) -> Result<Vec<f32>> {
    let shape = net.output_shape();
    let mut out = Vec::with_capacity(images.len());
    for start in (0..images.len()).step_by(batch.max(1)) {
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
