//! Pools, concatenation and what else moves maps.

use super::geometry::{MOST, add, pair, round_up, slid, sliding, window, with_pad};
use super::{Affine, Translator, Value, Weights};
use crate::error::{Error, Result};
use crate::model::checked::{MAX_EXTENT, MAX_WEIGHTS};
use crate::model::graph::Padding;
use crate::model::import::constant::{Constant, position};
use crate::model::import::file::Node;
use crate::model::import::spanned;
use crate::model::raw::RawFormat;
use crate::model::raw_values::RawActivation;
use crate::tensor::Shape;

impl<'f> Translator<'f> {
    pub(super) fn pool(&mut self, node: &'f Node, op: &str) -> Result<Value> {
        let mut value = self.map(node, 0)?;
        let &[kh, kw] = node.ints("kernel_shape") else {
            return Err(Error::unsupported("window of a pool")
                .value(format!("{:?}", node.ints("kernel_shape")))
                .allowed("rows and columns"));
        };
        let mut sliding_window = window(node, (kh.max(1) as usize, kw.max(1) as usize), with_pad(value.shape, value.pad))?;
        let inside = node.int("count_include_pad", 0) != 0;
        if op == "avg_pool" {
            if sliding_window.padding != Padding::default() && !inside {
                return Err(
                    Error::unsupported("an average that does not count its padding").allowed("count_include_pad = 1, or no padding")
                );
            }
            if value.pad != [0; 4] {
                // Zeros that are part of the map count.
                add(&mut sliding_window.padding, value.pad);
                value.pad = [0; 4];
            }
        }
        // A maximum over what is never negative does not tell zeros beside it from none.
        if op == "max_pool" && value.pad != [0; 4] && value.affine.is_none() && self.not_negative(&value) {
            add(&mut sliding_window.padding, value.pad);
            value.pad = [0; 4];
        }
        if node.int("ceil_mode", 0) != 0 {
            let before = sliding_window.padding;
            round_up(&mut sliding_window, value.shape);
            if op == "avg_pool" && before != sliding_window.padding {
                return Err(Error::unsupported("an average whose last window reaches beyond the map").hint("set ceil_mode to 0"));
            }
        }
        // A maximum does not mind a scale, so that it may wait.
        let waits = op == "max_pool" && value.affine.as_ref().is_some_and(|a| a.scale.iter().all(|&s| s > 0.0));
        let affine = if waits { self.affine_of(&mut value) } else { None };
        let value = self.plain(value, &node.name)?;
        let shape = slid(&sliding_window, value.shape, value.shape.c)?;
        let alone = self.alone(node, 0, &value);
        let made = self.push(&node.name, op, &[&value], alone, shape);
        sliding(&mut self.last().raw, &sliding_window);
        let strides = [sliding_window.stride.0, sliding_window.stride.1].map(|s| s as i64);
        self.last().raw.stride = Some(spanned(pair(strides)));
        Ok(Value { affine, ..made })
    }

    /// Whether an activation keeps a layer's values from being negative.
    pub(super) fn not_negative(&self, value: &Value) -> bool {
        let activation = value.layer.and_then(|k| self.layers[k].raw.activation.as_ref()).map(|a| *a.get_ref());
        !matches!(activation, None | Some(RawActivation::None | RawActivation::Leaky(_)))
    }

    pub(super) fn global(&mut self, node: &Node, op: &str) -> Result<Value> {
        let value = self.map(node, 0)?;
        let value = self.plain(value, &node.name)?;
        let alone = self.alone(node, 0, &value);
        let made = self.push(&node.name, op, &[&value], alone, Shape::new(value.shape.c, 1, 1));
        if op == "max_pool" {
            self.last().raw.kernel = Some(spanned(pair([value.shape.h as i64, value.shape.w as i64])));
        }
        Ok(made)
    }

    pub(super) fn reduce_mean(&mut self, node: &'f Node) -> Result<Value> {
        if self.value(node, 0)?.flat {
            return Err(Error::unsupported("a mean of what was flattened"));
        }
        let axes = self.given(node, 1)?.map_or_else(|| node.ints("axes").to_vec(), Constant::ints);
        let mut axes = axes.iter().map(|&a| position(a, 4)).collect::<Result<Vec<_>>>()?;
        axes.sort_unstable();
        if axes != [2, 3] {
            return Err(Error::unsupported("axes of a mean").value(format!("{axes:?}")).allowed("rows and columns: 2 and 3"));
        }
        let flat = node.int("keepdims", 1) == 0;
        Ok(Value { flat, ..self.global(node, "global_avg_pool")? })
    }

    pub(super) fn concat(&mut self, node: &'f Node) -> Result<Value> {
        let mut maps = (0..node.inputs.len()).filter(|&k| !self.file.constants.contains_key(&node.inputs[k]));
        let flat = maps.next().map(|k| self.value(node, k)).transpose()?.is_some_and(|v| v.flat);
        if position(node.int("axis", 1), if flat { 2 } else { 4 })? != 1 {
            return Err(Error::unsupported("axis of a concatenation")
                .value(node.int("axis", 1))
                .allowed("1, the channels")
                .hint("name a tensor before it with --output"));
        }
        if node.inputs.len() == 1 {
            return self.passed(node);
        }
        let mut operands: Vec<Value> = Vec::new();
        // Channels of zeros before and behind.
        let mut zeros = [0, 0];
        for (k, name) in node.inputs.iter().enumerate() {
            match self.file.constants.get(name) {
                Some(c) if c.scalar() == Some(0.0) && c.dims.len() == 4 && !flat => zeros[usize::from(!operands.is_empty())] += c.dims[1],
                Some(_) => {
                    return Err(Error::unsupported("a constant is concatenated").value(name).allowed("zeros before or behind a map"));
                }
                None => {
                    let value = self.map(node, k)?;
                    if value.flat != flat {
                        return Err(Error::input("maps and what was flattened are concatenated"));
                    }
                    operands.push(self.plain(value, &node.name)?);
                }
            }
        }
        if zeros != [0, 0] {
            let [value] = operands.as_slice() else { return Err(Error::unsupported("zeros are concatenated with several maps")) };
            return self.channels_of_zeros(node, &value.clone(), zeros);
        }
        let Some(first) = operands.first() else { return Err(Error::input("a concatenation of nothing")) };
        if let Some(other) = operands.iter().find(|v| (v.shape.h, v.shape.w) != (first.shape.h, first.shape.w)) {
            return Err(
                Error::input("maps of different rows or columns are concatenated").value(format!("{} and {}", first.shape, other.shape))
            );
        }
        let shape = Shape { c: operands.iter().map(|v| v.shape.c).sum(), ..first.shape };
        let formats: Vec<_> = operands.iter().map(|v| v.layer.map(|k| self.format_of(k))).collect();
        let bits = formats.iter().flatten().filter_map(|(format, _)| format.map(|(bits, ..)| bits)).max();
        let around_zeros = formats.iter().flatten().any(|(_, zero)| *zero != 0) && formats.iter().any(|f| *f != formats[0]);
        let made = self.push(&node.name, "concat", &operands.iter().collect::<Vec<_>>(), false, shape);
        if around_zeros {
            // Formats around different zero points have none in common: one of its own, to be settled.
            let open = RawFormat { bits: spanned(bits.unwrap_or(8)), frac: None, signed: true, narrow: false };
            self.last().raw.features = Some(spanned(open));
        }
        Ok(Value { flat, ..made })
    }

    /// Format and zero point that the file gives the values of a layer; none where they come from layers of several.
    fn format_of(&self, layer: usize) -> (Option<(i64, Option<i64>, bool)>, i64) {
        let mut given = self.sources(layer).into_iter().map(|k| {
            let raw = &self.layers[k].raw;
            let format = raw.features.as_ref().map(|f| f.get_ref());
            let format = format.map(|f| (*f.bits.get_ref(), f.frac.as_ref().map(|frac| *frac.get_ref()), f.signed));
            (format, raw.zero_point.as_ref().map_or(0, |z| *z.get_ref()))
        });
        let first = given.next().unwrap_or((None, 0));
        if given.all(|other| other == first) { first } else { (None, 0) }
    }

    /// More channels, which are zero: a pointwise layer that copies.
    pub(super) fn channels_of_zeros(&mut self, node: &Node, value: &Value, zeros: [usize; 2]) -> Result<Value> {
        let (from, out) = (value.shape.c, value.shape.c + zeros[0] + zeros[1]);
        if out * from > MAX_WEIGHTS || out > MAX_EXTENT as usize {
            return Err(Error::unsupported("so many channels of zeros").value(out).allowed(format!("{MAX_EXTENT} channels in all")));
        }
        let mut data = vec![0.0; out * from];
        (0..from).for_each(|c| data[(zeros[0] + c) * from + c] = 1.0);
        let text = format!("Channels of zeros have no unit of their own: a pointwise layer adds them (`{}` and others).", node.name);
        self.remark("zeros", text);
        let made = self.push(&node.name, "pointwise", &[value], false, Shape { c: out, ..value.shape });
        self.weighted(out, Weights { dims: [out, from, 1, 1], data, bias: vec![0.0; out], grid: None });
        Ok(made)
    }

    pub(super) fn pad(&mut self, node: &'f Node) -> Result<Value> {
        let value = self.map(node, 0)?;
        if node.text("mode").is_some_and(|mode| mode != "constant") {
            return Err(Error::unsupported("mode of a padding").value(node.text("mode").unwrap_or_default()).allowed("constant"));
        }
        let fill = self.given(node, 2)?.map_or(node.float("value", 0.0), |c| c.scalar().unwrap_or(f64::NAN));
        let pads = self.given(node, 1)?.map_or_else(|| node.ints("pads").to_vec(), Constant::ints);
        let sides: Option<[usize; 8]> =
            pads.iter().map(|&p| usize::try_from(p).ok().filter(|_| p <= MOST)).collect::<Option<Vec<_>>>().and_then(|p| p.try_into().ok());
        let Some([0, front, top, left, 0, behind, bottom, right]) = sides.filter(|_| fill == 0.0) else {
            return Err(Error::unsupported("padding")
                .value(format!("{pads:?} of {fill}"))
                .allowed("zeros around channels, rows and columns"));
        };
        let mut value = value;
        if front + behind > 0 {
            let plain = self.plain(value, &node.name)?;
            value = self.channels_of_zeros(node, &plain, [front, behind])?;
        }
        for (p, more) in value.pad.iter_mut().zip([top, left, bottom, right]) {
            *p += more;
        }
        Ok(value)
    }

    pub(super) fn upsample(&mut self, node: &'f Node) -> Result<Value> {
        let value = self.map(node, 0)?;
        let bad = |what: String| {
            Error::unsupported("upsampling").value(what).allowed("nearest neighbour, by one whole factor along rows and columns")
        };
        let mode = node.text("mode").unwrap_or_else(|| "nearest".into());
        let place = node.text("coordinate_transformation_mode").unwrap_or_else(|| "half_pixel".into());
        if mode != "nearest" || !["half_pixel", "asymmetric", "pytorch_half_pixel"].contains(&place.as_str()) {
            return Err(bad(format!("{mode}, {place}")));
        }
        // Of whole factors, half pixels rounded give the squares that the asymmetric floor gives; other roundings move them.
        let rounding = node.text("nearest_mode").unwrap_or_else(|| "round_prefer_floor".into());
        let repeats = match place.as_str() {
            "asymmetric" => rounding == "floor",
            _ => rounding.starts_with("round_prefer"),
        };
        if node.op == "Resize" && self.file.opset >= 11 && !repeats {
            return Err(bad(format!("{place}, {rounding}")));
        }
        let scales = match (node.op.as_str(), self.file.opset) {
            ("Resize", opset) if opset >= 11 => self.given(node, 2)?,
            _ => self.given(node, 1)?,
        };
        let factors: Vec<f64> = match (scales.filter(|c| !c.data.is_empty()), self.given(node, 3)?) {
            (Some(scales), _) => scales.data.clone(),
            (None, Some(sizes)) => {
                let now = [1, value.shape.c, value.shape.h, value.shape.w];
                sizes.data.iter().zip(&now[4 - sizes.data.len().min(4)..]).map(|(size, &now)| size / now as f64).collect()
            }
            (None, None) => node.attribute("scales").map(|a| a.floats.iter().map(|&v| f64::from(v)).collect()).unwrap_or_default(),
        };
        let axes = node.ints("axes").iter().map(|&a| position(a, 4)).collect::<Result<Vec<_>>>()?;
        let (rows, columns) = match (axes.as_slice(), factors.as_slice()) {
            ([] | [0, 1, 2, 3], &[1.0, 1.0, rows, columns]) | ([2, 3], &[rows, columns]) => (rows, columns),
            _ => return Err(bad(format!("factors {factors:?}"))),
        };
        if rows != columns || rows < 1.0 || rows != libm::rint(rows) || rows > 64.0 {
            return Err(bad(format!("factors {factors:?}")));
        }
        if rows == 1.0 {
            return self.passed(node);
        }
        let (factor, value) = (rows as usize, self.plain(value, &node.name)?);
        let shape = Shape { c: value.shape.c, h: value.shape.h * factor, w: value.shape.w * factor };
        let made = self.push(&node.name, "upsample", &[&value], false, shape);
        self.last().raw.factor = Some(spanned(factor as i64));
        Ok(made)
    }

    pub(super) fn space_to_depth(&mut self, node: &Node) -> Result<Value> {
        let mut value = self.map(node, 0)?;
        let (s, block) = (value.shape, node.int("blocksize", 1));
        let holds = (1..=64).contains(&block) && s.h as i64 % block == 0 && s.w as i64 % block == 0;
        let block = block.clamp(1, 64) as usize;
        if !holds || s.c * block * block > MAX_EXTENT as usize {
            let allowed = format!("1 to 64, which divides rows and columns of {s}, {MAX_EXTENT} channels at most");
            return Err(Error::unsupported("block of a space-to-depth").value(node.int("blocksize", 1)).allowed(allowed));
        }
        // Every channel becomes several, which share what is still to be done to it.
        let affine =
            self.affine_of(&mut value).map(|a| Affine { scale: a.scale.repeat(block * block), shift: a.shift.repeat(block * block) });
        let value = self.plain(value, &node.name)?;
        let made =
            self.push(&node.name, "space_to_depth", &[&value], false, Shape { c: s.c * block * block, h: s.h / block, w: s.w / block });
        self.last().raw.block = Some(spanned(block as i64));
        Ok(Value { affine, ..made })
    }

    pub(super) fn flatten(&mut self, node: &'f Node) -> Result<Value> {
        let value = self.passed(node)?;
        let point = (value.shape.h, value.shape.w) == (1, 1);
        let flat = match node.op.as_str() {
            "Flatten" => node.int("axis", 1) == 1,
            "Squeeze" => point,
            _ => match node
                .input(1)
                .and_then(|name| self.file.constants.get(name))
                .map_or_else(|| node.ints("shape").to_vec(), Constant::ints)
                .as_slice()
            {
                [] => true,
                [_, rest] => *rest == -1 || *rest == value.shape.len() as i64 || (*rest == 0 && point),
                [_, c, h, w] => {
                    let now = [value.shape.c, value.shape.h, value.shape.w].map(|e| e as i64);
                    let open = [c, h, w].iter().filter(|&&&e| e == -1).count();
                    open <= 1 && [*c, *h, *w].iter().zip(now).all(|(&e, now)| e == now || e == -1 || (e == 0 && !value.flat))
                }
                _ => false,
            },
        };
        if !flat {
            return Err(Error::unsupported("a reshape within the network")
                .allowed("channels, rows and columns becoming one axis")
                .hint("name a tensor before it with --output"));
        }
        let maps_again =
            node.op == "Reshape" && node.input(1).and_then(|name| self.file.constants.get(name)).is_some_and(|c| c.data.len() == 4);
        Ok(Value { flat: !maps_again, ..value })
    }
}
