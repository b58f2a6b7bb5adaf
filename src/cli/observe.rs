//! `bico observe`: the papers' observations on resources, from real runs. The first, on accuracy, is `bico sweep`.

use super::Talk;
use super::common::{DEFAULT_ACCELERATOR, note, print};
use crate::accelerator;
use crate::board;
use crate::error::Result;
use crate::files::write_atomically;
use crate::report::steps;
use crate::search::{Genes, bottomup, bundle, observe};
use crate::sweep::journal::to_csv;
use serde::Serialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Which.
    #[arg(value_enum)]
    what: What,
    /// Board: a name from `bico boards`, or a TOML file.
    #[arg(long, value_name = "B", default_value = board::DEFAULT)]
    board: String,
    /// Accelerator: a name from `bico accelerators`, or a TOML file; its widths do not matter.
    #[arg(long, value_name = "A", default_value = DEFAULT_ACCELERATOR)]
    accelerator: String,
    /// Write CSV and SVG to this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum What {
    /// Observation 2: block RAM against the input's resize factor, for features of 12 to 16 bits.
    Bram,
    /// Observation 3: DSP slices against widths of weights and features, for our RTL with the packed IP and for Vivado HLS's mapping.
    Dsp,
}

/// Runs the subcommand.
pub fn run(a: &Arguments, talk: Talk) -> Result<()> {
    let (acc, board) = (accelerator::load(&a.accelerator)?, board::load(&a.board)?);
    match a.what {
        What::Bram => {
            let genes = Genes { channels: vec![16, 32, 64, 96, 128], ..bottomup::probe("dw3-pw") };
            let rows = observe::bram(&bundle::builtin(), &genes, &acc, &board, &[12, 13, 14, 15, 16])?;
            let mut text =
                format!("{:>13}{:>10}{:>9}{:>12}{:>8}{:>12}\n", "resize factor", "input", "features", "bank words", "RAMB18", "cycles");
            for r in &rows {
                let input = format!("{}x{}", r.width, r.height);
                let _ = writeln!(
                    text,
                    "{:>13.2}{input:>10}{:>9}{:>12}{:>8}{:>12}",
                    r.resize_factor, r.feature_bits, r.bank_words, r.ramb18, r.cycles
                );
            }
            let of = |bits: u8| {
                let points = rows.iter().filter(|r| r.feature_bits == bits).map(|r| (r.resize_factor, r.ramb18 as f64));
                (format!("{bits}-bit features"), points.collect())
            };
            let panels = [("banks as large as the plan needs".to_string(), [12, 13, 14, 15, 16].map(of).to_vec())];
            let title = format!("Observation 2: block RAM against input size on {}", acc.name);
            finish(
                a,
                talk,
                "observation2",
                &rows,
                &steps::draw(&title, "resize factor of a 320 x 160 input", "RAMB18 (half block RAMs)", &panels)?,
                &text,
            )
        }
        What::Dsp => {
            let (features, weights): (Vec<u8>, Vec<u8>) = ((4..=16).collect(), (2..=16).collect());
            let rows = observe::dsp(&acc, &board, &features, &weights);
            let mut text = String::new();
            let mut panels = Vec::new();
            for mapping in [board::Mapping::Yosys, board::Mapping::VivadoHls] {
                let _ =
                    write!(text, "DSP slices, products mapped as by {mapping}; rows: bits of features, columns: bits of weights\n        ");
                weights.iter().for_each(|w| {
                    let _ = write!(text, "{w:>5}");
                });
                text.push('\n');
                let of = |bits: u8| rows.iter().filter(move |r| r.mapping == mapping && r.feature_bits == bits);
                for &f in &features {
                    let _ = write!(text, "{f:>2} bits ");
                    of(f).for_each(|r| {
                        let _ = write!(text, "{:>5}", r.dsp);
                    });
                    text.push('\n');
                }
                let line = |f: u8| (format!("{f}-bit features"), of(f).map(|r| (f64::from(r.weight_bits), r.dsp as f64)).collect());
                panels.push((format!("mapped as by {mapping}"), [6, 8, 9, 12, 16].map(line).to_vec()));
                text.push('\n');
            }
            let title = format!("Observation 3: DSP slices against widths on {}", acc.name);
            finish(a, talk, "observation3", &rows, &steps::draw(&title, "bits of weights", "DSP slices", &panels)?, &text)
        }
    }
}

fn finish<T: Serialize>(a: &Arguments, talk: Talk, name: &str, rows: &[T], svg: &str, text: &str) -> Result<()> {
    if let Some(folder) = &a.out {
        crate::files::make_folder(folder)?;
        let file = |ending: &str| Path::new(folder).join(format!("{name}.{ending}"));
        write_atomically(&file("csv"), &to_csv(rows)?)?;
        write_atomically(&file("svg"), svg.as_bytes())?;
        if !talk.quiet {
            note(&format!("{name}.csv and {name}.svg in {}", folder.display()));
        }
    }
    print(text);
    Ok(())
}
