//! `bico dataset generate` and `bico dataset show`: procedural scenes as files, and a sheet to look at.

use super::common::note;
use super::images::{LabelArguments, Opened};
use crate::dataset::contact::{outline, sheet};
use crate::dataset::scene::{HEIGHT, Split, WIDTH};
use crate::dataset::{Box2D, Examples, Image, Scenes, resize, writer};
use crate::error::{Error, Result};
use rayon::prelude::*;
use std::path::PathBuf;

/// Arguments of `bico dataset`.
#[derive(Clone, Debug, clap::Args)]
pub struct DatasetArgs {
    /// What to do
    #[command(subcommand)]
    pub command: DatasetCommand,
}

/// What `bico dataset` can do.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum DatasetCommand {
    /// Write scenes as PNG images with PASCAL VOC annotations
    Generate(GenerateArgs),
    /// Draw one contact sheet with the boxes marked
    Show(ShowArgs),
}

/// Arguments of `bico dataset generate`.
#[derive(Clone, Debug, clap::Args)]
pub struct GenerateArgs {
    /// Seed range to draw from
    #[arg(long, value_enum, default_value = "test")]
    pub split: Split,
    /// How many scenes
    #[arg(long, visible_alias = "scenes", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub count: u32,
    /// Index of the first scene in its split
    #[arg(long, default_value_t = 0)]
    pub seed: u32,
    /// Folder to write to; created if missing
    #[arg(long)]
    pub out: PathBuf,
}

/// Arguments of `bico dataset show`.
#[derive(Clone, Debug, clap::Args)]
pub struct ShowArgs {
    /// A folder of images instead of scenes
    #[arg(conflicts_with_all = ["split", "seed"])]
    pub images: Option<PathBuf>,
    #[command(flatten)]
    labels: LabelArguments,
    /// Seed range to draw scenes from
    #[arg(long, value_enum, default_value = "test")]
    pub split: Split,
    /// How many images
    #[arg(long, visible_alias = "scenes", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=400))]
    pub count: u32,
    /// Index of the first scene in its split
    #[arg(long, default_value_t = 0)]
    pub seed: u32,
    /// Images in a row
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub columns: u32,
    /// PNG file to write
    #[arg(long, default_value = "sheet.png")]
    pub out: PathBuf,
}

/// Runs `bico dataset`; returns the lines of its summary.
///
/// # Errors
/// When an image is unreadable or a file cannot be written.
pub fn dataset(args: &DatasetArgs, quiet: bool) -> Result<Vec<String>> {
    match &args.command {
        DatasetCommand::Generate(args) => generate(args),
        DatasetCommand::Show(args) => show(args, quiet),
    }
}

/// Scenes of a split by their numbers.
///
/// # Errors
/// When they reach beyond it.
pub fn indices(first: u32, count: u32) -> Result<std::ops::Range<u64>> {
    let (first, end) = (u64::from(first), u64::from(first) + u64::from(count));
    if end > 1 << 32 {
        return Err(Error::usage("the scenes reach beyond their split").value(format!("{first} to {end}")).allowed("below 4294967296"));
    }
    Ok(first..end)
}

fn generate(args: &GenerateArgs) -> Result<Vec<String>> {
    crate::files::make_folder(&args.out)?;
    indices(args.seed, args.count)?.into_par_iter().try_for_each(|index| writer::write_scene(&args.out, args.split, index))?;
    Ok(vec![format!("{} {} scenes written to {}", args.count, args.split.name(), args.out.display())])
}

fn show(args: &ShowArgs, quiet: bool) -> Result<Vec<String>> {
    if args.out.extension().is_some_and(|e| !e.eq_ignore_ascii_case("png")) {
        return Err(Error::usage("the sheet is a PNG file").value(args.out.display()).hint("end the name of --out in .png"));
    }
    let examples: &dyn Examples = match &args.images {
        Some(path) => {
            let Opened { folder, remarks, .. } = args.labels.open(path, quiet)?;
            remarks.iter().filter(|_| !quiet).for_each(|remark| note(remark));
            &{ folder }
        }
        None => {
            let range = indices(args.seed, args.count)?;
            &Scenes { split: args.split, first: range.start, count: args.count as usize }
        }
    };
    let count = examples.len().min(args.count as usize);
    let marked = |index: usize| -> Result<Image> {
        let mut example = examples.load(index)?;
        let fractions = example.fractions();
        // Of scenes a copy: they have this size.
        example.image = resize(&example.image, WIDTH, HEIGHT);
        let pixels = |b: &Box2D| b.scale(WIDTH as f32, HEIGHT as f32);
        fractions.iter().for_each(|b| outline(&mut example.image, pixels(b), [255, 40, 40], 2));
        Ok(example.image)
    };
    let marked = (0..count).into_par_iter().map(marked).collect::<Result<Vec<_>>>()?;
    sheet(&marked, args.columns as usize, WIDTH / 2, HEIGHT / 2).write_png(&args.out)?;
    Ok(vec![format!("{} images on {}", marked.len(), args.out.display())])
}
