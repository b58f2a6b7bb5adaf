//! Power by contribution, averaged over the frame interval.

use super::canvas::{Anchor, TEXT, fitting_chars, svg};
use super::latency::axis;
use super::scale::Scale;
use super::{WIDE, is_compact, palette};
use crate::error::Result;
use crate::record::RunRecord;
use crate::report::Extras;
use crate::report::text::{percent, shortened, significant};

const ROW: i32 = 32;
const BAR: i32 = 20;
const TOP: i32 = 44;

pub fn render(record: &RunRecord, _: &Extras) -> Result<String> {
    draw(record, WIDE)
}

/// The plot at a width.
pub fn draw(record: &RunRecord, width: i32) -> Result<String> {
    let (left, right) = if is_compact(width) { (112, 104) } else { (200, 150) };
    let power = &record.power;
    let bottom = TOP + ROW * power.parts.len() as i32;
    let total = format!("{} W, {} mJ a frame", significant(power.total_w), significant(power.energy_per_frame_j * 1e3));
    svg(width, bottom + 44, &format!("Power: {total}"), |canvas| {
        let most = power.parts.iter().map(|(_, w)| *w).fold(0.0, f64::max);
        let scale = Scale::linear(most, left, width - right);
        axis(canvas, &scale, (TOP, bottom), if is_compact(width) { 2 } else { 6 });
        canvas.muted(((left + width - right) / 2, bottom + 34), "watts", Anchor::Middle);
        for (i, (name, watts)) in power.parts.iter().enumerate() {
            let y = TOP + ROW * i as i32 + (ROW - BAR) / 2;
            canvas.text((left - 8, y + BAR / 2), &shortened(name, fitting_chars(left - 12, TEXT)), Anchor::End);
            canvas.rect((left, y), (scale.pixel(*watts), y + BAR), palette::BLUE);
            let text = format!("{} W, {} %", significant(*watts), percent(*watts, power.total_w));
            canvas.text((scale.pixel(*watts) + 6, y + BAR / 2), &text, Anchor::Start);
        }
    })
}
