//! `weights`: weights and channel parameters from DRAM to their memories (contract, section 4).

mod cost;

use super::Ip;
use crate::plan::Unit;

/// Its line of the registry.
pub const IP: Ip = Ip {
    name: "weights",
    unit: Some(Unit::Weights),
    accepts: "weights in containers of 1, 2, 4, 8 or 16 bits, parameters of 64 bits a channel",
    cost: cost::cost,
};
