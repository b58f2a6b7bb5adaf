//! `bico boards`: what is embedded.

use super::common::{CopyArguments, copy_or_print, print};
use crate::board;
use crate::error::Result;
use crate::power::{PUBLISHED, leave_one_out};
use std::fmt::Write;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    one: CopyArguments,
    /// Hold the power model against each published design, fitted on the others
    #[arg(long, conflicts_with = "name")]
    power: bool,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<()> {
    if let Some(name) = &arguments.one.name {
        return copy_or_print(&arguments.one, &board::text(name)?);
    }
    if arguments.power {
        return power();
    }
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

/// The published designs all run on the board that is the default.
fn power() -> Result<()> {
    let board = board::builtin(board::DEFAULT)?;
    print(&format!("{}: {} designs published on it\n{}\n", board.name, PUBLISHED.len(), leave_one_out(&board.power, &board.budget)));
    Ok(())
}
