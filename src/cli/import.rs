//! `bico import`: a network from elsewhere.

use super::Talk;
use super::common::{bits, note, print, progress};
use super::images::LabelArguments;
use super::samples::{self, Samples};
use crate::dataset::Split;
use crate::error::{Error, Result};
use crate::model::import::{self, Imported, Options, Scaling};
use crate::model::raw::{RawFormat, ScaleKind};
use crate::model::untiled::Untiled;
use crate::model::{LoadOptions, Network, load_text};
use crate::simulate::Sample;
use crate::sweep::{Calibration, Method};
use crate::train::{checkpoint, export};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Images that formats are calibrated on where none are given: scenes of the training split.
const SCENES: usize = 16;
/// Images that are compared, and most of a folder that are calibrated on.
const COMPARED: usize = 8;
const MOST_IMAGES: usize = 64;
/// Signal to quantisation noise below which a network has lost more than a point or two of its accuracy, as a rule.
const LITTLE_DB: f64 = 20.0;

#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// ONNX file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Folder for network.toml and weights.safetensors; its name is the network's.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Tensor that is the result; without it the file's output. What only a host does behind it (reshape, softmax, sigmoid) is left out.
    #[arg(long, value_name = "TENSOR")]
    output: Option<String>,
    /// Rows and columns of the image, where the file leaves them open.
    #[arg(long, value_name = "ROWSxCOLUMNS", value_parser = size)]
    size: Option<[usize; 2]>,
    /// What black and white are to the network, e.g. `-1,1` or `0,255`.
    #[arg(long, value_name = "LOW,HIGH", value_parser = range, default_value = "0,1", allow_hyphen_values = true)]
    range: [f64; 2],
    /// Or the mean of each channel that the network was trained with, of pixels from 0 to 1: with --std, e.g. `0.485,0.456,0.406`.
    #[arg(long, value_name = "R,G,B", value_delimiter = ',', requires = "deviation", conflicts_with = "range")]
    mean: Vec<f64>,
    /// And the standard deviation of each channel, e.g. `0.229,0.224,0.225`.
    #[arg(long = "std", id = "deviation", value_name = "R,G,B", value_delimiter = ',', requires = "mean")]
    deviation: Vec<f64>,
    /// Width of feature maps in bits, where the file settles no format.
    #[arg(long, value_name = "BITS", value_parser = bits(), default_value_t = 8)]
    features: u8,
    /// Width of weights in bits, where the file settles no format.
    #[arg(long, value_name = "BITS", value_parser = bits(), default_value_t = 8)]
    weights: u8,
    /// How accumulators are scaled: shift needs no multiplier, multiplier-per-channel loses least of a network that was trained in float.
    #[arg(long, value_enum, value_name = "SCALE", default_value_t = ScaleKind::Shift)]
    scale: ScaleKind,
    /// Calibrate formats on the images of this folder (64 at most), instead of 16 generated scenes.
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,
    #[command(flatten)]
    labels: LabelArguments,
}

fn size(text: &str) -> std::result::Result<[usize; 2], String> {
    let sides = text.split_once(['x', 'X']).and_then(|(h, w)| Some([h.trim().parse().ok()?, w.trim().parse().ok()?]));
    sides
        .filter(|s: &[usize; 2]| s.iter().all(|n| (1..=4096).contains(n)))
        .ok_or_else(|| format!("`{text}` is not ROWSxCOLUMNS, each 1 to 4096"))
}

fn range(text: &str) -> std::result::Result<[f64; 2], String> {
    let ends = text.split_once(',').and_then(|(a, b)| Some([a.trim().parse().ok()?, b.trim().parse().ok()?]));
    ends.filter(|[a, b]: &[f64; 2]| a.is_finite() && b.is_finite() && a < b)
        .ok_or_else(|| format!("`{text}` is not LOW,HIGH with LOW below HIGH"))
}

/// Runs the subcommand.
pub fn run(a: &Arguments, talk: Talk) -> Result<()> {
    let name = a.out.file_name().map(|n| n.to_string_lossy().into_owned());
    let name = name.ok_or_else(|| Error::usage("the folder has no name").value(a.out.display()).hint("--out DIR/NAME"))?;
    let scaling = match a.mean.as_slice() {
        [] => Scaling::Range(a.range),
        mean => Scaling::Normalise { mean: mean.to_vec(), deviation: a.deviation.clone() },
    };
    let mut imported = import::read(&a.file, &Options { name: name.clone(), output: a.output.clone(), size: a.size, scaling })?;
    describe(a, &mut imported);
    let is_open = |f: &crate::config::Spanned<RawFormat>| f.get_ref().frac.is_none();
    let open: Vec<bool> = imported.raw.layer.iter().map(|l| l.features.as_ref().is_none_or(is_open)).collect();
    let weights = bytes(&imported)?;
    let network = load_text(&imported.toml()?, Some(&weights), &name, LoadOptions::default())?;
    let shown = shown(a, &network, talk)?;
    let bar = progress(talk.quiet, 0, "calibrating");
    let calibrated = calibrated(&network, &shown, &open, a.features)?;
    bar.finish_and_clear();
    export::write(&calibrated, &a.out)?;
    if !talk.quiet {
        imported.remarks.iter().for_each(|text| note(&format!("note: {text}")));
    }
    print(&summary(a, &imported, &calibrated, &shown)?);
    Ok(())
}

/// Widths, and where the network comes from.
fn describe(a: &Arguments, imported: &mut Imported) {
    let file = a.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    imported.raw.description = Some(format!("Imported from {file}"));
    let mut set = |key: &str, value: String| imported.raw.provenance.insert(key.into(), value.into());
    set("imported_from", file);
    set("imported_sha256", imported.sha256.clone());
    set("written_by", imported.origin.clone());
    let width = |bits: u8| Some(crate::config::Spanned::new(0..0, i64::from(bits)));
    let quantise = &mut imported.raw.quantise;
    (quantise.feature_bits, quantise.weight_bits, quantise.scale) = (width(a.features), width(a.weights), Some(a.scale));
    // Weights that the file has on a grid keep it.
    let shift = Some(crate::config::Spanned::new(0..0, ScaleKind::Shift));
    imported.raw.layer.iter_mut().filter(|l| l.weights.is_some()).for_each(|l| l.scale.clone_from(&shift));
}

fn bytes(imported: &Imported) -> Result<Vec<u8>> {
    let lists: Vec<_> = imported.weights.iter().map(|(name, shape, values)| (name.clone(), shape.clone(), &values[..])).collect();
    checkpoint::serialize(Path::new("weights.safetensors"), &lists, None)
}

/// Images to calibrate on.
fn shown(a: &Arguments, network: &Network, talk: Talk) -> Result<Vec<Sample>> {
    if let Some(folder) = &a.images {
        let opened = a.labels.open(folder, talk.quiet)?;
        let Samples { mut samples, .. } = samples::examples(network, &opened.folder)?;
        samples.truncate(MOST_IMAGES);
        return Ok(samples);
    }
    match samples::scenes(network, Split::Training, 0, SCENES) {
        Ok(scenes) => Ok(scenes.samples),
        Err(e) => {
            if !talk.quiet {
                note(&format!("note: calibrated on noise, which says little about ranges: {}", e.what()));
            }
            Ok(samples::noise(network).samples)
        }
    }
}

/// The network with the formats that were open settled on what its layers hold.
fn calibrated(network: &Network, shown: &[Sample], open: &[bool], features: u8) -> Result<Network> {
    let calibration = Calibration::new(network, shown, Method::SquaredError)?;
    let found = calibration.with_features(&network.float, features)?;
    let mut float = network.float.clone();
    for ((layer, found), _) in float.layers.iter_mut().skip(1).zip(&found.layers[1..]).zip(open).filter(|(_, open)| **open) {
        if let (Some(features), Some(found)) = (&mut layer.numbers.features, found.numbers.features) {
            features.frac = found.frac;
        }
    }
    network.settled(float)
}

fn summary(a: &Arguments, imported: &Imported, network: &Network, shown: &[Sample]) -> Result<String> {
    let mut text = format!("{}: {}, {}\n", network.name, a.file.display(), imported.origin);
    let graph = &network.graph;
    let macs: u64 = graph.nodes.iter().map(|n| graph.macs(n)).sum();
    let _ = writeln!(
        text,
        "{} layers, {:.2} million multiply-accumulates, {} weights; image {}, result {}",
        network.float.layers.len() - 1,
        macs as f64 / 1e6,
        network.float.parameters(),
        graph.input().shape,
        graph.output().shape
    );
    let (features, weights) = graph.widths();
    let ratio_db = ratio_db(network, &shown[..shown.len().min(COMPARED)])?;
    let _ = writeln!(
        text,
        "{features}/{weights} bits, scales by {}: signal to quantisation noise of the result {ratio_db:.1} dB on {} images",
        a.scale.name(),
        shown.len().min(COMPARED)
    );
    if !ratio_db.is_finite() {
        text += "The result is the same for every image, or leaves the formats: is the network trained, and are its pixels scaled as it was trained (--range)?\n";
    } else if ratio_db < LITTLE_DB {
        text += "That is little: try --scale multiplier-per-channel, wider --features and --weights, or images of its own (--images).\n";
    }
    let place: PathBuf = a.out.components().collect();
    let place = place.display();
    let _ = writeln!(
        text,
        "\nWritten to {place}. Next:\n  bico design {place} --out {place}.accelerator.toml\n  bico simulate {place} --accelerator {place}.accelerator.toml"
    );
    Ok(text)
}

/// Signal to quantisation noise of the result in decibels: power of the float values over that of their difference to the executed ones.
fn ratio_db(network: &Network, shown: &[Sample]) -> Result<f64> {
    let executor = Untiled::new(&network.graph)?;
    let (mut maps, output) = (executor.maps(), network.graph.output());
    let (mut signal, mut noise) = (0.0, 0.0);
    for sample in shown {
        let float = network.float.run(&network.float.image(&sample.image), |_, _| ())?;
        let executed = executor.run(&sample.image, &mut maps)?;
        for (&x, &raw) in float.data.iter().zip(&executed.data) {
            signal += f64::from(x).powi(2);
            noise += (f64::from(x) - output.format.value(raw - output.zero_point)).powi(2);
        }
    }
    Ok(10.0 * libm::log10(signal / noise))
}
