//! Cost of `load`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{fields, transfer};
use crate::plan::Unit;

/// A read master, the job's registers, an unpacker of one feature word.
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    let job = Resources::logic(0, fields::uses(acc, Unit::Load).register.count());
    transfer::read_master(acc, Unit::Load) + job + transfer::unpack(acc.lanes as u64, acc.feature_bits.into())
}
