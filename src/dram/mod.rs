//! DDR memory behind four AXI3 HP ports: a causal, deterministic, event-driven model.
//!
//! ```text
//! HP0 ─┐ controller                 ┌ read queue ┐
//! HP1 ─┴ port 0 ─┐                  │ (bounded)  │  open page, first ready,
//!                ├ round-robin ─────┤            ├─ oldest first, age cap ─── DDR device
//! HP2 ─┬ port 1 ─┘ (reads, writes:  │ write queue│  groups, look-ahead
//! HP3 ─┘            one each)       └ (bounded)  ┘  refresh
//! ```
//!
//! [`Memory`] takes requests ([`Memory::submit`]) and lets time pass: up to a cycle ([`Memory::advance`]), or until somebody may have
//! something to ask or nothing is left to do, with what follows an answer submitted where the answer is decided ([`Memory::run_before`]). Work is done for each
//! burst and each DDR command, never for each clock. Fabric and DDR clock are in an exact rational ratio, both with an edge at time 0; there is no
//! floating point in time.
//!
//! # What is promised
//! - Causal: an answer depends only on requests of earlier cycles, and is announced before its first beat.
//! - Cutting time into other calls of [`Memory::advance`] or [`Memory::run_before`], or handing requests over earlier, changes nothing. Two instances that are asked
//!   the same answer the same.
//! - Answers of a port and direction come in the order of its requests, and never two beats in one cycle.
//! - Every command keeps every constraint of [`Timing::rules`], and tFAW; [`checker`] judges that independently.
//!
//! # The path of a burst
//! 1. The port sees it in fabric cycle t. It reaches the controller port at the first DDR clock at or after cycle t + request latency, plus
//!    the controller's pipeline.
//! 2. It is granted when it is the oldest of its port and direction, fewer than `outstanding` bursts of these are in flight, the read FIFO
//!    has space for all of its beats (freed in the cycle after a burst's last beat), the queue has room for the longest legal burst, and
//!    the arbiter picks it. One grant a DDR clock and direction.
//! 3. It is cut into DDR bursts (also partial ones: a write masks what it does not cover). Those that share bank and row form a run, which
//!    is issued without interruption, tCCD apart; commands for other banks go between. A place in the queue is free in the clock after its
//!    command.
//! 4. Read data passes CL + burst length / 2 clocks after the command. When the last data of the burst has passed, the response latency
//!    begins; then the beats stream, one a cycle, without gaps: the port's FIFO stores the whole burst first (UG585 5.3.9 asks masters that
//!    want it so to wait for it; here it always is). A write is answered after its grant (posted) or after its last data, as the board says.
//!
//! # The scheduler
//! - Reads and writes are served in groups. It turns when the current queue is empty or its oldest run waits for one of the other queue; or
//!   when the group is full and the other queue may interrupt: reads always, writes from the high watermark on, or past the age cap.
//! - In the direction served, the first command that becomes possible goes; of several at one clock, transfers before activates before
//!   precharges, then the older. A bank with a row hit that may go is not precharged, unless the oldest run is past the age cap and wants
//!   another of its rows. Rows for what waits are opened during transfers, for the other direction too once it may interrupt.
//! - Overlapping accesses, one of them a write, keep their order. So a posted write is seen by every read sent after its answer.
//! - A refresh is owed every tREFI. It is done when nothing is queued, and in any case when more are owed than may be postponed: no new
//!   transfer begins, all rows are closed, everything owed is done. Reads and writes go on afterwards.
//!
//! # Arbiters
//! | where | rule | begins with |
//! |---|---|---|
//! | HP 0, 1 onto controller port 0; HP 2, 3 onto 1; reads and writes apart | round-robin, moves behind the winner | HP 0, HP 2 |
//! | controller ports onto a queue, reads and writes apart | round-robin, moves behind the winner | controller port 0 |
//! | within one DDR clock | grant of a read, grant of a write, then one command | |
//! | command slot | the key (clock, class, age) above | |
//! | direction of the data bus | as above | reads |
//!
//! # Not modelled
//! Other masters (processors, video), the QoS inputs, the interconnect's own throughput (2.8 GB/s a port, above the DDR's), power-down,
//! ZQ calibration, auto-precharge, burst chop. The latencies of the path are assumed: see the board file.

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
pub mod trace;

pub use address::{AddressMap, Place};
pub use device::Device;
pub use log::{Command, CommandKind};
pub(crate) use memory::too_early;
pub use memory::{Completion, Kind, Memory, Reaction, Request};
pub use spec::{BEAT_BYTES, ControllerSpec, MAX_BEATS, MemorySpec, PORTS, PagePolicy, PortSpec, TimingSpec, WriteResponse};
pub use stats::{MemoryStats, PortStats};
pub use timing::{Op, Rule, Scope, Timing};
