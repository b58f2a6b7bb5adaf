//! `bico study`: experiments about searches, repeatable by anyone.

mod analytical;
mod codesign;
mod ranking;
mod strategies;

use super::Talk;
use super::common::{clock, print, progress};
use crate::board::{self, Board};
use crate::error::{Error, Result};
use crate::files::check_outputs;
use crate::search::bundle::{self, Bundle};
use crate::search::cache::Cache;
use crate::search::candidate::{Evaluator, Judging};
use crate::search::pareto::Pair;
use crate::search::space::Space;
use crate::search::strategy;
use crate::search::studies::{self, Effort};
use crate::search::table::{Table, Training};
use crate::train::proxy;
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
    /// Separate design against co-design at equal numbers of trainings, on a proxy table with live simulation.
    Codesign(codesign::Arguments),
    /// Strategies against random search: hypervolume of FPS and IoU, on a proxy table with live simulation.
    Strategies(OnTable),
    /// The papers' analytical model against the simulation, and that against the execution, for several designs of several networks.
    Analytical(analytical::Arguments),
    /// The proxy against full training: networks of a proxy table trained as `bico train` does, Kendall's tau between the two; hours, resumable.
    Proxy(ranking::Arguments),
}

#[derive(clap::Args, Debug)]
struct TableArguments {
    /// The CSV file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Networks: a TOML file with bundles, replications, down, expansions; without it the 180 of the default space.
    #[arg(long, value_name = "FILE")]
    space: Option<PathBuf>,
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

/// Networks that were trained.
#[derive(clap::Args, Debug)]
struct Tabled {
    /// A proxy table.
    #[arg(long, value_name = "FILE")]
    table: PathBuf,
    /// Networks of it: a TOML file with bundles, replications, down, expansions; without it the 180 of the default space.
    #[arg(long, value_name = "FILE")]
    space: Option<PathBuf>,
}

#[derive(clap::Args, Debug)]
struct OnTable {
    #[command(flatten)]
    tabled: Tabled,
    /// Folder for the CSV and the figure.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Board: a name from `bico boards`, or a TOML file.
    #[arg(long, value_name = "B", default_value = board::DEFAULT)]
    board: String,
    /// Fabric clock in megahertz: assumed, not timed.
    #[arg(long, value_name = "MHZ", default_value_t = 150.0)]
    clock_mhz: f64,
    /// Distinct networks that a search trains.
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(3..=10_000))]
    trainings: u32,
    /// Runs of each search, with seeds 1 to this; an interval of fewer than 6 would say nothing.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(6..=1000))]
    seeds: u64,
    /// How both arms of `codesign` search.
    #[arg(long, value_name = "NAME", default_value = strategy::DEFAULT)]
    strategy: String,
    /// Designs simulated for each network at most.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    designs: u32,
    /// Keep simulated designs in this folder; searches may share it.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Simulations at a time; 0 for as many as the machine has threads. The result does not depend on it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    jobs: usize,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, talk: Talk) -> Result<()> {
    match &arguments.what {
        What::Table(a) => table(a, talk),
        What::Codesign(a) => on_table(&a.on, a.judge_seed, talk, |_, ground| codesign::run(a, ground, talk)),
        What::Strategies(a) => on_table(a, None, talk, strategies::run),
        What::Analytical(a) => analytical::run(a, talk),
        What::Proxy(a) => ranking::run(a, talk),
    }
}

fn table(a: &TableArguments, talk: Talk) -> Result<()> {
    check_outputs([&a.out])?;
    let pool = bundle::builtin();
    let space = Space::open(a.space.as_deref(), &pool)?;
    let training = Training { space, epochs: a.epochs, seed: a.seed, images: proxy::IMAGES, jobs: a.jobs, path: a.out.clone() };
    let bar = progress(talk.quiet, training.space.points().len(), "networks");
    let table = training.run(&pool, &|done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    print(&format!("{} networks in {}\n", table.len(), a.out.display()));
    Ok(())
}

/// A table, everything on it simulated.
struct Ground<'a> {
    space: Space,
    evaluator: Evaluator<'a>,
    landscape: Vec<Pair>,
    targets: [f64; 3],
}

impl OnTable {
    fn effort(&self) -> Effort {
        Effort { seeds: self.seeds, trainings: self.trainings as usize }
    }
}

/// Runs a study on a table. `judge_seed` is the seed of a judge other than the table, which must be another.
fn on_table(a: &OnTable, judge_seed: Option<u64>, talk: Talk, study: impl FnOnce(&OnTable, Ground<'_>) -> Result<()>) -> Result<()> {
    strategy::by_name(&a.strategy)?;
    let (pool, board): (Vec<Bundle>, Board) = (bundle::builtin(), board::load(&a.board)?);
    let (clock, table) = (clock(a.clock_mhz)?, Table::read(&a.tabled.table)?);
    let space = Space::open(a.tabled.space.as_deref(), &pool)?;
    let first = table.iter().next().map(|(_, row)| row).ok_or_else(|| Error::fault("a table has rows"))?;
    if judge_seed == Some(first.seed) {
        return Err(Error::usage("--judge-seed is the seed that the table was trained from").value(first.seed).hint("name another"));
    }
    let judging = Judging::float(first.epochs, first.seed);
    let cache = Cache::of(a.cache.as_deref())?;
    let mut evaluator = Evaluator::new(&pool, &board, clock, a.designs as usize, judging, cache);
    evaluator.table = Some(table);
    let bar = progress(talk.quiet, space.points().len(), "networks simulated");
    let landscape = studies::landscape(&space, &evaluator, a.jobs, &|| bar.inc(1)).map_err(|e| e.file(&a.tabled.table))?;
    bar.finish_and_clear();
    crate::files::make_folder(&a.out)?;
    let targets = studies::targets(&landscape);
    if !targets.is_sorted_by(|a, b| a < b) {
        return Err(Error::input("the networks of the space are too much alike for three targets")
            .file(&a.tabled.table)
            .value(format!("{targets:?} FPS")));
    }
    study(a, Ground { space, evaluator, landscape, targets })
}
