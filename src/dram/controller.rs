//! The controller: its two queues, the refresh counter, and the execution of what the scheduler plans.

use super::device::Device;
use super::log::{Command, CommandKind};
use super::queue::{Queue, Run};
use super::scheduler::{Action, Plan, Policy, Transfer, View};
use super::timing::{Op, Timing};
use super::{Kind, MemorySpec, MemoryStats};

/// A transfer that was issued.
pub(super) struct Transferred {
    pub(super) kind: Kind,
    /// Port of its burst, and the burst's number there.
    pub(super) port: u8,
    pub(super) burst: u64,
    /// Clock at which its last data has passed.
    pub(super) passed: u64,
}

/// State of the controller, in DDR clocks.
#[derive(Clone, Debug)]
pub(super) struct Controller {
    timing: Timing,
    policy: Policy,
    device: Device,
    /// Reads, writes.
    queues: [Queue; 2],
    burst_length: u32,
    last: Transfer,
    group_done: u64,
    next_refresh: u64,
    refreshes_owed: u64,
    refreshing: bool,
    /// First clock with a free command slot.
    floor: u64,
    plan: Plan,
    /// The plan is out of date.
    stale: bool,
    /// Clock since which at least one row is open.
    open_since: u64,
    pub(super) stats: MemoryStats,
    pub(super) log: Option<Vec<Command>>,
}

impl Controller {
    pub(super) fn new(spec: &MemorySpec) -> Controller {
        let timing = Timing::new(spec);
        Controller {
            device: Device::new(&timing),
            policy: Policy::new(spec),
            queues: [Queue::new(spec.controller.read_queue_ddr_bursts), Queue::new(spec.controller.write_queue_ddr_bursts)],
            burst_length: spec.burst_length as u32,
            last: Transfer { kind: Kind::Read, start: 0, count: 0 },
            group_done: 0,
            next_refresh: timing.t_refi,
            refreshes_owed: 0,
            refreshing: false,
            floor: 0,
            plan: Plan::NONE,
            stale: false,
            open_since: 0,
            stats: MemoryStats::default(),
            log: None,
            timing,
        }
    }

    #[inline]
    pub(super) fn queues_empty(&self) -> bool {
        self.queues.iter().all(|q| q.runs.is_empty())
    }

    /// Clock of the next command, or at which one more refresh is owed.
    #[inline]
    pub(super) fn next_clock(&self) -> u64 {
        self.plan.at.min(self.next_refresh)
    }

    #[inline]
    pub(super) fn count_due_refresh(&mut self, clock: u64) {
        if clock == self.next_refresh {
            self.next_refresh += self.timing.t_refi;
            self.refreshes_owed += 1;
            self.stale = true;
        }
    }

    /// Skips over refreshes of an idle device before `end` that nobody can observe: each would come exactly when it is due.
    #[inline]
    pub(super) fn skip_idle_refreshes(&mut self, end: u64) {
        if self.next_refresh >= end {
            return;
        }
        let quiet =
            self.plan == Plan::NONE && !self.stale && self.refreshes_owed == 0 && self.device.open_mask() == 0 && self.log.is_none();
        if !quiet || self.device.earliest(Op::Refresh, 0) > self.next_refresh || !self.queues_empty() {
            return;
        }
        // The last one stays, for its effect on what follows.
        let skipped = (end - 1 - self.next_refresh) / self.timing.t_refi;
        self.next_refresh += skipped * self.timing.t_refi;
        self.stats.refreshes += skipped;
    }

    #[inline(always)]
    pub(super) fn push(&mut self, kind: Kind, run: Run) {
        let [reads, writes] = &mut self.queues;
        let (queue, other) = if kind == Kind::Read { (reads, &*writes) } else { (writes, &*reads) };
        queue.push(run, other);
        self.stale = true;
    }

    /// Whether the next command is one for the next run that enters: none waits, no refresh is owed.
    #[inline]
    pub(super) fn is_free(&self) -> bool {
        self.queues_empty() && self.refreshes_owed == 0 && !self.refreshing && !self.policy.closes_pages()
    }

    /// Transfers a run that enters a [free](Controller::is_free) controller at `clock`, if it can be at that very clock. Returns the clock at which its last
    /// data has passed.
    #[inline(always)]
    pub(super) fn serve_at_once(&mut self, kind: Kind, run: &Run, clock: u64) -> Option<u64> {
        let (op, at) = self.policy.next_for(&self.device, &self.last, self.floor.max(clock), kind, run);
        if at > clock || !matches!(op, Op::Read | Op::Write) {
            return None;
        }
        self.floor = clock + 1;
        Some(self.transfer(kind, run, clock))
    }

    /// Issues the commands for a run that enters a [free](Controller::is_free) controller at `clock`, those before clock `end`; nothing else enters before.
    /// Returns the clock of its transfer and the one at which its last data has passed; `None` when it did not come to that, and it waits.
    #[inline(always)]
    pub(super) fn serve(&mut self, kind: Kind, mut run: Run, clock: u64, end: u64) -> Option<(u64, u64)> {
        let end = end.min(self.next_refresh);
        self.floor = self.floor.max(clock);
        loop {
            let (op, at) = self.policy.next_for(&self.device, &self.last, self.floor, kind, &run);
            if at >= end {
                self.push(kind, run);
                return None;
            }
            self.floor = at + 1;
            match op {
                Op::Activate => {
                    run.activated = true;
                    self.activate(run.bank, run.row, at);
                }
                Op::Precharge => {
                    run.precharged = true;
                    self.precharge(run.bank, at);
                }
                _ => return Some((at, self.transfer(kind, &run, at))),
            }
        }
    }

    /// First clock at which the queue of `kind` has room for `count` DDR bursts, as far as the transfers issued so far tell
    /// (`u64::MAX` if they do not). A place is free in the clock after its command.
    #[inline]
    pub(super) fn room_at(&self, kind: Kind, count: u64) -> u64 {
        let leaving = if self.last.kind == kind { self.last.count } else { 0 };
        let shortage = self.queues[kind as usize].shortage(count + leaving);
        match u64::try_from(shortage) {
            Err(_) | Ok(0) => 0,
            Ok(s) if s <= leaving => self.last.start + (s - 1) * self.timing.t_ccd + 1,
            Ok(_) => u64::MAX,
        }
    }

    /// Plans anew if something changed, then issues the command that is planned for `clock`, if any. Returns the transfer if it was one.
    #[inline(always)]
    pub(super) fn step(&mut self, clock: u64) -> Option<Transferred> {
        if self.stale || (self.plan.at <= clock && self.plan.action == Action::Wait) {
            self.replan(clock);
        }
        if self.plan.at > clock {
            return None;
        }
        let transfer = self.execute(self.plan, clock);
        self.floor = clock + 1;
        self.replan(clock);
        transfer
    }

    fn replan(&mut self, now: u64) {
        self.stale = false;
        if self.refreshes_owed == 0 && !self.refreshing {
            let alone = self.policy.plan_alone(&self.device, &self.queues, &self.last, self.floor.max(now));
            if let Some(plan) = alone {
                self.plan = plan;
                return;
            }
        }
        self.plan = self.policy.plan(&View {
            device: &self.device,
            queues: &self.queues,
            last: self.last,
            group_done: self.group_done,
            refreshes_owed: self.refreshes_owed,
            refreshing: self.refreshing,
            now,
            floor: self.floor.max(now),
        });
    }

    #[inline(always)]
    fn execute(&mut self, Plan { action, kind, index, .. }: Plan, clock: u64) -> Option<Transferred> {
        match action {
            Action::Transfer => {
                let run = self.queues[kind as usize].remove(index);
                self.queues[kind.other() as usize].release(&run);
                let passed = self.transfer(kind, &run, clock);
                return Some(Transferred { kind, port: run.port, burst: run.burst, passed });
            }
            Action::Activate => {
                let run = &mut self.queues[kind as usize].runs[index];
                run.activated = true;
                let (bank, row) = (run.bank, run.row);
                self.activate(bank, row, clock);
            }
            Action::Precharge => {
                let run = &mut self.queues[kind as usize].runs[index];
                run.precharged = true;
                let bank = run.bank;
                self.precharge(bank, clock);
            }
            Action::Close => self.precharge(index as u8, clock),
            Action::PrechargeAll => {
                for bank in self.device.open_banks() {
                    self.close(bank, clock);
                }
                self.refreshing = true;
                self.note(clock, CommandKind::PrechargeAll, 0, 0, 0);
            }
            Action::Refresh => {
                self.device.issue(Op::Refresh, 0, 0, clock);
                self.refreshes_owed -= 1;
                self.refreshing = self.refreshes_owed > 0;
                self.stats.refreshes += 1;
                self.stats.refreshes_in_the_way += u64::from(!self.queues_empty());
                self.note(clock, CommandKind::Refresh, 0, 0, 0);
            }
            Action::Wait => {}
        }
        None
    }

    fn close(&mut self, bank: u8, clock: u64) {
        self.device.issue(Op::Precharge, bank, 0, clock);
        self.stats.precharges += 1;
        if self.device.open_mask() == 0 {
            self.stats.row_open_ddr_clocks += clock - self.open_since;
        }
    }

    fn activate(&mut self, bank: u8, row: u32, clock: u64) {
        if self.device.open_mask() == 0 {
            self.open_since = clock;
        }
        self.device.issue(Op::Activate, bank, row, clock);
        self.stats.activates += 1;
        self.note(clock, CommandKind::Activate, bank, row, 0);
    }

    fn precharge(&mut self, bank: u8, clock: u64) {
        self.close(bank, clock);
        self.note(clock, CommandKind::Precharge, bank, 0, 0);
    }

    /// Issues all DDR bursts of a run, the first at `clock`. Returns the clock at which its last data has passed.
    #[inline(always)]
    fn transfer(&mut self, kind: Kind, run: &Run, clock: u64) -> u64 {
        let count = u64::from(run.count);
        let last = clock + (count - 1) * self.timing.t_ccd;
        let (op, command, latency) = match kind {
            Kind::Read => (Op::Read, CommandKind::Read, self.timing.cl),
            Kind::Write => (Op::Write, CommandKind::Write, self.timing.cwl),
        };
        self.device.issue(op, run.bank, run.row, last);
        self.count_transfer(kind, run);
        self.group_done = if kind == self.last.kind { self.group_done + count } else { count };
        self.last = Transfer { kind, start: clock, count };
        if self.log.is_some() {
            for i in 0..run.count {
                let at = clock + u64::from(i) * self.timing.t_ccd;
                self.note(at, command, run.bank, run.row, (run.column + i) * self.burst_length);
            }
        }
        last + latency + self.timing.burst
    }

    fn count_transfer(&mut self, kind: Kind, run: &Run) {
        let s = &mut self.stats;
        let count = u64::from(run.count);
        s.data_ddr_clocks += count * self.timing.burst;
        match kind {
            Kind::Read => s.reads += count,
            Kind::Write => s.writes += count,
        }
        if kind != self.last.kind {
            match kind {
                Kind::Read => s.write_to_read_turns += 1,
                Kind::Write => s.read_to_write_turns += u64::from(s.reads > 0),
            }
        }
        s.row_hits += count - 1;
        match (run.precharged, run.activated) {
            (true, _) => s.row_conflicts += 1,
            (false, true) => s.row_misses += 1,
            (false, false) => s.row_hits += 1,
        }
    }

    fn note(&mut self, clock: u64, kind: CommandKind, bank: u8, row: u32, column: u32) {
        if let Some(log) = &mut self.log {
            log.push(Command { clock, kind, bank, row, column });
        }
    }
}
