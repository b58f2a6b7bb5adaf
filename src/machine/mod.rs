//! The accelerator as a machine: units that run jobs, banks, tokens, ports.
//!
#![doc = include_str!("CONTRACT.md")]

mod batch;
pub mod interpret;
pub mod leases;
pub mod memory;
pub mod packed;
pub mod run;
pub mod timed;
pub mod timing;
pub mod transfer;
pub mod values;

pub use memory::{FixedLatency, MemoryModel};
pub use run::Machine;
pub use timed::{JobTime, Step, TimedFrame, TokenChange};
pub use values::{Executor, Values};
