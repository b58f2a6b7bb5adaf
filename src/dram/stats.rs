//! What the memory did, as counts: the only thing bandwidth, hit rate and energy are computed from.

use super::{BEAT_BYTES, PORTS};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Traffic of one HP port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PortStats {
    /// Read bursts granted.
    pub read_bursts: u64,
    /// Their beats.
    pub read_beats: u64,
    /// Write bursts granted.
    pub write_bursts: u64,
    /// Their beats.
    pub write_beats: u64,
}

impl PortStats {
    /// Bytes read by the port.
    pub fn read_bytes(&self) -> u64 {
        self.read_beats * BEAT_BYTES
    }
    /// Bytes written by the port.
    pub fn write_bytes(&self) -> u64 {
        self.write_beats * BEAT_BYTES
    }
}

/// Counts since the start. Hits, misses and conflicts count DDR bursts and add up to reads + writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryStats {
    /// Each HP port.
    pub ports: [PortStats; PORTS],
    /// DDR bursts that found their row open.
    pub row_hits: u64,
    /// DDR bursts for which a closed bank was activated.
    pub row_misses: u64,
    /// DDR bursts for which another row was closed first.
    pub row_conflicts: u64,
    /// Activate commands.
    pub activates: u64,
    /// Rows closed (a precharge of all banks counts each open bank).
    pub precharges: u64,
    /// Read commands.
    pub reads: u64,
    /// Write commands.
    pub writes: u64,
    /// Refresh commands.
    pub refreshes: u64,
    /// Of these, those that kept bursts in the queue waiting.
    pub refreshes_in_the_way: u64,
    /// Grants of a burst while another port asked, too.
    pub contended_grants: u64,
    /// Turns of the data bus from reading to writing.
    pub read_to_write_turns: u64,
    /// Turns of the data bus from writing to reading.
    pub write_to_read_turns: u64,
    /// DDR clocks with data on the bus.
    pub data_ddr_clocks: u64,
    /// DDR clocks with at least one row open, up to the last time all were closed.
    pub row_open_ddr_clocks: u64,
}

impl MemoryStats {
    /// Bytes read on all ports.
    pub fn read_bytes(&self) -> u64 {
        self.ports.iter().map(PortStats::read_bytes).sum()
    }
    /// Bytes written on all ports.
    pub fn write_bytes(&self) -> u64 {
        self.ports.iter().map(PortStats::write_bytes).sum()
    }
}
