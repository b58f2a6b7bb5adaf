//! What lies flat: fields, crops, soil, asphalt, concrete, sand, thickets, water with its shore; and the sky above.

use super::camera::Camera;
use super::canvas::{Canvas, Point, Rgb, strip};
use super::noise;
use super::target::tone;
use crate::dataset::iou::Box2D;
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
            Ground::Grass => [0.26, 0.36, 0.16],
            Ground::Crop => [0.36, 0.40, 0.20],
            Ground::Soil => [0.42, 0.34, 0.26],
            Ground::Asphalt => [0.38, 0.38, 0.39],
            Ground::Concrete => [0.60, 0.58, 0.55],
            Ground::Sand => [0.64, 0.57, 0.45],
            Ground::Water => [[0.17, 0.30, 0.32], [0.20, 0.38, 0.36], [0.30, 0.33, 0.28], [0.13, 0.22, 0.30]][rng.below(4)],
        };
        tone(rng, base, 0.7, 1.35)
    }

    /// Contrast of the texture.
    fn grain(self) -> f32 {
        match self {
            Ground::Grass | Ground::Soil => 1.0,
            Ground::Crop => 0.8,
            Ground::Asphalt | Ground::Concrete => 0.35,
            Ground::Sand => 0.6,
            Ground::Water => 0.75,
        }
    }
}

/// Paints the whole canvas with `ground`, then fields of other materials, or a shore on the side away from the target.
pub fn paint(canvas: &mut Canvas, rng: &mut Rng, ground: Ground, camera: &Camera) {
    let scale = camera.view_at(canvas.h as f32 / 2.0).scale;
    texture(canvas, rng, ground, camera, scale);
    let (colour, grain) = (ground.colour(rng), ground.grain());
    for (plane, value) in canvas.px.iter_mut().zip(colour) {
        let modulation = value * grain;
        plane.iter_mut().zip(&canvas.texture).for_each(|(p, t)| *p = value + modulation * t);
    }
    if ground == Ground::Water {
        return;
    }
    for _ in 0..rng.below(5) {
        let other = Ground::any_land(rng);
        let colour = other.colour(rng);
        let centre = [rng.unit() * canvas.w as f32, rng.range(camera.first_row(), 1.1 * canvas.h as f32)];
        let size = [rng.range(80.0, 420.0) / scale, rng.range(60.0, 420.0) / scale];
        let field = field(camera, centre, size, rng.range(0.0, 3.2));
        canvas.polygon(&field, colour, rng.range(0.7, 1.0), other.grain());
    }
    if ground == Ground::Crop || rng.chance(0.1) {
        rows(canvas, rng, camera);
    }
    if ground == Ground::Concrete || rng.chance(0.08) {
        slabs(canvas, rng, camera);
    }
    for _ in 0..rng.below(3) {
        let centre = [rng.unit() * canvas.w as f32, rng.range(camera.first_row(), canvas.h as f32)];
        stain(canvas, rng, centre, scale);
    }
}

/// Fills the texture: coarse octaves, and two tiles of fine structure that draw together towards the horizon.
fn texture(canvas: &mut Canvas, rng: &mut Rng, ground: Ground, camera: &Camera, scale: f32) {
    let water = ground == Ground::Water;
    let stretch = if water { 3.0 } else { 1.0 };
    let contrast = rng.range(0.6, 1.4);
    let size = (scale / 30.0).clamp(0.7, 1.7);
    let octaves = [(170.0, 0.16), (53.0, 0.10), (17.0 * size, 0.09)].map(|(cell, v)| (cell * stretch, cell, v * contrast));
    canvas.add_noise(rng, &octaves);
    let fine = match ground {
        Ground::Water => noise::ripples(),
        Ground::Grass | Ground::Crop if rng.chance(0.5) => noise::leaves(),
        _ => noise::grains(),
    };
    let (strength, second) = (contrast * rng.range(0.08, 0.26), contrast * rng.range(0.03, 0.12));
    let start: [usize; 4] = [0; 4].map(|_| rng.below(256));
    let w = canvas.w;
    for (y, row) in canvas.texture.chunks_exact_mut(w).enumerate() {
        let below = (y as f32 - camera.horizon).max(1.0);
        // Rows of the tile a row of the picture: more where the ground is seen at a flatter angle.
        let squeezed = if below > 1.0 { (400.0 * libm::logf(below)) as usize } else { y };
        noise::add_row(row, fine, start[0] + squeezed, start[1], strength);
        noise::add_row(row, noise::grains(), start[2] + y, start[3], second);
    }
}

/// The pixels of a rectangle on the ground, `size` in metres, around the ground under pixel `centre`.
fn field(camera: &Camera, centre: Point, size: Point, angle: f32) -> [Point; 4] {
    let middle = camera.ground(centre);
    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
    let (x, y) = (size[0] / 2.0, size[1] / 2.0);
    let corners = [[-x, -y], [x, -y], [x, y], [-x, y]];
    corners.map(|p| {
        let away = (middle[1] + p[0] * sin + p[1] * cos).clamp(camera.nearest(), camera.farthest());
        camera.pixel([middle[0] + p[0] * cos - p[1] * sin, away])
    })
}

/// Parallel furrows over the whole canvas, drawing together towards the horizon.
fn rows(canvas: &mut Canvas, rng: &mut Rng, camera: &Camera) {
    let angle = rng.range(-1.2, 1.2);
    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
    let pitch = rng.range(0.7, 2.0).max(6.0 / camera.view_at(canvas.h as f32 / 2.0).scale);
    let depth = rng.range(0.06, 0.22);
    let first = camera.first_row() as usize;
    let mut wave = vec![0.0f32; canvas.w];
    for y in first..canvas.h {
        let (a, b) = (camera.ground([0.0, y as f32]), camera.ground([1.0, y as f32]));
        let (start, step) = ((a[0] * cos + a[1] * sin) / pitch, (b[0] - a[0]) * cos / pitch);
        // Rows closer together than three pixels would only alias.
        let fade = depth * (1.5 - 4.5 * step.abs()).clamp(0.0, 1.0);
        if fade == 0.0 {
            continue;
        }
        for (x, v) in wave.iter_mut().enumerate() {
            let at = start + step * x as i32 as f32;
            let t = at - (at as i32) as f32;
            let t = if t < 0.0 { t + 1.0 } else { t };
            // A parabola a period: smooth enough, and far cheaper than a sine.
            *v = 1.0 - fade * (1.0 - 4.0 * t * (1.0 - t));
        }
        for plane in &mut canvas.px {
            plane[y * canvas.w..(y + 1) * canvas.w].iter_mut().zip(&wave).for_each(|(p, v)| *p *= v);
        }
    }
}

/// Joints between slabs.
fn slabs(canvas: &mut Canvas, rng: &mut Rng, camera: &Camera) {
    let scale = camera.view_at(canvas.h as f32 / 2.0).scale;
    let pitch = (scale * rng.range(1.5, 4.0)).clamp(24.0, 160.0) / scale;
    let angle = rng.range(-0.6, 0.6);
    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
    let middle = camera.ground([canvas.w as f32 / 2.0, canvas.h as f32 * 0.6]);
    let reach = 500.0 / scale;
    let count = ((reach / pitch) as i32).min(16);
    for k in -count..=count {
        let d = k as f32 * pitch;
        for (ux, uy) in [(cos, sin), (-sin, cos)] {
            let end = |t: f32| {
                let away = (middle[1] + ux * d + uy * t).clamp(camera.nearest(), camera.farthest());
                camera.pixel([middle[0] - uy * d + ux * t, away])
            };
            canvas.line(end(-reach), end(reach), 1.2, [0.3, 0.29, 0.28], 0.4);
        }
    }
}

/// A patch of another shade: oil, damp, repaired asphalt, dry grass.
fn stain(canvas: &mut Canvas, rng: &mut Rng, centre: Point, scale: f32) {
    let radii = [scale * rng.range(0.4, 4.0), scale * rng.range(0.3, 1.5)].map(|r| r.min(180.0));
    let (shade, alpha) = (if rng.chance(0.7) { 0.12 } else { 0.75 }, rng.range(0.1, 0.35));
    canvas.cover_ellipse(centre, radii, rng.range(0.0, 0.6), |c, i, n| c.blend_textured(i, n, [shade; 3], alpha, 1.0));
}

/// A bank along one side of the water.
pub struct Shore {
    /// A point on its edge, and the other end of the edge.
    edge: [Point; 2],
    polygon: [Point; 4],
}

impl Shore {
    /// A bank on a side of the picture where it leaves `room` free, if there is one.
    pub fn draw(rng: &mut Rng, camera: &Camera, room: Box2D, size: Point) -> Option<Shore> {
        let [w, h] = size;
        let top = camera.horizon.max(0.0);
        let side = rng.below(4);
        let free = [room.y - top, room.x, w - room.x - room.w, h - room.y - room.h][side];
        let limit = (free * 0.85).min([0.4 * h, 0.45 * w, 0.45 * w, 0.3 * h][side]);
        let depths = [rng.range(0.15, 1.0), rng.range(0.15, 1.0)].map(|d| d * limit);
        if limit < 12.0 {
            return None;
        }
        let [a, b] = depths;
        let (edge, polygon) = match side {
            0 => ([[-10.0, top + a], [w + 10.0, top + b]], [[w + 10.0, top - 10.0], [-10.0, top - 10.0]]),
            1 => ([[a, top], [b, h + 10.0]], [[-10.0, h + 10.0], [-10.0, top]]),
            2 => ([[w - a, top], [w - b, h + 10.0]], [[w + 10.0, h + 10.0], [w + 10.0, top]]),
            _ => ([[-10.0, h - a], [w + 10.0, h - b]], [[w + 10.0, h + 10.0], [-10.0, h + 10.0]]),
        };
        Some(Shore { edge, polygon: [edge[0], edge[1], polygon[0], polygon[1]] })
    }

    /// Whether any part of a box lies on the bank.
    pub fn touches(&self, b: Box2D) -> bool {
        let side = |p: Point| {
            let [a, c] = self.edge;
            (c[0] - a[0]) * (p[1] - a[1]) - (c[1] - a[1]) * (p[0] - a[0])
        };
        let land = side([0, 1].map(|axis| (self.polygon[2][axis] + self.polygon[3][axis]) / 2.0));
        [[b.x, b.y], [b.x + b.w, b.y], [b.x, b.y + b.h], [b.x + b.w, b.y + b.h]].iter().any(|&p| side(p) * land > 0.0)
    }

    /// Paints the bank with a wet rim.
    pub fn paint(&self, canvas: &mut Canvas, rng: &mut Rng) {
        let ground = Ground::any_land(rng);
        let colour = ground.colour(rng);
        canvas.polygon(&strip(self.edge[0], self.edge[1], rng.range(3.0, 16.0)), [0.5, 0.53, 0.5], 0.6, 0.6);
        canvas.polygon(&self.polygon, colour, 1.0, ground.grain());
        if rng.chance(0.4) {
            canvas.line(self.edge[0], self.edge[1], rng.range(2.0, 8.0), [0.62, 0.61, 0.58], 0.9);
        }
    }
}

/// Sky above the horizon, with hills or a line of trees in front of it.
pub fn sky(canvas: &mut Canvas, rng: &mut Rng, camera: &Camera) {
    let last = camera.horizon.min(canvas.h as f32) as usize;
    if camera.horizon < 1.0 || last == 0 {
        return;
    }
    // From white overcast to blue: less red than green, less green than blue.
    let shade = |rng: &mut Rng, deepest: f32| {
        let (blue, depth) = (rng.range(0.8, 1.0), rng.range(0.0, deepest));
        [blue - depth, blue - depth * 0.5, blue]
    };
    let (low, high): (Rgb, Rgb) = (shade(rng, 0.12), shade(rng, 0.5));
    let w = canvas.w;
    for (plane, (l, h)) in canvas.px.iter_mut().zip(low.into_iter().zip(high)) {
        for (y, row) in plane.chunks_exact_mut(w).take(last).enumerate() {
            let colour = h + (l - h) * y as f32 / last as f32;
            row.iter_mut().zip(&canvas.texture[y * w..]).for_each(|(p, t)| *p = colour + 0.25 * t.abs());
        }
    }
    let pale = rng.range(0.1, 0.7);
    let green = tone(rng, [0.2, 0.28, 0.18], 0.7, 1.2);
    let colour = [0, 1, 2].map(|c| green[c] + (low[c] - green[c]) * pale);
    let height = rng.range(4.0, 26.0);
    for k in 0..24 {
        let centre = [(k as f32 + rng.unit()) * w as f32 / 22.0 - 20.0, camera.horizon + height * 0.2];
        let radii = [rng.range(14.0, 60.0), height * rng.range(0.4, 1.0)];
        canvas.cover_leaves(centre, radii, |c, i, n| c.blend_round(i, n, colour, [1.0, -0.12]));
    }
    // Trees stand on the ground, not in it.
    let foot = [[0.0, camera.horizon + 1.0], [w as f32, camera.horizon + 1.0]];
    canvas.line(foot[0], foot[1], height * 0.5, colour, 0.5);
}

#[cfg(test)]
mod tests {
    use super::super::{HEIGHT, Subject, WIDTH};
    use super::*;

    #[test]
    fn a_bank_leaves_the_boat_on_water() {
        let mut banks = 0;
        for seed in 0..3000 {
            let mut rng = Rng::new(seed);
            let subject = Subject::draw(&mut rng);
            if let Some(shore) = Shore::draw(&mut rng, &subject.camera, subject.target_box, [WIDTH as f32, HEIGHT as f32]) {
                assert!(!shore.touches(subject.target_box), "seed {seed}");
                assert!(shore.touches(Box2D::new(0.0, 0.0, WIDTH as f32, HEIGHT as f32)), "seed {seed}: a bank outside the picture");
                banks += 1;
            }
        }
        assert!(banks > 1000, "{banks} banks");
    }
}
