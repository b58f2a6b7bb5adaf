//! Ordinary least squares for one slope and one offset.

/// Offset and slope of the line through `points` (x, y) with the least squared error; `None` when all x are equal.
pub fn line(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let n = points.len() as f64;
    let mean = |f: fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / n;
    let (mean_x, mean_y) = (mean(|p| p.0), mean(|p| p.1));
    let spread: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    if points.is_empty() || spread <= f64::EPSILON * mean_x * mean_x {
        return None;
    }
    let slope = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum::<f64>() / spread;
    Some((mean_y - slope * mean_x, slope))
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_line_is_found_again() {
        let (offset, slope) = line(&[(1.0, 5.0), (2.0, 7.0), (4.0, 11.0)]).unwrap();
        assert!((offset - 3.0).abs() < 1e-12 && (slope - 2.0).abs() < 1e-12);
        let (offset, slope) = line(&[(0.0, 0.0), (1.0, 2.0), (2.0, 1.0)]).unwrap();
        assert!((offset - 0.5).abs() < 1e-12 && (slope - 0.5).abs() < 1e-12);
        assert_eq!(line(&[(1.0, 5.0), (1.0, 7.0)]), None);
        assert_eq!(line(&[]), None);
    }
}
