//! `load`: features from DRAM to banks (contract, section 4).

mod cost;

use super::Ip;
use crate::plan::Unit;

/// Its line of the registry.
pub const IP: Ip = Ip {
    name: "load",
    unit: Some(Unit::Load),
    accepts: "features in containers of 1, 2, 4, 8 or 16 bits, runs of any length",
    cost: cost::cost,
};
