//! The accelerator: IPs x parallel factors x banks x formats x ports (the paper's Tile-Arch, checked).

use crate::plan::Unit;
use crate::units::Hertz;
use serde::Serialize;

/// One compute IP instance; it serves all layers of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct IpConfig {
    /// Input channels multiplied at once (`pointwise`, `conv`); equals `parallel_out` for `depthwise` and `vector`.
    pub parallel_in: usize,
    /// Output channels (or lanes) computed at once.
    pub parallel_out: usize,
    /// Weight memory, rows (0 for `vector`). Used in halves when a layer's weights do not fit at once.
    pub weight_rows: usize,
    /// Parameter memory, rows (0 for `vector`).
    pub parameter_rows: usize,
    /// Largest kernel side (taps outside are refused by the planner).
    pub max_kernel: usize,
}

/// One feature bank: simple dual-port, `words` words of `lanes` x `feature_bits`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bank {
    /// For tables and RTL.
    pub name: String,
    /// Depth in words, at most 65,536.
    pub words: usize,
    /// Units connected to the write port.
    pub writers: Vec<Unit>,
    /// Units connected to the read port.
    pub readers: Vec<Unit>,
}

/// Read or write master of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Port {
    /// HP port, 0 to 3.
    pub hp: u8,
    /// Bursts in flight at most, 1 to 16.
    pub outstanding_bursts: usize,
}

/// The checked accelerator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Accelerator {
    /// Name (file stem).
    pub name: String,
    /// Fabric clock.
    pub clock: Hertz,
    /// Channel block: 4, 8, 16 or 32.
    pub lanes: usize,
    /// Widest feature, bits (1 to 16): the width of a lane in the banks.
    pub feature_bits: u8,
    /// Widest weight, bits (1 to 16).
    pub weight_bits: u8,
    /// Largest output tile (rows, columns); the planner shrinks it where banks are too small.
    pub tile: (usize, usize),
    /// Jobs a unit's queue holds, 2 to 16.
    pub queue_depth: usize,
    /// Feature banks; the index is the memory id.
    pub banks: Vec<Bank>,
    /// Depthwise IP.
    pub depthwise: Option<IpConfig>,
    /// Pointwise IP.
    pub pointwise: Option<IpConfig>,
    /// Standard convolution IP.
    pub conv: Option<IpConfig>,
    /// Pooling, add, copy IP.
    pub vector: Option<IpConfig>,
    /// Read master of `load`.
    pub load_port: Port,
    /// Read master of `weights`.
    pub weights_port: Port,
    /// Write master of `store`.
    pub store_port: Port,
    /// Read master of `fetch` (its outstanding bursts follow from its buffer: 2).
    pub fetch_port: Port,
}

impl Accelerator {
    /// The IP of a compute unit.
    pub fn ip(&self, unit: Unit) -> Option<&IpConfig> {
        match unit {
            Unit::Depthwise => self.depthwise.as_ref(),
            Unit::Pointwise => self.pointwise.as_ref(),
            Unit::Conv => self.conv.as_ref(),
            Unit::Vector => self.vector.as_ref(),
            _ => None,
        }
    }
    /// The port of a transfer unit or fetch.
    pub fn port(&self, unit: Unit) -> Option<Port> {
        match unit {
            Unit::Fetch => Some(self.fetch_port),
            Unit::Load => Some(self.load_port),
            Unit::Weights => Some(self.weights_port),
            Unit::Store => Some(self.store_port),
            _ => None,
        }
    }
    /// Bytes of one feature word in DRAM for values in containers of `container_bits` (contract, section 8).
    pub fn word_bytes(&self, container_bits: u8) -> usize {
        (self.lanes * usize::from(container_bits) / 8).max(8)
    }
    /// Bytes of one weight row of `unit` in DRAM.
    pub fn weight_row_bytes(&self, unit: Unit, container_bits: u8) -> usize {
        let Some(ip) = self.ip(unit) else { return 0 };
        let weights = if unit == Unit::Depthwise { ip.parallel_out } else { ip.parallel_in * ip.parallel_out };
        (weights * usize::from(container_bits)).div_ceil(64) * 8
    }
    /// Bytes of one parameter row of `unit` in DRAM: 8 for each output channel of the row.
    pub fn parameter_row_bytes(&self, unit: Unit) -> usize {
        self.ip(unit).map_or(0, |ip| ip.parallel_out * 8)
    }
    /// Pipeline depth D of a compute unit (contract, section 2).
    pub fn depth(&self, unit: Unit) -> u64 {
        let tree = |ip: &IpConfig| u64::from(ip.parallel_in.next_power_of_two().trailing_zeros());
        10 + match unit {
            Unit::Pointwise | Unit::Conv => self.ip(unit).map_or(0, tree),
            _ => 0,
        }
    }
}
