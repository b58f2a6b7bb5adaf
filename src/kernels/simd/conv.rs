//! Convolution in vector registers: a tile of pixels x one or two columns of output channels stays in registers over all inputs.

use super::epilogue::{entry, scale, shift};
use super::vector::Vector;
use crate::kernels::conv::ConvJob;
use crate::kernels::tables::{Form, Tables};
use crate::kernels::view::Target;

/// Pixels that [`gather`] takes at a time.
pub(in crate::kernels) const GATHER: usize = 6;

/// How a kernel walks over features and weights; strides in elements.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct Walk {
    source: *const i16,
    kernel: (usize, usize),
    tap_rows: usize,
    tap_cols: usize,
    block_stride: usize,
    row_stride: usize,
    extent: (usize, usize),
    dilation: usize,
    lanes: usize,
    blocks: usize,
    last_pairs: usize,
    pad: i16,
}

/// Columns of `WIDTH` output channels each.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct Columns<'a, const V: usize> {
    weights: [*const i16; V],
    targets: [*mut i16; V],
    positions: [usize; V],
    tables: &'a Tables,
}

/// Output pixels of any place: the source coordinates of tap (0, 0) and the target offset of each.
///
/// Places past `count` repeat the first pixel.
pub(in crate::kernels) struct Gather {
    pub origins: [(i32, i32); GATHER],
    pub targets: [usize; GATHER],
    pub count: usize,
}

type Accumulators<S, const V: usize, const P: usize> = [[S; P]; V];

#[inline(always)]
unsafe fn start<S: Vector, const V: usize, const P: usize>(columns: &Columns<V>) -> Accumulators<S, V, P> {
    std::array::from_fn(|v| unsafe { [entry(&columns.tables.start, columns.positions[v]); P] })
}

/// Adds `pairs` pairs of input channels, pixel `p` reading from `source(p)` on.
#[inline(always)]
unsafe fn accumulate<S: Vector, const V: usize, const P: usize>(
    acc: &mut Accumulators<S, V, P>,
    weights: &mut [*const i16; V],
    source: impl Fn(usize) -> *const i16,
    pairs: usize,
    lanes: usize,
) {
    for pair in 0..pairs {
        let w: [S; V] = std::array::from_fn(|v| unsafe { S::load(weights[v]) });
        for p in 0..P {
            let x = unsafe { S::broadcast_pair(source(p).add(2 * pair)) };
            for v in 0..V {
                acc[v][p] = unsafe { acc[v][p].dot(x, w[v]) };
            }
        }
        weights.iter_mut().for_each(|w| *w = unsafe { w.add(2 * lanes) });
    }
}

#[inline(always)]
unsafe fn store<S: Vector, const V: usize, const P: usize>(columns: &Columns<V>, acc: &Accumulators<S, V, P>, targets: [usize; P]) {
    if columns.tables.form != Form::Shift {
        // A copy, element by element: were `acc` itself lent to a call, the compiler would keep it in memory.
        let spilled: Accumulators<S, V, P> = std::array::from_fn(|v| std::array::from_fn(|p| acc[v][p]));
        return unsafe { S::finish(columns, spilled.as_flattened(), &targets) };
    }
    // Not a loop over columns: the compiler would not unroll both and keep the accumulators in memory.
    unsafe { store_column(columns, 0, acc[0], &targets) };
    if V > 1 {
        unsafe { store_column(columns, 1, acc[V - 1], &targets) };
    }
}

#[inline(always)]
unsafe fn store_column<S: Vector, const V: usize, const P: usize>(columns: &Columns<V>, v: usize, acc: [S; P], targets: &[usize; P]) {
    for p in 0..P {
        unsafe { shift(acc[p], columns.tables, columns.positions[v]).store_low(columns.targets[v].add(targets[p])) };
    }
}

/// See [`Vector::finish`].
#[inline(always)]
pub(super) unsafe fn finish<S: Vector, const V: usize>(columns: &Columns<V>, accumulators: &[S], targets: &[usize]) {
    let tables = columns.tables;
    for v in 0..V {
        let at = columns.positions[v];
        for (p, &offset) in targets.iter().enumerate() {
            let (acc, target) = (accumulators[v * targets.len() + p], unsafe { columns.targets[v].add(offset) });
            if tables.form == Form::Multiply {
                unsafe { scale(acc, tables, at).store_low(target) };
            } else {
                let mut raw = [0i32; 16];
                unsafe { acc.store_i32(raw.as_mut_ptr()) };
                let out = unsafe { std::slice::from_raw_parts_mut(target, S::WIDTH) };
                tables.general.apply(at, &raw[..S::WIDTH], out);
            }
        }
    }
}

/// See [`Vector::tile`].
#[inline(always)]
pub(super) unsafe fn tile<S: Vector, const V: usize, const P: usize, const STEP: usize>(
    walk: &Walk,
    columns: &Columns<V>,
    source: *const i16,
    target: usize,
) {
    let mut acc = unsafe { start::<S, V, P>(columns) };
    let mut weights = columns.weights;
    for ky in 0..walk.kernel.0 {
        for kx in 0..walk.kernel.1 {
            let mut x = source.wrapping_add(ky * walk.tap_rows + kx * walk.tap_cols);
            for block in 0..walk.blocks {
                let pairs = if block + 1 == walk.blocks { walk.last_pairs } else { STEP / 2 };
                unsafe { accumulate(&mut acc, &mut weights, |p| x.wrapping_add(p * STEP), pairs, STEP) };
                x = x.wrapping_add(walk.block_stride);
            }
        }
    }
    unsafe { store(columns, &acc, std::array::from_fn(|p| target + p * STEP)) };
}

/// See [`Vector::gather`].
#[inline(always)]
pub(super) unsafe fn gather<S: Vector, const V: usize>(walk: &Walk, columns: &Columns<V>, pixels: &Gather) {
    let pad = [walk.pad; 32];
    let mut acc = unsafe { start::<S, V, GATHER>(columns) };
    let mut weights = columns.weights;
    for ky in 0..walk.kernel.0 {
        for kx in 0..walk.kernel.1 {
            let mut x = [pad.as_ptr(); GATHER];
            let mut step = [0; GATHER];
            for p in 0..GATHER {
                let (y0, x0) = pixels.origins[p];
                let (row, col) = (y0 as isize + (ky * walk.dilation) as isize, x0 as isize + (kx * walk.dilation) as isize);
                if (row as usize) < walk.extent.0 && (col as usize) < walk.extent.1 {
                    x[p] = walk.source.wrapping_add(row as usize * walk.row_stride + col as usize * walk.lanes);
                    step[p] = walk.block_stride;
                }
            }
            for block in 0..walk.blocks {
                let pairs = if block + 1 == walk.blocks { walk.last_pairs } else { walk.lanes / 2 };
                unsafe { accumulate(&mut acc, &mut weights, |p| x[p], pairs, walk.lanes) };
                for p in 0..GATHER {
                    x[p] = x[p].wrapping_add(step[p]);
                }
            }
        }
    }
    unsafe { store(columns, &acc, pixels.targets) };
}

/// Runs `job` with registers `S`.
///
/// # Safety
/// The processor must have the instruction set of `S`; source, target and blocks must have been checked; lanes are 8, 16 or 32 and at
/// least `S::WIDTH`.
pub(super) unsafe fn run<S: Vector>(job: &ConvJob, target: &mut Target) {
    let layer = job.conv;
    let parts = layer.lanes / S::WIDTH;
    let count = job.output_blocks.1 * parts;
    let column = |i: usize| {
        let block = job.output_blocks.0 + i / parts;
        let within = i % parts * S::WIDTH;
        let weights = unsafe { layer.weights.as_slice().as_ptr().add(layer.blocks[block].first + 2 * within) };
        (weights, i / parts * target.block_stride + within, block * layer.lanes + within, &layer.blocks[block])
    };
    let base = target.data.as_mut_ptr();
    let mut i = 0;
    while i < count {
        let a = column(i);
        let walk = Walk::new(job, job.output_blocks.0 + i / parts);
        if i + 1 < count && column(i + 1).3.same_inputs(a.3) {
            let b = column(i + 1);
            let targets = unsafe { [base.add(a.1), base.add(b.1)] };
            let columns = Columns { weights: [a.0, b.0], targets, positions: [a.2, b.2], tables: &layer.tables };
            unsafe { super::rows::run::<S, 2>(job, &walk, &columns, target.row_stride) };
            i += 2;
        } else {
            let columns = Columns { weights: [a.0], targets: [unsafe { base.add(a.1) }], positions: [a.2], tables: &layer.tables };
            unsafe { super::rows::run::<S, 1>(job, &walk, &columns, target.row_stride) };
            i += 1;
        }
    }
}

impl Walk {
    fn new(job: &ConvJob, output_block: usize) -> Walk {
        let (layer, source) = (job.conv, &job.source);
        let block = &layer.blocks[output_block];
        Walk {
            source: source.data.as_ptr().wrapping_add(block.inputs.start * source.block_stride),
            kernel: layer.geometry.kernel,
            tap_rows: layer.geometry.dilation * source.row_stride,
            tap_cols: layer.geometry.dilation * layer.lanes,
            block_stride: source.block_stride,
            row_stride: source.row_stride,
            extent: (source.rows, source.cols),
            dilation: layer.geometry.dilation,
            lanes: layer.lanes,
            blocks: block.inputs.len(),
            last_pairs: block.last_pairs,
            pad: job.pad,
        }
    }

    /// The pixel at (row, col), which must be inside.
    pub(super) fn pixel(&self, row: usize, col: usize) -> *const i16 {
        self.source.wrapping_add(row * self.row_stride + col * self.lanes)
    }
}
