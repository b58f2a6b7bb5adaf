//! Convolution over channel blocks: any kernel, stride, dilation and groups; pointwise is the 1 x 1 case.

use super::aligned::Aligned;
use super::isa::Isa;
use super::tables::{Bound, Form, Tables};
use super::view::{Geometry, Source, Target};
use crate::error::{Error, Result};
use crate::fixed::Requantise;
use std::ops::Range;

/// What [`PackedConv::new`] packs. Values are raw integers.
#[derive(Clone, Copy, Debug)]
pub struct ConvSpec<'a> {
    /// `[output][input in its group][ky][kx]`, each within 16 bits signed.
    pub weights: &'a [i32],
    /// One for each output channel, at the accumulator's scale; empty means zero. A zero point `z` of the features is folded in here by the
    /// caller, as `-z` times the sum of the channel's weights, with `z` as the pad value of jobs.
    pub bias: &'a [i64],
    /// Input channels.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
    /// Groups; divides inputs and outputs.
    pub groups: usize,
    /// Filter.
    pub geometry: Geometry,
    /// Channels in a block: 4, 8, 16 or 32.
    pub lanes: usize,
    /// Smallest and largest raw feature, the pad value included; within -32768 to 65535. Decides the accumulator's width.
    pub features: (i32, i32),
    /// From accumulator to output.
    pub requantise: &'a Requantise,
}

/// Weights, biases and requantise parameters of one layer in the order in which the kernels read them.
#[derive(Clone, Debug)]
pub struct PackedConv {
    pub(super) weights: Aligned,
    pub(super) blocks: Vec<BlockWeights>,
    pub(super) tables: Tables,
    pub(super) geometry: Geometry,
    pub(super) lanes: usize,
    pub(super) inputs: usize,
    pub(super) unsigned16: bool,
}

/// Where the weights of one output block are: for each tap, input block and pair of input lanes, `lanes` outputs of 2 weights.
#[derive(Clone, Debug)]
pub(super) struct BlockWeights {
    pub first: usize,
    /// Input blocks that any of its outputs reads.
    pub inputs: Range<usize>,
    /// Pairs of lanes in the last of them; the others have `lanes / 2`.
    pub last_pairs: usize,
}

impl BlockWeights {
    /// Whether two blocks can be computed side by side.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn same_inputs(&self, other: &BlockWeights) -> bool {
        (&self.inputs, self.last_pairs) == (&other.inputs, other.last_pairs)
    }
}

impl PackedConv {
    /// Packs a layer, once for a network.
    ///
    /// # Errors
    /// When lengths do not match, groups do not divide the channels, lanes are not 4, 8, 16 or 32, or a weight or the
    /// feature range exceeds 16 bits.
    pub fn new(spec: &ConvSpec) -> Result<PackedConv> {
        check(spec)?;
        let (taps, lanes) = (spec.geometry.taps(), spec.lanes);
        let (group_in, group_out) = (spec.inputs / spec.groups, spec.outputs / spec.groups);
        let mut weights = Vec::new();
        let mut blocks = Vec::new();
        for block in 0..spec.outputs.div_ceil(lanes) {
            let outputs = block * lanes..((block + 1) * lanes).min(spec.outputs);
            let channels = outputs.start / group_out * group_in..((outputs.end - 1) / group_out + 1) * group_in;
            let inputs = channels.start / lanes..channels.end.div_ceil(lanes);
            let last_pairs = (channels.end - (inputs.end - 1) * lanes).div_ceil(2);
            let weight = |o: usize, c: usize, tap: usize| {
                let base = o / group_out * group_in;
                let inside = o < spec.outputs && (base..base + group_in).contains(&c);
                if inside { spec.weights[(o * group_in + c - base) * taps + tap] as i16 } else { 0 }
            };
            let first = weights.len();
            for tap in 0..taps {
                for c in (inputs.start * lanes..(inputs.end - 1) * lanes + 2 * last_pairs).step_by(2) {
                    weights.extend((block * lanes..(block + 1) * lanes).flat_map(|o| [weight(o, c, tap), weight(o, c + 1, tap)]));
                }
            }
            weights.resize(weights.len().next_multiple_of(super::aligned::LINE), 0);
            blocks.push(BlockWeights { first, inputs, last_pairs });
        }
        let positions: Vec<_> = (0..blocks.len() * lanes).map(|o| (o < spec.outputs).then_some(o)).collect();
        Ok(PackedConv {
            weights: Aligned::new(&weights),
            tables: Tables::new(spec.requantise, &positions, &bounds(spec)),
            blocks,
            geometry: spec.geometry,
            lanes,
            inputs: spec.inputs,
            unsigned16: spec.features.1 > i32::from(i16::MAX),
        })
    }

    /// Whether some accumulator needs more than 32 bits. Such layers take the portable path in 64 bits.
    pub fn is_wide(&self) -> bool {
        self.tables.wide
    }

    /// Output channel blocks.
    pub fn output_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Whether requantisation takes the slow, general form (modes other than a rounded shift with saturation).
    pub fn is_general(&self) -> bool {
        self.tables.form == Form::General
    }
}

fn bounds(spec: &ConvSpec) -> Vec<Bound> {
    let row = spec.inputs / spec.groups * spec.geometry.taps();
    let of = |o: usize| {
        let mut bound = Bound::new(spec.bias.get(o).copied().unwrap_or(0));
        spec.weights[o * row..(o + 1) * row].iter().for_each(|&w| bound.add(i64::from(w), spec.features));
        bound
    };
    (0..spec.outputs).map(of).collect()
}

fn check(spec: &ConvSpec) -> Result<()> {
    super::check_lanes(spec.lanes)?;
    super::check_geometry(spec.geometry)?;
    if spec.inputs == 0 || spec.outputs == 0 {
        return Err(Error::input("a layer needs channels").value(format!("{} to {}", spec.inputs, spec.outputs)));
    }
    if spec.groups == 0 || !spec.inputs.is_multiple_of(spec.groups) || !spec.outputs.is_multiple_of(spec.groups) {
        return Err(Error::input("groups must divide input and output channels").value(spec.groups));
    }
    super::check_weights(spec.weights, spec.outputs * (spec.inputs / spec.groups) * spec.geometry.taps(), spec.features)?;
    super::check_channels(spec.bias, spec.requantise, spec.outputs)
}

/// One convolution: a rectangle of outputs for some consecutive output blocks, over all input channels.
#[derive(Clone, Copy, Debug)]
pub struct ConvJob<'a> {
    /// All input blocks.
    pub source: Source<'a>,
    /// The layer.
    pub conv: &'a PackedConv,
    /// Which of the layer's output blocks.
    pub output_blocks: (usize, usize),
    /// Source row and column that tap (0, 0) of output (0, 0) reads. Negative coordinates are padding.
    pub origin: (i32, i32),
    /// Output rows and columns.
    pub outputs: (usize, usize),
    /// What taps outside the source read.
    pub pad: i16,
}

/// Runs `job`; block `output_blocks.0` is written as the first block of `target`. Does not allocate.
///
/// # Panics
/// When the source or the target is too small, or the layer has no such output blocks.
pub fn conv(isa: Isa, job: &ConvJob, target: &mut Target) {
    let (layer, (first, count)) = (job.conv, job.output_blocks);
    if job.outputs.0 == 0 || job.outputs.1 == 0 || count == 0 {
        return;
    }
    job.source.check(layer.inputs.div_ceil(layer.lanes), layer.lanes);
    target.check(count, job.outputs.0, job.outputs.1, layer.lanes);
    assert!(first + count <= layer.blocks.len());
    #[cfg(target_arch = "x86_64")]
    if !layer.tables.wide && !layer.unsigned16 && layer.lanes >= 8 && super::simd::conv(isa, job, target) {
        return;
    }
    super::conv_portable::conv(isa, job, target);
}
