//! Pools, concatenation and what else moves maps.

use super::geometry::{MOST, add, pair, round_up, slid, sliding, window};
use super::{Affine, Translator, Value, Weights};
use crate::error::{Error, Result};
use crate::model::graph::Padding;
use crate::model::import::constant::{Constant, position};
use crate::model::import::file::Node;
use crate::model::import::spanned;
use crate::tensor::Shape;

impl<'f> Translator<'f> {
    pub(super) fn pool(&mut self, node: &'f Node, op: &str) -> Result<Value> {
        let mut value = self.map(node, 0)?;
        let &[kh, kw] = node.ints("kernel_shape") else {
            return Err(Error::unsupported("window of a pool")
                .value(format!("{:?}", node.ints("kernel_shape")))
                .allowed("rows and columns"));
        };
        let mut sliding_window = window(node, (kh.max(1) as usize, kw.max(1) as usize), value.shape)?;
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
        if position(node.int("axis", 1), 4)? != 1 {
            return Err(Error::unsupported("axis of a concatenation")
                .value(node.int("axis", 1))
                .allowed("1, the channels")
                .hint("name a tensor before it with --output"));
        }
        let mut operands: Vec<Value> = Vec::new();
        // Channels of zeros before and behind.
        let mut zeros = [0, 0];
        for (k, name) in node.inputs.iter().enumerate() {
            match self.file.constants.get(name) {
                Some(c) if c.scalar() == Some(0.0) && c.dims.len() == 4 => zeros[usize::from(!operands.is_empty())] += c.dims[1],
                Some(_) => {
                    return Err(Error::unsupported("a constant is concatenated").value(name).allowed("zeros before or behind a map"));
                }
                None => {
                    let value = self.map(node, k)?;
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
        if operands.len() == 1 {
            return Ok(operands.remove(0));
        }
        let shape = Shape { c: operands.iter().map(|v| v.shape.c).sum(), ..first.shape };
        Ok(self.push(&node.name, "concat", &operands.iter().collect::<Vec<_>>(), false, shape))
    }

    /// More channels, which are zero: a pointwise layer that copies.
    pub(super) fn channels_of_zeros(&mut self, node: &Node, value: &Value, zeros: [usize; 2]) -> Result<Value> {
        let (from, out) = (value.shape.c, value.shape.c + zeros[0] + zeros[1]);
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
        // Of whole factors, half pixels round to the square that the asymmetric floor gives; its other roundings move the squares.
        let rounding = node.text("nearest_mode").unwrap_or_else(|| "round_prefer_floor".into());
        if place == "asymmetric" && rounding != "floor" && node.op == "Resize" && self.file.opset >= 11 {
            return Err(bad(format!("asymmetric, {rounding}")));
        }
        let scales = match (node.op.as_str(), self.file.opset) {
            ("Resize", opset) if opset >= 11 => self.given(node, 2)?,
            _ => self.given(node, 1)?,
        };
        let factors: Vec<f64> = match (scales.filter(|c| !c.data.is_empty()), self.given(node, 3)?) {
            (Some(scales), _) => scales.data.clone(),
            (None, Some(sizes)) => {
                let now = [1, value.shape.c, value.shape.h, value.shape.w];
                sizes.data.iter().zip(now).map(|(size, now)| size / now as f64).collect()
            }
            (None, None) => node.attribute("scales").map(|a| a.floats.iter().map(|&v| f64::from(v)).collect()).unwrap_or_default(),
        };
        let &[1.0, 1.0, rows, columns] = factors.as_slice() else { return Err(bad(format!("factors {factors:?}"))) };
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
        let block = node.int("blocksize", 1).clamp(1, 64) as usize;
        // Every channel becomes several, which share what is still to be done to it.
        let affine =
            self.affine_of(&mut value).map(|a| Affine { scale: a.scale.repeat(block * block), shift: a.shift.repeat(block * block) });
        let value = self.plain(value, &node.name)?;
        let s = value.shape;
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
                [_, rest] => *rest == -1 || *rest == value.shape.len() as i64 || *rest == 0,
                [_, c, h, w] => {
                    [*c, *h, *w] == [value.shape.c, value.shape.h, value.shape.w].map(|e| e as i64) || (point && [*h, *w] == [1, 1])
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
