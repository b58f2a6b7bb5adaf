//! Newtypes for everything that has a unit: an instant is no span, bits are no bytes, a clock is a rational.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub, SubAssign};

/// An instant: the number of the fabric clock cycle, counted from the start write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Cycle(pub u64);

/// A span of fabric clock cycles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Cycles(pub u64);

/// A clock frequency in hertz, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Hertz(pub u64);

impl Add for Cycles {
    type Output = Cycles;
    fn add(self, o: Cycles) -> Cycles {
        Cycles(self.0 + o.0)
    }
}

impl AddAssign for Cycles {
    fn add_assign(&mut self, o: Cycles) {
        self.0 += o.0;
    }
}

impl Sub for Cycles {
    type Output = Cycles;
    fn sub(self, o: Cycles) -> Cycles {
        Cycles(self.0 - o.0)
    }
}

impl SubAssign for Cycles {
    fn sub_assign(&mut self, o: Cycles) {
        self.0 -= o.0;
    }
}

impl Sum for Cycles {
    fn sum<I: Iterator<Item = Cycles>>(it: I) -> Cycles {
        it.fold(Cycles(0), |a, b| a + b)
    }
}

impl Mul<u64> for Cycles {
    type Output = Cycles;
    fn mul(self, n: u64) -> Cycles {
        Cycles(self.0 * n)
    }
}

impl Add<Cycles> for Cycle {
    type Output = Cycle;
    fn add(self, d: Cycles) -> Cycle {
        Cycle(self.0 + d.0)
    }
}

impl AddAssign<Cycles> for Cycle {
    fn add_assign(&mut self, d: Cycles) {
        self.0 += d.0;
    }
}

impl Sub for Cycle {
    type Output = Cycles;
    fn sub(self, o: Cycle) -> Cycles {
        Cycles(self.0 - o.0)
    }
}

impl Cycles {
    /// This span in milliseconds on a clock.
    pub fn milliseconds(self, clock: Hertz) -> f64 {
        self.0 as f64 * 1e3 / clock.0 as f64
    }
}

impl Hertz {
    /// A clock from megahertz; rounded to whole hertz.
    pub fn from_mhz(mhz: f64) -> Hertz {
        Hertz((mhz * 1e6).round() as u64)
    }
    /// Megahertz, for printing.
    pub fn mhz(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cycle {}", self.0)
    }
}

impl fmt::Display for Cycles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cycles", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_instants_do_not_mix_and_add_up() {
        assert_eq!(Cycle(5) + Cycles(3), Cycle(8));
        assert_eq!(Cycle(8) - Cycle(5), Cycles(3));
        assert_eq!([Cycles(1), Cycles(2)].into_iter().sum::<Cycles>(), Cycles(3));
        assert_eq!(Cycles(100_000).milliseconds(Hertz::from_mhz(100.0)), 1.0);
    }
}
