//! The perspective of a scene: how large things are where, and where lines on the ground run.

use super::canvas::Point;
use super::solid::View;
use super::{HEIGHT, WIDTH};

/// A camera above level ground, its horizon level too.
///
/// Points on the ground are [metres to the right of the middle, metres away]; scale grows in proportion to the rows below the
/// horizon.
#[derive(Clone, Copy, Debug)]
pub struct Camera {
    /// Row of the horizon in pixels; negative when it is above the picture.
    pub horizon: f32,
    /// Pixels a metre, a row below the horizon.
    growth: f32,
    /// Metres away times rows below the horizon: equal for all points of the ground.
    range: f32,
    view: View,
}

impl Camera {
    /// The camera that has `view` where the ground is seen at row `row`.
    pub fn new(view: View, row: f32, horizon: f32) -> Camera {
        let below = (row - horizon).max(4.0);
        Camera { horizon, growth: view.scale / below, range: below * below / (view.scale * view.sin), view }
    }
    /// The first row of the picture that shows ground.
    pub fn first_row(&self) -> f32 {
        self.horizon.max(0.0)
    }
    /// How a thing that stands at row `row` is seen; not below a quarter or above thrice the scale of the target.
    pub fn view_at(&self, row: f32) -> View {
        let scale = self.growth * (row - self.horizon).max(1.0);
        View { scale: scale.clamp(self.view.scale * 0.25, self.view.scale * 3.0), ..self.view }
    }
    /// The point of the ground under a pixel below the horizon.
    pub fn ground(&self, p: Point) -> Point {
        let below = (p[1] - self.horizon).max(1.0);
        [(p[0] - WIDTH as f32 / 2.0) / (self.growth * below), self.range / below]
    }
    /// The pixel of a point of the ground.
    pub fn pixel(&self, g: Point) -> Point {
        let below = self.range / g[1].max(self.nearest());
        [WIDTH as f32 / 2.0 + g[0] * self.growth * below, self.horizon + below]
    }
    /// Metres to the nearest ground worth drawing: a little below the picture.
    pub fn nearest(&self) -> f32 {
        self.range / (1.6 * HEIGHT as f32 - self.horizon)
    }
    /// Metres to the farthest ground worth drawing: a row below the horizon, or above the picture.
    pub fn farthest(&self) -> f32 {
        self.range / (-0.3 * HEIGHT as f32 - self.horizon).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ground_and_pixel_are_inverse_and_scale_is_metres() {
        let view = View { scale: 20.0, sin: 0.5, cos: 0.75f32.sqrt(), sun: [0.0; 2] };
        let camera = Camera::new(view, 200.0, 40.0);
        for p in [[100.0, 60.0], [320.0, 200.0], [630.0, 350.0]] {
            let back = camera.pixel(camera.ground(p));
            assert!((back[0] - p[0]).abs() < 0.01 && (back[1] - p[1]).abs() < 0.01, "{p:?} {back:?}");
        }
        // At the row of the target a metre across is 20 pixels, and a short way ahead is 20 * sin(angle) pixels a metre up.
        let here = camera.ground([320.0, 200.0]);
        assert!((camera.pixel([here[0] + 1.0, here[1]])[0] - 340.0).abs() < 0.01);
        let ahead = camera.pixel([here[0], here[1] + 0.01]);
        assert!((200.0 - ahead[1] - 0.1).abs() < 0.002, "{ahead:?}");
        assert_eq!(camera.view_at(200.0).scale, 20.0);
        assert_eq!(camera.view_at(120.0).scale, 10.0);
    }
}
