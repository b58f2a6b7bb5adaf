//! Accuracy against latency of bundles, as the papers draw it: the area of a disc is the largest share of a budget.

use super::canvas::{Anchor, TEXT, legend_height, svg, text_width};
use super::palette;
use super::scale::{Scale, label};
use crate::error::Result;
use crate::search::bottomup::{Row, pareto};

const WIDTH: i32 = 860;
const LEFT: i32 = 70;
const TOP: i32 = 70;
const HEIGHT: i32 = 400;
/// Radius of a disc that takes a whole budget, pixels.
const RADIUS: f64 = 14.0;

/// Draws the rows that have an accuracy.
///
/// # Errors
/// When plotters fails.
pub fn draw(title: &str, rows: &[Row]) -> Result<String> {
    let front = pareto(rows);
    let items = vec![("Pareto-optimal".to_string(), palette::VERMILION), ("not Pareto-optimal".to_string(), palette::SKY)];
    let bottom = TOP + HEIGHT;
    let most_ms = rows.iter().map(|r| r.accelerator_ms).fold(0.0, f64::max);
    let most_iou = rows.iter().filter_map(|r| r.proxy_iou).fold(0.0, f64::max);
    svg(WIDTH, bottom + 60 + legend_height(&items, WIDTH - LEFT), title, |canvas| {
        let x = Scale::linear(most_ms * 1.08, LEFT, WIDTH - 24);
        let y = Scale::linear(most_iou * 1.12, bottom, TOP);
        canvas.grid((LEFT, TOP), (WIDTH - 24, bottom), (&x, 8, label), (&y, 6, label));
        canvas.muted((12, TOP - 22), "mean IoU by the proxy; area of a disc: largest share of a budget of the board", Anchor::Start);
        canvas.muted(((LEFT + WIDTH) / 2, bottom + 34), "accelerator, ms a frame", Anchor::Middle);
        let discs: Vec<((i32, i32), i32, &Row, bool)> = rows
            .iter()
            .zip(&front)
            .filter_map(|(row, &optimal)| {
                let at = (x.pixel(row.accelerator_ms), y.pixel(row.proxy_iou?));
                Some((at, ((RADIUS * row.largest_share.max(0.0).sqrt()) as i32).max(3), row, optimal))
            })
            .collect();
        // What names keep clear of: left, right, middle and half the height of each disc, then of each name.
        let mut taken: Vec<[i32; 4]> = discs.iter().map(|&((cx, cy), r, ..)| [cx - r, cx + r, cy, r]).collect();
        for &(at, radius, row, optimal) in &discs {
            canvas.circle(at, radius as u32, if optimal { palette::VERMILION } else { palette::SKY });
            // A name moves down or up, the nearer the better, until it is clear of what is there; it stands left of its disc at the right end.
            let (own, gap) = (text_width(&row.bundle, TEXT), radius + 4);
            let (start, anchor) = if at.0 + gap + own > WIDTH { (at.0 - gap - own, Anchor::End) } else { (at.0 + gap, Anchor::Start) };
            let is_clear = |line: &i32| {
                !taken.iter().any(|&[from, to, middle, half]| (middle - line).abs() < half + 7 && from < start + own && start < to)
            };
            let line = (0..HEIGHT).step_by(7).flat_map(|d| [at.1 + d, at.1 - d]).find(is_clear).unwrap_or(at.1);
            taken.push([start, start + own, line, 7]);
            canvas.text((if anchor == Anchor::End { at.0 - gap } else { start }, line), &row.bundle, anchor);
        }
        canvas.legend(&items, (LEFT, bottom + 50));
    })
}
