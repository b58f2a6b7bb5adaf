//! Persons on foot and on two wheels, in metres, facing along x.

use super::canvas::{Point, Rgb};
use super::solid::Solid;
use super::target::{DARK, paint_colour, tone};
use crate::dataset::rng::Rng;

fn cloth_colour(rng: &mut Rng) -> Rgb {
    let base = rng.range(0.1, 0.7);
    [0, 1, 2].map(|_| (base + rng.range(-0.25, 0.3)).clamp(0.04, 0.95))
}

fn skin_or_hair(rng: &mut Rng) -> Rgb {
    if rng.chance(0.5) { [0.12, 0.09, 0.07] } else { tone(rng, [0.72, 0.54, 0.42], 0.5, 1.1) }
}

/// A bar from `a` to `b` (x and height) at `y`, in three pieces that follow its slope.
fn limb(s: &mut Solid, y: f32, a: Point, b: Point, thick: f32, colour: Rgb) {
    for k in 0..3 {
        let (t, u) = (k as f32 / 3.0, (k + 1) as f32 / 3.0);
        let at = |t: f32, axis: usize| a[axis] + (b[axis] - a[axis]) * t;
        let (low, high) = (at(t, 1).min(at(u, 1)), at(t, 1).max(at(u, 1)));
        s.block(
            [(at(t, 0) + at(u, 0)) / 2.0, y],
            [thick + (at(u, 0) - at(t, 0)).abs(), thick],
            [low, high.max(low + thick * 0.6)],
            1.0,
            colour,
        );
    }
}

/// A person who stands or walks.
pub fn person(rng: &mut Rng) -> Solid {
    let (trousers, shirt) = (cloth_colour(rng).map(|c| c * 0.7), cloth_colour(rng));
    let tall = rng.range(0.9, 1.1);
    let stride = rng.range(0.0, 0.36);
    let skin = skin_or_hair(rng);
    let mut s = Solid::default();
    for (side, step) in [(-0.1, -stride), (0.1, stride)] {
        limb(&mut s, side, [step, 0.0], [0.0, 0.85 * tall], 0.16, trousers);
    }
    let sleeve = if rng.chance(0.4) { skin } else { shirt.map(|c| c * 0.9) };
    let swing = rng.range(-0.25, 0.35);
    limb(&mut s, -0.27, [swing, 0.8 * tall], [0.0, 1.42 * tall], 0.11, sleeve);
    s.block([0.0, 0.0], [0.26, 0.46], [0.8 * tall, 1.47 * tall], 0.85, shirt);
    if rng.chance(0.2) {
        // An arm held forward: a telephone, a lead, a remote control.
        s.block([0.22, 0.2], [0.44, 0.11], [1.1 * tall, 1.22 * tall], 1.0, sleeve);
    } else {
        limb(&mut s, 0.27, [-swing, 0.8 * tall], [0.0, 1.42 * tall], 0.11, sleeve);
    }
    if rng.chance(0.3) {
        s.block([-0.2, 0.0], [0.16, 0.32], [0.95 * tall, 1.4 * tall], 1.0, cloth_colour(rng));
    }
    s.ball([0.02, 0.0, 1.6 * tall], 0.13, skin);
    if rng.chance(0.25) {
        s.disc([0.02, 0.0, 1.66 * tall], 0.2, cloth_colour(rng), 1.0);
    }
    s
}

/// A person on a bicycle or motorcycle.
pub fn rider(rng: &mut Rng) -> Solid {
    let (frame, shirt, trousers) = (paint_colour(rng), cloth_colour(rng), cloth_colour(rng).map(|c| c * 0.6));
    let motor = rng.chance(0.5);
    let wide = if motor { 0.16 } else { 0.06 };
    let mut s = Solid::default();
    for end in [-0.58, 0.58] {
        // A wheel: an octagon standing on edge, in steps.
        for (half, z) in [(0.2, [0.0, 0.1]), (0.31, [0.1, 0.56]), (0.2, [0.56, 0.66])] {
            s.block([end, 0.0], [2.0 * half, wide], z, 1.0, DARK);
        }
    }
    let body = if motor { [0.35, 0.85] } else { [0.55, 0.68] };
    s.block([0.0, 0.0], [1.1, wide * 1.8], body, 0.9, frame);
    s.block([0.5, 0.0], [0.07, 0.6], [0.98, 1.05], 1.0, DARK);
    let pedal = rng.range(-0.2, 0.2);
    for (side, low) in [(-0.15, 0.3 + pedal), (0.15, 0.3 - pedal)] {
        limb(&mut s, side, [0.1, low.max(0.12)], [0.22, 0.7], 0.13, trousers);
        s.block([0.08, side], [0.4, 0.15], [0.7, 0.92], 0.9, trousers);
    }
    let lean = rng.range(0.0, 0.3);
    s.block([-0.08 + lean * 0.3, 0.0], [0.3, 0.42], [0.88, 1.18], 0.95, shirt);
    for side in [-0.25, 0.25] {
        limb(&mut s, side, [0.45, 1.02], [lean * 0.8, 1.38], 0.1, shirt.map(|c| c * 0.9));
    }
    s.block([-0.05 + lean * 0.8, 0.0], [0.3, 0.46], [1.16, 1.5 - lean * 0.4], 0.85, shirt);
    if rng.chance(0.25) {
        s.block([-0.28 + lean * 0.6, 0.0], [0.18, 0.32], [1.0, 1.42], 0.9, cloth_colour(rng));
    }
    let head = if rng.chance(0.6) { paint_colour(rng) } else { skin_or_hair(rng) };
    s.ball([0.06 + lean * 1.1, 0.0, 1.64 - lean * 0.4], 0.15, head);
    if motor && rng.chance(0.3) {
        s.block([-0.62, 0.0], [0.4, 0.42], [0.85, 1.2], 1.0, paint_colour(rng));
    }
    s
}
