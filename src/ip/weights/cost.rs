//! Cost of `weights`.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{fields, transfer};
use crate::plan::Unit;

/// A read master, the job's registers, and a registered beat of parameters with its index that all parameter memories share. The memories
/// and unpackers of weights belong to the IPs they feed.
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    let beat = if fields::weighted_units(acc).next().is_some() { 56 + 8 } else { 0 };
    let job = fields::uses(acc, Unit::Weights).register.count();
    transfer::read_master(acc, Unit::Weights) + Resources::logic(0, job + beat)
}
