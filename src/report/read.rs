//! `record.json` read back, and the check every report relies on.

use crate::error::{Error, Result};
use crate::record::{BoxRecord, RunRecord, SCHEMA_VERSION};
use serde::Deserialize;
use std::path::Path;

/// Longest run a report accepts, in cycles. Far beyond any frame; it keeps sums and picoseconds inside 64 bits.
pub const MAX_CYCLES: u64 = 1 << 40;
/// Largest count or number of bytes a report accepts: exact as a float.
const MAX_COUNT: u64 = 1 << 53;

/// Only what says whether the rest can be understood.
#[derive(Deserialize)]
struct Version {
    schema_version: u64,
}

/// Reads a record from a file.
///
/// # Errors
/// When the file can not be read, and as [`parse_record`].
pub fn read_record(path: &Path) -> Result<RunRecord> {
    let bytes = std::fs::read(path).map_err(|e| Error::io("read", path, &e))?;
    parse_record(&bytes).map_err(|e| e.file(path))
}

/// Parses a record and checks it with [`check`].
///
/// # Errors
/// When `bytes` are no JSON, of another schema version, lack a field, or hold a value out of range; with the line where there is one.
pub fn parse_record(bytes: &[u8]) -> Result<RunRecord> {
    let json = |e: serde_json::Error| {
        Error::input(format!("not a record of a run: {e}")).line(e.line()).hint("use a record.json written by `bico simulate`")
    };
    let version: Version = serde_json::from_slice(bytes).map_err(json)?;
    if version.schema_version != u64::from(SCHEMA_VERSION) {
        return Err(Error::input("schema_version of the record is not the one this bico reads")
            .value(version.schema_version)
            .allowed(SCHEMA_VERSION)
            .hint("run the simulation again with this version of bico"));
    }
    let record = serde_json::from_slice(bytes).map_err(json)?;
    check(&record)?;
    Ok(record)
}

/// Checks what every report relies on: finite numbers, cycles in order and within [`MAX_CYCLES`], layers that exist.
///
/// # Errors
/// Names the first field that breaks a rule.
pub fn check(record: &RunRecord) -> Result<()> {
    positive("clock_mhz", record.clock_mhz)?;
    let p = &record.performance;
    for (name, value) in [("accelerator_ms", p.accelerator_ms), ("host_ms", p.host_ms), ("latency_ms", p.latency_ms), ("fps", p.fps)] {
        amount(&format!("performance.{name}"), value)?;
    }
    amount("performance.mac_utilisation", p.mac_utilisation)?;
    p.accelerator_ms_percentiles.iter().try_for_each(|v| amount("performance.accelerator_ms_percentiles", *v))?;
    count("macs_per_frame", record.macs_per_frame)?;
    for (i, f) in record.frames.iter().enumerate() {
        ordered(&format!("frames[{i}]"), f.start_cycle, f.end_cycle)?;
    }
    check_layers(record)?;
    check_units(record)?;
    check_jobs(record)?;
    check_memory(record)?;
    check_cost(record)?;
    check_accuracy(record)
}

fn check_layers(record: &RunRecord) -> Result<()> {
    for (i, layer) in record.layers.iter().enumerate() {
        let name = format!("layers[{i}] ({})", layer.name);
        ordered(&name, layer.start_cycle, layer.end_cycle)?;
        cycles(&format!("{name}.cycles"), layer.cycles)?;
        layer.critical.parts().iter().try_for_each(|(part, c)| cycles(&format!("{name}.critical {part}"), *c))?;
        layer.unit_busy_cycles.iter().try_for_each(|(unit, c)| cycles(&format!("{name}.unit_busy_cycles {unit}"), *c))?;
        for (field, value) in [("macs", layer.macs), ("read_bytes", layer.read_bytes), ("write_bytes", layer.write_bytes)] {
            count(&format!("{name}.{field}"), value)?;
        }
    }
    Ok(())
}

fn check_units(record: &RunRecord) -> Result<()> {
    for unit in &record.units {
        let name = format!("units ({})", unit.unit);
        unit.split.parts().iter().try_for_each(|(part, c)| cycles(&format!("{name}.split {part}"), *c))?;
        for (field, value) in [("jobs", unit.jobs), ("macs", unit.macs), ("multipliers", unit.multipliers), ("queue_peak", unit.queue_peak)]
        {
            count(&format!("{name}.{field}"), value)?;
        }
    }
    Ok(())
}

fn check_jobs(record: &RunRecord) -> Result<()> {
    for (i, job) in record.jobs.iter().enumerate() {
        let name = format!("jobs[{i}]");
        ordered(&name, job.queued_cycle, job.start_cycle)?;
        ordered(&name, job.start_cycle, job.end_cycle)?;
        if usize::from(job.layer) >= record.layers.len() {
            let allowed = format!("an index of the {} layers", record.layers.len());
            return Err(Error::input(format!("{name}.layer is out of range")).value(job.layer).allowed(allowed));
        }
    }
    Ok(())
}

fn check_memory(record: &RunRecord) -> Result<()> {
    let m = &record.memory;
    amount("memory.peak_mb_per_s", m.peak_mb_per_s)?;
    amount("memory.mean_mb_per_s", m.mean_mb_per_s)?;
    for (name, value) in [
        ("read_bytes", m.read_bytes),
        ("write_bytes", m.write_bytes),
        ("row_hits", m.row_hits),
        ("row_misses", m.row_misses),
        ("row_conflicts", m.row_conflicts),
        ("refreshes", m.refreshes),
        ("turnarounds", m.turnarounds),
    ] {
        count(&format!("memory.{name}"), value)?;
    }
    m.read_bytes_by_unit.iter().try_for_each(|(unit, v)| count(&format!("memory.read_bytes_by_unit {unit}"), *v))
}

fn check_cost(record: &RunRecord) -> Result<()> {
    let r = &record.resources;
    let named = r.components.iter().map(|(name, use_)| (name.as_str(), use_));
    for (name, resources) in named.chain([("total", &r.total), ("budget", &r.budget)]) {
        for value in [resources.dsp, resources.bram18, resources.lut, resources.ff] {
            count(&format!("resources.{name}"), value)?;
        }
    }
    record.power.parts.iter().try_for_each(|(name, w)| amount(&format!("power.parts {name}"), *w))?;
    amount("power.total_w", record.power.total_w)?;
    amount("power.energy_per_frame_j", record.power.energy_per_frame_j)
}

fn check_accuracy(record: &RunRecord) -> Result<()> {
    let Some(accuracy) = &record.accuracy else { return Ok(()) };
    count("accuracy.images", accuracy.images)?;
    accuracy.mean_iou.map_or(Ok(()), |v| amount("accuracy.mean_iou", v))?;
    accuracy.baselines.iter().try_for_each(|(name, v)| amount(&format!("accuracy.baselines {name}"), *v))?;
    for d in &accuracy.detections {
        let name = format!("accuracy.detections ({})", d.image);
        check_box(&name, &d.found)?;
        d.truth.as_ref().map_or(Ok(()), |b| check_box(&name, b))?;
        amount(&format!("{name}.confidence"), f64::from(d.confidence))?;
        d.iou.map_or(Ok(()), |v| amount(&format!("{name}.iou"), f64::from(v)))?;
    }
    Ok(())
}

fn check_box(name: &str, b: &BoxRecord) -> Result<()> {
    match [b.x, b.y, b.w, b.h].into_iter().find(|v| !v.is_finite()) {
        Some(v) => Err(Error::input(format!("{name}: a side of a box is no finite number")).value(v)),
        None => Ok(()),
    }
}

fn positive(name: &str, value: f64) -> Result<()> {
    if value.is_finite() && (1e-3..=1e6).contains(&value) {
        return Ok(());
    }
    Err(Error::input(format!("{name} of the record is out of range")).value(value).allowed("0.001 to 1000000"))
}

fn amount(name: &str, value: f64) -> Result<()> {
    if value.is_finite() && (0.0..=1e15).contains(&value) {
        return Ok(());
    }
    Err(Error::input(format!("{name} of the record is out of range")).value(value).allowed("0 to 1e15"))
}

fn cycles(name: &str, value: u64) -> Result<()> {
    bounded(name, value, MAX_CYCLES)
}

fn count(name: &str, value: u64) -> Result<()> {
    bounded(name, value, MAX_COUNT)
}

fn bounded(name: &str, value: u64, most: u64) -> Result<()> {
    if value <= most {
        return Ok(());
    }
    Err(Error::input(format!("{name} of the record is out of range")).value(value).allowed(format!("0 to {most}")))
}

fn ordered(name: &str, first: u64, last: u64) -> Result<()> {
    cycles(name, last)?;
    if first <= last {
        return Ok(());
    }
    Err(Error::input(format!("{name} of the record ends before it starts")).value(format!("{first} to {last}")))
}
