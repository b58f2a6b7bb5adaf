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

/// Beats of the burst at `address` of a run with `beats` left: it ends at a 128-byte boundary (contract, section 4).
#[inline]
pub fn beats_of_burst(address: u64, beats: u64) -> u8 {
    beats.min(16 - (address / 8) % 16) as u8
}
