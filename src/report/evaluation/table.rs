//! The table on the terminal, at most 100 columns wide.

use crate::evaluate::{Evaluation, Metric, NetworkRecord};
use crate::report::text::{grouped, shortened, wrapped};
use crate::stats::Estimate;

/// Width of the first columns: score, size, count.
const HEAD: (usize, usize, usize) = (15, 11, 5);
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

/// A heading and a row for each score that has something to say; a column is as wide as its widest entry.
fn section(lines: &mut Vec<String>, found: &Evaluation, names: &[String], cells: impl Fn(&Metric) -> Vec<Option<Estimate>>) {
    let (score, size, count) = HEAD;
    let text = |m: &Metric| cells(m).into_iter().map(|c| c.map_or("-".into(), cell)).collect::<Vec<String>>();
    let said = |m: &&Metric| cells(m).iter().any(Option::is_some);
    let rows: Vec<(&Metric, Vec<String>)> = found.metrics.iter().filter(said).map(|m| (m, text(m))).collect();
    let widest = |k: usize| rows.iter().map(|(_, cells)| cells[k].len()).chain([names[k].len()]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..names.len()).map(widest).collect();
    let line = |cells: &[String]| -> String { cells.iter().zip(&widths).map(|(cell, w)| format!("  {cell:<w$}")).collect() };
    lines.push(String::new());
    lines.push(format!("{:<score$}{:<size$}{:>count$}{}", "", "size", "count", line(names)).trim_end().to_string());
    let mut last = "";
    for (metric, cells) in &rows {
        let name = if metric.name == last { "" } else { metric.name.as_str() };
        last = &metric.name;
        let items = grouped(metric.items);
        lines.push(format!("{name:<score$}{:<size$}{items:>count$}{}", metric.size, line(cells)).trim_end().to_string());
    }
}

fn cell(e: Estimate) -> String {
    // A rounded minus zero would look like a difference.
    let text = |v: f64| if v > -0.0005 && v < 0.0 { "0.000".to_string() } else { format!("{v:.3}") };
    format!("{} [{}, {}]", text(e.value), text(e.low), text(e.high))
}
