//! One timed run: which job starts and ends when (contract, section 2). No value is touched here; time does not depend on values.

mod fetch;
mod ports;

use super::leases::{Expected, Leases};
use super::memory::MemoryModel;
use super::timed::{JobTime, Step, TimedFrame, TokenChange};
use super::timing;
use super::transfer::Bursts;
use crate::accelerator::Accelerator;
use crate::engine::{EventQueue, Phase};
use crate::error::{Error, Result};
use crate::plan::descriptor::DESCRIPTOR_BYTES;
use crate::plan::{Draft, Plan, Task, Unit};
use crate::units::{Cycle, Cycles};
use std::collections::VecDeque;

const UNITS: usize = Unit::ALL.len();
/// Descriptors that fetch can hold (contract, section 3).
const FETCH_SLOTS: usize = 4;
/// Beats of one descriptor.
const DESCRIPTOR_BEATS: u64 = DESCRIPTOR_BYTES as u64 / 8;
/// Highest value of a token counter.
const TOKEN_MAX: usize = 255;

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A dispatched job is visible in its queue.
    Queued(u32),
    /// A popped queue entry is visible as free to fetch.
    QueueFree(Unit),
    /// A unit is idle again and its tokens are visible.
    Done(Unit),
    /// A descriptor is visible in fetch's buffer.
    Filled,
    /// A unit looks at what it can do.
    Decide(Unit),
}

#[derive(Default)]
struct UnitState {
    queue: VecDeque<u32>,
    /// Queue entries as fetch sees them.
    occupied: usize,
    running: Option<u32>,
    /// Of a transfer: bursts that the memory has not been handed yet.
    bursts: Bursts,
    /// Bursts that it has not answered.
    in_flight: usize,
    /// First cycle in which the unit can decide on another burst.
    next_decision: Cycle,
    last_decision: Option<Cycle>,
    /// Cycle of the decision asked for last.
    asked: Option<Cycle>,
    idle_since: Cycle,
}

#[derive(Default)]
struct FetchState {
    requested: usize,
    filled: usize,
    dispatched: usize,
    ended: Option<Cycle>,
}

/// The machine for one plan; keeps its memory between frames.
pub struct Machine<'a, M> {
    plan: &'a Plan,
    acc: &'a Accelerator,
    memory: M,
    expected: Expected,
    events: EventQueue<Event>,
    units: [UnitState; UNITS],
    fetch: FetchState,
    tokens: [[VecDeque<Cycle>; UNITS]; UNITS],
    leases: Leases,
    frame: TimedFrame,
}

/// Ends a job; returns the cycle in which its unit is idle again.
fn end_job(events: &mut EventQueue<Event>, frame: &mut TimedFrame, unit: Unit, index: u32, end: Cycle) -> Cycle {
    let idle = end + Cycles(1);
    frame.jobs[index as usize].end = end;
    events.push(idle, Phase::Update, Event::Done(unit));
    idle
}

impl<'a, M: MemoryModel> Machine<'a, M> {
    /// A machine at rest.
    pub fn new(plan: &'a Plan, acc: &'a Accelerator, memory: M) -> Self {
        Machine {
            plan,
            acc,
            memory,
            expected: Expected::of(&plan.jobs),
            events: EventQueue::default(),
            units: Default::default(),
            fetch: FetchState::default(),
            tokens: Default::default(),
            leases: Leases::default(),
            frame: TimedFrame::default(),
        }
    }

    /// The memory, for its statistics.
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// Runs one frame whose start write is in cycle `start`.
    ///
    /// # Errors
    /// A fault (deadlock, lease conflict, token overflow) names cycle, unit and job.
    pub fn frame(&mut self, start: Cycle) -> Result<TimedFrame> {
        self.reset(start);
        self.events.push(start + Cycles(1), Phase::Decide, Event::Decide(Unit::Fetch));
        while self.fetch.ended.is_none() {
            let Some(now) = self.settle_memory()? else { return Err(self.deadlock()) };
            while let Some((_, event)) = self.events.pop_of(now) {
                self.handle(now, event)?;
            }
        }
        self.finish()
    }

    fn reset(&mut self, start: Cycle) {
        self.events = EventQueue::default();
        self.units = Default::default();
        for unit in &mut self.units {
            unit.idle_since = start;
        }
        self.fetch = FetchState::default();
        self.leases = Leases::default();
        self.frame = TimedFrame { start, jobs: vec![JobTime::default(); self.plan.jobs.len()], ..TimedFrame::default() };
    }

    /// Lets the memory run up to the next event, so that all its answers up to there are known. Returns the cycle of that event.
    fn settle_memory(&mut self) -> Result<Option<Cycle>> {
        let next = self.events.next_cycle();
        if next.is_none() && self.units.iter().all(|u| u.in_flight == 0) && self.fetch.requested <= self.fetch.filled {
            return Ok(None);
        }
        let Machine { memory, events, units, frame, .. } = self;
        memory.run_before(next.unwrap_or(Cycle(u64::MAX)), |c| match Unit::ALL[c.tag as usize] {
            Unit::Fetch => fetch::answered(events, c),
            unit => ports::answered(events, frame, unit, &mut units[unit.index()], c),
        })?;
        Ok(self.events.next_cycle())
    }

    fn handle(&mut self, now: Cycle, event: Event) -> Result<()> {
        match event {
            Event::Queued(job) => {
                let unit = self.plan.jobs[job as usize].job.unit;
                let state = &mut self.units[unit.index()];
                state.queue.push_back(job);
                let peak = &mut self.frame.queue_peaks[unit.index()];
                *peak = (*peak).max(state.queue.len());
                self.frame.jobs[job as usize].queued = now;
                self.look(now, unit);
            }
            Event::QueueFree(unit) => {
                self.units[unit.index()].occupied -= 1;
                self.look(now, Unit::Fetch);
            }
            Event::Filled => {
                self.fetch.filled += 1;
                self.look(now, Unit::Fetch);
            }
            Event::Done(unit) => self.done(now, unit)?,
            Event::Decide(unit) => {
                let state = &mut self.units[unit.index()];
                if state.last_decision.replace(now) == Some(now) {
                    return Ok(());
                }
                match (unit, state.running) {
                    (Unit::Fetch, _) => self.decide_fetch(now)?,
                    (_, None) => self.decide_issue(now, unit)?,
                    (_, Some(_)) => {}
                }
            }
        }
        Ok(())
    }

    /// Has a unit decide at a cycle, once however often it is asked for.
    fn look(&mut self, now: Cycle, unit: Unit) {
        if self.units[unit.index()].asked.replace(now) == Some(now) {
            return;
        }
        self.events.push(now, Phase::Decide, Event::Decide(unit));
    }

    fn tokens_ready(&self, unit: Unit, pop: u8) -> bool {
        (0..UNITS).all(|from| pop & (1 << from) == 0 || !self.tokens[from][unit.index()].is_empty())
    }

    /// Pops and returns the unit whose token came last, with its cycle.
    fn pop_tokens(&mut self, now: Cycle, unit: Unit, pop: u8) -> Option<(Cycle, Unit)> {
        let mut last = None;
        for from in (0..UNITS).filter(|from| pop & (1 << from) != 0) {
            let counter = &mut self.tokens[from][unit.index()];
            last = last.max(counter.pop_front().map(|at| (at, Unit::ALL[from])));
            let value = counter.len() as u8;
            self.frame.tokens.push(TokenChange { cycle: now + Cycles(1), from: Unit::ALL[from], to: unit, value });
        }
        last
    }

    fn decide_issue(&mut self, now: Cycle, unit: Unit) -> Result<()> {
        let plan = self.plan;
        let Some(&index) = self.units[unit.index()].queue.front() else { return Ok(()) };
        let draft = &plan.jobs[index as usize];
        if !self.tokens_ready(unit, draft.job.pop) {
            return Ok(());
        }
        let last = self.pop_tokens(now, unit, draft.job.pop);
        if let Err(why) = self.leases.acquire(&plan.jobs, index, &self.expected) {
            return Err(self.fault(now, index, &why));
        }
        let state = &mut self.units[unit.index()];
        let ready = state.idle_since.max(self.frame.jobs[index as usize].queued);
        state.queue.pop_front();
        state.running = Some(index);
        let time = &mut self.frame.jobs[index as usize];
        time.start = now;
        time.waited_for = last.and_then(|(at, from)| (at > ready).then_some(from));
        self.frame.steps.push(Step::Issue(index));
        self.events.push(now + Cycles(1), Phase::Update, Event::QueueFree(unit));
        match &draft.job.task {
            Task::Compute(job) => {
                let end = now + timing::compute_cycles(self.acc, unit, job);
                end_job(&mut self.events, &mut self.frame, unit, index, end);
            }
            Task::Transfer(transfer) => self.begin_transfer(now, unit, transfer)?,
            Task::Nop | Task::End => return Err(self.fault(now, index, "only fetch handles it")),
        }
        Ok(())
    }

    fn done(&mut self, now: Cycle, unit: Unit) -> Result<()> {
        let plan = self.plan;
        let state = &mut self.units[unit.index()];
        let index = state.running.take().expect("only a running unit is done");
        state.idle_since = now;
        self.leases.release(&plan.jobs, index);
        self.frame.steps.push(Step::Retire(index));
        let push = plan.jobs[index as usize].job.push;
        for to in (0..UNITS).filter(|to| push & (1 << to) != 0) {
            let counter = &mut self.tokens[unit.index()][to];
            counter.push_back(now);
            self.frame.token_peak = self.frame.token_peak.max(counter.len());
            if counter.len() > TOKEN_MAX {
                return Err(self.too_many_tokens(index, Unit::ALL[to]));
            }
            let value = counter.len() as u8;
            self.frame.tokens.push(TokenChange { cycle: now, from: unit, to: Unit::ALL[to], value });
            self.look(now, Unit::ALL[to]);
        }
        self.look(now, unit);
        Ok(())
    }

    fn finish(&mut self) -> Result<TimedFrame> {
        // Pops become visible a cycle after pushes of the same cycle: a stable sort puts them in order of time.
        self.frame.tokens.sort_by_key(|t| t.cycle);
        self.frame.end = self.fetch.ended.expect("the frame ended");
        let left = (0..UNITS).flat_map(|a| (0..UNITS).map(move |b| (a, b))).find(|&(a, b)| !self.tokens[a][b].is_empty());
        if let Some((from, to)) = left {
            return Err(Error::fault(format!("a token from `{}` to `{}` is left at the end of the frame", Unit::ALL[from], Unit::ALL[to])));
        }
        if !self.leases.is_empty() || self.units.iter().any(|u| u.running.is_some() || !u.queue.is_empty()) {
            return Err(Error::fault("jobs are left at the end of the frame"));
        }
        Ok(std::mem::take(&mut self.frame))
    }

    fn fault(&self, now: Cycle, index: u32, why: &str) -> Error {
        let draft = &self.plan.jobs[index as usize];
        let layer = self.plan.groups.get(usize::from(draft.job.layer)).map_or("", |g| &g.name);
        Error::fault(format!("{now}: `{}` can not run job {index} of layer `{layer}`: {why}", draft.job.unit))
    }

    /// No fault of the machine: the planner does not bound how far one unit may run ahead of another.
    fn too_many_tokens(&self, index: u32, to: Unit) -> Error {
        let job = &self.plan.jobs[index as usize].job;
        let layer = self.plan.groups.get(usize::from(job.layer)).map_or("", |g| &g.name);
        let e = Error::unsupported(format!("layer `{layer}`: `{}` runs too far ahead of `{to}` for a token counter", job.unit));
        e.value(format!("{} tokens", TOKEN_MAX + 1)).allowed(format!("at most {TOKEN_MAX}")).hint(format!(
            "let layers share a bank that `{to}` waits for, enlarge banks so that there are fewer jobs, or use fewer channels"
        ))
    }

    fn deadlock(&self) -> Error {
        let waits = |draft: &Draft| {
            let missing = Unit::ALL.iter().filter(|u| draft.job.pop & u.bit() != 0);
            missing.filter(|u| self.tokens[u.index()][draft.job.unit.index()].is_empty()).map(|u| u.name()).collect::<Vec<_>>().join(", ")
        };
        let stuck: Vec<String> = Unit::ALL
            .iter()
            .filter_map(|u| {
                self.units[u.index()].queue.front().map(|&j| format!("{u}: job {j} waits for {}", waits(&self.plan.jobs[j as usize])))
            })
            .collect();
        Error::fault(format!("deadlock: {} of {} jobs dispatched; {}", self.fetch.dispatched, self.plan.jobs.len(), stuck.join("; ")))
    }
}
