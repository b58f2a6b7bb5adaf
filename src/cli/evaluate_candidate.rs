//! `bico evaluate-candidate`: one evaluation as a pure function of a file, for an outside scheduler.

use super::common::{CLOCK_MHZ, clock};
use crate::board;
use crate::error::{Error, Kind, Result};
use crate::files::{check_outputs, write_atomically};
use crate::search::bundle;
use crate::search::cache::Cache;
use crate::search::candidate::{Evaluation, Evaluator, Judging, Request};
use crate::train::run::with_threads;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The candidate: {"genes": {"bundle": "dw3-pw", "channels": [16, 32, 64, 96], "pools": [1, 2, 3]}, "board": "pynq-z1", "clock_mhz": 100, "designs": 48, "proxy":
    /// {"epochs": 2, "seed": 1}}; without `proxy` its accuracy is not judged.
    #[arg(value_name = "IN.json")]
    candidate: PathBuf,
    /// What is found out about it. The same input gives the same bytes.
    #[arg(value_name = "OUT.json")]
    out: PathBuf,
    /// Bundles beside the 18 of the papers' IP pool: a TOML file of `[[bundle]]` tables.
    #[arg(long, value_name = "FILE")]
    pool: Option<PathBuf>,
    /// Keep finished evaluations in this folder, and take them from there; searches share it with `--cache`.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

/// Most designs that a candidate may ask for.
const MOST_DESIGNS: usize = 100_000;

/// Runs the subcommand.
pub fn run(a: &Arguments) -> Result<()> {
    let [from, to] = [&a.candidate, &a.out].map(|path| std::fs::canonicalize(path).ok());
    if from.is_some() && from == to {
        return Err(Error::usage("the candidate would be overwritten")
            .value(a.out.display())
            .hint("name another file for what is found out"));
    }
    check_outputs([&a.out])?;
    let text = std::fs::read_to_string(&a.candidate).map_err(|e| Error::io("read", &a.candidate, &e))?;
    let candidate: Request =
        serde_json::from_str(&text).map_err(|e| Error::input(format!("not a candidate: {e}")).at(&a.candidate, e.line()))?;
    candidate.genes.check().map_err(|e| e.file(&a.candidate))?;
    if !(1..=MOST_DESIGNS).contains(&candidate.designs) {
        let e = Error::input("`designs` is out of range").file(&a.candidate);
        return Err(e.value(candidate.designs).allowed(format!("1 to {MOST_DESIGNS}")));
    }
    if let Some(p) = candidate.proxy {
        let ranges = [("epochs", p.epochs, 1..=100), ("grid_epochs", p.grid_epochs, 0..=100), ("images", p.images as u64, 16..=1_000_000)];
        if let Some((name, value, range)) = ranges.into_iter().find(|(_, value, range)| !range.contains(value)) {
            let e = Error::input(format!("`{name}` of `proxy` is out of range")).file(&a.candidate);
            return Err(e.value(value).allowed(format!("{} to {}", range.start(), range.end())));
        }
    }
    let in_file = |e: Error| Error::input(e.what()).file(&a.candidate);
    let pool = bundle::pool(a.pool.as_deref())?;
    let board = board::load(&candidate.board).map_err(|e| match e.kind() {
        Kind::Usage => in_file(e).value(&candidate.board).hint("`bico boards` lists the names; or name a TOML file"),
        _ => e,
    })?;
    let cache = Cache::of(a.cache.as_deref())?;
    let judging = candidate.proxy.unwrap_or(Judging::float(0, 0));
    let clock = clock(candidate.clock_mhz)
        .map_err(|_| Error::input("`clock_mhz` is out of range").file(&a.candidate).value(candidate.clock_mhz).allowed(CLOCK_MHZ))?;
    let evaluator = Evaluator::new(&pool, &board, clock, candidate.designs, judging, cache);
    let evaluation = with_threads(1, || {
        let hardware = evaluator.hardware(&candidate.genes)?;
        let proxy_iou = candidate.proxy.map(|_| evaluator.iou(&candidate.genes)).transpose()?;
        Ok(Evaluation { network: candidate.genes.name(), candidate: candidate.clone(), hardware, proxy_iou })
    })?;
    let text = serde_json::to_string_pretty(&evaluation).map_err(|e| Error::fault(format!("cannot write an evaluation: {e}")))?;
    write_atomically(&a.out, format!("{text}\n").as_bytes())
}
