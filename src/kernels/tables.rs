//! Requantise parameters packed for the kernels: one entry for each accumulator position.

use super::general::{General, clamp_bounds};
use crate::fixed::{Overflow, Requantise, Rounding};

/// How the vector kernels finish an accumulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `clamp((start + sum) >> shift)`: rounding and zero point are part of `start`.
    Shift,
    /// `clamp(((start + sum) * mult + offset) >> shift)` in 64 bits, then `post` added.
    Multiply,
    /// Everything else.
    General,
}

/// What an accumulator starts from and how it ends, for each position.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    pub form: Form,
    /// Whether some accumulator may leave 32 bits.
    pub wide: bool,
    /// Whether outputs fit a signed 16-bit integer (all but unsigned 16-bit formats).
    pub signed16: bool,
    pub bias: Vec<i64>,
    pub start: Vec<i32>,
    pub shift: Vec<i32>,
    pub mult: Vec<i32>,
    /// Rounding offset of even and of odd positions; `LIFT` makes the 64-bit sum positive, so that a logical shift will do.
    pub offset: [Vec<i64>; 2],
    pub post: Vec<i32>,
    pub low: Vec<i32>,
    pub high: Vec<i32>,
    pub general: General,
}

/// 2^62: above any product of a 32-bit accumulator and a 15-bit multiplier.
const LIFT: i64 = 1 << 62;

/// One output channel's accumulator: its bias and the range of bias plus any sum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub bias: i64,
    pub min: i64,
    pub max: i64,
}

impl Bound {
    pub(super) fn new(bias: i64) -> Bound {
        Bound { bias, min: bias, max: bias }
    }

    /// Adds `weight` times any feature in `range`.
    pub(super) fn add(&mut self, weight: i64, range: (i32, i32)) {
        let (a, b) = (weight * i64::from(range.0), weight * i64::from(range.1));
        self.min += a.min(b);
        self.max += a.max(b);
    }

    fn fits(&self) -> bool {
        // The bias alone must fit too: accumulators start from it.
        [self.bias, self.min, self.max].into_iter().all(|v| i32::try_from(v).is_ok())
    }
}

impl Tables {
    /// `positions` names the output channel of each position (`None`: padding lane, output 0); `bounds` is by channel.
    pub(super) fn new(requantise: &Requantise, positions: &[Option<usize>], bounds: &[Bound]) -> Tables {
        let wide = !bounds.iter().all(Bound::fits);
        let form = if wide { Form::General } else { choose(requantise, bounds) };
        let (low, high) = clamp_bounds(requantise);
        let each = |f: &dyn Fn(usize) -> i64| positions.iter().map(|c| c.map_or(0, f)).collect::<Vec<i64>>();
        let narrow = |v: Vec<i64>| v.into_iter().map(|v| v as i32).collect::<Vec<i32>>();
        let shift = |c: usize| i64::from(requantise.scale(c).shift.clamp(0, 47));
        let half = |c: usize| rounding_offset(requantise.rounding, shift(c));
        let zero_point = i64::from(requantise.zero_point);
        let start = |c: usize| bounds[c].bias + if form == Form::Shift { half(c) + (zero_point << shift(c)) } else { 0 };
        let offset = each(&|c| half(c) + LIFT);
        Tables {
            form,
            wide,
            signed16: requantise.format.max() <= i32::from(i16::MAX),
            bias: each(&|c| bounds[c].bias),
            start: narrow(each(&start)),
            shift: narrow(each(&shift)),
            mult: narrow(each(&|c| i64::from(requantise.scale(c).mult))),
            offset: [0, 1].map(|odd| offset.iter().copied().skip(odd).step_by(2).collect()),
            post: narrow(each(&|c| zero_point - (LIFT >> shift(c)))),
            low: narrow(each(&|_| low.max(i64::from(i32::MIN)))),
            high: narrow(each(&|_| high.min(i64::from(i32::MAX)))),
            general: General::new(requantise, positions),
        }
    }
}

/// What to add before an arithmetic right shift, for the modes where that does not depend on the value.
fn rounding_offset(rounding: Rounding, shift: i64) -> i64 {
    let half = (1i64 << shift) >> 1;
    match rounding {
        Rounding::Rnd => half,
        Rounding::RndMinInf => (half - 1).max(0),
        _ => 0,
    }
}

fn choose(requantise: &Requantise, bounds: &[Bound]) -> Form {
    let clamps = matches!(requantise.overflow, Overflow::Sat | Overflow::SatSym) && !requantise.format.is_binary();
    let constant_offset = matches!(requantise.rounding, Rounding::Trn | Rounding::Rnd | Rounding::RndMinInf);
    let in_range = |c: usize| (0..=47).contains(&requantise.scale(c).shift);
    if !clamps || !constant_offset || requantise.leaky_slope.is_some() || !(0..bounds.len()).all(in_range) {
        return Form::General;
    }
    let zero_point = i64::from(requantise.zero_point);
    let fits = |v: i64| i32::try_from(v).is_ok();
    let shift_fits = |c: usize| {
        let (scale, b) = (requantise.scale(c), bounds[c]);
        let s = i64::from(scale.shift);
        let offset = rounding_offset(requantise.rounding, s.min(47)) + (zero_point << s);
        scale.mult == 1 && s < 32 && [b.bias, b.min, b.max].into_iter().all(|v| fits(v + offset))
    };
    let multiply_fits = |c: usize| {
        let (scale, b) = (requantise.scale(c), bounds[c]);
        [b.min, b.max].into_iter().all(|v| {
            let scaled = requantise.rounding.shift_right(v * i64::from(scale.mult), i32::from(scale.shift));
            fits(scaled) && fits(scaled + zero_point)
        })
    };
    match () {
        () if (0..bounds.len()).all(shift_fits) => Form::Shift,
        () if (0..bounds.len()).all(multiply_fits) => Form::Multiply,
        () => Form::General,
    }
}
