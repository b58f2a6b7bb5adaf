//! `bico accelerators`: what is embedded, and what it takes on a board.

use super::common::{CopyArguments, copy_or_print, mapping_setting, print};
use crate::board::Mapping;
use crate::error::Result;
use crate::ip::cost;
use crate::{accelerator, account, board, plan::Unit};
use std::fmt::Write;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    one: CopyArguments,
    /// Board whose resources count.
    #[arg(long, value_name = "B", default_value = crate::board::DEFAULT, conflicts_with = "name")]
    board: String,
    /// How products are mapped to DSP slices, instead of the board file's choice.
    #[arg(long, value_enum, value_name = "M", conflicts_with = "name")]
    mapping: Option<Mapping>,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<()> {
    if let Some(name) = &arguments.one.name {
        return copy_or_print(&arguments.one, &accelerator::text(name)?);
    }
    let settings: Vec<_> = mapping_setting(arguments.mapping)?.into_iter().collect();
    let board = board::open(&arguments.board, &settings)?.check()?;
    let mut text = format!(
        "on {}, products mapped as by {}\n{:<18} {:>5} {:>5} {:>7} {:>6} {:>9} {:>7} {:>7}  {}\n",
        board.name, board.mapping, "accelerator", "lanes", "MHz", "MAC/cy", "DSP", "BRAM36", "LUT", "FF", "fits"
    );
    for name in accelerator::names() {
        let a = accelerator::builtin(name)?;
        let r = cost::resources(&a, &board);
        let macs: u64 = Unit::ALL.into_iter().map(|u| account::multipliers(&a, u)).sum();
        let _ = writeln!(
            text,
            "{:<18} {:>5} {:>5.0} {macs:>7} {:>6} {:>9.1} {:>7} {:>7}  {}",
            a.name,
            a.lanes,
            a.clock.mhz(),
            r.total.dsp,
            r.total.bram18 as f64 / 2.0,
            r.total.lut,
            r.total.ff,
            if r.fits { "yes" } else { "no" }
        );
    }
    print(&text);
    Ok(())
}
