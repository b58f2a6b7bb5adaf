//! `network.toml` with every format written out, as it is put beside a run's results.

use super::float::FloatNetwork;
use super::graph::{Graph, Op};
use super::raw::{RawFormat, RawNetwork, RawQuantise, ScaleKind};
use crate::config::Spanned;
use crate::error::{Error, Kind, Result};
use crate::fixed::Format;
use crate::ops;

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

fn format(f: Format, frac: bool) -> Spanned<RawFormat> {
    let frac = frac.then(|| spanned(i64::from(f.frac)));
    spanned(RawFormat { bits: spanned(i64::from(f.bits)), frac, signed: f.signed, narrow: f.narrow })
}

/// The file that, with the same weights, loads to `graph` whatever the defaults.
///
/// # Errors
/// When it cannot be written as TOML (a bug).
pub(super) fn to_toml(raw: &RawNetwork, float: &FloatNetwork, graph: &Graph) -> Result<String> {
    let mut resolved = raw.clone();
    resolved.quantise = RawQuantise { random_weights_seed: raw.quantise.random_weights_seed.clone(), ..RawQuantise::default() };
    resolved.input.format = format(graph.input().format, true);
    resolved.input.zero_point = Some(spanned(i64::from(graph.input().zero_point)));
    for (layer, float) in resolved.layer.iter_mut().zip(&float.layers[1..]) {
        let Some(node) = graph.nodes.iter().find(|n| n.name == float.name) else { continue };
        (layer.feature_frac, layer.weight_frac) = (None, None);
        if node.op == Op::Concat || ops::of(&node.op).is_some_and(|e| !e.moves) {
            layer.features = Some(format(node.format, true));
            layer.zero_point = Some(spanned(i64::from(node.zero_point)));
            layer.rounding = Some(spanned(float.numbers.rounding));
            layer.overflow = Some(spanned(float.numbers.overflow));
        }
        if let Some(weights) = &node.weights {
            // With a multiplier the scale is the weights' own, not a number of fraction bits.
            layer.weights = Some(format(weights.format, float.numbers.scale == ScaleKind::Shift));
            layer.scale = Some(spanned(float.numbers.scale));
        }
    }
    toml::to_string(&resolved).map_err(|e| Error::new(Kind::Fault, format!("cannot write the resolved network: {e}")))
}
