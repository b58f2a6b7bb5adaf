//! The board: what there is to spend, its clocks and its memory.

use crate::dram::MemorySpec;
use serde::Serialize;

/// Budgets of the programmable logic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Resources {
    /// DSP slices.
    pub dsp: u64,
    /// RAMB18 halves (a RAMB36 counts two).
    pub bram18: u64,
    /// Look-up tables, those used as memory included.
    pub lut: u64,
    /// Flip-flops.
    pub ff: u64,
}

/// A checked board.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Board {
    /// Name (file stem).
    pub name: String,
    /// The part, e.g. `XC7Z020-1CLG400C`.
    pub part: String,
    /// DSP slice kind, e.g. `DSP48E1`.
    pub dsp_kind: String,
    /// Operand widths of the DSP's signed multiplier, wide and narrow side.
    pub dsp_operand_bits: (u8, u8),
    /// What there is.
    pub budget: Resources,
    /// HP ports.
    pub hp_ports: u8,
    /// DDR device, controller and path to it.
    pub memory: MemorySpec,
}
