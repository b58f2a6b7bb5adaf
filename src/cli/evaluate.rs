//! `bico evaluate`: how well a network finds objects, in float and executed.

use super::Talk;
use super::common::{DEFAULT_NETWORK, Format, WidthArguments, network, note, print, progress, untrained};
use super::images::{LabelArguments, Opened};
use super::samples;
use crate::dataset::baseline::Baselines;
use crate::dataset::{Examples, LabelFormat, Scenes, Split};
use crate::error::Result;
use crate::evaluate::{self, Evaluation, Options, References};
use crate::model::{LoadOptions, Network, WeightsFile};
use crate::report::{Picture, evaluation};
use crate::stats::Bootstrap;
use std::path::PathBuf;

/// Training scenes on which the baselines are fitted.
const BASELINE_FIT: u64 = 64;
/// Images from which on the percentiles of resamples are close to those of the population.
const FEW: usize = 30;

/// Arguments of `bico evaluate`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Network: a name from `bico networks`, or a folder with network.toml and weights.safetensors.
    #[arg(value_name = "MODEL", default_value = DEFAULT_NETWORK)]
    model: String,
    /// Evaluate on this many procedural scenes.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    scenes: u32,
    /// Which scenes: those of training are no test.
    #[arg(long, value_enum, default_value = "test")]
    split: Split,
    /// Evaluate on the images of this folder (or this JSON file of COCO instances) instead.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["scenes", "split"])]
    images: Option<PathBuf>,
    #[command(flatten)]
    labels: LabelArguments,
    #[command(flatten)]
    widths: WidthArguments,
    /// A second network, with the widths of its file, on the same images: the paired difference.
    #[arg(long, value_name = "MODEL")]
    against: Option<String>,
    /// Resamples for the intervals.
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().resamples, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    resamples: u32,
    /// Seed of the resamples.
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().seed)]
    seed: u64,
    /// Write evaluate.json, evaluate.csv (a line for each image), plot and contact sheet to this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, talk: Talk) -> Result<()> {
    let first = network(&arguments.model, arguments.widths.options(WeightsFile::default()))?;
    let second = arguments.against.as_ref().map(|name| network(name, LoadOptions::default())).transpose()?;
    let networks: Vec<&Network> = std::iter::once(&first).chain(&second).collect();
    match &arguments.images {
        Some(path) => {
            let Opened { folder, skipped, remarks } = arguments.labels.open(path, talk.quiet)?;
            let single = (0..folder.len()).all(|i| folder.objects(i).len() == 1);
            let references = if single { References::halves(&folder)? } else { None };
            let labels = folder.format().map_or("no", LabelFormat::name);
            let images = if folder.len() == 1 { "image" } else { "images" };
            let images_from = format!("{} {images} of {} ({labels} labels)", folder.len(), path.display());
            finish(arguments, &networks, &folder, references, About { images_from, skipped, remarks }, talk)
        }
        None => {
            let scenes = Scenes { split: arguments.split, first: 0, count: arguments.scenes as usize };
            let references = References::Apart(Box::new(Baselines::of_scenes(BASELINE_FIT)));
            let images_from = format!("{} {} scenes", arguments.scenes, arguments.split.name());
            finish(arguments, &networks, &scenes, Some(references), About { images_from, ..About::default() }, talk)
        }
    }
}

/// What the report says about the images.
#[derive(Default)]
struct About {
    images_from: String,
    skipped: Vec<String>,
    remarks: Vec<String>,
}

fn finish(
    arguments: &Arguments,
    networks: &[&Network],
    examples: &dyn Examples,
    references: Option<References>,
    about: About,
    talk: Talk,
) -> Result<()> {
    if let Some(dir) = &arguments.out {
        crate::files::make_folder(dir)?;
    }
    let options = Options { bootstrap: Bootstrap { resamples: arguments.resamples, seed: arguments.seed }, ..Options::default() };
    let bar = progress(talk.quiet, examples.len(), "images");
    let mut found = evaluate::evaluate(networks, examples, references.as_ref(), options, || bar.inc(1))?;
    bar.finish_and_clear();
    found.images_from = about.images_from;
    found.problems = about.skipped;
    found.notes = about.remarks;
    if examples.len() < FEW {
        found.notes.push(format!("On fewer than {FEW} images an interval is a rough guide."));
    }
    found.notes.extend(networks.iter().filter_map(|n| untrained(n)).map(|text| format!("{text}.")));
    if let Some(References::Halves(_)) = references {
        found.notes.push("Baselines of each half of the images are fitted on the other half.".into());
    }
    if let Some(dir) = &arguments.out {
        let pictures = pictures(&found, examples)?;
        let files = evaluation::files(&found, &pictures)?;
        for (name, bytes) in &files {
            crate::files::write_in_folder(&dir.join(name), bytes)?;
        }
        if !talk.quiet {
            let names: Vec<&str> = files.iter().map(|f| f.0.as_str()).collect();
            note(&format!("{} in {}", names.join(", "), dir.display()));
        }
    }
    match arguments.format {
        Format::Table => print(&evaluation::table(&found)),
        Format::Json => print(&evaluation::json(&found)?),
    }
    Ok(())
}

/// The images on the contact sheet, read again: they are few.
fn pictures(found: &Evaluation, examples: &dyn Examples) -> Result<Vec<(usize, Picture)>> {
    let load = |index: usize| {
        let example = examples.load(index)?;
        Ok((index, Picture { name: example.name, pixels: samples::picture(&example.image) }))
    };
    evaluation::shown(found).into_iter().map(load).collect()
}
