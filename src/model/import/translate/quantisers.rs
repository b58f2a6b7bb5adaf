//! Quantisers: formats where their step is a power of two.

use super::{Affine, Translator, Value};
use crate::error::{Error, Result};
use crate::fixed::{Format, Rounding};
use crate::model::import::constant::{Constant, Quant, codes, ends, grid};
use crate::model::import::file::Node;
use crate::model::import::{raw_format, spanned};
use crate::model::raw::RawFormat;
use crate::model::raw_values::RawActivation;

impl<'f> Translator<'f> {
    pub(super) fn quantise_linear(&mut self, node: &'f Node) -> Result<Value> {
        let value = self.value(node, 0)?;
        let (scale, zero) = (self.constant(node, 1)?, self.given(node, 2)?);
        let (signed, bits) = codes(node, zero);
        let zero_point = zero.map_or(Some(0.0), Constant::scalar);
        let quantiser =
            Quantiser { step: scale.scalar(), format: grid(scale, signed, bits, false), zero_point, ends: ends(signed, bits, false) };
        let made = self.quantised(node, value, quantiser)?;
        Ok(Value { coded: Some((scale.data.clone(), zero_point.unwrap_or(f64::NAN))), ..made })
    }

    /// Back to what the integers stand for, which is what a value always is here; of integers that no quantiser made (an image) a scale and a shift.
    pub(super) fn dequantise_linear(&mut self, node: &'f Node) -> Result<Value> {
        let value = self.passed(node)?;
        let (scale, zero) = (self.constant(node, 1)?, self.given(node, 2)?);
        let zero_point = zero.map_or(Some(0.0), Constant::scalar).unwrap_or(f64::NAN);
        match &value.coded {
            Some((step, zero)) if *step == scale.data && (*zero == zero_point || zero.is_nan()) => Ok(Value { coded: None, ..value }),
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
        self.quantised(node, value, quantiser)
    }

    /// Gives the layer that makes `value` a format, or follows it with a layer that does.
    fn quantised(&mut self, node: &Node, value: Value, quantiser: Quantiser) -> Result<Value> {
        let zero_point = quantiser.zero_point.unwrap_or(f64::NAN);
        let holds = |f: &Format| (f64::from(f.min())..=f64::from(f.max())).contains(&zero_point) && zero_point == libm::rint(zero_point);
        let Some(format) = quantiser.format.filter(holds) else { return self.off_grid(node, value, &quantiser) };
        if value.layer.is_none() {
            self.remark("image", "The image is quantised in the file: here it is what it is, pixels of 8 bits.".into());
            return self.passed(node);
        }
        let alone = self.alone(node, 0, &value);
        let value = self.plain(value, &node.name)?;
        let layer = value.layer.map(|k| &self.layers[k]);
        let takes = layer.is_some_and(|l| {
            !["max_pool", "concat", "upsample", "space_to_depth"].contains(&l.raw.op.get_ref().as_str()) && l.raw.features.is_none()
        });
        let same = layer.is_some_and(|l| {
            let zero = l.raw.zero_point.as_ref().map_or(0, |z| *z.get_ref());
            zero == zero_point as i64 && l.raw.features.as_ref().is_some_and(|f| is(f.get_ref(), format))
        });
        if same {
            return Ok(Value { shared: !alone, ..value });
        }
        let made = if takes && alone {
            value
        } else {
            let (flat, shape) = (value.flat, value.shape);
            Value { flat, ..self.push(&node.name, "activation", &[&value], alone, shape) }
        };
        let layer = &mut self.layers[made.layer.unwrap_or_default()].raw;
        layer.features = Some(spanned(raw_format(format)));
        layer.zero_point = (zero_point != 0.0).then(|| spanned(zero_point as i64));
        layer.rounding = Some(spanned(Rounding::RndConv));
        Ok(made)
    }

    /// Of a quantiser whose format the machine does not have, what it cuts off: exporters leave the ReLU to it.
    fn off_grid(&mut self, node: &Node, value: Value, quantiser: &Quantiser) -> Result<Value> {
        let text = "The file has quantisers whose step is no power of two, or differs from channel to channel: formats are chosen anew where they stand.";
        self.remark("steps", text.into());
        let (Some(step), Some(zero), (low, high)) = (quantiser.step, quantiser.zero_point, quantiser.ends) else {
            return self.passed(node);
        };
        if low != zero || value.layer.is_none() {
            return self.passed(node);
        }
        let (alone, end) = (self.alone(node, 0, &value), (high - zero) * step);
        let value = self.plain(value, &node.name)?;
        if self.bounded(&value, alone, end) {
            return Ok(value);
        }
        let (flat, shape) = (value.flat, value.shape);
        let made = Value { flat, ..self.push(&node.name, "activation", &[&value], alone, shape) };
        self.last().raw.activation = Some(spanned(RawActivation::Clip(end)));
        Ok(made)
    }

    /// Lets the activation of the layer that makes `value` end at a bound, 0 below, if it can.
    fn bounded(&mut self, value: &Value, alone: bool, end: f64) -> bool {
        let Some(k) = value.layer.filter(|_| alone) else { return false };
        let layer = &mut self.layers[k];
        let before = match layer.raw.activation.as_ref().map(|a| *a.get_ref()) {
            None | Some(RawActivation::None) => return self.activate(value, alone, RawActivation::Clip(end)),
            Some(RawActivation::Relu) => f64::INFINITY,
            Some(RawActivation::Relu4) => 4.0,
            Some(RawActivation::Relu6) => 6.0,
            Some(RawActivation::Relu8) => 8.0,
            Some(RawActivation::Clip(end)) => end,
            Some(RawActivation::Leaky(_)) => return false,
        };
        if layer.raw.features.is_some() {
            return false;
        }
        if end < before {
            layer.raw.activation = Some(spanned(RawActivation::Clip(end)));
        }
        true
    }
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

/// Whether a written format is this one.
fn is(raw: &RawFormat, f: Format) -> bool {
    let frac = raw.frac.as_ref().map(|frac| *frac.get_ref());
    (*raw.bits.get_ref(), frac, raw.signed, raw.narrow) == (i64::from(f.bits), Some(i64::from(f.frac)), f.signed, f.narrow)
}
