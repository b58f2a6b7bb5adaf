//! Quantisers: formats where their step is a power of two.

use super::activations::up_to;
use super::{Affine, Translator, Value, moves};
use crate::error::{Error, Result};
use crate::fixed::{Format, Rounding};
use crate::model::import::constant::{Constant, Quant, codes, ends, grid};
use crate::model::import::file::Node;
use crate::model::import::{raw_format, spanned};
use crate::model::raw::{RawFormat, RawLayer};
use crate::model::raw_values::RawActivation;

impl<'f> Translator<'f> {
    pub(super) fn quantise_linear(&mut self, node: &'f Node) -> Result<Value> {
        let value = self.value(node, 0)?;
        let (scale, zero) = (self.constant(node, 1)?, self.given(node, 2)?);
        let (signed, bits) = codes(node, zero);
        let zero_point = zero.map_or(Some(0.0), Constant::scalar);
        let quantiser =
            Quantiser { step: scale.scalar(), format: grid(scale, signed, bits, false), zero_point, ends: ends(signed, bits, false) };
        let made = self.quantised(node, value, &quantiser)?;
        Ok(Value { coded: Some((scale.data.clone(), zeros(zero))), ..made })
    }

    /// Back to what the integers stand for, which is what a value always is here; of integers that no quantiser made (an image) a scale and a shift.
    pub(super) fn dequantise_linear(&mut self, node: &'f Node) -> Result<Value> {
        let value = self.passed(node)?;
        let (scale, zero) = (self.constant(node, 1)?, self.given(node, 2)?);
        let zero_point = zero.map_or(Some(0.0), Constant::scalar).unwrap_or(f64::NAN);
        match &value.coded {
            Some(codes) if *codes == (scale.data.clone(), zeros(zero)) => Ok(Value { coded: None, ..value }),
            Some(_) => Err(Error::unsupported("a DequantizeLinear of another scale or zero point than the quantiser before it")),
            None => {
                let step = scale.scalar().filter(|_| zero_point.is_finite());
                let step = step.ok_or_else(|| Error::unsupported("scales of integers that no quantiser made").allowed("one for all"))?;
                let (shared, channels) = (value.shared, value.shape.c);
                self.affine(value, !shared, Affine { scale: vec![step; channels], shift: vec![-step * zero_point; channels] })
            }
        }
    }

    pub(super) fn quant(&mut self, node: &'f Node) -> Result<Value> {
        let value = self.value(node, 0)?;
        let inputs: Vec<Option<&Constant>> =
            (1..node.inputs.len()).map(|k| node.input(k).and_then(|n| self.file.constants.get(n))).collect();
        let quant = Quant::new(node, &inputs)?;
        let quantiser =
            Quantiser { step: quant.scale.scalar(), format: quant.format(), zero_point: quant.zero.scalar(), ends: quant.ends() };
        self.quantised(node, value, &quantiser)
    }

    /// Gives the layer that makes `value` a format, or follows it with a layer that does.
    fn quantised(&mut self, node: &Node, value: Value, quantiser: &Quantiser) -> Result<Value> {
        let Some(made_by) = value.layer else {
            self.remark("image", "The image is quantised in the file: here it is what it is, pixels of 8 bits.".into());
            return self.passed(node);
        };
        let zero_point = quantiser.zero_point.unwrap_or(f64::NAN);
        let holds = |f: &Format| (f64::from(f.min())..=f64::from(f.max())).contains(&zero_point) && zero_point == libm::rint(zero_point);
        let Some(format) = quantiser.format.filter(holds) else { return self.off_grid(node, value, quantiser) };
        let has = |raw: &RawLayer| {
            let zero = raw.zero_point.as_ref().map_or(0, |z| *z.get_ref());
            zero == zero_point as i64 && raw.features.as_ref().is_some_and(|f| is(f.get_ref(), format))
        };
        if value.affine.is_none() && self.sources(made_by).iter().all(|&k| has(&self.layers[k].raw)) {
            return self.passed(node);
        }
        let alone = self.alone(node, 0, &value);
        let mut value = self.plain(value, &node.name)?;
        let takes = value.layer.is_some_and(|k| {
            let raw = &self.layers[k].raw;
            match raw.op.get_ref().as_str() {
                "concat" => raw.features.as_ref().is_none_or(|f| f.get_ref().frac.is_none()),
                op => !moves(op) && raw.features.is_none(),
            }
        });
        // What it cuts off below 0 is a ReLU to what runs in float.
        let bound = quantiser.bound();
        let bounded = bound.is_none_or(|bound| takes && self.bounded(&value, alone, bound));
        if !(takes && alone && bounded) {
            value = self.follow(node, &value, alone);
            self.last().raw.activation = bound.map(|bound| spanned(up_to(bound)));
        }
        let layer = &mut self.layers[value.layer.expect("of a layer")].raw;
        layer.features = Some(spanned(raw_format(format)));
        layer.zero_point = (zero_point != 0.0).then(|| spanned(zero_point as i64));
        layer.rounding = Some(spanned(Rounding::RndConv));
        Ok(value)
    }

    /// Of a quantiser whose format the machine does not have, what it cuts off below 0: exporters leave the ReLU to it.
    fn off_grid(&mut self, node: &Node, value: Value, quantiser: &Quantiser) -> Result<Value> {
        let text = "The file has quantisers that the machine has no format for (their step is no power of two, or differs from channel to channel, or their width or zero \
                    point is out of range): formats are chosen anew where they stand.";
        self.remark("steps", text.into());
        let Some(bound) = quantiser.bound() else {
            if let (Some(step), Some(zero), (low, high)) = (quantiser.step, quantiser.zero_point, quantiser.ends) {
                let (low, high) = ((low - zero) * step, (high - zero) * step);
                let text = format!(
                    "Quantisers that end on both sides of 0 no longer cut off there (`{}` at {low:.3} and {high:.3}, and others).",
                    node.name
                );
                self.remark("ends", text);
            }
            return self.passed(node);
        };
        let alone = self.alone(node, 0, &value);
        let value = self.plain(value, &node.name)?;
        if self.bounded(&value, alone, bound) {
            return Ok(Value { shared: !alone, ..value });
        }
        let made = self.follow(node, &value, alone);
        self.last().raw.activation = Some(spanned(up_to(bound)));
        Ok(made)
    }

    /// The layers whose values a layer moves about; itself where it computes.
    pub(super) fn sources(&self, layer: usize) -> Vec<usize> {
        if !moves(self.layers[layer].raw.op.get_ref()) || self.layers[layer].raw.features.is_some() {
            return vec![layer];
        }
        // Of the image nothing is known.
        let from = self.layers[layer].from.iter();
        from.flat_map(|f| f.map_or_else(|| vec![layer], |k| self.sources(k))).collect()
    }

    /// Sees to it that `value` lies between 0 and a bound, without a layer more: because it does, or by the activation of the layer that makes it.
    fn bounded(&mut self, value: &Value, alone: bool, bound: f64) -> bool {
        let Some(made_by) = value.layer else { return false };
        let end = |raw: &RawLayer| end_of(raw.activation.as_ref().map(|a| *a.get_ref()));
        if self.sources(made_by).iter().all(|&k| end(&self.layers[k].raw).is_some_and(|end| end <= bound)) {
            return true;
        }
        let raw = &mut self.layers[made_by].raw;
        match raw.activation.as_ref().map(|a| *a.get_ref()) {
            None | Some(RawActivation::None) => self.activate(value, alone, up_to(bound)),
            Some(activation) if alone && raw.features.is_none() && end_of(Some(activation)).is_some() => {
                raw.activation = Some(spanned(up_to(bound)));
                true
            }
            Some(_) => false,
        }
    }
}

/// Where an activation ends whose values are never negative; none of one whose values are.
fn end_of(activation: Option<RawActivation>) -> Option<f64> {
    match activation? {
        RawActivation::None | RawActivation::Leaky(_) => None,
        RawActivation::Relu => Some(f64::INFINITY),
        RawActivation::Relu4 => Some(4.0),
        RawActivation::Relu6 => Some(6.0),
        RawActivation::Relu8 => Some(8.0),
        RawActivation::Clip(end) => Some(end),
    }
}

/// Zero points as they are compared; none are 0.
fn zeros(zero: Option<&Constant>) -> Vec<f64> {
    zero.map_or_else(|| vec![0.0], |z| if let Some(one) = z.scalar() { vec![one] } else { z.data.clone() })
}

/// What a quantiser does.
struct Quantiser {
    /// One for all.
    step: Option<f64>,
    /// Where that is a power of two.
    format: Option<Format>,
    /// One for all.
    zero_point: Option<f64>,
    /// Its smallest and largest integer.
    ends: (f64, f64),
}

impl Quantiser {
    /// Where it ends if it ends at 0 below; without end where the step is not one for all.
    fn bound(&self) -> Option<f64> {
        let (low, high) = self.ends;
        let zero = self.zero_point.filter(|zero| *zero == low)?;
        Some(self.step.map_or(f64::INFINITY, |step| (high - zero) * step))
    }
}

/// Whether a written format is this one.
fn is(raw: &RawFormat, f: Format) -> bool {
    let frac = raw.frac.as_ref().map(|frac| *frac.get_ref());
    (*raw.bits.get_ref(), frac, raw.signed, raw.narrow) == (i64::from(f.bits), Some(i64::from(f.frac)), f.signed, f.narrow)
}
