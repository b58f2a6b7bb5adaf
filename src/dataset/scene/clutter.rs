//! What stands around and is no target: buildings, trees, and small things that resemble targets.

use super::canvas::{Canvas, Point, Rgb};
use super::ground::Ground;
use super::solid::{Solid, View};
use super::target::{paint_colour, tone};
use crate::dataset::iou::Box2D;
use crate::dataset::rng::Rng;

/// A solid with its place and its own scale, so that clutter can be sized to rival the target.
pub struct Placed {
    /// What.
    pub solid: Solid,
    /// How it is projected.
    pub view: View,
    /// The pixel of its origin.
    pub at: Point,
}

impl Placed {
    /// The box around it in pixels.
    pub fn bounds(&self) -> Box2D {
        let b = self.solid.bounds(&self.view);
        Box2D { x: b.x + self.at[0], y: b.y + self.at[1], ..b }
    }
}

/// Small things of the target's size: `count` of them, none over the target's box.
pub fn distractors(rng: &mut Rng, ground: Ground, view: &View, target: Box2D, size: Point, count: usize) -> Vec<Placed> {
    let mut out: Vec<Placed> = Vec::new();
    let extent = target.area().sqrt();
    for _ in 0..count {
        let solid = if ground == Ground::Water { floating(rng) } else { standing(rng) }.placed(rng.range(0.0, 6.28), 0.0);
        let unit = solid.bounds(&View { scale: 1.0, ..*view }).area().sqrt();
        let scale = (extent * rng.log_range(0.45, 1.5) / unit).min(size[1] * 0.5 / unit);
        let at = [rng.range(0.0, size[0]), rng.range(0.0, size[1])];
        let placed = Placed { solid, view: View { scale, ..*view }, at };
        let room = Box2D::centred(target.x + target.w / 2.0, target.y + target.h / 2.0, target.w * 1.15, target.h * 1.15);
        if placed.bounds().iou(room) == 0.0 && out.iter().all(|p| p.bounds().iou(placed.bounds()) < 0.1) {
            out.push(placed);
        }
    }
    out
}

fn standing(rng: &mut Rng) -> Solid {
    let mut s = Solid::default();
    let colour = paint_colour(rng);
    match rng.below(8) {
        // A crate or container: a car or lorry without windows.
        0 => {
            let (l, w, h) = (rng.range(1.5, 6.0), rng.range(1.2, 2.4), rng.range(0.5, 2.4));
            s.block([0.0, 0.0], [l, w], [0.0, h], 1.0, colour);
        }
        // A sheet or hatch on the ground, in the colours of cars.
        1 => {
            s.decal([0.0, 0.0], [rng.range(1.5, 5.0), rng.range(1.0, 2.5)], 0.02, colour);
        }
        2 | 3 => bush(&mut s, rng, [0.24, 0.34, 0.14]),
        // A post or sign, about as tall as a person.
        4 => {
            let h = rng.range(1.0, 2.2);
            s.block([0.0, 0.0], [0.14, 0.14], [0.0, h], 1.0, colour.map(|c| c * 0.7));
            if rng.chance(0.5) {
                s.block([0.0, 0.0], [0.5, 0.08], [h * 0.7, h], 1.0, colour);
            }
        }
        // A painted cross: a drone without rotors.
        5 => {
            let paint = if rng.chance(0.5) { [0.85, 0.85, 0.83] } else { [0.14, 0.14, 0.15] };
            s.decal([0.0, 0.0], [1.0, 0.2], 0.02, paint).decal([0.0, 0.0], [0.2, 1.0], 0.03, paint);
        }
        // A boulder.
        6 => {
            let grey = tone(rng, [0.46, 0.44, 0.42], 0.6, 1.3);
            s.ball([0.0, 0.0, 0.3], 0.5, grey).ball([0.4, 0.1, 0.2], 0.35, grey.map(|c| c * 0.9));
        }
        // A bench or rack: low parallel bars.
        _ => {
            for y in [-0.4, 0.0, 0.4] {
                s.block([0.0, y], [2.0, 0.16], [0.35, 0.45], 1.0, colour.map(|c| c * 0.8));
            }
        }
    }
    s
}

fn floating(rng: &mut Rng) -> Solid {
    let mut s = Solid::default();
    match rng.below(5) {
        // A buoy.
        0 => {
            s.ball([0.0, 0.0, 0.2], 0.4, if rng.chance(0.5) { [0.7, 0.3, 0.12] } else { paint_colour(rng) });
            s.block([0.0, 0.0], [0.1, 0.1], [0.5, 1.1], 1.0, [0.2, 0.2, 0.2]);
        }
        // Foam.
        1 => {
            s.decal([0.0, 0.0], [rng.range(1.0, 5.0), rng.range(0.3, 1.0)], 0.01, [0.72, 0.78, 0.78]);
        }
        // A pontoon: a boat without bow or cabin.
        2 => {
            s.block([0.0, 0.0], [rng.range(2.0, 6.0), rng.range(1.2, 2.4)], [0.0, 0.4], 1.0, paint_colour(rng));
        }
        // A rock.
        3 => {
            let grey = tone(rng, [0.3, 0.3, 0.28], 0.6, 1.4);
            s.ball([0.0, 0.0, 0.0], 0.6, grey).ball([0.5, 0.2, 0.0], 0.4, grey);
        }
        // Weed.
        _ => bush(&mut s, rng, [0.12, 0.2, 0.14]),
    }
    s
}

fn bush(s: &mut Solid, rng: &mut Rng, green: Rgb) {
    for _ in 0..4 + rng.below(4) {
        let r = rng.range(0.3, 0.6);
        let light = rng.range(0.7, 1.3);
        s.ball([rng.range(-0.5, 0.5), rng.range(-0.5, 0.5), r * 0.8], r, green.map(|c| c * light));
    }
}

/// Trees and buildings at the scene's scale, away from the target.
pub fn large(rng: &mut Rng, view: &View, target: Box2D, size: Point, trees: usize, buildings: usize) -> Vec<Placed> {
    let mut out: Vec<Placed> = Vec::new();
    for k in 0..trees + buildings {
        let solid = if k < trees { tree(rng) } else { building(rng) }.placed(rng.range(0.0, 6.28), 0.0);
        let unit = solid.bounds(&View { scale: 1.0, ..*view });
        let limit = size[1] * 0.6 / unit.w.max(unit.h);
        let placed = Placed {
            solid,
            view: View { scale: view.scale.min(limit), ..*view },
            at: [rng.range(-20.0, size[0] + 20.0), rng.range(-20.0, size[1] + 60.0)],
        };
        if placed.bounds().iou(target) == 0.0 {
            out.push(placed);
        }
    }
    out
}

fn tree(rng: &mut Rng) -> Solid {
    let mut s = Solid::default();
    let green = [rng.range(0.14, 0.32), rng.range(0.24, 0.4), rng.range(0.08, 0.18)];
    let (r, h) = (rng.range(1.0, 2.6), rng.range(2.0, 5.0));
    s.block([0.0, 0.0], [0.3, 0.3], [0.0, h], 1.0, [0.25, 0.18, 0.12]);
    for _ in 0..14 {
        let (a, d) = (rng.range(0.0, 6.28), rng.unit() * r);
        let light = rng.range(0.6, 1.3);
        let up = h + (r - d) * rng.range(0.2, 0.8);
        s.ball([d * libm::cosf(a), d * libm::sinf(a), up], r * rng.range(0.25, 0.5), green.map(|c| c * light));
    }
    s
}

fn building(rng: &mut Rng) -> Solid {
    let mut s = Solid::default();
    let wall = tone(rng, [0.6, 0.56, 0.5], 0.7, 1.3);
    let roof = match rng.below(3) {
        0 => [0.5, 0.26, 0.18],
        1 => [0.42, 0.42, 0.43],
        _ => [0.68, 0.66, 0.62],
    };
    let (l, w, h) = (rng.range(6.0, 18.0), rng.range(5.0, 10.0), rng.range(2.5, 8.0));
    s.block([0.0, 0.0], [l, w], [0.0, h], 1.0, wall);
    s.block([0.0, 0.0], [l * 1.04, w * 1.06], [h, h + 0.3], 0.97, roof);
    for _ in 0..rng.below(4) {
        let at = [rng.range(-0.35, 0.35) * l, rng.range(-0.35, 0.35) * w];
        let size = [rng.range(0.6, 2.0), rng.range(0.6, 2.0)];
        s.block(at, size, [h + 0.3, h + rng.range(0.5, 1.3)], 1.0, paint_colour(rng));
    }
    s
}

/// White V of foam behind a moving boat, painted before the boat.
pub fn wake(canvas: &mut Canvas, rng: &mut Rng, view: &View, at: Point, heading: f32, length: f32) {
    let strength = rng.range(0.1, 0.55);
    let reach = length * rng.range(0.6, 2.2);
    for side in [-0.14f32, 0.14] {
        let back = heading + 3.14159 + side;
        let tip = view.project([libm::cosf(back) * reach, libm::sinf(back) * reach, 0.0]);
        let start = view.project([-libm::cosf(heading) * length * 0.4, -libm::sinf(heading) * length * 0.4, 0.0]);
        let a = [at[0] + start[0], at[1] + start[1]];
        canvas.line(a, [a[0] + tip[0], a[1] + tip[1]], (view.scale * 0.5).max(1.0), [0.82, 0.88, 0.88], strength);
    }
}
