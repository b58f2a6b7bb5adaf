//! Heat map of a sweep: mean IoU for each width of features and of weights.

use super::canvas::{Anchor, Canvas, TEXT, svg};
use super::palette;
use super::scale::{Scale, label};
use crate::error::Result;
use crate::sweep::{Kind, Row};
use plotters::style::RGBColor;
use std::collections::{BTreeMap, BTreeSet};

const CELL: (i32, i32) = (54, 34);
const LEFT: i32 = 104;
const TOP: i32 = 84;
/// Width of the colour scale.
const BAR: i32 = 16;
/// Colours from the smallest value to the largest: even steps of lightness, so that it also reads in grey.
const RAMP: [RGBColor; 5] = [
    RGBColor(0xFB, 0xF3, 0xDC),
    RGBColor(0xE6, 0xC6, 0x7A),
    RGBColor(0x7F, 0xB4, 0x9A),
    RGBColor(0x1E, 0x7F, 0x9C),
    RGBColor(0x0B, 0x3C, 0x6E),
];

/// Draws the post-training points of `rows`, with fine-tuned ones below them in the same cells; the cell of `own` widths (features, weights) is framed.
///
/// # Errors
/// When plotters fails.
pub fn draw(title: &str, rows: &[Row], own: Option<(u8, u8)>) -> Result<String> {
    let grid: BTreeMap<(u8, u8), &Row> = of(rows, Kind::PostTraining);
    let tuned: BTreeMap<(u8, u8), &Row> = of(rows, Kind::FineTuned);
    let features: Vec<u8> = grid.keys().map(|k| k.0).collect::<BTreeSet<_>>().into_iter().rev().collect();
    let weights: Vec<u8> = grid.keys().map(|k| k.1).collect::<BTreeSet<_>>().into_iter().collect();
    let top = rows.iter().map(|r| r.mean_iou).fold(0.0, f64::max);
    let (wide, high) = (CELL.0 * weights.len() as i32, CELL.1 * features.len() as i32);
    let width = (LEFT + wide + 100).max(620);
    svg(width, TOP + high.max(120) + 74, title, |canvas| {
        notes(canvas, !tuned.is_empty(), own.is_some_and(|k| grid.contains_key(&k)), TOP + high + 60);
        canvas.muted((LEFT - 8, TOP - 14), "feature bits", Anchor::End);
        canvas.muted((LEFT + wide / 2, TOP + high + 36), "weight bits", Anchor::Middle);
        for (y, f) in features.iter().enumerate() {
            let at = TOP + CELL.1 * y as i32;
            canvas.text((LEFT - 8, at + CELL.1 / 2), &f.to_string(), Anchor::End);
            for (x, w) in weights.iter().enumerate() {
                let corner = (LEFT + CELL.0 * x as i32, at);
                cell(canvas, corner, top, (grid.get(&(*f, *w)), tuned.get(&(*f, *w))));
                if own == Some((*f, *w)) {
                    frame(canvas, corner);
                }
            }
        }
        for (x, w) in weights.iter().enumerate() {
            canvas.text((LEFT + CELL.0 * x as i32 + CELL.0 / 2, TOP + high + 14), &w.to_string(), Anchor::Middle);
        }
        bar(canvas, (LEFT + wide + 28, TOP), high.max(120), top);
    })
}

/// The rows of a kind by widths; of several fine-tunings, the longest.
fn of(rows: &[Row], kind: Kind) -> BTreeMap<(u8, u8), &Row> {
    rows.iter().filter(|r| r.kind == kind).map(|r| ((r.feature_bits, r.weight_bits), r)).collect()
}

fn notes(canvas: &mut Canvas, tuned: bool, own: bool, y: i32) {
    let mut parts = vec!["each cell: mean IoU, formats calibrated after training"];
    if tuned {
        parts.push("second line: fine-tuned at these widths");
    }
    if own {
        parts.push("framed: the network's own widths");
    }
    canvas.muted((12, y), &parts.join("; "), Anchor::Start);
}

fn cell(canvas: &mut Canvas, (x, y): (i32, i32), top: f64, (row, tuned): (Option<&&Row>, Option<&&Row>)) {
    let Some(row) = row else { return canvas.rect((x, y), (x + CELL.0 - 1, y + CELL.1 - 1), palette::TRACK) };
    let share = if top > 0.0 { row.mean_iou / top } else { 0.0 };
    canvas.rect((x, y), (x + CELL.0 - 1, y + CELL.1 - 1), color(share));
    let ink = if share > 0.62 { palette::PAPER } else { palette::INK };
    let middle = (x + CELL.0 / 2, y + CELL.1 / 2);
    let first = if tuned.is_some() { middle.1 - 7 } else { middle.1 };
    canvas.text_sized((middle.0, first), &format!("{:.3}", row.mean_iou), TEXT, ink, Anchor::Middle);
    if let Some(tuned) = tuned {
        canvas.text_sized((middle.0, middle.1 + 8), &format!("{:.3}", tuned.mean_iou), TEXT - 2, ink, Anchor::Middle);
    }
}

fn frame(canvas: &mut Canvas, (x, y): (i32, i32)) {
    let (right, bottom) = (x + CELL.0 - 2, y + CELL.1 - 2);
    for (from, to) in [((x, y), (right, y)), ((right, y), (right, bottom)), ((right, bottom), (x, bottom)), ((x, bottom), (x, y))] {
        canvas.line(from, to, palette::VERMILION, 3);
    }
}

fn bar(canvas: &mut Canvas, (x, y): (i32, i32), height: i32, top: f64) {
    for k in 0..height {
        canvas.rect((x, y + k), (x + BAR, y + k + 1), color(1.0 - f64::from(k) / f64::from((height - 1).max(1))));
    }
    let scale = Scale::linear(top, y + height, y);
    for tick in scale.ticks(6) {
        canvas.line((x + BAR, scale.pixel(tick)), (x + BAR + 4, scale.pixel(tick)), palette::MUTED, 1);
        canvas.muted((x + BAR + 8, scale.pixel(tick)), &label(tick), Anchor::Start);
    }
    canvas.muted((x + BAR / 2, y - 14), "mean IoU", Anchor::Middle);
}

/// The ramp at 0 to 1.
fn color(share: f64) -> RGBColor {
    let at = share.clamp(0.0, 1.0) * (RAMP.len() - 1) as f64;
    let k = (at as usize).min(RAMP.len() - 2);
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * (at - k as f64)).round() as u8;
    let (a, b) = (RAMP[k], RAMP[k + 1]);
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ramp_ends_where_it_should() {
        assert_eq!((color(0.0), color(1.0), color(2.0), color(-1.0)), (RAMP[0], RAMP[4], RAMP[4], RAMP[0]));
        assert_eq!(color(0.25), RAMP[1]);
    }
}
