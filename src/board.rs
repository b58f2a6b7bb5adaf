//! The board: what there is to spend, its clocks and its memory. A board is a file (`configs/boards/*.toml`), no Rust.

mod mapping;
mod raw;
mod resources;

pub use self::mapping::Mapping;
pub use self::raw::RawBoard;
pub use self::resources::Resources;

use crate::config::{Document, Override, Source};
use crate::dram::MemorySpec;
use crate::error::Result;
use crate::power::Coefficients;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

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
    /// How products are mapped to them.
    pub mapping: Mapping,
    /// What there is.
    pub budget: Resources,
    /// HP ports.
    pub hp_ports: u8,
    /// DDR device, controller and path to it.
    pub memory: MemorySpec,
    /// Time of the host stage.
    pub host: HostSpec,
    /// Coefficients of the power model.
    pub power: Coefficients,
}

/// Table `[host]`: what the ARM side takes for one frame. Parameters, not simulated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostSpec {
    /// Getting and decoding the image, milliseconds.
    pub load_ms: f64,
    /// Resizing and normalising it, milliseconds.
    pub resize_ms: f64,
    /// Starting the accelerator and taking its interrupt, milliseconds.
    pub start_ms: f64,
    /// Decoding the box, milliseconds.
    pub decode_ms: f64,
    /// Whether host and accelerator work on different frames at the same time.
    #[serde(default)]
    pub overlapped: bool,
}

impl HostSpec {
    /// The whole stage, milliseconds a frame.
    pub fn total_ms(&self) -> f64 {
        self.load_ms + self.resize_ms + self.start_ms + self.decode_ms
    }
}

/// Name of the board where none is asked for.
pub const DEFAULT: &str = "pynq-z1";

/// The embedded board files: name, path errors call it by, text.
const BUILTIN: [(&str, &str, &str); 2] = [
    ("pynq-z1", "configs/boards/pynq-z1.toml", include_str!("../configs/boards/pynq-z1.toml")),
    ("ultra96", "configs/boards/ultra96.toml", include_str!("../configs/boards/ultra96.toml")),
];

/// Names of the embedded boards.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|b| b.0)
}

/// An embedded board.
///
/// # Errors
/// Usage: no such name, with the nearest one.
pub fn builtin(name: &str) -> Result<Board> {
    open(name, &[]).and_then(|d| d.check())
}

/// The board called `name` when one is embedded, else the file at that path.
///
/// # Errors
/// Usage: neither a name nor a file. Input: the file does not hold a board.
pub fn load(name_or_path: &str) -> Result<Board> {
    open(name_or_path, &[]).and_then(|d| d.check())
}

/// The file behind [`load`], as it is written.
///
/// # Errors
/// Usage: neither a name nor a file.
pub fn text(name_or_path: &str) -> Result<String> {
    crate::config::find(name_or_path, "board", &BUILTIN).map(|source| source.text().to_string())
}

/// As [`load`], unchecked and with settings of the command line on top; [`Document::resolved`] explains it and
/// `Document<RawBoard>::check` makes the board.
///
/// # Errors
/// As [`load`].
pub fn open(name_or_path: &str, settings: &[Override]) -> Result<Document<RawBoard>> {
    let source = crate::config::find(name_or_path, "board", &BUILTIN)?;
    Document::read(source, settings)
}

/// A board from a text; `path` is what errors call it and its stem names the board.
///
/// # Errors
/// Input: the text does not hold a board.
pub fn parse(text: &str, path: impl AsRef<Path>) -> Result<Board> {
    Document::read(Source::new(path, text), &[]).and_then(|d: Document<RawBoard>| d.check())
}
