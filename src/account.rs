//! Where the cycles went: a timed frame as records of jobs, units and layers. Every cycle of every unit is counted once.

use crate::accelerator::Accelerator;
use crate::machine::TimedFrame;
use crate::model::graph::{Graph, NodeId};
use crate::plan::{Plan, Task, Unit, Work};
use crate::record::{CycleSplit, JobRecord, LayerRecord, UnitRecord};

/// What a unit does between two cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Busy,
    WaitOperand,
    WaitSpace,
    WaitJob,
    Idle,
}

/// A span `from..to` of one unit in one state.
#[derive(Clone, Copy, Debug)]
struct Segment {
    from: u64,
    to: u64,
    state: State,
    layer: u16,
}

/// Jobs of a frame in order of issue; fetch runs none.
pub fn jobs(plan: &Plan, frame: &TimedFrame) -> Vec<JobRecord> {
    let mut records: Vec<JobRecord> = plan
        .jobs
        .iter()
        .zip(&frame.jobs)
        .enumerate()
        .filter(|(_, (d, _))| d.job.unit != Unit::Fetch)
        .map(|(k, (d, t))| JobRecord {
            job: k as u32,
            unit: d.job.unit,
            layer: d.job.layer,
            queued_cycle: t.queued.0,
            start_cycle: t.start.0,
            end_cycle: t.end.0,
            waited_for: t.waited_for,
        })
        .collect();
    records.sort_by_key(|r| (r.start_cycle, r.job));
    records
}

/// The states of one unit over the frame, without gaps.
fn segments(plan: &Plan, frame: &TimedFrame, unit: Unit) -> Vec<Segment> {
    let mut out = Vec::new();
    let mut cursor = frame.start.0;
    let mut push = |cursor: &mut u64, to: u64, state: State, layer: u16| {
        if to > *cursor {
            out.push(Segment { from: *cursor, to, state, layer });
            *cursor = to;
        }
    };
    for (draft, time) in plan.jobs.iter().zip(&frame.jobs).filter(|(d, _)| d.job.unit == unit) {
        let layer = draft.job.layer;
        push(&mut cursor, time.queued.0, State::WaitJob, layer);
        let space = time.waited_for.is_some_and(|from| draft.pop_space & from.bit() != 0);
        push(&mut cursor, time.start.0, if space { State::WaitSpace } else { State::WaitOperand }, layer);
        push(&mut cursor, time.end.0 + 1, State::Busy, layer);
    }
    push(&mut cursor, frame.end.0, State::Idle, 0);
    out
}

fn split(segments: &[Segment], from: u64, to: u64) -> CycleSplit {
    let mut s = CycleSplit::default();
    for segment in segments {
        let cycles = segment.to.min(to).saturating_sub(segment.from.max(from));
        match segment.state {
            State::Busy => s.busy_cycles += cycles,
            State::WaitOperand => s.wait_operand_cycles += cycles,
            State::WaitSpace => s.wait_space_cycles += cycles,
            State::WaitJob => s.wait_job_cycles += cycles,
            State::Idle => s.idle_cycles += cycles,
        }
    }
    s
}

/// The unit that computes a node, and its multiply-accumulates.
fn macs_by_unit(plan: &Plan, graph: &Graph, unit: Unit) -> u64 {
    let stages = plan.groups.iter().flat_map(|g| &g.stages);
    stages.filter(|s| s.unit == unit).map(|s| graph.macs(&graph.nodes[s.node])).sum()
}

/// Multipliers of a compute unit.
pub fn multipliers(acc: &Accelerator, unit: Unit) -> u64 {
    let Some(ip) = acc.ip(unit) else { return 0 };
    match unit {
        Unit::Depthwise => ip.parallel_out as u64,
        Unit::Pointwise | Unit::Conv => (ip.parallel_in * ip.parallel_out) as u64,
        _ => 0,
    }
}

/// All units but fetch that the program uses.
pub fn units(plan: &Plan, graph: &Graph, acc: &Accelerator, frame: &TimedFrame) -> Vec<UnitRecord> {
    let used = |unit: &Unit| *unit != Unit::Fetch && plan.jobs.iter().any(|d| d.job.unit == *unit);
    Unit::ALL
        .into_iter()
        .filter(used)
        .map(|unit| UnitRecord {
            unit,
            jobs: plan.jobs.iter().filter(|d| d.job.unit == unit).count() as u64,
            split: split(&segments(plan, frame, unit), frame.start.0, frame.end.0),
            macs: macs_by_unit(plan, graph, unit),
            multipliers: multipliers(acc, unit),
            queue_peak: frame.queue_peaks[unit.index()] as u64,
        })
        .collect()
}

/// Each layer group. `hash` gives the SHA-256 of a node's integers, when values were run.
pub fn layers(plan: &Plan, graph: &Graph, frame: &TimedFrame, hash: impl Fn(NodeId) -> Option<String>) -> Vec<LayerRecord> {
    let all: Vec<(Unit, Vec<Segment>)> = Unit::ALL.into_iter().skip(1).map(|u| (u, segments(plan, frame, u))).collect();
    let mut previous_end = frame.start.0;
    let mut records = Vec::new();
    for (layer, group) in plan.groups.iter().enumerate() {
        let mine =
            || plan.jobs.iter().zip(&frame.jobs).filter(move |(d, _)| d.job.unit != Unit::Fetch && usize::from(d.job.layer) == layer);
        let start_cycle = mine().map(|(_, t)| t.start.0).min().unwrap_or(previous_end);
        let end_cycle = mine().map(|(_, t)| t.end.0 + 1).max().unwrap_or(previous_end);
        let end = end_cycle.max(previous_end);
        let busy = |segments: &[Segment]| {
            segments.iter().filter(|s| s.state == State::Busy && usize::from(s.layer) == layer).map(|s| s.to - s.from).sum::<u64>()
        };
        let unit_busy_cycles: Vec<(Unit, u64)> = all.iter().map(|(u, s)| (*u, busy(s))).filter(|(_, c)| *c > 0).collect();
        let critical_unit = unit_busy_cycles.iter().max_by_key(|(_, c)| *c).map_or(Unit::Load, |(u, _)| *u);
        let (_, critical_segments) = &all[critical_unit.index() - 1];
        let bytes = |units: &[Unit]| {
            mine()
                .filter(|(d, _)| units.contains(&d.job.unit))
                .map(|(d, _)| if let Task::Transfer(t) = &d.job.task { t.beats() * 8 } else { 0 })
                .sum()
        };
        records.push(LayerRecord {
            name: group.name.clone(),
            output: graph.nodes[group.output()].shape.to_string(),
            macs: group.stages.iter().map(|s| graph.macs(&graph.nodes[s.node])).sum(),
            start_cycle,
            end_cycle,
            cycles: end - previous_end,
            critical_unit,
            critical: split(critical_segments, previous_end, end),
            read_bytes: bytes(&[Unit::Load, Unit::Weights]),
            write_bytes: bytes(&[Unit::Store]),
            tile: [group.tile.0 as u64, group.tile.1 as u64],
            unit_busy_cycles,
            output_sha256: hash(group.output()),
        });
        previous_end = end;
    }
    records
}

/// Checks that nothing was lost: cycles of each unit, bytes of each port, tokens. Called on every run.
///
/// # Errors
/// A fault that names what does not add up.
pub fn conservation(plan: &Plan, units: &[UnitRecord], frame: &TimedFrame, moved_bytes: (u64, u64)) -> crate::Result<()> {
    use crate::error::Error;
    let elapsed = frame.end.0 - frame.start.0;
    for u in units {
        let s = u.split;
        let sum = s.busy_cycles + s.wait_operand_cycles + s.wait_space_cycles + s.wait_job_cycles + s.idle_cycles;
        if sum != elapsed {
            return Err(Error::fault(format!("cycles of `{}` do not add up", u.unit)).value(sum).allowed(elapsed));
        }
    }
    // A unit's jobs follow one another: what `segments` would otherwise clip.
    let mut last_end: [Option<u64>; Unit::ALL.len()] = Default::default();
    for (draft, time) in plan.jobs.iter().zip(&frame.jobs).filter(|(d, _)| d.work != Work::Nothing) {
        let before = &mut last_end[draft.job.unit.index()];
        let in_order = time.queued <= time.start && time.start <= time.end && before.is_none_or(|end| end < time.start.0);
        if !in_order || time.end > frame.end {
            return Err(Error::fault(format!("times of a job of `{}` are out of order", draft.job.unit))
                .value(format!("queued {}, start {}, end {}", time.queued.0, time.start.0, time.end.0))
                .allowed(format!("after {before:?}, up to {}", frame.end.0)));
        }
        *before = Some(time.end.0);
    }
    let reads = plan.bytes(Unit::Fetch) + plan.bytes(Unit::Load) + plan.bytes(Unit::Weights);
    let writes = plan.bytes(Unit::Store);
    if moved_bytes != (reads, writes) {
        return Err(Error::fault("bytes moved are not the bytes the plan needs")
            .value(format!("{moved_bytes:?} read and written"))
            .allowed(format!("{:?}", (reads, writes))));
    }
    let issued = plan.jobs.iter().filter(|d| d.work != Work::Nothing).count();
    if frame.steps.len() != 2 * issued {
        return Err(Error::fault("not every job issued and retired once").value(frame.steps.len()).allowed(2 * issued));
    }
    Ok(())
}
