//! Top-down: the accelerator for a network, on a board. Every candidate is simulated.

use super::grid::{self, Grid, MEMORIES, Needs};
use super::jobs;
use super::refine;
use crate::accelerator::Accelerator;
use crate::board::{Board, Resources};
use crate::error::{Error, Kind, Result};
use crate::ip::cost;
use crate::model::Network;
use crate::plan::Unit;
use crate::simulate::{Execution, Options, Simulation};
use crate::units::Hertz;
use serde::Serialize;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Fabric clock (assumed, not timed).
    pub clock: Hertz,
    /// Frames a second; the design of least energy that reaches it is chosen. `None`: the fastest.
    pub fps: Option<f64>,
    /// Most designs to simulate.
    pub designs: usize,
    /// Simulations at a time.
    pub jobs: usize,
}

/// A simulated design.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The accelerator.
    pub accelerator: Accelerator,
    /// Simulated cycles of the first frame.
    pub cycles: u64,
    /// No design with these parallel factors takes fewer, and the unit that says so.
    pub bound: (Unit, u64),
    /// What the paper's analytical model says.
    pub analytical_cycles: u64,
    /// Frames a second, host stage included.
    pub fps: f64,
    /// Board energy of a frame, joules.
    pub joules: f64,
    /// What it takes.
    pub resources: Resources,
}

/// One line of a table of trials.
#[derive(Clone, Debug, Serialize)]
pub struct TrialRow {
    /// Channel block.
    pub lanes: usize,
    /// Depthwise parallel factor, 0 without the IP.
    pub depthwise: usize,
    /// Pointwise input parallel factor.
    pub pointwise_in: usize,
    /// Pointwise output parallel factor.
    pub pointwise_out: usize,
    /// Whether two products share a multiplier.
    pub packed: bool,
    /// Vector parallel factor.
    pub vector: usize,
    /// Words of all feature banks.
    pub bank_words: usize,
    /// Rows of the pointwise weight memory.
    pub weight_rows: usize,
    /// Most rows of a tile.
    pub tile_rows: usize,
    /// Most columns of a tile.
    pub tile_cols: usize,
    /// Depth of the job queues.
    pub queue_depth: usize,
    /// Bursts that the ports for features and weights have under way.
    pub outstanding_bursts: usize,
    /// Lower bound, cycles.
    pub bound_cycles: u64,
    /// Paper's analytical model, cycles.
    pub analytical_cycles: u64,
    /// Simulated, cycles.
    pub cycles: u64,
    /// Frames a second.
    pub fps: f64,
    /// Millijoules a frame.
    pub mj_per_frame: f64,
    /// DSP slices.
    pub dsp: u64,
    /// Half block RAMs.
    pub ramb18: u64,
    /// Look-up tables.
    pub lut: u64,
}

impl From<&Trial> for TrialRow {
    fn from(t: &Trial) -> TrialRow {
        let a = &t.accelerator;
        TrialRow {
            lanes: a.lanes,
            depthwise: a.depthwise.map_or(0, |ip| ip.parallel_out),
            pointwise_in: a.pointwise.map_or(0, |ip| ip.parallel_in),
            pointwise_out: a.pointwise.map_or(0, |ip| ip.parallel_out),
            packed: a.pointwise.or(a.conv).is_some_and(|ip| ip.packed),
            vector: a.vector.map_or(0, |ip| ip.parallel_out),
            bank_words: a.banks.iter().map(|b| b.words).sum(),
            weight_rows: a.pointwise.map_or(0, |ip| ip.weight_rows),
            tile_rows: a.tile.0,
            tile_cols: a.tile.1,
            queue_depth: a.queue_depth,
            outstanding_bursts: a.load_port.outstanding_bursts,
            bound_cycles: t.bound.1,
            analytical_cycles: t.analytical_cycles,
            cycles: t.cycles,
            fps: libm::round(t.fps * 1e3) / 1e3,
            mj_per_frame: libm::round(t.joules * 1e6) / 1e3,
            dsp: t.resources.dsp,
            ramb18: t.resources.bram18,
            lut: t.resources.lut,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Found {
    /// All simulated designs, in the order they were tried.
    pub trials: Vec<Trial>,
    /// The chosen one, in `trials`.
    pub best: usize,
    /// The one that the analytical model would choose, in `trials`; `None` where no memory of the grid holds a tile of every layer there.
    pub analytical: Option<usize>,
    /// Parallel factors on the grid that fit the board with small memories.
    pub factors: usize,
    /// Whether every choice of parallel factors that was not simulated with all memories of the grid has a bound no better than the fastest design: no others
    /// can be faster.
    pub proved: bool,
}

/// Parallel factors that are simulated with one memory each before the best of them try all memories.
const FINALISTS: usize = 3;

/// Chooses lanes, parallel factors, packing and memories for a network: of the usual grid, and where none of it fits the board of one that begins
/// smaller. `done` is called after each design that was tried, also those begun in vain by several jobs.
///
/// # Errors
/// When no accelerator runs a layer, or nothing of the grids fits the board or holds a tile: says what the smallest lacks.
pub fn design(network: &Network, board: &Board, target: Target, done: &(dyn Fn() + Sync)) -> Result<Found> {
    match on_grid(&grid::GRID, network, board, target, done) {
        Err(e) if e.kind() == Kind::DoesNotFit => on_grid(&grid::SMALL, network, board, target, done),
        found => found,
    }
}

fn on_grid(grid: &Grid, network: &Network, board: &Board, target: Target, done: &(dyn Fn() + Sync)) -> Result<Found> {
    let needs = Needs::of(&network.graph)?;
    let factors = needs.parallel_factors(grid, board, target.clock)?;
    let simulate = |acc: &Accelerator| -> Result<Option<Trial>> {
        let trial = trial(network, acc, board, &needs)?;
        done();
        Ok(trial)
    };
    // The analytical model's choice first, then the lowest bounds.
    let mut order: Vec<usize> = (0..factors.len()).collect();
    let choice = order.iter().copied().min_by_key(|&k| needs.analytical_cycles(&factors[k])).unwrap_or(0);
    order[..=choice].rotate_right(1);
    let explored = target.designs.saturating_sub(MEMORIES * FINALISTS + refine::MOST).clamp(1, order.len());
    let fastest = |trials: &mut dyn Iterator<Item = &Trial>| trials.map(|t| t.cycles).min().unwrap_or(u64::MAX);
    // The first of its memories that hold a tile of every layer; without one these parallel factors are settled too.
    let first = |&k: &usize| needs.memories(&factors[k], board).map(|acc| simulate(&acc)).find_map(Result::transpose).transpose();
    // A few at a time: what is skipped does not depend on the number of threads.
    let faster = |found: &[Option<Trial>]| needs.bound(&factors[order[found.len()]]).1 < fastest(&mut found.iter().flatten());
    let mut found = jobs::map_chunks(target.jobs, &order[..explored], &chunk_ends(explored), first, faster)?;
    // Beyond those to be explored only until one holds a tile of every layer.
    if found.iter().all(Option::is_none) {
        let rest = &order[found.len()..];
        found.extend(jobs::map_chunks(target.jobs, rest, &chunk_ends(rest.len()), first, |found| found.iter().all(Option::is_none))?);
    }
    let settled = found.len();
    let analytical = found[0].as_ref().map(|_| 0);
    let mut trials: Vec<Trial> = found.into_iter().flatten().collect();
    let mut ranked: Vec<usize> = (0..trials.len()).collect();
    ranked.sort_by_key(|&k| trials[k].cycles);
    let mut more: Vec<Accelerator> = Vec::new();
    for acc in ranked.iter().take(FINALISTS).flat_map(|&k| needs.memories(&trials[k].accelerator, board)) {
        if trials.iter().all(|t| t.accelerator != acc) && !more.contains(&acc) {
            more.push(acc);
        }
    }
    // Those with one memory alone could be faster with another, unless their bounds say no.
    let (wanted, bounded) = (more.len(), ranked.iter().skip(FINALISTS).map(|&k| trials[k].bound.1).min().unwrap_or(u64::MAX));
    more.truncate(target.designs.saturating_sub(trials.len()));
    let all_memories = more.len() == wanted;
    trials.extend(jobs::map(target.jobs, &more, simulate)?.into_iter().flatten());
    // Tile limits, queues and bursts of the fastest, one after the other.
    for variants in refine::GROUPS {
        let Some(best) = choose(&trials, None) else { break };
        let mut tried = variants(&trials[best].accelerator);
        tried.retain(|acc| cost::total(acc, board).within(&board.budget));
        tried.truncate(target.designs.saturating_sub(trials.len()));
        trials.extend(jobs::map(target.jobs, &tried, simulate)?.into_iter().flatten());
    }
    let best = choose(&trials, target.fps).ok_or_else(|| {
        Error::new(Kind::DoesNotFit, format!("no accelerator that fits board `{}` holds a tile of `{}`", board.name, network.name))
            .hint("narrow features and weights, or take a larger board")
    })?;
    let unseen = order[settled..].iter().map(|&k| needs.bound(&factors[k]).1).min().unwrap_or(u64::MAX);
    let proved = all_memories && unseen.min(bounded) >= fastest(&mut trials.iter());
    Ok(Found { trials, best, analytical, factors: factors.len(), proved })
}

/// Designs simulated between two looks at the bound.
const CHUNK: usize = 8;

/// Where the chunks of so many designs end.
fn chunk_ends(designs: usize) -> Vec<usize> {
    (0..designs).step_by(CHUNK).map(|k| (k + CHUNK).min(designs)).collect()
}

/// The trial of least energy that reaches the target, the fastest where none does or there is no target.
fn choose(trials: &[Trial], fps: Option<f64>) -> Option<usize> {
    let all = || trials.iter().enumerate();
    let reaching = fps.and_then(|fps| {
        all().filter(|(_, t)| t.fps >= fps).min_by(|a, b| a.1.joules.total_cmp(&b.1.joules).then(a.0.cmp(&b.0))).map(|(k, _)| k)
    });
    reaching.or_else(|| all().min_by_key(|(k, t)| (t.cycles, *k)).map(|(k, _)| k))
}

/// One frame without values; `None` where the memories hold no tile of a layer.
fn trial(network: &Network, acc: &Accelerator, board: &Board, needs: &Needs) -> Result<Option<Trial>> {
    let options = Options { frames: 1, allow_overflow: false, jobs: false };
    let simulation = match Simulation::new(network, acc, board, options) {
        Ok(simulation) => simulation,
        Err(e) if e.kind().refuses_design() => return Ok(None),
        Err(e) => return Err(e),
    };
    let record = simulation.record(&[], &Execution::default(), options)?;
    let frame = simulation.first_frame();
    Ok(Some(Trial {
        cycles: frame.end.0 - frame.start.0,
        bound: needs.bound(acc),
        analytical_cycles: needs.analytical_cycles(acc),
        fps: record.performance.fps,
        joules: record.power.energy_per_frame_j,
        resources: cost::total(acc, board),
        accelerator: acc.clone(),
    }))
}
