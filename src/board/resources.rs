//! Amounts of programmable logic: of a board or of a component.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

/// Budgets of the programmable logic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resources {
    /// DSP slices.
    pub dsp: u64,
    /// RAMB18 halves (a RAMB36 counts two).
    pub bram18: u64,
    /// Look-up tables, those used as memory included.
    pub lut: u64,
    /// Flip-flops.
    pub ff: u64,
}

impl Resources {
    /// Nothing.
    pub const NONE: Resources = Resources { dsp: 0, bram18: 0, lut: 0, ff: 0 };

    /// Look-up tables and flip-flops alone.
    pub const fn logic(lut: u64, ff: u64) -> Resources {
        Resources { dsp: 0, bram18: 0, lut, ff }
    }
    /// The four amounts with the names used in tables.
    pub const fn named(&self) -> [(&'static str, u64); 4] {
        [("DSP", self.dsp), ("RAMB18", self.bram18), ("LUT", self.lut), ("FF", self.ff)]
    }
    /// Whether none of the four is above `budget`.
    pub const fn within(&self, budget: &Resources) -> bool {
        self.dsp <= budget.dsp && self.bram18 <= budget.bram18 && self.lut <= budget.lut && self.ff <= budget.ff
    }
    /// What `self` has more than `other`, each amount for itself, never below 0.
    pub const fn beyond(&self, other: &Resources) -> Resources {
        Resources {
            dsp: self.dsp.saturating_sub(other.dsp),
            bram18: self.bram18.saturating_sub(other.bram18),
            lut: self.lut.saturating_sub(other.lut),
            ff: self.ff.saturating_sub(other.ff),
        }
    }
}

impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} DSP, {} RAMB18, {} LUT, {} FF", self.dsp, self.bram18, self.lut, self.ff)
    }
}

impl Add for Resources {
    type Output = Resources;
    fn add(self, o: Resources) -> Resources {
        Resources { dsp: self.dsp + o.dsp, bram18: self.bram18 + o.bram18, lut: self.lut + o.lut, ff: self.ff + o.ff }
    }
}

impl AddAssign for Resources {
    fn add_assign(&mut self, o: Resources) {
        *self = *self + o;
    }
}

impl Mul<u64> for Resources {
    type Output = Resources;
    fn mul(self, n: u64) -> Resources {
        Resources { dsp: self.dsp * n, bram18: self.bram18 * n, lut: self.lut * n, ff: self.ff * n }
    }
}

impl Sum for Resources {
    fn sum<I: Iterator<Item = Resources>>(parts: I) -> Resources {
        parts.fold(Resources::NONE, Add::add)
    }
}
