//! The six kinds of labelled target, as solids in metres with the ground at z = 0.

use super::canvas::{Point, Rgb};
use super::solid::Solid;
use crate::dataset::rng::Rng;
use serde::{Deserialize, Serialize};

/// What the one labelled target of a scene is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A passenger car.
    Car,
    /// A lorry with cab and cargo body.
    Truck,
    /// A standing or walking person.
    Person,
    /// A person on a bicycle or motorcycle.
    Rider,
    /// A boat on water, with wake.
    Boat,
    /// Another drone, in the air.
    Drone,
}

impl Class {
    /// All classes, in the order they are numbered.
    pub const ALL: [Class; 6] = [Class::Car, Class::Truck, Class::Person, Class::Rider, Class::Boat, Class::Drone];

    /// The name used in annotation files.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Car => "car",
            Class::Truck => "truck",
            Class::Person => "person",
            Class::Rider => "rider",
            Class::Boat => "boat",
            Class::Drone => "drone",
        }
    }

    /// A random specimen, facing `heading` radians.
    pub fn build(self, rng: &mut Rng, heading: f32) -> Solid {
        match self {
            Class::Car => car(rng).placed(heading, 0.0),
            Class::Truck => truck(rng).placed(heading, 0.0),
            Class::Person => person(rng).placed(heading, 0.0),
            Class::Rider => rider(rng).placed(heading, 0.0),
            Class::Boat => boat(rng).placed(heading, 0.0),
            Class::Drone => {
                let up = rng.range(1.0, 6.0);
                drone(rng).placed(heading, up)
            }
        }
    }
}

const DARK: Rgb = [0.05, 0.055, 0.065];
const GLASS: Rgb = [0.10, 0.13, 0.17];

/// Colours cars, lorries and clutter are painted in: mostly white, grey, silver and black.
pub fn paint_colour(rng: &mut Rng) -> Rgb {
    const PALETTE: [Rgb; 12] = [
        [0.90, 0.90, 0.88],
        [0.84, 0.85, 0.86],
        [0.62, 0.64, 0.66],
        [0.42, 0.43, 0.45],
        [0.22, 0.23, 0.25],
        [0.09, 0.09, 0.10],
        [0.62, 0.10, 0.09],
        [0.12, 0.22, 0.48],
        [0.78, 0.68, 0.22],
        [0.16, 0.36, 0.22],
        [0.45, 0.30, 0.18],
        [0.80, 0.42, 0.12],
    ];
    let base = PALETTE[rng.below(PALETTE.len())];
    tone(rng, base, 0.85, 1.15)
}

/// `colour` lighter or darker by `low..high`, and a touch of another hue.
pub fn tone(rng: &mut Rng, colour: Rgb, low: f32, high: f32) -> Rgb {
    let light = rng.range(low, high);
    colour.map(|c| (c * light * rng.range(0.96, 1.04)).min(1.0))
}

fn cloth_colour(rng: &mut Rng) -> Rgb {
    let base = rng.range(0.1, 0.7);
    [0, 1, 2].map(|_| (base + rng.range(-0.25, 0.3)).clamp(0.04, 0.95))
}

fn skin_or_hair(rng: &mut Rng) -> Rgb {
    if rng.chance(0.5) { [0.12, 0.09, 0.07] } else { tone(rng, [0.72, 0.54, 0.42], 0.5, 1.1) }
}

fn car(rng: &mut Rng) -> Solid {
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

fn truck(rng: &mut Rng) -> Solid {
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

/// A bar from `a` to `b` (x and height) at `y`, in three pieces that follow its slope.
fn limb(s: &mut Solid, y: f32, a: Point, b: Point, thick: f32, colour: Rgb) {
    for k in 0..3 {
        let (t, u) = (k as f32 / 3.0, (k + 1) as f32 / 3.0);
        let at = |t: f32, axis: usize| a[axis] + (b[axis] - a[axis]) * t;
        let (low, high) = (at(t, 1).min(at(u, 1)), at(t, 1).max(at(u, 1)));
        s.block([(at(t, 0) + at(u, 0)) / 2.0, y], [thick, thick], [low, high.max(low + thick * 0.6)], 1.0, colour);
    }
}

fn person(rng: &mut Rng) -> Solid {
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

fn rider(rng: &mut Rng) -> Solid {
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

fn boat(rng: &mut Rng) -> Solid {
    let (hull, cabin) = (paint_colour(rng), paint_colour(rng));
    let (length, width, side) = (rng.range(4.5, 9.0), rng.range(1.6, 2.6), rng.range(0.5, 1.0));
    let outline = |scale: f32| -> [Point; 5] {
        let (x, y) = (length / 2.0 * scale, width / 2.0 * scale);
        [[-x, y], [x * 0.45, y], [x, 0.0], [x * 0.45, -y], [-x, -y]]
    };
    let mut s = Solid::default();
    s.prism(&outline(1.0), [0.0, side], 1.0, hull);
    let deck = tone(rng, [0.55, 0.42, 0.28], 0.6, 1.4);
    s.prism(&outline(0.82), [side, side + 0.02], 1.0, deck);
    let shift = rng.range(-0.25, 0.05) * length;
    let room = length * rng.range(0.22, 0.36);
    s.block([shift, 0.0], [room, width * 0.66], [side, side + 0.55], 0.92, GLASS);
    s.block([shift, 0.0], [room * 1.08, width * 0.68], [side + 0.55, side + 0.75], 0.96, cabin);
    s
}

fn drone(rng: &mut Rng) -> Solid {
    let shell = if rng.chance(0.6) { [0.88, 0.88, 0.9] } else { [0.1, 0.1, 0.11] };
    let arm = rng.range(0.26, 0.36);
    let mut s = Solid::default();
    let thin = arm * 0.16;
    for (cx, cy) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
        let (x, y) = (arm * cx, arm * cy);
        // An arm from the middle to its motor: a thin quad across the diagonal.
        let (nx, ny) = (thin * 0.7 * cy * 0.7, -thin * 0.7 * cx * 0.7);
        let quad = if cx * cy > 0.0 {
            [[nx, ny], [-nx, -ny], [x - nx, y - ny], [x + nx, y + ny]]
        } else {
            [[-nx, -ny], [nx, ny], [x + nx, y + ny], [x - nx, y - ny]]
        };
        s.prism(&quad, [0.02, 0.07], 1.0, shell.map(|c| c * 0.85));
        s.block([x, y], [thin * 1.3, thin * 1.3], [0.0, 0.12], 1.0, DARK);
        s.block([x * 0.45, y * 0.45], [0.03, 0.03], [-0.14, 0.0], 1.0, DARK);
    }
    s.block([0.0, 0.0], [arm * 1.0, arm * 0.66], [-0.02, 0.13], 0.8, shell);
    s.ball([arm * 0.5, 0.0, -0.02], arm * 0.17, DARK);
    let blur = if rng.chance(0.5) { [0.75, 0.76, 0.78] } else { [0.16, 0.16, 0.17] };
    for (cx, cy) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
        s.disc([arm * cx, arm * cy, 0.14], arm * 0.62, blur, 0.5);
    }
    s
}
