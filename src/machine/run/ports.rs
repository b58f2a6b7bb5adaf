//! The bursts of `load`, `weights` and `store` (contract, sections 4 and 5).

use super::{Event, Machine};
use crate::dram::{Kind, Request};
use crate::engine::Phase;
use crate::error::Result;
use crate::machine::MemoryModel;
use crate::plan::Unit;
use crate::units::{Cycle, Cycles};

impl<M: MemoryModel> Machine<'_, M> {
    pub(super) fn submit(&mut self, at: Cycle, unit: Unit, kind: Kind, address: u64, beats: u8) -> Result<()> {
        let port = self.acc.port(unit).expect("transfer units have a port").hp;
        self.memory.submit(at, Request { port, kind, addr: address, beats, tag: unit.index() as u32 })
    }

    pub(super) fn decide_read(&mut self, now: Cycle, unit: Unit) -> Result<()> {
        let limit = self.acc.port(unit).map_or(1, |p| p.outstanding_bursts);
        let state = &mut self.units[unit.index()];
        if now < state.next_burst || state.in_flight >= limit {
            return Ok(());
        }
        let Some((address, beats)) = state.bursts.next() else { return Ok(()) };
        state.in_flight += 1;
        state.next_burst = now + Cycles(1);
        if !state.bursts.is_done() {
            self.look(now + Cycles(1), unit);
        }
        self.submit(now + Cycles(1), unit, Kind::Read, address, beats)
    }

    pub(super) fn decide_write(&mut self, now: Cycle) {
        let limit = self.acc.store_port.outstanding_bursts;
        let state = &mut self.units[Unit::Store.index()];
        if now < state.next_burst || state.in_flight >= limit {
            return;
        }
        let Some((address, beats)) = state.bursts.next() else { return };
        state.in_flight += 1;
        let after = now + Cycles(u64::from(beats));
        state.next_burst = after;
        if !state.bursts.is_done() {
            self.look(after, Unit::Store);
        }
        self.events.push(now + Cycles(u64::from(beats) - 1), Phase::Decide, Event::LastBeat(Unit::Store, address, beats));
    }

    pub(super) fn burst_done(&mut self, now: Cycle, unit: Unit) {
        let state = &mut self.units[unit.index()];
        state.in_flight -= 1;
        if state.in_flight == 0 && state.bursts.is_done() {
            let index = state.running.expect("bursts belong to a running job");
            // `now` is the cycle after the last beat or response (contract, sections 4 and 5).
            let end = if unit == Unit::Store { now } else { now + Cycles(1) };
            self.end_job(unit, index, end);
        } else {
            self.look(now, unit);
        }
    }
}
