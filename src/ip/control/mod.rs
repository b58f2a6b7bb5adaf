//! `control`: start, status, interrupt and counters behind an AXI-Lite port.

mod cost;

pub use cost::SHELL;

use super::Ip;

/// Its line of the registry.
pub const IP: Ip = Ip { name: "control", unit: None, accepts: "register reads and writes", cost: cost::cost };
