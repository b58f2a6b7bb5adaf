//! Convolution without intrinsics: any layer, in 32 or 64 bits.

use super::compiled::compiled_for;
use super::conv::ConvJob;
use super::isa::Isa;
use super::sum::Sum;
use super::view::Target;

/// Pixels computed side by side, so that a weight is loaded once for all of them.
const SIDE: usize = 4;

/// Runs a checked job.
pub(super) fn conv(isa: Isa, job: &ConvJob, target: &mut Target) {
    // In 32 bits this serves processors without a vector path (and 4 lanes): one copy will do.
    match (job.conv.unsigned16, job.conv.tables.wide) {
        (false, false) => by_lanes::<i32, false>(job, target),
        (false, true) => compiled_for!(isa, wide(job: &ConvJob, target: &mut Target)),
        (true, _) => compiled_for!(isa, wide_u16(job: &ConvJob, target: &mut Target)),
    }
}

#[inline(always)]
fn wide(job: &ConvJob, target: &mut Target) {
    by_lanes::<i64, false>(job, target);
}

#[inline(always)]
fn wide_u16(job: &ConvJob, target: &mut Target) {
    by_lanes::<i64, true>(job, target);
}

#[inline(always)]
fn by_lanes<T: Sum, const U16: bool>(job: &ConvJob, target: &mut Target) {
    match job.conv.lanes {
        4 => blocks::<T, 4, U16>(job, target),
        8 => blocks::<T, 8, U16>(job, target),
        16 => blocks::<T, 16, U16>(job, target),
        _ => blocks::<T, 32, U16>(job, target),
    }
}

#[inline(always)]
fn blocks<T: Sum, const L: usize, const U16: bool>(job: &ConvJob, target: &mut Target) {
    for index in 0..job.output_blocks.1 {
        for y in 0..job.outputs.0 {
            for x in (0..job.outputs.1).step_by(SIDE) {
                let at = index * target.block_stride + y * target.row_stride + x * L;
                let pixels = SIDE.min(job.outputs.1 - x);
                side::<T, L, U16>(job, job.output_blocks.0 + index, (y, x), &mut target.data[at..at + pixels * L]);
            }
        }
    }
}

/// The outputs of one block from `at` on, as many as `out` holds. Those past its end read the pad value and are dropped.
#[inline(always)]
fn side<T: Sum, const L: usize, const U16: bool>(job: &ConvJob, block: usize, at: (usize, usize), out: &mut [i16]) {
    let (layer, g, pixels) = (job.conv, job.conv.geometry, out.len() / L);
    let packed = &layer.blocks[block];
    let mut weights = layer.weights.as_slice()[packed.first..].chunks_exact(2 * L);
    let start: [T; L] = std::array::from_fn(|l| T::start(layer.tables.bias[block * L + l]));
    let mut acc = [start; SIDE];
    let pad = [job.pad; L];
    for ky in 0..g.kernel.0 {
        for kx in 0..g.kernel.1 {
            for input in packed.inputs.clone() {
                let mut features = [&pad; SIDE];
                for (p, features) in features.iter_mut().enumerate().take(pixels) {
                    *features = read(job, input, (at.0, at.1 + p), (ky, kx)).unwrap_or(&pad);
                }
                let pairs = if input + 1 == packed.inputs.end { packed.last_pairs } else { L / 2 };
                for (pair, w) in weights.by_ref().take(pairs).enumerate() {
                    for p in 0..SIDE {
                        let (a, b) = (T::feature::<U16>(features[p][2 * pair]), T::feature::<U16>(features[p][2 * pair + 1]));
                        for l in 0..L {
                            acc[p][l] = acc[p][l].add_product(a, T::weight(w[2 * l])).add_product(b, T::weight(w[2 * l + 1]));
                        }
                    }
                }
            }
        }
    }
    for (acc, out) in acc.iter().zip(out.chunks_exact_mut(L)) {
        layer.tables.general.apply(block * L, acc, out);
    }
}

/// The features of input block `input` under tap `tap` of output `at`, if inside the source.
#[inline(always)]
fn read<'a, const L: usize>(job: &ConvJob<'a>, input: usize, at: (usize, usize), tap: (usize, usize)) -> Option<&'a [i16; L]> {
    let (source, g) = (&job.source, job.conv.geometry);
    let row = job.origin.0 as isize + (at.0 * g.stride + tap.0 * g.dilation) as isize;
    let col = job.origin.1 as isize + (at.1 * g.stride + tap.1 * g.dilation) as isize;
    let inside = (row as usize) < source.rows && (col as usize) < source.cols;
    let from = || input * source.block_stride + row as usize * source.row_stride + col as usize * L;
    if inside { source.data[from()..].first_chunk() } else { None }
}
