//! Calibration: ranges of feature maps seen in float runs become fraction bits.

use super::float::{Activation, FloatNetwork};
use crate::error::{Error, Result};
use crate::ops::Map;

/// Which range of a layer's values is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// All of it.
    Max,
    /// In each image, this share of the values by magnitude (0.999 lets one in a thousand saturate); then the largest over images.
    Percentile(f64),
}

/// The range of one layer's values; always holds 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    /// Lower end, at most 0.
    pub low: f64,
    /// Upper end, at least 0.
    pub high: f64,
}

/// The range of each layer's output over some images.
///
/// # Errors
/// When an image has other extents than the network's input, or the percentile is outside 0 to 1.
pub fn ranges(network: &FloatNetwork, images: &[Map<f32>], method: Method) -> Result<Vec<Range>> {
    if let Method::Percentile(p) = method
        && !(0.0..=1.0).contains(&p)
    {
        return Err(Error::input("percentile is out of range").value(p).allowed("0 to 1"));
    }
    let mut ranges = vec![Range::default(); network.layers.len()];
    for image in images {
        network.run(image, |id, map| {
            let limit = match method {
                Method::Max => f64::INFINITY,
                Method::Percentile(p) => magnitude_at(&map.data, p),
            };
            let (low, high) = map.data.iter().fold((0f32, 0f32), |(l, h), &v| (l.min(v), h.max(v)));
            ranges[id].low = ranges[id].low.min(f64::from(low).max(-limit));
            ranges[id].high = ranges[id].high.max(f64::from(high).min(limit));
        })?;
    }
    Ok(ranges)
}

fn magnitude_at(values: &[f32], share: f64) -> f64 {
    let mut magnitudes: Vec<f32> = values.iter().map(|v| v.abs()).collect();
    let last = magnitudes.len().saturating_sub(1);
    let (_, value, _) = magnitudes.select_nth_unstable_by((last as f64 * share).round() as usize, f32::total_cmp);
    f64::from(*value)
}

/// Sets fraction bits from ranges: where they are open, or with `overwrite` everywhere but at the input.
pub fn apply(network: &mut FloatNetwork, ranges: &[Range], overwrite: bool) {
    for (layer, range) in network.layers.iter_mut().zip(ranges).skip(1) {
        if let Some(spec) = layer.numbers.features.as_mut().filter(|f| overwrite || f.frac.is_none()) {
            spec.frac = Some(spec.covering_around(range.low, range.high, layer.numbers.zero_point));
        }
    }
}

/// Settles what needs no image: a clipped activation's range is its clip. Says whether any fraction bits are still open.
pub fn settle_clipped(network: &mut FloatNetwork) -> bool {
    let mut open = false;
    for layer in &mut network.layers {
        let Some(spec) = layer.numbers.features.as_mut().filter(|f| f.frac.is_none()) else { continue };
        match layer.activation {
            Activation::Clip(end) => spec.frac = Some(spec.covering_around(0.0, end, layer.numbers.zero_point)),
            _ => open = true,
        }
    }
    open
}
