//! Cost of the feature banks.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{logic, memory, stage};
use crate::plan::Unit;

/// A bank address in a descriptor.
const ADDRESS_BITS: u64 = 16;

/// The memories; one multiplexer a write port (address, enable, word), one a read port (address, enable), and one a reader
/// that chooses among the banks it is connected to.
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    let word_bits = stage::word_bits(acc);
    let bank = |b: &crate::accelerator::Bank| {
        memory::block(b.words as u64, word_bits)
            + logic::mux_register(b.writers.len() as u64, word_bits + ADDRESS_BITS + 1)
            + logic::mux_register(b.readers.len() as u64, ADDRESS_BITS + 1)
    };
    let reader = |unit: &Unit| logic::mux_register(acc.banks.iter().filter(|b| b.readers.contains(unit)).count() as u64, word_bits);
    acc.banks.iter().map(bank).sum::<Resources>() + Unit::ALL.iter().map(reader).sum()
}
