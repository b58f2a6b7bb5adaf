//! Observation 1 of the co-design paper (Zhang et al., arXiv 1905.08369, section 3): at similar compression, accuracy falls faster with the width of
//! feature maps than with that of weights.

use super::row::{Kind, Row};
use serde::Serialize;

/// One point of one of the two curves: a line of `observation1.csv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// What is reduced: `features` or `weights`; the other is as wide as the sweep goes (where its points were not all swept, the width with the most of them).
    pub reduced: &'static str,
    /// Its width.
    pub bits: u8,
    /// Width of the other.
    pub other_bits: u8,
    /// Of what is reduced, against float32.
    pub compression: f64,
    /// Mean intersection over union.
    pub mean_iou: f64,
    /// Standard error of that mean.
    pub standard_error: f64,
}

/// Features reduced at one width of weights, and weights reduced at one width of features, each the width with the most points, of several the widest; from the
/// widest down. Post-training points only.
pub fn curves(rows: &[Row]) -> [Vec<Point>; 2] {
    let grid: Vec<&Row> = rows.iter().filter(|r| r.kind == Kind::PostTraining).collect();
    let fullest = |of: fn(&Row) -> u8| {
        let points = |bits: u8| grid.iter().filter(|r| of(r) == bits).count();
        grid.iter().map(|r| of(r)).max_by_key(|&bits| (points(bits), bits)).unwrap_or(0)
    };
    let (features, weights) = (fullest(|r| r.feature_bits), fullest(|r| r.weight_bits));
    let curve = |reduced, keep: &dyn Fn(&Row) -> bool, of: fn(&Row) -> (u8, f64), other_bits| {
        let point = |r: &&Row| {
            let (bits, compression) = of(r);
            Point { reduced, bits, other_bits, compression, mean_iou: r.mean_iou, standard_error: r.standard_error }
        };
        let mut points: Vec<Point> = grid.iter().filter(|r| keep(r)).map(point).collect();
        points.sort_by_key(|p| std::cmp::Reverse(p.bits));
        points
    };
    [
        curve("features", &|r| r.weight_bits == weights, |r| (r.feature_bits, r.feature_compression), weights),
        curve("weights", &|r| r.feature_bits == features, |r| (r.weight_bits, r.weight_compression), features),
    ]
}
