//! The bursts of `load`, `weights` and `store` (contract, sections 4 and 5).
//!
//! When a burst is decided on follows from the bursts before it and from the answers that make room for it: no other unit has a say, as each has a channel
//! of an HP port for itself. So a burst is handed to the memory as soon as that cycle is known, which may lie ahead, and takes no event.

use super::Machine;
use crate::dram::{Kind, Request};
use crate::error::Result;
use crate::machine::MemoryModel;
use crate::machine::transfer::Bursts;
use crate::plan::{Transfer, Unit};
use crate::units::{Cycle, Cycles};

impl<M: MemoryModel> Machine<'_, M> {
    pub(super) fn submit(&mut self, at: Cycle, unit: Unit, kind: Kind, address: u64, beats: u8) -> Result<()> {
        let port = self.acc.port(unit).expect("transfer units have a port").hp;
        self.memory.submit(at, Request { port, kind, addr: address, beats, tag: unit.index() as u32 })
    }

    /// Decides on the first bursts of a transfer issued at cycle `now`: as many as may be under way at once.
    pub(super) fn begin_transfer(&mut self, now: Cycle, unit: Unit, transfer: &Transfer) -> Result<()> {
        let lead = if unit == Unit::Store { 3 } else { 1 };
        let limit = self.acc.port(unit).map_or(1, |p| p.outstanding_bursts);
        let state = &mut self.units[unit.index()];
        state.bursts = Bursts::new(transfer);
        for _ in 0..limit {
            self.send_burst(now + Cycles(lead), unit)?;
        }
        Ok(())
    }

    /// Decides on the next burst, if there is one, at `earliest` or when the burst before it lets it.
    fn send_burst(&mut self, earliest: Cycle, unit: Unit) -> Result<()> {
        let state = &mut self.units[unit.index()];
        let Some((address, beats)) = state.bursts.next() else { return Ok(()) };
        let decided = state.next_burst.max(earliest);
        state.in_flight += 1;
        // A read is one address, in the cycle after; the beats of a write begin at once, and the port sees the last.
        let (kind, sent, busy) = match unit {
            Unit::Store => (Kind::Write, decided + Cycles(u64::from(beats) - 1), u64::from(beats)),
            _ => (Kind::Read, decided + Cycles(1), 1),
        };
        state.next_burst = decided + Cycles(busy);
        self.submit(sent, unit, kind, address, beats)
    }

    /// A burst of a unit is over: at `now`, the cycle after its last beat or its response, there is room for another.
    pub(super) fn burst_done(&mut self, now: Cycle, unit: Unit) -> Result<()> {
        let state = &mut self.units[unit.index()];
        state.in_flight -= 1;
        if state.in_flight == 0 && state.bursts.is_done() {
            let index = state.running.expect("bursts belong to a running job");
            let end = if unit == Unit::Store { now } else { now + Cycles(1) };
            self.end_job(unit, index, end);
            return Ok(());
        }
        self.send_burst(now, unit)
    }
}
