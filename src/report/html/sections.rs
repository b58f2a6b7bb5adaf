//! The sections of the page, in their order.

use super::base64;
use crate::error::Result;
use crate::plan::Unit;
use crate::record::RunRecord;
use crate::report::derive::{layer_cycles, layer_mac_use, milliseconds, peak_gops, resource_rows, scored, split_total};
use crate::report::plot::canvas::escaped;
use crate::report::plot::{NARROW, WIDE, latency, power as power_plot, resources as resource_plot, roofline, utilisation};
use crate::report::text::{bytes, grouped, percent, prefixed, ratio, significant};
use crate::report::{Extras, REFERENCE_ENERGY_J, dac_sdc_score, picture};

/// Images on the page: the first of the run, and the worst of the others.
const SHOWN: (usize, usize) = (8, 4);
/// Width of an image on the page, pixels.
const IMAGE_WIDTH: u32 = 480;

/// The plot laid out for a desk and for a phone; the style sheet shows one.
fn plot(draw: fn(&RunRecord, i32) -> Result<String>, record: &RunRecord) -> Result<String> {
    Ok(format!("<div class=\"desk\">{}</div>\n<div class=\"phone\">{}</div>\n", draw(record, WIDE)?, draw(record, NARROW)?))
}

/// The numbers one asks for first.
pub fn headline(record: &RunRecord) -> String {
    let p = &record.performance;
    let mut cards = String::new();
    let mut card = |name: &str, value: String, detail: String, bad: bool| {
        let class = if bad { "card bad" } else { "card" };
        let (value, detail) = (escaped(&value), escaped(&detail));
        cards.push_str(&format!("<div class=\"{class}\"><span class=\"name\">{name}</span><b>{value}</b><span>{detail}</span></div>\n"));
    };
    if let Some(a) = &record.accuracy {
        let value = a.mean_iou.map_or("no labels".into(), |v| format!("{v:.3}"));
        let (images, error) = scored(a);
        let error = error.map_or(String::new(), |e| format!(", standard error {e:.3}"));
        card("Mean IoU", value, format!("on {} images{error}", grouped(images)), false);
    }
    let (accelerator, host) = (significant(p.accelerator_ms), significant(p.host_ms));
    card("Latency", format!("{} ms", significant(p.latency_ms)), format!("{accelerator} accelerator + {host} host"), false);
    let overlap = if p.host_overlapped { "host overlapped" } else { "host in turn" };
    card("Throughput", format!("{} FPS", significant(p.fps)), format!("{overlap}; clock assumed"), false);
    card("Power", format!("{} W", significant(record.power.total_w)), "mean over a frame".into(), false);
    let score = dac_sdc_score(record).map_or(String::new(), |s| format!("DAC-SDC formula {:.3}", s.total));
    card(
        "Energy",
        format!("{} mJ", significant(record.power.energy_per_frame_j * 1e3)),
        format!("a frame; {score}").trim_end_matches("; ").into(),
        false,
    );
    let gops = ratio(2.0 * record.macs_per_frame as f64, p.accelerator_ms * 1e6);
    let peak = significant(peak_gops(record, Unit::is_compute));
    card(
        "Multipliers",
        format!("{} %", percent(p.mac_utilisation, 1.0)),
        format!("{} GOP/s; units in use: {peak}", significant(gops)),
        false,
    );
    for (name, used, budget) in resource_rows(record) {
        let rough = record.resources.lut_ff_uncalibrated && matches!(name, "LUT" | "FF");
        let note = if used > budget {
            ", does not fit"
        } else if rough {
            ", uncalibrated"
        } else {
            ""
        };
        card(
            name,
            format!("{} %", percent(used as f64, budget as f64)),
            format!("{} of {}{note}", unbroken(used), unbroken(budget)),
            used > budget,
        );
    }
    format!("<div class=\"cards\">\n{cards}</div>\n")
}

/// Digits in groups that stay on one line.
fn unbroken(value: u64) -> String {
    grouped(value).replace(' ', "\u{a0}")
}

/// Images with both boxes; empty when the network detects nothing.
pub fn detections(record: &RunRecord, extras: &Extras) -> Result<String> {
    let Some(accuracy) = &record.accuracy else { return Ok(String::new()) };
    let mut out = String::new();
    if !accuracy.baselines.is_empty() {
        let rows = accuracy.baselines.iter().map(|(name, v)| vec![escaped(name), format!("{v:.3}")]);
        let own = accuracy.mean_iou.map(|v| vec![format!("<b>{}</b>", escaped(&record.network)), format!("<b>{v:.3}</b>")]);
        out.push_str(&table("narrow", &["on the same images", "mean IoU"], own.into_iter().chain(rows)));
    }
    let shown = picture::shown(record, extras, SHOWN.0, SHOWN.1);
    if shown.is_empty() {
        return Ok(out);
    }
    let worst = if shown.len() > SHOWN.0 { format!(", then the {} worst of the others", shown.len() - SHOWN.0) } else { String::new() };
    let first = shown.len().min(SHOWN.0);
    out.push_str(&format!(
        "<p class=\"key\"><i class=\"true\"></i>true box <i></i>found box. The first {first} images{worst}.</p>\n<div class=\"gallery\">\n"
    ));
    for (index, detection, picture) in shown {
        let data = base64::encode(&picture::jpeg(&picture::annotated(detection, picture, IMAGE_WIDTH))?);
        let iou = detection.iou.map_or("no label".into(), |v| format!("IoU {v:.2}"));
        let caption = format!("{index} {}: {iou}, confidence {:.2}", escaped(&detection.image), detection.confidence);
        out.push_str(&format!(
            "<figure><img alt=\"{caption}\" src=\"data:image/jpeg;base64,{data}\"><figcaption>{caption}</figcaption></figure>\n"
        ));
    }
    out.push_str("</div>\n");
    Ok(out)
}

/// Latency by layer: plot and table.
pub fn layers(record: &RunRecord) -> Result<String> {
    let total = layer_cycles(record) as f64;
    let heads = [
        "# layer",
        "output",
        "tile",
        "cycles",
        "ms",
        "%",
        "critical",
        "busy %",
        "operand %",
        "space %",
        "job %",
        "idle %",
        "MAC",
        "MAC use %",
        "read",
        "written",
    ];
    let rows = record.layers.iter().enumerate().map(|(i, l)| {
        let whole = split_total(&l.critical) as f64;
        let [busy, operand, space, job, idle] = l.critical.parts().map(|(_, cycles)| percent(cycles as f64, whole));
        let time = [grouped(l.cycles), significant(milliseconds(record, l.cycles)), percent(l.cycles as f64, total)];
        let [cycles, ms, share] = time;
        let tile = format!("{} x {}", l.tile[0], l.tile[1]);
        let (read, written) = (bytes(l.read_bytes), bytes(l.write_bytes));
        // A fused group's name may break after each of its layers.
        let (name, output, unit) =
            (format!("{i} {}", escaped(&l.name)).replace('+', "+<wbr>"), escaped(&l.output), l.critical_unit.to_string());
        let macs = prefixed(l.macs as f64);
        let used = layer_mac_use(record, l).map_or("-".into(), |used| percent(used, 1.0));
        vec![name, output, tile, cycles, ms, share, unit, busy, operand, space, job, idle, macs, used, read, written]
    });
    Ok(plot(latency::draw, record)? + &table("dense", &heads, rows) + &plot(roofline::draw, record)?)
}

/// What the units did: plot and table.
pub fn units(record: &RunRecord) -> Result<String> {
    let heads = ["unit", "jobs", "busy %", "operand %", "space %", "job %", "idle %", "queue peak", "multipliers", "used %"];
    let rows = record.units.iter().map(|u| {
        let whole = split_total(&u.split) as f64;
        let mut row = vec![u.unit.to_string(), grouped(u.jobs)];
        row.extend(u.split.parts().map(|(_, cycles)| percent(cycles as f64, whole)));
        let used = if u.macs > 0 { percent(u.macs as f64, u.multipliers as f64 * whole) } else { "-".into() };
        row.extend([u.queue_peak.to_string(), grouped(u.multipliers), used]);
        row
    });
    let more = "<p>Beside this page: <code>timeline.json</code> opens in Perfetto (ui.perfetto.dev), <code>waveform.fst</code> in GTKWave or Surfer.</p>\n";
    Ok(plot(utilisation::draw, record)? + &table("", &heads, rows) + more)
}

/// DRAM traffic and what its rows met.
pub fn memory(record: &RunRecord) -> Result<String> {
    let m = &record.memory;
    let bursts = (m.row_hits + m.row_misses + m.row_conflicts) as f64;
    let share = percent(m.mean_mb_per_s, m.peak_mb_per_s);
    let mut rows = vec![
        ("read".to_string(), bytes(m.read_bytes)),
        ("written".into(), bytes(m.write_bytes)),
        ("mean bandwidth".into(), format!("{} of {} MB/s, {share} %", significant(m.mean_mb_per_s), significant(m.peak_mb_per_s))),
    ];
    rows.extend(m.read_bytes_by_unit.iter().map(|(unit, b)| (format!("read by {unit}"), bytes(*b))));
    for (name, count) in [("row hits", m.row_hits), ("row misses", m.row_misses), ("row conflicts", m.row_conflicts)] {
        rows.push((name.into(), format!("{} ({} %)", grouped(count), percent(count as f64, bursts))));
    }
    rows.push(("refreshes".into(), grouped(m.refreshes)));
    rows.push(("changes of direction".into(), grouped(m.turnarounds)));
    Ok(table("narrow", &["first frame", ""], rows.into_iter().map(|(name, value)| vec![name, value])))
}

/// Resource bars and the components' table.
pub fn resources(record: &RunRecord) -> Result<String> {
    let row = |name: &str, r: &crate::board::Resources| {
        let mut row = vec![escaped(name)];
        row.extend([r.dsp, r.bram18, r.lut, r.ff].map(grouped));
        row
    };
    let r = &record.resources;
    let parts = r.components.iter().map(|(name, use_)| row(name, use_));
    let rows = parts.chain([row("total", &r.total), row("board", &r.budget)]);
    Ok(plot(resource_plot::draw, record)? + &table("", &["component", "DSP", "RAMB18", "LUT", "FF"], rows))
}

/// Power by contribution.
pub fn power(record: &RunRecord) -> Result<String> {
    let score = dac_sdc_score(record).map_or(String::new(), |s| {
        format!(
            "<p>DAC-SDC formula on these images: {:.3} x (1 + {:.3}) = {:.3}, with {REFERENCE_ENERGY_J} J as the reference energy, the mean of the three \
             FPGA winners of 2018 on the same board. The images are not the contest's: compare runs of bico with it, nothing else.</p>\n",
            s.iou, s.energy_score, s.total
        )
    });
    Ok(plot(power_plot::draw, record)? + &score)
}

/// A table of a class of the style sheet; the first column is text. Cells are HTML.
fn table(class: &str, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let head: String = heads.iter().map(|h| format!("<th>{h}</th>")).collect();
    let body: String = rows
        .map(|row| {
            let cells: String = row.iter().map(|cell| format!("<td>{cell}</td>")).collect();
            format!("<tr>{cells}</tr>\n")
        })
        .collect();
    format!("<div class=\"scroll {class}\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n")
}
