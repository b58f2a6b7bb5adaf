//! Training curves: loss and validation IoU by epoch.

use super::canvas::{Anchor, Canvas, LEGEND_LINE, svg};
use super::palette;
use super::scale::{Scale, label};
use crate::error::Result;
use crate::train::checkpoint::Epoch;

const LEFT: i32 = 60;
const TOP: i32 = 60;
const PANEL: (i32, i32) = (380, 240);
const BOTTOM: i32 = 60;

/// Two panels, loss and IoU, the float phase and the quantised one after it in another colour.
///
/// # Errors
/// When plotters fails.
pub fn draw(network: &str, history: &[Epoch]) -> Result<String> {
    let width = 2 * (LEFT + PANEL.0) + 30;
    let items = vec![("in float".to_string(), palette::BLUE), ("on the fixed-point grids".to_string(), palette::ORANGE)];
    svg(width, TOP + PANEL.1 + BOTTOM + LEGEND_LINE, &format!("Training of {network}"), |canvas| {
        panel(canvas, LEFT, "mean loss", history, |e| e.loss);
        panel(canvas, 2 * LEFT + PANEL.0, "mean IoU on the validation images", history, |e| f64::from(e.iou));
        canvas.legend(&items, (LEFT, TOP + PANEL.1 + BOTTOM - 8));
    })
}

fn panel(canvas: &mut Canvas, left: i32, what: &str, history: &[Epoch], of: fn(&Epoch) -> f64) {
    let largest = history.iter().map(of).fold(0.0, f64::max) * 1.05;
    let x = Scale::linear(history.len().max(1) as f64, left, left + PANEL.0);
    let y = Scale::linear(if largest > 0.0 { largest } else { 1.0 }, TOP + PANEL.1, TOP);
    canvas.text((left, TOP - 14), what, Anchor::Start);
    for tick in y.ticks(5) {
        canvas.line((left, y.pixel(tick)), (left + PANEL.0, y.pixel(tick)), palette::GRID, 1);
        canvas.muted((left - 6, y.pixel(tick)), &label(tick), Anchor::End);
    }
    for tick in x.ticks(6) {
        canvas.muted((x.pixel(tick), TOP + PANEL.1 + 14), &label(tick), Anchor::Middle);
    }
    canvas.muted((left + PANEL.0, TOP + PANEL.1 + 30), "epoch", Anchor::End);
    let at = |i: usize| (x.pixel(i as f64 + 1.0), y.pixel(of(&history[i])));
    for (i, epoch) in history.iter().enumerate() {
        let color = if epoch.phase == "float" { palette::BLUE } else { palette::ORANGE };
        canvas.circle(at(i), 2, color);
        if i > 0 && history[i - 1].phase == epoch.phase {
            canvas.line(at(i - 1), at(i), color, 2);
        }
    }
}
