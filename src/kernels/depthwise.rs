//! Depthwise convolution, one channel block at a time.

use super::aligned::Aligned;
use super::isa::Isa;
use super::tables::{Bound, Tables};
use super::view::{Geometry, Source};
use crate::error::{Error, Result};
use crate::fixed::Requantise;

/// Accumulator positions that a block occupies in the tables: those of 32 features, whatever the lanes.
pub(super) const POSITIONS: usize = 32;

/// What [`PackedDepthwise::new`] packs. Values are raw integers.
#[derive(Clone, Copy, Debug)]
pub struct DepthwiseSpec<'a> {
    /// `[channel][ky][kx]`, each within 16 bits signed.
    pub weights: &'a [i32],
    /// As [`super::ConvSpec::bias`].
    pub bias: &'a [i64],
    /// Channels.
    pub channels: usize,
    /// Filter.
    pub geometry: Geometry,
    /// Channels in a block: 4, 8, 16 or 32.
    pub lanes: usize,
    /// As [`super::ConvSpec::features`].
    pub features: (i32, i32),
    /// From accumulator to output.
    pub requantise: &'a Requantise,
}

/// One depthwise layer in the order in which the kernels read it.
///
/// The vector kernels interleave the features of two taps, so that one instruction multiplies and adds both. Interleaving works within 128
/// bits: of 8 features the first 4 go to one register, the last 4 to another. Weights and tables are in that order.
#[derive(Clone, Debug)]
pub struct PackedDepthwise {
    /// `[block][pair of taps][half][position][tap of the pair]`.
    pub(super) pairs: Aligned,
    /// `[block][tap][lane]`, for the portable path.
    pub(super) plain: Vec<i16>,
    /// By [`position`].
    pub(super) tables: Tables,
    /// By channel, for the portable path.
    pub(super) plain_tables: Tables,
    pub(super) geometry: Geometry,
    pub(super) lanes: usize,
    pub(super) channels: usize,
    pub(super) unsigned16: bool,
}

/// The feature, of 32 consecutive ones, whose accumulator is at `position` (16 of the first half, then 16 of the second).
const fn feature_at(position: usize) -> usize {
    let (half, within) = (position / 16, position % 16);
    within / 4 * 8 + half * 4 + within % 4
}

impl PackedDepthwise {
    /// Packs a layer, once for a network.
    ///
    /// # Errors
    /// As [`super::PackedConv::new`].
    pub fn new(spec: &DepthwiseSpec) -> Result<PackedDepthwise> {
        check(spec)?;
        let (taps, lanes) = (spec.geometry.taps(), spec.lanes);
        let blocks = spec.channels.div_ceil(lanes);
        let weight = |c: usize, tap: usize| if c < spec.channels && tap < taps { spec.weights[c * taps + tap] as i16 } else { 0 };
        let channel = |block: usize, position: usize| block * lanes + feature_at(position) % lanes;
        let mut pairs = Vec::with_capacity(blocks * taps.div_ceil(2) * 2 * POSITIONS);
        let mut plain = Vec::with_capacity(blocks * taps * lanes);
        for block in 0..blocks {
            for tap in (0..taps).step_by(2) {
                pairs.extend((0..POSITIONS).map(|p| channel(block, p)).flat_map(|c| [weight(c, tap), weight(c, tap + 1)]));
            }
            plain.extend((0..taps).flat_map(|tap| (0..lanes).map(move |l| weight(block * lanes + l, tap))));
        }
        let bounds: Vec<_> = (0..spec.channels).map(|c| bound(spec, c)).collect();
        let known = |c: usize| (c < spec.channels).then_some(c);
        let positions: Vec<_> = (0..blocks).flat_map(|b| (0..POSITIONS).map(move |p| known(channel(b, p)))).collect();
        let in_order: Vec<_> = (0..blocks * lanes).map(known).collect();
        Ok(PackedDepthwise {
            pairs: Aligned::new(&pairs),
            plain,
            tables: Tables::new(spec.requantise, &positions, &bounds),
            plain_tables: Tables::new(spec.requantise, &in_order, &bounds),
            geometry: spec.geometry,
            lanes,
            channels: spec.channels,
            unsigned16: spec.features.1 > i32::from(i16::MAX),
        })
    }

    /// Whether some accumulator needs more than 32 bits. Such layers take the portable path in 64 bits.
    pub fn is_wide(&self) -> bool {
        self.tables.wide
    }
}

fn bound(spec: &DepthwiseSpec, c: usize) -> Bound {
    let taps = spec.geometry.taps();
    let mut bound = Bound::new(spec.bias.get(c).copied().unwrap_or(0));
    spec.weights[c * taps..(c + 1) * taps].iter().for_each(|&w| bound.add(i64::from(w), spec.features));
    bound
}

fn check(spec: &DepthwiseSpec) -> Result<()> {
    super::check_lanes(spec.lanes)?;
    super::check_geometry(spec.geometry)?;
    if spec.channels == 0 {
        return Err(Error::input("a layer needs channels").value(spec.channels));
    }
    super::check_weights(spec.weights, spec.channels * spec.geometry.taps(), spec.features)?;
    super::check_channels(spec.bias, spec.requantise, spec.channels)
}

/// One depthwise convolution: a rectangle of outputs of one channel block.
#[derive(Clone, Copy, Debug)]
pub struct DepthwiseJob<'a> {
    /// The block's features: its data starts at this block, whose stride is not used.
    pub source: Source<'a>,
    /// The layer.
    pub layer: &'a PackedDepthwise,
    /// Which of the layer's channel blocks.
    pub block: usize,
    /// Source row and column that tap (0, 0) of output (0, 0) reads. Negative coordinates are padding.
    pub origin: (i32, i32),
    /// Output rows and columns.
    pub outputs: (usize, usize),
    /// What taps outside the source read.
    pub pad: i16,
}

/// Runs `job` into `target`, rows `row_stride` elements apart. Does not allocate.
///
/// # Panics
/// When the source or the target is too small, or the layer has no such block.
pub fn depthwise(isa: Isa, job: &DepthwiseJob, target: &mut [i16], row_stride: usize) {
    let (layer, (rows, cols)) = (job.layer, job.outputs);
    if rows == 0 || cols == 0 {
        return;
    }
    job.source.check(1, layer.lanes);
    assert!((rows - 1) * row_stride + cols * layer.lanes <= target.len());
    assert!(job.block < layer.channels.div_ceil(layer.lanes));
    #[cfg(target_arch = "x86_64")]
    if !layer.tables.wide && !layer.unsigned16 && layer.tables.signed16 && super::simd::depthwise(isa, job, target, row_stride) {
        return;
    }
    let everything = (0..rows, 0..cols);
    super::depthwise_portable::depthwise(isa, job, everything, target, row_stride);
}
