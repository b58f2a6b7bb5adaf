//! Cost of the token counters.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::logic;
use crate::plan::Unit;

/// Bits of a counter (contract, section 1).
const COUNTER_BITS: u64 = 8;

/// One counter for each ordered pair of units that exist, and its share of the two masks' logic.
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    let units = Unit::ALL.iter().filter(|&&u| !u.is_compute() || acc.ip(u).is_some()).count() as u64;
    (logic::adder(COUNTER_BITS) + Resources::logic(4, 0)) * (units * (units - 1))
}
