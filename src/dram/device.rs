//! The DRAM device: which rows are open, and the first clock at which each command is allowed.

use super::timing::{OPS, Op, Scope, Timing};

/// Row number of a closed bank.
const CLOSED: u32 = u32::MAX;

/// Banks of the largest device that an address map can describe. A fixed array, so that a mask takes the place of the bounds check.
const BANKS_MAX: usize = 16;

#[derive(Clone, Copy, Debug)]
struct Bank {
    row: u32,
    ready: [u64; OPS],
}

/// One rank of banks that share command and data bus.
#[derive(Clone, Debug)]
pub struct Device {
    banks: [Bank; BANKS_MAX],
    open: u32,
    ready: [u64; OPS],
    /// End of the tFAW window of each of the last four activates; `oldest` indexes the first of them.
    four_activates: [u64; 4],
    oldest: usize,
    t_faw: u64,
    /// What each command holds back, on its bank and on the rank.
    bank_gaps: [[Gap; BANK_GAPS]; OPS],
    rank_gaps: [[Gap; RANK_GAPS]; OPS],
}

/// Most gaps of one command.
const BANK_GAPS: usize = 4;
const RANK_GAPS: usize = 2;

/// How many gaps [`Timing::rules`] has for a command on its bank, and on the rank. Said here too, so that loops over them are unrolled.
#[inline]
const fn gap_counts(op: Op) -> (usize, usize) {
    match op {
        Op::Activate => (BANK_GAPS, RANK_GAPS),
        Op::Precharge => (1, 1),
        Op::Read | Op::Write => (1, RANK_GAPS),
        Op::Refresh => (0, RANK_GAPS),
    }
}

/// The next `to` comes at least `clocks` later.
#[derive(Clone, Copy, Debug)]
struct Gap {
    to: Op,
    clocks: u64,
}

/// The `count` gaps of a command; what is behind them is not looked at.
fn gaps<const N: usize>(timing: &Timing, op: Op, scope: Scope, count: usize) -> [Gap; N] {
    let mut gaps = [Gap { to: op, clocks: 0 }; N];
    let rules: Vec<_> = timing.rules().into_iter().filter(|r| r.from == op && r.scope == scope).collect();
    assert_eq!(rules.len(), count, "gaps after {op:?} on the {scope:?}");
    for (gap, rule) in gaps.iter_mut().zip(rules) {
        *gap = Gap { to: rule.to, clocks: rule.clocks };
    }
    gaps
}

impl Device {
    /// All banks closed, everything allowed from clock 0 on.
    pub fn new(timing: &Timing) -> Device {
        Device {
            banks: [Bank { row: CLOSED, ready: [0; OPS] }; BANKS_MAX],
            open: 0,
            ready: [0; OPS],
            four_activates: [0; 4],
            oldest: 0,
            t_faw: timing.t_faw,
            bank_gaps: Op::ALL.map(|op| gaps(timing, op, Scope::Bank, gap_counts(op).0)),
            rank_gaps: Op::ALL.map(|op| gaps(timing, op, Scope::Rank, gap_counts(op).1)),
        }
    }

    /// First clock at which the constraints allow `op` on `bank` (any bank for a refresh).
    #[inline]
    pub fn earliest(&self, op: Op, bank: u8) -> u64 {
        let at = self.banks[usize::from(bank) % BANKS_MAX].ready[op as usize].max(self.ready[op as usize]);
        if op == Op::Activate { at.max(self.four_activates[self.oldest]) } else { at }
    }

    /// Whether the constraints allow `op` on `bank` at `clock`.
    pub fn is_ready(&self, op: Op, bank: u8, clock: u64) -> bool {
        clock >= self.earliest(op, bank)
    }

    /// First clock at which every open bank may be precharged.
    pub fn earliest_precharge_all(&self) -> u64 {
        self.open_banks().map(|b| self.earliest(Op::Precharge, b)).max().unwrap_or(0)
    }

    /// Whether `row` is open in `bank`.
    #[inline]
    pub fn has_open(&self, bank: u8, row: u32) -> bool {
        self.banks[usize::from(bank) % BANKS_MAX].row == row
    }

    /// Whether `bank` has no open row.
    #[inline]
    pub fn is_closed(&self, bank: u8) -> bool {
        self.open & (1 << bank) == 0
    }

    /// Bit set of banks with an open row.
    #[inline]
    pub fn open_mask(&self) -> u32 {
        self.open
    }

    /// Banks with an open row, in ascending order.
    pub fn open_banks(&self) -> impl Iterator<Item = u8> + use<> {
        let open = self.open;
        (0..BANKS_MAX as u8).filter(move |b| open & (1 << b) != 0)
    }

    /// Records `op` at `clock`; `row` matters for an activate only. Of a run of reads or writes only the last needs recording,
    /// as its gaps end last.
    #[inline]
    pub fn issue(&mut self, op: Op, bank: u8, row: u32, clock: u64) {
        let b = &mut self.banks[usize::from(bank) % BANKS_MAX];
        let (of_bank, of_rank) = gap_counts(op);
        for gap in &self.bank_gaps[op as usize][..of_bank] {
            let ready = &mut b.ready[gap.to as usize];
            *ready = (clock + gap.clocks).max(*ready);
        }
        for gap in &self.rank_gaps[op as usize][..of_rank] {
            let ready = &mut self.ready[gap.to as usize];
            *ready = (clock + gap.clocks).max(*ready);
        }
        match op {
            Op::Activate => {
                b.row = row;
                self.open |= 1 << bank;
                self.four_activates[self.oldest] = clock + self.t_faw;
                self.oldest = (self.oldest + 1) % 4;
            }
            Op::Precharge => {
                b.row = CLOSED;
                self.open &= !(1 << bank);
            }
            Op::Read | Op::Write | Op::Refresh => {}
        }
    }
}
