//! `bico design`: the accelerator for a network, found from above.

use super::Talk;
use super::common::{DEFAULT_NETWORK, PlaceArguments, WidthArguments, host_limit, limit, network, print, progress};
use crate::board::Board;
use crate::error::{Error, Kind, Result};
use crate::files::{check_outputs, write_atomically};
use crate::model::{Network, WeightsFile};
use crate::search::topdown::{self, Found, Target, Trial, TrialRow};
use crate::search::{explain, grid};
use crate::sweep::journal::to_csv;
use std::fmt::Write;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Network: a name from `bico networks`, or a folder with network.toml and weights.safetensors.
    #[arg(value_name = "MODEL", default_value = DEFAULT_NETWORK)]
    model: String,
    #[command(flatten)]
    place: PlaceArguments,
    /// Choose, of the designs simulated, the one of least energy that reaches this rate, host stage included, instead of the fastest.
    #[arg(long, value_name = "FPS")]
    fps: Option<f64>,
    #[command(flatten)]
    widths: WidthArguments,
    /// Simulate at most this many designs.
    #[arg(long, value_name = "N", default_value_t = 96, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    designs: u32,
    /// Simulations at a time; 0 for as many as the machine has threads. The result does not depend on it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    jobs: usize,
    /// Write the chosen accelerator to this TOML file, for `--accelerator`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write every simulated design to this CSV file.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

/// Runs the subcommand.
pub fn run(a: &Arguments, talk: Talk) -> Result<()> {
    check_outputs(a.out.iter().chain(&a.csv))?;
    let network = network(&a.model, a.widths.options(WeightsFile::Optional))?;
    let (board, clock) = a.place.load()?;
    limit("--fps", a.fps)?;
    let target = Target { clock, fps: a.fps, designs: a.designs as usize, jobs: a.jobs };
    let bar = progress(talk.quiet, target.designs, "designs");
    let found = topdown::design(&network, &board, target, &|| bar.inc(1))?;
    bar.finish_and_clear();
    let best = &found.trials[found.best];
    if let Some(path) = &a.csv {
        let rows: Vec<TrialRow> = found.trials.iter().map(TrialRow::from).collect();
        write_atomically(path, &to_csv(&rows)?)?;
    }
    if let Some(path) = &a.out {
        let description = format!("Designed by bico for `{}` on `{}`", network.name, board.name);
        write_atomically(path, grid::to_toml(&best.accelerator, &description)?.as_bytes())?;
    }
    let missed = a.fps.filter(|fps| best.fps < *fps);
    let levers = match missed {
        Some(fps) => host_limit(&board, fps) + &levers(&network, &board, target, best)?,
        None => String::new(),
    };
    print(&summary(&network.name, &board.name, a, &found, &levers));
    match missed {
        Some(fps) => Err(Error::new(Kind::DoesNotFit, "no design reaches the rate")
            .value(format!("{fps} FPS"))
            .allowed(format!("up to {:.1}", best.fps))),
        None => Ok(()),
    }
}

/// Share of a budget that is added to see whether it binds, percent.
const LEVER_PERCENT: u64 = 50;

/// What would bring a design nearer to a rate that it misses, by simulation on richer boards.
fn levers(network: &Network, board: &Board, target: Target, best: &Trial) -> Result<String> {
    let mut gains = explain::gains(network, board, target, &[LEVER_PERCENT], &|| ())?;
    gains.retain(|g| g.cycles.is_some_and(|c| c < best.cycles));
    gains.sort_by_key(|g| g.cycles);
    let mut text = String::new();
    for gain in &gains {
        let (cycles, fps) = (gain.cycles.unwrap_or(best.cycles), gain.fps.unwrap_or(best.fps));
        let _ = writeln!(text, "  with {} {}: {cycles} cycles, {fps:.1} FPS", gain.resource, gain.more);
    }
    let binding =
        gains.first().map_or("no budget of the board binds: more of any buys nothing", |_| "the first of these budgets buys most");
    let _ = writeln!(
        text,
        "  {binding}; other levers: --clock-mhz (a faster clock, if it can be met), narrower features and weights, a smaller network"
    );
    Ok(text)
}

fn summary(network: &str, board: &str, a: &Arguments, found: &Found, levers: &str) -> String {
    let (best, analytical) = (&found.trials[found.best], found.analytical.map(|k| &found.trials[k]));
    let mut text = format!(
        "{network} on {board} at {} MHz (assumed): designs simulated: {}, choices of parallel factors that fit: {}\n\n",
        a.place.clock_mhz,
        found.trials.len(),
        found.factors
    );
    let _ = writeln!(text, "{:<28}{:>14}{:>22}", "", "chosen", "analytical's choice");
    let mut line = |name: &str, value: &dyn Fn(&Trial) -> String| {
        let _ = writeln!(text, "{name:<28}{:>14}{:>22}", value(best), analytical.map_or("-".into(), value));
    };
    line("cycles, simulated", &|t| t.cycles.to_string());
    line("cycles, analytical model", &|t| t.analytical_cycles.to_string());
    line("cycles, lower bound", &|t| t.bound.1.to_string());
    line("FPS, host stage included", &|t| format!("{:.1}", t.fps));
    line("energy a frame, mJ", &|t| format!("{:.1}", t.joules * 1e3));
    line("lanes", &|t| t.accelerator.lanes.to_string());
    line("depthwise", &|t| t.accelerator.depthwise.map_or("-".into(), |ip| ip.parallel_out.to_string()));
    line("pointwise, in x out", &|t| t.accelerator.pointwise.map_or("-".into(), |ip| format!("{} x {}", ip.parallel_in, ip.parallel_out)));
    line("conv, in x out", &|t| t.accelerator.conv.map_or("-".into(), |ip| format!("{} x {}", ip.parallel_in, ip.parallel_out)));
    line("vector", &|t| t.accelerator.vector.map_or("-".into(), |ip| ip.parallel_out.to_string()));
    line("two products a multiplier", &|t| if TrialRow::from(t).packed { "yes".into() } else { "no".into() });
    line("feature banks, words", &|t| t.accelerator.banks.iter().map(|b| b.words.to_string()).collect::<Vec<_>>().join("+"));
    line("tile, at most", &|t| format!("{} x {}", t.accelerator.tile.0, t.accelerator.tile.1));
    line("queue depth, bursts", &|t| format!("{}, {}", t.accelerator.queue_depth, t.accelerator.load_port.outstanding_bursts));
    line("DSP", &|t| t.resources.dsp.to_string());
    line("RAMB18", &|t| t.resources.bram18.to_string());
    line("LUT", &|t| t.resources.lut.to_string());
    let proof = match found.proved {
        true => "no parallel factors that were left out can be faster: their lower bounds are no better",
        false => "other parallel factors might be faster: not all were simulated with every memory of the grid",
    };
    let _ = writeln!(text, "\nthe `{}` unit bounds the chosen one from below; {proof}", best.bound.0);
    if let Some(fps) = a.fps.filter(|f| best.fps < *f) {
        let _ = writeln!(text, "NOT REACHED: {fps} FPS; this is the fastest that was found");
        text.push_str(levers);
    }
    text
}
