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

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// A number of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Bits(pub u64);

/// A clock frequency in hertz, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Hertz(pub u64);

/// An energy in picojoules.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Picojoules(pub f64);

macro_rules! span {
    ($($t:ident),*) => {$(
        impl Add for $t {
            type Output = $t;
            fn add(self, o: $t) -> $t {
                $t(self.0 + o.0)
            }
        }
        impl AddAssign for $t {
            fn add_assign(&mut self, o: $t) {
                self.0 += o.0;
            }
        }
        impl Sub for $t {
            type Output = $t;
            fn sub(self, o: $t) -> $t {
                $t(self.0 - o.0)
            }
        }
        impl SubAssign for $t {
            fn sub_assign(&mut self, o: $t) {
                self.0 -= o.0;
            }
        }
        impl Sum for $t {
            fn sum<I: Iterator<Item = $t>>(it: I) -> $t {
                it.fold($t::default(), |a, b| a + b)
            }
        }
    )*};
}
span!(Cycles, Bytes, Bits, Picojoules);

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

impl Picojoules {
    /// Joules, for printing.
    pub fn joules(self) -> f64 {
        self.0 * 1e-12
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
