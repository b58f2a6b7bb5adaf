//! Cost of the cycle counter.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::calibration::Kind;

/// A counter of 64 bits, set to 1 at the start.
pub fn cost(_: &Accelerator, _: &Board) -> Resources {
    Resources::logic(Kind::Control.luts(65.0), 64)
}
