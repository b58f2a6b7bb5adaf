//! Depthwise convolution of one plane with an odd square kernel: forward, and both gradients. Stride 1 runs in vectors; other strides
//! (bundles down-sample by pooling) go through the stride-1 result, of which they keep every so many rows and columns.

#![allow(clippy::needless_range_loop, reason = "loops over vector lanes and filter taps read best with their index")]

use super::simd::{LANES, dispatch, fma};

/// Copies an `h` x `w` plane into the middle of one with a zero rim of half the kernel on every side.
pub fn pad(plane: &[f32], h: usize, w: usize, kernel: usize, padded: &mut [f32]) {
    let rim = kernel / 2;
    let stride = w + 2 * rim;
    padded[..rim * stride].fill(0.0);
    padded[(h + rim) * stride..(h + 2 * rim) * stride].fill(0.0);
    for y in 0..h {
        let row = &mut padded[(y + rim) * stride..(y + rim + 1) * stride];
        row[..rim].fill(0.0);
        row[w + rim..].fill(0.0);
        row[rim..w + rim].copy_from_slice(&plane[y * w..(y + 1) * w]);
    }
}

dispatch! {
    /// Correlates a padded plane with `kernel` (`size` x `size`, row-major) into `out`, `h` x `w`; adds to it with `add`.
    forward = forward_body(padded: &[f32], h: usize, w: usize, kernel: &[f32], size: usize, add: bool, out: &mut [f32])
}

#[inline(always)]
fn forward_body<const FMA: bool>(padded: &[f32], h: usize, w: usize, kernel: &[f32], size: usize, add: bool, out: &mut [f32]) {
    match size {
        3 => correlate::<FMA, 3>(padded, h, w, kernel, add, out),
        5 => correlate::<FMA, 5>(padded, h, w, kernel, add, out),
        7 => correlate::<FMA, 7>(padded, h, w, kernel, add, out),
        _ => {
            let stride = w + size - 1;
            for (y, x) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))) {
                let taps = (0..size * size).map(|k| padded[(y + k / size) * stride + x + k % size] * kernel[k]);
                let sum: f32 = taps.sum();
                out[y * w + x] = if add { out[y * w + x] + sum } else { sum };
            }
        }
    }
}

/// Row by row in blocks of columns that stay in vector registers: wide ones, so that several sums are under way at a time, then narrower ones for the rest.
#[inline(always)]
fn correlate<const FMA: bool, const K: usize>(padded: &[f32], h: usize, w: usize, kernel: &[f32], add: bool, out: &mut [f32]) {
    let stride = w + K - 1;
    let kernel: [[f32; K]; K] = std::array::from_fn(|y| std::array::from_fn(|x| kernel[y * K + x]));
    for y in 0..h {
        let rows: [&[f32]; K] = std::array::from_fn(|ky| &padded[(y + ky) * stride..(y + ky + 1) * stride]);
        let out = &mut out[y * w..(y + 1) * w];
        let x = blocks::<FMA, K, 32>(rows, &kernel, add, out, 0);
        let x = blocks::<FMA, K, 16>(rows, &kernel, add, out, x);
        let x = blocks::<FMA, K, 8>(rows, &kernel, add, out, x);
        let x = blocks::<FMA, K, 4>(rows, &kernel, add, out, x);
        blocks::<FMA, K, 1>(rows, &kernel, add, out, x);
    }
}

/// Output columns from `x` on, as many whole blocks of `N` as there are; gives the first column that is left.
#[inline(always)]
fn blocks<const FMA: bool, const K: usize, const N: usize>(
    rows: [&[f32]; K],
    kernel: &[[f32; K]; K],
    add: bool,
    out: &mut [f32],
    mut x: usize,
) -> usize {
    while x + N <= out.len() {
        let block: &mut [f32; N] = (&mut out[x..x + N]).try_into().expect("a block");
        let mut acc = if add { *block } else { [0.0; N] };
        for ky in 0..K {
            for kx in 0..K {
                let v: &[f32; N] = rows[ky][x + kx..x + kx + N].try_into().expect("a block");
                for i in 0..N {
                    acc[i] = fma::<FMA>(v[i], kernel[ky][kx], acc[i]);
                }
            }
        }
        *block = acc;
        x += N;
    }
    x
}

dispatch! {
    /// Gradient of the kernel, into `out`: the padded input correlated with the output's gradient.
    grad_kernel = grad_kernel_body(padded: &[f32], grad: &[f32], h: usize, w: usize, size: usize, out: &mut [f32])
}

#[inline(always)]
fn grad_kernel_body<const FMA: bool>(padded: &[f32], grad: &[f32], h: usize, w: usize, size: usize, out: &mut [f32]) {
    match size {
        3 => grad_taps::<FMA, 3>(padded, grad, h, w, out),
        5 => grad_taps::<FMA, 5>(padded, grad, h, w, out),
        7 => grad_taps::<FMA, 7>(padded, grad, h, w, out),
        _ => {
            let stride = w + size - 1;
            for (k, o) in out.iter_mut().enumerate() {
                let at = |y: usize, x: usize| padded[(y + k / size) * stride + x + k % size] * grad[y * w + x];
                *o = (0..h).map(|y| (0..w).map(|x| at(y, x)).sum::<f32>()).sum();
            }
        }
    }
}

/// One row of taps at a time, so that the partial sums stay in vector registers.
#[inline(always)]
fn grad_taps<const FMA: bool, const K: usize>(padded: &[f32], grad: &[f32], h: usize, w: usize, out: &mut [f32]) {
    let stride = w + K - 1;
    for ky in 0..K {
        let mut acc = [[0.0f32; LANES]; K];
        let mut rest = [0.0f32; K];
        for y in 0..h {
            let g = &grad[y * w..(y + 1) * w];
            let row = &padded[(y + ky) * stride..(y + ky + 1) * stride];
            for x in (0..w - w % LANES).step_by(LANES) {
                let g: &[f32; LANES] = g[x..x + LANES].try_into().expect("a vector");
                for kx in 0..K {
                    let v: &[f32; LANES] = row[x + kx..x + kx + LANES].try_into().expect("a vector");
                    for i in 0..LANES {
                        acc[kx][i] = fma::<FMA>(v[i], g[i], acc[kx][i]);
                    }
                }
            }
            for x in w - w % LANES..w {
                for kx in 0..K {
                    rest[kx] += row[x + kx] * g[x];
                }
            }
        }
        for kx in 0..K {
            out[ky * K + kx] = acc[kx].iter().sum::<f32>() + rest[kx];
        }
    }
}

/// Keeps every `stride`-th row and column of an `h` x `w` plane.
pub fn keep(plane: &[f32], [h, w]: [usize; 2], stride: usize, out: &mut [f32]) {
    let columns = w.div_ceil(stride);
    for y in 0..h.div_ceil(stride) {
        for x in 0..columns {
            out[y * columns + x] = plane[y * stride * w + x * stride];
        }
    }
}

/// The transpose of [`keep`]: zero where nothing was kept.
pub fn spread(grad: &[f32], [h, w]: [usize; 2], stride: usize, out: &mut [f32]) {
    out[..h * w].fill(0.0);
    let columns = w.div_ceil(stride);
    for y in 0..h.div_ceil(stride) {
        for x in 0..columns {
            out[y * stride * w + x * stride] = grad[y * columns + x];
        }
    }
}
