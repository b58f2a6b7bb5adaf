//! `timeline.json`: the first frame for Perfetto (ui.perfetto.dev) or any reader of Chrome's trace format.
//!
//! One track a unit with a slice for each job (named by its layer) and for each wait (named by what is missing), one track a
//! layer group, and a counter for each queue. Times are microseconds of simulated time; arguments carry exact cycles.

use super::activity::{self, Span, State};
use super::{Extras, derive::notes};
use crate::error::Result;
use crate::plan::Unit;
use crate::record::RunRecord;
use serde_json::{Value, json};
use std::fmt::Write;

const UNITS: u32 = 1;
const LAYERS: u32 = 2;

pub(super) fn render(record: &RunRecord, _: &Extras) -> Result<String> {
    let mut out = String::from("{\"displayTimeUnit\": \"ns\",\n\"otherData\": ");
    let about = json!({
        "network": record.network, "accelerator": record.accelerator, "board": record.board,
        "clock_mhz": record.clock_mhz, "bico_version": record.bico_version, "notes": notes(record),
    });
    let _ = write!(out, "{about},\n\"traceEvents\": [\n");
    let mut events = Vec::new();
    names(record, &mut events);
    for unit in activity::active_units(record) {
        events.extend(activity::spans(record, unit).iter().filter_map(|span| slice(record, unit, span)));
        events.extend(
            activity::queue_levels(record, unit)
                .iter()
                .map(|(cycle, level)| event("C", &format!("queue {unit}"), UNITS, 0, &at(record, *cycle), &json!({"jobs": level}))),
        );
    }
    events.extend(record.layers.iter().enumerate().map(|(i, layer)| {
        let args = json!({"output": layer.output, "macs": layer.macs, "cycles": layer.cycles, "critical_unit": layer.critical_unit,
            "read_bytes": layer.read_bytes, "write_bytes": layer.write_bytes});
        event("X", &layer.name, LAYERS, i, &during(record, layer.start_cycle, layer.end_cycle), &args)
    }));
    out.push_str(&events.join(",\n"));
    out.push_str("\n]}\n");
    Ok(out)
}

/// Names and order of processes and tracks.
fn names(record: &RunRecord, events: &mut Vec<String>) {
    let mut name = |what: &str, pid: u32, tid: usize, args: Value| {
        events.push(json!({"ph": "M", "name": what, "pid": pid, "tid": tid, "args": args}).to_string());
    };
    for (pid, process) in [(UNITS, "units"), (LAYERS, "layers")] {
        name("process_name", pid, 0, json!({"name": process}));
        name("process_sort_index", pid, 0, json!({"sort_index": pid}));
    }
    for unit in activity::active_units(record) {
        name("thread_name", UNITS, unit.index() + 1, json!({"name": unit.name()}));
        name("thread_sort_index", UNITS, unit.index() + 1, json!({"sort_index": unit.index()}));
    }
    for (i, layer) in record.layers.iter().enumerate() {
        name("thread_name", LAYERS, i, json!({"name": format!("{i} {}", layer.name)}));
        name("thread_sort_index", LAYERS, i, json!({"sort_index": i}));
    }
}

/// A job or a wait; idle and empty queues stay blank.
fn slice(record: &RunRecord, unit: Unit, span: &Span) -> Option<String> {
    let job = span.job?;
    let (name, args) = match span.state {
        State::Busy => {
            let args = json!({"job": job.job, "layer": job.layer, "queued_cycle": job.queued_cycle, "start_cycle": job.start_cycle,
                "end_cycle": job.end_cycle, "waited_for": job.waited_for});
            (record.layers.get(usize::from(job.layer)).map_or("?", |l| l.name.as_str()).to_string(), args)
        }
        State::WaitToken(missing) => {
            let name = missing.map_or("wait for token".into(), |unit| format!("wait for {unit}"));
            (name, json!({"job": job.job, "cycles": span.to - span.from}))
        }
        State::WaitJob | State::Idle => return None,
    };
    Some(event("X", &name, UNITS, unit.index() + 1, &during(record, span.from, span.to), &args))
}

fn event(phase: &str, name: &str, pid: u32, tid: usize, time: &str, args: &Value) -> String {
    format!("{{\"ph\":\"{phase}\",\"name\":{},\"pid\":{pid},\"tid\":{tid},{time},\"args\":{args}}}", Value::from(name))
}

fn at(record: &RunRecord, cycle: u64) -> String {
    format!("\"ts\":{}", microseconds(picoseconds(record, cycle)))
}

/// Both ends are rounded, and the duration is their difference: neighbours touch, and never overlap.
fn during(record: &RunRecord, from: u64, to: u64) -> String {
    let (from, to) = (picoseconds(record, from), picoseconds(record, to));
    format!("\"ts\":{},\"dur\":{}", microseconds(from), microseconds(to.saturating_sub(from)))
}

/// Simulated time of a cycle.
pub(super) fn picoseconds(record: &RunRecord, cycle: u64) -> u64 {
    (cycle as f64 * 1e6 / record.clock_mhz).round() as u64
}

fn microseconds(picoseconds: u64) -> String {
    format!("{}.{:06}", picoseconds / 1_000_000, picoseconds % 1_000_000)
}
