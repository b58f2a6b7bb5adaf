//! `bico study`: experiments about searches, repeatable by anyone.

use super::Talk;
use super::common::{print, progress};
use crate::error::Result;
use crate::search::bundle;
use crate::search::space::Space;
use crate::search::table::Training;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Train every network of the default space once by the proxy: hours; what the file has already is kept.
    Table(TableArguments),
}

#[derive(clap::Args, Debug)]
struct TableArguments {
    /// The CSV file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Passes over the proxy's 4,000 scenes.
    #[arg(long, value_name = "E", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=100))]
    epochs: u64,
    /// Of initial weights and order.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Trainings at a time, one thread each; 0 for as many as the machine has threads.
    #[arg(long, value_name = "N", default_value_t = 0)]
    jobs: usize,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, talk: Talk) -> Result<()> {
    match &arguments.what {
        What::Table(a) => table(a, talk),
    }
}

fn table(a: &TableArguments, talk: Talk) -> Result<()> {
    let training = Training { space: Space::default(), epochs: a.epochs, seed: a.seed, jobs: a.jobs, path: a.out.clone() };
    let bar = progress(talk.quiet, training.space.points().len(), "networks");
    let table = training.run(&bundle::builtin(), &|done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    print(&format!("{} networks in {}\n", table.len(), a.out.display()));
    Ok(())
}
