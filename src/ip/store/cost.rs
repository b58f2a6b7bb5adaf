//! Cost of `store`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{logic, stage};

/// A write master and a packer: a word register from which beats leave, one of five container widths; two words ahead.
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    stage::axi_master() + logic::mux_register(5, 64) + Resources::logic(logic::mux(2, stage::word_bits(acc)), 2 * stage::word_bits(acc))
}
