//! Things that stand in a scene: solids in metres, seen by a camera that looks down at an angle.
//!
//! Each is projected by parallel rays at the scale of its place: depth changes the scale by little across one object, but by
//! much across the picture, see [`super::camera`].

use super::canvas::{Canvas, Point, Rgb};
use crate::dataset::iou::Box2D;

/// A point in metres: x to the right, y towards the viewer, z up.
pub type Point3 = [f32; 3];

/// How metres become pixels, and where shadows fall.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Pixels a metre.
    pub scale: f32,
    /// Sine of the angle between view and ground (1: straight down).
    pub sin: f32,
    /// Its cosine.
    pub cos: f32,
    /// Where the shadow of a point one metre up falls, in metres.
    pub sun: Point,
}

impl View {
    /// The pixel of a point, relative to the pixel of the origin.
    pub fn project(&self, p: Point3) -> Point {
        [self.scale * p[0], self.scale * (p[1] * self.sin - p[2] * self.cos)]
    }
    /// The pixel that the shadow of a point falls on, relative to the pixel of the origin.
    pub fn shadow(&self, p: Point3) -> Point {
        self.project([p[0] + self.sun[0] * p[2], p[1] + self.sun[1] * p[2], 0.0])
    }
}

/// One surface of a solid.
#[derive(Clone, Debug)]
enum Face {
    /// A flat convex face; shown only when it faces the camera, unless it is a decal.
    Flat { points: Vec<Point3>, colour: Rgb, decal: bool },
    /// A ball.
    Ball { centre: Point3, radius: f32, colour: Rgb },
    /// A ball of leaves.
    Leaves { centre: Point3, radius: f32, colour: Rgb },
    /// A horizontal translucent disc (a spinning rotor).
    Disc { centre: Point3, radius: f32, colour: Rgb, alpha: f32 },
}

/// A thing made of prisms, balls and discs; painted in the order added.
#[derive(Clone, Debug, Default)]
pub struct Solid {
    faces: Vec<Face>,
}

impl Solid {
    /// A prism over a convex footprint (counter-clockwise seen from above), from `z` = [bottom, top]; the top is shrunk by
    /// `taper` (1: none) about the footprint's middle.
    pub fn prism(&mut self, footprint: &[Point], z: Point, taper: f32, colour: Rgb) -> &mut Solid {
        let n = footprint.len();
        let middle = [0, 1].map(|axis| footprint.iter().map(|p| p[axis]).sum::<f32>() / n as f32);
        let top: Vec<Point3> =
            footprint.iter().map(|p| [middle[0] + (p[0] - middle[0]) * taper, middle[1] + (p[1] - middle[1]) * taper, z[1]]).collect();
        for i in 0..n {
            let j = (i + 1) % n;
            let (a, b) = (footprint[i], footprint[j]);
            let points = vec![[a[0], a[1], z[0]], [b[0], b[1], z[0]], top[j], top[i]];
            // Lambert-like: faces turned to the light on the left are brighter.
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let light = 0.62 + 0.16 * (-dy) / (dx * dx + dy * dy).sqrt().max(1e-6);
            self.faces.push(Face::Flat { points, colour: colour.map(|c| c * light), decal: false });
        }
        self.faces.push(Face::Flat { points: top, colour, decal: false });
        self
    }
    /// A box: x and y extents about a centre.
    pub fn block(&mut self, centre: Point, size: Point, z: Point, taper: f32, colour: Rgb) -> &mut Solid {
        self.prism(&rectangle(centre, size), z, taper, colour)
    }
    /// A flat rectangle at height `z`, seen from both sides.
    pub fn decal(&mut self, centre: Point, size: Point, z: f32, colour: Rgb) -> &mut Solid {
        let points = rectangle(centre, size).iter().map(|p| [p[0], p[1], z]).collect();
        self.faces.push(Face::Flat { points, colour, decal: true });
        self
    }
    /// A ball.
    pub fn ball(&mut self, centre: Point3, radius: f32, colour: Rgb) -> &mut Solid {
        self.faces.push(Face::Ball { centre, radius, colour });
        self
    }
    /// A ball of leaves.
    pub fn leaves(&mut self, centre: Point3, radius: f32, colour: Rgb) -> &mut Solid {
        self.faces.push(Face::Leaves { centre, radius, colour });
        self
    }
    /// Upright rectangles on the walls of a block: on each wall a row of `count` a storey, `share` of their pitch wide, from
    /// `z` = [bottom, top].
    pub fn panes(&mut self, size: Point, z: Point, count: [usize; 2], share: f32, colour: Rgb) -> &mut Solid {
        let corners = rectangle([0.0, 0.0], size.map(|s| s + 0.02));
        for i in 0..4 {
            let (a, b) = (corners[i], corners[(i + 1) % 4]);
            let n = count[i % 2];
            let on = |t: f32| [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
            for k in 0..n {
                let middle = (k as f32 + 0.5) / n as f32;
                let (p, q) = (on(middle - share / 2.0 / n as f32), on(middle + share / 2.0 / n as f32));
                let points = vec![[p[0], p[1], z[0]], [q[0], q[1], z[0]], [q[0], q[1], z[1]], [p[0], p[1], z[1]]];
                self.faces.push(Face::Flat { points, colour, decal: false });
            }
        }
        self
    }
    /// A translucent horizontal disc.
    pub fn disc(&mut self, centre: Point3, radius: f32, colour: Rgb, alpha: f32) -> &mut Solid {
        self.faces.push(Face::Disc { centre, radius, colour, alpha });
        self
    }
    /// Turned about the z axis by `angle` radians and raised by `up` metres.
    pub fn placed(mut self, angle: f32, up: f32) -> Solid {
        let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
        let turn = |p: Point3| [p[0] * cos - p[1] * sin, p[0] * sin + p[1] * cos, p[2] + up];
        for face in &mut self.faces {
            match face {
                Face::Flat { points, .. } => points.iter_mut().for_each(|p| *p = turn(*p)),
                Face::Ball { centre, .. } | Face::Leaves { centre, .. } | Face::Disc { centre, .. } => *centre = turn(*centre),
            }
        }
        self
    }
    /// The box around the projection, in pixels relative to the origin's pixel.
    pub fn bounds(&self, view: &View) -> Box2D {
        let mut low = [f32::MAX; 2];
        let mut high = [f32::MIN; 2];
        let mut include = |p: Point, reach: Point| {
            for axis in 0..2 {
                low[axis] = low[axis].min(p[axis] - reach[axis]);
                high[axis] = high[axis].max(p[axis] + reach[axis]);
            }
        };
        for face in &self.faces {
            match face {
                Face::Flat { points, .. } => points.iter().for_each(|&p| include(view.project(p), [0.0; 2])),
                Face::Ball { centre, radius, .. } | Face::Leaves { centre, radius, .. } => {
                    include(view.project(*centre), [radius * view.scale; 2])
                }
                Face::Disc { centre, radius, .. } => {
                    include(view.project(*centre), [radius * view.scale, radius * view.scale * view.sin]);
                }
            }
        }
        Box2D::new(low[0], low[1], high[0] - low[0], high[1] - low[1])
    }
    /// Casts the shadow of a solid whose origin is at pixel `at`.
    pub fn cast(&self, canvas: &mut Canvas, view: &View, at: Point) {
        let place = |p: Point| [p[0] + at[0], p[1] + at[1]];
        let mut flat: Vec<Point> = Vec::with_capacity(8);
        for face in &self.faces {
            match face {
                Face::Flat { points, .. } => {
                    flat.clear();
                    flat.extend(points.iter().map(|&p| place(view.shadow(p))));
                    canvas.cover_polygon(&flat, |c, i, n| c.darken(i, n, 1.0));
                }
                Face::Ball { centre, radius, .. } => {
                    let r = radius * view.scale;
                    canvas.cover_ellipse(place(view.shadow(*centre)), [r, r * view.sin], 0.0, |c, i, n| c.darken(i, n, 1.0));
                }
                Face::Leaves { centre, radius, .. } => {
                    let r = radius * view.scale;
                    canvas.cover_leaves(place(view.shadow(*centre)), [r, r * view.sin], |c, i, n| c.darken(i, n, 0.9));
                }
                Face::Disc { centre, radius, alpha, .. } => {
                    let r = radius * view.scale;
                    let at = place(view.shadow(*centre));
                    canvas.cover_ellipse(at, [r, r * view.sin], 0.0, |c, i, n| c.darken(i, n, *alpha));
                }
            }
        }
    }
    /// Paints a solid whose origin is at pixel `at`.
    pub fn paint(&self, canvas: &mut Canvas, view: &View, at: Point) {
        let place = |p: Point| [p[0] + at[0], p[1] + at[1]];
        let mut flat: Vec<Point> = Vec::with_capacity(8);
        for face in &self.faces {
            match face {
                Face::Flat { points, colour, decal } => {
                    flat.clear();
                    flat.extend(points.iter().map(|&p| place(view.project(p))));
                    if *decal || faces_camera(&flat) {
                        canvas.polygon(&flat, *colour, 1.0, 0.12);
                    }
                }
                Face::Ball { centre, radius, colour } => {
                    let r = radius * view.scale;
                    canvas.cover_ellipse(place(view.project(*centre)), [r, r], 0.0, |c, i, n| c.blend_round(i, n, *colour, [1.08, -0.3]));
                }
                Face::Leaves { centre, radius, colour } => {
                    let r = radius * view.scale;
                    canvas.cover_leaves(place(view.project(*centre)), [r, r], |c, i, n| c.blend_round(i, n, *colour, [1.1, -0.36]));
                }
                Face::Disc { centre, radius, colour, alpha } => {
                    let r = radius * view.scale;
                    canvas.cover_ellipse(place(view.project(*centre)), [r, r * view.sin], 0.0, |c, i, n| {
                        for (a, rim) in c.cover[..n].iter_mut().zip(&c.radius[..n]) {
                            *a *= alpha * (0.5 + 0.5 * rim);
                        }
                        c.blend_round(i, n, *colour, [1.0, 0.0]);
                    });
                }
            }
        }
    }
}

/// Corners of a rectangle, counter-clockwise seen from above (y towards the viewer).
pub fn rectangle(centre: Point, size: Point) -> [Point; 4] {
    let (x, y) = (size[0] / 2.0, size[1] / 2.0);
    [[-x, y], [x, y], [x, -y], [-x, -y]].map(|p| [p[0] + centre[0], p[1] + centre[1]])
}

/// Faces are wound so that a visible one has negative area in pixels (y downwards).
fn faces_camera(points: &[Point]) -> bool {
    let mut area = 0.0;
    for (i, a) in points.iter().enumerate() {
        let b = points[(i + 1) % points.len()];
        area += a[0] * b[1] - a[1] * b[0];
    }
    area < 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::rng::Rng;
    use crate::dataset::scene::target::Class;

    #[test]
    fn bounds_are_those_of_the_painted_pixels() {
        let mut rng = Rng::new(3);
        for class in Class::ALL {
            let heading = rng.range(0.0, 6.0);
            let solid = class.build(&mut rng, heading);
            let mut view = View { scale: 1.0, sin: 0.8, cos: 0.6, sun: [0.0, 0.0] };
            view.scale = 90.0 / solid.bounds(&view).area().sqrt();
            let b = solid.bounds(&view);
            let at = [100.0 - b.x, 60.0 - b.y];
            let mut canvas = Canvas::new(400, 300, [-1.0; 3]);
            solid.paint(&mut canvas, &view, at);
            let touched = |x: usize, y: usize| canvas.px[0][y * 400 + x] > -0.5;
            let columns: Vec<usize> = (0..400).filter(|&x| (0..300).any(|y| touched(x, y))).collect();
            let rows: Vec<usize> = (0..300).filter(|&y| (0..400).any(|x| touched(x, y))).collect();
            let ends = [columns[0] as f32, rows[0] as f32, columns[columns.len() - 1] as f32 + 1.0, rows[rows.len() - 1] as f32 + 1.0];
            let wanted = [100.0, 60.0, 100.0 + b.w, 60.0 + b.h];
            for (end, want) in ends.iter().zip(wanted) {
                // Rotor discs are translucent and fade in over a pixel or two.
                assert!((end - want).abs() < 3.0, "{class:?}: painted {ends:?}, bounds {wanted:?}");
            }
        }
    }
}
