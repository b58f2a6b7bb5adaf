//! `depthwise`: depthwise convolution, `parallel` channels at once.

mod cost;

use super::Ip;
use crate::plan::Unit;

/// Its line of the registry.
pub const IP: Ip = Ip {
    name: "depthwise",
    unit: Some(Unit::Depthwise),
    accepts: "depthwise convolution up to its largest kernel, any stride, dilation and padding, then requantise and activation",
    cost: cost::cost,
};
