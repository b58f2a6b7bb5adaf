//! What the cost model foretells against what synthesis gives.

use super::canvas::{Anchor, Canvas, legend_height, svg};
use super::palette;
use super::scale::{Scale, label};
use crate::error::Result;

/// Side of a panel, pixels.
const SIDE: i32 = 380;
/// Room for the labels of an axis, pixels.
const LEFT: i32 = 70;
const TOP: i32 = 70;
const BOTTOM: i32 = 50;
/// Error that the band shows, percent.
const BAND_PERCENT: f64 = 15.0;

/// One accelerator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Whether the model was fitted on it.
    pub fitted: bool,
    /// Look-up tables: model, synthesis.
    pub lut: (u64, u64),
    /// Flip-flops: model, synthesis.
    pub ff: (u64, u64),
}

/// Two panels, look-up tables and flip-flops: each accelerator a point, the diagonal is agreement.
///
/// # Errors
/// When plotters fails.
pub fn draw(points: &[Point]) -> Result<String> {
    let items: Vec<_> = [(false, palette::BLUE), (true, palette::ORANGE)]
        .map(|(fitted, color)| {
            let count = points.iter().filter(|p| p.fitted == fitted).count();
            (format!("{} ({count})", if fitted { "used to fit the model" } else { "held out" }), color)
        })
        .into();
    let width = 2 * (LEFT + SIDE) + 30;
    let height = TOP + SIDE + BOTTOM + legend_height(&items, width - LEFT);
    svg(width, height, "Cost model against synthesis (Yosys)", |canvas| {
        panel(canvas, LEFT, "look-up tables", points, |p| p.lut);
        panel(canvas, 2 * LEFT + SIDE, "flip-flops", points, |p| p.ff);
        canvas.legend(&items, (LEFT, TOP + SIDE + BOTTOM - 8));
    })
}

fn panel(canvas: &mut Canvas, left: i32, what: &str, points: &[Point], of: fn(&Point) -> (u64, u64)) {
    let largest = points.iter().map(|p| of(p).0.max(of(p).1)).max().unwrap_or(1) as f64 * 1.05;
    let x = Scale::linear(largest, left, left + SIDE);
    let y = Scale::linear(largest, TOP + SIDE, TOP);
    let corner = |factor: f64| {
        if factor > 1.0 { (x.pixel(largest / factor), y.pixel(largest)) } else { (x.pixel(largest), y.pixel(largest * factor)) }
    };
    let origin = (x.pixel(0.0), y.pixel(0.0));
    let band = [origin, corner(1.0 - BAND_PERCENT / 100.0), (x.pixel(largest), y.pixel(largest)), corner(1.0 + BAND_PERCENT / 100.0)];
    canvas.polygon(&band, palette::TRACK);
    for tick in x.ticks(5) {
        canvas.line((x.pixel(tick), TOP), (x.pixel(tick), TOP + SIDE), palette::GRID, 1);
        canvas.line((left, y.pixel(tick)), (left + SIDE, y.pixel(tick)), palette::GRID, 1);
        canvas.muted((x.pixel(tick), TOP + SIDE + 14), &label(tick), Anchor::Middle);
        canvas.muted((left - 6, y.pixel(tick)), &label(tick), Anchor::End);
    }
    canvas.line(origin, (x.pixel(largest), y.pixel(largest)), palette::MUTED, 1);
    // Those that were fitted first, so that none hides a held-out one.
    for fitted in [true, false] {
        let color = if fitted { palette::ORANGE } else { palette::BLUE };
        for (model, found) in points.iter().filter(|p| p.fitted == fitted).map(of) {
            canvas.circle((x.pixel(found as f64), y.pixel(model as f64)), 4, color);
        }
    }
    canvas.text((left, TOP - 24), &format!("{what}: model (up) against synthesis; band {BAND_PERCENT:.0} %"), Anchor::Start);
}
