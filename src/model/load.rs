//! A network folder, or the same as text and bytes, to a quantised network.

use super::calibrate::{self, Method};
use super::checked::{self, Checked};
use super::float::FloatNetwork;
use super::graph::Graph;
use super::head_spec::HeadSpec;
use super::raw::RawNetwork;
use super::weights::{self, WeightSource, uniform};
use super::{bundle, quantise, resolved};
use crate::config::Source;
use crate::error::{Error, Result};
use crate::fixed::Format;
use crate::ops::Map;
use std::io::Read;
use std::path::Path;

/// Largest weights file that is read, in bytes.
const MAX_WEIGHT_BYTES: u64 = 1 << 30;
/// Most multiply-accumulates of a network that is calibrated while loading.
const MAX_CALIBRATION_MACS: u64 = 20_000_000_000;

/// What to do otherwise than the file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Width of every feature map: fraction bits move along, integer bits stay. The image is never widened.
    pub feature_bits: Option<u8>,
    /// Width of all weights; at 1 (binary) and 2 (ternary) their scale is derived anew.
    pub weight_bits: Option<u8>,
    /// What a folder's weights file is wanted for.
    pub file: WeightsFile,
}

/// What a folder's weights file is wanted for. Where it is not read and the network names no seed, weights are random.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightsFile {
    /// For its values: a folder without it, and without a seed, is refused.
    #[default]
    Required,
    /// For its values, where it is there: time and resources do not depend on them.
    Optional,
    /// For nothing: somebody trains the network anew.
    Ignored,
}

/// A network, ready to run.
#[derive(Clone, Debug)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// One sentence for people.
    pub description: String,
    /// What runs.
    pub graph: Graph,
    /// What it was quantised from.
    pub float: FloatNetwork,
    /// How the output is decoded.
    pub head: Option<HeadSpec>,
    /// Where the network comes from.
    pub provenance: toml::Table,
    /// `network.toml` with every format written out; with the same weights it gives the same graph.
    pub resolved: String,
    /// Where its weights come from.
    pub weights: Weights,
    /// `network.toml` as written, bundles expanded.
    pub(super) raw: RawNetwork,
}

/// Where a network's weights come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// A weights file.
    File,
    /// A seed: only the shapes mean something.
    Random,
}

/// Loads a network folder (or its `network.toml`).
///
/// # Errors
/// When a file is unreadable or anything in it does not hold: with file, line, value, what is allowed and what to do.
pub fn load(path: &Path, options: LoadOptions) -> Result<Network> {
    let layers = if path.is_dir() { path.join("network.toml") } else { path.to_path_buf() };
    let source = Source::read(&layers)?;
    let weights_path = layers.with_file_name("weights.safetensors");
    let weights = if options.file == WeightsFile::Ignored { None } else { read_weights(&weights_path)? };
    build(&source, weights.as_deref().map(|bytes| WeightSource::File { bytes, path: &weights_path }), options)
}

/// Loads a network from text and bytes; `name` is what errors call them.
///
/// # Errors
/// As [`load`].
pub fn load_text(toml: &str, weights: Option<&[u8]>, name: &str, options: LoadOptions) -> Result<Network> {
    let source = Source::new(Path::new(name).join("network.toml"), toml);
    let path = Path::new(name).join("weights.safetensors");
    build(&source, weights.map(|bytes| WeightSource::File { bytes, path: &path }), options)
}

fn read_weights(path: &Path) -> Result<Option<Vec<u8>>> {
    let io = |e: std::io::Error| Error::io("read", path, &e);
    let file = match std::fs::File::open(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(io)?,
    };
    let mut bytes = Vec::new();
    file.take(MAX_WEIGHT_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > MAX_WEIGHT_BYTES {
        return Err(Error::input("weights file is too large").file(path).allowed("at most 1 GiB"));
    }
    Ok(Some(bytes))
}

fn build(source: &Source, file: Option<WeightSource>, options: LoadOptions) -> Result<Network> {
    let mut raw: RawNetwork = source.parse()?;
    bundle::expand(source, &mut raw)?;
    let Checked { mut float, head, seed } = checked::check(source, &raw)?;
    let fallback = (options.file != WeightsFile::Required).then_some(0);
    let weights = match (file, seed.or(fallback)) {
        (Some(file), _) => file,
        (None, Some(seed)) => WeightSource::Random { seed },
        (None, None) => {
            return Err(source
                .error("the network has no weights")
                .hint("train it (`bico train FOLDER --out DIR`), put weights.safetensors beside network.toml, or set random_weights_seed under [quantise]"));
        }
    };
    weights::fill(&mut float, &weights)?;
    let from = if matches!(weights, WeightSource::File { .. }) { Weights::File } else { Weights::Random };
    let in_file = |e: Error| e.file(source.path());
    float.override_bits(options.feature_bits, options.weight_bits).map_err(in_file)?;
    if calibrate::settle_clipped(&mut float) {
        calibrate_blind(&mut float).map_err(in_file)?;
    }
    let graph = quantise::quantise(&float).map_err(in_file)?;
    Ok(Network {
        name: raw.name.clone(),
        description: raw.description.clone().unwrap_or_default(),
        resolved: resolved::to_toml(&raw, &float, &graph)?,
        graph,
        float,
        head,
        provenance: raw.provenance.clone(),
        weights: from,
        raw,
    })
}

/// Open fraction bits without images at hand: ranges over one image of uniform noise. Good enough for networks of which only the
/// shapes matter; a trained one writes its formats down or is calibrated on images.
fn calibrate_blind(float: &mut FloatNetwork) -> Result<()> {
    if float.macs() > MAX_CALIBRATION_MACS {
        return Err(Error::input("the network is too large to derive formats while loading")
            .value(format!("{} multiply-accumulates", float.macs()))
            .allowed(format!("at most {MAX_CALIBRATION_MACS}"))
            .hint("give feature_frac for every layer"));
    }
    let shape = float.input().shape;
    let numbers = float.input().numbers;
    let spec = numbers.features.map(|f| f.with_frac(f.frac.unwrap_or(0)));
    let value = |f: Format, raw: i32| f.value(raw - numbers.zero_point);
    let (low, high) = spec.map_or((0.0, 1.0), |f| (value(f, f.min()), value(f, f.max())));
    let mut state = 1;
    let image = Map { shape, data: (0..shape.len()).map(|_| (low + (high - low) * uniform(&mut state)) as f32).collect() };
    let ranges = calibrate::ranges(float, &[image], Method::Max)?;
    calibrate::apply(float, &ranges, false);
    Ok(())
}
