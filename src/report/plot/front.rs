//! What a search found: accuracy against rate, the front among it, and the target.

use super::canvas::{Anchor, legend_height, svg};
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
    /// Its number in the search.
    pub number: usize,
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
    let chosen = points.iter().find_map(|p| Some(format!("chosen: {}, {}", p.number, p.chosen.as_ref()?)));
    let items = vec![
        (chosen.unwrap_or_else(|| "chosen".into()), palette::VERMILION),
        ("no other is better in both".to_string(), palette::BLUE),
        ("the others".to_string(), palette::SKY),
    ];
    let bottom = TOP + HEIGHT;
    svg(WIDTH, bottom + 60 + legend_height(&items, WIDTH - LEFT), title, |canvas| {
        let x = Scale::around(points.iter().map(|p| p.fps).chain(target_fps), LEFT, WIDTH - 24);
        let y = Scale::around(points.iter().map(|p| p.iou), bottom, TOP);
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
        points.iter().filter(|p| p.chosen.is_some()).for_each(|p| canvas.circle(at(p), 6, palette::VERMILION));
        let numbers: Vec<String> = points.iter().map(|p| p.number.to_string()).collect();
        let discs: Vec<_> = points.iter().zip(&numbers).map(|(p, number)| (at(p), 6, number.as_str())).collect();
        canvas.names(&discs, HEIGHT);
        canvas.legend(&items, (LEFT, bottom + 50));
    })
}
