//! Depthwise convolution in vector registers: two taps at a time, over runs of adjacent features of any channel.

use super::epilogue::{entry, scale, shift};
use super::vector::Vector;
use super::{avx2, avx512};
use crate::kernels::depthwise::{DepthwiseJob, POSITIONS};
use crate::kernels::depthwise_portable;
use crate::kernels::isa::{Isa, Level};
use crate::kernels::tables::{Form, Tables};

/// Largest filter, in taps (11 x 11). Larger ones take the portable path.
pub(in crate::kernels) const MAX_TAPS: usize = 121;

/// One tap of a run of outputs.
#[derive(Clone, Copy)]
struct Tap {
    source: *const i16,
    /// All ones, or zero for a tap in the padding, which reads the same pad values for each output.
    mask: usize,
}

/// Outputs at equal distances, along a row or down a column, with the same taps inside.
pub(in crate::kernels) struct Span<'a> {
    taps: [Tap; MAX_TAPS + 1],
    pairs: usize,
    weights: *const i16,
    tables: &'a Tables,
    position: usize,
    lanes: usize,
    pixels: usize,
    /// Elements from one pixel's source to the next one's.
    source_step: usize,
    target: *mut i16,
    /// Elements from one output to the next.
    target_step: usize,
}

/// Runs `job`: the columns whose taps are all inside row by row, the others from top to bottom.
///
/// # Safety
/// The processor must have the instruction set `level`, at least AVX2; source, target and block must have been checked.
pub(super) unsafe fn run(level: Level, job: &DepthwiseJob, target: &mut [i16], row_stride: usize) {
    let (layer, (rows, cols)) = (job.layer, job.outputs);
    let (g, lanes) = (layer.geometry, layer.lanes);
    let pad = [job.pad; 32];
    let inner_rows = g.interior(job.origin.0, g.kernel.0, job.source.rows, rows);
    let inner_cols = g.interior(job.origin.1, g.kernel.1, job.source.cols, cols);
    let mut span = Span {
        taps: [Tap { source: pad.as_ptr(), mask: 0 }; MAX_TAPS + 1],
        pairs: g.taps().div_ceil(2),
        weights: layer.pairs.as_slice()[job.block * g.taps().div_ceil(2) * 2 * POSITIONS..].as_ptr(),
        tables: &layer.tables,
        position: job.block * POSITIONS,
        lanes,
        pixels: inner_cols.len(),
        source_step: g.stride * lanes,
        target: target.as_mut_ptr(),
        target_step: lanes,
    };
    // A register holds several pixels only where they are adjacent.
    let adjacent = g.stride == 1;
    let pixels512 = if adjacent || lanes == 32 { (32 / lanes).max(1) } else { usize::MAX };
    let pixels256 = if adjacent || lanes >= 16 { (16 / lanes).max(1) } else { usize::MAX };
    let rows_with_inner = if inner_cols.is_empty() { 0 } else { rows };
    for y in 0..rows_with_inner {
        aim(&mut span, job, y, inner_cols.start, &pad);
        span.target = target[y * row_stride + inner_cols.start * lanes..].as_mut_ptr();
        if level == Level::Avx512Vnni && span.pixels >= pixels512 {
            unsafe { avx512::Register::span(&span) };
        } else if span.pixels >= pixels256 {
            unsafe { avx2::Register::span(&span) };
        } else {
            depthwise_portable::depthwise(Isa::best(), job, (y..y + 1, inner_cols.clone()), target, row_stride);
        }
    }
    (span.source_step, span.target_step) = (g.stride * job.source.row_stride, row_stride);
    for x in (0..inner_cols.start).chain(inner_cols.end..cols) {
        let mut y = 0;
        while y < rows {
            span.pixels = if inner_rows.contains(&y) { inner_rows.end - y } else { 1 };
            if lanes >= 16 {
                aim(&mut span, job, y, x, &pad);
                span.target = target[y * row_stride + x * lanes..].as_mut_ptr();
                unsafe { avx2::Register::span(&span) };
            } else {
                depthwise_portable::depthwise(Isa::best(), job, (y..y + span.pixels, x..x + 1), target, row_stride);
            }
            y += span.pixels;
        }
    }
}

/// Points the taps of `span` at what output (y, x) reads.
fn aim(span: &mut Span, job: &DepthwiseJob, y: usize, x: usize, pad: &[i16; 32]) {
    let (g, source) = (job.layer.geometry, &job.source);
    let row0 = i64::from(job.origin.0) + (y * g.stride) as i64;
    let col0 = i64::from(job.origin.1) + (x * g.stride) as i64;
    let mut taps = span.taps.iter_mut();
    for ky in 0..g.kernel.0 {
        let row = row0 + (ky * g.dilation) as i64;
        let row_inside = row >= 0 && row < source.rows as i64;
        for (kx, tap) in (0..g.kernel.1).zip(taps.by_ref()) {
            let col = col0 + (kx * g.dilation) as i64;
            *tap = if row_inside && col >= 0 && col < source.cols as i64 {
                let at = row as usize * source.row_stride + col as usize * span.lanes;
                Tap { source: source.data[at..].as_ptr(), mask: usize::MAX }
            } else {
                Tap { source: pad.as_ptr(), mask: 0 }
            };
        }
    }
}

/// See [`Vector::span`].
#[inline(always)]
pub(super) unsafe fn span<S: Vector>(span: &Span) {
    let features = 2 * S::WIDTH;
    let pixels_each = (features / span.lanes).max(1);
    for part in 0..(span.lanes / features).max(1) {
        let vectors = span.pixels.div_ceil(pixels_each);
        let mut i = 0;
        while i < vectors {
            match vectors - i {
                4.. => unsafe { group::<S, 4>(span, part, i, pixels_each) },
                2 | 3 => unsafe { group::<S, 2>(span, part, i, pixels_each) },
                _ => unsafe { group::<S, 1>(span, part, i, pixels_each) },
            }
            i += match vectors - i {
                4.. => 4,
                2 | 3 => 2,
                _ => 1,
            };
        }
    }
}

/// `N` registers of outputs from the `first` on. The last one of a span is moved back to end with it, and repeats some outputs.
#[inline(always)]
unsafe fn group<S: Vector, const N: usize>(span: &Span, part: usize, first: usize, pixels_each: usize) {
    let pixel: [usize; N] = std::array::from_fn(|i| ((first + i) * pixels_each).min(span.pixels - pixels_each));
    let source: [usize; N] = std::array::from_fn(|i| pixel[i] * span.source_step + part * 2 * S::WIDTH);
    let at = [span.position + part * S::WIDTH, span.position + POSITIONS / 2 + part * S::WIDTH];
    let start: [S; 2] = unsafe { [entry(&span.tables.start, at[0]), entry(&span.tables.start, at[1])] };
    let mut acc = [start; N];
    let mut weights = span.weights.wrapping_add(part * 2 * S::WIDTH);
    for pair in span.taps.chunks_exact(2).take(span.pairs) {
        let w = unsafe { [S::load(weights), S::load(weights.add(POSITIONS))] };
        weights = weights.wrapping_add(2 * POSITIONS);
        for i in 0..N {
            let x: [S; 2] = unsafe { read::<S>(&pair[0], source[i]).interleave(read(&pair[1], source[i])) };
            for half in 0..2 {
                acc[i][half] = unsafe { acc[i][half].dot(x[half], w[half]) };
            }
        }
    }
    // The common form apart, so that the loop is short enough to be unrolled: else the accumulators are kept in memory.
    let target = |i: usize| span.target.wrapping_add(pixel[i] * span.target_step + part * 2 * S::WIDTH);
    if span.tables.form == Form::Shift {
        for i in 0..N {
            let [low, high] = acc[i];
            unsafe { S::pack(shift(low, span.tables, at[0]), shift(high, span.tables, at[1])).store(target(i)) };
        }
    } else {
        for i in 0..N {
            let [low, high] = acc[i];
            unsafe { S::finish_halves(low, high, span.tables, at, target(i)) };
        }
    }
}

#[inline(always)]
unsafe fn read<S: Vector>(tap: &Tap, offset: usize) -> S {
    unsafe { S::load(tap.source.wrapping_add(offset & tap.mask)) }
}

/// See [`Vector::finish_halves`].
#[inline(always)]
pub(super) unsafe fn finish_halves<S: Vector>(low: S, high: S, tables: &Tables, at: [usize; 2], target: *mut i16) {
    if tables.form == Form::Multiply {
        return unsafe { S::pack(scale(low, tables, at[0]), scale(high, tables, at[1])).store(target) };
    }
    let mut out = [0i16; 32];
    for (half, acc) in [low, high].into_iter().enumerate() {
        let (mut raw, mut row) = ([0i32; 16], [0i16; 16]);
        unsafe { acc.store_i32(raw.as_mut_ptr()) };
        tables.general.apply(at[half], &raw[..S::WIDTH], &mut row);
        for (four, values) in row[..S::WIDTH].chunks_exact(4).enumerate() {
            out[8 * four + 4 * half..][..4].copy_from_slice(values);
        }
    }
    unsafe { std::ptr::copy_nonoverlapping(out.as_ptr(), target, 2 * S::WIDTH) };
}
