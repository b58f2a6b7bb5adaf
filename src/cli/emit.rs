//! `bico emit`: the accelerator as SystemVerilog, with what a board needs to run a network on it.

use super::Talk;
use super::common::{DesignArguments, note, print};
use super::samples;
use crate::config::Override;
use crate::dataset::Split;
use crate::error::{Error, Kind, Result};
use crate::ip::cost;
use crate::model::Network;
use crate::simulate::Sample;
use crate::{accelerator, board, rtl};
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Also write the memory image of this network: a name from `bico networks`, or a folder.
    #[arg(value_name = "MODEL")]
    model: Option<String>,
    /// Accelerator: a name from `bico accelerators`, or a TOML file.
    #[arg(long, value_name = "A", default_value = "pynq-z1-default")]
    accelerator: String,
    /// Board: a name from `bico boards`, or a TOML file.
    #[arg(long, value_name = "B", default_value = board::DEFAULT)]
    board: String,
    /// Change one value of the accelerator, e.g. `--set clock_mhz=150`.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = super::common::parse_override)]
    accelerator_settings: Vec<Override>,
    /// Width of every feature map in bits, instead of the network's.
    #[arg(long, value_name = "BITS", requires = "model")]
    features: Option<u8>,
    /// Width of all weights in bits, instead of the network's.
    #[arg(long, value_name = "BITS", requires = "model")]
    weights: Option<u8>,
    /// Emit a design that does not fit the board all the same.
    #[arg(long)]
    allow_overflow: bool,
    /// Folder to write to; created when missing.
    #[arg(long, value_name = "DIR", default_value = "bico-rtl")]
    out: PathBuf,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, talk: Talk) -> Result<()> {
    let acc = accelerator::open(&arguments.accelerator, &arguments.accelerator_settings)?.check()?;
    let board = board::open(&arguments.board, &[])?.check()?;
    // All that can be refused is settled before the first file is written.
    let fits = cost::check_fits(&acc, &board);
    match &fits {
        Err(e) if e.kind() != Kind::DoesNotFit => return Err(e.clone()),
        Err(e) if !arguments.allow_overflow => return Err(e.clone().hint_more("or emit it all the same with --allow-overflow")),
        _ => {}
    }
    let image = match &arguments.model {
        Some(model) => {
            let network = design(arguments, model).load()?.network;
            Some(rtl::MemoryImage::new(&network, &acc, &board, &sample(&network)?)?)
        }
        None => None,
    };
    let mut files = rtl::emit(&acc, &arguments.out)?;
    files.extend(rtl::write_host(&acc, &board, &arguments.out)?);
    if let Some(image) = &image {
        files.extend(image.write(&arguments.out)?);
    }
    files.iter().for_each(|path| print(&format!("{}\n", path.display())));
    if !talk.quiet {
        if let Err(e) = fits {
            note(&format!("note: {}", e.what()));
        }
        if rtl::vivado_script(&acc, &board).is_none() {
            note(&format!("note: no vivado.tcl: the part of board `{}` is no Zynq-7000", board.name));
        }
        note("note: vivado.tcl and driver.py were never run on the real thing");
    }
    Ok(())
}

fn design(arguments: &Arguments, model: &str) -> DesignArguments {
    DesignArguments {
        model: model.to_string(),
        board: arguments.board.clone(),
        accelerator: arguments.accelerator.clone(),
        accelerator_settings: arguments.accelerator_settings.clone(),
        board_settings: Vec::new(),
        mapping: None,
        features: arguments.features,
        weights: arguments.weights,
    }
}

/// The input that the image holds: the first test scene for a detector, else noise.
fn sample(network: &Network) -> Result<Sample> {
    let found = match network.head {
        Some(_) => samples::scenes(network, Split::Test, 0, 1)?,
        None => samples::noise(network),
    };
    found.samples.into_iter().next().ok_or_else(|| Error::fault("no sample"))
}
