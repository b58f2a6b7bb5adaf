//! `bico bundles`: the building blocks, judged from below.

use super::Talk;
use super::common::{PlaceArguments, note, print, progress};
use crate::error::{Error, Result};
use crate::files::{check_outputs, write_atomically};
use crate::report::bundles as plot;
use crate::search::bottomup::{Coarse, Row, pareto};
use crate::search::topdown::Target;
use crate::search::{bundle, fine};
use std::fmt::Write;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// Bundles beside the 18 of the papers' IP pool: a TOML file of `[[bundle]]` tables, as in network.toml.
    #[arg(long, value_name = "FILE")]
    pool: Option<PathBuf>,
    /// Judge accuracy by this many passes over the proxy's 4,000 scenes; 0: latency and resources only, in a minute or so.
    #[arg(long, value_name = "E", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=100))]
    epochs: u64,
    /// Bundles at a time, one thread each; 0 for as many as the machine has threads.
    #[arg(long, value_name = "N", default_value_t = 0)]
    jobs: usize,
    /// Keep the table in this CSV file; bundles that it has already are not judged again.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Then judge the Pareto-optimal bundles with every activation and several widths, on the grids, and keep that table in this CSV file: eight trainings a bundle.
    #[arg(long, value_name = "FILE")]
    fine: Option<PathBuf>,
    /// Draw accuracy against latency to this SVG file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Designs that are simulated for each bundle at most.
const DESIGNS: usize = 74;

/// Runs the subcommand.
pub fn run(a: &Arguments, talk: Talk) -> Result<()> {
    if a.svg.is_some() && a.epochs == 0 {
        return Err(Error::usage("--svg draws accuracy, which is not judged").hint("give --epochs 1 or more"));
    }
    if a.fine.is_some() && a.epochs == 0 {
        return Err(Error::usage("--fine judges accuracy").hint("give --epochs 1 or more"));
    }
    check_outputs(a.csv.iter().chain(&a.svg).chain(&a.fine))?;
    let (pool, (board, clock)) = (bundle::pool(a.pool.as_deref())?, a.place.load()?);
    let target = Target { clock, fps: None, designs: DESIGNS, jobs: 1 };
    let coarse = Coarse { pool: &pool, board: &board, target, epochs: a.epochs, jobs: a.jobs, path: a.csv.clone() };
    let bar = progress(talk.quiet, pool.len(), "bundles");
    let rows = coarse.run(&|| bar.inc(1), &|name, e| bar.suspend(|| note(&format!("bundle `{name}` left out: {}", e.what()))))?;
    bar.finish_and_clear();
    let title = format!("Bundles in a network of four replications on {} at {} MHz (assumed)", board.name, a.place.clock_mhz);
    if let Some(path) = &a.svg {
        write_atomically(path, plot::draw(&title, &rows)?.as_bytes())?;
    }
    print(&table(&title, &rows));
    if let Some(path) = &a.fine {
        let best: Vec<String> = rows.iter().zip(pareto(&rows)).filter(|(_, front)| *front).map(|(r, _)| r.bundle.clone()).collect();
        let bar = progress(talk.quiet, best.iter().map(|b| fine::variants(b).len()).sum(), "variants");
        let rows = fine::run((&pool, &best), (&board, target), fine::judging(a.epochs), a.jobs, path, &|| bar.inc(1))?;
        bar.finish_and_clear();
        print(&fine_table(&rows));
    }
    Ok(())
}

fn fine_table(rows: &[fine::Row]) -> String {
    let mut text = format!(
        "\n{:<14}{:<12}{:>9}{:>9}{:>12}{:>8}{:>6}{:>8}{:>10}{:>11}\n",
        "bundle", "activation", "features", "weights", "cycles", "FPS", "DSP", "RAMB18", "mJ/frame", "proxy IoU"
    );
    for r in rows {
        let _ = writeln!(
            text,
            "{:<14}{:<12}{:>9}{:>9}{:>12}{:>8.1}{:>6}{:>8}{:>10.1}{:>11.3}",
            r.bundle,
            r.activation.name(),
            r.feature_bits,
            r.weight_bits,
            r.cycles,
            r.fps,
            r.dsp,
            r.ramb18,
            r.mj_per_frame,
            r.proxy_iou
        );
    }
    text
}

fn table(title: &str, rows: &[Row]) -> String {
    let mut text = format!(
        "{title}\n\n{:<14}{:>8}{:>12}{:>9}{:>6}{:>8}{:>8}{:>10}  {}\n",
        "bundle", "MMAC", "cycles", "ms", "DSP", "RAMB18", "LUT", "proxy IoU", "Pareto-optimal"
    );
    for (r, front) in rows.iter().zip(pareto(rows)) {
        let iou = r.proxy_iou.map_or("-".into(), |v| format!("{v:.3}"));
        let _ = writeln!(
            text,
            "{:<14}{:>8.1}{:>12}{:>9.2}{:>6}{:>8}{:>8}{:>10}  {}",
            r.bundle,
            r.macs as f64 / 1e6,
            r.cycles,
            r.accelerator_ms,
            r.dsp,
            r.ramb18,
            r.lut,
            iou,
            if front { "yes" } else { "" }
        );
    }
    text
}
