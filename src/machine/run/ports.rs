//! The bursts of `load`, `weights` and `store` (contract, sections 4 and 5).
//!
//! When a burst is decided on follows from the bursts before it and from the answers that make room for it: no other unit has a say, as each has a channel
//! of an HP port for itself. So a burst is handed to the memory as soon as that cycle is known, which may lie ahead, and takes no event.

use super::{Event, Machine, UnitState, end_job};
use crate::dram::{Completion, Kind, Reaction, Request};
use crate::engine::EventQueue;
use crate::error::Result;
use crate::machine::transfer::Bursts;
use crate::machine::{MemoryModel, TimedFrame};
use crate::plan::{Transfer, Unit};
use crate::units::{Cycle, Cycles};

impl UnitState {
    /// Decides on the next burst, if there is one, at `earliest` or when the burst before it lets it: the burst, and the cycle in which HP port `port` sees it.
    #[inline(always)]
    fn next_burst(&mut self, earliest: Cycle, unit: Unit, port: u8) -> Option<(Cycle, Request)> {
        let (addr, beats) = self.bursts.next()?;
        let decided = self.next_decision.max(earliest);
        self.in_flight += 1;
        // A read is one address, in the cycle after; the beats of a write begin at once, and the port sees the last.
        let (kind, sent, busy) = match unit {
            Unit::Store => (Kind::Write, decided + Cycles(u64::from(beats) - 1), u64::from(beats)),
            _ => (Kind::Read, decided + Cycles(1), 1),
        };
        self.next_decision = decided + Cycles(busy);
        Some((sent, Request { port, kind, addr, beats, tag: unit.index() as u32 }))
    }
}

impl<M: MemoryModel> Machine<'_, M> {
    /// Decides on the first bursts of a transfer issued at cycle `now`: as many as may be under way at once.
    pub(super) fn begin_transfer(&mut self, now: Cycle, unit: Unit, transfer: &Transfer) -> Result<()> {
        let lead = if unit == Unit::Store { 3 } else { 1 };
        let port = self.acc.port(unit).expect("transfer units have a port");
        let state = &mut self.units[unit.index()];
        state.bursts = Bursts::new(transfer);
        for _ in 0..port.outstanding_bursts {
            let Some((at, request)) = state.next_burst(now + Cycles(lead), unit, port.hp) else { break };
            self.memory.submit(at, request)?;
        }
        Ok(())
    }
}

/// What follows the answer to a burst of a unit: in the cycle after its last beat or its response there is room for another, or the transfer is over.
#[inline(always)]
pub(super) fn answered(
    events: &mut EventQueue<Event>,
    frame: &mut TimedFrame,
    unit: Unit,
    state: &mut UnitState,
    answer: Completion,
) -> Reaction {
    let now = answer.last + Cycles(1);
    state.in_flight -= 1;
    if let Some((at, request)) = state.next_burst(now, unit, answer.port) {
        return Reaction::Submit(at, request);
    }
    if state.in_flight > 0 {
        return Reaction::None;
    }
    let index = state.running.expect("bursts belong to a running job");
    let end = if unit == Unit::Store { now } else { now + Cycles(1) };
    Reaction::Until(end_job(events, frame, unit, index, end))
}
