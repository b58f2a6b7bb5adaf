//! Stages that several units share.

use super::{dsp, logic, memory};
use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::plan::Unit;

/// Accumulators, bias and what enters the requantise multiplier (contract, sections 2 and 6).
pub const ACCUMULATOR_BITS: u32 = 32;
/// The requantise multiplier: 16 bits unsigned, 17 on a signed port.
pub const SCALE_BITS: u32 = 17;
/// Parameters of one channel in a parameter memory: bias, multiplier, shift (64 bits in DRAM, of which 8 are not used).
pub const PARAMETER_BITS: u64 = 56;

/// Bits of a feature with its zero point subtracted.
pub fn operand_bits(acc: &Accelerator) -> u32 {
    u32::from(acc.feature_bits) + 1
}

/// Bits of a feature word.
pub fn word_bits(acc: &Accelerator) -> u64 {
    (acc.lanes * usize::from(acc.feature_bits)) as u64
}

/// Zero point subtracted or padding selected, for one feature.
pub fn operand(acc: &Accelerator) -> Resources {
    logic::adder(operand_bits(acc).into()) + Resources::logic(u64::from(acc.feature_bits), 0)
}

/// Bias, multiply, shift and round, activation, clip, zero point, for one channel a cycle.
pub fn requantise(acc: &Accelerator, board: &Board) -> Resources {
    let product_bits = u64::from(ACCUMULATOR_BITS + SCALE_BITS);
    let feature_bits = u64::from(acc.feature_bits);
    let shift_and_round = Resources::logic(logic::barrel(product_bits, 6) + product_bits, product_bits);
    let activation = Resources::logic(logic::barrel(u64::from(ACCUMULATOR_BITS), 5) + 2 * feature_bits, feature_bits);
    logic::adder(ACCUMULATOR_BITS.into()) + dsp::multiplier(ACCUMULATOR_BITS, SCALE_BITS, board) + shift_and_round + activation
}

/// Job registers, loop counters, addresses and padding test of a compute unit (fields of the contract, section 6).
pub fn sequencer() -> Resources {
    let job_registers = Resources::logic(0, 448);
    let loops = [12, 12, 12, 6, 6, 5].into_iter().map(logic::counter).sum();
    let addresses = logic::adder(16) * 6;
    let inside_test = Resources::logic(4 * 11, 2);
    [job_registers, loops, addresses, inside_test].into_iter().sum()
}

/// Word register that collects `parallel` of `lanes` channels at a time, and the selection of as many from a source word.
pub fn lane_groups(acc: &Accelerator, parallel_in: usize, parallel_out: usize) -> Resources {
    let bits = |lanes: usize| (lanes * usize::from(acc.feature_bits)) as u64;
    let select = Resources::logic(logic::mux((acc.lanes / parallel_in) as u64, bits(parallel_in)), bits(parallel_in));
    let collect = Resources::logic(bits(parallel_out), word_bits(acc));
    select + collect
}

/// Beats to a word of `values` of `bits`: a register each, which takes its bits from one of five containers in the beat that carries it.
pub fn unpack(values: u64, bits: u64) -> Resources {
    const BEAT_COMPARISON_LUT: u64 = 8;
    (Resources::logic(logic::mux(5, bits) + BEAT_COMPARISON_LUT, bits)) * values
}

/// Weight memory with its unpacker, and parameter memory, of a unit.
pub fn memories(acc: &Accelerator, unit: Unit) -> Resources {
    let Some(ip) = acc.ip(unit) else { return Resources::NONE };
    let (row_bits, weight_bits) = (weight_row_bits(acc, unit), u64::from(acc.weight_bits));
    let parameter = memory::distributed(ip.parameter_rows as u64, PARAMETER_BITS) + Resources::logic(0, PARAMETER_BITS);
    memory::block(ip.weight_rows as u64, row_bits) + unpack(row_bits / weight_bits, weight_bits) + parameter * ip.parallel_out as u64
}

/// Bits of a row of the weight memory of a unit; 0 for `vector`.
pub fn weight_row_bits(acc: &Accelerator, unit: Unit) -> u64 {
    let weights = match (unit, acc.ip(unit)) {
        (Unit::Depthwise, Some(ip)) => ip.parallel_out,
        (Unit::Pointwise | Unit::Conv, Some(ip)) => ip.parallel_in * ip.parallel_out,
        _ => 0,
    };
    (weights * usize::from(acc.weight_bits)) as u64
}

/// `pointwise` and `conv`: `parallel_in` x `parallel_out` multipliers, trees, accumulators, requantise, memories.
pub fn dot_products(acc: &Accelerator, board: &Board, unit: Unit) -> Resources {
    let Some(ip) = acc.ip(unit) else { return Resources::NONE };
    let (inputs, outputs) = (ip.parallel_in as u64, ip.parallel_out as u64);
    let weight_bits = u32::from(acc.weight_bits);
    let product_bits = u64::from(operand_bits(acc)) + u64::from(weight_bits);
    let multipliers = match ip.packed {
        true => dsp::multiplier_pair(acc.feature_bits.into(), weight_bits, board) * (inputs * outputs / 2),
        false => dsp::multiplier(operand_bits(acc), weight_bits, board) * (inputs * outputs),
    };
    let output = logic::adder_tree(inputs, product_bits) + logic::adder(ACCUMULATOR_BITS.into()) + requantise(acc, board);
    operand(acc) * inputs
        + multipliers
        + output * outputs
        + lane_groups(acc, ip.parallel_in, ip.parallel_out)
        + sequencer()
        + memories(acc, unit)
}

/// Address counters and handshake of an AXI3 master with run, block and burst counters, one direction.
pub fn axi_master() -> Resources {
    let job_registers = Resources::logic(0, 224);
    let counters = [16, 16, 24, 5, 5].into_iter().map(logic::counter).sum();
    let addresses = logic::adder(32) * 3;
    let handshake = Resources::logic(60, 160);
    [job_registers, counters, addresses, handshake].into_iter().sum()
}
