//! Cost of the job queues.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{logic, memory};
use crate::plan::Unit;

/// Bits of a job: eight words for compute jobs, the first four for transfers (contract, section 6).
const COMPUTE_BITS: u64 = 512;
const TRANSFER_BITS: u64 = 256;

/// A memory of `queue_depth` jobs and two pointers for each unit but `fetch`.
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    let queue = |bits: u64| memory::simple_dual_port(acc.queue_depth as u64, bits) + logic::counter(5) * 3;
    let compute = Unit::ALL.iter().filter(|&&u| acc.ip(u).is_some()).count() as u64;
    queue(TRANSFER_BITS) * 3 + queue(COMPUTE_BITS) * compute
}
