//! `vector`: pooling, add, copy, upsampling, activation; no weights.

mod cost;

use super::Ip;
use crate::plan::Unit;

/// Its line of the registry.
pub const IP: Ip = Ip {
    name: "vector",
    unit: Some(Unit::Vector),
    accepts: "maximum and average pooling, addition of two operands, copy, nearest upsampling, activation, requantise",
    cost: cost::cost,
};
