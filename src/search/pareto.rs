//! What no other beats in two figures, both the more the better.

/// Two figures of a candidate, both the more the better.
pub type Pair = (f64, f64);

/// The first of the items that have most of something.
pub fn first_most<T>(items: impl IntoIterator<Item = T>, of: impl Fn(&T) -> f64) -> Option<T> {
    items.into_iter().reduce(|a, b| if of(&b) > of(&a) { b } else { a })
}

/// Whether `a` is at least as good in both and better in one.
fn beats(a: Pair, b: Pair) -> bool {
    a.0 >= b.0 && a.1 >= b.1 && a != b
}

/// Which points nothing beats; equal ones are all kept.
pub fn front(points: &[Pair]) -> Vec<bool> {
    points.iter().map(|&p| !points.iter().any(|&q| beats(q, p))).collect()
}

/// The area between a reference point and the points that are better than it in both figures (hypervolume in two dimensions; Zitzler and Thiele, 1998).
pub fn hypervolume(points: &[Pair], reference: Pair) -> f64 {
    let mut better: Vec<Pair> = points.iter().copied().filter(|p| p.0 > reference.0 && p.1 > reference.1).collect();
    better.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
    let mut floor = reference.1;
    let mut area = 0.0;
    for (x, y) in better {
        if y > floor {
            area += (x - reference.0) * (y - floor);
            floor = y;
        }
    }
    area
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_keeps_what_nothing_beats() {
        let points = [(1.0, 3.0), (2.0, 2.0), (2.0, 2.0), (1.0, 2.0), (3.0, 1.0), (3.0, 0.5)];
        assert_eq!(front(&points), [true, true, true, false, true, false]);
    }

    #[test]
    fn hypervolume_is_the_area_of_the_union() {
        // 3 x 1 below, then 2 x 1 on top, then 1 x 1; beaten points and those behind the reference add nothing.
        let points = [(1.0, 3.0), (2.0, 2.0), (3.0, 1.0), (1.0, 1.0), (5.0, 0.0), (-1.0, 9.0)];
        assert!((hypervolume(&points, (0.0, 0.0)) - 6.0).abs() < 1e-12);
        assert!((hypervolume(&points, (1.0, 1.0)) - 1.0).abs() < 1e-12);
        assert_eq!(hypervolume(&[], (0.0, 0.0)), 0.0);
    }
}
