//! `bico study proxy`.

use super::{Tabled, Talk, print, progress};
use crate::error::Result;
use crate::files::write_atomically;
use crate::report::ranking;
use crate::search::bundle;
use crate::search::pareto::first_most;
use crate::search::ranking::{Full, Row, draw, tau};
use crate::search::{Space, Table};
use crate::train::run::EPOCH_IMAGES;
use std::fmt::Write;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    tabled: Tabled,
    /// Folder for ranking.csv, ranking.svg and the checkpoints; the same command goes on there after an interruption.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Networks, drawn at random.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(6..=10_000))]
    networks: u32,
    /// Epochs of 2,000 images, in float, at the network's own input.
    #[arg(long, value_name = "E", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    epochs: u64,
    /// Validation scenes that choose the epoch; it is judged on as many others.
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    validation: u32,
    /// Of the draw; initial weights and order have another, which follows from it.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Trainings at a time, one thread each; 0 for as many as the machine has threads. The result does not depend on it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    jobs: usize,
}

/// Runs the study: CSV, figure, table.
pub fn run(a: &Arguments, talk: Talk) -> Result<()> {
    let pool = bundle::builtin();
    let (table, space) = (Table::read(&a.tabled.table)?, Space::open(a.tabled.space.as_deref(), &pool)?);
    let networks = draw(&table, &space, a.networks as usize, a.seed).map_err(|e| e.file(&a.tabled.table))?;
    crate::files::make_folder(&a.out)?;
    let full = Full {
        epochs: a.epochs,
        images: EPOCH_IMAGES as usize,
        validation: a.validation as usize,
        seed: a.seed,
        jobs: a.jobs,
        folder: &a.out,
    };
    let bar = progress(talk.quiet, networks.len() * a.epochs as usize, "epochs");
    let rows = full.run(&networks, &pool, &|epochs| bar.inc(epochs))?;
    bar.finish_and_clear();
    let title = format!("The proxy against {} epochs of {EPOCH_IMAGES} images, {} networks", a.epochs, rows.len());
    write_atomically(&a.out.join("ranking.svg"), ranking::draw(&title, &rows)?.as_bytes())?;
    print(&text(&rows));
    Ok(())
}

/// From the highest IoU by full training down.
fn text(rows: &[Row]) -> String {
    let mut sorted: Vec<&Row> = rows.iter().collect();
    sorted.sort_by(|a, b| b.full_iou.total_cmp(&a.full_iou));
    let mut text = format!("{:<52}{:>8}{:>12}{:>8}{:>8}\n", "network", "MMAC", "parameters", "full", "proxy");
    for r in &sorted {
        let _ = writeln!(text, "{:<52}{:>8.1}{:>12}{:>8.3}{:>8.3}", r.network, r.macs as f64 / 1e6, r.parameters, r.full_iou, r.proxy_iou);
    }
    let _ = match tau(rows) {
        Some(t) => {
            writeln!(text, "\nKendall's tau of the two over {} networks: {:.2} ({:.2} to {:.2}, 95 %)", rows.len(), t.value, t.low, t.high)
        }
        None => writeln!(text, "\nKendall's tau: none, one of the two ranks nothing"),
    };
    if let (Some(best), Some(picked)) = (sorted.first(), first_most(rows, |r| r.proxy_iou)) {
        let _ = writeln!(
            text,
            "who takes the proxy's favourite gives up {:.3} of IoU against the best of them",
            best.full_iou - picked.full_iou
        );
    }
    text
}
