//! Cost of the job queues.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{logic, memory};
use crate::plan::Unit;

/// Bits of a job: opcode and masks, then words 1 to 7 of its descriptor for compute jobs, 1 to 3 for transfers (contract, section 6).
const COMPUTE_BITS: u64 = 20 + 7 * 64;
const TRANSFER_BITS: u64 = 20 + 3 * 64;

/// A memory of `queue_depth` jobs and two pointers for each unit but `fetch`.
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    let queue = |bits: u64| memory::distributed(acc.queue_depth as u64, bits) + logic::counter(5) * 3;
    let compute = Unit::ALL.iter().filter(|&&u| acc.ip(u).is_some()).count() as u64;
    queue(TRANSFER_BITS) * 3 + queue(COMPUTE_BITS) * compute
}
