//! Depthwise 3 x 3 convolution of one plane, stride 1, padding 1: forward, and both gradients.

#![allow(clippy::needless_range_loop, reason = "loops over vector lanes and filter taps read best with their index")]

use super::simd::{LANES, dispatch, fma};

/// Copies an `h` x `w` plane into the middle of an `(h + 2)` x `(w + 2)` one whose rim is zero.
pub fn pad(plane: &[f32], h: usize, w: usize, padded: &mut [f32]) {
    let stride = w + 2;
    padded[..stride].fill(0.0);
    padded[(h + 1) * stride..(h + 2) * stride].fill(0.0);
    for y in 0..h {
        let row = &mut padded[(y + 1) * stride..(y + 2) * stride];
        row[0] = 0.0;
        row[w + 1] = 0.0;
        row[1..w + 1].copy_from_slice(&plane[y * w..(y + 1) * w]);
    }
}

dispatch! {
    /// Correlates a padded plane with `kernel` (row-major) into `out`, `h` x `w`.
    forward = forward_body(padded: &[f32], h: usize, w: usize, kernel: &[f32; 9], out: &mut [f32])
}

#[inline(always)]
fn forward_body<const FMA: bool>(padded: &[f32], h: usize, w: usize, kernel: &[f32; 9], out: &mut [f32]) {
    let stride = w + 2;
    for y in 0..h {
        let rows = [0, 1, 2].map(|k| &padded[(y + k) * stride..(y + k + 1) * stride]);
        let out = &mut out[y * w..(y + 1) * w];
        let taps: [&[f32]; 9] = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|k| &rows[k / 3][k % 3..k % 3 + w]);
        for x in 0..w {
            let mut acc = taps[0][x] * kernel[0];
            for k in 1..9 {
                acc = fma::<FMA>(taps[k][x], kernel[k], acc);
            }
            out[x] = acc;
        }
    }
}

/// The kernel that carries gradients back: turned by 180 degrees.
pub fn turned(kernel: &[f32; 9]) -> [f32; 9] {
    let mut k = *kernel;
    k.reverse();
    k
}

dispatch! {
    /// Gradient of the kernel: the padded input correlated with the output's gradient.
    grad_kernel = grad_kernel_body(padded: &[f32], grad: &[f32], h: usize, w: usize) -> [f32; 9]
}

#[inline(always)]
fn grad_kernel_body<const FMA: bool>(padded: &[f32], grad: &[f32], h: usize, w: usize) -> [f32; 9] {
    const HALF: usize = LANES / 2;
    let stride = w + 2;
    let mut acc = [[0.0f32; HALF]; 9];
    let mut rest = [0.0f32; 9];
    for y in 0..h {
        let g = &grad[y * w..(y + 1) * w];
        let rows = [0, 1, 2].map(|k| &padded[(y + k) * stride..(y + k + 1) * stride]);
        for x in (0..w - w % HALF).step_by(HALF) {
            let g: &[f32; HALF] = g[x..x + HALF].try_into().expect("eight");
            for k in 0..9 {
                let v: &[f32; HALF] = rows[k / 3][x + k % 3..x + k % 3 + HALF].try_into().expect("eight");
                for i in 0..HALF {
                    acc[k][i] = fma::<FMA>(v[i], g[i], acc[k][i]);
                }
            }
        }
        for x in w - w % HALF..w {
            for k in 0..9 {
                rest[k] += rows[k / 3][x + k % 3] * g[x];
            }
        }
    }
    [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|k| acc[k].iter().sum::<f32>() + rest[k])
}
