//! What a search found: accuracy against rate, the front among it, and the target.

use super::canvas::{Anchor, TEXT, legend_height, svg, text_width};
use super::palette;
use super::scale::{Scale, label};
use crate::error::Result;

const WIDTH: i32 = 860;
const LEFT: i32 = 70;
const TOP: i32 = 70;
const HEIGHT: i32 = 400;

/// A trained candidate.
#[derive(Clone, Debug)]
pub struct Point {
    /// Frames a second.
    pub fps: f64,
    /// Mean IoU.
    pub iou: f64,
    /// Whether nothing beats it.
    pub optimal: bool,
    /// Whether it is what the search chose; named then.
    pub chosen: Option<String>,
}

/// Draws them.
///
/// # Errors
/// When plotters fails.
pub fn draw(title: &str, points: &[Point], target_fps: Option<f64>) -> Result<String> {
    let items = vec![
        ("chosen".to_string(), palette::VERMILION),
        ("no other is better in both".to_string(), palette::BLUE),
        ("the others".to_string(), palette::SKY),
    ];
    let bottom = TOP + HEIGHT;
    let most_fps = points.iter().map(|p| p.fps).chain(target_fps).fold(0.0, f64::max);
    let most_iou = points.iter().map(|p| p.iou).fold(0.0, f64::max);
    svg(WIDTH, bottom + 60 + legend_height(&items, WIDTH - LEFT), title, |canvas| {
        let x = Scale::linear(most_fps * 1.25, LEFT, WIDTH - 24);
        let y = Scale::linear(most_iou * 1.12, bottom, TOP);
        canvas.grid((LEFT, TOP), (WIDTH - 24, bottom), (&x, 8, label), (&y, 6, label));
        canvas.muted((12, TOP - 22), "mean IoU by the proxy", Anchor::Start);
        canvas.muted(((LEFT + WIDTH) / 2, bottom + 34), "frames a second, host stage included", Anchor::Middle);
        if let Some(target) = target_fps {
            canvas.line((x.pixel(target), TOP), (x.pixel(target), bottom), palette::MUTED, 2);
            canvas.muted((x.pixel(target) + 6, TOP + 10), &format!("target {}", label(target)), Anchor::Start);
        }
        let at = |p: &Point| (x.pixel(p.fps), y.pixel(p.iou));
        let mut front: Vec<&Point> = points.iter().filter(|p| p.optimal).collect();
        front.sort_by(|a, b| a.fps.total_cmp(&b.fps));
        for pair in front.windows(2) {
            // Between two of the front the better in FPS is what one gets at that IoU.
            let (a, b) = (at(pair[0]), at(pair[1]));
            canvas.line(a, (a.0, b.1), palette::BLUE, 1);
            canvas.line((a.0, b.1), b, palette::BLUE, 1);
        }
        points.iter().filter(|p| !p.optimal).for_each(|p| canvas.circle(at(p), 4, palette::SKY));
        front.iter().for_each(|p| canvas.circle(at(p), 5, palette::BLUE));
        for p in points {
            let Some(name) = &p.chosen else { continue };
            let (px, py) = at(p);
            canvas.circle((px, py), 6, palette::VERMILION);
            let fits = px + 10 + text_width(name, TEXT) < WIDTH;
            let (tx, anchor) = if fits { (px + 10, Anchor::Start) } else { (px - 10, Anchor::End) };
            canvas.text((tx, py - 14), name, anchor);
        }
        canvas.legend(&items, (LEFT, bottom + 50));
    })
}
