//! Cost of `weights`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::stage;

/// A read master and a registered beat; memories and unpackers belong to the IPs they feed.
pub fn cost(_: &Accelerator, _: &Board) -> Resources {
    stage::axi_master() + Resources::logic(0, 64)
}
