//! `bico emit`: the accelerator as SystemVerilog, with what a board needs to run a network on it.

use super::Talk;
use super::common::{self, Pair, PairArguments, note, print};
use super::samples;
use crate::dataset::Split;
use crate::error::{Error, Result};
use crate::ip::cost;
use crate::model::{LoadOptions, Network, WeightsFile};
use crate::rtl;
use crate::simulate::Sample;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Also write the memory image of this network: a name from `bico networks`, or a folder.
    #[arg(value_name = "MODEL")]
    model: Option<String>,
    #[command(flatten)]
    pair: PairArguments,
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
    let Pair { accelerator: acc, board, .. } = arguments.pair.load()?;
    // All that can be refused is settled before the first file is written.
    let overflow = cost::check_fits_unless(arguments.allow_overflow, &acc, &board)?;
    let image = match &arguments.model {
        Some(model) => {
            let file = WeightsFile::Optional;
            let network = common::network(model, LoadOptions { feature_bits: arguments.features, weight_bits: arguments.weights, file })?;
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
        if let Some(e) = overflow {
            note(&format!("note: {}", e.what()));
        }
        if rtl::vivado_script(&acc, &board).is_none() {
            note(&format!("note: no vivado.tcl: the part of board `{}` is not known as a Zynq-7000", board.name));
        }
        note("note: vivado.tcl and driver.py were never run on the real thing");
    }
    Ok(())
}

/// The input that the image holds: the first test scene for a detector, else noise.
fn sample(network: &Network) -> Result<Sample> {
    let found = match network.head {
        Some(_) => samples::scenes(network, Split::Test, 0, 1)?,
        None => samples::noise(network),
    };
    found.samples.into_iter().next().ok_or_else(|| Error::fault("no sample"))
}
