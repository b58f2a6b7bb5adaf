//! `bico emit`: the accelerator as SystemVerilog.

use super::common::print;
use crate::accelerator;
use crate::error::Result;
use crate::rtl;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Accelerator: a name from `bico accelerators`, or a TOML file.
    #[arg(long, value_name = "A", default_value = "pynq-z1-default")]
    accelerator: String,
    /// Folder to write to; created when missing.
    #[arg(long, value_name = "DIR", default_value = "bico-rtl")]
    out: PathBuf,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<()> {
    let acc = accelerator::load(&arguments.accelerator)?;
    for path in rtl::emit(&acc, &arguments.out)? {
        print(&format!("{}\n", path.display()));
    }
    Ok(())
}
