//! `bico boards`: what is embedded.

use super::common::print;
use crate::board;
use crate::error::Result;
use std::fmt::Write;

#[derive(clap::Args, Debug)]
pub struct Arguments {}

/// Runs the subcommand.
pub fn run(_: &Arguments) -> Result<()> {
    let mut text = format!(
        "{:<10} {:<20} {:>5} {:>7} {:>8} {:>8} {:>10}  {}\n",
        "board", "part", "DSP", "BRAM36", "LUT", "FF", "DDR MB/s", "DSP slice"
    );
    for name in board::names() {
        let b = board::builtin(name)?;
        let r = b.budget;
        let ddr = b.memory.peak_bytes_per_second() as f64 / 1e6;
        let _ = writeln!(
            text,
            "{:<10} {:<20} {:>5} {:>7} {:>8} {:>8} {ddr:>10.0}  {} ({} x {})",
            b.name,
            b.part,
            r.dsp,
            r.bram18 / 2,
            r.lut,
            r.ff,
            b.dsp_kind,
            b.dsp_operand_bits.0,
            b.dsp_operand_bits.1
        );
    }
    print(&text);
    Ok(())
}
