//! The table on the terminal, at most 100 columns wide.

use crate::evaluate::{Evaluation, Metric, NetworkRecord};
use crate::report::text::{grouped, printable, shortened, wrapped};
use crate::stats::Estimate;

/// Width of the first columns: score, size, count.
const HEAD: (usize, usize, usize) = (16, 12, 8);
/// Width of an estimate with its interval.
const CELL: usize = 22;
/// Columns at most.
const WIDTH: usize = 100;

/// The table.
pub fn table(found: &Evaluation) -> String {
    let names: Vec<String> = found.networks.iter().map(network).collect();
    let mut lines = wrapped(&format!("bico {}: {} on {}", found.bico_version, names.join(" against "), found.images_from), WIDTH);
    let (count, seed) = (grouped(found.bootstrap.resamples.into()), found.bootstrap.seed);
    lines.push(format!("in brackets: 95 % of {count} bootstrap resamples of the images (seed {seed}); differences are paired"));
    let baselines = found.columns.len() - 2 * found.networks.len();
    for n in 0..found.networks.len() {
        block(found, &mut lines, &[2 * n, 2 * n + 1], n);
    }
    if found.networks.len() > 1 {
        let first = found.networks.len();
        let title = |k: usize| format!("{} - {}", found.columns[found.differences[k][0]], found.columns[found.differences[k][1]]);
        section(&mut lines, found, &[title(first + 1), title(first)], |m| vec![m.differences[first + 1], m.differences[first]]);
    }
    if baselines > 0 {
        let columns = found.columns.len() - baselines..found.columns.len();
        section(&mut lines, found, &found.columns[columns.clone()], |m| m.estimates[columns.clone()].to_vec());
    }
    let notes = found.notes.iter().chain(&found.problems);
    lines.extend(notes.flat_map(|n| wrapped(n, WIDTH - 2)).map(|n| format!("  {n}")));
    lines.join("\n") + "\n"
}

fn network(n: &NetworkRecord) -> String {
    format!("{} ({}-bit features, {}-bit weights)", shortened(&n.name, 40), n.feature_bits, n.weight_bits)
}

/// Float and executed of one network, and their difference.
fn block(found: &Evaluation, lines: &mut Vec<String>, columns: &[usize; 2], difference: usize) {
    let [a, b] = *columns;
    let names = [found.columns[a].clone(), found.columns[b].clone(), "executed - float".into()];
    section(lines, found, &names, |m| vec![m.estimates[a], m.estimates[b], m.differences[difference]]);
}

/// A heading and a row for each score that has something to say.
fn section(lines: &mut Vec<String>, found: &Evaluation, names: &[String], cells: impl Fn(&Metric) -> Vec<Option<Estimate>>) {
    let (score, size, count) = HEAD;
    let heading: String = names.iter().map(|n| format!("  {n:<CELL$}")).collect();
    lines.push(String::new());
    lines.push(format!("{:<score$}{:<size$}{:>count$}{heading}", "", "object size", "count").trim_end().to_string());
    let mut last = "";
    for metric in &found.metrics {
        let cells = cells(metric);
        if cells.iter().all(Option::is_none) {
            continue;
        }
        let name = if metric.name == last { "" } else { metric.name.as_str() };
        last = &metric.name;
        let cells: String = cells.iter().map(|c| format!("  {:<CELL$}", c.map_or("-".into(), cell))).collect();
        let items = grouped(metric.items);
        lines.push(printable(format!("{name:<score$}{:<size$}{items:>count$}{cells}", metric.size).trim_end()));
    }
}

fn cell(e: Estimate) -> String {
    // A rounded minus zero would look like a difference.
    let text = |v: f64| if v > -0.0005 && v < 0.0 { "0.000".to_string() } else { format!("{v:.3}") };
    format!("{} [{}, {}]", text(e.value), text(e.low), text(e.high))
}
