//! The sequencer of a compute unit: loops, addresses, padding test, job registers, and the controls that travel beside the data.

use super::calibration::Kind;
use super::fields::{self, address_bits, carried};
use crate::accelerator::Accelerator;
use crate::board::Resources;
use crate::plan::Unit;

/// Registers that do not depend on the configuration: active; row, column, block (12 each); lane group, and it or the sub-block on its way
/// to the operands (8 + 16); tap row and column (6 each); coordinates scaled, of tap 0 and of this tap (16 each, rows and columns); valid,
/// inside (twice), last, write, done.
const FIXED_REGISTERS: u64 = 1 + 3 * 12 + 3 * 8 + 2 * 6 + 6 * 16 + 6;
/// Shift registers (SRL16E) of any unit: first, valid, word complete, word end, job end, eight bits of the lane group.
const FIXED_SHIFTS: u64 = 13;

/// Sequencer of `unit`, its job registers included.
///
/// Look-up tables: single-module synthesis with 16-bit addresses, less what each address bit that the memories do not have takes away.
pub fn walker(acc: &Accelerator, unit: Unit) -> Resources {
    let Some(ip) = acc.ip(unit) else { return Resources::NONE };
    let (dense, vector) = (matches!(unit, Unit::Pointwise | Unit::Conv), unit == Unit::Vector);
    let (source, destination) = (fields::read_address_bits(acc, unit), fields::write_address_bits(acc, unit));
    let (weight, parameter) = if vector { (0, 0) } else { (address_bits(ip.weight_rows), address_bits(ip.parameter_rows)) };

    let whole = if dense {
        803
    } else if vector {
        1055
    } else {
        870
    };
    let missing = (16 - source) * 22 + (16 - destination) * 6 + (16 - weight) * 4;
    let structural = whole as f64 - missing as f64;

    // Block address and its output; destination, with a base where blocks are the outermost loop; weight and parameter rows with bases.
    let mut registers = FIXED_REGISTERS + carried(source) + source + carried(destination);
    registers += if dense { 8 } else { carried(destination) };
    registers += 2 * carried(weight) + weight + 2 * carried(parameter);
    // Second operand (three stages) and whether any term counted yet.
    registers += if vector { 4 } else { 0 };
    let lut = Kind::Walker.luts(structural) + shift_registers(acc, unit);
    Resources::logic(lut, registers + fields::uses(acc, unit).register.count())
}

/// What is delayed by three stages or more goes to shift registers: the fixed ones, destination, and parameter row or (`vector`) whether
/// a term is skipped.
pub fn shift_registers(acc: &Accelerator, unit: Unit) -> u64 {
    let Some(ip) = acc.ip(unit) else { return 0 };
    let own = if unit == Unit::Vector { 1 } else { address_bits(ip.parameter_rows) };
    FIXED_SHIFTS + fields::write_address_bits(acc, unit) + own
}
