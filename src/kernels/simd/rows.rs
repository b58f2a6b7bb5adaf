//! Cuts a convolution's outputs into register tiles: interior pixels in runs, the others gathered.

use super::conv::{Columns, GATHER, Gather, Walk};
use super::vector::Vector;
use crate::kernels::conv::ConvJob;

/// All pixels of `job` for the given columns.
///
/// # Safety
/// As for `conv::run`.
pub(super) unsafe fn run<S: Vector, const V: usize>(job: &ConvJob, walk: &Walk, columns: &Columns<V>, target_stride: usize) {
    let (g, lanes) = (job.conv.geometry, job.conv.lanes);
    let (rows, cols) = job.outputs;
    let inner_rows = g.interior(job.origin.0, g.kernel.0, job.source.rows, rows);
    let inner_cols = if g.stride == 1 { g.interior(job.origin.1, g.kernel.1, job.source.cols, cols) } else { 0..0 };
    let all_inside = inner_rows == (0..rows) && inner_cols == (0..cols);
    if all_inside && job.source.row_stride == cols * lanes && target_stride == cols * lanes {
        let first = walk.pixel(job.origin.0 as usize, job.origin.1 as usize);
        return unsafe { run_of_pixels::<S, V>(walk, columns, lanes, first, 0, rows * cols) };
    }
    let mut border = Border { walk, columns, pixels: Gather { origins: [(0, 0); GATHER], targets: [0; GATHER], count: 0 } };
    for y in 0..rows {
        let inside = if inner_rows.contains(&y) { inner_cols.clone() } else { 0..0 };
        let row = job.origin.0 + (y * g.stride) as i32;
        let target = y * target_stride;
        for x in (0..inside.start).chain(inside.end..cols) {
            unsafe { border.push::<S>((row, job.origin.1 + (x * g.stride) as i32), target + x * lanes) };
        }
        if !inside.is_empty() {
            let first = walk.pixel(row as usize, (job.origin.1 + inside.start as i32) as usize);
            unsafe { run_of_pixels::<S, V>(walk, columns, lanes, first, target + inside.start * lanes, inside.len()) };
        }
    }
    unsafe { border.flush::<S>() };
}

/// Collects pixels that need padding or lie apart.
struct Border<'a, const V: usize> {
    walk: &'a Walk,
    columns: &'a Columns<'a, V>,
    pixels: Gather,
}

impl<const V: usize> Border<'_, V> {
    unsafe fn push<S: Vector>(&mut self, origin: (i32, i32), target: usize) {
        let p = self.pixels.count;
        (self.pixels.origins[p], self.pixels.targets[p]) = (origin, target);
        self.pixels.count += 1;
        if self.pixels.count == GATHER {
            unsafe { self.flush::<S>() };
        }
    }

    /// Unused places repeat an earlier pixel, so that they read valid features and rewrite a valid result.
    unsafe fn flush<S: Vector>(&mut self) {
        let pixels = &mut self.pixels;
        if pixels.count == 0 {
            return;
        }
        for p in pixels.count..GATHER {
            (pixels.origins[p], pixels.targets[p]) = (pixels.origins[0], pixels.targets[0]);
        }
        unsafe { S::gather(self.walk, self.columns, pixels) };
        pixels.count = 0;
    }
}

/// `n` adjacent pixels with all taps inside, in tiles of nearly equal size.
unsafe fn run_of_pixels<S: Vector, const V: usize>(walk: &Walk, c: &Columns<V>, lanes: usize, source: *const i16, target: usize, n: usize) {
    let tiles = n.div_ceil(S::MAX_TILE);
    let (size, larger) = (n / tiles, n % tiles);
    let mut done = 0;
    for t in 0..tiles {
        let pixels = size + usize::from(t < larger);
        let (source, target) = (source.wrapping_add(done * lanes), target + done * lanes);
        match lanes {
            8 => unsafe { tile::<S, V, 8>(walk, c, source, target, pixels) },
            16 => unsafe { tile::<S, V, 16>(walk, c, source, target, pixels) },
            _ => unsafe { tile::<S, V, 32>(walk, c, source, target, pixels) },
        }
        done += pixels;
    }
}

/// Picks the kernel compiled for this number of pixels.
unsafe fn tile<S: Vector, const V: usize, const STEP: usize>(w: &Walk, c: &Columns<V>, source: *const i16, target: usize, pixels: usize) {
    // Never: `conv::run` asks for lanes >= WIDTH, and a block of several columns gives them in pairs. This keeps those kernels from being
    // compiled.
    if const { STEP < S::WIDTH || (V == 1 && STEP > S::WIDTH) } {
        unreachable!("{V} columns of {STEP} lanes");
    }
    macro_rules! pick {
        ($($n:literal)*) => {
            match pixels {
                $($n if const { $n <= S::MAX_TILE } => unsafe { S::tile::<V, $n, STEP>(w, c, source, target) },)*
                _ => unreachable!("a tile of {pixels} pixels"),
            }
        };
    }
    pick!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
}
