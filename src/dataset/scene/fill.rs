//! Which pixels a shape covers, and by how much: convex polygons and ellipses, anti-aliased, row by row.

use super::canvas::{Canvas, Point};
use super::noise;

impl Canvas {
    /// Calls `paint(canvas, index of the first pixel, pixels)` for every row a convex polygon touches, coverage (0 to 1) in
    /// `canvas.cover`.
    pub fn cover_polygon(&mut self, points: &[Point], mut paint: impl FnMut(&mut Canvas, usize, usize)) {
        let area: f32 = edges(points).map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum();
        let turn = if area < 0.0 { -1.0 } else { 1.0 };
        let mut planes = [[0.0f32; 4]; 8];
        let mut count = 0;
        for (a, b) in edges(points).take(8) {
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let length = (dx * dx + dy * dy).sqrt();
            if length > 1e-6 {
                let (nx, ny) = (-dy / length * turn, dx / length * turn);
                planes[count] = [nx, ny, -(nx * a[0] + ny * a[1]), 1.0 / nx];
                count += 1;
            }
        }
        if count < 3 {
            return;
        }
        let planes = &planes[..count];
        let [x0, y0, x1, y1] = self.pixel_bounds(points);
        for y in y0..y1 {
            let fy = y as f32 + 0.5;
            let (from, to) = row_span(planes, fy, x0, x1);
            if from >= to {
                continue;
            }
            let cover = &mut self.cover[..to - from];
            cover.fill(1.0);
            for p in planes {
                let start = p[1] * fy + p[2] + 0.5 + p[0] * (from as f32 + 0.5);
                // Short rows are quicker done than measured.
                let n = cover.len();
                let part = if n < 24 { 0..n } else { below_one(start, p[0], n) };
                let first = part.start;
                for (i, v) in cover[part].iter_mut().enumerate() {
                    let inside = start + p[0] * (first + i) as i32 as f32;
                    *v = if inside < *v { inside } else { *v };
                }
            }
            cover.iter_mut().for_each(|v| *v = if *v > 0.0 { *v } else { 0.0 });
            paint(self, y * self.w + from, to - from);
        }
    }

    /// Calls `paint` as [`Canvas::cover_polygon`] does for an ellipse with half axes `radii`, turned by `angle` radians;
    /// `canvas.radius` is 0 at the centre and 1 at the rim.
    pub fn cover_ellipse(&mut self, centre: Point, radii: Point, angle: f32, mut paint: impl FnMut(&mut Canvas, usize, usize)) {
        let (sin, cos) = if angle == 0.0 { (0.0, 1.0) } else { (libm::sinf(angle), libm::cosf(angle)) };
        let inverse = radii.map(|r| 1.0 / r.max(0.3));
        let edge = radii[0].min(radii[1]).max(0.3);
        let rim = 1.0 + 0.5 / edge;
        let (ux, vx) = (cos * inverse[0], -sin * inverse[1]);
        let (uy, vy) = (sin * inverse[0], cos * inverse[1]);
        let (a, b, c) = (ux * ux + vx * vx, ux * uy + vx * vy, uy * uy + vy * vy);
        let reach = radii[0].max(radii[1]).max(0.3) + 1.0;
        let [_, y0, _, y1] = self.pixel_bounds(&[[centre[0], centre[1] - reach], [centre[0], centre[1] + reach]]);
        for y in y0..y1 {
            let dy = y as f32 + 0.5 - centre[1];
            // Where a dx^2 + 2 b dx dy + c dy^2 = rim^2.
            let rest = b * b * dy * dy - a * (c * dy * dy - rim * rim);
            if rest <= 0.0 {
                continue;
            }
            let half = rest.sqrt();
            let clip = |v: f32| (v.max(0.0) as usize).min(self.w);
            let from = clip(centre[0] + (-b * dy - half) / a - 0.5);
            let to = clip(centre[0] + (-b * dy + half) / a + 1.5);
            if from >= to {
                continue;
            }
            let dx = from as f32 + 0.5 - centre[0];
            let (u, v) = (ux * dx + uy * dy, vx * dx + vy * dy);
            let n = to - from;
            for (i, (cover, radius)) in self.cover[..n].iter_mut().zip(&mut self.radius[..n]).enumerate() {
                let i = i as i32 as f32;
                let (u, v) = (u + ux * i, v + vx * i);
                *radius = (u * u + v * v).sqrt();
                let inside = (1.0 - *radius) * edge + 0.5;
                let inside = if inside < 1.0 { inside } else { 1.0 };
                *cover = if inside > 0.0 { inside } else { 0.0 };
            }
            paint(self, y * self.w + from, n);
        }
    }

    /// As [`Canvas::cover_ellipse`] for a ball of leaves: a ragged rim, and `radius` that goes up and down leaf by leaf.
    pub fn cover_leaves(&mut self, centre: Point, radii: Point, mut paint: impl FnMut(&mut Canvas, usize, usize)) {
        let edge = radii[0].min(radii[1]).max(0.3);
        let [left, top] = self.leaf_at;
        self.cover_ellipse(centre, radii, 0.0, |c, start, n| {
            let (x, y) = (start % c.w, start / c.w);
            let (cover, radius) = (&mut c.cover[..n], &mut c.radius[..n]);
            noise::with_row(noise::leaves(), y + top, x + left, n, |at, leaves| {
                let stretch = at..at + leaves.len();
                for ((a, r), &leaf) in cover[stretch.clone()].iter_mut().zip(&mut radius[stretch]).zip(leaves) {
                    let inside = (1.0 - *r + 0.45 * leaf) * edge + 0.5;
                    let inside = if inside < *a { inside } else { *a };
                    *a = if inside > 0.0 { inside } else { 0.0 };
                    *r -= 1.5 * leaf;
                }
            });
            paint(c, start, n);
        });
    }

    fn pixel_bounds(&self, points: &[Point]) -> [usize; 4] {
        let low = |axis: usize| points.iter().map(|p| p[axis]).fold(f32::MAX, f32::min) - 1.0;
        let high = |axis: usize| points.iter().map(|p| p[axis]).fold(f32::MIN, f32::max) + 1.0;
        let clip = |v: f32, end: usize| (v.max(0.0) as usize).min(end);
        [clip(low(0), self.w), clip(low(1), self.h), clip(high(0) + 1.0, self.w), clip(high(1) + 1.0, self.h)]
    }
}

/// Which of the first `n` values of `start + slope * i` may be below 1: a superset, so that the inside of a shape costs little.
fn below_one(start: f32, slope: f32, n: usize) -> std::ops::Range<usize> {
    if slope.abs() < 1e-6 {
        return if start < 1.1 { 0..n } else { 0..0 };
    }
    let crossing = (1.0 - start) / slope;
    if slope > 0.0 { 0..n.min((crossing + 2.0).max(0.0) as usize) } else { n.min((crossing - 1.0).max(0.0) as usize)..n }
}

/// The columns of one row that may lie inside all half planes: a superset, so that long thin shapes cost what they cover.
fn row_span(planes: &[[f32; 4]], fy: f32, x0: usize, x1: usize) -> (usize, usize) {
    let (mut low, mut high) = (x0 as f32, x1 as f32);
    for p in planes {
        let rest = p[1] * fy + p[2] + 0.5;
        if p[0] > 1e-4 {
            low = if -rest * p[3] - 1.5 > low { -rest * p[3] - 1.5 } else { low };
        } else if p[0] < -1e-4 {
            high = if -rest * p[3] + 1.5 < high { -rest * p[3] + 1.5 } else { high };
        } else if rest < -1.0 {
            return (x0, x0);
        }
    }
    if low >= high { (x0, x0) } else { (low as usize, (high as usize).min(x1)) }
}

fn edges(points: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    points.iter().enumerate().map(|(i, &a)| (a, points[(i + 1) % points.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(fill: impl Fn(&mut Canvas, &mut f32)) -> f32 {
        let mut sum = 0.0;
        fill(&mut Canvas::new(80, 60, [0.0; 3]), &mut sum);
        sum
    }

    #[test]
    fn coverage_sums_to_the_area_inside_the_canvas() {
        let quad = [[10.3, 5.2], [50.7, 12.1], [44.0, 40.5], [8.0, 30.0]];
        let area = edges(&quad).map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum::<f32>().abs() / 2.0;
        let sum = painted(|c, s| c.cover_polygon(&quad, |c, _, n| *s += c.cover[..n].iter().sum::<f32>()));
        assert!((sum / area - 1.0).abs() < 0.01, "{sum} {area}");
        // Half of a square hangs out of the canvas.
        let square = [[-10.0, 10.0], [10.0, 10.0], [10.0, 30.0], [-10.0, 30.0]];
        let sum = painted(|c, s| c.cover_polygon(&square, |c, _, n| *s += c.cover[..n].iter().sum::<f32>()));
        assert!((sum - 200.0).abs() < 1.0, "{sum}");
        let ellipse = painted(|c, s| c.cover_ellipse([40.0, 30.0], [20.0, 9.0], 0.7, |c, _, n| *s += c.cover[..n].iter().sum::<f32>()));
        assert!((ellipse / (std::f32::consts::PI * 180.0) - 1.0).abs() < 0.02, "{ellipse}");
    }
}
