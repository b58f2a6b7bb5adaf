//! Accuracy against latency of bundles, as the papers draw it: the area of a disc is the largest share of a budget.

use super::canvas::{Anchor, legend_height, svg};
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
    svg(WIDTH, bottom + 60 + legend_height(&items, WIDTH - LEFT), title, |canvas| {
        let x = Scale::linear(most_ms * 1.08, LEFT, WIDTH - 24);
        let y = Scale::around(rows.iter().filter_map(|r| r.proxy_iou), bottom, TOP);
        canvas.grid((LEFT, TOP), (WIDTH - 24, bottom), (&x, 8, label), (&y, 6, label));
        canvas.muted((12, TOP - 22), "mean IoU by the proxy; area of a disc: largest share of a budget of the board", Anchor::Start);
        canvas.muted(((LEFT + WIDTH) / 2, bottom + 34), "accelerator, ms a frame", Anchor::Middle);
        let mut discs = Vec::new();
        for (row, optimal) in rows.iter().zip(front) {
            let Some(iou) = row.proxy_iou else { continue };
            let at = (x.pixel(row.accelerator_ms), y.pixel(iou));
            let radius = ((RADIUS * row.largest_share.max(0.0).sqrt()) as i32).max(3);
            canvas.circle(at, radius as u32, if optimal { palette::VERMILION } else { palette::SKY });
            discs.push((at, radius, row.bundle.as_str()));
        }
        canvas.names(&discs, HEIGHT);
        canvas.legend(&items, (LEFT, bottom + 50));
    })
}
