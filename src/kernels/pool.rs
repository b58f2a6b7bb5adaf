//! Max and average pooling, one channel block at a time.

use super::compiled::compiled_for;
use super::isa::Isa;
use super::sum::Sum;
use super::tables::{Bound, Tables};
use super::view::{Geometry, Source};
use crate::error::{Error, Result};
use crate::fixed::Requantise;
use std::ops::Range;

/// What pooling does with a window.
#[derive(Clone, Copy, Debug)]
pub enum PoolKind<'a> {
    /// The largest feature; taps outside the source do not count.
    Max,
    /// The sum, requantised by one scale that includes the division. Taps outside the source read the pad value.
    Average {
        /// Added to the sum: minus the number of taps times the features' zero point.
        bias: i64,
        /// From sum to output.
        requantise: &'a Requantise,
    },
}

/// One pooling layer.
#[derive(Clone, Debug)]
pub struct PackedPool {
    average: Option<Tables>,
    geometry: Geometry,
    lanes: usize,
    channels: usize,
    unsigned16: bool,
}

impl PackedPool {
    /// Packs a layer of `channels` channels in blocks of `lanes`, whose raw features lie in `features` (both ends included).
    ///
    /// # Errors
    /// As [`super::PackedConv::new`]; also when an average has more than one scale.
    pub fn new(kind: PoolKind, geometry: Geometry, channels: usize, lanes: usize, features: (i32, i32)) -> Result<PackedPool> {
        super::check_lanes(lanes)?;
        super::check_geometry(geometry)?;
        super::check_weights(&[], 0, features)?;
        if channels == 0 {
            return Err(Error::input("a layer needs channels").value(channels));
        }
        let average = match kind {
            PoolKind::Max => None,
            PoolKind::Average { bias, requantise } => {
                super::check_channels(&[bias], requantise, 1)?;
                let mut bound = Bound::new(bias);
                bound.add(geometry.taps() as i64, features);
                let positions: Vec<_> = (0..channels.next_multiple_of(lanes)).map(|c| (c < channels).then_some(0)).collect();
                Some(Tables::new(requantise, &positions, &[bound]))
            }
        };
        Ok(PackedPool { average, geometry, lanes, channels, unsigned16: features.1 > i32::from(i16::MAX) })
    }
}

/// One pooling: a rectangle of outputs of one channel block.
#[derive(Clone, Copy, Debug)]
pub struct PoolJob<'a> {
    /// The block's features: its data starts at this block, whose stride is not used.
    pub source: Source<'a>,
    /// The layer.
    pub layer: &'a PackedPool,
    /// Which of the layer's channel blocks.
    pub block: usize,
    /// Source row and column that tap (0, 0) of output (0, 0) reads. Negative coordinates are padding.
    pub origin: (i32, i32),
    /// Output rows and columns.
    pub outputs: (usize, usize),
    /// What an average reads outside the source, and what a max gives where its whole window is outside.
    pub pad: i16,
}

/// Runs `job` into `target`, rows `row_stride` elements apart. Does not allocate.
///
/// # Panics
/// When the source or the target is too small, or the layer has no such block.
pub fn pool(isa: Isa, job: &PoolJob, target: &mut [i16], row_stride: usize) {
    assert!(job.block < job.layer.channels.div_ceil(job.layer.lanes));
    compiled_for!(isa, run(job: &PoolJob, target: &mut [i16], row_stride: usize))
}

#[inline(always)]
fn run(job: &PoolJob, target: &mut [i16], row_stride: usize) {
    match job.layer.lanes {
        4 => rows::<4>(job, target, row_stride),
        8 => rows::<8>(job, target, row_stride),
        16 => rows::<16>(job, target, row_stride),
        _ => rows::<32>(job, target, row_stride),
    }
}

#[inline(always)]
fn rows<const L: usize>(job: &PoolJob, target: &mut [i16], row_stride: usize) {
    let layer = job.layer;
    let g = layer.geometry;
    for y in 0..job.outputs.0 {
        let taps_y = inside(job.origin.0, y, g.kernel.0, g, job.source.rows);
        for x in 0..job.outputs.1 {
            let taps = (taps_y.clone(), inside(job.origin.1, x, g.kernel.1, g, job.source.cols));
            let out = &mut target[y * row_stride + x * L..][..L];
            match &layer.average {
                None => max::<L>(job, (y, x), taps, out),
                Some(tables) if layer.unsigned16 => sum::<i64, L, true>(job, (y, x), taps, tables, out),
                Some(tables) if tables.wide => sum::<i64, L, false>(job, (y, x), taps, tables, out),
                Some(tables) => sum::<i32, L, false>(job, (y, x), taps, tables, out),
            }
        }
    }
}

/// The taps of output `at` along one axis that are inside the source.
#[inline(always)]
fn inside(origin: i32, at: usize, taps: usize, g: Geometry, extent: usize) -> Range<usize> {
    let first = i64::from(origin) + (at * g.stride) as i64;
    let step = g.dilation as i64;
    let low = if first >= 0 { 0 } else { (-first + step - 1) / step };
    let high = ((extent as i64 - first + step - 1) / step).clamp(0, taps as i64);
    low.min(high) as usize..high as usize
}

/// The features under one tap of output `at`, which must be inside.
#[inline(always)]
fn features<'a, const L: usize>(job: &PoolJob<'a>, at: (usize, usize), tap: (usize, usize)) -> &'a [i16; L] {
    let g = job.layer.geometry;
    let row = i64::from(job.origin.0) + (at.0 * g.stride + tap.0 * g.dilation) as i64;
    let col = i64::from(job.origin.1) + (at.1 * g.stride + tap.1 * g.dilation) as i64;
    let from = row as usize * job.source.row_stride + col as usize * L;
    job.source.data[from..].first_chunk().expect("a source as large as its extents")
}

#[inline(always)]
fn max<const L: usize>(job: &PoolJob, at: (usize, usize), (taps_y, taps_x): (Range<usize>, Range<usize>), out: &mut [i16]) {
    // Flipping the top bit orders unsigned patterns as signed numbers.
    let flip = if job.layer.unsigned16 { i16::MIN } else { 0 };
    if taps_y.is_empty() || taps_x.is_empty() {
        let channels = (job.layer.channels - job.block * L).min(L);
        out[..channels].fill(job.pad);
        return out[channels..].fill(0);
    }
    let mut best = [i16::MIN; L];
    for ky in taps_y {
        for kx in taps_x.clone() {
            let row: &[i16; L] = features(job, at, (ky, kx));
            for l in 0..L {
                best[l] = best[l].max(row[l] ^ flip);
            }
        }
    }
    for l in 0..L {
        out[l] = best[l] ^ flip;
    }
}

#[inline(always)]
fn sum<T: Sum, const L: usize, const U16: bool>(
    job: &PoolJob,
    at: (usize, usize),
    (taps_y, taps_x): (Range<usize>, Range<usize>),
    tables: &Tables,
    out: &mut [i16],
) {
    let outside = job.layer.geometry.taps() - taps_y.len() * taps_x.len();
    let pads = outside as i64 * T::feature::<U16>(job.pad).into();
    let mut acc: [T; L] = std::array::from_fn(|l| T::start(tables.bias[job.block * L + l] + pads));
    for ky in taps_y {
        for kx in taps_x.clone() {
            let row: &[i16; L] = features(job, at, (ky, kx));
            for l in 0..L {
                acc[l] = acc[l].add_product(T::feature::<U16>(row[l]), T::weight(1));
            }
        }
    }
    tables.general.apply(job.block * L, &acc, out);
}
