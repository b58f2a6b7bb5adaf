//! Cost of `vector`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::calibration::Kind;
use crate::ip::primitive::{stage, tail, walker};
use crate::plan::Unit;

/// Widest left shift of an operand.
const SHIFT_BITS: u64 = 31;

/// `parallel` channels, each with a shifted operand, an accumulator that adds or keeps the maximum, and a requantiser.
pub fn cost(acc: &Accelerator, board: &Board) -> Resources {
    let Some(ip) = acc.vector else { return Resources::NONE };
    let operand_bits = u64::from(stage::operand_bits(acc));
    let term_bits = operand_bits + SHIFT_BITS;
    // A barrel shifter of five stages, three look-up tables a bit; its result is registered twice.
    let channel = Resources::logic(Kind::Arithmetic.luts((3 * term_bits) as f64), operand_bits + 2 * term_bits);
    walker::walker(acc, Unit::Vector)
        + stage::operands(acc, ip.parallel_out)
        + channel * ip.parallel_out as u64
        + tail::tail(acc, Unit::Vector, board)
}
