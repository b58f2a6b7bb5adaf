//! `bico study analytical`.

use super::{Talk, clock, print, progress};
use crate::board;
use crate::cli::{common, samples};
use crate::dataset::Split;
use crate::error::{Error, Result};
use crate::files::write_atomically;
use crate::model::LoadOptions;
use crate::report::model;
use crate::search::studies::{self, DESIGNS_EACH, ModelRow};
use crate::search::topdown::Target;
use crate::stats::median;
use crate::sweep::journal::to_csv;
use std::fmt::Write;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Folder for the CSV and the figure.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Networks: names from `bico networks`, or folders.
    #[arg(long, value_name = "MODEL", num_args = 1.., default_values = NETWORKS)]
    networks: Vec<String>,
    /// Board: a name from `bico boards`, or a TOML file.
    #[arg(long, value_name = "B", default_value = board::DEFAULT)]
    board: String,
    /// Fabric clock in megahertz: assumed, not timed.
    #[arg(long, value_name = "MHZ", default_value_t = 150.0)]
    clock_mhz: f64,
    /// Simulations at a time; 0 for as many as the machine has threads. The result does not depend on it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    jobs: usize,
}

/// Networks that come with bico, of each of its families.
const NETWORKS: [&str; 8] = ["dnn1", "dnn2", "dnn3", "skynet_a", "skynet_b", "skynet_c", "uav-detector", "uav-ternary"];

/// Designs that the top-down search tries for each network.
const DESIGNS: usize = 60;

/// Runs the study: CSV, figure, table.
pub fn run(a: &Arguments, talk: Talk) -> Result<()> {
    let (board, clock) = (board::load(&a.board)?, clock(a.clock_mhz)?);
    crate::files::make_folder(&a.out)?;
    let target = Target { clock, fps: None, designs: DESIGNS, jobs: a.jobs };
    let bar = progress(talk.quiet, a.networks.len(), "networks");
    let mut rows: Vec<ModelRow> = Vec::new();
    for name in &a.networks {
        let network = common::network(name, LoadOptions::default())?;
        let scene = samples::scenes(&network, Split::Validation, 0, 1)?.samples;
        let image = scene.first().ok_or_else(|| Error::fault("one scene was asked for"))?;
        rows.extend(studies::analytical(&network, &board, target, image).map_err(|e| e.within(format!("network `{name}`")))?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    write_atomically(&a.out.join("analytical.csv"), &to_csv(&rows)?)?;
    let designs: Vec<(String, u64, u64)> = rows.iter().map(|r| (r.network.clone(), r.timed_cycles, r.analytical_cycles)).collect();
    let title = format!("Analytical model against simulation, {} designs on {}", rows.len(), board.name);
    write_atomically(&a.out.join("analytical.svg"), model::draw(&title, &designs)?.as_bytes())?;
    print(&table(&rows));
    Ok(())
}

fn table(rows: &[ModelRow]) -> String {
    let mut text = format!("{:<16}{:>9}{:>46}\n", "network", "designs", "analytical model's error, % (least, most)");
    for of_one in rows.chunk_by(|a, b| a.network == b.network) {
        let name = &of_one[0].network;
        let errors: Vec<f64> = of_one.iter().map(|r| r.analytical_error_percent).collect();
        let (least, most) = errors.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), e| (l.min(*e), m.max(*e)));
        let _ = writeln!(text, "{name:<16}{:>9}{:>46}", errors.len(), format!("{least:+.1}, {most:+.1}"));
    }
    let (median, largest) = spread(rows, 1.0);
    let equal = rows.iter().filter(|r| r.timed_cycles == r.executed_cycles).count();
    let _ = writeln!(
        text,
        "\n{} designs, up to {DESIGNS_EACH} a network: median error {median:.1} %, largest {largest:.1} %; cycles of the execution with values equal those without in {equal}",
        rows.len()
    );
    // The papers fit their coefficients: the same with one factor on all of it that suits these very designs best.
    let factor = fitted(rows);
    let (median, largest) = spread(rows, factor);
    let _ = writeln!(text, "with one factor fitted on all of them ({factor:.3}): median error {median:.1} %, largest {largest:.1} %");
    text
}

/// The factor on the analytical model's cycles that brings them to the simulated ones on (geometric) average.
fn fitted(rows: &[ModelRow]) -> f64 {
    let logs = rows.iter().map(|r| libm::log(r.timed_cycles as f64 / r.analytical_cycles as f64));
    libm::exp(logs.sum::<f64>() / rows.len().max(1) as f64)
}

/// Median and largest error of the model times a factor, percent.
fn spread(rows: &[ModelRow], factor: f64) -> (f64, f64) {
    let error = |r: &ModelRow| (factor * r.analytical_cycles as f64 / r.timed_cycles as f64 - 1.0).abs() * 100.0;
    let sizes: Vec<f64> = rows.iter().map(error).collect();
    (median(&sizes).unwrap_or(0.0), sizes.iter().copied().fold(0.0, f64::max))
}
