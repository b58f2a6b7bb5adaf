//! Classes of object sizes.

use std::ops::Range;

/// A range of sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeClass {
    /// For tables.
    pub name: &'static str,
    /// Shares of the image's area.
    pub shares: Range<f32>,
}

/// Of UAV images about a third of the objects take less than a hundredth of the image (DAC-SDC); these classes hold about 31, 25, 24 and 20 %
/// of the procedural scenes.
pub const SIZES: [SizeClass; 4] = [
    SizeClass { name: "under 1 %", shares: 0.0..0.01 },
    SizeClass { name: "1 to 2.5 %", shares: 0.01..0.025 },
    SizeClass { name: "2.5 to 6 %", shares: 0.025..0.06 },
    SizeClass { name: "over 6 %", shares: 0.06..f32::INFINITY },
];

/// The name of all sizes together.
pub const ALL: &str = "all";
