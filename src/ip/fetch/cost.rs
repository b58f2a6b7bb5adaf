//! Cost of `fetch`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{memory, stage};

/// A read master, a buffer of four descriptors in beats, dispatch to the queues.
pub fn cost(_: &Accelerator, _: &Board) -> Resources {
    let buffer = memory::simple_dual_port(4 * 8, 64);
    let assemble = Resources::logic(64, 512);
    stage::axi_master() + buffer + assemble
}
