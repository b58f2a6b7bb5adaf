//! `conv`: standard convolution.

mod cost;

use super::Ip;
use crate::plan::Unit;

/// Its line of the registry.
pub const IP: Ip = Ip {
    name: "conv",
    unit: Some(Unit::Conv),
    accepts: "convolution over all channels up to its largest kernel, any stride, dilation and padding, then requantise and activation",
    cost: cost::cost,
};
