//! `fetch`: reads descriptors and fills the job queues (contract, section 3).

mod cost;

use super::Ip;
use crate::plan::Unit;

/// Its line of the registry.
pub const IP: Ip = Ip { name: "fetch", unit: Some(Unit::Fetch), accepts: "descriptors of 64 bytes from DRAM", cost: cost::cost };
