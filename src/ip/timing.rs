//! When a compute job is done: the lengths of the contract, section 2, as functions of descriptor and accelerator.

use crate::accelerator::Accelerator;
use crate::plan::{Compute, Unit};

/// Iterations N of a compute job; one a cycle, without a stall. 0 when `unit` has no IP here.
pub fn iterations(acc: &Accelerator, unit: Unit, job: &Compute) -> u64 {
    let Some(ip) = acc.ip(unit) else { return 0 };
    let groups = (acc.lanes / ip.parallel_out) as u64;
    // `blocks` counts channel blocks or sub-blocks of the input: a factor of N either way.
    job.pixels() * groups * job.taps() * u64::from(job.blocks)
}

/// Channel results that a job requantises (one a lane and output pixel).
pub fn results(acc: &Accelerator, unit: Unit, job: &Compute) -> u64 {
    job.pixels() * output_blocks(unit, job) * acc.lanes as u64
}

/// Output words that a job writes.
pub fn words_written(unit: Unit, job: &Compute) -> u64 {
    job.pixels() * output_blocks(unit, job)
}

fn output_blocks(unit: Unit, job: &Compute) -> u64 {
    match unit {
        Unit::Depthwise | Unit::Vector => job.blocks.into(),
        _ => 1,
    }
}
