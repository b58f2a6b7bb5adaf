//! Utilisation over time: a row for each unit, its height the busy part of each stretch of the frame; above them the layers.

use super::canvas::{Anchor, Canvas, TEXT, svg, text_width};
use super::latency::axis;
use super::scale::Scale;
use super::{WIDE, is_compact, palette};
use crate::error::Result;
use crate::plan::Unit;
use crate::record::RunRecord;
use crate::report::derive::{frame_cycles, milliseconds};
use crate::report::text::percent;
use crate::report::{Extras, activity};

const ROW: i32 = 52;
const HEIGHT: i32 = 42;
const TOP: i32 = 66;
const STRIP: i32 = 18;
/// Pixels of one stretch of time.
const BIN: i32 = 2;

pub fn render(record: &RunRecord, _: &Extras) -> Result<String> {
    draw(record, WIDE)
}

/// The plot at a width.
pub fn draw(record: &RunRecord, width: i32) -> Result<String> {
    let (gutter, right) = if is_compact(width) { (76, 50) } else { (100, 60) };
    let units = activity::active_units(record);
    let top = TOP + STRIP + 10;
    let bottom = top + ROW * units.len().max(1) as i32;
    let bins = (width - right - gutter) / BIN;
    let right = width - gutter - bins * BIN;
    let title = if is_compact(width) { "Busy units over one frame" } else { "Utilisation of each unit over one frame, by layer" };
    svg(width, bottom + 44, title, |canvas| {
        let scale = Scale::linear(milliseconds(record, frame_cycles(record)), gutter, width - right);
        canvas.legend(&[("computes".into(), palette::BLUE), ("moves data".into(), palette::ORANGE)], (12, 34));
        layers(canvas, record, &scale, bottom);
        canvas.muted((gutter - 8, TOP + STRIP / 2), "layer", Anchor::End);
        canvas.muted((width - right + 6, TOP + STRIP / 2), "mean", Anchor::Start);
        for (i, unit) in units.iter().enumerate() {
            let base = top + ROW * i as i32 + HEIGHT;
            canvas.text((gutter - 8, base - HEIGHT / 2), unit.name(), Anchor::End);
            row(canvas, &activity::utilisation(record, *unit, bins as usize), unit_color(*unit), (gutter, base));
            let mean = mean_busy(record, *unit);
            canvas.text((width - right + 6, base - HEIGHT / 2), &format!("{mean} %"), Anchor::Start);
        }
        if units.is_empty() {
            canvas.muted((width / 2, (top + bottom) / 2), "the record holds no jobs", Anchor::Middle);
        }
        axis(canvas, &scale, (bottom, bottom + 4), if is_compact(width) { 4 } else { 10 });
        canvas.muted(((gutter + width - right) / 2, bottom + 34), "milliseconds since the start write", Anchor::Middle);
    })
}

/// Movers of data in one colour, units that compute in another.
fn unit_color(unit: Unit) -> plotters::style::RGBColor {
    if unit.is_compute() { palette::BLUE } else { palette::ORANGE }
}

fn mean_busy(record: &RunRecord, unit: Unit) -> String {
    let spans = activity::spans(record, unit);
    let busy: u64 = spans.iter().filter(|s| s.state == activity::State::Busy).map(|s| s.to - s.from).sum();
    percent(busy as f64, frame_cycles(record) as f64)
}

/// A stepped area on a pale track.
fn row(canvas: &mut Canvas, busy: &[f64], color: plotters::style::RGBColor, (left, base): (i32, i32)) {
    canvas.rect((left, base - HEIGHT), (left + BIN * busy.len() as i32, base), palette::TRACK);
    let mut outline = vec![(left, base)];
    for (i, share) in busy.iter().enumerate() {
        let (x, y) = (left + BIN * i as i32, base - (share * f64::from(HEIGHT)).round() as i32);
        if outline.last().is_none_or(|last| last.1 != y) {
            outline.extend([(x, outline.last().map_or(base, |last| last.1)), (x, y)]);
        }
    }
    let end = left + BIN * busy.len() as i32;
    outline.extend([(end, outline.last().map_or(base, |last| last.1)), (end, base)]);
    canvas.polygon(&outline, color);
}

/// A strip with the number of the layer that moves the end of the frame, and a line where the next takes over.
fn layers(canvas: &mut Canvas, record: &RunRecord, scale: &Scale, bottom: i32) {
    let mut from = 0;
    for (i, layer) in record.layers.iter().enumerate() {
        let to = layer.end_cycle.max(from);
        let (left, right) = (scale.pixel(milliseconds(record, from)), scale.pixel(milliseconds(record, to)));
        let shade = if i % 2 == 0 { palette::GRID } else { palette::TRACK };
        canvas.rect((left, TOP), (right, TOP + STRIP), shade);
        canvas.line((right, TOP), (right, bottom), palette::GRID, 1);
        if right - left > text_width(&i.to_string(), TEXT) {
            canvas.text(((left + right) / 2, TOP + STRIP / 2), &i.to_string(), Anchor::Middle);
        }
        from = to;
    }
}
