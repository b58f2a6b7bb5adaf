//! The canvas scenes are painted on: linear RGB floats with anti-aliased convex polygons, ellipses and smooth noise.
//!
//! Only `+ - * /`, square root and `libm` are used, so the same seed gives the same bytes on every platform.

use crate::dataset::rng::Rng;

/// A point in pixels, y downwards.
pub type Point = [f32; 2];
/// Red, green, blue; 0 to 1 before clipping.
pub type Rgb = [f32; 3];

/// A picture under construction.
pub struct Canvas {
    /// Columns.
    pub w: usize,
    /// Rows.
    pub h: usize,
    /// `h * w` colours.
    pub px: Vec<Rgb>,
    /// `h * w` values around 0: the texture that textured paint is modulated with.
    pub texture: Vec<f32>,
    /// `h * w` shadow coverage, 0 to 1, applied by [`Canvas::apply_shadows`].
    pub shadow: Vec<f32>,
}

impl Canvas {
    /// A canvas filled with one colour.
    pub fn new(w: usize, h: usize, fill: Rgb) -> Canvas {
        Canvas { w, h, px: vec![fill; w * h], texture: vec![0.0; w * h], shadow: vec![0.0; w * h] }
    }

    /// Adds one octave of smooth noise of `cell` = [columns, rows] pixels a lattice cell to the texture.
    pub fn add_noise(&mut self, rng: &mut Rng, cell: Point, amplitude: f32) {
        let (columns, rows) = ((self.w as f32 / cell[0]) as usize + 3, (self.h as f32 / cell[1]) as usize + 3);
        let lattice: Vec<f32> = (0..columns * rows).map(|_| rng.range(-amplitude, amplitude)).collect();
        let shift = [rng.unit(), rng.unit()];
        let across: Vec<(usize, f32)> = (0..self.w).map(|x| split(x as f32 / cell[0] + shift[0])).collect();
        let mut line = vec![0.0; columns];
        for y in 0..self.h {
            let (row, t) = split(y as f32 / cell[1] + shift[1]);
            for (c, v) in line.iter_mut().enumerate() {
                let (a, b) = (lattice[row * columns + c], lattice[(row + 1) * columns + c]);
                *v = a + (b - a) * t;
            }
            let out = &mut self.texture[y * self.w..(y + 1) * self.w];
            for (v, &(c, t)) in out.iter_mut().zip(&across) {
                *v += line[c] + (line[c + 1] - line[c]) * t;
            }
        }
    }

    /// Calls `paint(index, coverage)` for every pixel a convex polygon covers, coverage above 0 to 1.
    pub fn cover_polygon(&mut self, points: &[Point], mut paint: impl FnMut(&mut Canvas, usize, f32)) {
        let area: f32 = edges(points).map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum();
        let turn = if area < 0.0 { -1.0 } else { 1.0 };
        let mut planes = Vec::with_capacity(points.len());
        for (a, b) in edges(points) {
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let length = (dx * dx + dy * dy).sqrt();
            if length > 1e-6 {
                let (nx, ny) = (-dy / length * turn, dx / length * turn);
                planes.push([nx, ny, -(nx * a[0] + ny * a[1])]);
            }
        }
        if planes.len() < 3 {
            return;
        }
        let [x0, y0, x1, y1] = self.pixel_bounds(points, 1.0);
        for y in y0..y1 {
            let fy = y as f32 + 0.5;
            let (from, to) = row_span(&planes, fy, x0, x1);
            for x in from..to {
                let fx = x as f32 + 0.5;
                let inside = planes.iter().map(|p| p[0] * fx + p[1] * fy + p[2]).fold(f32::MAX, f32::min);
                if inside > -0.5 {
                    paint(self, y * self.w + x, (inside + 0.5).min(1.0));
                }
            }
        }
    }

    /// Calls `paint(index, coverage, radius)` inside an ellipse with half axes `radii`, turned by `angle` radians;
    /// radius is 0 at the centre and 1 at the rim.
    pub fn cover_ellipse(&mut self, centre: Point, radii: Point, angle: f32, mut paint: impl FnMut(&mut Canvas, usize, f32, f32)) {
        let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
        let reach = radii[0].max(radii[1]);
        let corners = [[centre[0] - reach, centre[1] - reach], [centre[0] + reach, centre[1] + reach]];
        let [x0, y0, x1, y1] = self.pixel_bounds(&corners, 1.0);
        let edge = radii[0].min(radii[1]).max(0.3);
        for y in y0..y1 {
            for x in x0..x1 {
                let (dx, dy) = (x as f32 + 0.5 - centre[0], y as f32 + 0.5 - centre[1]);
                let (u, v) = ((dx * cos + dy * sin) / radii[0].max(0.3), (dy * cos - dx * sin) / radii[1].max(0.3));
                let radius = (u * u + v * v).sqrt();
                let inside = (1.0 - radius) * edge;
                if inside > -0.5 {
                    paint(self, y * self.w + x, (inside + 0.5).min(1.0), radius);
                }
            }
        }
    }

    /// Fills a convex polygon; `grain` is how much of the texture shows (0: flat paint).
    pub fn polygon(&mut self, points: &[Point], colour: Rgb, alpha: f32, grain: f32) {
        self.cover_polygon(points, |c, i, coverage| {
            let light = 1.0 + grain * c.texture[i];
            c.blend(i, colour.map(|v| v * light), coverage * alpha);
        });
    }

    /// A line of `width` pixels.
    pub fn line(&mut self, a: Point, b: Point, width: f32, colour: Rgb, alpha: f32) {
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let length = (dx * dx + dy * dy).sqrt().max(1e-3);
        let (nx, ny) = (-dy / length * width / 2.0, dx / length * width / 2.0);
        let quad = [[a[0] + nx, a[1] + ny], [b[0] + nx, b[1] + ny], [b[0] - nx, b[1] - ny], [a[0] - nx, a[1] - ny]];
        self.polygon(&quad, colour, alpha, 0.3);
    }

    /// Mixes `colour` into pixel `i`.
    #[inline]
    pub fn blend(&mut self, i: usize, colour: Rgb, alpha: f32) {
        for (p, c) in self.px[i].iter_mut().zip(colour) {
            *p += (c - *p) * alpha;
        }
    }

    /// Darkens everything painted so far where shadow was cast, by `strength` 0 to 1, bluish, and clears the shadows.
    pub fn apply_shadows(&mut self, strength: f32) {
        for (p, s) in self.px.iter_mut().zip(&mut self.shadow) {
            let dark = *s * strength;
            *p = [p[0] * (1.0 - dark), p[1] * (1.0 - dark * 0.96), p[2] * (1.0 - dark * 0.88)];
            *s = 0.0;
        }
    }

    fn pixel_bounds(&self, points: &[Point], margin: f32) -> [usize; 4] {
        let low = |axis: usize| points.iter().map(|p| p[axis]).fold(f32::MAX, f32::min) - margin;
        let high = |axis: usize| points.iter().map(|p| p[axis]).fold(f32::MIN, f32::max) + margin;
        let clip = |v: f32, end: usize| (v.max(0.0) as usize).min(end);
        [clip(low(0), self.w), clip(low(1), self.h), clip(high(0) + 1.0, self.w), clip(high(1) + 1.0, self.h)]
    }
}

/// The columns of one row that may lie inside all half planes: a superset, so that long thin shapes cost what they cover.
fn row_span(planes: &[[f32; 3]], fy: f32, x0: usize, x1: usize) -> (usize, usize) {
    let (mut low, mut high) = (x0 as f32, x1 as f32);
    for p in planes {
        let rest = p[1] * fy + p[2] + 0.5;
        if p[0] > 1e-4 {
            low = low.max(-rest / p[0] - 1.5);
        } else if p[0] < -1e-4 {
            high = high.min(-rest / p[0] + 1.5);
        } else if rest < -1.0 {
            return (x0, x0);
        }
    }
    if low >= high { (x0, x0) } else { (low as usize, (high as usize).min(x1)) }
}

/// Whole part and smoothed rest (3t^2 - 2t^3) of a non-negative number.
fn split(v: f32) -> (usize, f32) {
    let whole = v as usize;
    let t = v - whole as f32;
    (whole, t * t * (3.0 - 2.0 * t))
}

fn edges(points: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    points.iter().enumerate().map(|(i, &a)| (a, points[(i + 1) % points.len()]))
}
