//! Cost of `depthwise`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{dsp, logic, stage};
use crate::plan::Unit;

/// `parallel` channels, each with one multiplier, an accumulator and a requantiser.
pub fn cost(acc: &Accelerator, board: &Board) -> Resources {
    let Some(ip) = acc.depthwise else { return Resources::NONE };
    let channel = stage::operand(acc)
        + dsp::multiplier(stage::operand_bits(acc), acc.weight_bits.into(), board)
        + logic::adder(stage::ACCUMULATOR_BITS.into())
        + stage::requantise(acc, board);
    channel * ip.parallel_out as u64
        + stage::lane_groups(acc, ip.parallel_in, ip.parallel_out)
        + stage::sequencer()
        + stage::memories(acc, Unit::Depthwise)
}
