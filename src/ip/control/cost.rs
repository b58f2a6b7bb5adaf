//! Cost of start, status and counters.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::logic;

/// An AXI-Lite slave with eight registers of 32 bits, a cycle counter and the interrupt.
pub fn cost(_: &Accelerator, _: &Board) -> Resources {
    Resources::logic(logic::mux(8, 32) + 60, 8 * 32 + 80) + logic::counter(48)
}
