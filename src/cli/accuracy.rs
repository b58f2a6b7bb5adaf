//! `bico regress --accuracy`: re-measures golden accuracies and names the first layer whose integers changed.

use super::Talk;
use super::common::{self, note, print};
use super::regress::golden_files;
use super::samples;
use crate::dataset::{Folder, OnBroken, Split};
use crate::error::{Error, Kind, Result};
use crate::files::write_in_folder;
use crate::fixed::Format;
use crate::golden::accuracy::{self, Expected, GoldenAccuracy, Images};
use crate::model::{LoadOptions, Network};
use crate::simulate::Sample;
use crate::tensor::Shape;
use std::path::{Path, PathBuf};

/// Scenes of a new golden accuracy.
const SCENES: usize = 100;
/// Images of a new golden accuracy on which every layer is hashed.
const HASHED: usize = 2;
/// Tolerance of a new golden accuracy.
const TOLERANCE: f64 = 0.005;

/// A network and a golden file of one's own.
#[derive(clap::Args, Debug)]
pub struct Own {
    /// This golden accuracy alone; with --bless and --network it is written anew when there is none.
    #[arg(long, value_name = "FILE", requires = "accuracy")]
    golden: Option<PathBuf>,
    /// Measure this network, an embedded one or a folder, instead of the one the file names.
    #[arg(long, value_name = "MODEL", requires = "golden")]
    network: Option<String>,
    /// Images with VOC, YOLO or COCO labels instead of those the file names.
    #[arg(long, value_name = "DIR", requires = "golden", conflicts_with = "scenes")]
    images: Option<String>,
    /// New file: this many procedural validation scenes [default: 100]
    #[arg(long, value_name = "N", requires = "golden", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    scenes: Option<u32>,
    /// How far the mean IoU may move, instead of what the file says [new file: 0.005]
    #[arg(long, value_name = "IOU", requires = "golden")]
    tolerance: Option<f64>,
    /// New file: width of features in bits, instead of the network's.
    #[arg(long, value_name = "BITS", requires = "golden", value_parser = common::bits())]
    features: Option<u8>,
    /// New file: width of weights in bits, instead of the network's.
    #[arg(long, value_name = "BITS", requires = "golden", value_parser = common::bits())]
    weights: Option<u8>,
}

/// Runs the subcommand over `own.golden`, or over all files of `folder`.
pub fn run(own: &Own, folder: &Path, bless: bool, talk: Talk) -> Result<()> {
    let files = match &own.golden {
        Some(file) => vec![file.clone()],
        None => golden_files(folder)?,
    };
    let bar = common::progress(talk.quiet, files.len(), "golden accuracies");
    let mut cache = Cache::default();
    let mut moved = 0;
    for path in &files {
        let golden = open(own, path, bless)?;
        let now = measure(&golden, &mut cache, talk.quiet).map_err(|e| e.within(path.display()))?;
        bar.inc(1);
        let differences = match &golden.expected {
            Some(expected) => expected.differences(&now, golden.iou_tolerance),
            None => "  not blessed yet\n".to_string(),
        };
        print(&outcome(path, &golden, &now, &differences));
        moved += usize::from(!differences.is_empty());
        if bless && write(path, &GoldenAccuracy { expected: Some(now), ..golden })? {
            print("  blessed\n");
        }
    }
    bar.finish_and_clear();
    if moved == 0 || bless {
        return Ok(());
    }
    let again = if own.golden.is_some() { "the same command and --bless" } else { "`bico regress --accuracy --bless`" };
    Err(Error::new(Kind::Difference, format!("{moved} of {} golden accuracies moved", files.len()))
        .hint(format!("if this is meant, accept it with {again} and say why in the commit")))
}

/// Writes a golden file unless it holds just that already; says whether it wrote.
fn write(path: &Path, golden: &GoldenAccuracy) -> Result<bool> {
    let text = serde_json::to_string_pretty(golden).map_err(|e| Error::fault(e.to_string()))? + "\n";
    if std::fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(false);
    }
    write_in_folder(path, text.as_bytes())?;
    Ok(true)
}

fn outcome(path: &Path, golden: &GoldenAccuracy, now: &Expected, differences: &str) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    if !differences.is_empty() {
        return format!("{name}: moved\n{differences}");
    }
    let old = golden.expected.as_ref().and_then(|e| e.mean_iou);
    let iou = match (old, now.mean_iou) {
        (Some(a), Some(b)) if a == b => format!("mean IoU {b:.4} on {} images", now.scored_images),
        (Some(a), Some(b)) => format!("mean IoU {a:.4} -> {b:.4} on {} images, tolerance {}", now.scored_images, golden.iou_tolerance),
        _ => "no IoU".into(),
    };
    let hashed = now.layers.first().map_or(0, |layer| layer.sha256.len());
    format!("{name}: {iou}; {} layers, every integer the same on {hashed} image{}\n", now.layers.len(), if hashed == 1 { "" } else { "s" })
}

/// The golden file with what the command line changes, or a new one.
fn open(own: &Own, path: &Path, bless: bool) -> Result<GoldenAccuracy> {
    if let Some(t) = own.tolerance.filter(|t| t.is_nan() || *t < 0.0) {
        return Err(Error::usage("--tolerance is out of range").value(t).allowed("0 or more"));
    }
    let mut golden = match (&own.network, path.exists()) {
        (Some(network), false) if bless => {
            let options = LoadOptions { feature_bits: own.features, weight_bits: own.weights, ..LoadOptions::default() };
            let images = match common::network(network, options)?.head {
                Some(_) => {
                    Images::Scenes { split: Split::Validation.name().into(), first: 0, count: own.scenes.map_or(SCENES, |n| n as usize) }
                }
                None => Images::Noise,
            };
            GoldenAccuracy {
                network: network.clone(),
                feature_bits: own.features,
                weight_bits: own.weights,
                images,
                hashed_images: HASHED,
                iou_tolerance: TOLERANCE,
                expected: None,
            }
        }
        (_, false) if own.golden.is_some() => {
            return Err(Error::input("no such golden accuracy").file(path).hint("write it with --network MODEL --golden FILE --bless"));
        }
        _ => {
            if own.scenes.is_some() || own.features.is_some() || own.weights.is_some() {
                return Err(Error::usage("the golden file says on how many scenes and at which widths it was measured")
                    .file(path)
                    .hint("leave out --scenes, --features and --weights, or name a new file"));
            }
            accuracy::read(path)?
        }
    };
    golden.network = own.network.clone().unwrap_or(golden.network);
    golden.images = own.images.clone().map_or(golden.images, Images::Folder);
    golden.iou_tolerance = own.tolerance.unwrap_or(golden.iou_tolerance);
    Ok(golden)
}

/// The images of the last golden file: the next one often has the same.
#[derive(Default)]
struct Cache(Option<(Images, Shape, Format, Vec<Sample>)>);

fn measure(golden: &GoldenAccuracy, cache: &mut Cache, quiet: bool) -> Result<Expected> {
    let options = LoadOptions { feature_bits: golden.feature_bits, weight_bits: golden.weight_bits, ..LoadOptions::default() };
    let network = common::network(&golden.network, options)?;
    let input = network.graph.input();
    let same = |c: &&(Images, Shape, Format, Vec<Sample>)| (&c.0, c.1, c.2) == (&golden.images, input.shape, input.format);
    if cache.0.as_ref().filter(same).is_none() {
        let samples = load(&network, &golden.images, quiet)?;
        cache.0 = Some((golden.images.clone(), input.shape, input.format, samples));
    }
    let samples = cache.0.as_ref().map_or(&[][..], |c| &c.3);
    Expected::measure(&network, samples, golden.hashed_images)
}

fn load(network: &Network, images: &Images, quiet: bool) -> Result<Vec<Sample>> {
    match images {
        Images::Scenes { split, first, count } => {
            let names = Split::ALL.map(Split::name).join(", ");
            let found = Split::ALL.into_iter().find(|s| s.name() == split);
            let split = found.ok_or_else(|| Error::input("no split of this name").value(split).allowed(names))?;
            Ok(samples::scenes(network, split, *first, *count)?.samples)
        }
        Images::Folder(folder) => {
            let (folder, _) = Folder::open(Path::new(folder), None, OnBroken::Refuse)?;
            let found = samples::examples(network, &folder)?;
            found.notes.iter().filter(|_| !quiet).for_each(|text| note(text));
            Ok(found.samples)
        }
        Images::Noise => Ok(samples::noise(network).samples),
    }
}
