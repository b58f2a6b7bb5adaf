//! Depthwise convolution without intrinsics: any layer, in 32 or 64 bits.

use super::compiled::compiled_for;
use super::depthwise::DepthwiseJob;
use super::isa::Isa;
use super::sum::Sum;
use std::ops::Range;

/// Output rows and columns.
type Pixels = (Range<usize>, Range<usize>);

/// Computes `pixels` of a checked job.
pub(super) fn depthwise(isa: Isa, job: &DepthwiseJob, pixels: Pixels, target: &mut [i16], row_stride: usize) {
    if job.layer.tables.wide {
        compiled_for!(isa, wide(job: &DepthwiseJob, pixels: Pixels, target: &mut [i16], row_stride: usize))
    } else {
        compiled_for!(isa, narrow(job: &DepthwiseJob, pixels: Pixels, target: &mut [i16], row_stride: usize))
    }
}

#[inline(always)]
fn wide(job: &DepthwiseJob, pixels: Pixels, target: &mut [i16], row_stride: usize) {
    run::<i64>(job, pixels, target, row_stride);
}

#[inline(always)]
fn narrow(job: &DepthwiseJob, pixels: Pixels, target: &mut [i16], row_stride: usize) {
    run::<i32>(job, pixels, target, row_stride);
}

#[inline(always)]
fn run<T: Sum>(job: &DepthwiseJob, (rows, cols): Pixels, target: &mut [i16], row_stride: usize) {
    let lanes = job.layer.lanes;
    for y in rows {
        for x in cols.clone() {
            let out = &mut target[y * row_stride + x * lanes..][..lanes];
            match lanes {
                4 => pixel::<T, 4>(job, y, x, out),
                8 => pixel::<T, 8>(job, y, x, out),
                16 => pixel::<T, 16>(job, y, x, out),
                _ => pixel::<T, 32>(job, y, x, out),
            }
        }
    }
}

#[inline(always)]
fn pixel<T: Sum, const L: usize>(job: &DepthwiseJob, y: usize, x: usize, out: &mut [i16]) {
    let (layer, source, g) = (job.layer, &job.source, job.layer.geometry);
    let mut weights = layer.plain[job.block * g.taps() * L..].chunks_exact(L);
    let mut acc: [T; L] = std::array::from_fn(|l| T::start(layer.plain_tables.bias[job.block * L + l]));
    let pad = [job.pad; L];
    for ky in 0..g.kernel.0 {
        for (kx, w) in (0..g.kernel.1).zip(weights.by_ref()) {
            let row = job.origin.0 as isize + (y * g.stride + ky * g.dilation) as isize;
            let col = job.origin.1 as isize + (x * g.stride + kx * g.dilation) as isize;
            let inside = (row as usize) < source.rows && (col as usize) < source.cols;
            let features = if inside { &source.data[row as usize * source.row_stride + col as usize * L..][..L] } else { &pad[..] };
            for l in 0..L {
                acc[l] = acc[l].add_product(T::feature(features[l], layer.unsigned16), w[l]);
            }
        }
    }
    layer.plain_tables.general.apply(job.block * L, &acc, out);
}
