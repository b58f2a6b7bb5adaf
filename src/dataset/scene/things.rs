//! Small things that resemble targets in shape and colours, in metres; none is of a class that is labelled.

use super::canvas::{Point, Rgb};
use super::solid::Solid;
use super::target::{paint_colour, tone};
use crate::dataset::rng::Rng;

/// Something on land that is no target.
pub fn standing(rng: &mut Rng) -> Solid {
    let mut s = Solid::default();
    let colour = paint_colour(rng);
    match rng.below(14) {
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
        kind => street(&mut s, rng, kind, colour),
    }
    s
}

/// Things of streets and gardens: kinds 7 to 13.
fn street(s: &mut Solid, rng: &mut Rng, kind: usize, colour: Rgb) {
    match kind {
        // A statue, urn or post with a knob: as tall and slim as a person.
        7 => {
            let (pale, h) = (tone(rng, [0.7, 0.69, 0.66], 0.4, 1.2), rng.range(0.7, 1.3));
            s.block([0.0, 0.0], [0.4, 0.4], [0.0, h * 0.4], 0.8, pale);
            s.block([0.0, 0.0], [0.24, 0.24], [h * 0.4, h], 1.4, pale).ball([0.0, 0.0, h + 0.12], 0.17, pale);
        }
        // A tarpaulin over a heap: as long and high as a car, in a car's colours, but without cabin, glass, lamps or wheels.
        8 => {
            let (l, w, h) = (rng.range(2.5, 4.8), rng.range(1.5, 2.2), rng.range(0.7, 1.4));
            s.block([0.0, 0.0], [l, w], [0.0, h * 0.4], 0.9, colour.map(|c| c * 0.94));
            s.block([0.0, 0.0], [l * 0.9, w * 0.9], [h * 0.4, h], rng.range(0.2, 0.6), colour);
        }
        // Bins side by side, with lids.
        9 => {
            for k in 0..1 + rng.below(3) {
                let (x, lid) = (k as f32 * 0.75, paint_colour(rng));
                s.block([x, 0.0], [0.6, 0.6], [0.0, 1.0], 1.1, colour).block([x, 0.0], [0.66, 0.66], [1.0, 1.1], 0.9, lid);
            }
        }
        // A cone or bollard with a band.
        10 => {
            let paint = if rng.chance(0.6) { [0.82, 0.34, 0.1] } else { colour };
            s.block([0.0, 0.0], [0.4, 0.4], [0.0, 0.05], 1.0, [0.1, 0.1, 0.1]).block([0.0, 0.0], [0.3, 0.3], [0.05, 0.4], 0.6, paint);
            s.block([0.0, 0.0], [0.18, 0.18], [0.4, 0.52], 0.85, [0.86, 0.86, 0.84]).block(
                [0.0, 0.0],
                [0.15, 0.15],
                [0.52, 0.75],
                0.4,
                paint,
            );
        }
        // A parasol, closed or open.
        11 => {
            let wide = if rng.chance(0.3) { 0.25 } else { 1.3 };
            s.block([0.0, 0.0], [0.08, 0.08], [0.0, 2.0], 1.0, [0.3, 0.3, 0.3]);
            s.prism(&octagon(wide), [1.9, 2.5], 0.1, colour);
        }
        // A sapling held by stakes.
        12 => {
            for (x, y) in [(0.3, 0.1), (-0.2, 0.25), (-0.1, -0.3)] {
                s.block([x, y], [0.06, 0.06], [0.0, 1.3], 1.0, [0.4, 0.3, 0.2]);
            }
            let green = tone(rng, [0.22, 0.32, 0.13], 0.7, 1.3);
            s.leaves([0.0, 0.0, 1.6], 0.5, green).leaves([0.15, 0.1, 2.0], 0.35, green.map(|c| c * 1.2));
        }
        // A bench or rack: low parallel bars.
        _ => {
            for y in [-0.4, 0.0, 0.4] {
                s.block([0.0, y], [2.0, 0.16], [0.35, 0.45], 1.0, colour.map(|c| c * 0.8));
            }
        }
    }
}

/// Something on water that is no target.
pub fn floating(rng: &mut Rng) -> Solid {
    let mut s = Solid::default();
    match rng.below(7) {
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
        // A stake.
        4 => {
            let h = rng.range(0.8, 2.0);
            s.block([0.0, 0.0], [0.16, 0.16], [0.0, h], 1.0, [0.3, 0.24, 0.18]);
        }
        // A raft of planks with a box or canopy, no bow.
        5 => {
            let (l, w) = (rng.range(2.5, 5.0), rng.range(1.6, 2.6));
            s.block([0.0, 0.0], [l, w], [0.0, 0.25], 1.0, tone(rng, [0.42, 0.34, 0.25], 0.6, 1.3));
            s.block([0.0, 0.0], [l * 0.4, w * 0.6], [0.25, 0.9], 1.0, paint_colour(rng));
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
        s.leaves([rng.range(-0.5, 0.5), rng.range(-0.5, 0.5), r * 0.8], r, green.map(|c| c * light));
    }
}

fn octagon(radius: f32) -> [Point; 8] {
    let d = radius * 0.7071;
    [[radius, 0.0], [d, -d], [0.0, -radius], [-d, -d], [-radius, 0.0], [-d, d], [0.0, radius], [d, d]]
}
