//! What a search leaves in its folder.

use super::{Arguments, Left};
use crate::board::Board;
use crate::error::{Error, Result};
use crate::files::{make_folder, write_atomically};
use crate::report::front::{self, Point};
use crate::search::bundle::Bundle;
use crate::search::cache::key;
use crate::search::features::{self, Step};
use crate::search::joint::{Candidate, Objective, Outcome};
use crate::search::space::Space;
use crate::search::table::Table;
use crate::sweep::journal::to_csv;
use crate::sweep::rounded;
use crate::train::proxy;
use serde::Serialize;
use std::path::Path;

/// The search, for `--explain`.
const LEFT: &str = "search.json";
/// What it was asked.
const SETTINGS: &str = "search.toml";
/// The chosen pair.
pub const BEST: &str = "best";
/// Folders of the pairs on the front, by their numbers.
pub const FRONT: &str = "front";

/// What figures depend on; a folder is of one search.
#[derive(Serialize)]
struct Settings<'a> {
    board: &'a str,
    board_content: String,
    clock_mhz: f64,
    strategy: &'a str,
    seed: u64,
    trainings: u32,
    designs: u32,
    epochs: u64,
    proxy: &'static str,
    features: bool,
    pool_content: String,
    table_content: String,
    objective: Objective,
    space: &'a Space,
}

/// Makes the folder, or finds that it is of the same search.
///
/// # Errors
/// When it is of another one.
pub fn claim(a: &Arguments, (board, pool): (&Board, &[Bundle]), space: &Space, table: Option<&Table>) -> Result<()> {
    make_folder(&a.out)?;
    let settings = Settings {
        board: &board.name,
        board_content: key("board", &[&format!("{board:?}")]),
        clock_mhz: a.place.clock_mhz,
        strategy: &a.strategy,
        seed: a.seed,
        trainings: a.trainings,
        designs: a.designs,
        epochs: a.epochs,
        proxy: proxy::name(),
        features: a.add_features,
        pool_content: key("pool", &[&format!("{pool:?}")]),
        table_content: table.map_or("none".into(), |t| key("table", &[&format!("{t:?}")])),
        objective: a.objective(),
        space,
    };
    let text = toml::to_string(&settings).map_err(|e| Error::fault(format!("cannot write the settings: {e}")))?;
    let path = a.out.join(SETTINGS);
    if !path.exists() {
        return write_atomically(&path, text.as_bytes());
    }
    let old = std::fs::read_to_string(&path).map_err(|e| Error::io("read", &path, &e))?;
    if let Err(e) = toml::from_str::<toml::Table>(&old) {
        let hint = "restore the file, or name another --out";
        return Err(Error::input(format!("not the settings of a search: {}", e.message())).file(&path).hint(hint));
    }
    match old.lines().zip(text.lines()).enumerate().find(|(_, (a, b))| a != b) {
        None if old.lines().count() == text.lines().count() => Ok(()),
        moved => {
            let (line, (old, new)) = moved.unwrap_or((0, ("", "")));
            Err(Error::usage("the folder is of a search that was asked otherwise")
                .at(&path, line + 1)
                .value(new)
                .allowed(old)
                .hint("name another --out; with --cache of this folder's `cache` nothing is evaluated twice"))
        }
    }
}

/// A line of `trials.csv`.
#[derive(Serialize)]
struct Row<'a> {
    number: usize,
    stage: &'a str,
    network: String,
    fps: Option<f64>,
    mj_per_frame: Option<f64>,
    cycles: Option<u64>,
    dsp: Option<u64>,
    ramb18: Option<u64>,
    lut: Option<u64>,
    feasible: bool,
    proxy_iou: Option<f64>,
    merit: f64,
    pareto_optimal: bool,
    chosen: bool,
}

fn row<'a>(number: usize, stage: &'a str, c: &Candidate, pareto_optimal: bool, chosen: bool) -> Row<'a> {
    let offer = c.chosen();
    Row {
        number,
        stage,
        network: c.genes.name(),
        fps: offer.map(|o| o.fps),
        mj_per_frame: offer.map(|o| o.mj_per_frame),
        cycles: offer.map(|o| o.cycles),
        dsp: offer.map(|o| o.resources.dsp),
        ramb18: offer.map(|o| o.resources.bram18),
        lut: offer.map(|o| o.resources.lut),
        feasible: c.feasible,
        proxy_iou: c.iou,
        merit: rounded(c.merit),
        pareto_optimal,
        chosen,
    }
}

/// Writes everything.
///
/// # Errors
/// When something can not be written.
pub fn write(a: &Arguments, pool: &[Bundle], found: &Outcome, steps: &[Step]) -> Result<()> {
    let front = found.front();
    let candidates = || found.candidates.iter().enumerate();
    let mut rows: Vec<Row> = candidates().map(|(k, c)| row(k, "search", c, front[k], found.best == Some(k))).collect();
    let first = rows.len();
    rows.extend(steps.iter().enumerate().map(|(k, s)| row(first + k, s.group, &s.candidate, false, s.kept)));
    write_atomically(&a.out.join("trials.csv"), &to_csv(&rows)?)?;

    let points = candidates().filter_map(|(k, c)| {
        let chosen = (found.best == Some(k)).then(|| c.genes.name());
        Some(Point { number: k, fps: c.rates()?.0, iou: c.iou?, optimal: front[k], chosen })
    });
    let title = format!("Networks trained by the search, {} MHz (assumed), strategy {}", a.place.clock_mhz, a.strategy);
    write_atomically(&a.out.join("front.svg"), front::draw(&title, &points.collect::<Vec<_>>(), a.fps)?.as_bytes())?;

    let all: Vec<Candidate> = found.candidates.iter().chain(steps.iter().map(|s| &s.candidate)).cloned().collect();
    let best = match features::winner(steps) {
        Some(winner) => all.iter().rposition(|c| c == winner),
        None => found.best,
    };
    if let Some(k) = best {
        pair(&a.out.join(BEST), &all[k], pool)?;
    }
    let folder = a.out.join(FRONT);
    if a.out.join(LEFT).exists() {
        remove_pairs(&folder)?;
    }
    for k in (0..first).filter(|&k| front[k]) {
        pair(&folder.join(k.to_string()), &all[k], pool)?;
    }
    let left = Left {
        board: a.place.board.clone(),
        board_settings: a.place.settings(),
        clock_mhz: a.place.clock_mhz,
        designs: a.designs as usize,
        pool: a.pool.clone(),
        objective: a.objective(),
        candidates: all,
        searched: found.candidates.len(),
        best,
    };
    let text = serde_json::to_string(&left).map_err(|e| Error::fault(format!("cannot write the search: {e}")))?;
    write_atomically(&a.out.join(LEFT), text.as_bytes())
}

const NETWORK: &str = "network.toml";
const ACCELERATOR: &str = "accelerator.toml";

/// Removes the pairs that an earlier run left in the folder of the front, and nothing else that lies there.
fn remove_pairs(folder: &Path) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    let is_number = |path: &Path| path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.parse::<usize>().is_ok());
    for pair in entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| is_number(p)) {
        for file in [NETWORK, ACCELERATOR].map(|name| pair.join(name)).iter().filter(|f| f.is_file()) {
            std::fs::remove_file(file).map_err(|e| Error::io("remove", file, &e))?;
        }
        // Stays when there is something else in it.
        let _ = std::fs::remove_dir(&pair);
    }
    let _ = std::fs::remove_dir(folder);
    Ok(())
}

/// Network and accelerator as files.
fn pair(folder: &Path, c: &Candidate, pool: &[Bundle]) -> Result<()> {
    let Some(offer) = c.chosen() else { return Ok(()) };
    make_folder(folder)?;
    write_atomically(&folder.join(NETWORK), c.genes.toml(pool)?.as_bytes())?;
    let text = toml::to_string(&offer.accelerator).map_err(|e| Error::fault(format!("cannot write the accelerator: {e}")))?;
    write_atomically(&folder.join(ACCELERATOR), text.as_bytes())
}

/// What an earlier search left.
///
/// # Errors
/// When there is nothing, or something else.
pub fn read(out: &Path) -> Result<Left> {
    let path = out.join(LEFT);
    if !path.exists() {
        return Err(Error::usage("the folder holds no finished search").file(&path).hint("run the search first, without --explain"));
    }
    let text = std::fs::read_to_string(&path).map_err(|e| Error::io("read", &path, &e))?;
    serde_json::from_str(&text).map_err(|e| {
        Error::input(format!("not a finished search: {e}")).at(&path, e.line()).hint("run the search again: what it finished is kept")
    })
}
