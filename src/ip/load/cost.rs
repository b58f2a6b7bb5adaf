//! Cost of `load`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{logic, stage};

/// A read master and an unpacker: beats shift into a word register, by one of five container widths.
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    stage::axi_master() + logic::mux_register(5, stage::word_bits(acc)) + Resources::logic(0, 64 + stage::word_bits(acc))
}
