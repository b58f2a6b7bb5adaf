//! Procedural UAV-like scenes with one labelled target each, fully given by a seed.
//!
//! 640 x 360 pixels as in DAC-SDC; areas of the boxes follow its histogram (Xu et al., "DAC-SDC low power object detection
//! challenge for UAV applications", figure 2: 31 % under 1 % of the image, 91 % under 9 %).

#![allow(
    clippy::approx_constant,
    reason = "random angles stop a hair short of a turn: the exact constants would change every scene of this version"
)]

mod camera;
mod canvas;
mod clutter;
mod fill;
mod ground;
mod large;
mod noise;
mod people;
mod road;
mod solid;
mod target;
mod things;
mod vehicles;
mod weather;

use crate::dataset::frame::Image;
use crate::dataset::iou::Box2D;
use crate::dataset::preprocess::planes;
use crate::dataset::rng::Rng;
use camera::Camera;
use canvas::Canvas;
use clutter::Placed;
use ground::{Ground, Shore};
use rayon::prelude::*;
use road::Course;
use sha2::{Digest, Sha256};
use solid::View;
use std::ops::Range;
pub use target::Class;

/// Columns of a scene.
pub const WIDTH: usize = 640;
/// Rows of a scene.
pub const HEIGHT: usize = 360;

/// Which of three disjoint seed ranges a scene is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Split {
    /// Seeds 0 to 2^32 - 1.
    Training,
    /// Seeds 2^32 to 2 * 2^32 - 1.
    Validation,
    /// Seeds 2 * 2^32 to 3 * 2^32 - 1.
    Test,
}

impl Split {
    /// All splits.
    pub const ALL: [Split; 3] = [Split::Training, Split::Validation, Split::Test];

    /// The seed of scene `index` of this split; indices wrap at 2^32.
    pub const fn seed(self, index: u64) -> u64 {
        ((self as u64) << 32) | (index & 0xffff_ffff)
    }
    /// The name used in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Split::Training => "training",
            Split::Validation => "validation",
            Split::Test => "test",
        }
    }
}

/// One image and where its target is.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// 640 x 360 RGB.
    pub image: Image,
    /// The target's box in pixels of the image.
    pub target: Box2D,
    /// What the target is.
    pub class: Class,
}

impl Scene {
    /// Scene `index` of `split`.
    pub fn generate(split: Split, index: u64) -> Scene {
        Scene::from_seed(split.seed(index))
    }

    /// Scenes of `split` as a network reads them in training: 3 x `height` x `width` bytes each (channel, row, column), the
    /// same as `preprocess` gives, and the target's box in fractions of the image.
    pub fn training_images(split: Split, indices: Range<u64>, width: usize, height: usize) -> (Vec<Vec<u8>>, Vec<Box2D>) {
        // A canvas takes millions of bytes: one for many scenes saves the system from handing them out anew.
        let image = |canvas: &mut Canvas, index| {
            let scene = Scene::paint(canvas, split.seed(index));
            (planes(&scene.image, width, height), scene.target.scale(1.0 / WIDTH as f32, 1.0 / HEIGHT as f32))
        };
        indices.into_par_iter().map_init(blank, image).unzip()
    }

    /// The box and class of scene `index` of `split`, without painting it.
    pub fn annotation(split: Split, index: u64) -> (Box2D, Class) {
        let subject = Subject::draw(&mut Rng::new(split.seed(index)));
        (subject.target_box, subject.class)
    }

    /// The scene of a seed: equal bytes on every platform.
    pub fn from_seed(seed: u64) -> Scene {
        Scene::paint(&mut blank(), seed)
    }

    fn paint(canvas: &mut Canvas, seed: u64) -> Scene {
        let mut rng = Rng::new(seed);
        let rng = &mut rng;
        let subject = Subject::draw(rng);
        let (camera, target_box) = (subject.camera, subject.target_box);
        // Every pixel is painted below, and shadows are gone once applied.
        canvas.texture.fill(0.0);
        canvas.leaf_at = [rng.below(256), rng.below(256)];
        ground::paint(canvas, rng, subject.ground, &camera);
        let shore = waterside(canvas, rng, &subject);
        if subject.ground != Ground::Water {
            roads(canvas, rng, &subject);
        }
        let things = surroundings(rng, &subject, shore.as_ref());
        let target = &subject.target;
        let shadow = rng.range(0.25, 0.65);
        things.iter().chain([target]).for_each(|p| p.solid.cast(canvas, &p.view, p.at));
        stray_shadows(canvas, rng, target_box);
        canvas.apply_shadows(shadow);
        ground::sky(canvas, rng, &camera);
        let mut order: Vec<&Placed> = things.iter().collect();
        // Nearer things (lower in the image) hide farther ones; the target comes last, so it is never hidden.
        order.sort_by(|a, b| a.at[1].total_cmp(&b.at[1]));
        order.into_iter().chain([target]).for_each(|p| p.solid.paint(canvas, &p.view, p.at));
        Scene { image: finish(canvas, rng, &camera, target_box), target: target_box, class: subject.class }
    }
}

fn blank() -> Canvas {
    Canvas::new(WIDTH, HEIGHT, [0.0; 3])
}

/// What a scene is about; drawn before anything is painted.
struct Subject {
    class: Class,
    ground: Ground,
    heading: f32,
    target: Placed,
    target_box: Box2D,
    camera: Camera,
}

impl Subject {
    fn draw(rng: &mut Rng) -> Subject {
        let class = Class::ALL[rng.below(Class::ALL.len())];
        let ground = if class == Class::Boat { Ground::Water } else { Ground::any_land(rng) };
        let heading = rng.range(0.0, 6.283);
        let (target, target_box) = place_target(rng, class, heading);
        let camera = camera(rng, &target);
        Subject { class, ground, heading, target, target_box, camera }
    }
}

/// A share of the image's area, distributed as the boxes of DAC-SDC.
fn area_share(rng: &mut Rng) -> f32 {
    let u = rng.unit();
    if u < 0.31 {
        rng.log_range(0.0016, 0.01)
    } else if u < 0.91 {
        rng.log_range(0.01, 0.09)
    } else {
        rng.log_range(0.09, 0.25)
    }
}

/// Builds the target, scales it to its share of the image and puts it wholly inside.
fn place_target(rng: &mut Rng, class: Class, heading: f32) -> (Placed, Box2D) {
    let (w, h) = (WIDTH as f32, HEIGHT as f32);
    let solid = class.build(rng, heading);
    // A third look far ahead, as a drone that follows a road does; the rest look down more steeply.
    let pitch = if rng.chance(0.35) { rng.range(0.2, 0.5) } else { rng.range(0.5, 1.25) };
    let angle = rng.range(0.0, 6.283);
    let reach = rng.range(0.3, 1.3);
    let sun = [libm::cosf(angle) * reach, libm::sinf(angle) * reach];
    let mut view = View { scale: 1.0, sin: libm::sinf(pitch), cos: libm::cosf(pitch), sun };
    let unit = solid.bounds(&view);
    let share = area_share(rng);
    view.scale = (share * w * h / unit.area()).sqrt().min(0.96 * w / unit.w).min(0.96 * h / unit.h);
    let b = solid.bounds(&view);
    let corner = [rng.range(1.0, w - b.w - 1.0), rng.range(1.0, h - b.h - 1.0)];
    let at = [corner[0] - b.x, corner[1] - b.y];
    (Placed { solid, view, at }, Box2D { x: corner[0], y: corner[1], ..b })
}

/// The camera that sees the target as it was placed: its horizon follows from the angle it looks down at.
fn camera(rng: &mut Rng, target: &Placed) -> Camera {
    let View { sin, cos, .. } = target.view;
    // A focal length of 0.7 to 1.1 times the width: angles of view of 71 to 49 degrees.
    let focal = rng.range(0.7, 1.1) * WIDTH as f32;
    let horizon = HEIGHT as f32 / 2.0 - focal * sin / cos.max(0.05);
    // The ground under the target is seen, and not at so flat an angle that its scale would explode in front.
    Camera::new(target.view, target.at[1], horizon.min(target.at[1] - rng.range(40.0, 130.0)))
}

/// The wake of a boat, then perhaps a bank where it leaves the boat on water.
fn waterside(canvas: &mut Canvas, rng: &mut Rng, subject: &Subject) -> Option<Shore> {
    if subject.ground != Ground::Water {
        return None;
    }
    let (target, b) = (&subject.target, subject.target_box);
    if rng.chance(0.7) {
        let length = b.w.max(b.h) / target.view.scale;
        clutter::wake(canvas, rng, &target.view, target.at, subject.heading, length);
    }
    let shore = if rng.chance(0.6) { Shore::draw(rng, &subject.camera, b, [WIDTH as f32, HEIGHT as f32]) } else { None };
    shore.iter().for_each(|s| s.paint(canvas, rng));
    shore
}

/// Roads: often one below the target if it drives, sometimes others.
fn roads(canvas: &mut Canvas, rng: &mut Rng, subject: &Subject) {
    let (camera, class) = (&subject.camera, subject.class);
    let scale = subject.target.view.scale;
    // Not narrower than 14 pixels at the target, nor wider than 190.
    let width = |rng: &mut Rng| (scale * rng.range(3.0, 9.0)).clamp(14.0, 190.0) / scale;
    for _ in 0..rng.below(3) {
        let row = rng.range(camera.first_row() + 10.0, HEIGHT as f32);
        let through = camera.ground([rng.unit() * WIDTH as f32, row]);
        let course = Course::new(camera, through, rng.range(0.0, 6.283), width(rng), rng.range(-0.06, 0.06));
        road::paint(canvas, rng, camera, &course);
    }
    let drives = matches!(class, Class::Car | Class::Truck | Class::Rider);
    if rng.chance(if drives { 0.7 } else { 0.35 }) {
        let through = camera.ground(subject.target.at);
        let course = Course::new(camera, through, subject.heading, width(rng), rng.range(-0.06, 0.06));
        road::paint(canvas, rng, camera, &course);
    }
}

fn surroundings(rng: &mut Rng, subject: &Subject, shore: Option<&Shore>) -> Vec<Placed> {
    let (camera, target) = (&subject.camera, subject.target_box);
    let count = 3 + rng.below(10);
    // What floats does not lie on the bank.
    let free = |b: Box2D| shore.is_none_or(|s| !s.touches(b));
    let mut things = clutter::distractors(rng, subject.ground, camera, target, count, free);
    if subject.ground != Ground::Water {
        things.extend(large::around(rng, camera, target));
    } else if let Some(shore) = shore {
        let stands = |p: &Placed| shore.touches(Box2D::centred(p.at[0], p.at[1], 1.0, 1.0));
        things.extend(large::around(rng, camera, target).into_iter().filter(stands));
    }
    things
}

/// Shadows of things outside the image.
fn stray_shadows(canvas: &mut Canvas, rng: &mut Rng, target: Box2D) {
    let extent = target.area().sqrt();
    for _ in 0..rng.below(4) {
        let centre = [rng.unit() * WIDTH as f32, rng.unit() * HEIGHT as f32];
        let radii = [extent * rng.range(0.2, 1.2), extent * rng.range(0.2, 0.6)];
        let angle = rng.range(0.0, 3.14);
        if rng.chance(0.7) {
            canvas.cover_leaves(centre, radii, |c, i, n| c.darken(i, n, 0.8));
        } else {
            canvas.cover_ellipse(centre, radii, angle, |c, i, n| c.darken(i, n, 0.8));
        }
    }
}

fn finish(canvas: &mut Canvas, rng: &mut Rng, camera: &Camera, target: Box2D) -> Image {
    if rng.chance(0.4) {
        weather::clouds(canvas, rng);
    }
    if rng.chance(0.3) {
        weather::haze(canvas, rng, camera);
    }
    let smallest = target.w.min(target.h);
    if rng.chance(0.35) {
        // A blur longer than half the target would leave nothing to find.
        let longest = (smallest * 0.3).min(7.0);
        let (angle, length) = (rng.range(0.0, 3.14), rng.range(1.0, 7.0).min(longest));
        if length >= 1.5 {
            weather::motion_blur(canvas, angle, length);
        }
    } else if rng.chance(0.2) && smallest > 14.0 {
        weather::defocus(canvas);
    }
    if rng.chance(0.2) {
        weather::watermark(canvas, rng);
    }
    weather::Sensor::random(rng).expose(canvas)
}

/// The version of the generator: SHA-256 (hex) over image, box and class of the first `count` scenes of each split.
pub fn version_hash(count: u64) -> String {
    let mut hash = Sha256::new();
    for split in Split::ALL {
        for index in 0..count {
            let scene = Scene::generate(split, index);
            hash.update(&scene.image.data);
            let t = scene.target;
            [t.x, t.y, t.w, t.h].iter().for_each(|v| hash.update(v.to_le_bytes()));
            hash.update([scene.class as u8]);
        }
    }
    hex::encode(hash.finalize())
}
