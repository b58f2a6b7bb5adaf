//! Cars and lorries, in metres, facing along x.

use super::solid::Solid;
use super::target::{DARK, GLASS, paint_colour, tone};
use crate::dataset::rng::Rng;

/// A saloon, hatchback, van or pickup.
pub fn car(rng: &mut Rng) -> Solid {
    let paint = paint_colour(rng);
    let kind = rng.below(6);
    // Saloon or hatchback, van, pickup: proportions of cabin and roof.
    let (length, width) = if kind == 4 { (rng.range(4.6, 5.6), rng.range(1.9, 2.1)) } else { (rng.range(3.6, 4.9), rng.range(1.65, 1.95)) };
    let belt = rng.range(0.8, 0.98);
    let roof = if kind == 4 { rng.range(1.9, 2.4) } else { rng.range(1.4, 1.75) };
    let (cabin, shift, taper) = match kind {
        4 => (length * 0.78, -0.1 * length, 0.93),
        5 => (length * 0.36, 0.06 * length, 0.8),
        _ => (length * rng.range(0.46, 0.64), rng.range(-0.5, -0.1), rng.range(0.72, 0.84)),
    };
    let mut s = Solid::default();
    s.block([0.0, 0.0], [length * 0.92, width * 0.94], [0.0, 0.3], 1.0, DARK);
    s.block([0.0, 0.0], [length, width], [0.3, belt], 0.97, paint);
    for (end, side) in [(0.31, 0.5), (0.31, -0.5), (-0.31, 0.5), (-0.31, -0.5)] {
        s.block([end * length, side * width * 0.94], [0.62, 0.16], [0.02, 0.6], 0.9, DARK);
    }
    if kind == 5 {
        s.decal([-0.31 * length, 0.0], [length * 0.33, width * 0.8], belt + 0.01, paint.map(|c| c * 0.45));
    }
    s.block([shift, 0.0], [cabin, width * 0.93], [belt, roof], taper, if kind == 4 { paint.map(|c| c * 0.96) } else { GLASS });
    if kind == 4 {
        s.block([shift + cabin * 0.44, 0.0], [cabin * 0.14, width * 0.9], [belt + 0.05, roof - 0.35], 0.9, GLASS);
    }
    s.decal([shift, 0.0], [cabin * 0.88 * taper, width * 0.9 * taper], roof + 0.01, paint.map(|c| c * 1.04));
    extras(&mut s, rng, [shift, cabin, width], roof);
    for side in [-1.0, 1.0] {
        s.decal([length * 0.485, side * width * 0.36], [0.14, 0.34], belt - 0.1, [0.95, 0.94, 0.85]);
        s.decal([-length * 0.485, side * width * 0.36], [0.12, 0.34], belt - 0.1, [0.55, 0.05, 0.05]);
    }
    s
}

/// What some cars carry on the roof of a cabin given by [middle, length, width]: rails, a box, a sun roof.
fn extras(s: &mut Solid, rng: &mut Rng, [shift, cabin, width]: [f32; 3], roof: f32) {
    match rng.below(6) {
        0 => {
            for side in [-0.3, 0.3] {
                s.block([shift, side * width], [cabin * 0.6, 0.07], [roof, roof + 0.1], 1.0, DARK);
            }
            if rng.chance(0.5) {
                s.block([shift, 0.1 * width], [cabin * 0.5, width * 0.35], [roof + 0.08, roof + 0.4], 0.85, paint_colour(rng));
            }
        }
        1 => {
            s.decal([shift + 0.1, 0.0], [cabin * 0.26, width * 0.5], roof + 0.02, GLASS);
        }
        _ => {}
    }
}

/// A lorry with a closed or open body.
pub fn truck(rng: &mut Rng) -> Solid {
    let (cab, cargo) = (paint_colour(rng), paint_colour(rng));
    let (length, width, height) = (rng.range(6.0, 9.5), rng.range(2.2, 2.5), rng.range(2.4, 3.5));
    let front = rng.range(1.6, 2.2);
    let bed = length - front - 0.25;
    let mut s = Solid::default();
    let open = rng.chance(0.25);
    s.block([0.0, 0.0], [length * 0.96, width * 0.85], [0.3, 0.75], 1.0, DARK);
    for end in [-0.4, -0.25, 0.36] {
        for side in [-0.46, 0.46] {
            s.block([end * length, side * width], [0.95, 0.26], [0.0, 0.95], 0.9, DARK);
        }
    }
    let behind = [-length / 2.0 + bed / 2.0, 0.0];
    s.block(behind, [bed, width], [0.75, if open { 1.5 } else { height }], 1.0, cargo);
    if open {
        s.decal(behind, [bed * 0.93, width * 0.88], 1.5, tone(rng, [0.25, 0.2, 0.16], 0.6, 1.8));
    } else if rng.chance(0.4) {
        // Ribs or straps across the roof.
        for k in 0..4 {
            let x = behind[0] + bed * (k as f32 * 0.24 - 0.36);
            s.decal([x, 0.0], [0.12, width * 0.98], height + 0.01, cargo.map(|c| c * 0.75));
        }
    }
    let ahead = [length / 2.0 - front / 2.0, 0.0];
    s.block(ahead, [front, width * 0.96], [0.4, 1.4], 1.0, cab);
    s.block(ahead, [front * 0.97, width * 0.93], [1.4, 2.1], 0.9, GLASS);
    s.block(ahead, [front * 0.86, width * 0.84], [2.1, 2.35], 0.95, cab);
    s
}
