//! The analytical model's cycles against the simulator's, both axes logarithmic: the diagonal is agreement.

use super::canvas::{Anchor, legend_height, svg};
use super::palette;
use super::scale::{Scale, label};
use crate::error::Result;

const SIDE: i32 = 480;
const LEFT: i32 = 90;
const TOP: i32 = 70;

/// Draws designs: network, simulated and analytical cycles.
///
/// # Errors
/// When plotters fails.
pub fn draw(title: &str, designs: &[(String, u64, u64)]) -> Result<String> {
    let mut names: Vec<&str> = Vec::new();
    designs.iter().for_each(|d| {
        if !names.contains(&d.0.as_str()) {
            names.push(&d.0)
        }
    });
    let color = |name: &str| palette::PARTS[names.iter().position(|n| *n == name).unwrap_or(0) % palette::PARTS.len()];
    let items: Vec<_> = names.iter().map(|n| (n.to_string(), color(n))).collect();
    let all = || designs.iter().flat_map(|d| [d.1, d.2]).map(|c| c as f64);
    let (least, most) = (all().fold(f64::INFINITY, f64::min) / 1.2, all().fold(0.0, f64::max) * 1.2);
    let (width, bottom) = (LEFT + SIDE + 200, TOP + SIDE);
    svg(width, bottom + 60 + legend_height(&items, width - LEFT), title, |canvas| {
        let x = Scale::log(least, most, LEFT, LEFT + SIDE);
        let y = Scale::log(least, most, bottom, TOP);
        let cycles: fn(f64) -> String = |v| if v >= 1e6 { format!("{}M", label(v / 1e6)) } else { format!("{}k", label(v / 1e3)) };
        canvas.grid((LEFT, TOP), (LEFT + SIDE, bottom), (&x, 6, cycles), (&y, 6, cycles));
        canvas.line((x.pixel(least), y.pixel(least)), (x.pixel(most), y.pixel(most)), palette::MUTED, 1);
        canvas.muted((12, TOP - 22), "cycles a frame by the papers' analytical model, no coefficient fitted", Anchor::Start);
        canvas.muted((LEFT + SIDE / 2, bottom + 34), "cycles a frame, simulated", Anchor::Middle);
        for (name, simulated, model) in designs {
            canvas.circle((x.pixel(*simulated as f64), y.pixel(*model as f64)), 4, color(name));
        }
        canvas.legend(&items, (LEFT, bottom + 50));
    })
}
