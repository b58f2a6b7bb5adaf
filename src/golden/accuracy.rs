//! Golden accuracies: the mean IoU of a network at its widths on fixed images, and every layer's integers on a few of them.
//!
//! The file holds hashes, not maps; beside them checksums of each channel and a few integers of the first image, so that a difference can be located.

use crate::accuracy;
use crate::error::{Error, Result};
use crate::model::Network;
use crate::model::reference;
use crate::model::untiled::Untiled;
use crate::simulate::Sample;
use crate::tensor::{Shape, Tensor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

/// Integers of a layer that are kept as they are.
const KEPT: usize = 64;
/// Hexadecimal digits of a channel's checksum.
const CHECKSUM: usize = 8;

/// What a golden file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenAccuracy {
    /// Embedded network, or a folder.
    pub network: String,
    /// Width of features, where it is not the network's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature_bits: Option<u8>,
    /// Width of weights, where it is not the network's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_bits: Option<u8>,
    /// What it runs on.
    pub images: Images,
    /// Of how many images (the first ones) every layer's integers are held; 0: only the IoU counts.
    pub hashed_images: usize,
    /// How far the mean IoU may move.
    pub iou_tolerance: f64,
    /// What must not move; empty in a new file until it is blessed.
    #[serde(default)]
    pub expected: Option<Expected>,
}

/// What a golden accuracy runs on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Images {
    /// Procedural scenes.
    Scenes {
        /// Split by name.
        split: String,
        /// First scene.
        first: u64,
        /// How many.
        count: usize,
    },
    /// A folder of images, with PASCAL-VOC boxes where there are any.
    Folder(String),
    /// One pseudo-random image: for networks that have no detection head.
    Noise,
}

/// The figures of a golden accuracy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Over all images with a true box; none without detection head or boxes.
    pub mean_iou: Option<f64>,
    /// Images that it is the mean of.
    pub scored_images: usize,
    /// Of all images as they enter the network, and their boxes.
    pub images_sha256: String,
    /// Every node, in order of execution.
    pub layers: Vec<LayerIntegers>,
}

/// One node's output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerIntegers {
    /// Its name.
    pub name: String,
    /// Its extents.
    pub shape: Shape,
    /// SHA-256 of its raw integers ([`reference::hash`]), for each hashed image.
    pub sha256: Vec<String>,
    /// First image: eight hexadecimal digits for each channel.
    pub channels: String,
    /// First image: integers at positions spread over the map.
    pub kept: String,
}

impl Expected {
    /// Runs the network on `samples`; every layer is hashed on the first `hashed_images`.
    ///
    /// # Errors
    /// When an image does not fit the network's input, or the head does not decode.
    pub fn measure(network: &Network, samples: &[Sample], hashed_images: usize) -> Result<Expected> {
        let graph = &network.graph;
        let executor = Untiled::new(graph)?;
        let empty = |n: &crate::model::graph::Node| LayerIntegers {
            name: n.name.clone(),
            shape: n.shape,
            sha256: Vec::new(),
            channels: String::new(),
            kept: String::new(),
        };
        let mut layers: Vec<LayerIntegers> = if hashed_images > 0 { graph.nodes.iter().map(empty).collect() } else { Vec::new() };
        let mut maps = executor.maps();
        for sample in samples.iter().take(hashed_images) {
            executor.run(&sample.image, &mut maps)?;
            for (id, layer) in layers.iter_mut().enumerate() {
                layer.add(&executor.output(id, &maps));
            }
        }
        let ious = match &network.head {
            Some(head) => accuracy::ious(graph, head, samples, |s| Cow::Borrowed(&s.image), || ())?,
            None => Vec::new(),
        };
        let mean_iou = (!ious.is_empty()).then(|| accuracy::mean(&ious));
        Ok(Expected { mean_iou, scored_images: ious.len(), images_sha256: hash_samples(samples), layers })
    }

    /// What moved from `self` to `now` and may not: the images, the first layer whose integers changed, the IoU by more than `tolerance`.
    /// Empty when nothing did.
    pub fn differences(&self, now: &Expected, tolerance: f64) -> String {
        let mut text = String::new();
        if (&self.images_sha256, self.scored_images) != (&now.images_sha256, now.scored_images) {
            let _ =
                writeln!(text, "  images: not those that were blessed ({} then, {} now have a box)", self.scored_images, now.scored_images);
        }
        self.layers_moved(now, &mut text);
        let beyond = match (self.mean_iou, now.mean_iou) {
            (Some(a), Some(b)) => (a - b).abs() > tolerance || b.is_nan(),
            (a, b) => a != b,
        };
        if beyond || !text.is_empty() && self.mean_iou.is_some() {
            let side = if beyond { "beyond" } else { "within" };
            let figure = |v: Option<f64>| v.map_or("none".to_string(), |v| format!("{v:.4}"));
            let change = self.mean_iou.zip(now.mean_iou).map_or(String::new(), |(a, b)| format!(" ({:+.4})", b - a));
            let _ = writeln!(
                text,
                "  mean IoU: {} -> {}{change}, {side} the tolerance of {tolerance}",
                figure(self.mean_iou),
                figure(now.mean_iou)
            );
        }
        text
    }

    fn layers_moved(&self, now: &Expected, text: &mut String) {
        let place = |l: &LayerIntegers| (l.name.clone(), l.shape, l.sha256.len());
        let structure = self.layers.iter().zip(&now.layers).find(|(a, b)| place(a) != place(b));
        if let Some((a, b)) = structure {
            let _ = writeln!(text, "  layers: `{}` ({}) was, `{}` ({}) is, in the same place", a.name, a.shape, b.name, b.shape);
        } else if self.layers.len() != now.layers.len() {
            let _ = writeln!(text, "  layers: {} -> {}", self.layers.len(), now.layers.len());
        }
        let mut moved = self.layers.iter().zip(&now.layers).filter(|(a, b)| place(a) == place(b) && a != b);
        if let Some((old, new)) = moved.next() {
            let _ = writeln!(text, "  `{}` is the first layer whose integers changed: {}", old.name, old.located(new));
            let further: Vec<&str> = moved.map(|(a, _)| a.name.as_str()).collect();
            if let (Some(first), n) = (further.first(), further.len()) {
                let _ = writeln!(text, "  and {n} after it, from `{first}` on");
            }
        }
    }
}

impl LayerIntegers {
    fn add(&mut self, map: &Tensor) {
        self.sha256.push(reference::hash(map));
        if self.sha256.len() > 1 || map.data.is_empty() {
            return;
        }
        for channel in map.data.chunks((self.shape.h * self.shape.w).max(1)) {
            self.channels.push_str(&checksum(&channel.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>(), CHECKSUM));
        }
        let kept: Vec<String> = self.positions().map(|i| map.data[i].to_string()).collect();
        self.kept = kept.join(" ");
    }

    /// Where the kept integers are: one in each of [`KEPT`] equal parts, further on in each, so that they do not share a column.
    fn positions(&self) -> impl Iterator<Item = usize> {
        let (all, kept) = (self.shape.len(), self.shape.len().min(KEPT));
        (0..kept).map(move |k| k * all / kept + k * 97 % (all / kept))
    }

    /// Where `self` and `now`, the same layer, differ.
    fn located(&self, now: &LayerIntegers) -> String {
        let images = self.sha256.iter().zip(&now.sha256).filter(|(a, b)| a != b).count();
        let mut text = format!("on {images} of {} images", self.sha256.len());
        let sums = |l: &'_ LayerIntegers| l.channels.as_bytes().chunks(CHECKSUM).map(<[u8]>::to_vec).collect::<Vec<_>>();
        let (old, new) = (sums(self), sums(now));
        let moved: Vec<usize> = (0..old.len().min(new.len())).filter(|&c| old[c] != new[c]).collect();
        if let Some(first) = moved.first() {
            let _ = write!(text, "; on the first image in {} of {} channels, channel {first} first", moved.len(), old.len());
        }
        let pairs: Vec<(usize, &str, &str)> =
            self.positions().zip(self.kept.split(' ').zip(now.kept.split(' '))).map(|(i, (a, b))| (i, a, b)).collect();
        let other: Vec<_> = pairs.iter().filter(|(_, a, b)| a != b).collect();
        if let Some(&&(at, a, b)) = other.first() {
            let plane = (self.shape.h * self.shape.w).max(1);
            let (c, y, x) = (at / plane, at % plane / self.shape.w.max(1), at % self.shape.w.max(1));
            let _ = write!(
                text,
                "; of {} integers kept {} differ, first channel {c}, row {y}, column {x}: {a} -> {b}",
                pairs.len(),
                other.len()
            );
        }
        text
    }
}

fn checksum(bytes: &[u8], digits: usize) -> String {
    let mut text = hex::encode(Sha256::digest(bytes));
    text.truncate(digits);
    text
}

/// SHA-256 (hex) of images as the network reads them, and of their truths.
pub fn hash_samples<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> String {
    let mut sha = Sha256::new();
    for s in samples {
        sha.update(reference::hash(&s.image));
        if let Some(t) = s.truth {
            sha.update([t.x, t.y, t.w, t.h].iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
        }
    }
    hex::encode(sha.finalize())
}

/// Reads a golden accuracy.
///
/// # Errors
/// When it is unreadable, no golden accuracy, or its tolerance is no number from 0 on; with file and line.
pub fn read(path: &Path) -> Result<GoldenAccuracy> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("read the golden accuracy", path, &e))?;
    let golden: GoldenAccuracy = serde_json::from_str(&text).map_err(|e| {
        Error::input(format!("not a golden accuracy: {e}"))
            .at(path, e.line())
            .hint("restore the file, or remove it and write it anew with --bless")
    })?;
    if golden.iou_tolerance >= 0.0 {
        return Ok(golden);
    }
    Err(Error::input("iou_tolerance is out of range").file(path).value(golden.iou_tolerance).allowed("0 or more"))
}
