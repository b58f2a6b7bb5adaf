//! Random layers: shapes and modes from proptest (which shrinks them), values from a seed.

use bico::fixed::{Format, Overflow, Requantise, Rounding, Scale};
use bico::tensor::{Blocked, Shape, Tensor};
use proptest::prelude::*;

/// A small generator of pseudo-random integers (xorshift64*).
pub struct Values(u64);

impl Values {
    pub fn new(seed: u64) -> Values {
        Values(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Uniform in `low..=high`; one in eight is an end of the range.
    pub fn within(&mut self, low: i64, high: i64) -> i64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let v = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        match v % 16 {
            0 => low,
            1 => high,
            _ => low + ((v >> 4) % (high - low + 1) as u64) as i64,
        }
    }

    /// A member of `format`.
    pub fn member(&mut self, format: Format) -> i32 {
        loop {
            let v = self.within(i64::from(format.min()), i64::from(format.max())) as i32;
            if format.contains(v) {
                return v;
            }
        }
    }

    pub fn tensor(&mut self, shape: Shape, format: Format) -> Tensor {
        Tensor::new(shape, (0..shape.len()).map(|_| self.member(format)).collect()).unwrap()
    }
}

/// Formats of features; weights take the signed ones.
pub fn format(signed_only: bool) -> impl Strategy<Value = Format> {
    let bits = prop::sample::select(vec![1u8, 2, 8, 9, 11, 16]);
    (bits, any::<bool>(), any::<bool>()).prop_map(move |(bits, signed, narrow)| {
        let signed = signed || signed_only;
        Format { bits, frac: 0, signed, narrow: narrow && signed && bits > 1 }
    })
}

/// Requantise parameters; half of them in the modes that have a fast form.
#[derive(Clone, Debug)]
pub struct Modes {
    pub rounding: Rounding,
    pub overflow: Overflow,
    pub format: Format,
    pub zero_point: bool,
    pub relu: bool,
    pub clip: bool,
    pub slope: Option<u8>,
    pub per_channel: bool,
    pub multiply: bool,
}

pub fn modes() -> impl Strategy<Value = Modes> {
    let rounding = prop::sample::select(Rounding::ALL.to_vec());
    let overflow = prop::sample::select(Overflow::ALL.to_vec());
    let slope = prop::option::weighted(0.3, 0u8..5);
    (any::<[bool; 6]>(), rounding, overflow, format(false), slope).prop_map(
        |([common, zero_point, relu, clip, per_channel, multiply], rounding, overflow, format, slope)| Modes {
            rounding: if common && overflow != Overflow::Wrap { Rounding::Rnd } else { rounding },
            overflow: if common { Overflow::Sat } else { overflow },
            format,
            zero_point,
            relu,
            clip,
            slope: if common { None } else { slope },
            per_channel,
            multiply,
        },
    )
}

impl Modes {
    /// Parameters for accumulators of about `acc_bits` bits: outputs fill the format, with some overflow.
    pub fn requantise(&self, values: &mut Values, channels: usize, acc_bits: i64) -> Requantise {
        let f = self.format;
        let count = if self.per_channel { channels } else { 1 };
        let scale = |values: &mut Values| {
            let mult = if self.multiply { values.within(1, 32767) as u16 } else { 1 };
            let bits = 16 - i64::from(mult.leading_zeros()) - 1;
            let shift = acc_bits + bits - i64::from(f.bits) + values.within(-2, 2);
            Scale { mult, shift: shift.clamp(-4, 47) as i8 }
        };
        let zero_point = if self.zero_point { values.within(i64::from(f.min()), i64::from(f.max())) as i32 } else { 0 };
        Requantise {
            scales: (0..count).map(|_| scale(values)).collect(),
            rounding: self.rounding,
            overflow: self.overflow,
            zero_point,
            relu: self.relu,
            clip: self.clip.then(|| values.within(i64::from(f.min()), i64::from(f.max())) as i32),
            leaky_slope: self.slope,
            format: f,
        }
    }
}

/// How a format's values are stored: whether as bit patterns of unsigned 16-bit integers.
pub fn is_unsigned16(format: Format) -> bool {
    format.max() > i32::from(i16::MAX)
}

/// Checks a blocked result against the reference, padding lanes (zero) included.
pub fn assert_blocked(got: &Blocked, want: &Tensor, context: &str) {
    let want = Blocked::from_tensor(want, got.lanes);
    let first = got.data.iter().zip(&want.data).position(|(a, b)| a != b);
    if let Some(at) = first {
        panic!("element {at} is {}, not {}: {context}", got.data[at], want.data[at]);
    }
}
