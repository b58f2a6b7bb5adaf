//! An independent judge of a command log.
//!
//! It shares no code with the model: it keeps the whole history it needs, works from the board's numbers alone, and compares times
//! in picoseconds exactly (a gap of n clocks is n * 10^12 / f ps), so that a rounding mistake in the model shows.

use super::MemorySpec;
use super::log::{Command, CommandKind};
use CommandKind::{Activate, Precharge, PrechargeAll, Read, Refresh, Write};

/// A broken constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Name of the constraint.
    pub rule: &'static str,
    /// The command that broke it.
    pub command: Command,
    /// The earlier command it came too close to, if there is one.
    pub earlier: Option<Command>,
}

/// How much later a command has to come.
#[derive(Clone, Copy)]
enum Need {
    Clocks(u64),
    Picoseconds(u64),
    /// The larger of the two, counted from some clocks after the earlier command.
    After {
        clocks: u64,
        least_clocks: u64,
        picoseconds: u64,
    },
}

/// Earlier command, later command, whether both have to be on one bank, and the need.
struct Pair {
    rule: &'static str,
    earlier: &'static [CommandKind],
    later: &'static [CommandKind],
    same_bank: bool,
    need: Need,
}

fn pairs(spec: &MemorySpec) -> Vec<Pair> {
    let t = &spec.timing;
    let data = spec.burst_length / 2;
    let p = |rule, earlier, later, same_bank, need| Pair { rule, earlier, later, same_bank, need };
    let closing: &[CommandKind] = &[Precharge, PrechargeAll];
    let after = |clocks, least_clocks, picoseconds| Need::After { clocks, least_clocks, picoseconds };
    let written = t.cwl_ddr_clocks + data;
    let turn = t.cl_ddr_clocks + data + t.read_to_write_gap_ddr_clocks;
    vec![
        p("tRCD", &[Activate], &[Read, Write], true, Need::Clocks(t.t_rcd_ddr_clocks)),
        p("tRAS", &[Activate], closing, true, Need::Picoseconds(t.t_ras_ps)),
        p("tRC", &[Activate], &[Activate, Refresh], true, Need::Picoseconds(t.t_rc_ps)),
        p("tRP", closing, &[Activate, Refresh], true, Need::Clocks(t.t_rp_ddr_clocks)),
        p("tRRD", &[Activate], &[Activate], false, after(0, t.t_rrd_min_ddr_clocks, t.t_rrd_ps)),
        p("tCCD", &[Read], &[Read], false, Need::Clocks(t.t_ccd_ddr_clocks)),
        p("tCCD", &[Write], &[Write], false, Need::Clocks(t.t_ccd_ddr_clocks)),
        p("tRTP", &[Read], closing, true, after(0, t.t_rtp_min_ddr_clocks, t.t_rtp_ps)),
        p("tWR", &[Write], closing, true, after(written, 0, t.t_wr_ps)),
        p("tWTR", &[Write], &[Read], false, after(written, t.t_wtr_min_ddr_clocks, t.t_wtr_ps)),
        p("tRTW", &[Read], &[Write], false, Need::Clocks(turn.saturating_sub(t.cwl_ddr_clocks))),
        p("tRFC", &[Refresh], &[Activate, Refresh], false, Need::Picoseconds(t.t_rfc_ps)),
    ]
}

/// Whether two commands concern a common bank; a refresh and a precharge of all concern every bank.
fn share_bank(a: &Command, b: &Command) -> bool {
    let all = |c: &Command| matches!(c.kind, PrechargeAll | Refresh);
    all(a) || all(b) || a.bank == b.bank
}

/// Walks a log.
struct Walk<'a> {
    spec: &'a MemorySpec,
    pairs: Vec<Pair>,
    /// Commands young enough to matter.
    recent: std::collections::VecDeque<Command>,
    /// No constraint reaches further back, in clocks.
    reach: u64,
    open: Vec<Option<u32>>,
    activates: Vec<Command>,
    /// End of the last data on the bus, and its command.
    data_until: (u64, Option<Command>),
    refreshes: u64,
    violations: Vec<Violation>,
}

/// Every broken constraint in a log sorted by clock; empty when it is clean.
pub fn check_log(spec: &MemorySpec, log: &[Command]) -> Vec<Violation> {
    let pairs = pairs(spec);
    let clocks = |ps: u64| 1 + (u128::from(ps) * u128::from(spec.ddr_clock_hz) / 1_000_000_000_000) as u64;
    let reach = pairs.iter().map(|p| match p.need {
        Need::Clocks(n) => n,
        Need::Picoseconds(ps) => clocks(ps),
        Need::After { clocks: n, least_clocks, picoseconds } => n + least_clocks.max(clocks(picoseconds)),
    });
    let mut walk = Walk {
        spec,
        reach: reach.max().unwrap_or(0),
        pairs,
        recent: Default::default(),
        open: vec![None; 16],
        activates: Vec::new(),
        data_until: (0, None),
        refreshes: 0,
        violations: Vec::new(),
    };
    for command in log {
        walk.command(command);
    }
    walk.violations
}

impl Walk<'_> {
    fn report(&mut self, rule: &'static str, command: &Command, earlier: Option<Command>) {
        self.violations.push(Violation { rule, command: *command, earlier });
    }

    /// Whether `clocks` last at least `picoseconds`.
    fn lasts(&self, clocks: u64, picoseconds: u64) -> bool {
        u128::from(clocks) * 1_000_000_000_000 >= u128::from(picoseconds) * u128::from(self.spec.ddr_clock_hz)
    }

    fn command(&mut self, c: &Command) {
        self.gaps(c);
        self.state(c);
        self.data(c);
        self.windows(c);
        self.recent.push_back(*c);
    }

    fn gaps(&mut self, c: &Command) {
        while self.recent.front().is_some_and(|e| e.clock + self.reach < c.clock) {
            self.recent.pop_front();
        }
        let mut broken = Vec::new();
        for e in &self.recent {
            let Some(gap) = c.clock.checked_sub(e.clock).filter(|&g| g > 0) else {
                broken.push(("one command a clock", *e));
                continue;
            };
            for p in &self.pairs {
                if !p.earlier.contains(&e.kind) || !p.later.contains(&c.kind) || (p.same_bank && !share_bank(e, c)) {
                    continue;
                }
                let enough = match p.need {
                    Need::Clocks(n) => gap >= n,
                    Need::Picoseconds(ps) => self.lasts(gap, ps),
                    Need::After { clocks, least_clocks, picoseconds } => {
                        gap >= clocks + least_clocks && self.lasts(gap.saturating_sub(clocks), picoseconds)
                    }
                };
                if !enough {
                    broken.push((p.rule, *e));
                }
            }
        }
        for (rule, earlier) in broken {
            self.report(rule, c, Some(earlier));
        }
    }

    fn state(&mut self, c: &Command) {
        let bank = usize::from(c.bank);
        match c.kind {
            Activate => {
                if self.open[bank].is_some() {
                    self.report("activate of an open bank", c, None);
                }
                self.open[bank] = Some(c.row);
            }
            Precharge => self.open[bank] = None,
            PrechargeAll => self.open.fill(None),
            Read | Write => {
                if self.open[bank] != Some(c.row) {
                    self.report("row not open", c, None);
                }
                if !u64::from(c.column).is_multiple_of(self.spec.burst_length) {
                    self.report("column not aligned to the burst", c, None);
                }
            }
            Refresh => {
                if self.open.iter().any(Option::is_some) {
                    self.report("refresh with an open bank", c, None);
                }
            }
        }
    }

    /// Two bursts never overlap on the data bus.
    fn data(&mut self, c: &Command) {
        let latency = match c.kind {
            Read => self.spec.timing.cl_ddr_clocks,
            Write => self.spec.timing.cwl_ddr_clocks,
            _ => return,
        };
        let (until, earlier) = self.data_until;
        if c.clock + latency < until {
            self.report("data bus overlap", c, earlier);
        }
        self.data_until = (c.clock + latency + self.spec.burst_length / 2, Some(*c));
    }

    /// At most four activates in tFAW; the n-th refresh no later than its due time, what may be postponed, and the time to finish
    /// what is under way; never earlier than due.
    fn windows(&mut self, c: &Command) {
        if c.kind == Activate {
            if let Some(fourth) = self.activates.len().checked_sub(4).map(|i| self.activates[i])
                && !self.lasts(c.clock - fourth.clock, self.spec.timing.t_faw_ps)
            {
                self.report("tFAW", c, Some(fourth));
            }
            self.activates.push(*c);
        }
        let refi = |n: u64| u128::from(n) * u128::from(self.spec.timing.t_refi_ps);
        // The model may round tREFI down by less than a clock each time.
        let now = |clock: u64| u128::from(clock) * 1_000_000_000_000 / u128::from(self.spec.ddr_clock_hz);
        if c.kind == Refresh {
            self.refreshes += 1;
            if now(c.clock + self.refreshes) < refi(self.refreshes) {
                self.report("refresh before it is due", c, None);
            }
        }
        // 8 intervals is the standard's own bound on what may be owed.
        if now(c.clock) > refi(self.refreshes + 2 + self.spec.controller.refresh_postpone_max.min(7)) {
            self.report("tREFI", c, None);
        }
    }
}
