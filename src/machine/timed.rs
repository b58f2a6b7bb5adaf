//! What a timed frame leaves behind.

use crate::plan::Unit;
use crate::units::Cycle;

/// When one job was queued, issued and done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobTime {
    /// First cycle in which it was visible in its unit's queue.
    pub queued: Cycle,
    /// Issue.
    pub start: Cycle,
    /// Done.
    pub end: Cycle,
    /// The unit whose token came last, if the job waited for one.
    pub waited_for: Option<Unit>,
}

/// What happens to a job, in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Leases its operands.
    Issue(u32),
    /// Commits its result.
    Retire(u32),
}

/// One frame, timed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimedFrame {
    /// Cycle of the start write.
    pub start: Cycle,
    /// Cycle of the interrupt.
    pub end: Cycle,
    /// By job.
    pub jobs: Vec<JobTime>,
    /// Issues and retirements in order of time.
    pub steps: Vec<Step>,
    /// Most jobs in each unit's queue.
    pub queue_peaks: [usize; Unit::ALL.len()],
    /// Highest token count of any pair.
    pub token_peak: usize,
    /// Token counters as they change, in order of time.
    pub tokens: Vec<TokenChange>,
}

/// `tok[from][to]` takes a new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenChange {
    /// First cycle in which the value is visible.
    pub cycle: Cycle,
    /// Unit that pushes.
    pub from: Unit,
    /// Unit that pops.
    pub to: Unit,
    /// The value.
    pub value: u8,
}
