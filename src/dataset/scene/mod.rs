//! Procedural UAV-like scenes with one labelled target each, fully given by a seed.
//!
//! 640 x 360 pixels as in DAC-SDC; areas of the boxes follow its histogram (Xu et al., "DAC-SDC low power object detection
//! challenge for UAV applications", figure 2: 31 % under 1 % of the image, 91 % under 9 %).

#![allow(
    clippy::approx_constant,
    reason = "random angles stop a hair short of a turn: the exact constants would change every scene of this version"
)]

mod canvas;
mod clutter;
mod ground;
mod solid;
mod target;
mod weather;

use crate::dataset::frame::Image;
use crate::dataset::iou::Box2D;
use crate::dataset::rng::Rng;
use canvas::{Canvas, Point};
use clutter::Placed;
use ground::Ground;
use sha2::{Digest, Sha256};
use solid::View;
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

    /// The box and class of scene `index` of `split`, without painting it.
    pub fn annotation(split: Split, index: u64) -> (Box2D, Class) {
        let subject = Subject::draw(&mut Rng::new(split.seed(index)));
        (subject.target_box, subject.class)
    }

    /// The scene of a seed: equal bytes on every platform.
    pub fn from_seed(seed: u64) -> Scene {
        let mut rng = Rng::new(seed);
        let rng = &mut rng;
        let Subject { class, ground, heading, target, target_box } = Subject::draw(rng);
        let view = target.view;
        let mut canvas = Canvas::new(WIDTH, HEIGHT, [0.0; 3]);
        ground::paint(&mut canvas, rng, ground, view.scale);
        if ground != Ground::Water {
            roads(&mut canvas, rng, &view, class, target.at, heading);
        }
        let things = surroundings(rng, ground, &view, target_box);
        let shadow = rng.range(0.25, 0.65);
        things.iter().chain([&target]).for_each(|p| p.solid.cast(&mut canvas, &p.view, p.at));
        stray_shadows(&mut canvas, rng, target_box);
        canvas.apply_shadows(shadow);
        if class == Class::Boat {
            let length = target_box.w.max(target_box.h) / view.scale;
            clutter::wake(&mut canvas, rng, &view, target.at, heading, length);
        }
        let mut order: Vec<&Placed> = things.iter().collect();
        // Nearer things (lower in the image) hide farther ones; the target comes last, so it is never hidden.
        order.sort_by(|a, b| a.at[1].total_cmp(&b.at[1]));
        order.into_iter().chain([&target]).for_each(|p| p.solid.paint(&mut canvas, &p.view, p.at));
        Scene { image: finish(&mut canvas, rng, target_box), target: target_box, class }
    }
}

/// What a scene is about; drawn before anything is painted.
struct Subject {
    class: Class,
    ground: Ground,
    heading: f32,
    target: Placed,
    target_box: Box2D,
}

impl Subject {
    fn draw(rng: &mut Rng) -> Subject {
        let class = Class::ALL[rng.below(Class::ALL.len())];
        let ground = if class == Class::Boat { Ground::Water } else { Ground::any_land(rng) };
        let heading = rng.range(0.0, 6.283);
        let (target, target_box) = place_target(rng, class, heading);
        Subject { class, ground, heading, target, target_box }
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
    let pitch = rng.range(0.5, 1.25);
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

/// Roads: often one below the target if it drives, sometimes others.
fn roads(canvas: &mut Canvas, rng: &mut Rng, view: &View, class: Class, at: Point, heading: f32) {
    let width = |rng: &mut Rng| (view.scale * rng.range(4.0, 9.0)).clamp(14.0, 190.0);
    for _ in 0..rng.below(3) {
        let through = [rng.unit() * WIDTH as f32, rng.unit() * HEIGHT as f32];
        let (angle, wide) = (rng.range(0.0, 6.283), width(rng));
        ground::road(canvas, rng, through, angle, wide);
    }
    let drives = matches!(class, Class::Car | Class::Truck | Class::Rider);
    if rng.chance(if drives { 0.7 } else { 0.2 }) {
        // The direction on the image of a heading on the ground.
        let angle = libm::atan2f(libm::sinf(heading) * view.sin, libm::cosf(heading));
        let wide = width(rng);
        ground::road(canvas, rng, at, angle, wide);
    }
}

fn surroundings(rng: &mut Rng, ground: Ground, view: &View, target: Box2D) -> Vec<Placed> {
    let size = [WIDTH as f32, HEIGHT as f32];
    let count = 3 + rng.below(9);
    let mut things = clutter::distractors(rng, ground, view, target, size, count);
    if ground != Ground::Water {
        let (trees, buildings) = (rng.below(7), if rng.chance(0.4) { 1 + rng.below(3) } else { 0 });
        things.extend(clutter::large(rng, view, target, size, trees, buildings));
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
        canvas.cover_ellipse(centre, radii, angle, |c, i, coverage, _| c.shadow[i] = c.shadow[i].max(coverage * 0.8));
    }
}

fn finish(canvas: &mut Canvas, rng: &mut Rng, target: Box2D) -> Image {
    if rng.chance(0.5) {
        weather::clouds(canvas, rng);
    }
    if rng.chance(0.3) {
        weather::haze(canvas, rng);
    }
    if rng.chance(0.4) {
        // A blur longer than half the target would leave nothing to find.
        let longest = (target.w.min(target.h) * 0.3).min(7.0);
        let (angle, length) = (rng.range(0.0, 3.14), rng.range(1.0, 7.0).min(longest));
        if length >= 1.5 {
            weather::motion_blur(canvas, angle, length);
        }
    }
    weather::expose(canvas, rng)
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
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
