//! Tensors whose values a file knows: weights, and what is computed from them alone.

use super::file::Node;
use super::proto::TensorProto;
use crate::error::{Error, Result};
use crate::fixed::Format;
use half::{bf16, f16};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Most elements of all tensors of a file.
pub(super) const MAX_ELEMENTS: usize = 1 << 27;
/// Most axes of a tensor.
const MAX_RANK: usize = 16;

/// A tensor of known values. Integers are exact to 2^53, which holds every extent and index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Constant {
    pub dims: Vec<usize>,
    pub data: Vec<f64>,
    /// The fixed-point grid that the values lie on, where the file names one with a power-of-two step.
    pub grid: Option<Format>,
    /// Of integer types: whether signed, and bits.
    pub integer: Option<(bool, u8)>,
    /// A quantiser that the machine has no format for made them.
    pub off_grid: bool,
}

impl Constant {
    /// Values of a tensor of the file; `path` is the file's, beside which external tensors lie.
    pub fn new(proto: TensorProto, path: &Path) -> Result<Constant> {
        let bad = || {
            let text = format!("{:?}", &proto.dims[..proto.dims.len().min(MAX_RANK)]);
            Error::input("extents of a tensor").value(text).allowed(format!("{MAX_RANK} axes, {MAX_ELEMENTS} elements at most"))
        };
        let len = Constant::elements(&proto.dims).ok_or_else(bad)?;
        let dims: Vec<usize> = proto.dims.iter().map(|&d| d as usize).collect();
        let kind = TYPES.iter().find(|t| t.code == proto.data_type).ok_or_else(|| {
            Error::unsupported("type of a tensor")
                .value(proto.data_type)
                .allowed("float, double, float16, bfloat16, integers of 8 to 64 bits, bool")
        })?;
        let raw = match proto.data_location {
            0 => proto.raw_data,
            _ => external(
                &proto.external_data.iter().map(|e| (e.key.as_str(), e.value.as_str())).collect::<Vec<_>>(),
                len * kind.bytes,
                path,
            )?,
        };
        let data: Vec<f64> = if !raw.is_empty() {
            raw.chunks_exact(kind.bytes).map(kind.value).collect()
        } else if !proto.float_data.is_empty() {
            proto.float_data.iter().map(|&v| f64::from(v)).collect()
        } else if !proto.double_data.is_empty() {
            proto.double_data
        } else if !proto.int64_data.is_empty() {
            proto.int64_data.iter().map(|&v| v as f64).collect()
        } else {
            // Half-precision numbers are kept as the integers of their bits.
            let of = |&v: &i32| if kind.bytes == 2 { (kind.value)(&(v as u16).to_le_bytes()) } else { f64::from(v) };
            proto.int32_data.iter().map(of).collect()
        };
        if data.len() != len {
            return Err(Error::input("a tensor has another number of values than its extents say").value(data.len()).allowed(len));
        }
        Ok(Constant { dims, data, integer: kind.integer, ..Constant::default() })
    }

    /// How many elements a tensor of these extents has; none where it is too large.
    pub fn elements(dims: &[i64]) -> Option<usize> {
        let extent = |&d: &i64| usize::try_from(d).ok();
        let product = dims.iter().try_fold(1usize, |n, d| n.checked_mul(extent(d)?))?;
        (product <= MAX_ELEMENTS && dims.len() <= MAX_RANK).then_some(product)
    }

    fn of(dims: Vec<usize>, data: Vec<f64>) -> Constant {
        Constant { dims, data, ..Constant::default() }
    }

    /// The value where it is only one, whatever the extents.
    pub fn scalar(&self) -> Option<f64> {
        let first = *self.data.first()?;
        self.data.iter().all(|&v| v == first).then_some(first)
    }

    /// The values as whole numbers.
    pub fn ints(&self) -> Vec<i64> {
        self.data.iter().map(|&v| v as i64).collect()
    }

    /// The value for each index along axis `axis` of a tensor of `extents` (the batch apart, which is 1); none where it differs along others, or has extents of its own.
    pub fn along(&self, extents: &[usize], axis: usize) -> Option<Vec<f64>> {
        let behind = extents.len() - axis;
        let own: Vec<usize> = self.dims.iter().rev().copied().collect();
        let of = |k: usize| if k < extents.len() { extents[extents.len() - 1 - k] } else { 1 };
        let broadcasts = own.len() <= extents.len() + 1 && own.iter().enumerate().all(|(k, &d)| d == 1 || d == of(k));
        if !broadcasts {
            return None;
        }
        if let Some(value) = self.scalar() {
            return Some(vec![value; extents[axis]]);
        }
        let alone = own.iter().enumerate().all(|(k, &d)| d == 1 || k + 1 == behind);
        alone.then(|| self.data.clone())
    }
}

struct Type {
    code: i32,
    bytes: usize,
    integer: Option<(bool, u8)>,
    value: fn(&[u8]) -> f64,
}

macro_rules! number {
    ($code:expr, $type:ty, $integer:expr) => {
        Type {
            code: $code,
            bytes: size_of::<$type>(),
            integer: $integer,
            value: |b| {
                let mut bytes = [0; size_of::<$type>()];
                bytes.copy_from_slice(b);
                <$type>::from_le_bytes(bytes) as f64
            },
        }
    };
}

/// Element types of ONNX (TensorProto.DataType).
const TYPES: [Type; 13] = [
    number!(1, f32, None),
    number!(2, u8, Some((false, 8))),
    number!(3, i8, Some((true, 8))),
    number!(4, u16, Some((false, 16))),
    number!(5, i16, Some((true, 16))),
    number!(6, i32, Some((true, 32))),
    number!(7, i64, Some((true, 64))),
    number!(9, u8, Some((false, 1))),
    Type { code: 10, bytes: 2, integer: None, value: |b| f16::from_le_bytes([b[0], b[1]]).to_f64() },
    number!(11, f64, None),
    number!(12, u32, Some((false, 32))),
    number!(13, u64, Some((false, 64))),
    Type { code: 16, bytes: 2, integer: None, value: |b| bf16::from_le_bytes([b[0], b[1]]).to_f64() },
];

/// Bytes of a tensor that lies in a file of its own, in the model's folder.
fn external(entries: &[(&str, &str)], bytes: usize, path: &Path) -> Result<Vec<u8>> {
    let of = |key: &str| entries.iter().find(|(k, _)| *k == key).map(|(_, v)| *v);
    let location = of("location").unwrap_or_default();
    let plain = !location.is_empty() && Path::new(location).components().all(|c| matches!(c, std::path::Component::Normal(_)));
    if !plain {
        return Err(Error::input("place of an external tensor").value(location.escape_debug()).allowed("a file in the model's folder"));
    }
    let data = path.with_file_name("").join(location);
    let io = |e: std::io::Error| Error::io("read", &data, &e);
    let mut file = std::fs::File::open(&data).map_err(io)?;
    let offset = of("offset").map_or(Ok(0), str::parse).map_err(|_| Error::input("offset of an external tensor is no number"))?;
    file.seek(SeekFrom::Start(offset)).map_err(io)?;
    let mut raw = Vec::new();
    file.take(bytes as u64).read_to_end(&mut raw).map_err(io)?;
    Ok(raw)
}

/// What a node computes from constants; none where we do not know how.
///
/// # Errors
/// When extents or values do not hold together.
pub(super) fn fold(node: &Node, inputs: &[Option<&Constant>], path: &Path) -> Result<Option<Constant>> {
    let at = |k: usize| inputs.get(k).copied().flatten();
    let first = at(0);
    let axes = || at(1).map_or_else(|| node.ints("axes").to_vec(), Constant::ints);
    Ok(Some(match (node.op.as_str(), first) {
        ("Constant", _) => match constant(node, path)? {
            Some(constant) => constant,
            None => return Ok(None),
        },
        ("ConstantOfShape", Some(shape)) => {
            let value = node.attribute("value").and_then(|a| a.t.clone()).map(|t| Constant::new(t, path)).transpose()?;
            let dims = shape.ints();
            let len = Constant::elements(&dims).ok_or_else(|| {
                Error::input("extents of a tensor").value(format!("{dims:?}")).allowed(format!("{MAX_ELEMENTS} elements at most"))
            })?;
            let dims = dims.iter().map(|&d| d as usize).collect();
            Constant::of(dims, vec![value.and_then(|v| v.scalar()).unwrap_or(0.0); len])
        }
        ("Identity" | "Dropout", Some(x)) => x.clone(),
        ("Cast", Some(x)) => match TYPES.iter().find(|t| i64::from(t.code) == node.int("to", 1)).map(|t| t.integer) {
            Some(None) => Constant { integer: None, ..x.clone() },
            Some(Some((_, 1))) => Constant::of(x.dims.clone(), x.data.iter().map(|v| f64::from(u8::from(*v != 0.0))).collect()),
            Some(integer) => Constant { integer, ..Constant::of(x.dims.clone(), x.data.iter().map(|v| v.trunc()).collect()) },
            None => return Ok(None),
        },
        ("Reshape", Some(x)) => {
            let target = at(1).map_or_else(|| node.ints("shape").to_vec(), Constant::ints);
            Constant { dims: reshaped(&x.dims, &target)?, ..x.clone() }
        }
        ("Flatten", Some(x)) => {
            let axis = position(node.int("axis", 1), x.dims.len() + 1)?;
            let (a, b) = x.dims.split_at(axis);
            Constant { dims: vec![a.iter().product(), b.iter().product()], ..x.clone() }
        }
        ("Unsqueeze", Some(x)) => {
            let axes = axes();
            let rank = x.dims.len() + axes.len();
            if rank > MAX_RANK {
                return Err(Error::input("axes of a tensor").value(rank).allowed(format!("{MAX_RANK} at most")));
            }
            let new: Vec<usize> = axes.iter().map(|&a| position(a, rank)).collect::<Result<_>>()?;
            let mut old = x.dims.iter().copied();
            let dims = (0..rank).map(|k| if new.contains(&k) { 1 } else { old.next().unwrap_or(1) }).collect();
            Constant { dims, ..x.clone() }
        }
        ("Squeeze", Some(x)) => {
            let gone: Vec<usize> = axes().iter().map(|&a| position(a, x.dims.len())).collect::<Result<_>>()?;
            let goes = |k: usize, d: usize| d == 1 && (gone.is_empty() || gone.contains(&k));
            Constant { dims: x.dims.iter().enumerate().filter(|&(k, &d)| !goes(k, d)).map(|(_, &d)| d).collect(), ..x.clone() }
        }
        ("Transpose", Some(x)) => transposed(x, node.ints("perm"))?,
        ("Neg", Some(x)) => Constant::of(x.dims.clone(), x.data.iter().map(|v| -v).collect()),
        ("Sqrt", Some(x)) => Constant::of(x.dims.clone(), x.data.iter().map(|v| libm::sqrt(*v)).collect()),
        ("Add" | "Sub" | "Mul" | "Div", Some(a)) => {
            let Some(b) = at(1) else { return Ok(None) };
            let apply: fn(f64, f64) -> f64 = match node.op.as_str() {
                "Add" => |a, b| a + b,
                "Sub" => |a, b| a - b,
                "Mul" => |a, b| a * b,
                _ => |a, b| a / b,
            };
            let Some(dims) = broadcast(&a.dims, &b.dims) else {
                return Err(Error::input("extents of two constants")
                    .value(format!("{:?} and {:?}", a.dims, b.dims))
                    .allowed("such that broadcast"));
            };
            if Constant::elements(&dims.iter().map(|&d| d as i64).collect::<Vec<_>>()).is_none() {
                return Ok(None);
            }
            let whole = a.integer.is_some() && b.integer.is_some();
            let of = |k: usize| apply(a.data[index(&dims, &a.dims, k)], b.data[index(&dims, &b.dims, k)]);
            let data = (0..dims.iter().product()).map(of).map(|v| if whole { v.trunc() } else { v }).collect();
            Constant { integer: a.integer.filter(|_| whole), ..Constant::of(dims, data) }
        }
        ("Concat", Some(x)) if inputs.iter().all(|c| c.is_some_and(|c| c.dims.len() == 1)) => {
            let data: Vec<f64> = inputs.iter().flatten().flat_map(|c| c.data.iter().copied()).collect();
            Constant { dims: vec![data.len()], data, integer: x.integer, ..Constant::default() }
        }
        ("QuantizeLinear", Some(x)) => {
            let Some(scale) = at(1) else { return Ok(None) };
            let (zero, integer) = (at(2), codes(node, at(2)));
            let each = by_axis(node, &x.dims, scale, zero)?;
            let (low, high) = ends(integer.0, integer.1, false);
            let of = |(k, &v): (usize, &f64)| (libm::rint(v / each(k).0) + each(k).1).clamp(low, high);
            Constant { integer: Some(integer), ..Constant::of(x.dims.clone(), x.data.iter().enumerate().map(of).collect()) }
        }
        ("DequantizeLinear", Some(x)) => {
            let Some(scale) = at(1) else { return Ok(None) };
            let zero = at(2);
            let each = by_axis(node, &x.dims, scale, zero)?;
            let data = x.data.iter().enumerate().map(|(k, &q)| (q - each(k).1) * each(k).0).collect();
            let no_zero = zero.is_none_or(|z| z.scalar() == Some(0.0));
            let grid = x.integer.filter(|_| no_zero).and_then(|(signed, bits)| grid(scale, signed, bits, false));
            Constant { grid, off_grid: grid.is_none(), ..Constant::of(x.dims.clone(), data) }
        }
        ("Quant", Some(x)) => {
            let quant = Quant::new(node, &inputs[1..])?;
            let (low, high) = quant.ends();
            if [quant.scale, quant.zero].iter().any(|c| broadcast(&x.dims, &c.dims).as_ref() != Some(&x.dims)) {
                return Err(Error::input("extents of a quantiser's scale or zero point")
                    .value(format!("{:?}", quant.scale.dims))
                    .allowed(format!("those that broadcast to {:?}", x.dims)));
            }
            let of = |(k, &v): (usize, &f64)| {
                let of = |c: &Constant| c.data[index(&x.dims, &c.dims, k)];
                let (scale, zero) = (of(quant.scale), of(quant.zero));
                (libm::rint((v / scale + zero).clamp(low, high)) - zero) * scale
            };
            let grid = quant.format().filter(|_| quant.zero.scalar() == Some(0.0));
            Constant { grid, off_grid: grid.is_none(), ..Constant::of(x.dims.clone(), x.data.iter().enumerate().map(of).collect()) }
        }
        _ => return Ok(None),
    }))
}

fn constant(node: &Node, path: &Path) -> Result<Option<Constant>> {
    let get = |name| node.attribute(name);
    if let Some(tensor) = get("value").and_then(|a| a.t.clone()) {
        return Constant::new(tensor, path).map(Some);
    }
    let one = |v: f64| Constant::of(Vec::new(), vec![v]);
    let many = |v: Vec<f64>| Constant::of(vec![v.len()], v);
    Ok(get("value_float")
        .map(|a| one(f64::from(a.f)))
        .or_else(|| get("value_int").map(|a| one(a.i as f64)))
        .or_else(|| get("value_floats").map(|a| many(a.floats.iter().map(|&v| f64::from(v)).collect())))
        .or_else(|| get("value_ints").map(|a| many(a.ints.iter().map(|&v| v as f64).collect()))))
}

/// An axis that may count from the end.
pub(super) fn position(axis: i64, rank: usize) -> Result<usize> {
    let from_end = if axis < 0 { axis + rank as i64 } else { axis };
    usize::try_from(from_end).ok().filter(|&a| a < rank.max(1)).ok_or_else(|| {
        Error::input("an axis lies outside the tensor").value(axis).allowed(format!("-{rank} to {}", rank.saturating_sub(1)))
    })
}

fn reshaped(dims: &[usize], target: &[i64]) -> Result<Vec<usize>> {
    let len: usize = dims.iter().product();
    let of = |(k, &t): (usize, &i64)| match t {
        0 => dims.get(k).copied().unwrap_or(1),
        t => t.max(1) as usize,
    };
    let mut made: Vec<usize> = target.iter().enumerate().map(of).collect();
    let product = |made: &[usize]| made.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    if let (Some(open), Some(others)) = (target.iter().position(|&t| t == -1), product(&made)) {
        made[open] = len / others.max(1);
    }
    if product(&made) != Some(len) {
        return Err(Error::input("a reshape does not keep the number of values").value(format!("{dims:?} to {target:?}")));
    }
    Ok(made)
}

fn transposed(x: &Constant, order: &[i64]) -> Result<Constant> {
    let rank = x.dims.len();
    let order: Vec<usize> = match order {
        [] => (0..rank).rev().collect(),
        order => order.iter().map(|&a| position(a, rank)).collect::<Result<_>>()?,
    };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted != (0..rank).collect::<Vec<_>>() {
        return Err(Error::input("order of a transpose").value(format!("{order:?}")).allowed("every axis once"));
    }
    let dims: Vec<usize> = order.iter().map(|&a| x.dims[a]).collect();
    let steps: Vec<usize> = (0..rank).map(|a| x.dims[a + 1..].iter().product()).collect();
    let from = |mut k: usize| {
        let mut at = 0;
        for (axis, &extent) in order.iter().zip(&dims).rev() {
            at += k % extent * steps[*axis];
            k /= extent;
        }
        at
    };
    Ok(Constant { data: (0..x.data.len()).map(|k| x.data[from(k)]).collect(), dims, ..x.clone() })
}

/// What the extents of two tensors that broadcast come to.
fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let of = |dims: &[usize], k: usize| (k + dims.len()).checked_sub(rank).map_or(1, |at| dims[at]);
    (0..rank)
        .map(|k| match (of(a, k), of(b, k)) {
            (x, y) if x == y || y == 1 => Some(x),
            (1, y) => Some(y),
            _ => None,
        })
        .collect()
}

/// Which element of a tensor of extents `own` stands at element `k` of one of extents `dims`, to which it broadcasts.
fn index(dims: &[usize], own: &[usize], mut k: usize) -> usize {
    let (mut at, mut step) = (0, 1);
    for (axis, &extent) in dims.iter().enumerate().rev() {
        if let Some(&d) = (axis + own.len()).checked_sub(dims.len()).and_then(|axis| own.get(axis)) {
            at += if d == 1 { 0 } else { k % extent * step };
            step *= d;
        }
        k /= extent.max(1);
    }
    at
}

/// Scale and zero point of element `k`: one for all, or one for each index along the node's axis.
fn by_axis<'c>(
    node: &Node,
    dims: &[usize],
    scale: &'c Constant,
    zero: Option<&'c Constant>,
) -> Result<impl Fn(usize) -> (f64, f64) + use<'c>> {
    let axis = if scale.data.len() == 1 { 0 } else { position(node.int("axis", 1), dims.len())? };
    let inner: usize = dims.iter().skip(axis + 1).product::<usize>().max(1);
    let extent = dims.get(axis).copied().unwrap_or(1).max(1);
    let fits = |c: &Constant| c.data.len() == 1 || (c.data.len() == extent && c.dims.len() == 1);
    if node.int("block_size", 0) != 0 {
        return Err(Error::unsupported("scales of blocks").value(node.int("block_size", 0)).allowed("one for all or one a channel"));
    }
    if !fits(scale) || !zero.is_none_or(fits) || scale.data.iter().any(|s| !(s.is_finite() && *s > 0.0)) {
        return Err(Error::input("scales or zero points of a quantised tensor")
            .value(format!("{} scales, tensor {dims:?}", scale.data.len()))
            .allowed("positive ones, one for all or one a channel"));
    }
    let of = move |c: &Constant, k: usize| if c.data.len() == 1 { c.data[0] } else { c.data[k / inner % extent] };
    Ok(move |k| (of(scale, k), zero.map_or(0.0, |z| of(z, k))))
}

/// Whether the integers of a QuantizeLinear are signed, and their bits.
pub(super) fn codes(node: &Node, zero: Option<&Constant>) -> (bool, u8) {
    let named = TYPES.iter().find(|t| i64::from(t.code) == node.int("output_dtype", 0)).and_then(|t| t.integer);
    zero.and_then(|z| z.integer).or(named).unwrap_or((false, 8))
}

/// Smallest and largest integer of a type.
pub(super) fn ends(signed: bool, bits: u8, narrow: bool) -> (f64, f64) {
    let narrow = f64::from(u8::from(narrow));
    let whole = libm::exp2(f64::from(bits) - f64::from(u8::from(signed)));
    if signed { (-whole + narrow, whole - 1.0) } else { (0.0, whole - 1.0 - narrow) }
}

/// The format of integers whose step is one power of two; none where it is not.
pub(super) fn grid(scale: &Constant, signed: bool, bits: u8, narrow: bool) -> Option<Format> {
    let step = scale.scalar()?;
    let log2 = libm::log2(step);
    let holds = (1..=16).contains(&bits) && log2 == libm::rint(log2) && (-32.0..=32.0).contains(&log2);
    let format = Format { bits, frac: (-log2) as i8, signed, narrow };
    (holds && !format.is_binary()).then_some(()).and_then(|()| format.check().ok())
}

/// QONNX's quantiser: `clamp(x / scale + zero point)`, rounded, and back.
pub(super) struct Quant<'c> {
    pub scale: &'c Constant,
    pub zero: &'c Constant,
    bits: u8,
    signed: bool,
    narrow: bool,
}

impl<'c> Quant<'c> {
    /// From the inputs behind the values.
    pub fn new(node: &Node, inputs: &[Option<&'c Constant>]) -> Result<Quant<'c>> {
        let at = |k: usize| {
            inputs
                .get(k)
                .copied()
                .flatten()
                .ok_or_else(|| Error::unsupported("scale, zero point and width of a quantiser have to be constants"))
        };
        let (scale, zero, bits) = (at(0)?, at(1)?, at(2)?);
        let width = bits.scalar().filter(|b| (1.0..=32.0).contains(b) && *b == libm::rint(*b));
        let width =
            width.ok_or_else(|| Error::input("width of a quantiser").value(format!("{:?}", bits.data)).allowed("one of 1 to 32 bits"))?;
        if node.text("rounding_mode").is_some_and(|mode| !["ROUND", "HALF_EVEN"].contains(&mode.to_uppercase().as_str())) {
            return Err(Error::unsupported("rounding of a quantiser")
                .value(node.text("rounding_mode").unwrap_or_default())
                .allowed("ROUND"));
        }
        Ok(Quant { scale, zero, bits: width as u8, signed: node.int("signed", 1) != 0, narrow: node.int("narrow", 0) != 0 })
    }

    /// Smallest and largest integer.
    pub fn ends(&self) -> (f64, f64) {
        ends(self.signed, self.bits, self.narrow)
    }

    /// Its format, where its step is one power of two; unsigned narrow ones have none.
    pub fn format(&self) -> Option<Format> {
        grid(self.scale, self.signed, self.bits, self.narrow).filter(|_| self.signed || !self.narrow)
    }
}
