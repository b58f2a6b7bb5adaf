//! An accelerator as it is written.

use crate::plan::Unit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An accelerator file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawAccelerator {
    /// One line for `bico accelerators`.
    #[serde(default)]
    pub description: String,
    /// Fabric clock in megahertz: assumed, not timed.
    #[schemars(range(min = 1.0, max = 1000.0))]
    pub clock_mhz: f64,
    /// Channel block: 4, 8, 16 or 32 channels of one pixel in a feature word.
    pub lanes: usize,
    /// Widest feature.
    #[schemars(range(min = 1, max = 16))]
    pub feature_bits: u8,
    /// Widest weight.
    #[schemars(range(min = 1, max = 16))]
    pub weight_bits: u8,
    /// Largest output tile; the planner shrinks it where banks are too small.
    pub tile: RawTile,
    /// Jobs a unit's queue holds.
    #[serde(default = "default_queue_depth")]
    #[schemars(range(min = 2, max = 16))]
    pub queue_depth: usize,
    /// HP ports of the masters.
    pub ports: RawPorts,
    /// Depthwise convolution.
    pub depthwise: Option<RawDepthwise>,
    /// Pointwise convolution.
    pub pointwise: Option<RawPointwise>,
    /// Standard convolution.
    pub conv: Option<RawConv>,
    /// Pooling, add, copy, activation.
    pub vector: Option<RawVector>,
    /// Feature banks; the index is the memory id.
    #[schemars(length(min = 1, max = 8))]
    pub banks: Vec<RawBank>,
}

/// Table `[tile]`, pixels of the output.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawTile {
    /// Rows.
    #[schemars(range(min = 1, max = 1024))]
    pub rows: usize,
    /// Columns.
    #[schemars(range(min = 1, max = 1024))]
    pub cols: usize,
}

/// Table `[ports]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPorts {
    /// Read master of `load`.
    pub load: RawPort,
    /// Read master of `weights`.
    pub weights: RawPort,
    /// Read master of `fetch`: its buffer allows two bursts.
    pub fetch: RawFetchPort,
    /// Write master of `store`.
    pub store: RawPort,
}

/// A master.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPort {
    /// HP port.
    #[schemars(range(min = 0, max = 3))]
    pub hp: u8,
    /// Bursts in flight at most.
    #[serde(default = "default_outstanding_bursts")]
    #[schemars(range(min = 1, max = 16))]
    pub outstanding_bursts: usize,
}

/// The master of `fetch`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFetchPort {
    /// HP port.
    #[schemars(range(min = 0, max = 3))]
    pub hp: u8,
}

/// Table `[depthwise]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawDepthwise {
    /// Channels computed at once; divides `lanes`.
    pub parallel: usize,
    /// Largest kernel side.
    #[serde(default = "default_kernel")]
    #[schemars(range(min = 1, max = 63))]
    pub max_kernel: usize,
    /// Weight memory: rows of `parallel` weights.
    pub weight_rows: usize,
    /// Parameter memory: rows of `parallel` channels.
    pub parameter_rows: usize,
}

/// Table `[pointwise]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPointwise {
    /// Input channels multiplied at once; divides `lanes`.
    pub parallel_in: usize,
    /// Output channels computed at once; divides `lanes`.
    pub parallel_out: usize,
    /// Weight memory: rows of `parallel_in` x `parallel_out` weights.
    pub weight_rows: usize,
    /// Parameter memory: rows of `parallel_out` channels.
    pub parameter_rows: usize,
    /// Two output channels share each multiplier: needs feature_bits + 2 x weight_bits + 1 of at most 25, weights of 3 bits or more.
    #[serde(default)]
    pub packed: bool,
}

/// Table `[conv]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawConv {
    /// Input channels multiplied at once; divides `lanes`.
    pub parallel_in: usize,
    /// Output channels computed at once; divides `lanes`.
    pub parallel_out: usize,
    /// Largest kernel side.
    #[serde(default = "default_kernel")]
    #[schemars(range(min = 1, max = 63))]
    pub max_kernel: usize,
    /// Weight memory: rows of `parallel_in` x `parallel_out` weights.
    pub weight_rows: usize,
    /// Parameter memory: rows of `parallel_out` channels.
    pub parameter_rows: usize,
    /// Two output channels share each multiplier: needs feature_bits + 2 x weight_bits + 1 of at most 25, weights of 3 bits or more.
    #[serde(default)]
    pub packed: bool,
}

/// Table `[vector]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawVector {
    /// Channels computed at once; divides `lanes`.
    pub parallel: usize,
    /// Largest kernel side (global pooling needs that of its feature map).
    #[serde(default = "default_vector_kernel")]
    #[schemars(range(min = 1, max = 63))]
    pub max_kernel: usize,
}

/// One of `[[banks]]`: a simple dual-port memory of feature words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawBank {
    /// For tables and RTL: lower-case letters, digits, `_`.
    pub name: String,
    /// Depth in words of `lanes` x `feature_bits`. Ping-pong halves are ranges of it.
    #[schemars(range(min = 1, max = 65536))]
    pub words: usize,
    /// Units on the write port.
    pub writers: Vec<Unit>,
    /// Units on the read port.
    pub readers: Vec<Unit>,
}

fn default_queue_depth() -> usize {
    8
}

fn default_outstanding_bursts() -> usize {
    4
}

fn default_kernel() -> usize {
    3
}

/// Six bits in the descriptor (contract, section 6).
fn default_vector_kernel() -> usize {
    63
}
