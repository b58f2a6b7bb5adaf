//! DDR memory behind four AXI3 HP ports: a causal, deterministic, event-driven model.
//!
//! (module documentation to come)

mod address;
pub mod checker;
mod clock;
mod controller;
mod device;
mod log;
mod memory;
mod port;
mod queue;
mod scheduler;
mod spec;
mod stats;
mod timing;

pub use address::{AddressMap, Place};
pub use device::Device;
pub use log::{Command, CommandKind};
pub use memory::{Completion, Kind, Memory, Request};
pub use spec::{BEAT_BYTES, ControllerSpec, MAX_BEATS, MemorySpec, PORTS, PagePolicy, PortSpec, TimingSpec, WriteResponse};
pub use stats::{MemoryStats, PortStats};
pub use timing::{Op, Rule, Scope, Timing};
