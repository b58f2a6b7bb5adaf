//! Quantisers: formats where their step is a power of two.

use super::{Translator, Value};
use crate::error::Result;
use crate::fixed::{Format, Rounding};
use crate::model::import::constant::{Constant, Quant, grid};
use crate::model::import::file::Node;
use crate::model::import::{raw_format, spanned};
use crate::model::raw::RawFormat;

impl<'f> Translator<'f> {
    pub(super) fn quantise_linear(&mut self, node: &'f Node) -> Result<Value> {
        let value = self.value(node, 0)?;
        let (scale, zero) = (self.constant(node, 1)?, self.given(node, 2)?);
        let (signed, bits) = zero.and_then(|z| z.integer).unwrap_or((false, 8));
        let zero_point = zero.and_then(Constant::scalar).unwrap_or(0.0);
        self.quantised(node, value, grid(scale, signed, bits, false), zero_point)
    }

    pub(super) fn quant(&mut self, node: &'f Node) -> Result<Value> {
        let value = self.value(node, 0)?;
        let inputs: Vec<Option<&Constant>> =
            (1..node.inputs.len()).map(|k| node.input(k).and_then(|n| self.file.constants.get(n))).collect();
        let quant = Quant::new(node, &inputs)?;
        let zero_point = quant.zero.scalar().unwrap_or(f64::NAN);
        self.quantised(node, value, quant.format(), zero_point)
    }

    /// Gives the layer that makes `value` a format, or follows it with a layer that does.
    pub(super) fn quantised(&mut self, node: &Node, value: Value, format: Option<Format>, zero_point: f64) -> Result<Value> {
        let holds = |f: &Format| (f64::from(f.min())..=f64::from(f.max())).contains(&zero_point) && zero_point == libm::rint(zero_point);
        let Some(format) = format.filter(holds) else {
            let text = "The file has quantisers whose step is no power of two, or differs from channel to channel: formats are chosen anew where they stand.";
            self.remark("steps", text.into());
            return self.passed(node);
        };
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
        let same = layer.is_some_and(|l| l.raw.features.as_ref().is_some_and(|f| is(f.get_ref(), format)));
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
}

/// Whether a written format is this one.
fn is(raw: &RawFormat, f: Format) -> bool {
    let frac = raw.frac.as_ref().map(|frac| *frac.get_ref());
    (*raw.bits.get_ref(), frac, raw.signed, raw.narrow) == (i64::from(f.bits), Some(i64::from(f.frac)), f.signed, f.narrow)
}
