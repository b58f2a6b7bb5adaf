//! `pointwise`: pointwise (1 x 1) convolution and fully connected layers.

mod cost;

use super::Ip;
use crate::plan::Unit;

/// Its line of the registry.
pub const IP: Ip = Ip {
    name: "pointwise",
    unit: Some(Unit::Pointwise),
    accepts: "1 x 1 convolution, any stride, then requantise and activation",
    cost: cost::cost,
};
