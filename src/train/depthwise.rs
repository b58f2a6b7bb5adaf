//! Depthwise convolution of one plane with an odd square kernel: forward, and both gradients. Stride 1 runs in vectors; other strides
//! (bundles down-sample by pooling) go through the stride-1 result, of which they keep every so many rows and columns.

#![allow(clippy::needless_range_loop, reason = "loops over vector lanes and filter taps read best with their index")]

use super::simd::{LANES, dispatch, fma, total};

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
    /// Gradient of the kernel, into `out`: the padded input correlated with the output's gradient, padded alike.
    grad_kernel = grad_kernel_body(padded: &[f32], padded_grad: &[f32], h: usize, w: usize, size: usize, out: &mut [f32])
}

/// Rows follow each other without a seam: where one ends, the gradient's rim is zero.
#[inline(always)]
fn grad_kernel_body<const FMA: bool>(padded: &[f32], padded_grad: &[f32], h: usize, w: usize, size: usize, out: &mut [f32]) {
    let (rim, stride) = (size / 2, w + size - 1);
    let first = rim * stride + rim;
    let grad = &padded_grad[first..first + (h - 1) * stride + w];
    match size {
        3 => taps::<FMA, 9, 8>(padded, grad, std::array::from_fn(|k| k / 3 * stride + k % 3), out),
        5 => (0..5).for_each(|y| taps::<FMA, 5, 16>(padded, grad, std::array::from_fn(|x| y * stride + x), &mut out[5 * y..])),
        7 => (0..7).for_each(|y| taps::<FMA, 7, 8>(padded, grad, std::array::from_fn(|x| y * stride + x), &mut out[7 * y..])),
        _ => (0..size * size).for_each(|k| taps::<FMA, 1, LANES>(padded, grad, [k / size * stride + k % size], &mut out[k..])),
    }
}

/// Products of `grad` with what lies at each of the offsets, summed up in `N` times `L` partial sums that stay in vector registers.
#[inline(always)]
fn taps<const FMA: bool, const N: usize, const L: usize>(padded: &[f32], grad: &[f32], offsets: [usize; N], out: &mut [f32]) {
    let inputs = offsets.map(|at| padded[at..at + grad.len()].as_chunks::<L>());
    let (whole, rest) = grad.as_chunks::<L>();
    let mut sums = [[0.0f32; L]; N];
    for (j, g) in whole.iter().enumerate() {
        for t in 0..N {
            let v = &inputs[t].0[j];
            for i in 0..L {
                sums[t][i] = fma::<FMA>(v[i], g[i], sums[t][i]);
            }
        }
    }
    for t in 0..N {
        let last: f32 = inputs[t].1.iter().zip(rest).map(|(v, g)| v * g).sum();
        out[t] = total(sums[t]) + last;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::rng::Rng;

    /// The sum over pixels of input (shifted by a tap) times gradient, by its definition.
    fn by_definition(plane: &[f32], grad: &[f32], [h, w]: [usize; 2], size: usize, tap: usize) -> f64 {
        let at = |y: usize, x: usize| {
            let (sy, sx) = ((y + tap / size).wrapping_sub(size / 2), (x + tap % size).wrapping_sub(size / 2));
            if sy < h && sx < w { f64::from(plane[sy * w + sx]) * f64::from(grad[y * w + x]) } else { 0.0 }
        };
        (0..h * w).map(|i| at(i / w, i % w)).sum()
    }

    #[test]
    fn gradients_of_kernels_are_those_of_the_definition() {
        let mut rng = Rng::new(1);
        for [h, w] in [[1, 1], [1, 9], [7, 3], [10, 20], [13, 37]] {
            for size in [1, 3, 5, 7, 9] {
                let [plane, grad] = [(); 2].map(|()| (0..h * w).map(|_| rng.range(-1.0, 1.0)).collect::<Vec<f32>>());
                // Longer than needed and full of what was there before.
                let [mut padded, mut padded_grad] = [(); 2].map(|()| vec![9.0; (h + size) * (w + size) + 5]);
                pad(&plane, h, w, size, &mut padded);
                pad(&grad, h, w, size, &mut padded_grad);
                let mut out = vec![9.0; size * size];
                grad_kernel(&padded, &padded_grad, h, w, size, &mut out);
                for (tap, o) in out.iter().enumerate() {
                    let exact = by_definition(&plane, &grad, [h, w], size, tap);
                    assert!((f64::from(*o) - exact).abs() < 1e-4, "{h} x {w}, kernel {size}, tap {tap}: {o}, exactly {exact}");
                }
            }
        }
    }
}
