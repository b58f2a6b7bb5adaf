//! Roofline: each layer's rate against the operations it does for each byte it moves, under the roofs of the multipliers and of DRAM.

use super::canvas::{Anchor, Canvas, TEXT, fitting_chars, svg, text_width};
use super::scale::{Scale, label};
use super::{WIDE, is_compact, palette};
use crate::error::Result;
use crate::plan::Unit;
use crate::record::RunRecord;
use crate::report::Extras;
use crate::report::derive::{layer_gops, ops_per_byte, peak_gops};
use crate::report::text::{shortened, significant};

const TOP: i32 = 50;
const KEY_LINE: i32 = 19;
/// Bytes that a 64-bit HP port moves in a cycle.
const PORT_BYTES: f64 = 8.0;

/// A layer on the plot.
struct Point {
    layer: usize,
    intensity: f64,
    gops: f64,
}

/// The two roofs, both positive.
struct Roofs {
    /// Of all compute IPs together, 10^9 operations a second.
    gops: f64,
    /// Of DRAM, 10^9 bytes a second.
    gigabytes: f64,
    /// Of one HP port, 10^9 bytes a second.
    port_gigabytes: f64,
}

/// Pixels of the plot's frame.
struct Frame {
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
}

pub fn render(record: &RunRecord, _: &Extras) -> Result<String> {
    draw(record, WIDE)
}

/// The plot at a width.
pub fn draw(record: &RunRecord, width: i32) -> Result<String> {
    let points = points(record);
    let key_rows = points.len() as i32 + 2;
    let (frame, key, height) = if is_compact(width) {
        let frame = Frame { left: 44, right: width - 100, top: TOP, bottom: TOP + 260 };
        (frame, (12, TOP + 326), TOP + 330 + KEY_LINE * key_rows)
    } else {
        let frame = Frame { left: 60, right: width - 400, top: TOP, bottom: TOP + 400 };
        (frame, (width - 296, TOP), (TOP + 460).max(TOP + KEY_LINE * key_rows + 10))
    };
    let roofs = Roofs {
        gops: peak_gops(record, Unit::is_compute),
        gigabytes: record.memory.peak_mb_per_s / 1e3,
        port_gigabytes: PORT_BYTES * record.clock_mhz / 1e3,
    };
    let title = if is_compact(width) { "Roofline" } else { "Roofline: what each layer reaches, and what bounds it" };
    svg(width, height, title, |canvas| {
        if points.is_empty() || roofs.gops <= 0.0 || roofs.gigabytes <= 0.0 {
            canvas.muted((width / 2, TOP + 60), "no layer with multiply-accumulates", Anchor::Middle);
            return;
        }
        let (x, y) = scales(&points, &roofs, &frame);
        grid(canvas, &x, &y, &frame);
        roof_lines(canvas, record, &roofs, (&x, &y), &frame);
        marks(canvas, &points, &roofs, (&x, &y), &frame);
        write_key(canvas, record, &points, key);
    })
}

fn points(record: &RunRecord) -> Vec<Point> {
    let layers = record.layers.iter().enumerate();
    let all = layers.map(|(layer, l)| Point { layer, intensity: ops_per_byte(l), gops: layer_gops(record, l) });
    all.filter(|p| p.intensity > 0.0 && p.gops > 0.0).collect()
}

/// Both axes, with the knee and all points well inside.
fn scales(points: &[Point], roofs: &Roofs, frame: &Frame) -> (Scale, Scale) {
    let knee = roofs.gops / roofs.gigabytes;
    let (mut low, mut high, mut least) = (knee / 4.0, knee * 4.0, roofs.gops / 8.0);
    for p in points {
        low = low.min(p.intensity / 1.6);
        high = high.max(p.intensity * 1.6);
        least = least.min(p.gops / 1.6);
    }
    (Scale::log(low, high, frame.left, frame.right), Scale::log(least, roofs.gops * 1.8, frame.bottom, frame.top))
}

fn grid(canvas: &mut Canvas, x: &Scale, y: &Scale, frame: &Frame) {
    let mut last = frame.left - 100;
    for tick in x.ticks(0) {
        let at = x.pixel(tick);
        canvas.line((at, frame.top), (at, frame.bottom), palette::GRID, 1);
        if at - last > 34 {
            canvas.muted((at, frame.bottom + 16), &label(tick), Anchor::Middle);
            last = at;
        }
    }
    for tick in y.ticks(0) {
        let at = y.pixel(tick);
        canvas.line((frame.left, at), (frame.right, at), palette::GRID, 1);
        canvas.muted((frame.left - 6, at), &label(tick), Anchor::End);
    }
    canvas.muted(((frame.left + frame.right) / 2, frame.bottom + 38), "operations for each byte of DRAM traffic", Anchor::Middle);
    canvas.muted((frame.left - 6, frame.top - 16), "GOP/s", Anchor::End);
}

/// The roof of all IPs and DRAM as one line; the roofs of single IPs thin.
fn roof_lines(canvas: &mut Canvas, record: &RunRecord, roofs: &Roofs, (x, y): (&Scale, &Scale), frame: &Frame) {
    let knee = roofs.gops / roofs.gigabytes;
    // Below the frame the sloped roof would be bent by clamping: start it where it enters.
    let enter = (y.value(frame.bottom) / roofs.gigabytes).max(x.value(frame.left));
    let from = (x.pixel(enter), y.pixel(enter * roofs.gigabytes));
    let corner = (x.pixel(knee), y.pixel(roofs.gops));
    canvas.line(from, corner, palette::INK, 2);
    canvas.line(corner, (frame.right, corner.1), palette::INK, 2);
    port_roof(canvas, roofs, (x, y), frame);
    // Nothing lies above a roof, so its name is never in the way there.
    let port = match roofs.port_gigabytes < roofs.gigabytes {
        true => format!(", one port {} (thin)", significant(roofs.port_gigabytes)),
        false => String::new(),
    };
    canvas.text((frame.left + 6, corner.1 - 12), &format!("DRAM {} GB/s{port}", significant(roofs.gigabytes)), Anchor::Start);
    canvas.text((frame.right + 5, corner.1), &format!("all IPs {}", significant(roofs.gops)), Anchor::Start);
    single_roofs(canvas, record, roofs, (x, y), frame);
}

/// The slope of one HP port, where it lies below that of DRAM: what a layer reaches at most whose traffic passes one port.
fn port_roof(canvas: &mut Canvas, roofs: &Roofs, (x, y): (&Scale, &Scale), frame: &Frame) {
    let slope = roofs.port_gigabytes;
    if slope >= roofs.gigabytes {
        return;
    }
    let enter = (y.value(frame.bottom) / slope).max(x.value(frame.left));
    let leave = (roofs.gops / slope).min(x.value(frame.right));
    if enter < leave {
        let (from, to) = ((x.pixel(enter), y.pixel(enter * slope)), (x.pixel(leave), y.pixel(leave * slope)));
        canvas.line(from, to, palette::MUTED, 1);
    }
}

/// IPs with the same roof share a line. Names stand right of the frame, moved down where they would touch.
fn single_roofs(canvas: &mut Canvas, record: &RunRecord, roofs: &Roofs, (x, y): (&Scale, &Scale), frame: &Frame) {
    let mut own: Vec<(f64, String)> = Vec::new();
    for unit in record.units.iter().filter(|u| u.unit.is_compute() && u.macs > 0) {
        let gops = peak_gops(record, |u| u == unit.unit);
        match own.iter_mut().find(|(value, _)| *value == gops) {
            Some((_, names)) => *names += &format!(", {}", unit.unit),
            None => own.push((gops, unit.unit.to_string())),
        }
    }
    own.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut last = y.pixel(roofs.gops);
    let visible = y.value(frame.bottom)..roofs.gops * 0.999;
    for (gops, names) in own.into_iter().filter(|(gops, _)| visible.contains(gops)) {
        let at = y.pixel(gops);
        canvas.line((x.pixel(gops / roofs.gigabytes), at), (frame.right, at), palette::MUTED, 1);
        last = at.max(last + 15);
        let name = shortened(&format!("{names} {}", significant(gops)), 18);
        canvas.muted((frame.right + 5, last), &name, Anchor::Start);
    }
}

/// Numbered dots. One that would hide another moves aside, tied to its place by a line; where there is no room it is a mere dot.
fn marks(canvas: &mut Canvas, points: &[Point], roofs: &Roofs, (x, y): (&Scale, &Scale), frame: &Frame) {
    const RADIUS: i32 = 10;
    let mut taken: Vec<(i32, i32)> = Vec::new();
    let mut numbers = Vec::new();
    for p in points {
        let place = (x.pixel(p.intensity), y.pixel(p.gops));
        let below_roof = |at: (i32, i32)| at.1 >= y.pixel(roofs.gops.min(roofs.gigabytes * x.value(at.0)));
        let inside = |at: (i32, i32)| (frame.left..=frame.right).contains(&at.0) && at.1 <= frame.bottom && below_roof(at);
        let free = |at: (i32, i32)| taken.iter().all(|t| (t.0 - at.0).pow(2) + (t.1 - at.1).pow(2) >= (2 * RADIUS + 1).pow(2));
        let found = (0..13).map(|k| spiral(place, k)).find(|at| free(*at) && (*at == place || inside(*at)));
        if found != Some(place) {
            canvas.circle(place, 3, palette::INK);
        }
        let Some(at) = found else { continue };
        if at != place {
            canvas.line(place, at, palette::MUTED, 1);
        }
        taken.push(at);
        numbers.push((at, p.layer));
    }
    // Above the lines and places, which could hide a number.
    for (at, layer) in numbers {
        canvas.circle(at, RADIUS as u32, palette::BLUE);
        canvas.text_sized(at, &layer.to_string(), 11, palette::PAPER, Anchor::Middle);
    }
}

/// The k-th place to try around a point.
fn spiral(centre: (i32, i32), k: i32) -> (i32, i32) {
    const DIRECTIONS: [(i32, i32); 6] = [(0, 1), (1, 1), (-1, 1), (1, 0), (-1, 0), (0, -1)];
    if k == 0 {
        return centre;
    }
    let (dx, dy) = DIRECTIONS[(k - 1) as usize % 6];
    let distance = 22 * (1 + (k - 1) / 6);
    (centre.0 + dx * distance, centre.1 + dy * distance)
}

fn write_key(canvas: &mut Canvas, record: &RunRecord, points: &[Point], (left, top): (i32, i32)) {
    let room = canvas.width - left - 12;
    canvas.muted((left + 26, top), "layer: GOP/s, operations a byte", Anchor::Start);
    for (row, p) in points.iter().enumerate() {
        let y = top + KEY_LINE * (row as i32 + 1);
        let values = format!("{}, {}", significant(p.gops), significant(p.intensity));
        let name = shortened(&record.layers[p.layer].name, fitting_chars(room - 34 - text_width(&values, TEXT), TEXT));
        canvas.muted((left + 20, y), &p.layer.to_string(), Anchor::End);
        canvas.text((left + 26, y), &name, Anchor::Start);
        canvas.muted((left + room, y), &values, Anchor::End);
    }
    let without: Vec<String> = (0..record.layers.len()).filter(|i| points.iter().all(|p| p.layer != *i)).map(|i| i.to_string()).collect();
    if !without.is_empty() {
        let text = shortened(&format!("no multiply-accumulates: {}", without.join(", ")), fitting_chars(room - 26, TEXT));
        canvas.muted((left + 26, top + KEY_LINE * (points.len() as i32 + 1)), &text, Anchor::Start);
    }
}
