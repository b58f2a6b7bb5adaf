//! Hardware blocks: what each accepts, when it is done and what it costs. One folder and one line of [`REGISTRY`] each.
//!
//! DSPs, block RAMs and LUTRAM are counted by the rules that synthesis follows ([`primitive`]): every multiplication and every memory of
//! the RTL goes through a wrapper, so that the counts are exact. Flip-flops are the registers of the RTL that synthesis keeps; look-up
//! tables are structural counts with six fitted factors ([`primitive::calibration`]). `bico synth` and `traces/synthesis.csv` hold them
//! against Yosys.

pub mod banks;
pub mod control;
pub mod conv;
pub mod cost;
pub mod depthwise;
pub mod fetch;
pub mod levers;
pub mod load;
pub mod pointwise;
pub mod primitive;
pub mod queues;
pub mod store;
pub mod tokens;
pub mod vector;
pub mod weights;

use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::plan::Unit;

/// One hardware block of the template.
pub struct Ip {
    /// Name in tables.
    pub name: &'static str,
    /// The unit it implements; `None` for what connects units.
    pub unit: Option<Unit>,
    /// What it does, for `bico explain` and refusals.
    pub accepts: &'static str,
    /// What it takes in an accelerator on a board; nothing when the accelerator lacks it.
    pub cost: fn(&Accelerator, &Board) -> Resources,
}

/// All blocks, in the order of tables.
pub const REGISTRY: &[Ip] = &[
    fetch::IP,
    load::IP,
    weights::IP,
    depthwise::IP,
    pointwise::IP,
    conv::IP,
    vector::IP,
    store::IP,
    banks::IP,
    queues::IP,
    tokens::IP,
    control::IP,
];

/// What the IP of a compute unit accepts, for refusals.
pub fn accepts(unit: Unit) -> &'static str {
    REGISTRY.iter().find(|ip| ip.unit == Some(unit)).map_or("", |ip| ip.accepts)
}
