//! The summary on the terminal: at most [`WIDTH`] columns, plain ASCII when it does not go to a terminal.

use super::derive::{frame_cycles, layer_bytes, layer_cycles, layer_mac_use, notes, peak_gops, resource_rows, scored, split_total};
use super::text::{bytes, grouped, grouped_within, percent, prefixed, printable, ratio, shortened, significant, wrapped};
use super::{Extras, REFERENCE_ENERGY_J, dac_sdc_score};
use crate::error::Result;
use crate::plan::Unit;
use crate::record::RunRecord;
use std::io::IsTerminal;

/// Columns at most.
pub const WIDTH: usize = 100;
/// Columns of a resource bar.
const BAR: usize = 40;

/// How the table is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// ASCII without control sequences: files, pipes.
    #[default]
    Plain,
    /// Bold headings and block characters.
    Terminal,
}

impl Style {
    /// The style for standard output as it is: plain in a pipe, and when `NO_COLOR` is set.
    pub fn of_stdout() -> Style {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        if wanted && std::io::stdout().is_terminal() { Style::Terminal } else { Style::Plain }
    }
}

/// The table as the file `summary.txt` holds it.
pub(super) fn plain(record: &RunRecord, _: &Extras) -> Result<String> {
    Ok(summary(record, Style::Plain))
}

/// The table.
pub fn summary(record: &RunRecord, style: Style) -> String {
    let mut t = Table { lines: Vec::new(), style };
    let clock = significant(record.clock_mhz);
    let network = record.network_and_widths();
    t.heading(&format!("bico {}: {network} on {}, {} at {clock} MHz", record.bico_version, record.accelerator, record.board));
    if !record.settings.is_empty() {
        t.item("settings", 12, &record.settings.join(", "));
    }
    headline(record, &mut t);
    resources(record, &mut t);
    layers(record, &mut t);
    units(record, &mut t);
    memory(record, &mut t);
    t.heading("notes");
    for note in notes(record) {
        t.item("*", 2, &note);
    }
    t.lines.join("\n") + "\n"
}

struct Table {
    lines: Vec<String>,
    style: Style,
}

impl Table {
    fn heading(&mut self, text: &str) {
        if !self.lines.is_empty() {
            self.lines.push(String::new());
        }
        let line = shortened(text, WIDTH);
        self.lines.push(if self.style == Style::Terminal { format!("\x1b[1m{line}\x1b[0m") } else { line });
    }
    /// A label and text that is wrapped beside it.
    fn item(&mut self, label: &str, label_width: usize, text: &str) {
        for (i, line) in wrapped(text, WIDTH - 2 - label_width).into_iter().enumerate() {
            let label = if i == 0 { label } else { "" };
            self.lines.push(format!("  {label:<label_width$}{line}"));
        }
    }
    /// A row as it is.
    fn row(&mut self, text: &str) {
        self.lines.push(printable(text.trim_end()));
    }
    fn bar(&self, share: f64) -> String {
        let full = (share.clamp(0.0, 1.0) * BAR as f64).round() as usize;
        let (on, off) = if self.style == Style::Terminal { ("\u{2588}", "\u{2591}") } else { ("#", ".") };
        on.repeat(full) + &off.repeat(BAR - full)
    }
}

fn headline(record: &RunRecord, t: &mut Table) {
    let p = &record.performance;
    let mut item = |label: &str, text: String| t.item(label, 12, &text);
    if let Some(a) = &record.accuracy {
        let iou = a.mean_iou.map_or("no labels".into(), |v| format!("mean IoU {v:.3}"));
        let baselines: Vec<String> = a.baselines.iter().map(|(name, v)| format!("{name} {v:.3}")).collect();
        let beside = if baselines.is_empty() { String::new() } else { format!("; baselines: {}", baselines.join(", ")) };
        let (images, error) = scored(a);
        let error = error.map_or(String::new(), |e| format!(", standard error {e:.3}"));
        let on = format!("{iou} on {} image{}{error}{beside}", grouped(images), if images == 1 { "" } else { "s" });
        item("accuracy", if a.images == 0 { "no image was run".into() } else { on });
    }
    let [p50, p90, p99, max] = p.accelerator_ms_percentiles.map(significant);
    let spread = match record.frames.len() {
        0 | 1 => String::new(),
        // The 99th percentile of fewer is the largest.
        few @ ..100 => format!("; accelerator median {p50}, at most {max} over {few} frames"),
        many => format!("; accelerator p50 {p50}, p90 {p90}, p99 {p99}, max {max} over {many} frames"),
    };
    let (latency, accelerator, host) = (significant(p.latency_ms), significant(p.accelerator_ms), significant(p.host_ms));
    item("latency", format!("{latency} ms a frame = {accelerator} accelerator + {host} host{spread}"));
    let overlap = if p.host_overlapped { "host and accelerator overlapped" } else { "host and accelerator in turn" };
    item("throughput", format!("{} FPS, {overlap}", significant(p.fps)));
    let gops = ratio(2.0 * record.macs_per_frame as f64, p.accelerator_ms * 1e6);
    let peak = peak_gops(record, Unit::is_compute);
    let (macs, of_all) = (prefixed(record.macs_per_frame as f64), percent(p.mac_utilisation, 1.0));
    let (of_used, peak) = (percent(gops, peak), significant(peak));
    let text = format!(
        "{macs}MAC a frame, {} GOP/s: {of_used} % of the {peak} peak of the units in use, {of_all} % of all multipliers",
        significant(gops)
    );
    item("compute", text);
    let parts: Vec<String> = record.power.parts.iter().map(|(name, w)| format!("{name} {}", significant(*w))).collect();
    item("power", format!("{} W: {}", significant(record.power.total_w), parts.join(", ")));
    let energy = format!("{} mJ a frame", significant(record.power.energy_per_frame_j * 1e3));
    item(
        "energy",
        match dac_sdc_score(record) {
            Some(s) => format!(
                "{energy}; DAC-SDC formula on these images {:.3} (energy score {:.3}, reference {REFERENCE_ENERGY_J} J)",
                s.total, s.energy_score
            ),
            None => energy,
        },
    );
}

fn resources(record: &RunRecord, t: &mut Table) {
    t.heading(&format!("resources         used     board       %  products mapped as by {}", record.resources.mapping));
    for (name, used, budget) in resource_rows(record) {
        let share = ratio(used as f64, budget as f64);
        let over = if used > budget { " OVER" } else { "" };
        let bar = t.bar(share);
        t.row(&format!("  {name:<8} {:>11} {:>9} {:>7}  {bar}{over}", grouped(used), grouped(budget), percent(share, 1.0)));
    }
}

fn layers(record: &RunRecord, t: &mut Table) {
    let total = layer_cycles(record);
    t.heading(&format!(
        "where {} cycles of the first frame went; critical unit and MAC use in % of the layer",
        grouped(frame_cycles(record))
    ));
    t.row(&format!(
        "  {:>2} {:<16} {:<11} {:>10} {:>5}  {:<9} {:>4} {:>4} {:>4} {:>4} {:>4} {:>4} {:>8}",
        "#", "layer", "output", "cycles", "%", "critical", "busy", "opnd", "spac", "job", "idle", "MAC", "DRAM"
    ));
    for (i, layer) in record.layers.iter().enumerate() {
        let whole = split_total(&layer.critical) as f64;
        let [busy, operand, space, job, idle] =
            layer.critical.parts().map(|(_, cycles)| format!("{:.0}", ratio(cycles as f64, whole) * 100.0));
        let macs = layer_mac_use(record, layer).map_or("-".into(), |share| format!("{:.0}", share * 100.0));
        t.row(&format!(
            "  {i:>2} {:<16} {:<11} {:>10} {:>5}  {:<9} {busy:>4} {operand:>4} {space:>4} {job:>4} {idle:>4} {macs:>4} {:>8}",
            shortened(&layer.name, 16),
            shortened(&layer.output, 11),
            grouped_within(layer.cycles, 10),
            percent(layer.cycles as f64, total as f64),
            layer.critical_unit.name(),
            bytes(layer_bytes(layer)),
        ));
    }
}

fn units(record: &RunRecord, t: &mut Table) {
    t.heading("what the units did, in % of the frame");
    t.row(&format!(
        "  {:<10} {:>8} {:>7} {:>7} {:>7} {:>7} {:>7}  {:>10} {:>12}",
        "unit", "jobs", "busy", "opnd", "space", "job", "idle", "queue peak", "MAC use, %"
    ));
    for unit in &record.units {
        let whole = split_total(&unit.split) as f64;
        let [busy, operand, space, job, idle] = unit.split.parts().map(|(_, cycles)| percent(cycles as f64, whole));
        let macs = if unit.macs > 0 { percent(unit.macs as f64, unit.multipliers as f64 * whole) } else { "-".into() };
        t.row(&format!(
            "  {:<10} {:>8} {busy:>7} {operand:>7} {space:>7} {job:>7} {idle:>7}  {:>10} {macs:>12}",
            unit.unit.name(),
            grouped(unit.jobs),
            unit.queue_peak,
        ));
    }
}

fn memory(record: &RunRecord, t: &mut Table) {
    let m = &record.memory;
    let by_unit: Vec<String> = m.read_bytes_by_unit.iter().map(|(unit, b)| format!("{unit} {}", bytes(*b))).collect();
    t.heading("DRAM");
    t.item("traffic", 12, &format!("read {} ({}), written {}", bytes(m.read_bytes), by_unit.join(", "), bytes(m.write_bytes)));
    let share = percent(m.mean_mb_per_s, m.peak_mb_per_s);
    t.item("bandwidth", 12, &format!("{} of {} MB/s peak, {share} %", significant(m.mean_mb_per_s), significant(m.peak_mb_per_s)));
    let bursts = (m.row_hits + m.row_misses + m.row_conflicts) as f64;
    let [hits, misses, conflicts] = [m.row_hits, m.row_misses, m.row_conflicts].map(|n| percent(n as f64, bursts));
    let rest = format!("{} refreshes, {} changes of direction", grouped(m.refreshes), grouped(m.turnarounds));
    t.item(
        "rows",
        12,
        &format!("open {hits} %, closed {misses} %, another open {conflicts} % of {} bursts; {rest}", grouped(bursts as u64)),
    );
}
