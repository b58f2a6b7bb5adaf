//! `bico dram --trace FILE`: a plain request trace through the DDR model alone.

use crate::board;
use crate::dram::MemorySpec;
use crate::dram::trace::{LatencySummary, TraceReport, capacity_bytes, parse_trace, replay};
use crate::error::{Error, Result};
use crate::units::Hertz;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `bico dram`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Requests, one a line: `cycle address R|W bytes [port]`; `#` starts a remark.
    #[arg(long, value_name = "FILE")]
    trace: PathBuf,
    /// Board whose memory answers: a name from `bico boards`, or a TOML file.
    #[arg(long, value_name = "B", default_value = crate::board::DEFAULT)]
    board: String,
    /// Fabric clock in which the trace's cycles count.
    #[arg(long, value_name = "MHZ", default_value_t = 100.0)]
    clock_mhz: f64,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<()> {
    let clock = super::common::clock(arguments.clock_mhz)?;
    let board = board::load(&arguments.board)?;
    let report = run_trace(&arguments.trace, &board.memory, clock)?;
    let mut text = Vec::new();
    write_report(&report, &mut text).map_err(|e| Error::io("write", Path::new("standard output"), &e))?;
    super::common::print(&String::from_utf8_lossy(&text));
    Ok(())
}

/// Reads a trace and runs it. [`write_report`] prints the result.
///
/// # Errors
/// Input: an unreadable file, a bad line (file, line, value, allowed range), or a memory that no device has.
pub fn run_trace(trace: &Path, memory: &MemorySpec, fabric: Hertz) -> Result<TraceReport> {
    memory.check()?;
    let text = std::fs::read(trace).map_err(|e| Error::io("read the trace", trace, &e))?;
    replay(&parse_trace(&text, trace, capacity_bytes(memory)?)?, memory, fabric)
}

/// Writes the completion of each request as CSV, then bandwidth and latencies as `#` lines, so that the whole is still a CSV file.
///
/// # Errors
/// Those of `out`.
pub fn write_report(report: &TraceReport, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "line,cycle,address,direction,bytes,port,completion_cycle,latency_cycles")?;
    for a in &report.answers {
        let direction = if a.is_write { 'W' } else { 'R' };
        let (line, cycle, address, bytes, port) = (a.line, a.cycle, a.address, a.bytes, a.port);
        writeln!(out, "{line},{cycle},{address:#x},{direction},{bytes},{port},{},{}", a.completion_cycle, a.latency_cycles())?;
    }
    let r = report;
    let share = 100.0 * r.bandwidth_mb_per_s / r.peak_mb_per_s;
    writeln!(
        out,
        "# {} requests in {} cycles at {} MHz: {:.1} MB/s, {share:.1} % of the peak {:.0} MB/s",
        r.answers.len(),
        r.elapsed_cycles,
        r.fabric_hz.mhz(),
        r.bandwidth_mb_per_s,
        r.peak_mb_per_s
    )?;
    write_latency("read", &r.reads, out)?;
    write_latency("write", &r.writes, out)?;
    let s = &r.stats;
    writeln!(out, "# DDR bursts: {} row hits, {} misses, {} conflicts", s.row_hits, s.row_misses, s.row_conflicts)?;
    let turns = s.read_to_write_turns + s.write_to_read_turns;
    writeln!(out, "# {} activates, {} precharges, {} refreshes, {turns} turns of the bus", s.activates, s.precharges, s.refreshes)
}

fn write_latency(name: &str, l: &LatencySummary, out: &mut impl Write) -> std::io::Result<()> {
    if l.requests == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "# {name} latency in cycles: mean {:.1}, median {}, 90 % {}, 99 % {}, largest {} ({} requests)",
        l.mean_cycles, l.p50_cycles, l.p90_cycles, l.p99_cycles, l.max_cycles, l.requests
    )
}
