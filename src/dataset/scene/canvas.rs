//! The canvas scenes are painted on: three planes of floats, a texture that paint is modulated with, and cast shadows.
//!
//! Only `+ - * /`, square root and `libm` are used, so the same seed gives the same bytes on every platform. Everything
//! works on stretches of rows, which compilers turn into vector instructions.

use super::noise;
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
    /// Red, green and blue: `h * w` values each.
    pub px: [Vec<f32>; 3],
    /// `h * w` values around 0: the texture that textured paint is modulated with.
    pub texture: Vec<f32>,
    /// `h * w` shadow coverage, 0 to 1, applied by [`Canvas::apply_shadows`].
    shadow: Vec<f32>,
    /// Coverage of the row that is being filled.
    pub(super) cover: Vec<f32>,
    /// Distance from the centre along the row of an ellipse that is being filled.
    pub(super) radius: Vec<f32>,
    /// Where this scene starts in the tile of leaves.
    pub(super) leaf_at: [usize; 2],
}

impl Canvas {
    /// A canvas filled with one colour.
    pub fn new(w: usize, h: usize, fill: Rgb) -> Canvas {
        Canvas {
            w,
            h,
            px: fill.map(|v| vec![v; w * h]),
            texture: vec![0.0; w * h],
            shadow: vec![0.0; w * h],
            cover: vec![0.0; w],
            radius: vec![0.0; w],
            leaf_at: [0; 2],
        }
    }

    /// Adds smooth noise to the texture: `octaves` of (columns, rows, amplitude) a lattice cell, all of many pixels a cell.
    pub fn add_noise(&mut self, rng: &mut Rng, octaves: &[(f32, f32, f32)]) {
        noise::add_coarse(&mut self.texture, [self.w, self.h], rng, octaves);
    }

    /// Fills a convex polygon; `grain` is how much of the texture shows (0: flat paint).
    pub fn polygon(&mut self, points: &[Point], colour: Rgb, alpha: f32, grain: f32) {
        self.cover_polygon(points, |c, row, n| c.blend_textured(row, n, colour, alpha, grain));
    }

    /// A line of `width` pixels.
    pub fn line(&mut self, a: Point, b: Point, width: f32, colour: Rgb, alpha: f32) {
        self.polygon(&strip(a, b, width), colour, alpha, 0.3);
    }

    /// Mixes `colour`, modulated by the texture, into `n` pixels from `start` by their coverage times `alpha`.
    pub fn blend_textured(&mut self, start: usize, n: usize, colour: Rgb, alpha: f32, grain: f32) {
        let (cover, texture) = (&self.cover[..n], &self.texture[start..start + n]);
        for (plane, value) in self.px.iter_mut().zip(colour) {
            let modulation = value * grain;
            for ((p, &a), &t) in plane[start..start + n].iter_mut().zip(cover).zip(texture) {
                *p += (value + modulation * t - *p) * (a * alpha);
            }
        }
    }

    /// Mixes `colour` times `light` of each pixel's radius (`light[0] + light[1] * radius`) into `n` pixels from `start`.
    pub fn blend_round(&mut self, start: usize, n: usize, colour: Rgb, light: [f32; 2]) {
        let (cover, radius) = (&self.cover[..n], &self.radius[..n]);
        for (plane, value) in self.px.iter_mut().zip(colour) {
            let (base, slope) = (value * light[0], value * light[1]);
            for ((p, &a), &r) in plane[start..start + n].iter_mut().zip(cover).zip(radius) {
                *p += (base + slope * r - *p) * a;
            }
        }
    }

    /// Mixes `colour` into `n` pixels from `start` by `alpha`.
    pub fn veil(&mut self, start: usize, n: usize, colour: Rgb, alpha: f32) {
        for (plane, value) in self.px.iter_mut().zip(colour) {
            plane[start..start + n].iter_mut().for_each(|p| *p += (value - *p) * alpha);
        }
    }

    /// Notes shadow on `n` pixels from `start`, as deep as their coverage times `depth`.
    pub fn darken(&mut self, start: usize, n: usize, depth: f32) {
        for (s, &a) in self.shadow[start..start + n].iter_mut().zip(&self.cover[..n]) {
            let v = a * depth;
            *s = if v > *s { v } else { *s };
        }
    }

    /// Darkens everything painted so far where shadow was cast, by `strength` 0 to 1, bluish, and clears the shadows.
    pub fn apply_shadows(&mut self, strength: f32) {
        for (plane, tint) in self.px.iter_mut().zip([1.0, 0.96, 0.88]) {
            let depth = strength * tint;
            plane.iter_mut().zip(&self.shadow).for_each(|(p, s)| *p -= *p * s * depth);
        }
        self.shadow.fill(0.0);
    }
}

/// The rectangle of `width` pixels around the line from `a` to `b`.
pub fn strip(a: Point, b: Point, width: f32) -> [Point; 4] {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length = (dx * dx + dy * dy).sqrt().max(1e-3);
    let (nx, ny) = (-dy / length * width / 2.0, dx / length * width / 2.0);
    [[a[0] + nx, a[1] + ny], [b[0] + nx, b[1] + ny], [b[0] - nx, b[1] - ny], [a[0] - nx, a[1] - ny]]
}
