//! The six kinds of labelled target, as solids in metres with the ground at z = 0.

use super::canvas::{Point, Rgb};
use super::solid::Solid;
use super::{people, vehicles};
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
            Class::Car => vehicles::car(rng).placed(heading, 0.0),
            Class::Truck => vehicles::truck(rng).placed(heading, 0.0),
            Class::Person => people::person(rng).placed(heading, 0.0),
            Class::Rider => people::rider(rng).placed(heading, 0.0),
            Class::Boat => boat(rng).placed(heading, 0.0),
            Class::Drone => {
                let up = rng.range(1.0, 6.0);
                drone(rng).placed(heading, up)
            }
        }
    }
}

pub(super) const DARK: Rgb = [0.05, 0.055, 0.065];
pub(super) const GLASS: Rgb = [0.10, 0.13, 0.17];

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
