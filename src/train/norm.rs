//! Batch norm, clipped ReLU and 2 x 2 max pooling in one pass over a plane, forward and backward.

#![allow(clippy::needless_range_loop, reason = "loops over vector lanes and filter taps read best with their index")]

use super::simd::{LANES, dispatch, fma, total};

/// From convolution output `z` to activation: `clamp(scale * z + shift, low, high)`, optionally on a fixed-point grid.
#[derive(Clone, Copy, Debug)]
pub struct Curve {
    /// Batch norm's gamma over deviation; 1 without batch norm.
    pub scale: f32,
    /// Batch norm's beta minus scale times mean; the bias without batch norm.
    pub shift: f32,
    /// Lower bound: 0 for ReLU, minus infinity for none, or the format's minimum.
    pub low: f32,
    /// Upper bound: the clip, plus infinity for none, or the format's maximum.
    pub high: f32,
    /// `2^frac` of the feature format, or 0 to leave values as they are.
    pub grid: f32,
}

impl Curve {
    #[inline(always)]
    fn linear<const FMA: bool>(&self, z: f32) -> f32 {
        fma::<FMA>(self.scale, z, self.shift)
    }
    /// Rounds half up, as the requantise step's default mode (`RND`).
    #[inline(always)]
    fn snap(&self, y: f32) -> f32 {
        if self.grid > 0.0 { (y * self.grid + 0.5).floor() / self.grid } else { y }
    }
    #[inline(always)]
    fn passes(&self, y: f32) -> bool {
        y > self.low && y < self.high
    }
}

dispatch! {
    /// One plane to its activations.
    activate = activate_body(z: &[f32], curve: &Curve, out: &mut [f32])
}

#[inline(always)]
fn activate_body<const FMA: bool>(z: &[f32], curve: &Curve, out: &mut [f32]) {
    for (o, &z) in out.iter_mut().zip(z) {
        *o = curve.snap(curve.linear::<FMA>(z).max(curve.low)).min(curve.high);
    }
}

dispatch! {
    /// One plane of `w` columns to its activations, the largest of each 2 x 2 window.
    activate_pool = activate_pool_body(z: &[f32], w: usize, curve: &Curve, out: &mut [f32])
}

#[inline(always)]
fn activate_pool_body<const FMA: bool>(z: &[f32], w: usize, curve: &Curve, out: &mut [f32]) {
    for (rows, out) in z.chunks_exact(2 * w).zip(out.chunks_exact_mut(w / 2)) {
        let (top, bottom) = rows.split_at(w);
        for ((o, t), b) in out.iter_mut().zip(top.chunks_exact(2)).zip(bottom.chunks_exact(2)) {
            // The curve is monotonic for either sign of its scale only after the linear part: the maximum comes after it.
            let y = |v: f32| curve.linear::<FMA>(v);
            let largest = y(t[0]).max(y(t[1])).max(y(b[0]).max(y(b[1])));
            *o = curve.snap(largest.max(curve.low)).min(curve.high);
        }
    }
}

dispatch! {
    /// Gradient at `scale * z + shift` from that at the activation; returns its sum and the sum of its products with `z`.
    grad_activate = grad_activate_body(z: &[f32], grad: &[f32], curve: &Curve, out: &mut [f32]) -> [f64; 2]
}

#[inline(always)]
fn grad_activate_body<const FMA: bool>(z: &[f32], grad: &[f32], curve: &Curve, out: &mut [f32]) -> [f64; 2] {
    for ((o, &z), &g) in out.iter_mut().zip(z).zip(grad) {
        *o = if curve.passes(curve.linear::<FMA>(z)) { g } else { 0.0 };
    }
    sum_and_dot::<FMA>(out, z)
}

dispatch! {
    /// [`grad_activate`] through 2 x 2 max pooling: the first of the largest gets the gradient.
    grad_activate_pool = grad_activate_pool_body(z: &[f32], w: usize, grad: &[f32], curve: &Curve, out: &mut [f32]) -> [f64; 2]
}

#[inline(always)]
fn grad_activate_pool_body<const FMA: bool>(z: &[f32], w: usize, grad: &[f32], curve: &Curve, out: &mut [f32]) -> [f64; 2] {
    let half = w / 2;
    let whole = half - half % WINDOWS;
    for ((rows, grads), out) in z.chunks_exact(2 * w).zip(grad.chunks_exact(half)).zip(out.chunks_exact_mut(2 * w)) {
        let (top, bottom) = rows.split_at(w);
        let (out_top, out_bottom) = out.split_at_mut(w);
        for x in (0..whole).step_by(WINDOWS) {
            let i = 2 * x;
            let windows = Windows {
                top: top[i..i + LANES].try_into().expect("sixteen"),
                bottom: bottom[i..i + LANES].try_into().expect("sixteen"),
                grad: grads[x..x + WINDOWS].try_into().expect("eight"),
            };
            let (t, b) = windows.route::<FMA>(curve);
            out_top[i..i + LANES].copy_from_slice(&t);
            out_bottom[i..i + LANES].copy_from_slice(&b);
        }
        if whole < half {
            let (i, n) = (2 * whole, w - 2 * whole);
            let mut rest = Windows { top: [0.0; LANES], bottom: [0.0; LANES], grad: [0.0; WINDOWS] };
            rest.top[..n].copy_from_slice(&top[i..]);
            rest.bottom[..n].copy_from_slice(&bottom[i..]);
            rest.grad[..n / 2].copy_from_slice(&grads[whole..]);
            let (t, b) = rest.route::<FMA>(curve);
            out_top[i..].copy_from_slice(&t[..n]);
            out_bottom[i..].copy_from_slice(&b[..n]);
        }
    }
    sum_and_dot::<FMA>(out, z)
}

const WINDOWS: usize = LANES / 2;

/// Eight neighbouring 2 x 2 windows, so that everything stays in vector registers.
struct Windows {
    top: [f32; LANES],
    bottom: [f32; LANES],
    grad: [f32; WINDOWS],
}

impl Windows {
    /// The gradient of both rows: each window's goes to its first largest element, if that passes the curve.
    #[inline(always)]
    fn route<const FMA: bool>(&self, curve: &Curve) -> ([f32; LANES], [f32; LANES]) {
        // Even and odd columns apart, so that the comparisons below are lane by lane.
        let mut y = [[0.0f32; WINDOWS]; 4];
        for i in 0..WINDOWS {
            y[0][i] = curve.linear::<FMA>(self.top[2 * i]);
            y[1][i] = curve.linear::<FMA>(self.top[2 * i + 1]);
            y[2][i] = curve.linear::<FMA>(self.bottom[2 * i]);
            y[3][i] = curve.linear::<FMA>(self.bottom[2 * i + 1]);
        }
        let mut g = [[0.0f32; WINDOWS]; 4];
        for i in 0..WINDOWS {
            let larger = |a: f32, b: f32| if a > b { a } else { b };
            let largest = larger(larger(y[0][i], y[1][i]), larger(y[2][i], y[3][i]));
            let mut left = if curve.passes(largest) { self.grad[i] } else { 0.0 };
            for k in 0..4 {
                let hit = y[k][i] == largest;
                g[k][i] = if hit { left } else { 0.0 };
                left = if hit { 0.0 } else { left };
            }
        }
        let (mut out_top, mut out_bottom) = ([0.0f32; LANES], [0.0f32; LANES]);
        for i in 0..WINDOWS {
            out_top[2 * i] = g[0][i];
            out_top[2 * i + 1] = g[1][i];
            out_bottom[2 * i] = g[2][i];
            out_bottom[2 * i + 1] = g[3][i];
        }
        (out_top, out_bottom)
    }
}

#[inline(always)]
fn sum_and_dot<const FMA: bool>(grad: &[f32], z: &[f32]) -> [f64; 2] {
    let mut both = [0.0f64; 2];
    for (g, z) in grad.chunks(4096).zip(z.chunks(4096)) {
        let (mut sum, mut dot) = ([0.0f32; LANES], [0.0f32; LANES]);
        let whole = g.len() - g.len() % LANES;
        for (g, z) in g[..whole].chunks_exact(LANES).zip(z[..whole].chunks_exact(LANES)) {
            for i in 0..LANES {
                sum[i] += g[i];
                dot[i] = fma::<FMA>(g[i], z[i], dot[i]);
            }
        }
        for i in whole..g.len() {
            sum[0] += g[i];
            dot[0] += g[i] * z[i];
        }
        both[0] += total(sum.map(f64::from));
        both[1] += total(dot.map(f64::from));
    }
    both
}

dispatch! {
    /// Gradient at `z`: `a * grad + b * z + c`, in place (batch norm's backward pass with its three constants worked out).
    grad_linear = grad_linear_body(grad: &mut [f32], z: &[f32], a: f32, b: f32, c: f32)
}

#[inline(always)]
fn grad_linear_body<const FMA: bool>(grad: &mut [f32], z: &[f32], a: f32, b: f32, c: f32) {
    for (g, &z) in grad.iter_mut().zip(z) {
        *g = fma::<FMA>(a, *g, fma::<FMA>(b, z, c));
    }
}

/// Puts values on a curve's grid and inside its bounds, in place.
pub fn snap(values: &mut [f32], curve: &Curve) {
    values.iter_mut().for_each(|v| *v = curve.snap(v.max(curve.low)).min(curve.high));
}
