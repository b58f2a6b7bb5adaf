//! Cost of `fetch`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::calibration::Kind;
use crate::ip::primitive::{fields, memory};

/// A buffer of four descriptors (one memory for each of their eight words), a read master of two bursts, dispatch to the queues.
///
/// Registers: next and requested address and descriptors left (32 each), slots reserved and filled and beats (3 each), write and read
/// slot (2 each, the read slot twice, since it is also the memories' address register), running, request, interrupt.
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    memory::slices(fields::buffer_slices(acc)) + Resources::logic(Kind::Control.luts(162.0), 3 * 32 + 3 * 3 + 3 * 2 + 3)
}
