//! Tensors whose values a file knows: weights, and what is computed from them alone.

use super::file::Node;
use super::proto::TensorProto;
use crate::error::{Error, Result};
use crate::fixed::Format;
use half::{bf16, f16};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Most elements of a tensor.
const MAX_ELEMENTS: usize = 1 << 27;

/// A tensor of known values. Integers are exact to 2^53, which holds every extent and index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Constant {
    pub dims: Vec<usize>,
    pub data: Vec<f64>,
    /// The fixed-point grid that the values lie on, where the file names one with a power-of-two step.
    pub grid: Option<Format>,
    /// Of integer types: whether signed, and bits.
    pub integer: Option<(bool, u8)>,
}

impl Constant {
    /// Values of a tensor of the file; `path` is the file's, beside which external tensors lie.
    pub fn new(proto: TensorProto, path: &Path) -> Result<Constant> {
        let dims: Vec<usize> = proto.dims.iter().map(|&d| usize::try_from(d).ok()).collect::<Option<_>>().unwrap_or(vec![usize::MAX]);
        let len = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).filter(|&n| n <= MAX_ELEMENTS);
        let len =
            len.ok_or_else(|| Error::input("extents of a tensor").value(format!("{:?}", proto.dims)).allowed("2^27 elements at most"))?;
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
        Ok(Constant { dims, data, grid: None, integer: kind.integer })
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

    /// One value a channel of a map of `channels`: what broadcasts along rows and columns of it. `flat` maps have channels last.
    pub fn by_channel(&self, channels: usize, flat: bool) -> Option<Vec<f64>> {
        if let Some(value) = self.scalar() {
            return Some(vec![value; channels]);
        }
        let axis = if flat { self.dims.len().checked_sub(1)? } else { self.dims.len().checked_sub(3)? };
        (self.dims[axis] == channels && self.data.len() == channels).then(|| self.data.clone())
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
            let dims: Vec<usize> = shape.ints().iter().map(|&d| d.max(0) as usize).collect();
            let len = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).filter(|&n| n <= MAX_ELEMENTS);
            let len = len.ok_or_else(|| Error::input("extents of a tensor").value(format!("{dims:?}")).allowed("2^27 elements at most"))?;
            Constant::of(dims, vec![value.and_then(|v| v.scalar()).unwrap_or(0.0); len])
        }
        ("Identity" | "Cast" | "Dropout", Some(x)) => x.clone(),
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
            if a.dims != b.dims && a.data.len() != 1 && b.data.len() != 1 {
                return Ok(None);
            }
            let longer = if a.data.len() >= b.data.len() { a } else { b };
            let of = |c: &Constant, k: usize| if c.data.len() == 1 { c.data[0] } else { c.data[k] };
            Constant::of(longer.dims.clone(), (0..longer.data.len()).map(|k| apply(of(a, k), of(b, k))).collect())
        }
        ("Concat", Some(x)) if inputs.iter().all(|c| c.is_some_and(|c| c.dims.len() == 1)) => {
            let data: Vec<f64> = inputs.iter().flatten().flat_map(|c| c.data.iter().copied()).collect();
            Constant { dims: vec![data.len()], data, integer: x.integer, grid: None }
        }
        ("DequantizeLinear", Some(x)) => {
            let Some(scale) = at(1) else { return Ok(None) };
            let zero = at(2);
            let axis = position(node.int("axis", 1), x.dims.len().max(1)).unwrap_or(0);
            let each = along(&x.dims, axis, scale, zero)?;
            let data = x.data.iter().enumerate().map(|(k, &q)| (q - each(k).1) * each(k).0).collect();
            let no_zero = zero.is_none_or(|z| z.scalar() == Some(0.0));
            let grid = x.integer.filter(|_| no_zero).and_then(|(signed, bits)| grid(scale, signed, bits, false));
            Constant { dims: x.dims.clone(), data, grid, integer: None }
        }
        ("Quant", Some(x)) => {
            let quant = Quant::new(node, &inputs[1..])?;
            let (low, high) = quant.ends();
            let each = along(&x.dims, 0, quant.scale, Some(quant.zero))?;
            let of = |(k, &v): (usize, &f64)| {
                let (scale, zero) = each(k);
                (libm::rint((v / scale + zero).clamp(low, high)) - zero) * scale
            };
            Constant { dims: x.dims.clone(), data: x.data.iter().enumerate().map(of).collect(), grid: quant.format(), integer: None }
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

/// Scale and zero point of element `k`: one for all, or one for each index along `axis`.
fn along<'c>(dims: &[usize], axis: usize, scale: &'c Constant, zero: Option<&'c Constant>) -> Result<impl Fn(usize) -> (f64, f64) + 'c> {
    let inner: usize = dims.iter().skip(axis + 1).product::<usize>().max(1);
    let extent = dims.get(axis).copied().unwrap_or(1).max(1);
    let fits = |c: &Constant| c.data.len() == 1 || c.data.len() == extent;
    if !fits(scale) || !zero.is_none_or(fits) || scale.data.iter().any(|s| !(s.is_finite() && *s > 0.0)) {
        return Err(Error::input("scales or zero points of a quantised tensor")
            .value(format!("{} scales, tensor {dims:?}", scale.data.len()))
            .allowed("positive ones, one for all or one a channel"));
    }
    let of = move |c: &Constant, k: usize| if c.data.len() == 1 { c.data[0] } else { c.data[k / inner % extent] };
    Ok(move |k| (of(scale, k), zero.map_or(0.0, |z| of(z, k))))
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
    fn ends(&self) -> (f64, f64) {
        let narrow = f64::from(u8::from(self.narrow));
        let whole = libm::exp2(f64::from(self.bits) - f64::from(u8::from(self.signed)));
        if self.signed { (-whole + narrow, whole - 1.0) } else { (0.0, whole - 1.0 - narrow) }
    }

    /// Its format, where its step is one power of two; unsigned narrow ones have none.
    pub fn format(&self) -> Option<Format> {
        grid(self.scale, self.signed, self.bits, self.narrow).filter(|_| self.signed || !self.narrow)
    }
}
