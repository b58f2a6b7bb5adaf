//! Plain request traces: one request a line, `cycle address R|W bytes [port]`, and their replay through the memory alone.
//!
//! Numbers are decimal or `0x` hexadecimal; `#` starts a comment; the port is 0 unless given; cycles do not decrease. A request is widened
//! to whole 8-byte beats and cut into the longest legal AXI bursts. Each port and direction hands its bursts over in order, an address a
//! cycle for reads, a beat a cycle for writes, and any number may wait in the port.

use super::{AddressMap, BEAT_BYTES, Completion, Kind, MAX_BEATS, Memory, MemorySpec, MemoryStats, PORTS, Request};
use crate::error::{Error, Result};
use crate::units::{Cycle, Hertz};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::Path;

/// Latest cycle of a trace: some three hours at 100 MHz.
const LAST_CYCLE: u64 = 1 << 40;
/// Largest request.
const LARGEST_BYTES: u64 = 1 << 24;

/// One request of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRequest {
    /// One-based line in the file.
    pub line: usize,
    /// Fabric cycle from which it is asked for.
    pub cycle: u64,
    /// Byte address.
    pub address: u64,
    /// Direction.
    pub kind: Kind,
    /// Bytes.
    pub bytes: u64,
    /// HP port.
    pub port: u8,
}

/// One request with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TraceAnswer {
    /// One-based line in the file.
    pub line: usize,
    /// Fabric cycle from which it is asked for.
    pub cycle: u64,
    /// Byte address.
    pub address: u64,
    /// Whether it writes.
    pub is_write: bool,
    /// Bytes asked for.
    pub bytes: u64,
    /// HP port.
    pub port: u8,
    /// Fabric cycle of its last data beat (read) or last B response (write).
    pub completion_cycle: u64,
}

impl TraceAnswer {
    /// Cycles from asking to completion.
    pub fn latency_cycles(&self) -> u64 {
        self.completion_cycle - self.cycle
    }
}

/// Latencies of a set of requests, in fabric cycles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct LatencySummary {
    /// Requests in the set.
    pub requests: u64,
    /// Mean.
    pub mean_cycles: f64,
    /// Median.
    pub p50_cycles: u64,
    /// 90th percentile (nearest rank).
    pub p90_cycles: u64,
    /// 99th percentile (nearest rank).
    pub p99_cycles: u64,
    /// Largest.
    pub max_cycles: u64,
}

/// What a trace did.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TraceReport {
    /// Fabric clock.
    pub fabric_hz: Hertz,
    /// Each request, in the order of the file.
    pub answers: Vec<TraceAnswer>,
    /// Cycles from the first request to the last completion, both included.
    pub elapsed_cycles: u64,
    /// Bytes asked for, over the elapsed time, in 10^6 a second.
    pub bandwidth_mb_per_s: f64,
    /// Peak of the data bus in 10^6 bytes a second.
    pub peak_mb_per_s: f64,
    /// Reads.
    pub reads: LatencySummary,
    /// Writes.
    pub writes: LatencySummary,
    /// Counts of the memory, up to the decision of the last answer.
    pub stats: MemoryStats,
}

/// Reads the text of a trace; `file` is for messages only.
///
/// # Errors
/// Input, with file, line, value and what is allowed.
pub fn parse_trace(text: &[u8], file: &Path, capacity_bytes: u64) -> Result<Vec<TraceRequest>> {
    let mut requests: Vec<TraceRequest> = Vec::new();
    for (index, bytes) in text.split(|b| *b == b'\n').enumerate() {
        let line = index + 1;
        let text = std::str::from_utf8(bytes).map_err(|_| Error::input("the line is no UTF-8 text").at(file, line))?;
        let fields: Vec<&str> = text.split('#').next().unwrap_or("").split_whitespace().collect();
        if fields.is_empty() {
            continue;
        }
        let earliest = requests.last().map_or(0, |r| r.cycle);
        requests.push(parse_line(&fields, line, earliest, capacity_bytes).map_err(|e| e.at(file, line))?);
    }
    if requests.is_empty() {
        return Err(Error::input("the trace holds no request").file(file).hint("write lines like: 0 0x1000 R 128"));
    }
    if u32::try_from(requests.len()).is_err() {
        return Err(Error::input("the trace is too long").file(file).value(requests.len()).allowed("fewer than 2^32 requests"));
    }
    Ok(requests)
}

fn parse_line(fields: &[&str], line: usize, earliest: u64, capacity: u64) -> Result<TraceRequest> {
    let (cycle, address, kind, bytes, port) = match *fields {
        [cycle, address, kind, bytes] => (cycle, address, kind, bytes, None),
        [cycle, address, kind, bytes, port] => (cycle, address, kind, bytes, Some(port)),
        _ => {
            let allowed = "cycle address R|W bytes [port]";
            return Err(Error::input("the line has a wrong number of fields").value(fields.len()).allowed(allowed));
        }
    };
    let cycle = number("cycle", cycle, earliest, LAST_CYCLE)?;
    let address = number("address", address, 0, capacity - 1)?;
    let kind = match kind {
        "R" | "r" => Kind::Read,
        "W" | "w" => Kind::Write,
        other => return Err(Error::input("the direction is unknown").value(clip(other)).allowed("R or W")),
    };
    let bytes = number("bytes", bytes, 1, LARGEST_BYTES.min(capacity - address))?;
    let port = port.map_or(Ok(0), |p| number("port", p, 0, PORTS as u64 - 1))? as u8;
    Ok(TraceRequest { line, cycle, address, kind, bytes, port })
}

fn number(name: &str, text: &str, least: u64, most: u64) -> Result<u64> {
    let value = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) if !digits.starts_with('+') => u64::from_str_radix(digits, 16).ok(),
        None if !text.starts_with('+') => text.parse().ok(),
        _ => None,
    };
    let allowed = format!("{least} to {most} ({least:#x} to {most:#x})");
    match value {
        Some(value) if (least..=most).contains(&value) => Ok(value),
        Some(value) => Err(Error::input(format!("{name} is out of range")).value(value).allowed(allowed)),
        None => Err(Error::input(format!("{name} is no number")).value(clip(text)).allowed(allowed)),
    }
}

/// The beginning of a value, for messages.
fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}

/// One direction of one port: the requests it still has to hand over.
#[derive(Default)]
struct Feeder {
    /// Indices into the trace, last first.
    requests: Vec<usize>,
    /// First byte of the current request not handed over.
    address: Option<u64>,
    free: u64,
}

impl Feeder {
    /// The next burst: the cycle at which the memory sees it, and itself.
    fn peek(&self, trace: &[TraceRequest]) -> Option<(u64, Request)> {
        let index = *self.requests.last()?;
        let r = &trace[index];
        let addr = self.address.unwrap_or(r.address & !(BEAT_BYTES - 1));
        let page_end = (addr | 4095) + 1;
        let end = (r.address + r.bytes).next_multiple_of(BEAT_BYTES).min(page_end).min(addr + BEAT_BYTES * u64::from(MAX_BEATS));
        let beats = ((end - addr) / BEAT_BYTES) as u8;
        let start = r.cycle.max(self.free);
        let at = if r.kind == Kind::Write { start + u64::from(beats) - 1 } else { start };
        Some((at, Request { port: r.port, kind: r.kind, addr, beats, tag: index as u32 }))
    }

    fn taken(&mut self, trace: &[TraceRequest], at: u64, burst: &Request) {
        let r = &trace[burst.tag as usize];
        let end = burst.addr + BEAT_BYTES * u64::from(burst.beats);
        self.free = at + 1;
        self.address = (end < r.address + r.bytes).then_some(end);
        if self.address.is_none() {
            self.requests.pop();
        }
    }
}

/// Runs a trace alone through the memory.
///
/// # Errors
/// Input: a specification or clock that [`Memory::new`] refuses.
pub fn replay(trace: &[TraceRequest], spec: &MemorySpec, fabric: Hertz) -> Result<TraceReport> {
    let mut memory = Memory::new(spec, fabric)?;
    let mut feeders: [Feeder; 2 * PORTS] = Default::default();
    for (index, r) in trace.iter().enumerate().rev() {
        feeders[2 * usize::from(r.port) + r.kind as usize].requests.push(index);
    }
    let mut completion_cycles = vec![0; trace.len()];
    let mut out: Vec<Completion> = Vec::new();
    // Answers of one port and direction come in order, so the last burst of a request sets its completion.
    let mut settle = |out: &mut Vec<Completion>| out.drain(..).for_each(|c| completion_cycles[c.tag as usize] = c.last.0);
    while let Some((at, f)) = feeders.iter().enumerate().filter_map(|(f, feeder)| Some((feeder.peek(trace)?.0, f))).min() {
        memory.advance(Cycle(at), &mut out);
        settle(&mut out);
        let (_, burst) = feeders[f].peek(trace).expect("just seen");
        memory.submit(Cycle(at), burst)?;
        feeders[f].taken(trace, at, &burst);
    }
    while let Some(at) = memory.announced_by() {
        memory.advance(at, &mut out);
        settle(&mut out);
    }
    let answer = |(r, completion_cycle): (&TraceRequest, u64)| TraceAnswer {
        line: r.line,
        cycle: r.cycle,
        address: r.address,
        is_write: r.kind == Kind::Write,
        bytes: r.bytes,
        port: r.port,
        completion_cycle,
    };
    Ok(summarise(trace.iter().zip(completion_cycles).map(answer).collect(), spec, fabric, *memory.stats()))
}

fn summarise(answers: Vec<TraceAnswer>, spec: &MemorySpec, fabric_hz: Hertz, stats: MemoryStats) -> TraceReport {
    let first = answers.first().map_or(0, |a| a.cycle);
    let last = answers.iter().map(|a| a.completion_cycle).max().unwrap_or(0);
    let elapsed_cycles = last + 1 - first;
    let bytes: u64 = answers.iter().map(|a| a.bytes).sum();
    TraceReport {
        fabric_hz,
        elapsed_cycles,
        bandwidth_mb_per_s: bytes as f64 * fabric_hz.mhz() / elapsed_cycles as f64,
        peak_mb_per_s: spec.peak_bytes_per_second() as f64 / 1e6,
        reads: latencies(answers.iter().filter(|a| !a.is_write)),
        writes: latencies(answers.iter().filter(|a| a.is_write)),
        answers,
        stats,
    }
}

fn latencies<'a>(answers: impl Iterator<Item = &'a TraceAnswer>) -> LatencySummary {
    let mut cycles: Vec<u64> = answers.map(TraceAnswer::latency_cycles).collect();
    if cycles.is_empty() {
        return LatencySummary::default();
    }
    cycles.sort_unstable();
    let percentile = |p: usize| cycles[(cycles.len() * p).div_ceil(100).max(1) - 1];
    LatencySummary {
        requests: cycles.len() as u64,
        mean_cycles: cycles.iter().sum::<u64>() as f64 / cycles.len() as f64,
        p50_cycles: percentile(50),
        p90_cycles: percentile(90),
        p99_cycles: percentile(99),
        max_cycles: percentile(100),
    }
}

/// The capacity that addresses of a trace have to stay below.
///
/// # Errors
/// Input: an address map that makes no sense.
pub fn capacity_bytes(spec: &MemorySpec) -> Result<u64> {
    Ok(AddressMap::new(spec)?.capacity_bytes())
}
