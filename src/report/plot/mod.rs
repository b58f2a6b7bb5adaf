//! SVG plots. Each draws itself for a given width, so that a phone gets a plot laid out for it and not a shrunken one.

pub mod bundles;
pub mod canvas;
pub mod front;
pub mod heat;
pub mod latency;
pub mod model;
pub mod observation;
pub mod palette;
pub mod power;
pub mod ranking;
pub mod resources;
pub mod roofline;
pub mod scale;
pub mod steps;
pub mod strips;
pub mod synthesis;
pub mod training;
pub mod utilisation;

/// Width of a plot on a page or as a file of its own, pixels.
pub const WIDE: i32 = 960;
/// Width of a plot on a phone, pixels.
pub const NARROW: i32 = 360;

/// Below this width names get less room and axes fewer ticks.
const COMPACT: i32 = 600;

fn is_compact(width: i32) -> bool {
    width < COMPACT
}
