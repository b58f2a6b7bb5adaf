//! What a set of verified runs has met: conditions that a comparison must not miss, counted.

use super::case::Case;
use crate::dram::MemoryStats;
use crate::fixed::{Overflow, Requantise, Rounding};
use crate::machine::TimedFrame;
use crate::model::graph::{Node, Op};
use crate::plan::{Task, Unit};

const ROUNDINGS: usize = Rounding::ALL.len();
const OVERFLOWS: usize = Overflow::ALL.len();
/// Bytes of a page that no burst may cross.
const PAGE_BYTES: u64 = 4096;

/// The conditions that are not a rounding or overflow mode.
const CONDITIONS: [&str; 12] = [
    "queue full",
    "operand awaited",
    "output space awaited",
    "refresh in the way",
    "row conflict",
    "read-to-write turn",
    "two ports contending",
    "run across 4 KiB",
    "one-pixel tile",
    "channels not a multiple of the lanes",
    "1-bit operands",
    "16-bit operands",
];

/// How often each condition was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    conditions: [u64; CONDITIONS.len()],
    roundings: [u64; ROUNDINGS],
    overflows: [u64; OVERFLOWS],
}

impl Cover {
    /// What one case met, from its timed frames and its memory.
    pub(super) fn of(case: &Case, frames: &[TimedFrame], memory: &MemoryStats) -> Cover {
        let jobs = || case.plan.jobs.iter();
        let count = |n: usize| n as u64;
        let full = |f: &TimedFrame| count(f.queue_peaks.iter().filter(|p| **p >= case.acc.queue_depth).count());
        let waited = |space: bool| {
            let of = |f: &TimedFrame| {
                let waits = jobs().zip(&f.jobs).filter_map(|(d, t)| Some((d, t.waited_for?)));
                count(waits.filter(|(d, from)| (d.pop_space & from.bit() != 0) == space).count())
            };
            frames.iter().map(of).sum()
        };
        let one_pixel = |task: &Task| matches!(task, Task::Compute(c) if c.pixels() == 1);
        let nodes = &case.graph.nodes;
        let computed = || nodes.iter().filter(|n| n.op != Op::Input);
        let bits = |width: u8| {
            let of = |n: &&Node| n.format.bits == width || n.weights.as_ref().is_some_and(|w| w.format.bits == width);
            count(nodes.iter().filter(of).count())
        };
        let uneven = |n: &&Node| !n.shape.c.is_multiple_of(case.acc.lanes);
        let mut cover = Cover {
            conditions: [
                frames.iter().map(full).sum(),
                waited(false),
                waited(true),
                memory.refreshes_in_the_way,
                memory.row_conflicts,
                memory.read_to_write_turns,
                memory.contended_grants,
                jobs().map(|d| crossings(d.job.unit, &d.job.task)).sum(),
                count(jobs().filter(|d| one_pixel(&d.job.task)).count()),
                count(nodes.iter().filter(uneven).count()),
                bits(1),
                bits(16),
            ],
            ..Cover::default()
        };
        for Requantise { rounding, overflow, .. } in computed().filter_map(|n| n.requantise.as_ref()) {
            cover.roundings[Rounding::ALL.iter().position(|r| r == rounding).unwrap_or(0)] += 1;
            cover.overflows[Overflow::ALL.iter().position(|o| o == overflow).unwrap_or(0)] += 1;
        }
        cover
    }

    /// Adds another run's counts.
    pub fn add(&mut self, other: &Cover) {
        let pairs = self.conditions.iter_mut().zip(&other.conditions);
        let pairs = pairs.chain(self.roundings.iter_mut().zip(&other.roundings));
        pairs.chain(self.overflows.iter_mut().zip(&other.overflows)).for_each(|(a, b)| *a += b);
    }

    /// Name and count of each condition.
    pub fn counts(&self) -> Vec<(String, u64)> {
        let conditions = CONDITIONS.iter().map(|c| c.to_string()).zip(self.conditions);
        let roundings = Rounding::ALL.iter().map(|r| format!("rounding {r:?}")).zip(self.roundings);
        let overflows = Overflow::ALL.iter().map(|o| format!("overflow {o:?}")).zip(self.overflows);
        conditions.chain(roundings).chain(overflows).collect()
    }

    /// The conditions that were never met.
    pub fn missed(&self) -> Vec<String> {
        self.counts().into_iter().filter(|(_, n)| *n == 0).map(|(name, _)| name).collect()
    }
}

/// Runs of a transfer that go on past a 4 KiB boundary, and so must be cut there.
fn crossings(unit: Unit, task: &Task) -> u64 {
    let Task::Transfer(t) = task else { return 0 };
    debug_assert!(!unit.is_compute());
    let last = u64::from(t.run_beats) * 8 - 1;
    t.run_starts().filter(|start| start / PAGE_BYTES != (start + last) / PAGE_BYTES).count() as u64
}
