//! Colours that people with any colour vision can tell apart (Okabe and Ito, "Color Universal Design", 2008).

use plotters::style::RGBColor;

pub const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub const MUTED: RGBColor = RGBColor(0x59, 0x59, 0x59);
pub const GRID: RGBColor = RGBColor(0xDD, 0xDD, 0xDD);
pub const TRACK: RGBColor = RGBColor(0xF1, 0xF1, 0xF1);
pub const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
pub const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
pub const SKY: RGBColor = RGBColor(0x56, 0xB4, 0xE9);
pub const GREEN: RGBColor = RGBColor(0x00, 0x9E, 0x73);
pub const YELLOW: RGBColor = RGBColor(0xF0, 0xE4, 0x42);
pub const ORANGE: RGBColor = RGBColor(0xE6, 0x9F, 0x00);
pub const VERMILION: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
pub const PURPLE: RGBColor = RGBColor(0xCC, 0x79, 0xA7);
pub const GREY: RGBColor = RGBColor(0xB8, 0xB8, 0xB8);

/// Busy, wait operand, wait space, wait job, idle: in the order of [`crate::record::CycleSplit::parts`].
pub const SPLIT: [RGBColor; 5] = [BLUE, ORANGE, GREEN, PURPLE, GREY];

/// For parts of a whole, largest first.
pub const PARTS: [RGBColor; 8] = [BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW, GREY];
