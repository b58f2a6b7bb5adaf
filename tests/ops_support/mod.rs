//! Oracles written from the definitions, in exact rational arithmetic, sharing no code with the library.
#![allow(dead_code, reason = "each test file uses its part")]

use bico::fixed::{Format, Overflow, Requantise, Rounding};

/// `numerator / 2^shift` to an integer, from the definition of each mode by distances to the two neighbours.
pub fn round(mode: Rounding, numerator: i128, shift: i32) -> i128 {
    let (numerator, denominator) = if shift >= 0 { (numerator, 1i128 << shift) } else { (numerator << -shift, 1) };
    let below = numerator.div_euclid(denominator);
    if below * denominator == numerator {
        return below;
    }
    let above = below + 1;
    let (to_below, to_above) = (numerator - below * denominator, above * denominator - numerator);
    let tie = to_below == to_above;
    let nearest = if to_below < to_above { below } else { above };
    let (toward_zero, away) = if below.abs() <= above.abs() { (below, above) } else { (above, below) };
    match mode {
        Rounding::Trn => below,
        Rounding::TrnZero => toward_zero,
        Rounding::Rnd if tie => above,
        Rounding::RndZero if tie => toward_zero,
        Rounding::RndInf if tie => away,
        Rounding::RndMinInf if tie => below,
        Rounding::RndConv if tie => [below, above].into_iter().find(|v| v % 2 == 0).unwrap(),
        _ => nearest,
    }
}

/// The members of a format, ascending.
pub fn members(f: Format) -> Vec<i128> {
    let n = 1i128 << f.bits;
    match (f.signed, f.narrow, f.bits) {
        (true, _, 1) => vec![-1, 1],
        (true, true, _) => (-n / 2 + 1..n / 2).collect(),
        (true, false, _) => (-n / 2..n / 2).collect(),
        (false, ..) => (0..n).collect(),
    }
}

/// A value into a format, from the list of members.
pub fn overflow(mode: Overflow, x: i128, f: Format) -> i128 {
    if f.bits == 1 && f.signed {
        return if x < 0 { -1 } else { 1 };
    }
    let all = members(f);
    let (low, high) = (all[0], all[all.len() - 1]);
    match mode {
        Overflow::Sat => x.max(low).min(high),
        Overflow::SatSym => x.max(if f.signed { -high } else { 0 }).min(high),
        Overflow::SatZero => {
            if all.binary_search(&x).is_ok() {
                x
            } else {
                0
            }
        }
        Overflow::Wrap => {
            let n = 1i128 << f.bits;
            let r = x.rem_euclid(n);
            // The missing end of a narrow format is brought to its neighbour.
            if f.signed && r >= n / 2 { (r - n).max(low) } else { r }
        }
    }
}

/// The whole requantise step.
pub fn requantise(r: &Requantise, acc: i128, channel: usize) -> i32 {
    let scale = if r.scales.len() == 1 { r.scales[0] } else { r.scales[channel] };
    let slope = if acc < 0 { r.leaky_slope.unwrap_or(0) } else { 0 };
    let z = i128::from(r.zero_point);
    let mut y = round(r.rounding, acc * i128::from(scale.mult), i32::from(scale.shift) + i32::from(slope)) + z;
    if r.relu {
        y = y.max(z);
    }
    if let Some(clip) = r.clip {
        y = y.min(i128::from(clip));
    }
    overflow(r.overflow, y, r.format) as i32
}

/// A small deterministic generator for tensor contents.
pub struct Draw(pub u64);

impl Draw {
    /// Anything below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
    /// A member of `f`; the ends come up often.
    pub fn member(&mut self, f: Format) -> i32 {
        match self.below(8) {
            0 => f.min(),
            1 => f.max(),
            _ if f.is_binary() => [-1, 1][self.below(2) as usize],
            _ => f.min() + self.below((f.max() - f.min() + 1) as u64) as i32,
        }
    }
    /// One of a list.
    pub fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}
