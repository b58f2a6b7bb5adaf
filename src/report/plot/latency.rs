//! Latency by layer: a bar for each layer group, stacked by what its critical unit did.

use super::canvas::{Anchor, Canvas, TEXT, fitting_chars, legend_height, svg};
use super::scale::{Scale, label};
use super::{WIDE, is_compact, palette};
use crate::error::Result;
use crate::record::{CycleSplit, RunRecord};
use crate::report::Extras;
use crate::report::derive::{layer_cycles, milliseconds};
use crate::report::text::{percent, shortened};
use plotters::style::RGBColor;

const BAR: i32 = 18;
const TOP: i32 = 44;

/// Where a row has its name: beside the bar, or above it where there is no room beside.
struct Layout {
    left: i32,
    right: i32,
    row: i32,
    above: bool,
}

fn layout(width: i32) -> Layout {
    if is_compact(width) {
        Layout { left: 12, right: 62, row: 40, above: true }
    } else {
        Layout { left: 290, right: 150, row: 26, above: false }
    }
}

pub fn render(record: &RunRecord, _: &Extras) -> Result<String> {
    draw(record, WIDE)
}

/// The plot at a width.
pub fn draw(record: &RunRecord, width: i32) -> Result<String> {
    let l = layout(width);
    let legend = legend(record);
    let top = TOP + legend_height(&legend, width - 12) + 8;
    let bottom = top + l.row * record.layers.len() as i32;
    let title = if l.above { "Latency by layer" } else { "Latency by layer, and what its critical unit did meanwhile" };
    svg(width, bottom + 44, title, |canvas| {
        canvas.legend(&legend, (12, TOP - 8));
        let most = record.layers.iter().map(|l| milliseconds(record, l.cycles)).fold(0.0, f64::max);
        let scale = Scale::linear(most, l.left, width - l.right);
        axis(canvas, &scale, (top, bottom), if l.above { 3 } else { 8 });
        canvas.muted(((l.left + width - l.right) / 2, bottom + 34), "milliseconds", Anchor::Middle);
        let total = layer_cycles(record) as f64;
        for (i, layer) in record.layers.iter().enumerate() {
            let y = top + l.row * i as i32 + (l.row - BAR) / if l.above { 1 } else { 2 };
            if l.above {
                let name = format!("{i}  {}", shortened(&layer.name, fitting_chars(width - 50, TEXT)));
                canvas.text((l.left, y - 9), &name, Anchor::Start);
            } else {
                canvas.muted((24, y + BAR / 2), &i.to_string(), Anchor::End);
                canvas.text((32, y + BAR / 2), &shortened(&layer.name, fitting_chars(l.left - 38, TEXT)), Anchor::Start);
            }
            let end = bar(canvas, record, i, &scale, y);
            let share = percent(layer.cycles as f64, total);
            let text = if l.above { format!("{share} %") } else { format!("{share} %  {}", layer.critical_unit) };
            canvas.text((end + 6, y + BAR / 2), &text, Anchor::Start);
        }
    })
}

/// Only what occurs is explained.
fn legend(record: &RunRecord) -> Vec<(String, RGBColor)> {
    let occurs = |part: usize| record.layers.iter().any(|l| l.critical.parts()[part].1 > 0);
    let names = CycleSplit::default().parts();
    (0..names.len()).filter(|part| occurs(*part)).map(|part| (names[part].0.to_string(), palette::SPLIT[part])).collect()
}

/// Stacks the parts of a layer and returns the pixel where they end.
fn bar(canvas: &mut Canvas, record: &RunRecord, layer: usize, scale: &Scale, y: i32) -> i32 {
    let mut sum = 0;
    let mut end = scale.pixel(0.0);
    for ((_, cycles), color) in record.layers[layer].critical.parts().into_iter().zip(palette::SPLIT) {
        let from = scale.pixel(milliseconds(record, sum));
        sum += cycles;
        end = scale.pixel(milliseconds(record, sum));
        canvas.rect((from, y), (end, y + BAR), color);
    }
    end
}

/// Grid lines with labels below them.
pub fn axis(canvas: &mut Canvas, scale: &Scale, (top, bottom): (i32, i32), ticks: usize) {
    for tick in scale.ticks(ticks) {
        let x = scale.pixel(tick);
        canvas.line((x, top), (x, bottom), palette::GRID, 1);
        canvas.muted((x, bottom + 14), &label(tick), Anchor::Middle);
    }
}
