//! Depthwise convolution without intrinsics: any layer, in 32 or 64 bits.

use super::compiled::compiled_for;
use super::depthwise::DepthwiseJob;
use super::isa::Isa;
use super::sum::Sum;
use std::ops::Range;

/// Output rows and columns.
type Pixels = (Range<usize>, Range<usize>);

/// Computes `pixels` of a checked job.
pub(super) fn depthwise(isa: Isa, job: &DepthwiseJob, pixels: Pixels, target: &mut [i16], stride: usize) {
    match (job.layer.unsigned16, job.layer.tables.wide) {
        (false, false) => compiled_for!(isa, narrow(job: &DepthwiseJob, pixels: Pixels, target: &mut [i16], stride: usize)),
        (false, true) => compiled_for!(isa, wide(job: &DepthwiseJob, pixels: Pixels, target: &mut [i16], stride: usize)),
        (true, _) => compiled_for!(isa, wide_u16(job: &DepthwiseJob, pixels: Pixels, target: &mut [i16], stride: usize)),
    }
}

#[inline(always)]
fn narrow(job: &DepthwiseJob, pixels: Pixels, target: &mut [i16], stride: usize) {
    by_lanes::<i32, false>(job, pixels, target, stride);
}

#[inline(always)]
fn wide(job: &DepthwiseJob, pixels: Pixels, target: &mut [i16], stride: usize) {
    by_lanes::<i64, false>(job, pixels, target, stride);
}

#[inline(always)]
fn wide_u16(job: &DepthwiseJob, pixels: Pixels, target: &mut [i16], stride: usize) {
    by_lanes::<i64, true>(job, pixels, target, stride);
}

#[inline(always)]
fn by_lanes<T: Sum, const U16: bool>(job: &DepthwiseJob, pixels: Pixels, target: &mut [i16], stride: usize) {
    match job.layer.lanes {
        4 => run::<T, 4, U16>(job, pixels, target, stride),
        8 => run::<T, 8, U16>(job, pixels, target, stride),
        16 => run::<T, 16, U16>(job, pixels, target, stride),
        _ => run::<T, 32, U16>(job, pixels, target, stride),
    }
}

#[inline(always)]
fn run<T: Sum, const L: usize, const U16: bool>(job: &DepthwiseJob, (rows, cols): Pixels, target: &mut [i16], stride: usize) {
    for y in rows {
        for x in cols.clone() {
            pixel::<T, L, U16>(job, y, x, &mut target[y * stride + x * L..][..L]);
        }
    }
}

#[inline(always)]
fn pixel<T: Sum, const L: usize, const U16: bool>(job: &DepthwiseJob, y: usize, x: usize, out: &mut [i16]) {
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
                acc[l] = acc[l].add_product(T::feature::<U16>(features[l]), T::weight(w[l]));
            }
        }
    }
    layer.plain_tables.general.apply(job.block * L, &acc, out);
}
