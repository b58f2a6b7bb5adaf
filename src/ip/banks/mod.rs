//! `banks`: feature banks, their memories and the crossbar of readers and writers.

mod cost;

use super::Ip;

/// Its line of the registry.
pub const IP: Ip = Ip { name: "banks", unit: None, accepts: "one writer and one reader at a time in each bank", cost: cost::cost };
