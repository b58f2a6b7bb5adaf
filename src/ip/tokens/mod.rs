//! `tokens`: token counters between pairs of units.

mod cost;

use super::Ip;

/// Its line of the registry.
pub const IP: Ip = Ip { name: "tokens", unit: None, accepts: "up to 255 tokens a pair", cost: cost::cost };
