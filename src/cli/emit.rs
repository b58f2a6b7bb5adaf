//! `bico emit`: the accelerator as SystemVerilog, with what a board needs to run a network on it.

use super::Talk;
use super::common::{self, Pair, PairArguments, WidthArguments, note, print};
use super::samples;
use crate::dataset::Split;
use crate::error::{Error, Result};
use crate::ip::cost;
use crate::model::WeightsFile;
use crate::rtl;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Also write the memory image of this network: a name from `bico networks`, or a folder.
    #[arg(value_name = "MODEL")]
    model: Option<String>,
    #[command(flatten)]
    pair: PairArguments,
    #[command(flatten)]
    widths: WidthArguments,
    /// Emit a design that does not fit the board all the same.
    #[arg(long)]
    allow_overflow: bool,
    /// Folder to write to; created when missing.
    #[arg(long, value_name = "DIR", default_value = "bico-rtl")]
    out: PathBuf,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, talk: Talk) -> Result<()> {
    if let (None, Some(_)) = (&arguments.model, arguments.widths.features.or(arguments.widths.weights)) {
        return Err(Error::usage("--features and --weights are of a network, and none is named").hint("bico emit MODEL ..."));
    }
    let network = arguments.model.as_ref().map(|m| common::network(m, arguments.widths.options(WeightsFile::Optional))).transpose()?;
    let Pair { accelerator: acc, board, remark, .. } = arguments.pair.load(network.as_ref())?;
    // All that can be refused is settled before the first file is written.
    let overflow = cost::check_fits_unless(arguments.allow_overflow, &acc, &board)?;
    let image = network.map(|n| rtl::MemoryImage::new(&n, &acc, &board, &samples::one(&n, Split::Test)?)).transpose()?;
    // One that an earlier call left may be of another accelerator's program.
    if image.is_none() {
        for path in rtl::MemoryImage::remove_others(&arguments.out, rtl::design(&acc))? {
            note(&format!("note: removed {}, the memory image of another accelerator", path.display()));
        }
    }
    let mut files = rtl::emit(&acc, &arguments.out)?;
    files.extend(rtl::write_host(&acc, &board, &arguments.out)?);
    if let Some(image) = &image {
        files.extend(image.write(&arguments.out)?);
    }
    files.iter().for_each(|path| print(&format!("{}\n", path.display())));
    if !talk.quiet {
        if let Some(remark) = remark {
            note(&format!("note: {remark}"));
        }
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
