//! Cost of `fetch`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{memory, stage};

/// A read master, a buffer of four descriptors (one memory for each of their eight words), dispatch to the queues.
pub fn cost(_: &Accelerator, _: &Board) -> Resources {
    let dispatch = Resources::logic(64, 16);
    stage::axi_master() + memory::distributed(4, 64) * 8 + dispatch
}
