//! Accuracy against compression ratio: features reduced, weights reduced.

use super::canvas::{Anchor, Canvas, TEXT, legend_height, svg};
use super::palette;
use super::scale::{Scale, label};
use crate::error::Result;
use crate::sweep::observation::Point;
use plotters::style::RGBColor;

const WIDTH: i32 = 760;
const LEFT: i32 = 70;
const TOP: i32 = 80;
const HEIGHT: i32 = 360;

/// Draws the curves of [`crate::sweep::observation::curves`]; each point carries its bits, and bars of one standard error. `float` is the mean IoU
/// before quantisation.
///
/// # Errors
/// When plotters fails.
pub fn draw(title: &str, [features, weights]: &[Vec<Point>; 2], float: Option<f64>) -> Result<String> {
    let curves = [(features, palette::VERMILION, 1), (weights, palette::BLUE, -1)];
    let name = |what: &str, other: &str, points: &[Point]| {
        let bits = points.first().map_or(0, |p| p.other_bits);
        format!("{what} reduced, {other} at {bits} bits")
    };
    let mut items =
        vec![(name("feature maps", "weights", features), palette::VERMILION), (name("weights", "feature maps", weights), palette::BLUE)];
    items.extend(float.map(|v| (format!("float32: {v:.3}"), palette::MUTED)));
    let all = || features.iter().chain(weights);
    let most = |of: fn(&Point) -> f64| all().map(of).fold(0.0, f64::max);
    let bottom = TOP + HEIGHT;
    svg(WIDTH, bottom + 60 + legend_height(&items, WIDTH - LEFT), title, |canvas| {
        let x = Scale::linear(most(|p| p.compression) * 1.06, LEFT, WIDTH - 24);
        let y = Scale::linear(most(|p| p.mean_iou + p.standard_error).max(float.unwrap_or(0.0)) * 1.06, bottom, TOP);
        axes(canvas, &x, &y);
        if let Some(v) = float {
            (LEFT..WIDTH - 24).step_by(10).for_each(|at| canvas.line((at, y.pixel(v)), (at + 5, y.pixel(v)), palette::MUTED, 1));
        }
        for (points, color, side) in curves {
            curve(canvas, points, color, side, (&x, &y));
        }
        canvas.legend(&items, (LEFT, bottom + 50));
    })
}

fn axes(canvas: &mut Canvas, x: &Scale, y: &Scale) {
    let bottom = TOP + HEIGHT;
    canvas.grid((LEFT, TOP), (WIDTH - 24, bottom), (x, 8, |tick| format!("{}x", label(tick))), (y, 6, label));
    canvas.line((LEFT, bottom), (WIDTH - 24, bottom), palette::MUTED, 1);
    canvas.line((LEFT, TOP), (LEFT, bottom), palette::MUTED, 1);
    canvas.muted((12, TOP - 22), "mean IoU; bars: one standard error; numbers: bits", Anchor::Start);
    canvas.muted(((LEFT + WIDTH) / 2, bottom + 34), "compression of what is reduced, relative to float32", Anchor::Middle);
}

/// `side` 1 puts labels below the points, -1 above.
fn curve(canvas: &mut Canvas, points: &[Point], color: RGBColor, side: i32, (x, y): (&Scale, &Scale)) {
    let at = |p: &Point| (x.pixel(p.compression), y.pixel(p.mean_iou));
    for pair in points.windows(2) {
        canvas.line(at(&pair[0]), at(&pair[1]), color, 2);
    }
    let mut labelled = i32::MIN;
    for p in points {
        let (px, py) = at(p);
        canvas.line((px, y.pixel(p.mean_iou - p.standard_error)), (px, y.pixel(p.mean_iou + p.standard_error)), color, 1);
        canvas.circle((px, py), 4, color);
        // Points of wide formats lie close together: a label only where there is room.
        if px - labelled.max(0) >= 17 || labelled == i32::MIN {
            let reach = (y.pixel(p.mean_iou) - y.pixel(p.mean_iou + p.standard_error)).max(4);
            canvas.text_sized((px, py + side * (reach + 11)), &p.bits.to_string(), TEXT - 1, color, Anchor::Middle);
            labelled = px;
        }
    }
}
