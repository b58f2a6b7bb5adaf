//! Runs Yosys and reads what it prints.

use super::Cells;
use crate::accelerator::Accelerator;
use crate::error::{Error, Kind, Result};
use crate::rtl::emit::emit;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// A synthesised accelerator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synthesis {
    /// Cells of the flat netlist.
    pub cells: Cells,
    /// Longest path, when it was asked for and Yosys could tell.
    pub delay: Option<Delay>,
}

/// The longest path through logic, as Yosys' `sta` adds up the delays of its cells.
///
/// A lower bound on the clock period: wires cost nothing in it, and clock skew and uncertainty are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    /// Sum of the cells' delays, with the setup time of the register at the end, in picoseconds.
    pub logic_ps: u64,
}

/// `yosys`, when it can not be run.
pub fn missing_tool() -> Option<&'static str> {
    Command::new("yosys").arg("-V").output().map_or(true, |o| !o.status.success()).then_some("yosys")
}

/// Synthesises `acc` for 7-series devices, with `sta` at the end when `timed`. The sources are written to `dir` (created when missing).
///
/// # Errors
/// When the accelerator has no RTL, `dir` can not be written, Yosys is missing or refuses the sources (kind `Environment`).
pub fn synthesize(acc: &Accelerator, dir: &Path, timed: bool) -> Result<Synthesis> {
    if missing_tool().is_some() {
        return Err(Error::new(Kind::Environment, "cannot run `yosys`")
            .hint("install yosys, version 0.23 or later (Debian: apt-get install yosys)"));
    }
    let sources = emit(acc, dir)?;
    let mut script = String::from("read_verilog -sv");
    for file in &sources {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let _ = write!(script, " {name}");
    }
    script.push_str("\nsynth_xilinx -family xc7 -flatten -top bico_top\ntee -q -o stat.txt stat\n");
    if timed {
        // The cells again, this time with the delays that are behind `specify`.
        script.push_str("read_verilog -lib -specify -overwrite +/xilinx/cells_sim.v\ntee -q -o sta.txt sta\n");
    }
    run(dir, &script)?;
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).map_err(|e| Error::io("read", &dir.join(name), &e));
    let cells = Cells::of_stat(&read("stat.txt")?);
    if cells.0.is_empty() {
        return Err(Error::new(Kind::Environment, "`yosys` printed no cell counts").hint("bico knows the output of version 0.23"));
    }
    Ok(Synthesis { cells, delay: if timed { latest(&read("sta.txt")?) } else { None } })
}

/// Runs a script in `dir`, where its output stays in `yosys.log`.
fn run(dir: &Path, script: &str) -> Result<()> {
    let path = dir.join("synth.ys");
    std::fs::write(&path, script).map_err(|e| Error::io("write", &path, &e))?;
    let output = Command::new("yosys").args(["-q", "-l", "yosys.log", "-s", "synth.ys"]).current_dir(dir).output();
    let output = output.map_err(|e| Error::new(Kind::Environment, format!("cannot run `yosys`: {e}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    let last = lines[lines.len().saturating_sub(20)..].join("\n");
    Err(Error::new(Kind::Environment, format!("`yosys` failed ({})", output.status)).value(last))
}

/// `Latest arrival time in 'bico_top' is 12345:` in picoseconds.
fn latest(sta: &str) -> Option<Delay> {
    let line = sta.lines().find(|l| l.contains("Latest arrival time"))?;
    let logic_ps = line.rsplit(' ').next()?.trim_end_matches(':').parse().ok()?;
    Some(Delay { logic_ps })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_arrival_is_read() {
        assert_eq!(latest("x\nLatest arrival time in 'bico_top' is 4612:\n  4612 a"), Some(Delay { logic_ps: 4612 }));
        assert_eq!(latest("No timing arcs"), None);
    }
}
