//! Cost of the job queues.

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::ip::primitive::{fields, transfer};
use crate::plan::Unit;

/// A memory of `queue_depth` jobs with its pointers and the issue decision, for each unit but `fetch`.
pub fn cost(acc: &Accelerator, _: &Board) -> Resources {
    fields::units(acc).filter(|&u| u != Unit::Fetch).map(|u| transfer::queue(acc, u)).sum()
}
