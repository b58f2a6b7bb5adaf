//! Convolution without intrinsics: any layer, in 32 or 64 bits.

use super::compiled::compiled_for;
use super::conv::ConvJob;
use super::isa::Isa;
use super::sum::Sum;
use super::view::Target;

/// Runs a checked job.
pub(super) fn conv(isa: Isa, job: &ConvJob, target: &mut Target) {
    if job.conv.tables.wide {
        compiled_for!(isa, wide(job: &ConvJob, target: &mut Target))
    } else {
        compiled_for!(isa, narrow(job: &ConvJob, target: &mut Target))
    }
}

#[inline(always)]
fn wide(job: &ConvJob, target: &mut Target) {
    blocks::<i64>(job, target);
}

#[inline(always)]
fn narrow(job: &ConvJob, target: &mut Target) {
    blocks::<i32>(job, target);
}

#[inline(always)]
fn blocks<T: Sum>(job: &ConvJob, target: &mut Target) {
    let lanes = job.conv.lanes;
    for index in 0..job.output_blocks.1 {
        let block = job.output_blocks.0 + index;
        for y in 0..job.outputs.0 {
            for x in 0..job.outputs.1 {
                let at = index * target.block_stride + y * target.row_stride + x * lanes;
                let out = &mut target.data[at..at + lanes];
                match lanes {
                    4 => pixel::<T, 4>(job, block, y, x, out),
                    8 => pixel::<T, 8>(job, block, y, x, out),
                    16 => pixel::<T, 16>(job, block, y, x, out),
                    _ => pixel::<T, 32>(job, block, y, x, out),
                }
            }
        }
    }
}

#[inline(always)]
fn pixel<T: Sum, const L: usize>(job: &ConvJob, block: usize, y: usize, x: usize, out: &mut [i16]) {
    let (layer, source, g) = (job.conv, &job.source, job.conv.geometry);
    let packed = &layer.blocks[block];
    let mut weights = layer.weights.as_slice()[packed.first..].chunks_exact(2 * L);
    let mut acc: [T; L] = std::array::from_fn(|l| T::start(layer.tables.bias[block * L + l]));
    let pad = [job.pad; L];
    for ky in 0..g.kernel.0 {
        for kx in 0..g.kernel.1 {
            let row = job.origin.0 as isize + (y * g.stride + ky * g.dilation) as isize;
            let col = job.origin.1 as isize + (x * g.stride + kx * g.dilation) as isize;
            let inside = (row as usize) < source.rows && (col as usize) < source.cols;
            for input in packed.inputs.clone() {
                let at = || input * source.block_stride + row as usize * source.row_stride + col as usize * L;
                let features = if inside { &source.data[at()..][..L] } else { &pad[..] };
                let pairs = if input + 1 == packed.inputs.end { packed.last_pairs } else { L / 2 };
                for (x, w) in features.chunks_exact(2).zip(weights.by_ref().take(pairs)) {
                    let x = [0, 1].map(|i: usize| T::feature(x[i], layer.unsigned16));
                    for l in 0..L {
                        acc[l] = acc[l].add_product(x[0], w[2 * l]).add_product(x[1], w[2 * l + 1]);
                    }
                }
            }
        }
    }
    layer.tables.general.apply(block * L, &acc, out);
}
