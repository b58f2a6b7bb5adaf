//! Many runs of a few arms: a dot for each run, a bar at the mean.

use super::canvas::{Anchor, svg};
use super::palette;
use super::scale::{Scale, label};
use crate::error::Result;

const LEFT: i32 = 240;
const WIDTH: i32 = 900;
const TOP: i32 = 60;
/// Height of an arm, pixels.
const ROW: i32 = 34;

/// Draws the arms below each other: name and a figure for each run.
///
/// # Errors
/// When plotters fails.
pub fn draw(title: &str, x_name: &str, arms: &[(String, Vec<f64>)]) -> Result<String> {
    let most = arms.iter().flat_map(|a| &a.1).copied().fold(0.0, f64::max);
    let bottom = TOP + ROW * arms.len() as i32;
    svg(WIDTH, bottom + 56, title, |canvas| {
        let x = Scale::linear(most * 1.05, LEFT, WIDTH - 24);
        for tick in x.ticks(8) {
            canvas.line((x.pixel(tick), TOP), (x.pixel(tick), bottom), palette::GRID, 1);
            canvas.muted((x.pixel(tick), bottom + 14), &label(tick), Anchor::Middle);
        }
        canvas.muted(((LEFT + WIDTH) / 2, bottom + 36), x_name, Anchor::Middle);
        for (k, (name, values)) in (0..).zip(arms) {
            let y = TOP + k * ROW + ROW / 2;
            canvas.text((LEFT - 12, y), name, Anchor::End);
            for (n, v) in (0..).zip(values) {
                // Dots of equal figures beside each other, by their number.
                canvas.circle((x.pixel(*v), y - 8 + n % 5 * 4), 3, palette::SKY);
            }
            if !values.is_empty() {
                let mean = x.pixel(values.iter().sum::<f64>() / values.len() as f64);
                canvas.rect((mean - 1, y - 13), (mean + 2, y + 13), palette::VERMILION);
            }
        }
    })
}
