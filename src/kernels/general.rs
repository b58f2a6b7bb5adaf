//! Requantisation in every mode, without branches, so that the compiler vectorises it for whatever it compiles for.

use crate::fixed::{Overflow, Requantise, Rounding};

/// `Requantise::apply` for a row of accumulators: positions have their own scale, the rest is common.
///
/// The offset added before the shift is, with `half` the weight of the first dropped bit and `one` 1 where bits are dropped:
/// TRN 0; TRN_ZERO the mask of the dropped bits where negative; RND `half`; RND_MIN_INF `half - one`; and `half - one` plus one
/// where negative (RND_ZERO), where not negative (RND_INF) or where the quotient is odd (RND_CONV).
#[derive(Clone, Debug)]
pub(super) struct General {
    mult: Vec<i64>,
    shift: Vec<i64>,
    /// All ones for a channel, zero for a padding lane, whose output is zero.
    keep: Vec<i64>,
    slope: i64,
    zero_point: i64,
    low: i64,
    high: i64,
    rounding: RoundingMasks,
    overflow: OverflowMasks,
}

/// All ones where a term of the offset takes part.
#[derive(Clone, Copy, Debug, Default)]
struct RoundingMasks {
    half: i64,
    less_one: i64,
    by_sign: i64,
    flip_sign: i64,
    by_odd: i64,
    dropped: i64,
}

#[derive(Clone, Copy, Debug)]
struct OverflowMasks {
    min: i64,
    max: i64,
    to_zero: i64,
    sign_shift: u32,
    keep_bits: i64,
    to_sign: i64,
    lowest: i64,
}

impl General {
    /// Tables for the output channel at each position; `None` is a padding lane.
    pub(super) fn new(requantise: &Requantise, positions: &[Option<usize>]) -> General {
        let scale = |c: &Option<usize>| c.map_or(crate::fixed::Scale::shift(0), |c| requantise.scale(c));
        let (low, high) = clamp_bounds(requantise);
        General {
            mult: positions.iter().map(|c| i64::from(scale(c).mult)).collect(),
            shift: positions.iter().map(|c| i64::from(scale(c).shift)).collect(),
            keep: positions.iter().map(|c| if c.is_some() { -1 } else { 0 }).collect(),
            slope: requantise.leaky_slope.map_or(0, i64::from),
            zero_point: i64::from(requantise.zero_point),
            low,
            high,
            rounding: RoundingMasks::new(requantise.rounding),
            overflow: OverflowMasks::new(requantise),
        }
    }

    /// Requantises `acc`, whose first element is at position `first`; results as 16-bit patterns.
    #[inline(always)]
    pub(super) fn apply<T: Copy + Into<i64>>(&self, first: usize, acc: &[T], out: &mut [i16]) {
        let n = acc.len();
        let (mult, shift) = (&self.mult[first..first + n], &self.shift[first..first + n]);
        let (keep, out) = (&self.keep[first..first + n], &mut out[..n]);
        for i in 0..n {
            out[i] = (self.one(acc[i].into(), mult[i], shift[i]) & keep[i]) as i16;
        }
    }

    #[inline(always)]
    fn one(&self, acc: i64, mult: i64, shift: i64) -> i64 {
        let negative = acc >> 63;
        let shift = shift + (self.slope & negative);
        let (right, left) = (shift.max(0), (-shift).max(0));
        let x = (acc * mult) << left;
        let scaled = (x + self.rounding.offset(x, negative, right)) >> right;
        self.overflow.apply((scaled + self.zero_point).max(self.low).min(self.high))
    }
}

impl RoundingMasks {
    fn new(rounding: Rounding) -> RoundingMasks {
        let base = RoundingMasks { half: -1, less_one: -1, ..RoundingMasks::default() };
        match rounding {
            Rounding::Trn => RoundingMasks::default(),
            Rounding::TrnZero => RoundingMasks { dropped: -1, ..RoundingMasks::default() },
            Rounding::Rnd => RoundingMasks { half: -1, ..RoundingMasks::default() },
            Rounding::RndMinInf => base,
            Rounding::RndZero => RoundingMasks { by_sign: -1, ..base },
            Rounding::RndInf => RoundingMasks { by_sign: -1, flip_sign: -1, ..base },
            Rounding::RndConv => RoundingMasks { by_odd: -1, ..base },
        }
    }

    #[inline(always)]
    fn offset(&self, x: i64, negative: i64, right: i64) -> i64 {
        let below = (1i64 << right) - 1;
        let half = (below + 1) >> 1;
        let one = below & 1;
        let up = one & (((negative ^ self.flip_sign) & self.by_sign) | ((x >> right) & self.by_odd));
        (half & self.half) - (one & self.less_one) + up + (below & negative & self.dropped)
    }
}

impl OverflowMasks {
    fn new(requantise: &Requantise) -> OverflowMasks {
        let format = requantise.format;
        let all = |on: bool| if on { -1 } else { 0 };
        let (binary, mode) = (format.is_binary(), requantise.overflow);
        let wrap = !binary && mode == Overflow::Wrap;
        OverflowMasks {
            min: i64::from(format.min()),
            max: i64::from(format.max()),
            to_zero: all(!binary && mode == Overflow::SatZero),
            sign_shift: if wrap && format.signed { 64 - u32::from(format.bits) } else { 0 },
            keep_bits: if wrap && !format.signed { (1 << format.bits) - 1 } else { -1 },
            to_sign: all(binary),
            lowest: if wrap && format.narrow { i64::from(format.min()) } else { i64::MIN },
        }
    }

    #[inline(always)]
    fn apply(&self, y: i64) -> i64 {
        let outside = if y < self.min || y > self.max { self.to_zero } else { 0 };
        let y = (((y & !outside) << self.sign_shift) >> self.sign_shift) & self.keep_bits;
        // The end that a narrow format lacks.
        let y = y.max(self.lowest);
        let sign = (y >> 63) | 1;
        (y & !self.to_sign) | (sign & self.to_sign)
    }
}

/// Activation and saturation as one clamp: the composition of clamps is a clamp between its values at both infinities.
pub(super) fn clamp_bounds(requantise: &Requantise) -> (i64, i64) {
    let format = requantise.format;
    let saturates = !format.is_binary() && matches!(requantise.overflow, Overflow::Sat | Overflow::SatSym);
    let end = |y: i64| {
        let y = if requantise.relu { y.max(i64::from(requantise.zero_point)) } else { y };
        let y = requantise.clip.map_or(y, |clip| y.min(i64::from(clip)));
        if saturates { i64::from(requantise.overflow.apply(y, format)) } else { y }
    };
    (end(i64::MIN), end(i64::MAX))
}
