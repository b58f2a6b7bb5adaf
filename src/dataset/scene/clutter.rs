//! Where small things stand that are no target but rival it in size; and the wake of a boat.

use super::camera::Camera;
use super::canvas::{Canvas, Point};
use super::ground::Ground;
use super::solid::{Solid, View};
use super::{HEIGHT, WIDTH, things};
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

/// Small things of the target's size: `count` of them, none over the target's box, all where the ground is seen and `free`.
pub fn distractors(
    rng: &mut Rng,
    ground: Ground,
    camera: &Camera,
    target: Box2D,
    count: usize,
    free: impl Fn(Box2D) -> bool,
) -> Vec<Placed> {
    let mut out: Vec<(Placed, Box2D)> = Vec::new();
    let size = [WIDTH as f32, HEIGHT as f32];
    let extent = target.area().sqrt();
    let here = camera.view_at(target.y + target.h);
    for _ in 0..count {
        let solid = if ground == Ground::Water { things::floating(rng) } else { things::standing(rng) }.placed(rng.range(0.0, 6.28), 0.0);
        let at = [rng.range(0.0, size[0]), rng.range(camera.first_row() + 4.0, size[1])];
        let unit = solid.bounds(&View { scale: 1.0, ..here });
        // Posts have little area for their length.
        let unit = unit.area().sqrt().max(unit.w.max(unit.h) * 0.4);
        let nearness = (camera.view_at(at[1]).scale / here.scale).clamp(0.5, 1.6);
        let scale = (extent * rng.log_range(0.45, 1.5) * nearness / unit).min(size[1] * 0.5 / unit);
        let placed = Placed { solid, view: View { scale, ..here }, at };
        let bounds = placed.bounds();
        let room = Box2D::centred(target.x + target.w / 2.0, target.y + target.h / 2.0, target.w * 1.15, target.h * 1.15);
        if bounds.iou(room) == 0.0 && free(bounds) && out.iter().all(|p| p.1.iou(bounds) < 0.1) {
            out.push((placed, bounds));
        }
    }
    out.into_iter().map(|p| p.0).collect()
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
