//! `bico search`: network and accelerator found together.

mod explain;
mod files;
mod summary;

use super::Talk;
use super::common::{PlaceArguments, limit, note, print, progress};
use crate::error::{Error, Kind, Result};
use crate::rtl;
use crate::search::bundle;
use crate::search::cache::Cache;
use crate::search::candidate::{Evaluator, Judging};
use crate::search::features::{self, Step};
use crate::search::joint::{self, Candidate, Goal, Objective, Outcome, Plan};
use crate::search::space::Space;
use crate::search::strategy::{self, Entry};
use crate::search::table::Table;
use indicatif::ProgressBar;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Folder for what is found: trials.csv, front.svg, search.json, best/ with network.toml and accelerator.toml, front/NUMBER/ with those of each pair on the
    /// front; the same command goes on there after an interruption.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Explain a candidate of a finished search in --out (its number or the name of its network): why it won or not, what binds, what more of each budget would buy.
    #[arg(long, value_name = "CANDIDATE", conflicts_with_all = ["fps", "mj", "goal", "strategy", "space", "table", "add_features", "finish", "board", "board_settings", "clock_mhz", "trainings", "designs", "epochs", "seed", "pool", "cache"])]
    explain: Option<String>,
    #[command(flatten)]
    place: PlaceArguments,
    /// Frames a second to reach, host stage included; the least energy that reaches it is taken (with --goal throughput the fastest).
    #[arg(long, value_name = "FPS")]
    fps: Option<f64>,
    /// Most millijoules a frame (board energy).
    #[arg(long, value_name = "MJ")]
    mj: Option<f64>,
    /// What is to be as large as it can be within these limits: IoU, the DAC-SDC score, or IoU times FPS.
    #[arg(long, value_enum, value_name = "GOAL", default_value_t = Goal::Iou)]
    goal: Goal,
    /// How to search: surrogate (a model of what was tried), scd (coordinate descent), pso (particle swarm), nsga2 or random.
    #[arg(long, value_name = "NAME", default_value = strategy::DEFAULT)]
    strategy: String,
    /// Most networks to train.
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    trainings: u32,
    /// Designs simulated for each network at most.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    designs: u32,
    /// Passes of a training over the proxy's 4,000 scenes.
    #[arg(long, value_name = "E", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=100))]
    epochs: u64,
    /// Of the strategy; initial weights and the order of images have a seed of their own, that of proxy tables.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Bundles beside the 18 of the papers' IP pool: a TOML file of `[[bundle]]` tables.
    #[arg(long, value_name = "FILE")]
    pool: Option<PathBuf>,
    /// Networks to choose from: a TOML file with bundles, replications, down, expansions, and where wanted stems, tails, feature_bits and weight_bits; without it the 180 of the proxy table.
    #[arg(long, value_name = "FILE")]
    space: Option<PathBuf>,
    /// A proxy table: networks in it are not trained again.
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Keep finished evaluations here rather than in DIR/cache; searches may share it.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Then try bypass, activations, input sizes and widths on what was found, each judged on its grids: about 13 more trainings.
    #[arg(long)]
    add_features: bool,
    /// Then train the chosen network for this many epochs in float and three on its grids, simulate the pair, verify it against its RTL where Verilator is there, and emit
    /// the RTL; an interrupted training goes on when the same command is given again.
    #[arg(long, value_name = "EPOCHS", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    finish: Option<u64>,
    /// Evaluations at a time, one thread each; 0 for as many as the machine has threads. The result does not depend on it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    jobs: usize,
}

/// Passes on the grids by which features are judged.
const GRID_EPOCHS: u64 = 1;
/// Seed of initial weights and order in every proxy training; `--seed` is the strategy's.
const TRAINING_SEED: u64 = 1;

/// Runs the subcommand.
pub fn run(a: &Arguments, talk: Talk) -> Result<()> {
    if let Some(candidate) = &a.explain {
        return explain::run(&a.out, candidate, a.jobs, talk);
    }
    let entry = strategy::by_name(&a.strategy)?;
    limit("--fps", a.fps)?;
    limit("--mj", a.mj)?;
    let ((board, clock), pool) = (a.place.load()?, bundle::pool(a.pool.as_deref())?);
    let space = Space::open(a.space.as_deref(), &pool)?;
    let judging = Judging::float(a.epochs, TRAINING_SEED);
    let table = a.table.as_deref().map(|path| trained_alike(path, judging)).transpose()?;
    files::claim(a, (&board, &pool), &space, table.as_ref())?;
    let evaluator = |judging| -> Result<Evaluator<'_>> {
        let cache = Cache::open(&a.cache.clone().unwrap_or_else(|| a.out.join("cache")))?;
        Ok(Evaluator::new(&pool, &board, clock, a.designs as usize, judging, cache))
    };
    let found = {
        let mut evaluator = evaluator(judging)?;
        evaluator.table = table;
        network(a, &space, &evaluator, entry, talk)?
    };
    let mut steps = Vec::new();
    if let Some(best) = found.best.filter(|_| a.add_features) {
        steps = add_features(a, &evaluator(Judging { grid_epochs: GRID_EPOCHS, ..judging })?, &found.candidates[best], talk)?;
    }
    files::write(a, &pool, &found, &steps)?;
    print(&summary::text(a, entry, &board, &found, &steps));
    match (found.best, a.finish) {
        (None, _) => Err(Error::new(Kind::DoesNotFit, "no network of the space keeps to the limits on this board").file(&a.out)),
        (Some(_), Some(_)) => finish(a, talk),
        (Some(_), None) => Ok(()),
    }
}

/// A proxy table, which must have been trained as this search trains: another would not be used.
fn trained_alike(path: &Path, judging: Judging) -> Result<Table> {
    let table = Table::read(path)?;
    let other = table.iter().map(|(_, row)| (row.epochs, row.seed)).find(|&(epochs, seed)| Judging::float(epochs, seed) != judging);
    match other {
        None => Ok(table),
        Some((epochs, seed)) => Err(Error::usage("the table was trained otherwise than this search trains")
            .file(path)
            .value(format!("{} epochs, seed {TRAINING_SEED}", judging.epochs))
            .allowed(format!("{epochs} epochs, seed {seed}"))
            .hint("give --epochs as the table has it, or leave --table out")),
    }
}

/// Runs the commands that [`summary`] names.
fn finish(a: &Arguments, talk: Talk) -> Result<()> {
    for mut command in summary::next(a) {
        if command[0] == "train" && a.out.join("trained").join("float.safetensors").exists() {
            command.push("--resume".into());
        }
        if command[0] == "verify"
            && let Some(tool) = rtl::missing_tool()
        {
            note(&format!("note: not verified against the RTL: `{tool}` is missing"));
            continue;
        }
        print(&format!("\nbico {}\n", command.join(" ")));
        super::again(&command, talk)?;
    }
    Ok(())
}

impl Arguments {
    fn objective(&self) -> Objective {
        Objective { goal: self.goal, fps: self.fps, mj: self.mj }
    }
}

/// The joint search; the cache has each evaluation as soon as it is finished.
fn network(a: &Arguments, space: &Space, evaluator: &Evaluator<'_>, entry: &Entry, talk: Talk) -> Result<Outcome> {
    let plan = Plan { objective: a.objective(), trainings: a.trainings as usize, known: &BTreeSet::new(), jobs: a.jobs };
    let mut strategy = (entry.start)(&space.sizes(), a.seed);
    let bar = progress(talk.quiet, plan.trainings, "trainings");
    let outcome = joint::search(space, evaluator, &mut *strategy, plan, &|outcome| show(&bar, outcome))?;
    bar.finish_and_clear();
    let [designed, trained] = evaluator.made();
    if !talk.quiet {
        note(&format!("{designed} networks designed for and {trained} trained now; the rest was known"));
    }
    Ok(outcome)
}

fn show(bar: &ProgressBar, outcome: &Outcome) {
    bar.set_position(outcome.trainings() as u64);
    let best = outcome.best.map(|k| &outcome.candidates[k]);
    let text = best.and_then(|c| Some(format!("best IoU {:.3} at {:.1} FPS", c.iou?, c.rates()?.0)));
    bar.set_message(text.unwrap_or_else(|| format!("{} simulated, none reaches the target", outcome.candidates.len())));
}

fn add_features(a: &Arguments, evaluator: &Evaluator<'_>, best: &Candidate, talk: Talk) -> Result<Vec<Step>> {
    let bar = progress(talk.quiet, features::MOST, "features");
    let steps = features::add(evaluator, a.objective(), &best.genes, a.jobs, &|| bar.inc(1))?;
    bar.finish_and_clear();
    Ok(steps)
}

/// Everything that a search leaves for `--explain`.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Left {
    board: String,
    /// `KEY=VALUE` each.
    #[serde(default)]
    board_settings: Vec<String>,
    clock_mhz: f64,
    designs: usize,
    pool: Option<PathBuf>,
    objective: Objective,
    candidates: Vec<Candidate>,
    /// How many of them are the search's, judged in float; those after them are features, judged on the grids: their merits do not compare.
    searched: usize,
    best: Option<usize>,
}
