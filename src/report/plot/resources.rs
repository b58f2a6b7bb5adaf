//! Resource bars: what each component takes of what the board has.

use super::canvas::{Anchor, TEXT, legend_height, svg, text_width};
use super::{WIDE, is_compact, palette};
use crate::board::Resources;
use crate::error::Result;
use crate::record::RunRecord;
use crate::report::Extras;
use crate::report::derive::resource_rows;
use crate::report::text::{grouped, percent, ratio};
use plotters::style::RGBColor;

const ROW: i32 = 54;
const BAR: i32 = 24;
const TOP: i32 = 44;

pub fn render(record: &RunRecord, _: &Extras) -> Result<String> {
    draw(record, WIDE)
}

/// The plot at a width.
pub fn draw(record: &RunRecord, width: i32) -> Result<String> {
    let parts = parts(record);
    let legend: Vec<(String, RGBColor)> = parts.iter().zip(palette::PARTS).map(|((name, _), color)| (name.clone(), color)).collect();
    let (left, right) = if is_compact(width) { (66, width - 14) } else { (90, width - 30) };
    let top = TOP + legend_height(&legend, width - 12) + 10;
    let rows = resource_rows(record);
    // Where something does not fit, the axis goes on and the board's end is marked within it.
    let most = rows.iter().map(|(_, used, budget)| ratio(*used as f64, *budget as f64)).fold(1.0, f64::max);
    let pixel = |share: f64| left + (share / most * f64::from(right - left)).round() as i32;
    svg(width, top + ROW * rows.len() as i32 + 10, "Resources against the board", |canvas| {
        canvas.legend(&legend, (12, TOP - 8));
        for (i, (name, used, budget)) in rows.into_iter().enumerate() {
            let y = top + ROW * i as i32 + 20;
            canvas.text((left - 8, y + BAR / 2), name, Anchor::End);
            canvas.rect((left, y), (pixel(1.0), y + BAR), palette::TRACK);
            let mut sum = 0;
            for ((_, resources), color) in parts.iter().zip(palette::PARTS) {
                let from = pixel(ratio(sum as f64, budget as f64));
                sum += amounts(resources)[i];
                canvas.rect((from, y), (pixel(ratio(sum as f64, budget as f64)), y + BAR), color);
            }
            canvas.line((pixel(1.0), y - 4), (pixel(1.0), y + BAR + 4), palette::INK, 2);
            let note = if record.resources.lut_ff_uncalibrated && i >= 2 { ", uncalibrated" } else { "" };
            let over = if used > budget { ", too much" } else { "" };
            let text = format!("{} of {}, {} %{note}{over}", grouped(used), grouped(budget), percent(used as f64, budget as f64));
            canvas.text((left, y - 9), &text, Anchor::Start);
            if left + text_width(&text, TEXT) < pixel(1.0) - 40 {
                canvas.muted((pixel(1.0) + 1, y - 11), "board", Anchor::End);
            }
        }
    })
}

fn amounts(r: &Resources) -> [u64; 4] {
    [r.dsp, r.bram18, r.lut, r.ff]
}

/// The components that take most, and one for the others: as many as there are colours.
fn parts(record: &RunRecord) -> Vec<(String, Resources)> {
    let share = |r: &Resources| {
        let uses = amounts(r).into_iter().zip(amounts(&record.resources.budget));
        uses.map(|(used, budget)| ratio(used as f64, budget as f64)).sum::<f64>()
    };
    let mut sorted: Vec<&(String, Resources)> = record.resources.components.iter().collect();
    sorted.sort_by(|a, b| share(&b.1).total_cmp(&share(&a.1)));
    let own = if sorted.len() > palette::PARTS.len() { palette::PARTS.len() - 1 } else { sorted.len() };
    let mut parts: Vec<(String, Resources)> = sorted[..own].iter().map(|part| (*part).clone()).collect();
    if own < sorted.len() {
        let add = |a: Resources, b: &Resources| Resources {
            dsp: a.dsp + b.dsp,
            bram18: a.bram18 + b.bram18,
            lut: a.lut + b.lut,
            ff: a.ff + b.ff,
        };
        let rest = sorted[own..].iter().fold(Resources::default(), |sum, (_, r)| add(sum, r));
        parts.push((format!("{} others", sorted.len() - own), rest));
    }
    parts
}
