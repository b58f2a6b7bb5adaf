//! Roads and paths across the ground, in perspective: surface, kerbs, markings, and what lines them.

use super::camera::Camera;
use super::canvas::{Canvas, Point, Rgb};
use super::ground::Ground;
use super::target::tone;
use crate::dataset::rng::Rng;

/// Where a road runs: its middle line in metres on the ground, and its width.
pub struct Course {
    middle: Vec<Point>,
    /// Unit normal to the right at each point.
    across: Vec<Point>,
    width: f32,
}

impl Course {
    /// A road `width` metres wide through the ground point `at`, in direction `heading` there, bending by `bend` radians a
    /// width either way.
    pub fn new(camera: &Camera, at: Point, heading: f32, width: f32, bend: f32) -> Course {
        const PIECES: usize = 12;
        let reach = (camera.farthest() - camera.nearest()).min(60.0 * width) + 8.0 * width;
        let walk = |sign: f32| {
            let (mut p, mut angle, mut out) = (at, heading, Vec::new());
            for k in 0..PIECES {
                // Pieces grow with the distance from the start: near ones bend smoothly, far ones need no detail.
                let step = reach * (k as f32 + 0.5) * 2.0 / (PIECES * PIECES) as f32;
                angle += (bend * step / width).clamp(-0.13, 0.13) * sign;
                p = [p[0] + libm::cosf(angle) * step * sign, p[1] - libm::sinf(angle) * step * sign];
                out.push((p, [libm::sinf(angle), libm::cosf(angle)]));
            }
            out
        };
        let mut points = walk(-1.0);
        points.reverse();
        points.push((at, [libm::sinf(heading), libm::cosf(heading)]));
        points.extend(walk(1.0));
        Course { middle: points.iter().map(|p| p.0).collect(), across: points.iter().map(|p| p.1).collect(), width }
    }

    /// The pixel `side` widths beside the middle, `t` of the way along piece `k`.
    fn pixel(&self, camera: &Camera, k: usize, t: f32, side: f32) -> Point {
        let mix = |v: &[Point], axis: usize| v[k][axis] + (v[k + 1][axis] - v[k][axis]) * t;
        let off = side * self.width;
        camera.pixel([0, 1].map(|axis| mix(&self.middle, axis) + off * mix(&self.across, axis)))
    }

    /// Paints the strip between `sides` (in widths beside the middle) on the part `from..to` of piece `k`.
    fn patch(&self, canvas: &mut Canvas, camera: &Camera, k: usize, part: [f32; 2], sides: [f32; 2], paint: (Rgb, f32, f32)) {
        let [a, b] = part;
        let quad = [(a, sides[0]), (b, sides[0]), (b, sides[1]), (a, sides[1])].map(|(t, side)| self.pixel(camera, k, t, side));
        let inside = |axis: usize, end: f32| {
            quad.iter().any(|p| p[axis] > 0.0) && quad.iter().any(|p| p[axis] < end) && quad.iter().all(|p| p[axis].abs() < 1e6)
        };
        if inside(0, canvas.w as f32) && inside(1, canvas.h as f32) {
            canvas.polygon(&quad, paint.0, paint.1, paint.2);
        }
    }

    /// Paints a strip along the whole course.
    fn strip(&self, canvas: &mut Canvas, camera: &Camera, sides: [f32; 2], paint: (Rgb, f32, f32)) {
        for k in 0..self.middle.len() - 1 {
            self.patch(canvas, camera, k, [0.0, 1.0], sides, paint);
        }
    }

    /// Paints a strip of dashes, `length` of every `pitch` metres.
    fn dashes(&self, canvas: &mut Canvas, camera: &Camera, sides: [f32; 2], [length, pitch]: [f32; 2], paint: (Rgb, f32, f32)) {
        for k in 0..self.middle.len() - 1 {
            let (p, q) = (self.middle[k], self.middle[k + 1]);
            let metres = ((q[0] - p[0]) * (q[0] - p[0]) + (q[1] - p[1]) * (q[1] - p[1])).sqrt();
            let count = ((metres / pitch) as usize + 1).min(24);
            for d in 0..count {
                let from = d as f32 / count as f32;
                self.patch(canvas, camera, k, [from, from + length / pitch / count as f32], sides, paint);
            }
        }
    }
}

/// Paints a road or path with all that belongs to it.
pub fn paint(canvas: &mut Canvas, rng: &mut Rng, camera: &Camera, course: &Course) {
    let paved = rng.chance(0.8);
    let surface = if paved { [Ground::Asphalt, Ground::Concrete][usize::from(rng.chance(0.25))] } else { Ground::Soil };
    let colour = surface.colour(rng);
    let thin = 0.16 / course.width.max(1.0);
    if rng.chance(0.3) {
        // Pavements, or verges of another colour.
        let (other, wide) = (Ground::any_land(rng).colour(rng), rng.range(0.6, 0.9));
        course.strip(canvas, camera, [-wide, wide], (other, 1.0, 0.5));
    }
    let edge = 0.5 + rng.range(0.02, 0.07);
    course.strip(canvas, camera, [-edge, edge], (colour.map(|c| c * 1.2 + 0.05), 0.85, 0.5));
    course.strip(canvas, camera, [-0.5, 0.5], (colour, 1.0, 0.45));
    if paved && rng.chance(0.35) {
        // Tracks worn by wheels.
        for side in [-0.3, -0.16, 0.16, 0.3] {
            course.strip(canvas, camera, [side - 0.04, side + 0.04], (colour.map(|c| c * 0.85), 0.5, 0.4));
        }
    }
    let white = tone(rng, [0.86, 0.86, 0.82], 0.85, 1.1);
    let line = if rng.chance(0.35) { [0.82, 0.66, 0.2] } else { white };
    match rng.below(4) {
        0 | 1 if paved => course.dashes(canvas, camera, [-thin / 2.0, thin / 2.0], [2.0, 5.0], (line, 0.85, 0.5)),
        2 if paved => course.strip(canvas, camera, [-thin / 2.0, thin / 2.0], (line, 0.85, 0.5)),
        _ => {}
    }
    if paved && rng.chance(0.6) {
        for side in [-0.46, 0.46] {
            course.strip(canvas, camera, [side - thin / 2.0, side + thin / 2.0], (white, 0.75, 0.5));
        }
    }
    if rng.chance(0.3) {
        // A kerb in blocks, or a low parapet.
        let side = if rng.chance(0.5) { edge } else { -edge };
        course.dashes(canvas, camera, [side - thin, side + thin * 1.5], [1.1, 1.8], (white, 0.9, 0.3));
    }
    if paved && rng.chance(0.2) {
        crossing(canvas, rng, camera, course, white);
    }
}

/// A zebra crossing.
fn crossing(canvas: &mut Canvas, rng: &mut Rng, camera: &Camera, course: &Course, white: Rgb) {
    let k = course.middle.len() / 2 - 2 + rng.below(4);
    for bar in 0..6 {
        let side = -0.42 + bar as f32 * 0.15;
        course.patch(canvas, camera, k, [0.1, 0.7], [side, side + 0.08], (white, 0.8, 0.5));
    }
}
