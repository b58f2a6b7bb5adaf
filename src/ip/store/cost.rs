//! Cost of `store`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{fields, transfer};
use crate::plan::Unit;

/// A write master with its packed beat, the job's registers, a packer.
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    transfer::write_master(acc) + Resources::logic(0, fields::uses(acc, Unit::Store).register.count()) + transfer::pack(acc)
}
