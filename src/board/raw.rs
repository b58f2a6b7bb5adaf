//! A board as it is written, and its checks.

use super::{Board, HostSpec, Mapping, Resources};
use crate::config::Document;
use crate::dram::MemorySpec;
use crate::error::Result;
use crate::power::Coefficients;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A board file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawBoard {
    /// One line for `bico boards`.
    #[serde(default)]
    pub description: String,
    /// The part, e.g. `XC7Z020-1CLG400C`.
    pub part: String,
    /// How products are mapped to DSP slices: by `yosys` (measured) or `vivado-hls` (from public reports).
    #[serde(default)]
    pub mapping: Mapping,
    /// High-performance AXI ports of the processing system.
    #[schemars(range(min = 1, max = 4))]
    pub hp_ports: u8,
    /// DSP slice.
    pub dsp: RawDsp,
    /// What there is to spend.
    pub budget: RawBudget,
    /// DDR device, controller and path to it.
    pub memory: MemorySpec,
    /// Time of the host stage.
    pub host: HostSpec,
    /// Coefficients of the power model.
    pub power: Coefficients,
}

/// Table `[dsp]`: the multiplier of a DSP slice.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawDsp {
    /// E.g. `DSP48E1`.
    pub kind: String,
    /// Wide operand of the signed multiplier.
    #[schemars(range(min = 2, max = 64))]
    pub wide_bits: u8,
    /// Narrow operand.
    #[schemars(range(min = 2, max = 64))]
    pub narrow_bits: u8,
}

/// Table `[budget]`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawBudget {
    /// DSP slices.
    pub dsp: u64,
    /// Block RAMs of 36 Kbit, two RAMB18 each.
    pub bram36: u64,
    /// Six-input look-up tables.
    pub lut: u64,
    /// Flip-flops.
    pub ff: u64,
}

/// More than any FPGA has; keeps every sum far from overflow.
const LARGEST_BUDGET: u64 = 100_000_000;
/// Longest host stage that is believed: a minute.
const LONGEST_MS: f64 = 60_000.0;

impl Document<RawBoard> {
    /// What the file means.
    ///
    /// # Errors
    /// Input: a value out of range, with file, line, value and range.
    pub fn check(&self) -> Result<Board> {
        let raw = &self.raw;
        if raw.part.trim().is_empty() {
            return Err(self.error("part", "`part` is empty").hint("name the device, for example \"XC7Z020-1CLG400C\""));
        }
        let board = Board {
            name: self.name(),
            part: raw.part.clone(),
            dsp_kind: raw.dsp.kind.clone(),
            dsp_operand_bits: self.operands()?,
            mapping: raw.mapping,
            budget: self.budget()?,
            hp_ports: self.in_range("hp_ports", raw.hp_ports, 1..=4)?,
            memory: raw.memory.clone(),
            host: raw.host,
            power: raw.power,
        };
        self.check_memory()?;
        self.check_host()?;
        for (key, value, largest) in raw.power.named() {
            let checked = self.in_range(&format!("power.{key}"), value, 0.0..=largest);
            checked.map_err(|e| if Coefficients::PARTS.contains(&key) { e.hint(self.parts_of_fixed()) } else { e })?;
        }
        Ok(board)
    }

    fn parts_of_fixed(&self) -> String {
        format!(
            "{} are parts of `power.fixed_w`, here {} W: change them together",
            Coefficients::PARTS.join(" and "),
            self.raw.power.fixed_w
        )
    }

    fn operands(&self) -> Result<(u8, u8)> {
        let wide = self.in_range("dsp.wide_bits", self.raw.dsp.wide_bits, 2..=64)?;
        let narrow = self.in_range("dsp.narrow_bits", self.raw.dsp.narrow_bits, 2..=64)?;
        if narrow > wide {
            let error = self.error("dsp.narrow_bits", "`dsp.narrow_bits` is wider than `dsp.wide_bits`").value(narrow);
            return Err(error.allowed(format!("2 to {wide}")).hint("swap the two"));
        }
        Ok((wide, narrow))
    }

    fn budget(&self) -> Result<Resources> {
        let b = &self.raw.budget;
        let amount = |key: &str, value: u64| self.in_range(&format!("budget.{key}"), value, 1..=LARGEST_BUDGET);
        let bram18 = 2 * amount("bram36", b.bram36)?;
        Ok(Resources { dsp: amount("dsp", b.dsp)?, bram18, lut: amount("lut", b.lut)?, ff: amount("ff", b.ff)? })
    }

    /// The memory's own checks name their key first; that key's line is added.
    fn check_memory(&self) -> Result<()> {
        self.raw.memory.check().map_err(|e| {
            let key = e.what().split_whitespace().next().unwrap_or_default().to_string();
            self.locate(e, if key.starts_with("memory") { &key } else { "memory" })
        })
    }

    fn check_host(&self) -> Result<()> {
        let h = &self.raw.host;
        let times = [("load_ms", h.load_ms), ("resize_ms", h.resize_ms), ("start_ms", h.start_ms), ("decode_ms", h.decode_ms)];
        for (key, value) in times {
            self.in_range(&format!("host.{key}"), value, 0.0..=LONGEST_MS)?;
        }
        Ok(())
    }
}
