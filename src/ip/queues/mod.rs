//! `queues`: job queues, one a unit.

mod cost;

use super::Ip;

/// Its line of the registry.
pub const IP: Ip = Ip { name: "queues", unit: None, accepts: "jobs in order", cost: cost::cost };
