//! A page to draw on: plotters' SVG backend with the few primitives the plots need.
//!
//! Layout is ours rather than that of plotters' charts: without a font library plotters can only guess the size of a label, and
//! layer names are long.

use super::palette::{GRID, INK, MUTED, PAPER};
use super::scale::Scale;
use crate::error::{Error, Result};
use crate::report::text::printable;
use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle};

/// Size of ordinary text, pixels.
pub const TEXT: i32 = 13;
/// Size of titles, pixels.
pub const TITLE: i32 = 16;
/// Height of a line of a legend, pixels.
pub const LEGEND_LINE: i32 = 20;

/// Where a text lies relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// To the right of the point.
    Start,
    /// Around the point.
    Middle,
    /// To the left of the point.
    End,
}

/// The page. The first failure is kept and reported at the end, so that drawing code stays free of it.
pub struct Canvas<'a> {
    backend: SVGBackend<'a>,
    /// Width, pixels.
    pub width: i32,
    failed: Option<String>,
}

/// Draws a plot of `width` x `height` pixels; `title` is also what a screen reader says.
///
/// # Errors
/// When plotters fails.
pub fn svg(width: i32, height: i32, title: &str, draw: impl FnOnce(&mut Canvas)) -> Result<String> {
    let mut text = String::new();
    let size = (width.max(1) as u32, height.max(1) as u32);
    let mut canvas = Canvas { backend: SVGBackend::with_string(&mut text, size), width, failed: None };
    canvas.rect((0, 0), (width, height), PAPER);
    canvas.text_sized((12, 20), title, TITLE, INK, Anchor::Start);
    draw(&mut canvas);
    let presented = canvas.backend.present();
    canvas.note(presented);
    let failed = canvas.failed.take();
    drop(canvas);
    match failed {
        Some(e) => Err(Error::fault(format!("cannot draw a plot: {e}"))),
        None => Ok(text.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{}\" ", escaped(title)), 1)),
    }
}

impl Canvas<'_> {
    fn note(&mut self, result: std::result::Result<(), impl std::fmt::Display>) {
        if let Err(e) = result {
            self.failed.get_or_insert(e.to_string());
        }
    }
    /// A filled rectangle; nothing when it is empty.
    pub fn rect(&mut self, from: (i32, i32), to: (i32, i32), color: RGBColor) {
        if to.0 > from.0 && to.1 > from.1 {
            let drawn = self.backend.draw_rect(from, to, &color, true);
            self.note(drawn);
        }
    }
    /// A line.
    pub fn line(&mut self, from: (i32, i32), to: (i32, i32), color: RGBColor, width: u32) {
        let style = ShapeStyle { color: color.to_rgba(), filled: false, stroke_width: width };
        let drawn = self.backend.draw_line(from, to, &style);
        self.note(drawn);
    }
    /// A filled polygon.
    pub fn polygon(&mut self, points: &[(i32, i32)], color: RGBColor) {
        let drawn = self.backend.fill_polygon(points.iter().copied(), &color);
        self.note(drawn);
    }
    /// A filled circle.
    pub fn circle(&mut self, centre: (i32, i32), radius: u32, color: RGBColor) {
        let drawn = self.backend.draw_circle(centre, radius, &color, true);
        self.note(drawn);
    }
    /// Text of ordinary size, centred vertically on its point.
    pub fn text(&mut self, at: (i32, i32), text: &str, anchor: Anchor) {
        self.text_sized(at, text, TEXT, INK, anchor);
    }
    /// Secondary text.
    pub fn muted(&mut self, at: (i32, i32), text: &str, anchor: Anchor) {
        self.text_sized(at, text, TEXT - 1, MUTED, anchor);
    }
    /// Text of any size and colour.
    pub fn text_sized(&mut self, at: (i32, i32), text: &str, size: i32, color: RGBColor, anchor: Anchor) {
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        // The backend divides by 1.24, the ratio of a font's line height to its size that plotters assumes.
        let style = ("sans-serif", f64::from(size) * 1.24).into_font().color(&color).pos(Pos::new(horizontal, VPos::Center));
        // XML has no control characters, not even escaped ones.
        let drawn = self.backend.draw_text(&printable(text), &style, at);
        self.note(drawn);
    }
    /// Grid lines over the frame from `from` (left, top) to `to` (right, bottom), about as many as said: vertical ones labelled below, horizontal ones to the left.
    pub fn grid(
        &mut self,
        from: (i32, i32),
        to: (i32, i32),
        (x, columns, x_name): (&Scale, usize, fn(f64) -> String),
        (y, rows, y_name): (&Scale, usize, fn(f64) -> String),
    ) {
        for tick in x.ticks(columns) {
            self.line((x.pixel(tick), from.1), (x.pixel(tick), to.1), GRID, 1);
            self.muted((x.pixel(tick), to.1 + 14), &x_name(tick), Anchor::Middle);
        }
        for tick in y.ticks(rows) {
            self.line((from.0, y.pixel(tick)), (to.0, y.pixel(tick)), GRID, 1);
            self.muted((from.0 - 8, y.pixel(tick)), &y_name(tick), Anchor::End);
        }
    }
    /// A name beside each disc of a centre and a radius. A name moves down or up, the nearer the better and at most `most` pixels, until it is clear of all discs
    /// and of the names before it; it stands left of its disc at the right end.
    pub fn names(&mut self, discs: &[((i32, i32), i32, &str)], most: i32) {
        // What names keep clear of: left, right, middle and half the height of each disc, then of each name.
        let mut taken: Vec<[i32; 4]> = discs.iter().map(|&((x, y), r, _)| [x - r, x + r, y, r]).collect();
        for &((x, y), radius, name) in discs {
            let (own, gap) = (text_width(name, TEXT), radius + 4);
            let (start, at, anchor) =
                if x + gap + own > self.width { (x - gap - own, x - gap, Anchor::End) } else { (x + gap, x + gap, Anchor::Start) };
            let is_clear = |line: &i32| {
                !taken.iter().any(|&[from, to, middle, half]| (middle - line).abs() < half + 7 && from < start + own && start < to)
            };
            let line = (0..most).step_by(7).flat_map(|d| [y + d, y - d]).find(is_clear).unwrap_or(y);
            taken.push([start, start + own, line, 7]);
            self.text((at, line), name, anchor);
        }
    }
    /// Coloured squares with names in rows below `y`; [`legend_height`] says how much room they take.
    pub fn legend(&mut self, items: &[(String, RGBColor)], (left, y): (i32, i32)) {
        for ((name, color), (x, row)) in items.iter().zip(legend_places(items, self.width - left)) {
            let (x, y) = (left + x, y + row * LEGEND_LINE + LEGEND_LINE / 2);
            self.rect((x, y - 6), (x + 12, y + 6), *color);
            self.text((x + 17, y), name, Anchor::Start);
        }
    }
}

/// Height of a legend in a page of `width` pixels right of its left end.
pub fn legend_height(items: &[(String, RGBColor)], width: i32) -> i32 {
    legend_places(items, width).last().map_or(0, |(_, row)| (row + 1) * LEGEND_LINE)
}

/// Offset and row of each item.
fn legend_places(items: &[(String, RGBColor)], width: i32) -> Vec<(i32, i32)> {
    let (mut x, mut row) = (0, 0);
    let mut places = Vec::new();
    for (name, _) in items {
        let own = 17 + text_width(name, TEXT) + 16;
        if x > 0 && x + own > width {
            (x, row) = (0, row + 1);
        }
        places.push((x, row));
        x += own;
    }
    places
}

/// Width of a character in common sans-serif fonts as a share of their size, over a mixed name, at most.
const WIDEST: f64 = 0.58;

/// Pixels a text takes at most in common sans-serif fonts, to leave room for it.
pub fn text_width(text: &str, size: i32) -> i32 {
    (text.chars().count() as f64 * f64::from(size) * WIDEST).ceil() as i32
}

/// Characters of a mixed name that fit into `pixels`.
pub fn fitting_chars(pixels: i32, size: i32) -> usize {
    (f64::from(pixels.max(0)) / (f64::from(size) * WIDEST)) as usize
}

/// Text for XML and HTML.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' => out.push('?'),
            c => out.push(c),
        }
    }
    out
}
