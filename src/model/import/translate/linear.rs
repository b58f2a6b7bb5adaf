//! Layers of weights, and the scales and shifts that become part of them.

use super::geometry::{add, slid, sliding, window, with_pad};
use super::{Affine, Translator, Value, Weights};
use crate::error::{Error, Result};
use crate::model::checked::MAX_WEIGHTS;
use crate::model::graph::Padding;
use crate::model::import::constant::Constant;
use crate::model::import::file::Node;
use crate::tensor::Shape;

/// Most by which what lies beyond the border of an image may be off in any channel, as a share of the pixels' range, before a layer scales the image.
const MOST_BORDER: f64 = 0.05;

impl<'f> Translator<'f> {
    pub(super) fn conv(&mut self, node: &'f Node) -> Result<Value> {
        let (mut value, kernel) = (self.map(node, 0)?, self.constant(node, 1)?);
        value.refuse_channels_last()?;
        let &[out, per_group, kh, kw] = kernel.dims.as_slice() else {
            return Err(Error::unsupported("extents of the weights")
                .value(format!("{:?}", kernel.dims))
                .allowed("a convolution over rows and columns"));
        };
        let groups = node.int("group", 1).max(1) as usize;
        if per_group.checked_mul(groups) != Some(value.shape.c) || !out.is_multiple_of(groups) {
            return Err(Error::input("channels of the weights")
                .value(format!("{:?} in {groups} groups", kernel.dims))
                .allowed(format!("{} input channels", value.shape.c)));
        }
        let bias = self.given(node, 2)?.map_or(vec![0.0; out], |b| b.data.clone());
        if bias.len() != out {
            return Err(Error::input("number of biases").value(bias.len()).allowed(out));
        }
        let mut window = window(node, (kh, kw), with_pad(value.shape, value.pad))?;
        add(&mut window.padding, value.pad);
        value.pad = [0; 4];
        let padded = window.padding != Padding::default();
        let mut weights = Weights { dims: [out, per_group, kh, kw], data: kernel.data.clone(), bias, grid: kernel.grid };
        if kernel.off_grid {
            self.remark("weights", "The file has weights on grids that the machine has no format for: they are quantised anew.".into());
        }
        // Zeros around a map stand for what is 0 behind the shift; around an image for a pixel, which may do.
        let shift = value.affine.as_ref().map_or(0.0, |a| self.seen(&value, a).shift_share());
        let most = if value.layer.is_some() { 1e-9 } else { MOST_BORDER };
        if padded && shift > most {
            value = self.settled(value, &node.name)?;
        } else if padded && shift > 0.6 / 256.0 {
            let text = format!(
                "What lies beyond the border of the image is one pixel for all channels, not each channel's mean: up to {:.0} of 255 off.",
                shift * 256.0
            );
            self.remark("border", text);
        }
        let of_image = value.layer.is_none();
        if let Some(affine) = self.affine_of(&mut value) {
            let had = weights.grid.is_some();
            fold_forward(&mut weights, &affine, groups);
            if had && weights.grid.is_none() && of_image {
                let text = "The first layer's weights leave their grid: a pixel is pixel / 256 here. Import with --range 0,0.99609375 what was trained on that.";
                self.remark("pixels", text.into());
            }
        }
        let shape = slid(&window, value.shape, out)?;
        let depthwise = groups > 1 && groups == value.shape.c;
        if groups > 1 && !depthwise {
            let text =
                format!("Grouped convolutions have no unit of their own: `{}` and others run whole, with zeros for weights.", node.name);
            self.remark("groups", text);
            weights = whole(weights, groups)?;
        }
        let op = match window.kernel {
            _ if depthwise => "depthwise",
            (1, 1) if window.padding == Padding::default() => "pointwise",
            _ => "conv",
        };
        let made = self.push(&node.name, op, &[&value], false, shape);
        let layer = &mut self.last().raw;
        sliding(layer, &window);
        if op == "pointwise" {
            layer.kernel = None;
        }
        self.weighted(out, weights);
        if op == "depthwise" && out == value.shape.c {
            self.last().raw.channels = None;
        }
        Ok(made)
    }

    pub(super) fn dense(&mut self, node: &'f Node) -> Result<Value> {
        let value = self.value(node, 0)?;
        let shape = value.shape;
        if !value.flat {
            return Err(Error::unsupported("a matrix product of maps").hint("flatten the map before it"));
        }
        let matrix = self.constant(node, 1)?;
        let &[a, b] = matrix.dims.as_slice() else {
            return Err(Error::unsupported("extents of the matrix").value(format!("{:?}", matrix.dims)).allowed("two"));
        };
        let transposed = node.int("transB", 0) != 0;
        let (inputs, out) = if transposed { (b, a) } else { (a, b) };
        if inputs != shape.len() || node.int("transA", 0) != 0 {
            return Err(Error::input("rows of the matrix").value(inputs).allowed(format!("{} as the map {shape} has", shape.len())));
        }
        let alpha = node.float("alpha", 1.0);
        let at = |o: usize, i: usize| if transposed { matrix.data[o * inputs + i] } else { matrix.data[i * out + o] };
        let data = (0..out * inputs).map(|k| alpha * at(k / inputs, k % inputs)).collect();
        let beta = node.float("beta", 1.0);
        let bias = match self.given(node, 2)? {
            None => vec![0.0; out],
            Some(c) => c.along(&[out], 0).ok_or_else(|| Error::input("extents of the bias").value(format!("{:?}", c.dims)).allowed(out))?,
        };
        let bias = bias.into_iter().map(|v| beta * v).collect();
        let grid = matrix.grid.filter(|_| alpha == 1.0);
        let mut weights = Weights { dims: [out, shape.c, shape.h, shape.w], data, bias, grid };
        let mut value = value;
        if let Some(affine) = self.affine_of(&mut value) {
            fold_forward(&mut weights, &affine, 1);
        }
        let value = self.plain(value, &node.name)?;
        let made = self.push(&node.name, "fully_connected", &[&value], false, Shape::new(out, 1, 1));
        self.weighted(out, weights);
        Ok(Value { flat: true, ..made })
    }

    pub(super) fn batch_norm(&mut self, node: &'f Node) -> Result<Value> {
        let value = self.value(node, 0)?;
        let channels = value.shape.c;
        let of = |k: usize| -> Result<&Constant> {
            let c = self.constant(node, k)?;
            if c.data.len() == channels {
                Ok(c)
            } else {
                Err(Error::input("channels of a batch norm").value(c.data.len()).allowed(channels))
            }
        };
        let (gamma, beta, mean, variance) = (of(1)?, of(2)?, of(3)?, of(4)?);
        let epsilon = node.float("epsilon", 1e-5);
        let scale: Vec<f64> = gamma.data.iter().zip(&variance.data).map(|(g, v)| g / libm::sqrt(v + epsilon)).collect();
        let shift = (0..channels).map(|c| beta.data[c] - mean.data[c] * scale[c]).collect();
        let alone = self.alone(node, 0, &value);
        self.affine(value, alone, Affine { scale, shift })
    }

    /// Folds into the layer before, where that is one of weights which nobody else reads; else it waits for the one behind.
    pub(super) fn affine(&mut self, mut value: Value, alone: bool, affine: Affine) -> Result<Value> {
        if affine.scale.iter().chain(&affine.shift).any(|v| !v.is_finite()) {
            return Err(Error::input("a scale or shift is not finite"));
        }
        value.refuse_pad()?;
        let layer = value.layer.map(|k| &mut self.layers[k]);
        if let Some(layer) = layer.filter(|l| alone && value.affine.is_none() && l.raw.activation.is_none() && l.raw.features.is_none())
            && let Some(weights) = &mut layer.weights
        {
            let each = weights.data.len() / weights.bias.len().max(1);
            if affine.scale.iter().any(|&s| s != 1.0) {
                weights.grid = None;
            }
            for (o, (scale, shift)) in affine.scale.iter().zip(&affine.shift).enumerate() {
                weights.data[o * each..(o + 1) * each].iter_mut().for_each(|w| *w *= scale);
                weights.bias[o] = weights.bias[o] * scale + shift;
            }
            return Ok(value);
        }
        value.shared |= !alone;
        value.affine = Some(match value.affine.take() {
            None => affine,
            Some(first) => Affine {
                shift: first.shift.iter().zip(&affine.scale).zip(&affine.shift).map(|((f, s), t)| f * s + t).collect(),
                scale: first.scale.iter().zip(&affine.scale).map(|(a, b)| a * b).collect(),
            },
        });
        Ok(value)
    }

    pub(super) fn arithmetic(&mut self, node: &'f Node) -> Result<Value> {
        let (mut maps, mut constants) = (Vec::new(), Vec::new());
        for k in 0..node.inputs.len() {
            match node.input(k).and_then(|n| self.file.constants.get(n)) {
                Some(constant) => constants.push(constant),
                None => maps.push(k),
            }
        }
        let op = node.op.as_str();
        match (op, maps.as_slice(), constants.as_slice()) {
            ("Sub" | "Div" | "Mul", &[k], &[c]) => self.with_constant(node, self.value(node, k)?, (op, k), c),
            ("Add" | "Sum", maps, _) if !maps.is_empty() => {
                let mut sum = self.sum(node, maps)?;
                for c in constants {
                    sum = self.with_constant(node, sum, ("Add", maps[0]), c)?;
                }
                Ok(sum)
            }
            _ => Err(Error::unsupported("of two maps the machine makes sums only")
                .hint("squeeze-and-excitation and gates have no unit: train without them, or name a tensor before it with --output")),
        }
    }

    /// A map, which is input `k`, with a constant added, taken off, multiplied or divided by.
    fn with_constant(&mut self, node: &Node, value: Value, (op, k): (&str, usize), c: &Constant) -> Result<Value> {
        let extents = value.extents();
        let whole_map = value.flat && (value.shape.h, value.shape.w) != (1, 1);
        let axis = if value.channels_last { 2 } else { 0 };
        let each = c.along(&extents, axis).filter(|_| !whole_map || c.scalar().is_some()).ok_or_else(|| {
            Error::unsupported("a constant that is not one number a channel")
                .value(format!("extents {:?}", c.dims))
                .allowed(format!("one, or one along axis {} of {extents:?}", axis + 1))
        })?;
        let each = if whole_map { vec![each[0]; value.shape.c] } else { each };
        let of = |scale: fn(f64) -> f64, shift: fn(f64) -> f64| Affine {
            scale: each.iter().map(|&v| scale(v)).collect(),
            shift: each.iter().map(|&v| shift(v)).collect(),
        };
        let affine = match (op, k) {
            ("Mul", _) => of(|v| v, |_| 0.0),
            ("Div", 0) => of(|v| 1.0 / v, |_| 0.0),
            ("Div", _) => return Err(Error::unsupported("a constant is divided by a map")),
            ("Sub", 0) => of(|_| 1.0, |v| -v),
            ("Sub", _) => of(|_| -1.0, |v| v),
            _ => of(|_| 1.0, |v| v),
        };
        let alone = self.alone(node, k, &value);
        self.affine(value, alone, affine)
    }

    /// The sum of some of a node's inputs.
    fn sum(&mut self, node: &'f Node, inputs: &[usize]) -> Result<Value> {
        let mut sum = self.value(node, inputs[0])?;
        for &k in &inputs[1..] {
            let other = self.value(node, k)?;
            if (other.shape, other.flat) != (sum.shape, sum.flat) {
                return Err(Error::unsupported("maps of different extents are added").value(format!("{} and {}", sum.shape, other.shape)));
            }
            let (a, b) = (self.plain(sum, &node.name)?, self.plain(other, &node.name)?);
            sum = Value { flat: a.flat, ..self.push(&node.name, "add", &[&a, &b], false, a.shape) };
        }
        Ok(sum)
    }
}

/// The weights of a convolution over all channels that computes what one in groups does.
fn whole(weights: Weights, groups: usize) -> Result<Weights> {
    let [out, per_group, kh, kw] = weights.dims;
    let (channels, taps) = (per_group * groups, kh * kw);
    if out * channels * taps > MAX_WEIGHTS {
        return Err(Error::unsupported("a grouped convolution as a whole one has too many weights").value(out * channels * taps));
    }
    let mut data = vec![0.0; out * channels * taps];
    for (o, own) in weights.data.chunks(per_group * taps).enumerate() {
        let at = (o * channels + o / (out / groups) * per_group) * taps;
        data[at..at + own.len()].copy_from_slice(own);
    }
    Ok(Weights { dims: [out, channels, kh, kw], data, ..weights })
}

/// `w * (x * scale + shift) + b = (w * scale) * x + (b + w * shift)`.
fn fold_forward(weights: &mut Weights, affine: &Affine, groups: usize) {
    let [out, per_group, kh, kw] = weights.dims;
    if affine.scale.iter().any(|&s| s != 1.0) {
        weights.grid = None;
    }
    let taps = (kh * kw).max(1);
    for (k, w) in weights.data.chunks_mut(taps).enumerate() {
        let (o, c) = (k / per_group, k % per_group);
        let channel = o / (out / groups) * per_group + c;
        weights.bias[o] += affine.shift[channel] * w.iter().sum::<f64>();
        w.iter_mut().for_each(|w| *w *= affine.scale[channel]);
    }
}
