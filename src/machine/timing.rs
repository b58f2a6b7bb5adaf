//! How long a compute job takes: a pure function of its descriptor (contract, section 2).

use crate::accelerator::Accelerator;
use crate::plan::{Compute, Unit};
use crate::units::Cycles;

/// Iterations N of a compute job.
pub fn iterations(acc: &Accelerator, unit: Unit, job: &Compute) -> u64 {
    let groups = acc.ip(unit).map_or(1, |ip| (acc.lanes / ip.parallel_out) as u64);
    let taps = match job.op {
        crate::plan::ComputeOp::Add => 2,
        _ => job.taps(),
    };
    job.pixels() * groups * taps * u64::from(job.blocks)
}

/// From issue to done: N iterations and the pipeline depth D.
pub fn compute_cycles(acc: &Accelerator, unit: Unit, job: &Compute) -> Cycles {
    Cycles(iterations(acc, unit, job) + acc.depth(unit))
}

/// Bursts of one run of `beats` beats at `address`, as (address, beats): each ends at a 128-byte boundary (contract, section 4).
pub fn bursts(address: u64, beats: u64) -> impl Iterator<Item = (u64, u8)> {
    let mut at = address;
    let mut rest = beats;
    std::iter::from_fn(move || {
        if rest == 0 {
            return None;
        }
        let n = rest.min(16 - (at / 8) % 16);
        let burst = (at, n as u8);
        at += n * 8;
        rest -= n;
        Some(burst)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_end_at_128_byte_boundaries() {
        let cut: Vec<_> = bursts(0x1068, 22).collect();
        assert_eq!(cut, [(0x1068, 3), (0x1080, 16), (0x1100, 3)]);
        assert_eq!(bursts(0, 0).count(), 0);
    }
}
