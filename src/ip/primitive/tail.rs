//! From terms to output words: accumulators, bias, requantise, collection of lane groups.

use super::calibration::Kind;
use super::dsp;
use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::plan::Unit;

/// The requantise multiplier: 16 bits unsigned, 17 on a signed port.
const SCALE_BITS: u32 = 17;
/// Low part of the accumulator in the requantise product, with a sign.
const LOW_BITS: u32 = 25;
/// Registers of a requantiser outside its DSP slices: nearest value (24), low bits (16), round up, shift amount twice (7 each), sign.
const REQUANTISE_REGISTERS: u64 = 24 + 16 + 1 + 7 + 7 + 1;

/// DSP slices of one requantiser: the low 24 bits of the biased accumulator and the rest, each by the multiplier.
pub fn requantise_slices(acc: &Accelerator, unit: Unit, board: &Board) -> u64 {
    let high_bits = biased_bits(acc, unit) as u32 - (LOW_BITS - 1);
    dsp::slices(LOW_BITS, SCALE_BITS, board) + dsp::slices(high_bits, SCALE_BITS, board)
}

/// Bits of an accumulator with its bias.
fn biased_bits(acc: &Accelerator, unit: Unit) -> u64 {
    acc.accumulator_bits(unit).max(32) + 1
}

/// Accumulators and requantisers of a unit, and the register that collects a word.
///
/// Look-up tables: single-module synthesis gives 750 a lane at 33 bits and 8-bit features, some 20 more for each bit of the sum until the
/// shifter saturates, and what decodes the mode once.
pub fn tail(acc: &Accelerator, unit: Unit, board: &Board) -> Resources {
    let Some(ip) = acc.ip(unit) else { return Resources::NONE };
    let lanes = ip.parallel_out as u64;
    let (sum, feature_bits) = (acc.accumulator_bits(unit), f64::from(acc.feature_bits));
    let biased = biased_bits(acc, unit) as f64;
    let vector = unit == Unit::Vector;
    // `vector` has no bias to add.
    let bias = if vector { biased } else { 0.0 };
    let lane = 750.0 + (20.0 * (biased - 33.0)).min(160.0) + 6.0 * (feature_bits - 8.0) - bias;
    // Sum or first term, a bit; `vector` also compares and can skip.
    let accumulator = if vector { 4.0 } else { 2.0 } * sum as f64;
    let luts = Kind::Requantise.luts(75.0 + lanes as f64 * lane) + Kind::Arithmetic.luts(lanes as f64 * accumulator);
    Resources {
        dsp: requantise_slices(acc, unit, board) * lanes,
        bram18: 0,
        lut: luts,
        ff: lanes * (REQUANTISE_REGISTERS + sum) + (acc.lanes * usize::from(acc.feature_bits)) as u64,
    }
}
