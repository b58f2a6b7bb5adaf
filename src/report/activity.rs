//! What each unit did when, and how full its queue was: derived from the jobs of the first frame.

use super::derive::frame_cycles;
use crate::plan::Unit;
use crate::record::{JobRecord, RunRecord};

/// What a unit does in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Runs a job, from its issue to its done, both included.
    Busy,
    /// A job is in the queue; a token is missing (of this unit, where known).
    WaitToken(Option<Unit>),
    /// The queue is empty although jobs remain.
    WaitJob,
    /// After its last job.
    Idle,
}

/// A stretch of cycles in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span<'a> {
    /// First cycle.
    pub from: u64,
    /// First cycle after it.
    pub to: u64,
    /// What the unit does.
    pub state: State,
    /// The job that runs (busy) or waits (wait token).
    pub job: Option<&'a JobRecord>,
}

/// Units that ran at least one job, by code.
pub fn active_units(record: &RunRecord) -> Vec<Unit> {
    Unit::ALL.into_iter().filter(|unit| record.jobs.iter().any(|job| job.unit == *unit)).collect()
}

/// The jobs of `unit` in order of issue.
pub fn jobs_of(record: &RunRecord, unit: Unit) -> Vec<&JobRecord> {
    let mut jobs: Vec<&JobRecord> = record.jobs.iter().filter(|job| job.unit == unit).collect();
    jobs.sort_by_key(|job| (job.start_cycle, job.job));
    jobs
}

/// The states of `unit` from cycle 0 to the end of the frame: spans that touch, none empty.
pub fn spans(record: &RunRecord, unit: Unit) -> Vec<Span<'_>> {
    let mut out: Vec<Span> = Vec::new();
    let mut now = 0;
    let mut push = |from: &mut u64, to: u64, state, job| {
        if to > *from {
            out.push(Span { from: *from, to, state, job });
            *from = to;
        }
    };
    for job in jobs_of(record, unit) {
        push(&mut now, job.queued_cycle.min(job.start_cycle), State::WaitJob, None);
        push(&mut now, job.start_cycle, State::WaitToken(job.waited_for), Some(job));
        push(&mut now, job.end_cycle + 1, State::Busy, Some(job));
    }
    push(&mut now, frame_cycles(record), State::Idle, None);
    out
}

/// The number of jobs in the queue of `unit`: (cycle, level from that cycle on), the first at cycle 0.
///
/// A job is visible in the queue from [`JobRecord::queued_cycle`] to its issue, both included (contract, section 2).
pub fn queue_levels(record: &RunRecord, unit: Unit) -> Vec<(u64, u32)> {
    let jobs = jobs_of(record, unit);
    let mut steps: Vec<(u64, i64)> = jobs.iter().flat_map(|j| [(j.queued_cycle, 1), (j.start_cycle + 1, -1)]).collect();
    steps.sort_unstable();
    let mut out = vec![(0, 0)];
    let mut level: i64 = 0;
    for (cycle, step) in steps {
        level += step;
        match out.last_mut() {
            Some(last) if last.0 == cycle => last.1 = level.max(0) as u32,
            _ => out.push((cycle, level.max(0) as u32)),
        }
    }
    out.dedup_by_key(|(_, level)| *level);
    out
}

/// Busy part of each of `bins` equal stretches of the frame, 0 to 1.
pub fn utilisation(record: &RunRecord, unit: Unit, bins: usize) -> Vec<f64> {
    let width = frame_cycles(record) as f64 / bins as f64;
    let mut busy = vec![0.0; bins];
    for span in spans(record, unit).iter().filter(|s| s.state == State::Busy) {
        let (from, to) = (span.from as f64 / width, span.to as f64 / width);
        let last = (to.ceil() as usize).min(bins);
        for (bin, sum) in busy.iter_mut().enumerate().take(last).skip(from as usize) {
            let bin = bin as f64;
            *sum += (to.min(bin + 1.0) - from.max(bin)).max(0.0);
        }
    }
    busy.iter().map(|sum| sum.min(1.0)).collect()
}
