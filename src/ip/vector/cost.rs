//! Cost of `vector`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{logic, stage};

/// `parallel` channels, each with a shifted operand, an accumulator that adds or keeps the maximum, and a requantiser.
pub fn cost(acc: &Accelerator, board: &Board) -> Resources {
    let Some(ip) = acc.vector else { return Resources::NONE };
    let accumulator_bits = u64::from(stage::ACCUMULATOR_BITS);
    let shifted = Resources::logic(logic::barrel(accumulator_bits, 5), accumulator_bits);
    let maximum = Resources::logic(accumulator_bits.div_ceil(2), 0);
    let channel = stage::operand(acc) + shifted + logic::adder(accumulator_bits) + maximum + stage::requantise(acc, board);
    channel * ip.parallel_out as u64 + stage::lane_groups(acc, ip.parallel_in, ip.parallel_out) + stage::sequencer()
}
