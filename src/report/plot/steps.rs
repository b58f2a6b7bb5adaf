//! Resources that move in steps: panels side by side, a stepped line for each width.

use super::canvas::{Anchor, legend_height, svg};
use super::palette;
use super::scale::{Scale, label};
use crate::error::Result;

const WIDTH: i32 = 900;
const TOP: i32 = 90;
const HEIGHT: i32 = 340;
const GAP: i32 = 60;

/// A line of a panel: its name and points, x rising.
pub type Line = (String, Vec<(f64, f64)>);

/// Draws the panels: a title and lines each; all share both axes, colours and widths of strokes go by the order of the lines.
///
/// # Errors
/// When plotters fails.
pub fn draw(title: &str, x_name: &str, y_name: &str, panels: &[(String, Vec<Line>)]) -> Result<String> {
    let names = panels.first().map_or(&[][..], |p| &p.1[..]);
    let items: Vec<_> = names.iter().zip(palette::PARTS.iter().cycle()).map(|(l, c)| (l.0.clone(), *c)).collect();
    let points = || panels.iter().flat_map(|p| &p.1).flat_map(|l| &l.1);
    let y_most = points().fold(0.0, |most: f64, p| most.max(p.1));
    let (bottom, count) = (TOP + HEIGHT, panels.len().max(1) as i32);
    let panel_width = (WIDTH - 24) / count;
    svg(WIDTH, bottom + 60 + legend_height(&items, WIDTH - GAP), title, |canvas| {
        canvas.muted((12, 44), y_name, Anchor::Start);
        for (k, (name, lines)) in (0..).zip(panels) {
            let left = k * panel_width + GAP;
            let x = Scale::around(points().map(|p| p.0), left, (k + 1) * panel_width);
            let y = Scale::linear(y_most * 1.06, bottom, TOP);
            canvas.text((left, TOP - 16), name, Anchor::Start);
            canvas.grid((left, TOP), ((k + 1) * panel_width, bottom), (&x, 9, label), (&y, 6, label));
            canvas.muted((left + (panel_width - GAP) / 2, bottom + 34), x_name, Anchor::Middle);
            // Each line a little narrower than the one below it: where they coincide, all stay in sight.
            let over = |nth: usize| lines.len() - 1 - nth;
            for (nth, ((_, points), color)) in lines.iter().zip(palette::PARTS.iter().cycle()).enumerate() {
                let (width, radius) = (2 + 2 * over(nth) as u32, 3 + over(nth) as u32);
                let at = |p: &(f64, f64)| (x.pixel(p.0), y.pixel(p.1));
                for pair in points.windows(2) {
                    let (a, b) = (at(&pair[0]), at(&pair[1]));
                    canvas.line(a, (b.0, a.1), *color, width);
                    canvas.line((b.0, a.1), b, *color, width);
                }
                points.iter().for_each(|p| canvas.circle(at(p), radius, *color));
            }
        }
        canvas.legend(&items, (GAP, bottom + 50));
    })
}
