//! A format that may still lack its fraction bits, and the ways to find them.

use crate::error::Result;
use crate::fixed::Format;

/// Fraction bits that are derived stay within these: with them every requantise shift is in range.
const DERIVED_FRAC: std::ops::RangeInclusive<i8> = -7..=20;

/// A [`Format`] whose fraction bits may be open until weights or calibration give them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatSpec {
    /// Width, 1 to 16.
    pub bits: u8,
    /// Fraction bits, when they are settled.
    pub frac: Option<i8>,
    /// Two's complement.
    pub signed: bool,
    /// Symmetric range.
    pub narrow: bool,
}

impl FormatSpec {
    /// A signed format of open fraction bits; two bits are ternary when `weights` (the useful two-bit weights).
    pub fn open(bits: u8, weights: bool) -> FormatSpec {
        FormatSpec { bits, frac: None, signed: true, narrow: weights && bits == 2 }
    }

    /// The format with these fraction bits.
    pub const fn with_frac(self, frac: i8) -> Format {
        Format { bits: self.bits, frac, signed: self.signed, narrow: self.narrow }
    }

    /// The same integer bits in another width; to and from 1 or 2 weight bits the fraction bits are left open, for there a scale has
    /// to be found anew.
    ///
    /// # Errors
    /// When the fraction bits leave -32 to 32.
    pub fn widened(self, bits: u8, weights: bool) -> Result<FormatSpec> {
        if weights && bits != self.bits && bits.min(self.bits) <= 2 {
            return Ok(FormatSpec::open(bits, true));
        }
        let frac = self.frac.map(|f| f + bits as i8 - self.bits as i8);
        let narrow = self.narrow && bits > 1;
        let spec = FormatSpec { bits, frac, narrow, ..self };
        spec.with_frac(frac.unwrap_or(0)).check()?;
        Ok(spec)
    }

    /// The most fraction bits with which `low..=high` still fits.
    pub fn covering(self, low: f64, high: f64) -> i8 {
        self.covering_around(low, high, 0)
    }

    /// As [`FormatSpec::covering`], where `zero_point` stands for 0.
    pub fn covering_around(self, low: f64, high: f64, zero_point: i32) -> i8 {
        let fits = |&frac: &i8| {
            let (f, scale) = (self.with_frac(frac), libm::ldexp(1.0, i32::from(frac)));
            let steps = |value: f64| libm::rint(value * scale) + f64::from(zero_point);
            steps(high) <= f64::from(f.max()) && steps(low) >= f64::from(f.min())
        };
        if low == 0.0 && high == 0.0 {
            return self.bits as i8 - 1;
        }
        DERIVED_FRAC.rev().find(fits).unwrap_or(*DERIVED_FRAC.start())
    }

    /// The fraction bits that lose least of `values` (squared error), from those that cover the range upwards, `most` at most.
    pub fn fitting(self, values: &[f32], most: i8) -> i8 {
        let (low, high) = values.iter().fold((0f64, 0f64), |(l, h), &v| (l.min(f64::from(v)), h.max(f64::from(v))));
        let first = self.covering(low, high).min(most);
        let reach = if self.bits <= 2 { 6 } else { 2 };
        let error = |frac: i8| {
            let format = self.with_frac(frac);
            values.iter().map(|&v| f64::from(v) - format.value(format.quantise(f64::from(v)))).map(|e| e * e).sum::<f64>()
        };
        let last = (first + reach).min(*DERIVED_FRAC.end()).min(most).max(first);
        (first..=last).map(|f| (error(f), f)).reduce(|a, b| if b.0 < a.0 { b } else { a }).map_or(first, |(_, f)| f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covering_keeps_the_most_fraction_bits() {
        let nine = FormatSpec::open(9, false);
        assert_eq!(nine.covering(0.0, 3.98), 6);
        assert_eq!(nine.covering(0.0, 4.0), 5);
        assert_eq!(nine.covering(-4.0, 0.0), 6);
        assert_eq!(FormatSpec { signed: false, ..nine }.covering(0.0, 4.0), 6);
        assert_eq!(nine.covering(0.0, 1e30), -7);
        let eight = FormatSpec::open(8, false);
        assert_eq!((eight.covering_around(0.0, 6.0, 0), eight.covering_around(0.0, 6.0, 100)), (4, 2), "127, and 27, members above 0");
        assert_eq!(eight.covering_around(-6.0, 0.0, 100), 5, "228 members below 0");
    }

    #[test]
    fn ternary_weights_get_the_scale_of_least_error() {
        let values = [0.5, -0.5, 0.5, 0.02, -0.03, 0.45];
        assert_eq!(FormatSpec::open(2, true).fitting(&values, 20), 1);
        let widened = FormatSpec { bits: 11, frac: Some(9), signed: true, narrow: false }.widened(8, true).unwrap();
        assert_eq!((widened.bits, widened.frac), (8, Some(6)));
        // The scale of ternary weights says nothing about the range of wider ones.
        let ternary = FormatSpec { bits: 2, frac: Some(1), signed: true, narrow: true };
        assert_eq!(ternary.widened(8, true).unwrap(), FormatSpec::open(8, true));
        assert_eq!(ternary.widened(2, true).unwrap(), ternary);
    }
}
