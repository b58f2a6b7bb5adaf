//! Fixed point with formats chosen at run time. This is the one place that rounds and the one place that overflows.
//!
//! A raw integer `r` in a [`Format`] with `frac` fraction bits stands for `(r - zero_point) * 2^-frac`. Names and meanings of
//! the modes are those of `ap_fixed` (Vivado HLS user guide UG902, table "ap_fixed quantization and overflow modes").

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// The integers a value may take and the weight of its last bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// Width in bits, 1 to 16.
    pub bits: u8,
    /// Fraction bits: the last bit weighs `2^-frac`. May be negative or exceed `bits`.
    pub frac: i8,
    /// Two's complement when set. One signed bit is binary: -1 or +1.
    pub signed: bool,
    /// Symmetric range `-(2^(bits-1)-1) ..= 2^(bits-1)-1`; with two bits this is ternary.
    #[serde(default)]
    pub narrow: bool,
}

impl Format {
    /// What a pixel is as it comes: eight bits that stand for pixel / 256.
    pub const PIXEL: Format = Format::unsigned(8, 8);

    /// A signed format.
    pub const fn signed(bits: u8, frac: i8) -> Format {
        Format { bits, frac, signed: true, narrow: false }
    }
    /// An unsigned format.
    pub const fn unsigned(bits: u8, frac: i8) -> Format {
        Format { bits, frac, signed: false, narrow: false }
    }
    /// Ternary {-1, 0, +1} times `2^-frac`.
    pub const fn ternary(frac: i8) -> Format {
        Format { bits: 2, frac, signed: true, narrow: true }
    }
    /// Binary {-1, +1} times `2^-frac`.
    pub const fn binary(frac: i8) -> Format {
        Format { bits: 1, frac, signed: true, narrow: false }
    }
    /// Whether this is {-1, +1}: zero is then no member.
    pub const fn is_binary(self) -> bool {
        self.bits == 1 && self.signed
    }
    /// Checks widths and fraction bits.
    ///
    /// # Errors
    /// When `bits` is outside 1 to 16, `frac` outside -32 to 32, or a narrow format is unsigned or one bit wide.
    pub fn check(self) -> Result<Format> {
        if !(1..=16).contains(&self.bits) {
            return Err(Error::input("bits is out of range").value(self.bits).allowed("1 to 16"));
        }
        if !(-32..=32).contains(&self.frac) {
            return Err(Error::input("frac is out of range").value(self.frac).allowed("-32 to 32"));
        }
        if self.narrow && (!self.signed || self.bits < 2) {
            return Err(Error::input("narrow needs a signed format of at least 2 bits").value(format!("{self:?}")));
        }
        Ok(self)
    }
    /// The smallest raw integer.
    pub const fn min(self) -> i32 {
        match (self.signed, self.narrow) {
            (false, _) => 0,
            (true, false) if self.bits == 1 => -1,
            (true, false) => -(1 << (self.bits - 1)),
            (true, true) => -((1 << (self.bits - 1)) - 1),
        }
    }
    /// The largest raw integer.
    pub const fn max(self) -> i32 {
        match self.signed {
            false => (1 << self.bits) - 1,
            true if self.bits == 1 => 1,
            true => (1 << (self.bits - 1)) - 1,
        }
    }
    /// Whether `raw` is a member.
    pub const fn contains(self, raw: i32) -> bool {
        raw >= self.min() && raw <= self.max() && !(self.is_binary() && raw == 0)
    }
    /// The weight of the last bit.
    pub fn step(self) -> f64 {
        libm::ldexp(1.0, -i32::from(self.frac))
    }
    /// What `raw` stands for (zero point 0).
    pub fn value(self, raw: i32) -> f64 {
        f64::from(raw) * self.step()
    }
    /// The nearest member to a real number: half to even, saturating; NaN becomes the member nearest 0.
    pub fn quantise(self, x: f64) -> i32 {
        if self.is_binary() {
            return if x < 0.0 { -1 } else { 1 };
        }
        let scaled = libm::ldexp(x, i32::from(self.frac));
        if scaled.is_nan() {
            return 0;
        }
        libm::rint(scaled.clamp(f64::from(self.min()), f64::from(self.max()))) as i32
    }
    /// As [`Format::quantise`], where `zero_point` stands for 0.
    pub fn quantise_around(self, x: f64, zero_point: i32) -> i32 {
        if zero_point == 0 {
            return self.quantise(x);
        }
        let steps = libm::rint(libm::ldexp(x, i32::from(self.frac))) + f64::from(zero_point);
        if steps.is_nan() { zero_point } else { steps.clamp(f64::from(self.min()), f64::from(self.max())) as i32 }
    }
    /// The bits of the DRAM container: 1, 2, 4, 8 or 16.
    pub const fn container_bits(self) -> u8 {
        self.bits.next_power_of_two()
    }
}

/// How a pixel enters a network: one of 0 to 255 stands for `pixel / 256 - mean`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelCoding {
    /// Of the image.
    pub format: Format,
    /// Raw value that stands for 0.
    pub zero_point: i32,
    /// What is taken off each pixel, as a fraction of 256. With zero point `mean * 256` and 8 unsigned bits of 8 fraction bits raw values are the pixels as they are.
    pub mean: f64,
}

impl PixelCoding {
    /// What a pixel stands for.
    pub fn value(self, pixel: u8) -> f64 {
        f64::from(pixel) / 256.0 - self.mean
    }
    /// Its raw integer.
    pub fn raw(self, pixel: u8) -> i32 {
        self.format.quantise_around(self.value(pixel), self.zero_point)
    }
}

/// What to do with the bits below the last one (`ap_fixed` quantisation modes).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Rounding {
    /// Towards minus infinity: drop the bits.
    Trn,
    /// Towards zero.
    TrnZero,
    /// To nearest, ties towards plus infinity.
    #[default]
    Rnd,
    /// To nearest, ties towards zero.
    RndZero,
    /// To nearest, ties away from zero.
    RndInf,
    /// To nearest, ties towards minus infinity.
    RndMinInf,
    /// To nearest, ties to even (convergent).
    RndConv,
}

impl Rounding {
    /// All modes, in `ap_fixed`'s order; the index is the code in a descriptor.
    pub const ALL: [Rounding; 7] =
        [Rounding::Trn, Rounding::TrnZero, Rounding::Rnd, Rounding::RndZero, Rounding::RndInf, Rounding::RndMinInf, Rounding::RndConv];

    /// `x * 2^-shift` as an integer; a negative shift multiplies exactly. `shift` is -31 to 62.
    #[inline]
    pub const fn shift_right(self, x: i64, shift: i32) -> i64 {
        if shift <= 0 {
            return x << -shift;
        }
        let floor = x >> shift;
        let rest = x - (floor << shift);
        let half = 1i64 << (shift - 1);
        let up = match self {
            Rounding::Trn => false,
            Rounding::TrnZero => x < 0 && rest != 0,
            Rounding::Rnd => rest >= half,
            Rounding::RndZero => rest > half || (rest == half && x < 0),
            Rounding::RndInf => rest > half || (rest == half && x >= 0),
            Rounding::RndMinInf => rest > half,
            Rounding::RndConv => rest > half || (rest == half && floor & 1 == 1),
        };
        floor + up as i64
    }
}

/// What to do with values outside the format (`ap_fixed` overflow modes).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Overflow {
    /// Saturate at the format's ends.
    #[default]
    Sat,
    /// Saturate, symmetric: the lower end is minus the upper end.
    SatSym,
    /// Values outside become zero.
    SatZero,
    /// Keep the low bits.
    Wrap,
}

impl Overflow {
    /// All modes; the index is the code in a descriptor.
    pub const ALL: [Overflow; 4] = [Overflow::Sat, Overflow::SatSym, Overflow::SatZero, Overflow::Wrap];

    /// Brings `x` into `format`. Binary formats take the sign, whatever the mode.
    #[inline]
    pub const fn apply(self, x: i64, format: Format) -> i32 {
        if format.is_binary() {
            return if x < 0 { -1 } else { 1 };
        }
        let (low, high) = (format.min() as i64, format.max() as i64);
        match self {
            Overflow::Sat => clamp(x, low, high),
            Overflow::SatSym => clamp(x, if format.signed { -high } else { 0 }, high),
            Overflow::SatZero => {
                if x < low || x > high {
                    0
                } else {
                    x as i32
                }
            }
            Overflow::Wrap => {
                let shift = 64 - format.bits as u32;
                let low_bits = if format.signed { (x << shift) >> shift } else { (((x as u64) << shift) >> shift) as i64 };
                // Only a narrow format's missing end is left to bring in.
                clamp(low_bits, low, high)
            }
        }
    }
}

const fn clamp(x: i64, low: i64, high: i64) -> i32 {
    (if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }) as i32
}

/// The factor between accumulator and output: `mult * 2^-shift`. A plain shift has `mult == 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Integer multiplier, 1 to 32767; 1 means a plain shift, which needs no multiplier in hardware.
    pub mult: u16,
    /// Right shift, -16 to 47 (negative shifts left).
    pub shift: i8,
}

impl Scale {
    /// A plain shift.
    pub const fn shift(shift: i8) -> Scale {
        Scale { mult: 1, shift }
    }
    /// The factor `2^-shift`.
    ///
    /// # Errors
    /// When `shift` is outside -16 to 47.
    pub fn power_of_two(shift: i32) -> Result<Scale> {
        match i8::try_from(shift) {
            Ok(shift @ -16..=47) => Ok(Scale::shift(shift)),
            _ => Err(Error::input("requantise shift is out of range")
                .value(shift)
                .allowed("-16 to 47")
                .hint("bring the fraction bits of operands, weights and output closer together")),
        }
    }
    /// The factor nearest to `real`: a plain shift where that is exact to 15 bits, else a multiplier of 15 significant bits.
    ///
    /// # Errors
    /// When `real` is not positive and finite, or too far from 1 for a shift of -16 to 47.
    pub fn nearest(real: f64) -> Result<Scale> {
        if !(real.is_finite() && real > 0.0) {
            return Err(Error::input("requantise factor is out of range").value(real).allowed("positive and finite"));
        }
        let (fraction, exponent) = libm::frexp(real);
        match libm::rint(libm::ldexp(fraction, 15)) as u16 {
            0x4000 => Scale::power_of_two(1 - exponent),
            0x8000 => Scale::power_of_two(-exponent),
            mult => Ok(Scale { mult, ..Scale::power_of_two(15 - exponent)? }),
        }
    }
    /// What the factor is.
    pub fn value(self) -> f64 {
        libm::ldexp(f64::from(self.mult), -i32::from(self.shift))
    }
}

/// From a full-width accumulator to an output format. In this order: leaky slope, multiply, shift with rounding,
/// zero point, activation bounds, overflow.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requantise {
    /// One scale for the tensor, or one for each output channel.
    pub scales: Vec<Scale>,
    /// How the shift rounds.
    pub rounding: Rounding,
    /// How the format is enforced.
    pub overflow: Overflow,
    /// Raw value that stands for zero.
    pub zero_point: i32,
    /// ReLU: raw values below the zero point become the zero point.
    pub relu: bool,
    /// Clipped ReLU: the largest raw value; at most the format's maximum (contract, point 17).
    pub clip: Option<i32>,
    /// Leaky ReLU: negative accumulators are scaled by a further `2^-slope`.
    pub leaky_slope: Option<u8>,
    /// The output format.
    pub format: Format,
}

impl Requantise {
    /// A plain shift into `format` with default modes and no activation.
    pub fn by_shift(shift: i8, format: Format) -> Requantise {
        Requantise {
            scales: vec![Scale::shift(shift)],
            rounding: Rounding::default(),
            overflow: Overflow::default(),
            zero_point: 0,
            relu: false,
            clip: None,
            leaky_slope: None,
            format,
        }
    }

    /// Checks what [`Requantise::apply`] takes for granted, for `channels` output channels and accumulators of at most `bound` in
    /// magnitude.
    ///
    /// # Errors
    /// When a scale, the slope, the zero point or the clip is out of range, there are not 1 or `channels` scales, or a product or a
    /// left shift could leave 62 bits.
    pub fn check(&self, channels: usize, bound: i64) -> Result<()> {
        self.format.check()?;
        if self.scales.len() != 1 && self.scales.len() != channels {
            return Err(Error::input("number of requantise scales").value(self.scales.len()).allowed(format!("1 or {channels}")));
        }
        for s in &self.scales {
            Scale::power_of_two(i32::from(s.shift))?;
            let largest = (i128::from(bound) * i128::from(s.mult)) << (-s.shift).max(0);
            if !(1..=0x7fff).contains(&s.mult) || largest >= 1 << 62 {
                return Err(Error::input("requantise multiplier is out of range")
                    .value(format!("{} x 2^{} on accumulators up to {bound}", s.mult, -i32::from(s.shift)))
                    .allowed("1 to 32767, products below 2^62"));
            }
        }
        if self.leaky_slope.is_some_and(|s| s > 15) {
            return Err(Error::input("leaky slope is out of range").value(self.leaky_slope.unwrap_or(0)).allowed("2^0 to 2^-15"));
        }
        let end = if self.format.is_binary() { 0 } else { self.format.max() };
        let start = if self.format.is_binary() { 0 } else { self.format.min() };
        if !(start..=end).contains(&self.zero_point) {
            return Err(Error::input("zero point is out of range").value(self.zero_point).allowed(format!("{start} to {end}")));
        }
        match self.clip {
            Some(clip) if !(self.zero_point..=self.format.max()).contains(&clip) => Err(Error::input("clip is out of range")
                .value(clip)
                .allowed(format!("the zero point {} to the format's maximum {}", self.zero_point, self.format.max()))),
            _ => Ok(()),
        }
    }

    /// The scale of output channel `channel`.
    #[inline]
    pub fn scale(&self, channel: usize) -> Scale {
        if self.scales.len() == 1 { self.scales[0] } else { self.scales[channel] }
    }

    /// One accumulator of `channel` to one raw output. Exact for what [`Requantise::check`] accepts.
    #[inline]
    pub fn apply(&self, acc: i64, channel: usize) -> i32 {
        let scale = self.scale(channel);
        let slope = match self.leaky_slope {
            Some(slope) if acc < 0 => i32::from(slope),
            _ => 0,
        };
        let scaled = self.rounding.shift_right(acc * i64::from(scale.mult), i32::from(scale.shift) + slope);
        let mut y = scaled + i64::from(self.zero_point);
        if self.relu && y < i64::from(self.zero_point) {
            y = i64::from(self.zero_point);
        }
        if let Some(clip) = self.clip
            && y > i64::from(clip)
        {
            y = i64::from(clip);
        }
        self.overflow.apply(y, self.format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!((Format::signed(9, 6).min(), Format::signed(9, 6).max()), (-256, 255));
        assert_eq!((Format::unsigned(8, 0).min(), Format::unsigned(8, 0).max()), (0, 255));
        assert_eq!((Format::ternary(0).min(), Format::ternary(0).max()), (-1, 1));
        assert_eq!((Format::binary(0).min(), Format::binary(0).max()), (-1, 1));
        assert_eq!(Format::signed(9, 6).container_bits(), 16);
    }
}
