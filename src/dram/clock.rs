//! The rational ratio of the DDR clock to the fabric clock. Both start with an edge at time 0.

use crate::error::{Error, Result};
use crate::units::Hertz;
use strength_reduce::StrengthReducedU64;

/// DDR clocks per fabric cycle as a reduced fraction. Times are converted a few times for each burst, so the divisions are prepared: multiplications take their place.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClockRatio {
    ddr: StrengthReducedU64,
    fabric: StrengthReducedU64,
}

/// `value * numerator / denominator`, rounded up; saturating.
#[inline]
fn scale_up(value: u64, numerator: StrengthReducedU64, denominator: StrengthReducedU64) -> u64 {
    match value.checked_mul(numerator.get()).and_then(|product| product.checked_add(denominator.get() - 1)) {
        Some(product) => product / denominator,
        None => scale_far(value, numerator.get(), denominator.get(), denominator.get() - 1),
    }
}

/// `(value * numerator + more) / denominator` where 64 bits are too few on the way; out of the way of the rest.
#[cold]
#[inline(never)]
fn scale_far(value: u64, numerator: u64, denominator: u64, more: u64) -> u64 {
    let product = u128::from(value) * u128::from(numerator) + u128::from(more);
    u64::try_from(product / u128::from(denominator)).unwrap_or(u64::MAX)
}

impl ClockRatio {
    /// # Errors
    /// Input: a fabric clock outside 1 MHz to 1 GHz.
    pub(super) fn new(ddr_clock_hz: u64, fabric: Hertz) -> Result<ClockRatio> {
        if !(1_000_000..=1_000_000_000).contains(&fabric.0) {
            return Err(Error::input("the fabric clock is out of range").value(format!("{} Hz", fabric.0)).allowed("1 MHz to 1 GHz"));
        }
        let (mut a, mut b) = (ddr_clock_hz, fabric.0);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Ok(ClockRatio { ddr: StrengthReducedU64::new(ddr_clock_hz / a), fabric: StrengthReducedU64::new(fabric.0 / a) })
    }

    /// First DDR clock at or after the edge of a fabric cycle.
    #[inline]
    pub(super) fn ddr_at(&self, cycle: u64) -> u64 {
        scale_up(cycle, self.ddr, self.fabric)
    }

    /// First fabric cycle whose edge is at or after a DDR clock.
    #[inline]
    pub(super) fn fabric_at(&self, clock: u64) -> u64 {
        scale_up(clock, self.fabric, self.ddr)
    }

    /// The fabric cycle in which a DDR clock falls.
    #[inline]
    pub(super) fn fabric_of(&self, clock: u64) -> u64 {
        match clock.checked_mul(self.fabric.get()) {
            Some(product) => product / self.ddr,
            None => scale_far(clock, self.fabric.get(), self.ddr.get(), 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_of_525_mhz_and_100_mhz_line_up_every_21_clocks() {
        // 525 / 100 = 21 / 4: fabric edges fall on DDR time 0, 5.25, 10.5, 15.75, 21.
        let r = ClockRatio::new(525_000_000, Hertz(100_000_000)).unwrap();
        assert_eq!((r.ddr.get(), r.fabric.get()), (21, 4));
        assert_eq!([0, 1, 2, 3, 4].map(|c| r.ddr_at(c)), [0, 6, 11, 16, 21]);
        assert_eq!([0, 1, 5, 6, 20, 21, 22].map(|d| r.fabric_at(d)), [0, 1, 1, 2, 4, 4, 5]);
        assert_eq!([0, 5, 6, 10, 11, 20, 21].map(|d| r.fabric_of(d)), [0, 0, 1, 1, 2, 3, 4]);
    }

    #[test]
    fn awkward_clocks_do_not_overflow() {
        let r = ClockRatio::new(525_000_001, Hertz(99_999_989)).unwrap();
        let far = 1 << 44;
        assert_eq!(r.fabric_of(r.ddr_at(far)), far);
        // Where 64 bits become too few: for the product, or only for what rounds it up.
        let (ddr, fabric) = (525_000_001u64, 99_999_989);
        assert!((u64::MAX / fabric * fabric).checked_add(ddr - 1).is_none());
        for last in [ddr, fabric].into_iter().flat_map(|by| [u64::MAX / by, u64::MAX / by + 1, u64::MAX]) {
            let scaled = |numerator: u64, denominator: u64, more: u64| {
                let exact = (u128::from(last) * u128::from(numerator) + u128::from(more)) / u128::from(denominator);
                u64::try_from(exact).unwrap_or(u64::MAX)
            };
            assert_eq!(r.ddr_at(last), scaled(ddr, fabric, fabric - 1), "{last}");
            assert_eq!(r.fabric_at(last), scaled(fabric, ddr, ddr - 1), "{last}");
            assert_eq!(r.fabric_of(last), scaled(fabric, ddr, 0), "{last}");
        }
        assert!(ClockRatio::new(525_000_000, Hertz(0)).is_err());
    }
}
