//! Jobs that read the same operands and differ in their output block only: the host computes their values together, when the first of them retires,
//! and each of them commits its own part when it retires itself. Kernels are about twice as fast that way.
//!
//! Nothing is committed early, and no operand can change in between: a write to them in between would be ordered before the later
//! job by the program, and such jobs are not batched.

use crate::plan::{Compute, Draft, Plan, Task, Unit, Work};

/// Where a job stands in its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// 0 for the job that computes.
    pub position: usize,
    /// Jobs in the batch.
    pub count: usize,
}

/// The place of each job, by index in the program; `None` for jobs that stand alone.
pub fn places(plan: &Plan) -> Vec<Option<Place>> {
    let mut places = vec![None; plan.jobs.len()];
    for unit in [Unit::Pointwise, Unit::Conv] {
        let mut run: Vec<usize> = Vec::new();
        for index in (0..plan.jobs.len()).filter(|&k| plan.jobs[k].job.unit == unit) {
            if run.last().is_some_and(|&last| !follows(plan, last, index)) {
                settle(&mut places, &run);
                run.clear();
            }
            run.push(index);
        }
        settle(&mut places, &run);
    }
    places
}

fn settle(places: &mut [Option<Place>], run: &[usize]) {
    if run.len() > 1 {
        for (position, &index) in run.iter().enumerate() {
            places[index] = Some(Place { position, count: run.len() });
        }
    }
}

/// Whether job `b` is job `a` for the next output block, with the same operands still in place.
fn follows(plan: &Plan, a: usize, b: usize) -> bool {
    let (first, second) = (&plan.jobs[a], &plan.jobs[b]);
    let (Some((node, block, job)), Some((node2, block2, job2))) = (reduction(first), reduction(second)) else { return false };
    let same = Compute {
        destination: job2.destination,
        weight_address: job2.weight_address,
        parameter_address: job2.parameter_address,
        ..job.clone()
    };
    let present = job.source_rows > 0 && job.source_cols > 0;
    let rewritten = || plan.jobs[a + 1..b].iter().any(|d| d.accesses.iter().any(|w| w.is_write() && reads(second, w)));
    present && node == node2 && block + 1 == block2 && same == *job2 && !rewritten()
}

/// Whether `draft` reads from a feature bank what `write` writes.
fn reads(draft: &Draft, write: &crate::plan::access::Access) -> bool {
    let bank = |a: &crate::plan::access::Access| matches!(a, crate::plan::access::Access::Memory { id, .. } if *id < 8);
    draft.accesses.iter().any(|r| !r.is_write() && bank(r) && r.hazard(write).is_some())
}

fn reduction(draft: &Draft) -> Option<(usize, usize, &Compute)> {
    match (&draft.job.task, draft.work) {
        (Task::Compute(job), Work::Blocks { node, first_block }) => Some((node, first_block, job)),
        _ => None,
    }
}
