//! `bico synth`: what Yosys makes of an accelerator, beside what the cost model says.

use super::Talk;
use super::common::print;
use crate::accelerator::{self, Accelerator};
use crate::board::{self, Board, Resources};
use crate::error::{Error, Result};
use crate::ip::cost;
use crate::rtl::synth::{self, Synthesis, random, table};
use std::fmt::Write;
use std::path::{Path, PathBuf};

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Accelerator: a name from `bico accelerators`, or a TOML file [default: pynq-z1-default]
    #[arg(long, value_name = "A")]
    accelerator: Option<String>,
    /// Board whose multipliers the cost model assumes.
    #[arg(long, value_name = "B", default_value = board::DEFAULT)]
    board: String,
    /// What is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Keep the sources, the script and what Yosys said in this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// A file of synthesised accelerators: what is synthesised is added, then each row is held against the cost model.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Synthesise this many random accelerators; those that the file has already are left out.
    #[arg(long, value_name = "N", requires = "csv", conflicts_with = "accelerator")]
    random: Option<u64>,
    /// Stream of the random accelerators.
    #[arg(long, value_name = "S", default_value_t = 2)]
    seed: u64,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// For people.
    Table,
    /// Cells, resources, model and delay.
    Json,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, talk: Talk) -> Result<()> {
    let board = board::load(&arguments.board)?;
    match &arguments.csv {
        Some(file) => {
            let wanted = match (&arguments.accelerator, arguments.random) {
                (Some(name), _) => vec![accelerator::load(name)?],
                (None, count) => (0..count.unwrap_or(0)).map(|i| random::accelerator(arguments.seed, i)).collect::<Result<_>>()?,
            };
            fill(file, wanted, talk)?;
            Ok(())
        }
        None => {
            let acc = accelerator::load(arguments.accelerator.as_deref().unwrap_or("pynq-z1-default"))?;
            let synthesis = with_folder(arguments.out.as_deref(), |dir| synth::synthesize(&acc, dir, true))?;
            print(&one(&acc, &board, &synthesis));
            Ok(())
        }
    }
}

fn with_folder<T>(out: Option<&Path>, work: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    match out {
        Some(dir) => work(dir),
        None => {
            let dir = tempfile::tempdir().map_err(|e| Error::io("create a folder in", &std::env::temp_dir(), &e))?;
            work(dir.path())
        }
    }
}

/// Synthesises what the file lacks; it is written after each.
fn fill(file: &Path, wanted: Vec<Accelerator>, talk: Talk) -> Result<()> {
    let mut rows = table::read(file)?;
    for accelerator in wanted {
        if rows.iter().any(|r| r.accelerator.name == accelerator.name) {
            continue;
        }
        let Synthesis { cells, .. } = with_folder(None, |dir| synth::synthesize(&accelerator, dir, false))?;
        if !talk.quiet {
            eprintln!("{}: {}", accelerator.name, cells.resources());
        }
        rows.push(table::Row { accelerator, cells });
        table::write(file, &rows)?;
    }
    Ok(())
}

fn one(acc: &Accelerator, board: &Board, synthesis: &Synthesis) -> String {
    let (model, found) = (cost::total(acc, board), synthesis.cells.resources());
    let mut text = format!("{:<8} {:>9} {:>9} {:>8}\n", "", "model", "Yosys", "model is");
    for ((name, model), (_, found)) in model.named().into_iter().zip(found.named()) {
        let _ = writeln!(text, "{name:<8} {model:>9} {found:>9} {:>+7.1}%", percent(model, found));
    }
    let _ = writeln!(text, "{:?}", synthesis.delay);
    text
}

fn percent(model: u64, found: u64) -> f64 {
    if model == found { 0.0 } else { 100.0 * (model as f64 / found.max(1) as f64 - 1.0) }
}

#[allow(dead_code)]
fn unused(_: &Resources) {}
