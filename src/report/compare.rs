//! Two runs held against each other: what changed, by layer first.

use super::json::to_json;
use super::text::{grouped, printable, shortened, significant};
use crate::error::Result;
use crate::record::{Detection, LayerRecord, RunRecord};
use serde::Serialize;

/// A value in run A and in run B; absent where the run does not have it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    /// In run A.
    pub a: Option<f64>,
    /// In run B.
    pub b: Option<f64>,
}

impl Change {
    fn new(a: Option<f64>, b: Option<f64>) -> Change {
        Change { a, b }
    }
    /// Whether both runs have the same value (or neither has one).
    pub fn is_same(&self) -> bool {
        self.a == self.b
    }
    /// `b - a` in percent of `a`, where both exist and `a` is not 0.
    pub fn percent(&self) -> Option<f64> {
        let (a, b) = (self.a?, self.b?);
        (a != 0.0).then(|| (b - a) / a * 100.0)
    }
}

/// A layer group that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerChange {
    /// Its name.
    pub name: String,
    /// Its index in run A and run B.
    pub index: [Option<usize>; 2],
    /// Cycles by which it moves the end of the frame.
    pub cycles: Change,
    /// Bytes read.
    pub read_bytes: Change,
    /// Bytes written.
    pub write_bytes: Change,
    /// Whether its integers differ; absent when a run has no hash.
    pub values_differ: Option<bool>,
}

/// What changed from run A to run B.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Network, accelerator, board, clock of both runs.
    pub runs: [String; 2],
    /// Layer groups that differ, in run A's order; those only in B at the end.
    pub layers: Vec<LayerChange>,
    /// Number of layer groups that are the same in both.
    pub same_layers: usize,
    /// Of those, layer groups whose integers a run did not compute: cycles and bytes alone are the same.
    pub same_without_values: usize,
    /// First layer group whose integers differ.
    pub first_values_differ: Option<String>,
    /// Names and values of totals that differ.
    pub totals: Vec<(String, Change)>,
    /// Number of totals compared.
    pub compared_totals: usize,
    /// Both runs executed images, and not the same ones: their IoU and integers are answers to different questions.
    pub images_differ: bool,
}

/// Holds `b` against `a`.
pub fn compare(a: &RunRecord, b: &RunRecord) -> Comparison {
    let pairs = matched(&a.layers, &b.layers);
    let changes: Vec<LayerChange> = pairs.iter().map(|(i, j)| layer_change(a, b, *i, *j)).collect();
    let (layers, same): (Vec<LayerChange>, Vec<LayerChange>) = changes.into_iter().partition(LayerChange::differs);
    let totals = totals(a, b);
    Comparison {
        runs: [a, b].map(named),
        same_layers: same.len(),
        same_without_values: same.iter().filter(|l| l.values_differ.is_none()).count(),
        first_values_differ: layers.iter().find(|l| l.values_differ == Some(true)).map(|l| l.name.clone()),
        layers,
        compared_totals: totals.len(),
        totals: totals.into_iter().filter(|(_, change)| !change.is_same()).collect(),
        images_differ: images_differ(a, b),
    }
}

/// A run in a line: network, widths, accelerator, board, clock, and what the command line changed.
fn named(run: &RunRecord) -> String {
    let (network, clock, settings) = (run.network_and_widths(), significant(run.clock_mhz), run.and_settings());
    printable(&format!("{network} on {}, {} at {clock} MHz{settings}", run.accelerator, run.board))
}

/// Whether the two runs have images that differ in number, name or label.
fn images_differ(a: &RunRecord, b: &RunRecord) -> bool {
    let (Some(a), Some(b)) = (&a.accuracy, &b.accuracy) else { return false };
    // A run without values has none.
    if a.detections.is_empty() || b.detections.is_empty() {
        return false;
    }
    let image = |d: &Detection| (d.image.clone(), d.truth);
    !a.detections.iter().map(image).eq(b.detections.iter().map(image))
}

/// Pairs the n-th layer of a name in A with the n-th of that name in B.
fn matched(a: &[LayerRecord], b: &[LayerRecord]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut free: Vec<bool> = vec![true; b.len()];
    let mut pairs = Vec::new();
    for (i, layer) in a.iter().enumerate() {
        let found = (0..b.len()).find(|j| free[*j] && b[*j].name == layer.name);
        if let Some(j) = found {
            free[j] = false;
        }
        pairs.push((Some(i), found));
    }
    pairs.extend((0..b.len()).filter(|j| free[*j]).map(|j| (None, Some(j))));
    pairs
}

fn layer_change(a: &RunRecord, b: &RunRecord, i: Option<usize>, j: Option<usize>) -> LayerChange {
    let (x, y) = (i.map(|i| &a.layers[i]), j.map(|j| &b.layers[j]));
    let value = |get: fn(&LayerRecord) -> u64| Change::new(x.map(|l| get(l) as f64), y.map(|l| get(l) as f64));
    let hashes = x.and_then(|l| l.output_sha256.as_ref()).zip(y.and_then(|l| l.output_sha256.as_ref()));
    LayerChange {
        name: x.or(y).map(|l| l.name.clone()).unwrap_or_default(),
        index: [i, j],
        cycles: value(|l| l.cycles),
        read_bytes: value(|l| l.read_bytes),
        write_bytes: value(|l| l.write_bytes),
        values_differ: hashes.map(|(x, y)| x != y),
    }
}

impl LayerChange {
    fn differs(&self) -> bool {
        let same = self.cycles.is_same() && self.read_bytes.is_same() && self.write_bytes.is_same();
        !same || self.values_differ == Some(true) || self.index[0].is_none() || self.index[1].is_none()
    }
}

fn totals(a: &RunRecord, b: &RunRecord) -> Vec<(String, Change)> {
    let mut out = Vec::new();
    let mut add = |name: &str, get: &dyn Fn(&RunRecord) -> Option<f64>| out.push((name.to_string(), Change::new(get(a), get(b))));
    add("frame, cycles", &|r| r.frames.first().map(|f| f.end_cycle.saturating_sub(f.start_cycle) as f64));
    add("clock, MHz", &|r| Some(r.clock_mhz));
    add("latency, ms", &|r| Some(r.performance.latency_ms));
    add("throughput, FPS", &|r| Some(r.performance.fps));
    add("multiplier utilisation, %", &|r| Some(r.performance.mac_utilisation * 100.0));
    add("mean IoU", &|r| r.accuracy.as_ref()?.mean_iou);
    add("power, W", &|r| Some(r.power.total_w));
    add("energy, J a frame", &|r| Some(r.power.energy_per_frame_j));
    add("DRAM read, bytes", &|r| Some(r.memory.read_bytes as f64));
    add("DRAM written, bytes", &|r| Some(r.memory.write_bytes as f64));
    add("DRAM row conflicts", &|r| Some(r.memory.row_conflicts as f64));
    add("DSP", &|r| Some(r.resources.total.dsp as f64));
    add("RAMB18", &|r| Some(r.resources.total.bram18 as f64));
    add("LUT", &|r| Some(r.resources.total.lut as f64));
    add("FF", &|r| Some(r.resources.total.ff as f64));
    out
}

impl Comparison {
    /// Whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.layers.is_empty() && self.totals.is_empty() && !self.images_differ
    }

    /// The comparison as JSON.
    ///
    /// # Errors
    /// Only when a value is not finite.
    pub fn json(&self) -> Result<String> {
        to_json(self)
    }

    fn unseen(&self) -> Option<String> {
        let n = self.same_without_values;
        (n > 0).then(|| format!("integers of {n} of them were not compared: a run executed no image"))
    }

    /// The comparison as text of at most 100 columns.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("A: {}", self.runs[0]), format!("B: {}", self.runs[1]), String::new()];
        if self.is_same() {
            lines.push(format!("no difference in {} layers and {} totals", self.same_layers, self.compared_totals));
            lines.extend(self.unseen());
            return lines.join("\n") + "\n";
        }
        if self.images_differ {
            lines.push("the runs executed different images: IoU and integers can not be compared".into());
        }
        lines.push(format!("layers: {} differ, {} are the same", self.layers.len(), self.same_layers));
        lines.extend(self.unseen());
        if let Some(name) = &self.first_values_differ {
            lines.push(format!("first layer whose integers differ: {}", shortened(name, 60)));
        }
        if !self.layers.is_empty() {
            lines.push(format!("  {:<28} {:>33} {:>12} {:>12} values", "layer", "cycles", "read, B", "written, B"));
        }
        lines.extend(self.layers.iter().map(layer_line));
        lines.push(String::new());
        lines.push(format!("totals: {} of {} differ", self.totals.len(), self.compared_totals));
        lines.extend(self.totals.iter().map(|(name, c)| format!("  {name:<28} {:>33}", arrow(c))));
        lines.join("\n") + "\n"
    }
}

fn layer_line(layer: &LayerChange) -> String {
    let values = match (layer.index, layer.values_differ) {
        ([None, _], _) => "only in B",
        ([_, None], _) => "only in A",
        (_, Some(true)) => "differ",
        (_, Some(false)) => "same",
        (_, None) => "no hash",
    };
    let difference = |c: &Change| match (c.a, c.b) {
        (Some(a), Some(b)) if a == b => "=".to_string(),
        (a, b) => {
            let d = b.unwrap_or(0.0) - a.unwrap_or(0.0);
            format!("{}{}", if d < 0.0 { "-" } else { "+" }, grouped(d.abs() as u64))
        }
    };
    let (name, read, write) = (shortened(&layer.name, 28), difference(&layer.read_bytes), difference(&layer.write_bytes));
    format!("  {name:<28} {:>33} {read:>12} {write:>12} {values}", arrow(&layer.cycles))
}

/// `1 000 -> 1 100 (+10.0 %)`.
fn arrow(c: &Change) -> String {
    let show = |v: Option<f64>| match v {
        None => "-".to_string(),
        Some(v) if v.fract() == 0.0 && (0.0..1e15).contains(&v) => grouped(v as u64),
        Some(v) => format!("{v:.4}"),
    };
    if c.is_same() {
        return format!("{} =", show(c.a));
    }
    let percent = c.percent().map_or(String::new(), |p| format!(" ({p:+.1} %)"));
    format!("{} -> {}{percent}", show(c.a), show(c.b))
}
