//! Cost of `load`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::stage;

/// A read master, an unpacker of one feature word, a registered beat.
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    stage::axi_master() + stage::unpack(acc.lanes as u64, acc.feature_bits.into()) + Resources::logic(0, 64)
}
