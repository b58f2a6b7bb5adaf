//! The accelerator as SystemVerilog, and the harness that runs it with Verilator.
//!
//! [`emit`] writes the synthesisable sources of one accelerator; [`verilate`] compiles them into a model; [`run`] executes a
//! program on it. The harness owns the DRAM's contents and asks a [`Responder`] when the memory answers; it never sees the
//! simulator's schedule. Job starts and ends are sampled from nets of the RTL (contract, points 5 and 22).

mod axi_lite;
mod build;
mod bus;
mod case;
mod cover;
mod emit;
pub mod features;
mod host;
pub mod image;
mod model;
pub mod random;
pub mod registers;
mod responder;
mod run;
pub mod synth;
mod system;
pub mod verify;
mod words;

pub use build::{missing_tool, verilate, verilate_sources, verilate_system};
pub use case::Case;
pub use cover::Cover;
pub use emit::{SOURCES, SYSTEM, design, emit, package};
pub use host::{driver, vivado_script, write_host};
pub use image::MemoryImage;
pub use model::Model;
pub use responder::{Drive, Hostile, Modelled, READERS, Responder};
pub use run::{Event, EventKind, Program, RtlRun, Trace, Watch, Written, run, run_on, run_watched};
pub use system::{System, SystemModel};
pub use words::WordDifference;
