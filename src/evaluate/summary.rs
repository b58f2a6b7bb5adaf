//! From what was seen on each image to scores with intervals.

use super::precision::{Candidate, Ranking, Scored, THRESHOLDS};
use super::record::{Answer, Evaluation, FoundRecord, ImageRecord, Metric, NetworkRecord, ObjectRecord, SCHEMA_VERSION};
use super::sizes::{ALL, SIZES};
use super::{Observation, Seen};
use crate::dataset::baseline::Baselines;
use crate::dataset::{Box2D, LabelledBox};
use crate::model::Network;
use crate::stats::Bootstrap;
use std::ops::Range;

/// Scores of observations; `images_from` and remarks are the caller's to fill in.
pub(super) fn summarise(networks: &[&Network], observations: &[Observation], bootstrap: Bootstrap) -> Evaluation {
    let single_object = observations.iter().all(|o| o.truth.len() == 1);
    let baselines = single_object && observations.iter().all(|o| o.baselines.is_some());
    let columns = columns(networks, baselines);
    let differences = differences(networks.len());
    let images: Vec<ImageRecord> = observations.iter().map(|o| image(o, single_object, baselines)).collect();
    let table = Table { columns: columns.len(), ranked: 2 * networks.len(), differences: &differences, bootstrap };
    let mut metrics = Vec::new();
    if single_object {
        metrics.push(table.iou(&images, ALL, 0.0..f32::INFINITY));
        metrics.extend(SIZES.iter().map(|s| table.iou(&images, s.name, s.shares.clone())));
    }
    metrics.push(table.precision(observations, 1, ALL, 0.0..f32::INFINITY));
    metrics.push(table.precision(observations, THRESHOLDS, ALL, 0.0..f32::INFINITY));
    if !single_object {
        metrics.extend(SIZES.iter().map(|s| table.precision(observations, 1, s.name, s.shares.clone())));
    }
    metrics.retain(|m| m.items > 0);
    Evaluation {
        schema_version: SCHEMA_VERSION,
        bico_version: env!("CARGO_PKG_VERSION").into(),
        images_from: String::new(),
        networks: networks.iter().map(|n| network(n)).collect(),
        columns,
        differences,
        bootstrap,
        single_object,
        metrics,
        images,
        problems: Vec::new(),
        notes: Vec::new(),
    }
}

fn network(n: &Network) -> NetworkRecord {
    let (feature_bits, weight_bits) = n.graph.widths();
    NetworkRecord { name: n.name.clone(), feature_bits, weight_bits }
}

fn columns(networks: &[&Network], baselines: bool) -> Vec<String> {
    let each = networks.iter().enumerate().flat_map(|(i, _)| {
        let role = if i == 0 { "" } else { "other " };
        ["float", "executed"].map(|how| format!("{role}{how}"))
    });
    let names = Baselines::NAMES.iter().filter(|_| baselines).map(|n| n.to_string());
    each.chain(names).collect()
}

/// Executed minus float of each network, then the other network minus the first: executed, float.
fn differences(networks: usize) -> Vec<[usize; 2]> {
    let own = (0..networks).map(|n| [2 * n + 1, 2 * n]);
    let other = (1..networks).flat_map(|n| [[2 * n + 1, 1], [2 * n, 0]]);
    own.chain(other).collect()
}

fn image(o: &Observation, single: bool, baselines: bool) -> ImageRecord {
    let iou = |area: Box2D| (o.truth.len() == 1).then(|| o.truth[0].iou(area));
    let record = |c: &Candidate| FoundRecord { area: c.area.into(), confidence: Some(c.confidence) };
    let seen = |s: &Seen| {
        let found = if single { Vec::new() } else { s.all.iter().map(record).collect() };
        Answer { best: record(&s.best), iou: iou(s.best.area), found }
    };
    let plain = |&area: &Box2D| Answer { best: FoundRecord { area: area.into(), confidence: None }, iou: iou(area), found: Vec::new() };
    let object = |(object, &area): (&LabelledBox, &Box2D)| ObjectRecord { class: object.class.clone(), area: area.into() };
    let trivial = o.baselines.iter().flatten().filter(|_| baselines).map(plain);
    ImageRecord {
        image: o.example.name.clone(),
        objects: o.example.objects.iter().zip(&o.truth).map(object).collect(),
        answers: o.networks.iter().map(seen).chain(trivial).collect(),
    }
}

/// What all rows share.
struct Table<'a> {
    columns: usize,
    /// Columns that rank by confidence: the first ones.
    ranked: usize,
    differences: &'a [[usize; 2]],
    bootstrap: Bootstrap,
}

impl Table<'_> {
    /// One row: `score(column, how often each item was drawn)`.
    fn row(&self, columns: usize, items: usize, score: impl Fn(usize, &[u32]) -> f64 + Sync) -> [Vec<Option<crate::stats::Estimate>>; 2] {
        let one = |c: usize| (c < columns).then(|| self.bootstrap.estimate(items, |drawn| score(c, drawn))).flatten();
        let pair = |&[a, b]: &[usize; 2]| self.bootstrap.estimate(items, |drawn| score(a, drawn) - score(b, drawn));
        [(0..self.columns).map(one).collect(), self.differences.iter().map(pair).collect()]
    }

    /// Mean IoU of the images whose object has a size in `shares`.
    fn iou(&self, images: &[ImageRecord], size: &str, shares: Range<f32>) -> Metric {
        let counts = |i: &&ImageRecord| i.objects.first().is_some_and(|o| shares.contains(&(o.area.w * o.area.h)));
        let chosen: Vec<&ImageRecord> = images.iter().filter(counts).collect();
        let mean = |column: usize, drawn: &[u32]| {
            let iou = |i: &ImageRecord| f64::from(i.answers[column].iou.unwrap_or(0.0));
            chosen.iter().zip(drawn).map(|(i, &n)| iou(i) * f64::from(n)).sum::<f64>() / chosen.len() as f64
        };
        let [estimates, differences] = self.row(self.columns, chosen.len(), mean);
        Metric { name: "mean IoU".into(), size: size.into(), items: chosen.len() as u64, estimates, differences }
    }

    /// Average precision at the first `thresholds` thresholds, on objects with a size in `shares`.
    fn precision(&self, observations: &[Observation], thresholds: usize, size: &str, shares: Range<f32>) -> Metric {
        let ranking = |column: usize| {
            let images = observations.iter().map(|o| Scored { truth: &o.truth, crowds: &o.crowds, found: &o.networks[column].all });
            Ranking::new(&images.collect::<Vec<_>>(), shares.clone())
        };
        let rankings: Vec<Ranking> = (0..self.ranked).map(ranking).collect();
        let score = |column: usize, drawn: &[u32]| rankings[column].average_precision(thresholds, drawn);
        let [estimates, differences] = self.row(self.ranked, observations.len(), score);
        let name = if thresholds == 1 { "AP at 0.5" } else { "AP 0.5 to 0.95" };
        Metric { name: name.into(), size: size.into(), items: rankings[0].objects(), estimates, differences }
    }
}
