//! Cost of the token counters.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::calibration::Kind;
use crate::ip::primitive::fields;
use crate::plan::Unit;

/// Bits of a counter (contract, section 1).
const COUNTER_BITS: u64 = 8;

/// Each unit has eight counters: from those that exist they count up and down, from the others only down, since synthesis does not see that
/// nothing pops them.
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    let units = fields::units(acc).count() as u64;
    let (all, absent) = (Unit::ALL.len() as u64, Unit::ALL.len() as u64 - units);
    Resources::logic(Kind::Control.luts((units * (units * 18 + absent * 11)) as f64), units * all * COUNTER_BITS)
}
