//! Cost of `depthwise`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{stage, tail, walker};
use crate::plan::Unit;

/// `parallel` channels, each with one multiplier, an accumulator and a requantiser.
pub fn cost(acc: &Accelerator, board: &Board) -> Resources {
    let Some(ip) = acc.depthwise else { return Resources::NONE };
    walker::walker(acc, Unit::Depthwise)
        + stage::operands(acc, ip.parallel_out)
        + stage::products(acc, board, ip.parallel_out, ip.parallel_out, 1)
        + tail::tail(acc, Unit::Depthwise, board)
        + stage::memories(acc, Unit::Depthwise)
}
