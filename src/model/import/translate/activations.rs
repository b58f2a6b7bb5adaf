//! Activations: part of the layer before them where it is theirs alone.

use super::{Translator, Value, moves};
use crate::error::{Error, Result};
use crate::model::import::file::Node;
use crate::model::import::spanned;
use crate::model::raw_values::RawActivation;

impl<'f> Translator<'f> {
    pub(super) fn activation(&mut self, node: &Node, activation: RawActivation) -> Result<Value> {
        let value = self.value(node, 0)?;
        let (alone, layers) = (self.alone(node, 0, &value), self.layers.len());
        if self.activate(&value, alone, activation) {
            return Ok(value);
        }
        let value = self.plain(value, &node.name)?;
        // What scales it has become a layer, which takes the activation.
        if self.layers.len() > layers && self.activate(&value, true, activation) {
            return Ok(value);
        }
        let made = self.follow(node, &value, alone);
        self.last().raw.activation = Some(spanned(activation));
        Ok(made)
    }

    /// A layer of its own for an activation or a format.
    pub(super) fn follow(&mut self, node: &Node, value: &Value, alone: bool) -> Value {
        Value { flat: value.flat, ..self.push(&node.name, "activation", &[value], alone, value.shape) }
    }

    /// Gives the layer that makes `value` the activation, if it takes one; a max pool hands it on, for no activation changes an order.
    pub(super) fn activate(&mut self, value: &Value, alone: bool, activation: RawActivation) -> bool {
        let (Some(k), true, None, [0, 0, 0, 0]) = (value.layer, alone, &value.affine, value.pad) else { return false };
        let layer = &mut self.layers[k];
        match layer.raw.op.get_ref().as_str() {
            "max_pool" => {
                let (from, alone) = (layer.from[0], layer.alone);
                self.activate(&Value { layer: from, ..value.clone() }, alone && from.is_some(), activation)
            }
            op if moves(op) => false,
            _ if layer.raw.activation.is_some() || layer.raw.features.is_some() => false,
            _ => {
                layer.raw.activation = Some(spanned(activation));
                true
            }
        }
    }

    pub(super) fn clip(&mut self, node: &'f Node) -> Result<Value> {
        let bound = |k: usize, key: &str, open: f64| -> Result<f64> {
            match self.given(node, k)? {
                Some(c) => c
                    .scalar()
                    .ok_or_else(|| Error::unsupported("bounds of a clip").value(format!("extents {:?}", c.dims)).allowed("one number")),
                None => Ok(node.attribute(key).map_or(open, |a| f64::from(a.f))),
            }
        };
        let (low, high) = (bound(1, "min", f64::NEG_INFINITY)?, bound(2, "max", f64::INFINITY)?);
        // What is not negative already needs no lower bound.
        let value = self.value(node, 0)?;
        let low = if low < 0.0 && value.affine.is_none() && self.not_negative(&value) { 0.0 } else { low };
        if low != 0.0 || high.is_nan() || high <= 0.0 {
            return Err(Error::unsupported("bounds of a clip").value(format!("{low} to {high}")).allowed("0 to a positive number"));
        }
        self.activation(node, up_to(high))
    }

    pub(super) fn leaky(&mut self, node: &Node, slope: f64) -> Result<Value> {
        if slope == 0.0 {
            return self.activation(node, RawActivation::Relu);
        }
        let log2 = -libm::rint(libm::log2(slope));
        if !(slope > 0.0 && (0.0..=15.0).contains(&log2)) {
            return Err(Error::unsupported("slope of a leaky ReLU").value(slope).allowed("2^-15 to 1"));
        }
        let on_machine = libm::exp2(-log2);
        if on_machine != slope {
            let text = format!(
                "Leaky ReLU has slopes of powers of two here: {slope} becomes {on_machine}. Train with {on_machine}, or accept other values."
            );
            self.remark(&format!("slope {slope}"), text);
        }
        self.activation(node, RawActivation::Leaky(log2 as i64))
    }
}

/// Largest bound that a layer is given: larger ones are written where a bound is left out.
const MOST_BOUND: f64 = 1e6;

/// A ReLU that ends at `high`.
pub(super) fn up_to(high: f64) -> RawActivation {
    let named = [(4.0, RawActivation::Relu4), (6.0, RawActivation::Relu6), (8.0, RawActivation::Relu8)];
    match named.iter().find(|(end, _)| *end == high) {
        _ if high > MOST_BOUND => RawActivation::Relu,
        Some((_, named)) => *named,
        None => RawActivation::Clip(high),
    }
}
