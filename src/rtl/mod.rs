//! The accelerator as SystemVerilog, and the harness that runs it with Verilator.
//!
//! [`emit`] writes the synthesisable sources of one accelerator; [`verilate`] compiles them into a model; [`run`] executes a
//! program on it. The harness owns the DRAM's contents and asks a [`Responder`] when the memory answers; it never sees the
//! simulator's schedule. Job starts and ends are sampled from nets of the RTL (contract, points 5 and 22).

mod build;
mod bus;
mod emit;
mod model;
mod responder;
mod run;
pub mod synth;

pub use build::{missing_tool, verilate};
pub use emit::{SOURCES, emit, package};
pub use model::Model;
pub use responder::{Drive, Hostile, Modelled, READERS, Responder};
pub use run::{Event, EventKind, Program, RtlRun, run, run_on};
