//! IoU by full training against IoU by the proxy.

use super::canvas::{Anchor, svg};
use super::palette;
use super::scale::{Scale, label};
use crate::error::Result;
use crate::search::ranking::Row;

const WIDTH: i32 = 860;
const LEFT: i32 = 70;
const TOP: i32 = 70;
const HEIGHT: i32 = 400;

/// Draws the rows.
///
/// # Errors
/// When plotters fails.
pub fn draw(title: &str, rows: &[Row]) -> Result<String> {
    let bottom = TOP + HEIGHT;
    svg(WIDTH, bottom + 50, title, |canvas| {
        let x = Scale::around(rows.iter().map(|r| r.proxy_iou), LEFT, WIDTH - 24);
        let y = Scale::around(rows.iter().map(|r| r.full_iou), bottom, TOP);
        canvas.grid((LEFT, TOP), (WIDTH - 24, bottom), (&x, 8, label), (&y, 6, label));
        canvas.muted((12, TOP - 22), "mean IoU in float, trained fully", Anchor::Start);
        canvas.muted(((LEFT + WIDTH) / 2, bottom + 34), "mean IoU by the proxy", Anchor::Middle);
        let discs: Vec<_> = rows.iter().map(|r| ((x.pixel(r.proxy_iou), y.pixel(r.full_iou)), 5, r.network.as_str())).collect();
        discs.iter().for_each(|&(at, radius, _)| canvas.circle(at, radius as u32, palette::BLUE));
        canvas.names(&discs, HEIGHT);
    })
}
