//! The accelerator: IPs x parallel factors x banks x formats x ports (the paper's Tile-Arch, checked).

pub mod check;
mod raw;

pub use self::raw::{RawAccelerator, RawBank, RawConv, RawDepthwise, RawFetchPort, RawPointwise, RawPort, RawPorts, RawTile, RawVector};

use crate::config::{Document, Override, Source};
use crate::error::Result;
use crate::plan::Unit;
use crate::units::Hertz;
use serde::Serialize;
use std::path::Path;

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
    /// Two output channels share each multiplier (`pointwise`, `conv`; contract, point 21): half the DSP slices, in as many cycles.
    pub packed: bool,
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
    /// Bits of a compute unit's accumulators: they hold every sum it can form, at least 24 and at most 48 (the planner proves that no layer
    /// needs more). The operands of a product have one bit more than a feature and a weight, and an output sees each weight row at most
    /// once; `vector` shifts its operands left by up to 31. 0 for a unit that the accelerator does not have.
    pub fn accumulator_bits(&self, unit: Unit) -> u64 {
        let Some(ip) = self.ip(unit) else { return 0 };
        let product = u64::from(self.feature_bits) + u64::from(self.weight_bits) + 2;
        let log2 = |terms: usize| u64::from(terms.next_power_of_two().trailing_zeros());
        let bits = match unit {
            Unit::Vector => u64::from(self.feature_bits) + 1 + 31 + 1,
            Unit::Depthwise => product + log2(ip.weight_rows),
            _ => product + log2(ip.weight_rows * ip.parallel_in),
        };
        bits.clamp(24, 48)
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

/// The embedded accelerator files: name, path errors call it by, text.
const BUILTIN: [(&str, &str, &str); 13] = [
    ("pynq-z1-default", "configs/accelerators/pynq-z1-default.toml", include_str!("../configs/accelerators/pynq-z1-default.toml")),
    ("uav-fast", "configs/accelerators/uav-fast.toml", include_str!("../configs/accelerators/uav-fast.toml")),
    ("uav-accurate", "configs/accelerators/uav-accurate.toml", include_str!("../configs/accelerators/uav-accurate.toml")),
    ("uav-precise", "configs/accelerators/uav-precise.toml", include_str!("../configs/accelerators/uav-precise.toml")),
    ("uav-finest", "configs/accelerators/uav-finest.toml", include_str!("../configs/accelerators/uav-finest.toml")),
    ("uav-large", "configs/accelerators/uav-large.toml", include_str!("../configs/accelerators/uav-large.toml")),
    ("small", "configs/accelerators/small.toml", include_str!("../configs/accelerators/small.toml")),
    ("tiny", "configs/accelerators/tiny.toml", include_str!("../configs/accelerators/tiny.toml")),
    ("wide", "configs/accelerators/wide.toml", include_str!("../configs/accelerators/wide.toml")),
    ("dnn1", "configs/accelerators/dnn1.toml", include_str!("../configs/accelerators/dnn1.toml")),
    ("dnn2", "configs/accelerators/dnn2.toml", include_str!("../configs/accelerators/dnn2.toml")),
    ("dnn3", "configs/accelerators/dnn3.toml", include_str!("../configs/accelerators/dnn3.toml")),
    ("ternary", "configs/accelerators/ternary.toml", include_str!("../configs/accelerators/ternary.toml")),
];

/// Names of the embedded accelerators; the first is the default.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|b| b.0)
}

/// An embedded accelerator.
///
/// # Errors
/// Usage: no such name, with the nearest one.
pub fn builtin(name: &str) -> Result<Accelerator> {
    load(name)
}

/// The accelerator called `name` when one is embedded, else the file at that path.
///
/// # Errors
/// Usage: neither a name nor a file. Input: the file does not hold an accelerator.
pub fn load(name_or_path: &str) -> Result<Accelerator> {
    open(name_or_path, &[]).and_then(|d| d.check())
}

/// The file behind [`load`], as it is written.
///
/// # Errors
/// Usage: neither a name nor a file.
pub fn text(name_or_path: &str) -> Result<String> {
    crate::config::find(name_or_path, "accelerator", &BUILTIN).map(|source| source.text().to_string())
}

/// As [`load`], unchecked and with settings of the command line on top; [`Document::resolved`] explains it and
/// `Document<RawAccelerator>::check` makes the accelerator.
///
/// # Errors
/// As [`load`].
pub fn open(name_or_path: &str, settings: &[Override]) -> Result<Document<RawAccelerator>> {
    let source = crate::config::find(name_or_path, "accelerator", &BUILTIN)?;
    Document::read(source, settings)
}

/// An accelerator from a text; `path` is what errors call it and its stem names the accelerator.
///
/// # Errors
/// Input: the text does not hold an accelerator.
pub fn parse(text: &str, path: impl AsRef<Path>) -> Result<Accelerator> {
    Document::read(Source::new(path, text), &[]).and_then(|d: Document<RawAccelerator>| d.check())
}
