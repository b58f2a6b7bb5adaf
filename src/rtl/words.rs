//! Every word that a unit of the RTL writes to a bank, held against the simulator's values.

use super::case::Case;
use super::run::{Watch, Written};
use crate::error::Result;
use crate::machine::{Executor, TimedFrame};
use crate::model::graph::NodeId;
use crate::plan::{Draft, Plan, Task, Unit, Work};

/// What one job writes.
struct JobWords {
    node: NodeId,
    bank: u8,
    first: usize,
    blocks: usize,
    words: usize,
    block_stride: usize,
    first_block: usize,
    /// `[block][word][lane]`.
    values: Vec<i16>,
}

/// A value that differs, or a word that should not have been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordDifference {
    /// Cycle of the write.
    pub cycle: u64,
    /// Frame.
    pub frame: usize,
    /// Job, by its index in the program.
    pub job: usize,
    /// Bank and word address.
    pub at: (u8, u16),
    /// Lane, simulator's value, RTL's value; `None` where the simulator writes nothing there.
    pub lane: Option<(usize, i32, i32)>,
}

/// Compares while the RTL runs.
pub(super) struct Words {
    lanes: usize,
    feature_bits: u32,
    channels: Vec<usize>,
    signed: Vec<bool>,
    /// By job.
    expected: Vec<Option<JobWords>>,
    /// By unit: its jobs, in order.
    jobs: [Vec<usize>; 8],
    /// By unit: jobs issued, words of the current one.
    issued: [usize; 8],
    seen: [usize; 8],
    /// Words compared.
    pub compared: u64,
    /// Words that differ, are missing or were not asked for.
    pub differences: u64,
    /// The first of them.
    pub first: Option<WordDifference>,
}

impl Words {
    /// From the simulator's values in the order of a timed frame.
    ///
    /// # Errors
    /// When the executor refuses the network.
    pub fn new(case: &Case, order: &TimedFrame) -> Result<Words> {
        let executor = Executor::new(case.graph, &case.plan, case.acc)?;
        let mut values = executor.values();
        let mut expected: Vec<Option<JobWords>> = case.plan.jobs.iter().map(|d| region(&case.plan, d)).collect();
        executor.run_watched(&case.image, order, &mut values, |job, values| {
            if let Some(w) = &mut expected[job] {
                for block in 0..w.blocks {
                    w.values.extend_from_slice(values.words(w.bank, w.first + block * w.block_stride, w.words));
                }
            }
        })?;
        let of_unit = |u: Unit| (0..case.plan.jobs.len()).filter(|&i| case.plan.jobs[i].job.unit == u).collect();
        Ok(Words {
            lanes: case.acc.lanes,
            feature_bits: case.acc.feature_bits.into(),
            channels: case.graph.nodes.iter().map(|n| n.shape.c).collect(),
            signed: case.graph.nodes.iter().map(|n| n.format.signed).collect(),
            expected,
            jobs: Unit::ALL.map(of_unit),
            issued: [0; 8],
            seen: [0; 8],
            compared: 0,
            differences: 0,
            first: None,
        })
    }

    fn differs(&mut self, cycle: u64, unit: Unit, at: (u8, u16), lane: Option<(usize, i32, i32)>) {
        self.differences += 1;
        let jobs = &self.jobs[unit.index()];
        let last = self.issued[unit.index()].saturating_sub(1);
        let Some(&job) = jobs.get(last % jobs.len().max(1)) else { return };
        self.first.get_or_insert(WordDifference { cycle, frame: last / jobs.len(), job, at, lane });
    }

    /// The first lane of a channel that differs: lane, expected and found.
    fn compare(&self, w: &JobWords, offset: usize, bits: &[u32; 16]) -> Option<(usize, i32, i32)> {
        let (block, word) = (offset / w.block_stride.max(1), offset % w.block_stride.max(1));
        let values = &w.values[(block * w.words + word) * self.lanes..][..self.lanes];
        let valid = self.channels[w.node].saturating_sub((w.first_block + block) * self.lanes).min(self.lanes);
        let mask = (1u32 << self.feature_bits) - 1;
        let lane_bits = |lane: usize| {
            let at = lane * self.feature_bits as usize;
            let high = bits.get(at / 32 + 1).copied().unwrap_or(0);
            ((u64::from(high) << 32 | u64::from(bits[at / 32])) >> (at % 32)) as u32 & mask
        };
        let lane = (0..valid).find(|&l| lane_bits(l) != values[l] as u16 as u32 & mask)?;
        let value = |raw: u32| match self.signed[w.node] {
            true => (raw << (32 - self.feature_bits)) as i32 >> (32 - self.feature_bits),
            false => raw as i32,
        };
        Some((lane, value(u32::from(values[lane] as u16) & mask), value(lane_bits(lane))))
    }
}

impl Watch for Words {
    fn issued(&mut self, _: u64, unit: Unit) {
        self.issued[unit.index()] += 1;
    }

    fn written(&mut self, w: &Written) {
        let jobs = &self.jobs[w.unit.index()];
        let job = self.issued[w.unit.index()].checked_sub(1).and_then(|k| jobs.get(k % jobs.len().max(1)));
        let Some(expected) = job.and_then(|&j| self.expected[j].as_ref()) else {
            return self.differs(w.cycle, w.unit, (w.bank, w.address), None);
        };
        let offset = usize::from(w.address).wrapping_sub(expected.first);
        let stride = expected.block_stride.max(1);
        let asked = w.bank == expected.bank && offset / stride < expected.blocks && offset % stride < expected.words;
        self.compared += 1;
        self.seen[w.unit.index()] += 1;
        let lane = if asked { self.compare(expected, offset, w.bits) } else { None };
        if !asked || lane.is_some() {
            self.differs(w.cycle, w.unit, (w.bank, w.address), lane);
        }
    }

    fn done(&mut self, cycle: u64, unit: Unit) {
        let seen = std::mem::take(&mut self.seen[unit.index()]);
        let jobs = &self.jobs[unit.index()];
        let Some(last) = self.issued[unit.index()].checked_sub(1) else { return };
        let Some(w) = jobs.get(last % jobs.len().max(1)).and_then(|&j| self.expected[j].as_ref()) else { return };
        if seen != w.blocks * w.words {
            let at = (w.bank, w.first as u16);
            self.differs(cycle, unit, at, None);
        }
    }
}

/// Where a job writes; `None` for jobs that write no bank.
fn region(plan: &Plan, draft: &Draft) -> Option<JobWords> {
    let words = |node, bank, first: u16, blocks: usize, words: usize, block_stride: usize, first_block| {
        let (first, values) = (usize::from(first), Vec::new());
        Some(JobWords { node, bank, first, blocks, words, block_stride, first_block, values })
    };
    match (&draft.job.task, draft.work) {
        (Task::Compute(c), Work::Blocks { node, first_block }) => {
            let reduced = matches!(draft.job.unit, Unit::Pointwise | Unit::Conv);
            let blocks = if reduced { 1 } else { usize::from(c.blocks) };
            let pixels = c.pixels() as usize;
            let stride = if blocks == 1 { pixels } else { usize::from(c.destination_block_stride) };
            words(node, c.destination_bank, c.destination, blocks, pixels, stride, first_block)
        }
        (Task::Transfer(t), Work::Features { node }) if draft.job.unit == Unit::Load => {
            let place = &plan.places[node];
            let first_block = ((u64::from(t.dram_address) - place.address) / place.block_bytes()) as usize;
            let each = (t.words() / u64::from(t.blocks)) as usize;
            words(node, t.memory, t.bank_address, t.blocks.into(), each, each, first_block)
        }
        _ => None,
    }
}
