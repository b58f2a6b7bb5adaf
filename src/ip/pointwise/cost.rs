//! Cost of `pointwise`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::stage;
use crate::plan::Unit;

/// `parallel_out` dot products of `parallel_in` channels.
pub fn cost(acc: &Accelerator, board: &Board) -> Resources {
    stage::dot_products(acc, board, Unit::Pointwise)
}
