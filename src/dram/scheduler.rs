//! Which DDR command comes next, and when: open page, first ready, oldest first, with read/write grouping, bank look-ahead
//! and an age cap.
//!
//! A decision is a pure function of the state, so it does not matter how often it is asked for. Among the commands that become
//! possible at the same clock the order is: reads and writes, activates, precharges; then older before younger.

use super::device::Device;
use super::queue::{Queue, Run};
use super::spec::{ControllerSpec, PagePolicy};
use super::timing::Op;
use super::{Kind, MemorySpec};

/// What to do, in the order of what becomes possible at the same clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    /// Look again: a request reaches the age cap.
    Wait,
    /// Issue all DDR bursts of a run.
    Transfer,
    /// Open the row of a run.
    Activate,
    /// Close the bank of a run.
    Precharge,
    /// Close a bank that nobody wants (closed-page policy).
    Close,
    /// Close all banks for a refresh.
    PrechargeAll,
    /// Refresh.
    Refresh,
}

/// An action and its DDR clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) at: u64,
    pub(super) action: Action,
    /// Queue of its run.
    pub(super) kind: Kind,
    /// Its run in that queue, or the bank that nobody wants.
    pub(super) index: usize,
}

impl Plan {
    /// Nothing to do until something arrives.
    pub(super) const NONE: Plan = Plan::of_none(u64::MAX, Action::Wait);

    /// An action that is for no run.
    const fn of_none(at: u64, action: Action) -> Plan {
        Plan { at, action, kind: Kind::Read, index: 0 }
    }
}

/// The transfer that holds command slots: `count` reads or writes from `start` on, tCCD apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer {
    pub(super) kind: Kind,
    pub(super) start: u64,
    pub(super) count: u64,
}

/// The rules of the board.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    t_ccd: u64,
    closed_page: bool,
    write_high_watermark: u64,
    group: u64,
    age_cap: u64,
    refresh_postpone_max: u64,
}

/// What the scheduler looks at.
pub(super) struct View<'a> {
    pub(super) device: &'a Device,
    /// Reads, writes.
    pub(super) queues: &'a [Queue; 2],
    /// The last transfer.
    pub(super) last: Transfer,
    /// DDR bursts since the data bus last turned.
    pub(super) group_done: u64,
    /// Refreshes owed.
    pub(super) refreshes_owed: u64,
    /// A refresh sequence has begun and has to be finished.
    pub(super) refreshing: bool,
    /// Now; what age is measured against.
    pub(super) now: u64,
    /// First clock with a free command slot.
    pub(super) floor: u64,
}

/// The best candidate so far, by (clock, action, age).
struct Best {
    plan: Plan,
    age: usize,
}

impl Best {
    #[inline]
    fn offer(&mut self, plan: Plan, age: usize) {
        let best = &self.plan;
        if (plan.at, plan.action, age) < (best.at, best.action, self.age) {
            *self = Best { plan, age };
        }
    }
}

impl Policy {
    pub(super) fn new(spec: &MemorySpec) -> Policy {
        let ControllerSpec { page_policy, write_high_watermark_ddr_bursts, group_ddr_bursts, age_cap_ddr_clocks, .. } = spec.controller;
        Policy {
            t_ccd: spec.timing.t_ccd_ddr_clocks,
            closed_page: page_policy == PagePolicy::Closed,
            write_high_watermark: write_high_watermark_ddr_bursts,
            group: group_ddr_bursts,
            age_cap: age_cap_ddr_clocks,
            refresh_postpone_max: spec.controller.refresh_postpone_max,
        }
    }

    /// The next command.
    #[inline(always)]
    pub(super) fn plan(&self, v: &View) -> Plan {
        let [reads, writes] = v.queues;
        let idle = reads.runs.is_empty() && writes.runs.is_empty();
        if v.refreshing || v.refreshes_owed > self.refresh_postpone_max || (idle && v.refreshes_owed > 0) {
            return self.plan_refresh(v);
        }
        let mut best = Best { plan: Plan::NONE, age: 0 };
        if !idle {
            self.plan_requests(v, &mut best);
        }
        if self.closed_page {
            self.plan_closing(v, &mut best);
        }
        best.plan
    }

    fn plan_refresh(&self, v: &View) -> Plan {
        if v.device.open_mask() != 0 {
            Plan::of_none(self.row_slot(&v.last, v.floor, v.device.earliest_precharge_all()), Action::PrechargeAll)
        } else {
            Plan::of_none(self.row_slot(&v.last, v.floor, v.device.earliest(Op::Refresh, 0)), Action::Refresh)
        }
    }

    /// [`Policy::plan`] where no refresh is owed and at most one run waits: it has nobody to wait for, and its age makes no difference. `None` where that
    /// is not so, or the page policy asks for more.
    #[inline]
    pub(super) fn plan_alone(&self, device: &Device, queues: &[Queue; 2], last: &Transfer, floor: u64) -> Option<Plan> {
        if self.closed_page {
            return None;
        }
        let [reads, writes] = queues;
        let (kind, run) = match (&reads.runs[..], &writes.runs[..]) {
            ([], []) => return Some(Plan::NONE),
            ([run], []) => (Kind::Read, run),
            ([], [run]) => (Kind::Write, run),
            _ => return None,
        };
        let (op, at) = self.next_for(device, last, floor, kind, run);
        let action = match op {
            Op::Activate => Action::Activate,
            Op::Precharge => Action::Precharge,
            _ => Action::Transfer,
        };
        Some(Plan { at, action, kind, index: 0 })
    }

    /// The next command that a run needs, and the first clock at which it can have it.
    #[inline]
    pub(super) fn next_for(&self, device: &Device, last: &Transfer, floor: u64, kind: Kind, run: &Run) -> (Op, u64) {
        if device.has_open(run.bank, run.row) {
            let op = if kind == Kind::Read { Op::Read } else { Op::Write };
            return (op, device.earliest(op, run.bank).max(floor));
        }
        let op = if device.is_closed(run.bank) { Op::Activate } else { Op::Precharge };
        (op, self.row_slot(last, floor, device.earliest(op, run.bank)))
    }

    /// Whether rows are closed that nobody wants.
    pub(super) fn closes_pages(&self) -> bool {
        self.closed_page
    }

    #[inline(always)]
    fn plan_requests(&self, v: &View, best: &mut Best) {
        let direction = self.direction(v);
        let queue = &v.queues[direction as usize].runs;
        // Once the oldest request is too old, no younger row hit in its bank may hold it back.
        let pressing = queue.first().filter(|r| self.is_aged(v, r) && !v.device.has_open(r.bank, r.row));
        let pressing_bank = pressing.map_or(0, |r| 1u32 << r.bank);
        let op = if direction == Kind::Read { Op::Read } else { Op::Write };
        let (mut taken, mut wanted) = (0u32, 0u32);
        for (index, run) in queue.iter().enumerate() {
            let bank = 1u32 << run.bank;
            wanted |= bank;
            // One that has to wait for another direction's run holds nobody back meanwhile.
            if taken & bank == 0 && run.hazards == 0 && v.device.has_open(run.bank, run.row) && pressing_bank & bank == 0 {
                taken |= bank;
                let at = v.device.earliest(op, run.bank).max(v.floor);
                best.offer(Plan { at, action: Action::Transfer, kind: direction, index }, index);
            }
        }
        // Where every run has its row open there is nothing to look ahead for.
        if taken != wanted {
            self.look_ahead(v, direction, 0, &mut taken, best);
        }
        let other = direction.other();
        if self.may_interrupt(v, other) {
            // One that has to wait shares its row with the run that it waits for, whose bank is taken already.
            for run in &v.queues[other as usize].runs {
                if v.device.has_open(run.bank, run.row) {
                    taken |= 1 << run.bank;
                }
            }
            self.look_ahead(v, other, queue.len(), &mut taken, best);
        }
        for queue in v.queues {
            if let Some(expiry) = queue.runs.first().map(|r| r.entered + self.age_cap).filter(|&e| e > v.now) {
                best.offer(Plan::of_none(expiry, Action::Wait), 0);
            }
        }
    }

    /// Activates and precharges for the oldest run of each bank that is not `taken` by a row hit or an older run.
    fn look_ahead(&self, v: &View, kind: Kind, age: usize, taken: &mut u32, best: &mut Best) {
        for (index, run) in v.queues[kind as usize].runs.iter().enumerate() {
            let bank = 1u32 << run.bank;
            if *taken & bank != 0 {
                continue;
            }
            *taken |= bank;
            if v.device.has_open(run.bank, run.row) {
                continue;
            }
            let (op, action) =
                if v.device.is_closed(run.bank) { (Op::Activate, Action::Activate) } else { (Op::Precharge, Action::Precharge) };
            let at = self.row_slot(&v.last, v.floor, v.device.earliest(op, run.bank));
            best.offer(Plan { at, action, kind, index }, age + index);
        }
    }

    fn plan_closing(&self, v: &View, best: &mut Best) {
        for bank in v.device.open_banks() {
            let wanted = v.queues.iter().flat_map(|q| &q.runs).any(|r| r.bank == bank && v.device.has_open(bank, r.row));
            if !wanted {
                let at = self.row_slot(&v.last, v.floor, v.device.earliest(Op::Precharge, bank));
                let index = usize::from(bank);
                best.offer(Plan { at, action: Action::Close, kind: Kind::Read, index }, index);
            }
        }
    }

    /// First command slot at or after `at` that the running transfer leaves free.
    #[inline]
    fn row_slot(&self, last: &Transfer, floor: u64, at: u64) -> u64 {
        let at = at.max(floor);
        let since = at.wrapping_sub(last.start);
        let holds = at >= last.start && since < last.count * self.t_ccd && since.is_multiple_of(self.t_ccd);
        at + u64::from(holds)
    }

    #[inline]
    fn is_aged(&self, v: &View, run: &Run) -> bool {
        v.now >= run.entered + self.age_cap
    }

    /// Whether waiting requests of `kind` may end a full group of the other direction: reads always, writes when many or old.
    fn may_interrupt(&self, v: &View, kind: Kind) -> bool {
        let queue = &v.queues[kind as usize];
        match (kind, queue.runs.first()) {
            (_, None) => false,
            (Kind::Read, Some(_)) => true,
            (Kind::Write, Some(oldest)) => queue.occupied() >= self.write_high_watermark || self.is_aged(v, oldest),
        }
    }

    /// The direction to serve. It starts with reads, and turns when there is nothing else to do, when the oldest run has to wait
    /// for one of the other direction, or when a group is full and the other direction may interrupt.
    ///
    /// The oldest run of the direction it names never has to wait for the other direction: of two oldest runs the older one is free.
    fn direction(&self, v: &View) -> Kind {
        let current = v.last.kind;
        let other = current.other();
        let turn = match (v.queues[current as usize].runs.first(), v.queues[other as usize].runs.first()) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(ours), Some(theirs)) => {
                ours.hazards > 0 || (theirs.hazards == 0 && v.group_done >= self.group && self.may_interrupt(v, other))
            }
        };
        if turn { other } else { current }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::rng::Rng;
    use crate::dram::timing::Timing;

    #[test]
    fn a_lone_run_is_planned_as_any_other() {
        let spec = crate::board::builtin("pynq-z1").unwrap().memory;
        let (policy, mut rng) = (Policy { age_cap: 0, ..Policy::new(&spec) }, Rng::new(1));
        let (mut device, mut clock, mut seen) = (Device::new(&Timing::new(&spec)), 0, [0; 3]);
        for k in 0..2_000u64 {
            let kind = [Kind::Read, Kind::Write][rng.below(2)];
            let last =
                Transfer { kind: [Kind::Read, Kind::Write][rng.below(2)], start: clock + rng.below(8) as u64, count: rng.below(9) as u64 };
            let run = Run::new(k, clock, (0, k), (rng.below(3) as u8, rng.below(2) as u32, 0), 1 + rng.below(8) as u32);
            let mut queues = [Queue::new(32), Queue::new(32)];
            queues[kind as usize].push(run, &Queue::new(32));
            let floor = clock + rng.below(20) as u64;
            let alone = policy.plan_alone(&device, &queues, &last, floor).unwrap();
            let view =
                View { device: &device, queues: &queues, last, group_done: 3, refreshes_owed: 0, refreshing: false, now: clock, floor };
            assert_eq!(alone, policy.plan(&view), "{run:?}");
            let op = match alone.action {
                Action::Activate => Op::Activate,
                Action::Precharge => Op::Precharge,
                _ => [Op::Read, Op::Write][kind as usize],
            };
            seen[(op as usize).min(2)] += 1;
            device.issue(op, run.bank, run.row, alone.at);
            clock = alone.at + 1;
        }
        assert!(seen.iter().all(|&n| n > 100), "{seen:?}");
    }
}
