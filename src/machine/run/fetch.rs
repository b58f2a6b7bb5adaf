//! `fetch`: descriptors from DRAM to the units' queues (contract, section 3).

use super::{DESCRIPTOR_BEATS, Event, FETCH_SLOTS, Machine};
use crate::dram::{Completion, Kind, Reaction, Request};
use crate::engine::{EventQueue, Phase};
use crate::error::Result;
use crate::machine::MemoryModel;
use crate::plan::descriptor::DESCRIPTOR_BYTES;
use crate::plan::{Task, Unit};
use crate::units::{Cycle, Cycles};

impl<M: MemoryModel> Machine<'_, M> {
    pub(super) fn decide_fetch(&mut self, now: Cycle) -> Result<()> {
        let total = self.plan.jobs.len();
        let reserved = self.fetch.requested - self.fetch.dispatched;
        let head = (self.fetch.filled > self.fetch.dispatched).then_some(self.fetch.dispatched);
        let mut progress = false;
        if FETCH_SLOTS - reserved >= 2 && self.fetch.requested < total {
            let address = self.plan.program_address + (self.fetch.requested * DESCRIPTOR_BYTES) as u64;
            self.fetch.requested += 2;
            let port = self.acc.port(Unit::Fetch).expect("fetch has a port").hp;
            let (beats, tag) = (2 * DESCRIPTOR_BEATS as u8, Unit::Fetch.index() as u32);
            self.memory.submit(now + Cycles(1), Request { port, kind: Kind::Read, addr: address, beats, tag })?;
            progress = true;
        }
        if let Some(head) = head {
            progress |= self.dispatch(now, head)?;
        }
        if progress {
            self.look(now + Cycles(1), Unit::Fetch);
        }
        Ok(())
    }

    fn dispatch(&mut self, now: Cycle, head: usize) -> Result<bool> {
        let draft = &self.plan.jobs[head];
        match draft.job.task {
            Task::Nop => {}
            Task::End => {
                if !self.tokens_ready(Unit::Fetch, draft.job.pop) {
                    return Ok(false);
                }
                self.pop_tokens(now, Unit::Fetch, draft.job.pop);
                self.fetch.ended = Some(now + Cycles(1));
            }
            _ => {
                let state = &mut self.units[draft.job.unit.index()];
                if state.occupied >= self.acc.queue_depth {
                    return Ok(false);
                }
                state.occupied += 1;
                self.events.push(now + Cycles(1), Phase::Update, Event::Queued(head as u32));
            }
        }
        self.fetch.dispatched += 1;
        Ok(true)
    }
}

/// Two descriptors come, each visible once its last beat has.
pub(super) fn answered(events: &mut EventQueue<Event>, answer: Completion) -> Reaction {
    let [first, second] = [1, 2].map(|k| answer.first_beat + Cycles(k * DESCRIPTOR_BEATS));
    events.push(first, Phase::Update, Event::Filled);
    events.push(second, Phase::Update, Event::Filled);
    Reaction::Until(first)
}
