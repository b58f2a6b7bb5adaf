//! Which points are worth fine-tuning.

use super::row::{Kind, Row};

/// Points worth it have at least and at most this share of the best post-training accuracy: below, nothing of the network is left to tune; above,
/// there is nothing to win.
const WORTH: (f64, f64) = (0.25, 0.97);
/// The first point is the one nearest to this share.
const FIRST: f64 = 0.9;

/// At most `count` points (features, weights), in order, spread over where post-training accuracy falls: the first is the one nearest to 90 % of
/// the best accuracy, each further one the candidate farthest (in bits) from all that are chosen. Ties go to fewer feature bits, then fewer weight bits.
pub fn points(rows: &[Row], count: usize) -> Vec<(u8, u8)> {
    let grid: Vec<&Row> = rows.iter().filter(|r| r.kind == Kind::PostTraining).collect();
    let best = grid.iter().map(|r| r.mean_iou).fold(0.0, f64::max);
    let mut candidates: Vec<&Row> = grid.into_iter().filter(|r| (WORTH.0 * best..=WORTH.1 * best).contains(&r.mean_iou)).collect();
    candidates.sort_by_key(|r| r.key());
    let mut chosen: Vec<(u8, u8)> = Vec::new();
    let off = |r: &Row| (r.mean_iou - FIRST * best).abs();
    if let Some(first) = candidates.iter().copied().reduce(|a, b| if off(b) < off(a) { b } else { a }).filter(|_| count > 0) {
        chosen.push((first.feature_bits, first.weight_bits));
    }
    while chosen.len() < count.min(candidates.len()) {
        let distance = |r: &Row| chosen.iter().map(|&c| squared(c, (r.feature_bits, r.weight_bits))).min().unwrap_or(0);
        let Some(next) = candidates.iter().copied().reduce(|a, b| if distance(b) > distance(a) { b } else { a }) else { break };
        chosen.push((next.feature_bits, next.weight_bits));
    }
    chosen.sort_unstable();
    chosen
}

fn squared(a: (u8, u8), b: (u8, u8)) -> u32 {
    u32::from(a.0.abs_diff(b.0)).pow(2) + u32::from(a.1.abs_diff(b.1)).pow(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(iou: impl Fn(u8, u8) -> f64) -> Vec<Row> {
        let row = |f, w| Row {
            kind: Kind::PostTraining,
            feature_bits: f,
            weight_bits: w,
            epochs: 0,
            mean_iou: iou(f, w),
            standard_error: 0.0,
            feature_compression: 1.0,
            weight_compression: 1.0,
        };
        (4..=16).flat_map(|f| (2..=16).map(move |w| row(f, w))).collect()
    }

    #[test]
    fn points_lie_apart_where_accuracy_falls() {
        // 0.6 from 8 bits on, 0.1 less for each bit below.
        let iou = |f: u8, w: u8| 0.6 - 0.1 * f64::from(8 - f.min(8)) - 0.1 * f64::from(8 - w.min(8));
        let all = rows(iou);
        let chosen = points(&all, 12);
        assert_eq!(chosen.len(), 12);
        assert!(chosen.is_sorted() && chosen.windows(2).all(|p| p[0] != p[1]));
        for &(f, w) in &chosen {
            assert!((0.15..=0.582).contains(&iou(f, w)), "{f}, {w}");
        }
        assert!(chosen.iter().any(|&(f, w)| f < 8 && w == 16) && chosen.iter().any(|&(f, w)| w < 8 && f == 16), "{chosen:?}");
        assert_eq!(points(&all, 12), chosen);
    }

    #[test]
    fn no_more_points_than_are_worth_it() {
        assert!(points(&rows(|_, _| 0.6), 12).is_empty());
        assert_eq!(points(&rows(|f, w| if (f, w) == (6, 5) { 0.4 } else { 0.6 }), 12), [(6, 5)]);
        assert!(points(&rows(|f, _| f64::from(f) / 16.0), 0).is_empty());
    }
}
