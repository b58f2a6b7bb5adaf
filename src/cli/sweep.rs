//! `bico sweep`: accuracy against bit width, executed point by point.

use super::Talk;
use super::common::{DEFAULT_NETWORK, network, note, print, progress, untrained};
use super::dataset::indices;
use super::images::LabelArguments;
use super::samples::{self, Samples};
use crate::accuracy;
use crate::dataset::Split;
use crate::dataset::scene::version_hash;
use crate::error::{Error, Result};
use crate::files::write_in_folder;
use crate::golden::accuracy::hash_samples;
use crate::model::{LoadOptions, Network};
use crate::report::{heat, observation as plot};
use crate::simulate::Sample;
use crate::sweep::observation::{Point, curves};
use crate::sweep::{Calibration, Journal, Kind, Method, Row, Settings, Sweep, choose, journal};
use crate::train::data::{Images, Source};
use crate::train::run::{Plan, Training};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Images that formats are calibrated on, at most: training scenes, or of the user's own images every so many.
const CALIBRATION_IMAGES: usize = 64;
const CALIBRATION_STRIDE: usize = 4;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Network: a name from `bico networks`, or a folder with network.toml and weights.safetensors.
    #[arg(value_name = "MODEL", default_value = DEFAULT_NETWORK)]
    model: String,
    /// Widths of feature maps in bits, `FROM..TO` with both ends, or one; an image of more bits is narrowed with them.
    #[arg(long, value_name = "BITS", value_parser = parse_widths, default_value = "4..16")]
    features: Widths,
    /// Widths of weights in bits, `FROM..TO` with both ends, or one.
    #[arg(long, value_name = "BITS", value_parser = parse_widths, default_value = "2..16")]
    weights: Widths,
    /// Score every point on this many scenes.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    scenes: u32,
    /// Split that the scenes come from.
    #[arg(long, value_enum, default_value_t = Split::Validation)]
    split: Split,
    /// Number of the first scene: seed S takes scenes S to S + N - 1.
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u32,
    /// Score on the images of this folder instead (JPEG or PNG, with VOC, YOLO or COCO labels); every fourth of them, 64 at most, calibrates the formats and is not scored.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["scenes", "split", "seed", "fine_tune"])]
    images: Option<PathBuf>,
    #[command(flatten)]
    labels: LabelArguments,
    /// How the fraction bits of each layer are chosen at each width.
    #[arg(long, value_enum, default_value_t = Method::SquaredError)]
    calibration: Method,
    /// Write sweep.csv, sweep.svg, observation1.csv and observation1.svg to this folder; finished points that it has already are not run again.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Fine-tune this many points where post-training accuracy starts to fall [12 when no number is given]
    #[arg(long, value_name = "K", num_args = 0..=1, default_missing_value = "12")]
    fine_tune: Option<usize>,
    /// Epochs of 2,000 scenes of each fine-tuning, the first half of them on crops.
    #[arg(long, value_name = "E", requires = "fine_tune", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1000))]
    epochs: u32,
}

/// Both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Widths(u8, u8);

impl Widths {
    fn all(self) -> Vec<u8> {
        (self.0..=self.1).collect()
    }
}

fn parse_widths(text: &str) -> std::result::Result<Widths, String> {
    let number = |t: &str| t.trim().parse::<u8>().ok().filter(|b| (1..=16).contains(b));
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    match (number(from), number(to.trim_start_matches('='))) {
        (Some(from), Some(to)) if from <= to => Ok(Widths(from, to)),
        _ => Err(format!("`{text}` is not FROM..TO, or one width, within 1 to 16 bits and FROM at most TO")),
    }
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, talk: Talk) -> Result<()> {
    indices(arguments.seed, arguments.scenes)?;
    let network = network(&arguments.model, LoadOptions::default())?;
    accuracy::head_of(&network)?;
    if let Some(text) = untrained(&network).filter(|_| !talk.quiet) {
        note(&format!("note: {text}"));
    }
    if arguments.fine_tune.is_some() {
        Training::check(&network)?;
    }
    let own = arguments.images.as_deref().map(|folder| OwnImages::open(arguments, &network, folder, talk)).transpose()?;
    let settings = settings(arguments, &network, own.as_ref());
    let mut journal = match &arguments.out {
        Some(folder) => Journal::open(folder, &settings)?,
        None => Journal::in_memory(),
    };
    let (features, weights) = (arguments.features.all(), arguments.weights.all());
    let missing = missing(&journal, &features, &weights);
    if missing > 0 || arguments.fine_tune.is_some() {
        let mut tune = arguments.fine_tune.map(|count| (count, tuner(arguments.epochs)));
        let OwnImages { scored, shown } = match own {
            Some(own) => own,
            None => OwnImages {
                scored: samples::scenes(&network, arguments.split, u64::from(arguments.seed), arguments.scenes as usize)?.samples,
                shown: samples::scenes(&network, Split::Training, 0, CALIBRATION_IMAGES)?.samples,
            },
        };
        let calibration = Calibration::new(&network, &shown, arguments.calibration)?;
        let bar = progress(talk.quiet, missing * scored.len(), "images");
        let sweep = Sweep { network: &network, samples: &scored, calibration: &calibration, done: &|| bar.inc(1) };
        sweep.post_training(&features, &weights, &mut journal)?;
        if let Some((count, tune)) = &mut tune {
            let points = choose::points(journal.rows(), *count);
            if points.len() < *count && !talk.quiet {
                note(&format!(
                    "note: {} of {count} points are worth a fine-tuning: the accuracy of the others is close to the best, or gone",
                    points.len()
                ));
            }
            bar.inc_length((points.len() * scored.len()) as u64);
            sweep.fine_tuned(&points, arguments.epochs, tune, &mut journal)?;
        }
        bar.finish_and_clear();
    }
    let what = match settings.split.as_str() {
        OWN => "images".to_string(),
        split => format!("{split} scenes"),
    };
    let title = format!("{}: mean IoU on {} {what}, calibrated by {}", network.name, settings.scenes, arguments.calibration.name());
    if let Some(folder) = &arguments.out {
        write_figures(folder, &title, &network, journal.rows())?;
    }
    print(&table(&title, journal.rows()));
    Ok(())
}

/// What settings call the split of the user's own images.
const OWN: &str = "images";

/// Images that points are scored on, and those that formats are calibrated on.
struct OwnImages {
    scored: Vec<Sample>,
    shown: Vec<Sample>,
}

impl OwnImages {
    fn open(arguments: &Arguments, network: &Network, folder: &Path, talk: Talk) -> Result<OwnImages> {
        let opened = arguments.labels.open(folder, talk.quiet)?;
        let Samples { samples, notes, .. } = samples::examples(network, &opened.folder)?;
        if !talk.quiet {
            opened.remarks.iter().chain(&notes).for_each(|text| note(&format!("note: {text}")));
        }
        let mut own = OwnImages { scored: Vec::new(), shown: Vec::new() };
        for (k, sample) in samples.into_iter().enumerate() {
            let calibrates = k % CALIBRATION_STRIDE == 0 && own.shown.len() < CALIBRATION_IMAGES;
            (if calibrates { &mut own.shown } else { &mut own.scored }).push(sample);
        }
        own.scored.retain(|s| s.truth.is_some());
        if own.scored.is_empty() {
            let e = Error::input("no image is left to score: the first, and every fourth after it, calibrates the formats");
            return Err(e
                .file(folder)
                .value("none of the others has a labelled object")
                .allowed("2 images or more, with labelled objects"));
        }
        Ok(own)
    }
}

/// Trains on from the network's own weights, on the grids of the point.
fn tuner(epochs: u32) -> impl FnMut(&Network, u8, u8) -> Result<Network> {
    move |network, features, weights| {
        let mut at = network.clone();
        at.float.override_bits(Some(features), Some(weights))?;
        let plan = Plan::tuning(&at, u64::from(epochs));
        let none = Images { shape: at.float.input().shape, pixels: Vec::new(), targets: Vec::new() };
        let training = Training { network: &at, plan, source: &Source::Scenes, validation: &none, folder: None };
        Ok(training.run(&mut |_, _, _, _| {})?.network)
    }
}

fn settings(arguments: &Arguments, network: &Network, own: Option<&OwnImages>) -> Settings {
    let (split, generator, seed, scenes, calibration_scenes) = match own {
        Some(own) => (OWN.to_string(), hash_samples(own.scored.iter().chain(&own.shown)), 0, own.scored.len(), own.shown.len()),
        None => {
            let (seed, scenes) = (u64::from(arguments.seed), arguments.scenes as usize);
            (arguments.split.name().to_string(), version_hash(4), seed, scenes, CALIBRATION_IMAGES)
        }
    };
    Settings {
        version: journal::VERSION,
        network: network.name.clone(),
        network_sha256: journal::network_hash(&network.resolved, &network.float),
        split,
        generator,
        seed,
        scenes,
        calibration: arguments.calibration.name().into(),
        calibration_scenes,
    }
}

/// Points that are still to be run.
fn missing(journal: &Journal, features: &[u8], weights: &[u8]) -> usize {
    let grid = features.iter().flat_map(|&f| weights.iter().map(move |&w| (Kind::PostTraining, f, w, 0)));
    grid.chain([(Kind::Float, 32, 32, 0)]).filter(|&key| journal.find(key).is_none()).count()
}

fn write_figures(folder: &Path, title: &str, network: &Network, rows: &[Row]) -> Result<()> {
    let curves = curves(rows);
    let figure = format!("Observation 1, {title}");
    write_in_folder(&folder.join("sweep.svg"), heat::draw(title, rows, own_widths(network))?.as_bytes())?;
    write_in_folder(&folder.join("observation1.svg"), plot::draw(&figure, &curves, float(rows))?.as_bytes())?;
    write_in_folder(&folder.join("observation1.csv"), &journal::to_csv(&curves.concat())?)
}

fn float(rows: &[Row]) -> Option<f64> {
    rows.iter().find(|r| r.kind == Kind::Float).map(|r| r.mean_iou)
}

/// The widths that all layers of the network share, if they do.
fn own_widths(network: &Network) -> Option<(u8, u8)> {
    let same = |mut bits: Box<dyn Iterator<Item = u8> + '_>| bits.next().filter(|first| bits.all(|b| b == *first));
    let layers = || network.graph.nodes.iter().skip(1);
    let features = same(Box::new(layers().map(|n| n.format.bits)))?;
    let weights = same(Box::new(layers().filter_map(|n| n.weights.as_ref().map(|w| w.format.bits))))?;
    Some((features, weights))
}

fn table(title: &str, rows: &[Row]) -> String {
    let grid: Vec<&Row> = rows.iter().filter(|r| r.kind == Kind::PostTraining).collect();
    let widths = |of: fn(&Row) -> u8| grid.iter().map(|r| of(r)).collect::<std::collections::BTreeSet<u8>>();
    let worst = rows.iter().map(|r| r.standard_error).fold(0.0, f64::max);
    let float = float(rows).map_or(String::new(), |v| format!("float32 {v:.3}, "));
    let mut text =
        format!("{title} ({float}standard error at most {worst:.3})\n\nfeature   weight bits, formats calibrated after training\n   bits");
    let weights = widths(|r| r.weight_bits);
    for w in &weights {
        let _ = write!(text, "{w:>6}");
    }
    for f in widths(|r| r.feature_bits).into_iter().rev() {
        let _ = write!(text, "\n{f:>7}");
        for &w in &weights {
            let row = grid.iter().find(|r| (r.feature_bits, r.weight_bits) == (f, w));
            let _ = write!(text, "{:>6}", row.map_or("-".into(), |r| format!("{:.3}", r.mean_iou)));
        }
    }
    text.push('\n');
    for r in rows.iter().filter(|r| r.kind == Kind::FineTuned) {
        let _ = write!(
            text,
            "\nfine-tuned {} epochs: features {}, weights {} bits: {:.3}",
            r.epochs, r.feature_bits, r.weight_bits, r.mean_iou
        );
    }
    text + &observation(&curves(rows))
}

/// Both curves side by side, by bits.
fn observation([features, weights]: &[Vec<Point>; 2]) -> String {
    let pairs: Vec<(&Point, &Point)> = features.iter().filter_map(|f| Some((f, weights.iter().find(|w| w.bits == f.bits)?))).collect();
    let Some((f, w)) = pairs.first() else { return String::new() };
    let mut text = format!(
        "\nobservation 1: features reduced (weights {} bits) against weights reduced (features {} bits)\n   bits  compression  mean IoU   \
         compression  mean IoU\n",
        f.other_bits, w.other_bits
    );
    for (f, w) in pairs {
        let _ = writeln!(text, "{:>7}{:>12.2}x{:>10.3}{:>13.2}x{:>10.3}", f.bits, f.compression, f.mean_iou, w.compression, w.mean_iou);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_one_or_a_range_with_both_ends() {
        assert_eq!(parse_widths("4..16"), Ok(Widths(4, 16)));
        assert_eq!(parse_widths("4..=6").map(Widths::all), Ok(vec![4, 5, 6]));
        assert_eq!(parse_widths("9"), Ok(Widths(9, 9)));
        for wrong in ["", "0..4", "4..17", "6..4", "a..b", "4..", "-1"] {
            assert!(parse_widths(wrong).is_err(), "{wrong}");
        }
    }
}
