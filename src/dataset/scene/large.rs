//! Large things around the target, at the scale of the scene: trees, thickets, buildings, lamps, fences.

use super::camera::Camera;
use super::canvas::{Point, Rgb};
use super::clutter::Placed;
use super::solid::{Solid, View};
use super::target::{paint_colour, tone};
use super::{HEIGHT, WIDTH};
use crate::dataset::iou::Box2D;
use crate::dataset::rng::Rng;

/// Trees and buildings away from the target's box.
pub fn around(rng: &mut Rng, camera: &Camera, target: Box2D) -> Vec<Placed> {
    let mut out: Vec<Placed> = Vec::new();
    let trees = if rng.chance(0.3) { 6 + rng.below(10) } else { rng.below(6) };
    let buildings = if rng.chance(0.4) { 1 + rng.below(4) } else { 0 };
    let lamps = if rng.chance(0.3) { 1 + rng.below(4) } else { 0 };
    let green = [rng.range(0.12, 0.26), rng.range(0.22, 0.36), rng.range(0.07, 0.16)];
    // Trees of a grove stand together.
    let grove = [rng.unit() * WIDTH as f32, rng.unit() * HEIGHT as f32];
    let spread = rng.range(60.0, 500.0);
    for k in 0..trees + buildings + lamps {
        let (solid, around) = if k < trees {
            (tree(rng, green), Some(grove))
        } else if k < trees + buildings {
            (building(rng), None)
        } else {
            (lamp(rng), None)
        };
        let at = match around {
            Some([x, y]) => [x + rng.range(-spread, spread), y + rng.range(-spread, spread) * 0.6],
            None => [rng.range(-20.0, WIDTH as f32 + 20.0), rng.range(-20.0, HEIGHT as f32 + 60.0)],
        };
        put(&mut out, rng, camera, target, solid, at);
    }
    if rng.chance(0.25) {
        fence(&mut out, rng, camera, target);
    }
    out
}

fn put(out: &mut Vec<Placed>, rng: &mut Rng, camera: &Camera, target: Box2D, solid: Solid, at: Point) {
    let solid = solid.placed(rng.range(0.0, 6.28), 0.0);
    if at[1] < camera.horizon + 3.0 || at[0] < -60.0 || at[0] > WIDTH as f32 + 60.0 || at[1] > HEIGHT as f32 + 80.0 {
        return;
    }
    let view = camera.view_at(at[1]);
    let unit = solid.bounds(&View { scale: 1.0, ..view });
    let limit = HEIGHT as f32 * 0.6 / unit.w.max(unit.h);
    let placed = Placed { solid, view: View { scale: view.scale.min(limit), ..view }, at };
    if placed.bounds().iou(target) == 0.0 {
        out.push(placed);
    }
}

fn tree(rng: &mut Rng, green: Rgb) -> Solid {
    let mut s = Solid::default();
    let green = tone(rng, green, 0.75, 1.3);
    let (r, h) = (rng.range(0.9, 2.6), rng.range(1.2, 4.5));
    s.block([0.0, 0.0], [0.26, 0.26], [0.0, h], 0.8, [0.25, 0.19, 0.13]);
    if rng.chance(0.12) {
        // A conifer or cypress: balls that get smaller upwards.
        for k in 0..6 {
            let t = k as f32 / 6.0;
            s.leaves([0.0, 0.0, h * 0.4 + t * r * 2.2], r * 0.55 * (1.0 - t * 0.8), green.map(|c| c * (0.65 + 0.4 * t)));
        }
        return s;
    }
    for k in 0..7 + rng.below(4) {
        let (a, d) = (rng.range(0.0, 6.28), rng.unit() * r * 0.8);
        let up = h + (r - d) * rng.range(0.1, 0.7);
        // Later balls lie higher and catch more light.
        let light = 0.62 + 0.06 * k as f32 + rng.range(-0.08, 0.1);
        s.leaves([d * libm::cosf(a), d * libm::sinf(a), up], r * rng.range(0.3, 0.55), green.map(|c| c * light));
    }
    s
}

fn building(rng: &mut Rng) -> Solid {
    let mut s = Solid::default();
    let wall = tone(rng, [0.62, 0.57, 0.5], 0.65, 1.3);
    let roof = match rng.below(4) {
        0 => tone(rng, [0.5, 0.26, 0.18], 0.8, 1.2),
        1 => [0.42, 0.42, 0.43],
        2 => [0.3, 0.34, 0.42],
        _ => [0.68, 0.66, 0.62],
    };
    let (l, w, storeys) = (rng.range(6.0, 18.0), rng.range(5.0, 10.0), 1 + rng.below(3));
    let h = storeys as f32 * 2.9;
    s.block([0.0, 0.0], [l, w], [0.0, h], 1.0, wall);
    let glass = tone(rng, [0.16, 0.19, 0.23], 0.6, 1.6);
    let count = [(l / rng.range(1.8, 3.2)) as usize, (w / 2.6) as usize];
    let share = rng.range(0.35, 0.7);
    for storey in 0..storeys {
        let floor = storey as f32 * 2.9;
        s.panes([l, w], [floor + 0.9, floor + 2.2], count, share, glass);
    }
    if rng.chance(0.45) {
        // A hipped roof.
        s.block([0.0, 0.0], [l * 1.08, w * 1.12], [h, h + rng.range(1.2, 2.6)], rng.range(0.1, 0.5), roof);
        return s;
    }
    s.block([0.0, 0.0], [l * 1.04, w * 1.06], [h, h + 0.3], 0.97, roof);
    for _ in 0..rng.below(5) {
        let at = [rng.range(-0.35, 0.35) * l, rng.range(-0.35, 0.35) * w];
        let size = [rng.range(0.6, 2.0), rng.range(0.6, 2.0)];
        s.block(at, size, [h + 0.3, h + rng.range(0.5, 1.3)], 1.0, paint_colour(rng));
    }
    s
}

/// A street lamp.
fn lamp(rng: &mut Rng) -> Solid {
    let mut s = Solid::default();
    let (metal, h) = (tone(rng, [0.4, 0.41, 0.42], 0.3, 1.6), rng.range(3.0, 6.0));
    s.block([0.0, 0.0], [0.12, 0.12], [0.0, h], 0.7, metal);
    s.block([0.5, 0.0], [1.2, 0.1], [h, h + 0.08], 1.0, metal).block([1.0, 0.0], [0.4, 0.2], [h - 0.08, h + 0.06], 1.0, [0.8, 0.8, 0.76]);
    s
}

/// A row of posts with a rail across the picture.
fn fence(out: &mut Vec<Placed>, rng: &mut Rng, camera: &Camera, target: Box2D) {
    let colour = if rng.chance(0.5) { [0.8, 0.8, 0.78] } else { tone(rng, [0.36, 0.3, 0.24], 0.5, 1.4) };
    let from = camera.ground([rng.unit() * WIDTH as f32, HEIGHT as f32 * rng.range(0.6, 1.05)]);
    let angle = rng.range(0.2, 2.9);
    let (step, high) = (rng.range(1.4, 3.0), rng.range(0.5, 1.1));
    let (dx, dz) = (libm::cosf(angle) * step, libm::sinf(angle) * step);
    for k in 0..22 {
        let at = camera.pixel([from[0] + dx * k as f32, from[1] + dz * k as f32]);
        if at[1] < camera.horizon + 3.0 || at[0].abs() > 2.0 * WIDTH as f32 {
            continue;
        }
        let view = camera.view_at(at[1]);
        let mut post = Solid::default();
        post.block([0.0, 0.0], [0.14, 0.14], [0.0, high], 1.0, colour);
        // The rail ends at the next post: back from pixels to metres, as the view of this post sees them.
        let next = camera.pixel([from[0] + dx * (k + 1) as f32, from[1] + dz * (k + 1) as f32]);
        let (x, y) = ((next[0] - at[0]) / view.scale, (next[1] - at[1]) / (view.scale * view.sin));
        let length = (x * x + y * y).sqrt().max(1e-3);
        let (nx, ny) = (-y / length * 0.05, x / length * 0.05);
        let rail = [[nx, ny], [x + nx, y + ny], [x - nx, y - ny], [-nx, -ny]];
        post.prism(&rail, [high * 0.8, high * 0.92], 1.0, colour);
        let placed = Placed { solid: post, view, at };
        if placed.bounds().iou(target) == 0.0 {
            out.push(placed);
        }
    }
}
