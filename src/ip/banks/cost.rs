//! Cost of the feature banks.

use crate::accelerator::{Accelerator, Bank};
use crate::board::{Board, Resources};
use crate::ip::primitive::calibration::Kind;
use crate::ip::primitive::{fields, logic, memory, stage};
use crate::plan::Unit;

/// The memories; an and-or network for each write port (address and word), each read port (address) and each reader (word).
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    let word_bits = stage::word_bits(acc);
    let bank = |b: &Bank| {
        let address_bits = fields::address_bits(b.words);
        let wires = logic::gated(b.writers.len()) * (word_bits + address_bits) + logic::gated(b.readers.len()) * address_bits;
        memory::block(b.words as u64, word_bits) + Resources::logic(Kind::Wires.luts(wires as f64), 0)
    };
    let reader = |unit: &Unit| {
        let banks = acc.banks.iter().filter(|b| b.readers.contains(unit)).count();
        Resources::logic(Kind::Wires.luts((logic::gated(banks) * word_bits) as f64), 0)
    };
    acc.banks.iter().map(bank).sum::<Resources>() + Unit::ALL.iter().map(reader).sum()
}
