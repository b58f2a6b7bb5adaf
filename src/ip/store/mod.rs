//! `store`: features from banks to DRAM (contract, section 5).

mod cost;

use super::Ip;
use crate::plan::Unit;

/// Its line of the registry.
pub const IP: Ip = Ip {
    name: "store",
    unit: Some(Unit::Store),
    accepts: "features into containers of 1, 2, 4, 8 or 16 bits, runs of any length",
    cost: cost::cost,
};
