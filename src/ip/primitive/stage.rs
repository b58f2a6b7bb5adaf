//! Stages that several units share.

use super::calibration::Kind;
use super::{dsp, logic, memory, tail, transfer, walker};
use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::plan::Unit;

/// Parameters of one channel in a parameter memory: bias, multiplier, shift (64 bits in DRAM, of which the upper 9 are never looked at).
pub const PARAMETER_BITS: u64 = 55;

/// Bits of a feature with its zero point subtracted.
pub fn operand_bits(acc: &Accelerator) -> u32 {
    u32::from(acc.feature_bits) + 1
}

/// Bits of a feature word.
pub fn word_bits(acc: &Accelerator) -> u64 {
    (acc.lanes * usize::from(acc.feature_bits)) as u64
}

/// `parallel` features of a source word: selected, padded, zero point subtracted. Their registers are counted with the products, which
/// may take them into DSP slices.
pub fn operands(acc: &Accelerator, parallel: usize) -> Resources {
    let (parallel, feature_bits) = (parallel.max(1), u64::from(acc.feature_bits));
    let select = logic::gated(acc.lanes / parallel) * feature_bits * parallel as u64;
    let subtract = parallel as u64 * 2 * (feature_bits + 1);
    Resources::logic(Kind::Wires.luts(select as f64) + Kind::Arithmetic.luts(subtract as f64), 0)
}

/// Products of `features` operands with `weights` weights, and the trees that sum `terms` of them.
///
/// A DSP slice takes the operand registers, the product register and the adders nearest the products; the weight register stays outside,
/// since binary weights set and reset it.
pub fn products(acc: &Accelerator, board: &Board, features: usize, weights: usize, terms: usize) -> Resources {
    let (features, weights, terms) = (features as u64, weights as u64, terms.max(1) as u64);
    let (a_bits, weight_bits) = (u64::from(operand_bits(acc)), u64::from(acc.weight_bits));
    let slices = dsp::product_slices(a_bits as u32, weight_bits as u32, board);
    let product_bits = a_bits + weight_bits + 1;
    let held = weights * weight_bits.max(2);
    let tree = logic::tree_bits(terms, product_bits, if slices > 0 { 2 } else { 1 }) * (weights / terms);
    let select = weights * (weight_bits - 1);
    if slices > 0 {
        return Resources { dsp: slices * weights, bram18: 0, lut: Kind::Arithmetic.luts((select + tree) as f64), ff: held + tree };
    }
    let logic = dsp::logic_luts(a_bits, weight_bits + 1) * weights as f64;
    let registers = 2 * held + 2 * features * a_bits + weights * product_bits;
    Resources::logic(Kind::Arithmetic.luts((select + tree) as f64 + logic), registers + tree)
}

/// As [`products`] where two output channels share each multiplier: the borrow of the lower product is taken from the upper weight before
/// and put back after, outside the slice, so that no adder of the tree is inside either.
pub fn packed_products(acc: &Accelerator, board: &Board, inputs: usize, outputs: usize) -> Resources {
    let (inputs, outputs) = (inputs as u64, outputs as u64);
    let (feature_bits, weight_bits) = (u64::from(acc.feature_bits), u64::from(acc.weight_bits));
    let pairs = inputs * outputs / 2;
    let product_bits = feature_bits + weight_bits;
    // The tree's terms are as wide as unpacked products.
    let tree = logic::tree_bits(inputs, product_bits + 2, 1) * outputs;
    let borrow = pairs * (weight_bits + 1 + product_bits);
    let select = inputs * outputs * (weight_bits - 1);
    Resources {
        dsp: dsp::pair_slices(feature_bits as u32, weight_bits as u32, board) * pairs,
        bram18: 0,
        lut: Kind::Arithmetic.luts((select + borrow + tree) as f64),
        ff: inputs * outputs * weight_bits + tree,
    }
}

/// Weight memory with its unpacker, and parameter memory, of a unit.
pub fn memories(acc: &Accelerator, unit: Unit) -> Resources {
    let Some(ip) = acc.ip(unit) else { return Resources::NONE };
    let (row_bits, weight_bits) = (weight_row_bits(acc, unit), u64::from(acc.weight_bits));
    let parameter = memory::distributed(ip.parameter_rows as u64, PARAMETER_BITS) + Resources::logic(0, PARAMETER_BITS);
    // One more register says that a beat is for these parameters.
    memory::block(ip.weight_rows as u64, row_bits)
        + transfer::unpack(row_bits / weight_bits, weight_bits)
        + parameter * ip.parallel_out as u64
        + Resources::logic(0, 1)
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
    let multipliers = match ip.packed {
        true => packed_products(acc, board, ip.parallel_in, ip.parallel_out),
        false => products(acc, board, ip.parallel_in, ip.parallel_in * ip.parallel_out, ip.parallel_in),
    };
    walker::walker(acc, unit) + operands(acc, ip.parallel_in) + multipliers + tail::tail(acc, unit, board) + memories(acc, unit)
}
