//! `bico compare`: what changed between two runs.

use super::common::{Format, print};
use crate::error::{Error, Kind, Result};
use crate::report;
use std::path::{Path, PathBuf};

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Folder of the first run (or its record.json).
    run_a: PathBuf,
    /// Folder of the second run (or its record.json).
    run_b: PathBuf,
    /// What is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Exit with code 7 when anything differs.
    #[arg(long)]
    fail: bool,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<()> {
    let (a, b) = (report::read_record(&record(&arguments.run_a))?, report::read_record(&record(&arguments.run_b))?);
    let comparison = report::compare(&a, &b);
    match arguments.format {
        Format::Table => print(&comparison.text()),
        Format::Json => print(&comparison.json()?),
    }
    if arguments.fail && !comparison.is_same() {
        return Err(Error::new(Kind::Difference, "the runs differ"));
    }
    Ok(())
}

fn record(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("record.json") } else { path.to_path_buf() }
}
