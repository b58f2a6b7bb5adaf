//! `bico simulate`: the main job.

use super::Talk;
use super::common::{self, DesignArguments, Format, note, print, progress};
use super::images::{LabelArguments, Opened};
use super::samples::{self, Samples};
use crate::dataset::{Split, baseline};
use crate::error::Result;
use crate::machine::TimedFrame;
use crate::report::{self, Extras, table};
use crate::simulate::{Options, Simulation};
use std::path::PathBuf;

/// Scenes that run when nothing is said.
const DEFAULT_SCENES: usize = 32;
/// Training scenes on which the trivial baselines are fitted.
const BASELINE_FIT: u64 = 64;
/// Scenes on which they are scored at most: they are only there to show that the scenes are hard.
const BASELINE_SCENES: u64 = 64;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    design: DesignArguments,
    /// Run the images of this folder: JPEG or PNG, with VOC, YOLO or COCO labels where there are any.
    #[arg(long, value_name = "DIR", conflicts_with = "scenes")]
    images: Option<PathBuf>,
    #[command(flatten)]
    labels: LabelArguments,
    /// Run this many procedural test scenes (0: time only, no values) [default: 32 for a detector without --images]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    scenes: Option<u32>,
    /// Time this many frames one after the other.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    frames: u32,
    /// Write record, tables, plots, pictures and report.html to this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Run a design that does not fit the board; the result is marked so.
    #[arg(long)]
    allow_overflow: bool,
    /// What is printed; as JSON the record, without the single jobs.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Cycles `FROM:TO` that the waveform covers.
    #[arg(long, value_name = "FROM:TO", value_parser = parse_window, requires = "out")]
    window: Option<(u64, u64)>,
}

fn parse_window(text: &str) -> std::result::Result<(u64, u64), String> {
    let parsed = text.split_once(':').and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
    parsed.filter(|(a, b)| a < b).ok_or_else(|| format!("`{text}` is not FROM:TO with FROM below TO, in cycles"))
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, talk: Talk) -> Result<()> {
    let design = arguments.design.load()?;
    if let Some(dir) = &arguments.out {
        report::check_folder(dir)?;
    }
    let jobs = arguments.out.is_some();
    let options = Options { frames: arguments.frames as usize, allow_overflow: arguments.allow_overflow, jobs };
    let bar = progress(talk.quiet, options.frames, "frames");
    let simulation = Simulation::watched(&design.network, &design.accelerator, &design.board, options, || bar.inc(1))?;
    bar.finish_and_clear();
    let (Samples { samples, pictures, notes }, problems) = load_samples(arguments, &design.network, talk.quiet)?;
    if let Some(dir) = &arguments.out {
        crate::files::make_folder(dir)?;
    }
    let bar = progress(talk.quiet, samples.len(), "images");
    let execution = simulation.execute(&samples, || bar.inc(1))?;
    bar.finish_and_clear();
    let mut record = simulation.record(&samples, &execution, options)?;
    record.settings.clone_from(&design.settings);
    record.notes.extend(design.remark.clone());
    record.notes.extend(problems);
    match &design.network.head {
        Some(_) => {
            record.notes.extend(notes);
            let scored = record.accuracy.as_ref().is_some_and(|a| a.images > 0);
            record.notes.extend(common::untrained(&design.network).filter(|_| scored).map(|text| format!("{text}.")));
        }
        None if arguments.images.is_some() || arguments.scenes.is_some_and(|n| n > 0) => {
            let name = &design.network.name;
            record.notes.push(format!("`{name}` has no detection head: its integers are computed and hashed, no accuracy is measured."));
        }
        None => {}
    }
    if let (None, Some(accuracy)) = (&arguments.images, record.accuracy.as_mut().filter(|a| a.images > 0)) {
        let scores = baseline::score(BASELINE_FIT, Split::Test, accuracy.images.min(BASELINE_SCENES));
        let named = [("mean box", scores.mean_box), ("salient blob", scores.salient_blob), ("colour template", scores.colour_template)];
        accuracy.baselines = named.into_iter().map(|(name, iou)| (name.to_string(), f64::from(iou))).collect();
    }
    if let Some(dir) = &arguments.out {
        let extras = Extras {
            pictures,
            window_cycles: arguments.window,
            tokens: token_changes(simulation.first_frame()),
            resolved_toml: Some(design.resolved.clone()),
        };
        let written = report::write_all(&record, &extras, dir)?;
        crate::files::write_in_folder(&dir.join(report::RESOLVED), design.resolved.as_bytes())?;
        if !talk.quiet {
            note(&format!("{} files in {}; open {}", written.len(), dir.display(), dir.join("report.html").display()));
        }
    }
    match arguments.format {
        Format::Table => print(&table::summary(&record, table::Style::of_stdout())),
        Format::Json => print(&report::record_json(&record)?),
    }
    Ok(())
}

/// What to run, and which files were skipped.
fn load_samples(arguments: &Arguments, network: &crate::model::Network, quiet: bool) -> Result<(Samples, Vec<String>)> {
    if let Some(path) = &arguments.images {
        let Opened { folder, skipped, remarks } = arguments.labels.open(path, quiet)?;
        return Ok((samples::examples(network, &folder)?, skipped.into_iter().chain(remarks).collect()));
    }
    let scenes = |count| samples::scenes(network, Split::Test, 0, count);
    let samples = match (arguments.scenes.map(|n| n as usize), &network.head) {
        (Some(0), _) => Samples::default(),
        (count, Some(_)) => scenes(count.unwrap_or(DEFAULT_SCENES))?,
        (Some(count), None) => scenes(count)?,
        (None, None) => samples::noise(network),
    };
    Ok((samples, Vec::new()))
}

/// The token counters of a frame, for the waveform.
fn token_changes(frame: &TimedFrame) -> Vec<report::TokenChange> {
    let change = |t: &crate::machine::TokenChange| report::TokenChange { cycle: t.cycle.0, from: t.from, to: t.to, value: t.value };
    frame.tokens.iter().map(change).collect()
}
