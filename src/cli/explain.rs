//! `bico explain`: the resolved configuration, and where each value came from.

use super::common::{DesignArguments, print};
use crate::error::Result;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    design: DesignArguments,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<()> {
    print(&arguments.design.load()?.resolved);
    Ok(())
}
