//! What the machine asks of a memory: the DDR model, or one of fixed latency to test against.

use crate::dram::{Completion, Kind, Memory, Reaction, Request, too_early};
use crate::error::Result;
use crate::units::{Cycle, Cycles};
use std::collections::VecDeque;

/// A causal memory behind the HP ports.
pub trait MemoryModel {
    /// A request seen by its port in cycle `at` (reads: address accepted; writes: last beat accepted).
    ///
    /// # Errors
    /// When the burst breaks the AXI3 rules of the contract.
    fn submit(&mut self, at: Cycle, request: Request) -> Result<()>;
    /// Lets everything happen before cycle `end`, or before the earliest [`Reaction::Until`], or until nothing is left to happen. `react` is told of each answer
    /// once it is decided, and may submit what follows it.
    ///
    /// # Errors
    /// As [`MemoryModel::submit`], and when a reaction to an answer comes before its first beat. The memory is not to be used after one.
    fn run_before(&mut self, end: Cycle, react: impl FnMut(Completion) -> Reaction) -> Result<()>;
    /// Runs up to and including `to`; appends what was decided.
    fn advance(&mut self, to: Cycle, out: &mut Vec<Completion>);
}

impl MemoryModel for Memory {
    fn submit(&mut self, at: Cycle, request: Request) -> Result<()> {
        Memory::submit(self, at, request)
    }
    fn run_before(&mut self, end: Cycle, react: impl FnMut(Completion) -> Reaction) -> Result<()> {
        Memory::run_before(self, end, react)
    }
    fn advance(&mut self, to: Cycle, out: &mut Vec<Completion>) {
        Memory::advance(self, to, out);
    }
}

/// Every burst takes `latency`; bursts of one port and direction follow each other without overlap.
#[derive(Clone, Debug)]
pub struct FixedLatency {
    latency: Cycles,
    free: [[Cycle; 2]; 4],
    pending: VecDeque<(Cycle, Completion)>,
}

impl FixedLatency {
    /// A memory whose first beat (or write response) comes `latency` cycles after the request, at least 1.
    pub fn new(latency: Cycles) -> FixedLatency {
        FixedLatency { latency: latency.max(Cycles(1)), free: Default::default(), pending: VecDeque::new() }
    }
}

impl MemoryModel for FixedLatency {
    fn submit(&mut self, at: Cycle, r: Request) -> Result<()> {
        let free = &mut self.free[usize::from(r.port)][usize::from(r.kind == Kind::Write)];
        let first_beat = (at + self.latency).max(*free);
        let beats = if r.kind == Kind::Read { u64::from(r.beats) } else { 1 };
        *free = first_beat + Cycles(beats);
        let last = first_beat + Cycles(beats - 1);
        let completion = Completion { port: r.port, kind: r.kind, tag: r.tag, first_beat, last };
        let place = self.pending.partition_point(|(c, _)| *c <= at);
        self.pending.insert(place, (at, completion));
        Ok(())
    }
    fn run_before(&mut self, mut end: Cycle, mut react: impl FnMut(Completion) -> Reaction) -> Result<()> {
        while self.pending.front().is_some_and(|(at, _)| *at < end) {
            let Some((_, completion)) = self.pending.pop_front() else { break };
            match react(completion) {
                Reaction::None => {}
                Reaction::Submit(cycle, _) | Reaction::Until(cycle) if cycle < completion.first_beat => {
                    return Err(too_early(cycle, completion.first_beat));
                }
                Reaction::Submit(at, request) => self.submit(at, request)?,
                Reaction::Until(cycle) => end = end.min(cycle),
            }
        }
        Ok(())
    }
    fn advance(&mut self, to: Cycle, out: &mut Vec<Completion>) {
        while self.pending.front().is_some_and(|(c, _)| *c <= to) {
            out.extend(self.pending.pop_front().map(|(_, c)| c));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_an_answer_before_its_first_beat() {
        let follow = |react: &dyn Fn(Completion) -> Reaction| {
            let mut memory = FixedLatency::new(Cycles(20));
            memory.submit(Cycle(10), Request { port: 0, kind: Kind::Read, addr: 0, beats: 4, tag: 0 }).unwrap();
            memory.run_before(Cycle(1000), react)
        };
        assert!(follow(&|c| Reaction::Until(c.first_beat)).is_ok());
        for early in [29, 0] {
            let e = follow(&|_| Reaction::Until(Cycle(early))).unwrap_err();
            assert!(e.to_string().contains("comes before it"), "{e}");
        }
    }
}
