//! What a board file says about its memory: device timing, controller, and the path from the fabric's ports.
//!
//! Every key carries its unit. [`MemorySpec::check`] refuses values that no device has or that would stop the controller; the
//! numbers become integers of DDR clocks in [`super::Timing`].

use super::AddressMap;
use crate::error::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::ops::RangeInclusive;

/// Bytes of one beat of an HP port (64 bits).
pub const BEAT_BYTES: u64 = 8;
/// Longest AXI3 burst in beats.
pub const MAX_BEATS: u8 = 16;
/// HP ports of the model.
pub const PORTS: usize = 4;

/// Table `[memory]` of a board file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemorySpec {
    /// Clock of the DDR command bus in hertz; data moves on both edges.
    pub ddr_clock_hz: u64,
    /// Width of the data bus in bits: 8, 16, 32 or 64.
    pub bus_width_bits: u64,
    /// Words of the data bus in one DDR burst: 8 (DDR3) or 16.
    pub burst_length: u64,
    /// Constraints of the device.
    pub timing: TimingSpec,
    /// Scheduler, queues, address map, refresh.
    pub controller: ControllerSpec,
    /// HP ports and the path through the processing system.
    pub ports: PortSpec,
}

/// Table `[memory.timing]`: constraints of the DRAM device (JESD79-3 names). Times in picoseconds are rounded up to DDR
/// clocks, except `t_refi_ps`, an upper bound, which is rounded down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimingSpec {
    /// CL: read command to its first data.
    pub cl_ddr_clocks: u64,
    /// CWL: write command to its first data.
    pub cwl_ddr_clocks: u64,
    /// tRCD: activate to read or write, same bank.
    pub t_rcd_ddr_clocks: u64,
    /// tRP: precharge to activate (same bank) or refresh.
    pub t_rp_ddr_clocks: u64,
    /// tCCD: read to read, write to write.
    pub t_ccd_ddr_clocks: u64,
    /// tRAS: activate to precharge, same bank.
    pub t_ras_ps: u64,
    /// tRC: activate to activate (same bank) or refresh.
    pub t_rc_ps: u64,
    /// tRRD: activate to activate of another bank; the larger of the two counts.
    pub t_rrd_ps: u64,
    /// tRRD, its least number of clocks.
    pub t_rrd_min_ddr_clocks: u64,
    /// tFAW: window that holds at most four activates.
    pub t_faw_ps: u64,
    /// tWR: last write data to precharge, same bank.
    pub t_wr_ps: u64,
    /// tWTR: last write data to read command; the larger of the two counts.
    pub t_wtr_ps: u64,
    /// tWTR, its least number of clocks.
    pub t_wtr_min_ddr_clocks: u64,
    /// tRTP: read command to precharge, same bank; the larger of the two counts.
    pub t_rtp_ps: u64,
    /// tRTP, its least number of clocks.
    pub t_rtp_min_ddr_clocks: u64,
    /// Idle clocks on the data bus when it turns from read to write.
    pub read_to_write_gap_ddr_clocks: u64,
    /// tRFC: refresh to activate or refresh.
    pub t_rfc_ps: u64,
    /// tREFI: mean interval between refreshes.
    pub t_refi_ps: u64,
}

/// Table `[memory.controller]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControllerSpec {
    /// Fields of the byte address above the bits within one bus word, from the most to the least significant, each
    /// `row:N`, `bank:N` or `column:N`; a field may be split over several entries. The lowest is a column field of at
    /// least log2(burst_length) bits.
    pub address_map: Vec<String>,
    /// What happens to a row that nobody in the queue wants.
    pub page_policy: PagePolicy,
    /// Capacity of the read queue in DDR bursts.
    pub read_queue_ddr_bursts: u64,
    /// Capacity of the write queue in DDR bursts.
    pub write_queue_ddr_bursts: u64,
    /// From this many queued DDR bursts on, writes may interrupt reads.
    pub write_high_watermark_ddr_bursts: u64,
    /// DDR bursts of one direction that are done before the other may interrupt.
    pub group_ddr_bursts: u64,
    /// Age in the queue from which the oldest request goes before row hits.
    pub age_cap_ddr_clocks: u64,
    /// Refreshes that may be owed at most while requests are waiting (JEDEC: below 8).
    pub refresh_postpone_max: u64,
    /// Fixed pipeline from the controller port to the queue.
    pub pipeline_latency_ddr_clocks: u64,
}

/// What the controller does with an open row that no queued request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PagePolicy {
    /// Leave it open until another row of the bank is wanted or a refresh is due.
    Open,
    /// Precharge it as soon as the timing allows.
    Closed,
}

/// When a write is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WriteResponse {
    /// When the controller's queue has taken it (posted; later reads of the address wait for it in the controller).
    Accepted,
    /// When its last data has been on the DDR bus.
    Written,
}

/// Table `[memory.ports]`: four 64-bit AXI3 HP ports, 0 and 1 on the first controller port, 2 and 3 on the second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortSpec {
    /// Address handshake to controller port (clock crossing included); at least 1.
    pub read_request_latency_fabric_cycles: u64,
    /// Last data of the burst on the DDR bus to its first beat on the port; at least 1.
    pub read_response_latency_fabric_cycles: u64,
    /// Last W beat to controller port; at least 1.
    pub write_request_latency_fabric_cycles: u64,
    /// Acceptance or end of write to the B response; at least 1.
    pub write_response_latency_fabric_cycles: u64,
    /// Read bursts that a port has beyond its FIFO at once (issuing capability).
    pub outstanding_reads: u64,
    /// Write bursts that a port has beyond its FIFO at once.
    pub outstanding_writes: u64,
    /// Read data FIFO of a port; a burst is requested only with space for all of it.
    pub read_fifo_beats: u64,
    /// When a write is answered.
    pub write_response: WriteResponse,
}

/// Longest of all constraints, in clocks: keeps every sum of instants far from overflow.
const CLOCKS: RangeInclusive<u64> = 1..=1_000;
/// Longest of all times.
const PICOSECONDS: RangeInclusive<u64> = 1..=100_000_000;

/// Refuses `value` outside `range`, naming the key.
fn within<T: PartialOrd + Display>(key: &str, value: T, range: RangeInclusive<T>) -> Result<()> {
    if range.contains(&value) {
        return Ok(());
    }
    let allowed = format!("{} to {}", range.start(), range.end());
    Err(Error::input(format!("memory.{key} is out of range")).value(value).allowed(allowed))
}

impl MemorySpec {
    /// Reads table `[memory]` from the text of a board file, without [`MemorySpec::check`].
    ///
    /// # Errors
    /// Input: no TOML, no such table, an unknown or missing key, a value of the wrong type.
    pub fn from_board_text(text: &str) -> Result<MemorySpec> {
        #[derive(Deserialize)]
        struct Board {
            memory: MemorySpec,
        }
        match toml::from_str::<Board>(text) {
            Ok(board) => Ok(board.memory),
            Err(e) => {
                let error = Error::input(e.message());
                Err(match e.span() {
                    Some(span) => error.line(1 + text.as_bytes()[..span.start.min(text.len())].iter().filter(|b| **b == b'\n').count()),
                    None => error,
                })
            }
        }
    }

    /// Bytes of one DDR burst (16 on the Pynq-Z1).
    pub fn ddr_burst_bytes(&self) -> u64 {
        self.bus_width_bits / 8 * self.burst_length
    }

    /// Peak of the data bus in bytes a second.
    pub fn peak_bytes_per_second(&self) -> u64 {
        2 * self.ddr_clock_hz * self.bus_width_bits / 8
    }

    /// Refuses what no device has and what would stop the controller.
    ///
    /// # Errors
    /// Input, with key, value and allowed range.
    pub fn check(&self) -> Result<()> {
        within("ddr_clock_hz", self.ddr_clock_hz, 10_000_000..=5_000_000_000)?;
        if ![8, 16, 32, 64].contains(&self.bus_width_bits) {
            return Err(Error::input("memory.bus_width_bits is no bus width").value(self.bus_width_bits).allowed("8, 16, 32 or 64"));
        }
        if ![8, 16].contains(&self.burst_length) {
            return Err(Error::input("memory.burst_length is no burst length").value(self.burst_length).allowed("8 or 16"));
        }
        self.timing.check(self.burst_length)?;
        AddressMap::new(self)?;
        let longest_ddr_bursts = BEAT_BYTES * u64::from(MAX_BEATS) / self.ddr_burst_bytes() + 1;
        self.controller.check(longest_ddr_bursts)?;
        self.ports.check()?;
        let timing = super::Timing::new(self);
        let row = timing.t_rc.max(timing.t_rcd + timing.t_rp);
        let refresh_cost = 2 * (timing.t_rfc + row + timing.write_to_precharge + timing.t_ccd * longest_ddr_bursts);
        if timing.t_refi < refresh_cost {
            return Err(Error::input("memory.timing.t_refi_ps leaves no time between refreshes")
                .value(format!("{} ps = {} DDR clocks", self.timing.t_refi_ps, timing.t_refi))
                .allowed(format!("at least {refresh_cost} DDR clocks: twice tRFC + tRC (or tRCD + tRP, where that is more) + write recovery + one AXI burst")));
        }
        Ok(())
    }
}

impl TimingSpec {
    fn check(&self, burst_length: u64) -> Result<()> {
        within("timing.t_ccd_ddr_clocks", self.t_ccd_ddr_clocks, burst_length / 2..=*CLOCKS.end())?;
        for (key, value) in [
            ("timing.cl_ddr_clocks", self.cl_ddr_clocks),
            ("timing.cwl_ddr_clocks", self.cwl_ddr_clocks),
            ("timing.t_rcd_ddr_clocks", self.t_rcd_ddr_clocks),
            ("timing.t_rp_ddr_clocks", self.t_rp_ddr_clocks),
            ("timing.t_rrd_min_ddr_clocks", self.t_rrd_min_ddr_clocks),
            ("timing.t_wtr_min_ddr_clocks", self.t_wtr_min_ddr_clocks),
            ("timing.t_rtp_min_ddr_clocks", self.t_rtp_min_ddr_clocks),
        ] {
            within(key, value, CLOCKS)?;
        }
        within("timing.cwl_ddr_clocks", self.cwl_ddr_clocks, 1..=self.cl_ddr_clocks)?;
        within("timing.read_to_write_gap_ddr_clocks", self.read_to_write_gap_ddr_clocks, 0..=*CLOCKS.end())?;
        for (key, value) in [
            ("timing.t_ras_ps", self.t_ras_ps),
            ("timing.t_rc_ps", self.t_rc_ps),
            ("timing.t_rrd_ps", self.t_rrd_ps),
            ("timing.t_faw_ps", self.t_faw_ps),
            ("timing.t_wr_ps", self.t_wr_ps),
            ("timing.t_wtr_ps", self.t_wtr_ps),
            ("timing.t_rtp_ps", self.t_rtp_ps),
            ("timing.t_rfc_ps", self.t_rfc_ps),
            ("timing.t_refi_ps", self.t_refi_ps),
        ] {
            within(key, value, PICOSECONDS)?;
        }
        Ok(())
    }
}

impl ControllerSpec {
    fn check(&self, longest_ddr_bursts: u64) -> Result<()> {
        // A queue admits a burst only with room for the longest one, so less would stop the port for ever.
        within("controller.read_queue_ddr_bursts", self.read_queue_ddr_bursts, longest_ddr_bursts..=256)?;
        within("controller.write_queue_ddr_bursts", self.write_queue_ddr_bursts, longest_ddr_bursts..=256)?;
        let reachable = self.write_queue_ddr_bursts - longest_ddr_bursts + 1;
        within("controller.write_high_watermark_ddr_bursts", self.write_high_watermark_ddr_bursts, 1..=reachable)?;
        within("controller.group_ddr_bursts", self.group_ddr_bursts, 1..=4_096)?;
        within("controller.age_cap_ddr_clocks", self.age_cap_ddr_clocks, 1..=1_000_000)?;
        within("controller.refresh_postpone_max", self.refresh_postpone_max, 0..=7)?;
        within("controller.pipeline_latency_ddr_clocks", self.pipeline_latency_ddr_clocks, 0..=10_000)
    }
}

impl PortSpec {
    fn check(&self) -> Result<()> {
        for (key, value) in [
            ("ports.read_request_latency_fabric_cycles", self.read_request_latency_fabric_cycles),
            ("ports.read_response_latency_fabric_cycles", self.read_response_latency_fabric_cycles),
            ("ports.write_request_latency_fabric_cycles", self.write_request_latency_fabric_cycles),
            ("ports.write_response_latency_fabric_cycles", self.write_response_latency_fabric_cycles),
        ] {
            within(key, value, 1..=10_000)?;
        }
        within("ports.outstanding_reads", self.outstanding_reads, 1..=64)?;
        within("ports.outstanding_writes", self.outstanding_writes, 1..=64)?;
        within("ports.read_fifo_beats", self.read_fifo_beats, u64::from(MAX_BEATS)..=4_096)
    }
}
