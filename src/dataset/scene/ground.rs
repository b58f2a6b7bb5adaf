//! What lies flat: fields, crops, soil, asphalt, concrete, sand, water, and roads across them.

use super::canvas::{Canvas, Point, Rgb};
use super::target::tone;
use crate::dataset::rng::Rng;

/// The material a scene stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Meadow or lawn.
    Grass,
    /// A field with rows.
    Crop,
    /// Bare earth.
    Soil,
    /// Road surface or parking lot.
    Asphalt,
    /// Slabs: a square, or a flat roof.
    Concrete,
    /// Beach or dust.
    Sand,
    /// River, lake or sea.
    Water,
}

impl Ground {
    const LAND: [Ground; 6] = [Ground::Grass, Ground::Crop, Ground::Soil, Ground::Asphalt, Ground::Concrete, Ground::Sand];

    /// Any material but water.
    pub fn any_land(rng: &mut Rng) -> Ground {
        Ground::LAND[rng.below(Ground::LAND.len())]
    }

    /// A random colour of this material.
    pub fn colour(self, rng: &mut Rng) -> Rgb {
        let base: Rgb = match self {
            Ground::Grass => [0.28, 0.38, 0.17],
            Ground::Crop => [0.38, 0.42, 0.20],
            Ground::Soil => [0.42, 0.33, 0.24],
            Ground::Asphalt => [0.36, 0.36, 0.37],
            Ground::Concrete => [0.60, 0.58, 0.55],
            Ground::Sand => [0.66, 0.58, 0.44],
            Ground::Water => [0.16, 0.29, 0.33],
        };
        tone(rng, base, 0.75, 1.35)
    }

    /// Contrast of the texture.
    fn grain(self) -> f32 {
        match self {
            Ground::Grass | Ground::Soil => 1.0,
            Ground::Crop => 0.8,
            Ground::Asphalt | Ground::Concrete => 0.35,
            Ground::Sand => 0.6,
            Ground::Water => 0.7,
        }
    }
}

/// Paints the whole canvas with `ground`, then fields of other materials, rows or waves. `scale` is in pixels a metre.
pub fn paint(canvas: &mut Canvas, rng: &mut Rng, ground: Ground, scale: f32) {
    texture(canvas, rng, ground, scale);
    let colour = ground.colour(rng);
    let grain = ground.grain();
    for (p, t) in canvas.px.iter_mut().zip(&canvas.texture) {
        *p = colour.map(|c| c * (1.0 + grain * t));
    }
    if ground == Ground::Water {
        if rng.chance(0.4) {
            shore(canvas, rng);
        }
        return;
    }
    for _ in 0..rng.below(4) {
        let other = Ground::any_land(rng);
        let colour = other.colour(rng);
        let field = random_quad(canvas, rng);
        canvas.polygon(&field, colour, rng.range(0.7, 1.0), other.grain());
    }
    if ground == Ground::Crop || rng.chance(0.15) {
        rows(canvas, rng, scale);
    }
    if ground == Ground::Concrete {
        slabs(canvas, rng, scale);
    }
}

fn texture(canvas: &mut Canvas, rng: &mut Rng, ground: Ground, scale: f32) {
    let stretch = if ground == Ground::Water { 3.0 } else { 1.0 };
    let contrast = rng.range(0.7, 1.4);
    for (cell, amplitude) in [(170.0, 0.16), (53.0, 0.10), (17.0, 0.09), (5.0, 0.10), (2.2, 0.09)] {
        // Finer structure comes closer together when seen from higher up.
        let size = if cell < 60.0 { (cell * (scale / 30.0).clamp(0.6, 1.8)).max(2.0) } else { cell };
        canvas.add_noise(rng, [size * stretch, size], amplitude * contrast);
    }
}

/// A large quadrilateral somewhere on the canvas.
fn random_quad(canvas: &Canvas, rng: &mut Rng) -> [Point; 4] {
    let centre = [rng.unit() * canvas.w as f32, rng.unit() * canvas.h as f32];
    let (length, width) = (rng.range(100.0, 500.0), rng.range(60.0, 260.0));
    turned(centre, [length, width], rng.range(0.0, 3.2))
}

fn turned(centre: Point, size: Point, angle: f32) -> [Point; 4] {
    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
    let (x, y) = (size[0] / 2.0, size[1] / 2.0);
    [[-x, -y], [x, -y], [x, y], [-x, y]].map(|p| [centre[0] + p[0] * cos - p[1] * sin, centre[1] + p[0] * sin + p[1] * cos])
}

/// Parallel furrows over the whole canvas.
fn rows(canvas: &mut Canvas, rng: &mut Rng, scale: f32) {
    let spacing = (scale * rng.range(0.7, 2.0)).clamp(5.0, 40.0);
    let angle = rng.range(0.0, 3.14);
    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
    let depth = rng.range(0.06, 0.22);
    for y in 0..canvas.h {
        for x in 0..canvas.w {
            let v = (x as f32 * cos + y as f32 * sin) / spacing + 64.0;
            let t = v - (v as i32) as f32;
            // A parabola a period: smooth enough, and far cheaper than a sine.
            let wave = 1.0 - depth * (1.0 - 4.0 * t * (1.0 - t));
            let p = &mut canvas.px[y * canvas.w + x];
            *p = p.map(|c| c * wave);
        }
    }
}

/// Joints between slabs.
fn slabs(canvas: &mut Canvas, rng: &mut Rng, scale: f32) {
    let pitch = (scale * rng.range(1.5, 4.0)).clamp(24.0, 160.0);
    let angle = rng.range(-0.5, 0.5);
    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
    let reach = (canvas.w + canvas.h) as f32;
    let count = (reach / pitch) as i32 + 1;
    let centre = [canvas.w as f32 / 2.0, canvas.h as f32 / 2.0];
    let colour = [0.3, 0.29, 0.28];
    for k in -count / 2..=count / 2 {
        let d = k as f32 * pitch;
        for (ux, uy) in [(cos, sin), (-sin, cos)] {
            let at = [centre[0] - uy * d, centre[1] + ux * d];
            let (a, b) = ([at[0] - ux * reach, at[1] - uy * reach], [at[0] + ux * reach, at[1] + uy * reach]);
            canvas.line(a, b, 1.2, colour, 0.45);
        }
    }
}

/// A bank along one side of the water.
fn shore(canvas: &mut Canvas, rng: &mut Rng) {
    let ground = Ground::any_land(rng);
    let colour = ground.colour(rng);
    let (w, h) = (canvas.w as f32, canvas.h as f32);
    let (left, right) = (rng.range(0.02, 0.25) * h, rng.range(0.02, 0.25) * h);
    let bank = if rng.chance(0.6) {
        [[-10.0, -10.0], [w + 10.0, -10.0], [w + 10.0, right], [-10.0, left]]
    } else {
        [[-10.0, -10.0], [left * 1.5, -10.0], [right * 1.5, h + 10.0], [-10.0, h + 10.0]]
    };
    canvas.polygon(&bank.map(|p| [p[0] + 3.0, p[1] + 4.0]), [0.62, 0.66, 0.64], 0.7, 0.5);
    canvas.polygon(&bank, colour, 1.0, ground.grain());
}

/// A road through `through`, in direction `angle`, `width` pixels wide, with markings.
pub fn road(canvas: &mut Canvas, rng: &mut Rng, through: Point, angle: f32, width: f32) {
    let colour = if rng.chance(0.8) { Ground::Asphalt } else { Ground::Soil }.colour(rng);
    let marked = rng.chance(0.75);
    let bend = rng.range(-0.35, 0.35);
    // Two straight pieces that meet in `through`.
    for (half, turn) in [(1.0, bend), (-1.0, 0.0)] {
        let direction = angle + turn;
        let (dx, dy) = (libm::cosf(direction) * half, libm::sinf(direction) * half);
        let reach = 800.0;
        let (near, far) =
            ([through[0] - dx * width * 0.2, through[1] - dy * width * 0.2], [through[0] + dx * reach, through[1] + dy * reach]);
        canvas.line(near, far, width * 1.16, colour.map(|c| c * 1.25 + 0.04), 0.8);
        canvas.polygon(&strip(near, far, width), colour, 1.0, 0.35);
        if marked {
            markings(canvas, through, [dx, dy], width);
        }
    }
}

fn strip(a: Point, b: Point, width: f32) -> [Point; 4] {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length = (dx * dx + dy * dy).sqrt().max(1e-3);
    let (nx, ny) = (-dy / length * width / 2.0, dx / length * width / 2.0);
    [[a[0] + nx, a[1] + ny], [b[0] + nx, b[1] + ny], [b[0] - nx, b[1] - ny], [a[0] - nx, a[1] - ny]]
}

fn markings(canvas: &mut Canvas, from: Point, d: Point, width: f32) {
    let white = [0.86, 0.86, 0.82];
    let at = |t: f32, side: f32| [from[0] + d[0] * t - d[1] * side, from[1] + d[1] * t + d[0] * side];
    let thick = (width * 0.022).max(0.8);
    let dash = (width * 0.35).max(8.0);
    let mut t = 0.0;
    while t < 760.0 {
        canvas.line(at(t, 0.0), at(t + dash, 0.0), thick, white, 0.8);
        t += dash * 2.2;
    }
    for side in [-0.46, 0.46] {
        canvas.line(at(0.0, side * width), at(800.0, side * width), thick, white, 0.7);
    }
}
