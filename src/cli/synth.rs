//! `bico synth`: what Yosys makes of an accelerator, beside what the cost model says.

use super::Talk;
use super::common::{DEFAULT_ACCELERATOR, Format, mapping_setting, note, print};
use crate::accelerator::{self, Accelerator};
use crate::board::{self, Board, Mapping};
use crate::error::{Error, Result};
use crate::files::{check_outputs, write_in_folder};
use crate::report::synthesis::{self as plot, Point};
use crate::rtl::synth::{self, Comparison, Summary, Synthesis, percent, random, table};
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
    /// How the cost model maps products to DSP slices, instead of the board file's choice; what is synthesised does not change.
    #[arg(long, value_enum, value_name = "M")]
    mapping: Option<Mapping>,
    /// What is printed; as JSON cells, resources, model and delay.
    #[arg(long, value_enum, default_value_t = Format::Table, conflicts_with = "csv")]
    format: Format,
    /// Keep the sources, the script and what Yosys said in this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "csv")]
    out: Option<PathBuf>,
    /// A file of synthesised accelerators: what is named is added, then every row is held against the cost model.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Synthesise this many random accelerators; those that the file has already are left out.
    #[arg(long, value_name = "N", requires = "csv", conflicts_with = "accelerator")]
    random: Option<u64>,
    /// Stream of the random accelerators; the cost model is fitted on stream 1.
    #[arg(long, value_name = "S", default_value_t = 2, requires = "random")]
    seed: u64,
    /// Draw model against synthesis for all rows of the file (SVG).
    #[arg(long, value_name = "FILE", requires = "csv")]
    plot: Option<PathBuf>,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, talk: Talk) -> Result<()> {
    let settings: Vec<_> = mapping_setting(arguments.mapping)?.into_iter().collect();
    let board = board::open(&arguments.board, &settings)?.check()?;
    match &arguments.csv {
        Some(file) => {
            check_outputs([file].into_iter().chain(&arguments.plot))?;
            let wanted = match (&arguments.accelerator, arguments.random) {
                (Some(name), _) => vec![load(name)?],
                (None, count) => (0..count.unwrap_or(0)).map(|i| random::accelerator(arguments.seed, i)).collect::<Result<_>>()?,
            };
            let rows = fill(file, wanted, talk)?;
            let comparisons: Vec<Comparison> = rows.iter().map(|r| Comparison::of_row(r, &board)).collect();
            print(&many(&comparisons));
            arguments.plot.as_ref().map_or(Ok(()), |path| write_in_folder(path, drawn(&comparisons)?.as_bytes()))
        }
        None => {
            let acc = load(arguments.accelerator.as_deref().unwrap_or(DEFAULT_ACCELERATOR))?;
            let synthesis = with_folder(arguments.out.as_deref(), |dir| synth::synthesize(&acc, dir, true))?;
            print(&match arguments.format {
                Format::Table => one(&acc, &board, &synthesis),
                Format::Json => json(&acc, &board, &synthesis)?,
            });
            Ok(())
        }
    }
}

/// Random accelerators have names too: `random-SEED-INDEX`.
fn load(name: &str) -> Result<Accelerator> {
    random::named(name).unwrap_or_else(|| accelerator::load(name))
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
fn fill(file: &Path, wanted: Vec<Accelerator>, talk: Talk) -> Result<Vec<table::Row>> {
    let mut rows = table::read(file)?;
    if rows.is_empty() && wanted.is_empty() {
        return Err(Error::usage("no synthesised accelerators in this file")
            .file(file)
            .hint("add some: `--random N` or `--accelerator A`"));
    }
    for accelerator in wanted {
        if rows.iter().any(|r| r.accelerator.name == accelerator.name) {
            continue;
        }
        let Synthesis { cells, .. } = with_folder(None, |dir| synth::synthesize(&accelerator, dir, false))?;
        if !talk.quiet {
            note(&format!("{}: {}", accelerator.name, cells.resources()));
        }
        rows.push(table::Row { accelerator, cells });
        table::write(file, &rows)?;
    }
    Ok(rows)
}

/// A table of one accelerator.
fn one(acc: &Accelerator, board: &Board, synthesis: &Synthesis) -> String {
    let c = Comparison::new(acc, board, &synthesis.cells);
    let (model, found) = (c.model_memory, c.found_memory);
    let lutram = |m: crate::ip::cost::MemoryCells| 4 * (m.ram32m + m.ram64m);
    let rows = [
        ("DSP48E1", c.model.dsp, c.found.dsp),
        ("RAMB18E1", model.ramb18, found.ramb18),
        ("RAMB36E1", model.ramb36, found.ramb36),
        ("LUT", c.model.lut, c.found.lut),
        ("  as LUTRAM", lutram(model), synthesis.cells.memory_luts()),
        ("  as SRL", model.shift_registers, found.shift_registers),
        ("FF", c.model.ff, c.found.ff),
    ];
    let mut text = format!("{} by Yosys, synth_xilinx -family xc7\n{:<12} {:>9} {:>9}  model is\n", acc.name, "", "model", "Yosys");
    for (name, model, found) in rows {
        let verdict = if model == found { "exact".to_string() } else { format!("{:+.1}%", percent(model, found)) };
        let _ = writeln!(text, "{name:<12} {model:>9} {found:>9}  {verdict}");
    }
    for name in ["CARRY4", "MUXF7", "MUXF8"] {
        let _ = writeln!(text, "{name:<12} {:>9} {:>9}", "", synthesis.cells.of(name));
    }
    text.push_str(&match synthesis.delay {
        Some(d) => format!(
            "longest path through logic: {:.2} ns, a lower bound on the clock period (no wires, skew or uncertainty): \
             no more than {:.0} MHz\n",
            d.logic_ps as f64 / 1e3,
            1e6 / d.logic_ps as f64
        ),
        None => "longest path through logic: Yosys could not tell\n".to_string(),
    });
    text
}

fn json(acc: &Accelerator, board: &Board, synthesis: &Synthesis) -> Result<String> {
    let c = Comparison::new(acc, board, &synthesis.cells);
    let value = serde_json::json!({
        "accelerator": c.name,
        "mapping": board.mapping,
        "model": c.model,
        "model_memory_cells": c.model_memory,
        "synthesised": c.found,
        "synthesised_memory_cells": c.found_memory,
        "cells": synthesis.cells.0,
        "logic_delay_lower_bound_ps": synthesis.delay.map(|d| d.logic_ps),
    });
    let text = serde_json::to_string_pretty(&value).map_err(|e| Error::fault(format!("cannot write JSON: {e}")))?;
    Ok(text + "\n")
}

/// A line for each accelerator, and what holds over the two sets.
fn many(comparisons: &[Comparison]) -> String {
    let mut text = format!(
        "{:<18} {:<9} {:>5} {:>7} {:>9} {:>9} {:>7} {:>9} {:>9} {:>7}\n",
        "accelerator", "set", "DSP", "BRAM18", "LUT model", "Yosys", "", "FF model", "Yosys", ""
    );
    for c in comparisons {
        let set = if c.fitted { "fit" } else { "held out" };
        let exact = if c.exact() { "" } else { "  DSP or memories differ" };
        let _ = writeln!(
            text,
            "{:<18} {set:<9} {:>5} {:>7} {:>9} {:>9} {:>+6.1}% {:>9} {:>9} {:>+6.1}%{exact}",
            c.name,
            c.found.dsp,
            c.found.bram18,
            c.model.lut,
            c.found.lut,
            c.lut_percent(),
            c.model.ff,
            c.found.ff,
            c.ff_percent()
        );
    }
    for (name, fitted) in [("fit", true), ("held out", false)] {
        let _ = writeln!(text, "{name}: {}", Summary::of(comparisons.iter().filter(|c| c.fitted == fitted)));
    }
    text
}

fn drawn(comparisons: &[Comparison]) -> Result<String> {
    let point = |c: &Comparison| Point { fitted: c.fitted, lut: (c.model.lut, c.found.lut), ff: (c.model.ff, c.found.ff) };
    plot::draw(&comparisons.iter().map(point).collect::<Vec<_>>())
}
