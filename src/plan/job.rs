//! Jobs: what one unit does between issue and done. Fields are those of the contract, section 6.

use crate::fixed::{Format, Overflow, Rounding};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The units of the machine; the discriminant is the code in descriptors and token masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Reads descriptors and fills the job queues.
    Fetch,
    /// Features from DRAM to banks.
    Load,
    /// Weights and channel parameters from DRAM to their memories.
    Weights,
    /// Depthwise convolution.
    Depthwise,
    /// Pointwise (1 x 1) convolution.
    Pointwise,
    /// Standard convolution.
    Conv,
    /// Pooling, add, copy, activation.
    Vector,
    /// Features from banks to DRAM.
    Store,
}

impl Unit {
    /// All units, by code.
    pub const ALL: [Unit; 8] =
        [Unit::Fetch, Unit::Load, Unit::Weights, Unit::Depthwise, Unit::Pointwise, Unit::Conv, Unit::Vector, Unit::Store];

    /// The code in descriptors and masks.
    pub const fn index(self) -> usize {
        self as usize
    }
    /// The bit in token masks.
    pub const fn bit(self) -> u8 {
        1 << self as u8
    }
    /// The name used in tables, configuration files and RTL.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Fetch => "fetch",
            Unit::Load => "load",
            Unit::Weights => "weights",
            Unit::Depthwise => "depthwise",
            Unit::Pointwise => "pointwise",
            Unit::Conv => "conv",
            Unit::Vector => "vector",
            Unit::Store => "store",
        }
    }
    /// Whether the unit computes (rather than moves data).
    pub const fn is_compute(self) -> bool {
        matches!(self, Unit::Depthwise | Unit::Pointwise | Unit::Conv | Unit::Vector)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Memory id of a unit's weight memory.
pub const fn weight_memory(unit: Unit) -> u8 {
    8 + unit as u8
}

/// Memory id of a unit's parameter memory.
pub const fn parameter_memory(unit: Unit) -> u8 {
    16 + unit as u8
}

/// A move between DRAM and one memory (contract, sections 4 and 5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transfer {
    /// First byte in DRAM; a multiple of 8.
    pub dram_address: u32,
    /// Contiguous runs in a block.
    pub runs: u16,
    /// Blocks.
    pub blocks: u16,
    /// Beats (8 bytes) in a run.
    pub run_beats: u32,
    /// Beats in one word of the memory.
    pub word_beats: u8,
    /// Bytes between the starts of two runs.
    pub run_stride: u32,
    /// Bytes between the starts of two blocks.
    pub block_stride: u32,
    /// Memory id.
    pub memory: u8,
    /// First word in the memory.
    pub bank_address: u16,
    /// Container of one value in DRAM: 1, 2, 4, 8 or 16 bits.
    pub container_bits: u8,
    /// Containers hold signed values.
    pub signed: bool,
}

impl Transfer {
    /// Beats moved.
    pub const fn beats(&self) -> u64 {
        self.run_beats as u64 * self.runs as u64 * self.blocks as u64
    }
    /// Words written to or read from the memory.
    pub const fn words(&self) -> u64 {
        self.beats() / self.word_beats as u64
    }
    /// The runs as (byte address, beats), in order.
    pub fn run_starts(&self) -> impl Iterator<Item = u64> + '_ {
        (0..u64::from(self.blocks)).flat_map(move |k| {
            (0..u64::from(self.runs))
                .map(move |r| u64::from(self.dram_address) + k * u64::from(self.block_stride) + r * u64::from(self.run_stride))
        })
    }
}

/// The inner operation of a compute job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub enum ComputeOp {
    /// Multiply-accumulate over taps (and sub-blocks), bias, requantise.
    MultiplyAccumulate,
    /// Maximum over taps.
    Maximum,
    /// Sum over taps, requantise. With one tap this is a copy or an activation.
    Sum,
    /// Sum of two shifted operands, requantise.
    Add,
}

/// A compute job (contract, sections 2 and 6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Compute {
    /// The inner operation.
    pub op: ComputeOp,
    /// Source and destination bank.
    pub source_bank: u8,
    /// Destination bank.
    pub destination_bank: u8,
    /// Word address of block 0, row 0, column 0 of the source.
    pub source: u16,
    /// The same for the second operand of an add.
    pub source2: u16,
    /// Word address of the destination.
    pub destination: u16,
    /// Words between two source blocks.
    pub source_block_stride: u16,
    /// Words between two source rows.
    pub source_row_stride: u16,
    /// Words between two destination blocks.
    pub destination_block_stride: u16,
    /// Output rows.
    pub rows: u16,
    /// Output columns.
    pub cols: u16,
    /// Channel blocks (`depthwise`, `vector`) or input sub-blocks of `parallel_in` channels (`pointwise`, `conv`).
    pub blocks: u16,
    /// Tap rows and columns.
    pub kernel: (u8, u8),
    /// Stride of rows and columns.
    pub stride: (u8, u8),
    /// Dilation of rows and columns.
    pub dilation: (u8, u8),
    /// Source coordinate of tap (0, 0) of output (0, 0).
    pub origin: (i16, i16),
    /// Source rows present.
    pub source_rows: u16,
    /// Source columns present.
    pub source_cols: u16,
    /// First weight row.
    pub weight_address: u16,
    /// First parameter row.
    pub parameter_address: u16,
    /// Raw value of taps outside the source.
    pub padding_value: i16,
    /// Rounding of the requantise step.
    pub rounding: Rounding,
    /// Overflow of the requantise step.
    pub overflow: Overflow,
    /// ReLU.
    pub relu: bool,
    /// Clipped ReLU: the largest raw output.
    pub clip: Option<i16>,
    /// Leaky ReLU: slope `2^-n` below zero.
    pub leaky_slope: Option<u8>,
    /// Output format (its fraction bits are not part of the descriptor).
    pub format: Format,
    /// Output zero point.
    pub zero_point: i16,
    /// Source values are signed.
    pub source_signed: bool,
    /// Weights are binary {-1, +1}.
    pub binary_weights: bool,
    /// Input zero point.
    pub input_zero_point: i16,
    /// Input zero point of the second operand.
    pub input_zero_point2: i16,
    /// `vector`: multiplier of the requantise step.
    pub mult: u16,
    /// `vector`: right shift of the requantise step.
    pub shift: i8,
    /// `vector`: left shifts of the operands.
    pub operand_shifts: (u8, u8),
    /// `vector`: nearest-neighbour upsampling by `2^n`.
    pub upsample_shift: u8,
    /// Taps outside the source do not take part (maximum).
    pub skip_padding: bool,
}

impl Compute {
    /// Output pixels.
    pub const fn pixels(&self) -> u64 {
        self.rows as u64 * self.cols as u64
    }
    /// Taps.
    pub const fn taps(&self) -> u64 {
        self.kernel.0 as u64 * self.kernel.1 as u64
    }
}

/// What a job does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Pads the program.
    Nop,
    /// The end of the frame: raises the interrupt.
    End,
    /// Moves data.
    Transfer(Transfer),
    /// Computes.
    Compute(Box<Compute>),
}

/// One job of one unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// Who runs it.
    pub unit: Unit,
    /// Layer group it belongs to (index into [`super::Plan::groups`]).
    pub layer: u16,
    /// Units whose tokens it pops.
    pub pop: u8,
    /// Units it pushes tokens to.
    pub push: u8,
    /// What it does.
    pub task: Task,
}
