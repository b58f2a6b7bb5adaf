//! Weights and channel parameters as rows, in the order in which the units consume them (contract, section 6).

use super::job::Unit;
use super::stage::{Channels, Stage};
use crate::accelerator::{Accelerator, IpConfig};
use crate::fixed::Scale;
use crate::model::graph::{Graph, Weights};

/// Rows of one stage, as raw values; the image writer puts them into containers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Weight rows of one output block (reduced) or one channel block (channel-wise).
    pub weight_rows_per_block: usize,
    /// Parameter rows of one block.
    pub parameter_rows_per_block: usize,
    /// Output blocks.
    pub blocks: usize,
    /// Bytes of a weight row in DRAM.
    pub weight_row_bytes: usize,
    /// Bytes of a parameter row in DRAM.
    pub parameter_row_bytes: usize,
    /// First byte of the weight rows in DRAM.
    pub weight_address: u64,
    /// First byte of the parameter rows in DRAM.
    pub parameter_address: u64,
    /// Container of a weight.
    pub container_bits: u8,
}

impl Rows {
    /// The row counts and sizes of a stage; addresses are still 0. `None` when the stage has no weights.
    pub fn of(graph: &Graph, stage: &Stage, acc: &Accelerator) -> Option<Rows> {
        let node = &graph.nodes[stage.node];
        let weights = node.weights.as_ref()?;
        let ip = acc.ip(stage.unit)?;
        let container_bits = weights.format.container_bits();
        let groups = acc.lanes / ip.parallel_out;
        let input = &graph.nodes[node.inputs[0]];
        let per_group = match stage.channels {
            Channels::Wise => stage.sliding.taps(),
            Channels::Reduced => stage.sliding.taps() * input.shape.c.div_ceil(ip.parallel_in),
        };
        Some(Rows {
            weight_rows_per_block: groups * per_group,
            parameter_rows_per_block: groups,
            blocks: node.shape.blocks(acc.lanes),
            weight_row_bytes: acc.weight_row_bytes(stage.unit, container_bits),
            parameter_row_bytes: acc.parameter_row_bytes(stage.unit),
            container_bits,
            ..Rows::default()
        })
    }
    /// Blocks whose rows fit one of `parts` equal parts of the IP's memories.
    pub fn blocks_at_once(&self, ip: &IpConfig, parts: usize) -> usize {
        (ip.weight_rows / parts / self.weight_rows_per_block).min(ip.parameter_rows / parts / self.parameter_rows_per_block)
    }
    /// Parts that a reduction's blocks are loaded in: one where all fit, else as few as leave room for the part before; where not even two blocks fit, one
    /// block a part. `None` where not one block fits.
    pub fn parts(&self, ip: &IpConfig) -> Option<usize> {
        let at_once = self.blocks_at_once(ip, 1);
        if at_once >= self.blocks {
            return Some(1);
        }
        let at_once = self.blocks_at_once(ip, 2).max(at_once.min(1));
        (at_once > 0).then(|| self.blocks.div_ceil(at_once))
    }
    /// Bytes of all weight rows.
    pub fn weight_bytes(&self) -> u64 {
        (self.blocks * self.weight_rows_per_block * self.weight_row_bytes) as u64
    }
    /// Bytes of all parameter rows.
    pub fn parameter_bytes(&self) -> u64 {
        (self.blocks * self.parameter_rows_per_block * self.parameter_row_bytes) as u64
    }
}

/// Writes the rows of a stage into a DRAM image.
pub fn write_rows(graph: &Graph, stage: &Stage, rows: &Rows, acc: &Accelerator, image: &mut [u8]) {
    let node = &graph.nodes[stage.node];
    let (Some(weights), Some(requantise), Some(ip)) = (&node.weights, &node.requantise, acc.ip(stage.unit)) else { return };
    let input_channels = graph.nodes[node.inputs[0]].shape.c;
    let mut at = rows.weight_address as usize;
    for block in 0..rows.blocks {
        for group in 0..acc.lanes / ip.parallel_out {
            let first = block * acc.lanes + group * ip.parallel_out;
            for row in row_values(stage, weights, first, ip.parallel_in, ip.parallel_out, input_channels, node.shape.c) {
                put_row(&row, rows.container_bits, &mut image[at..at + rows.weight_row_bytes]);
                at += rows.weight_row_bytes;
            }
        }
    }
    for channel in 0..rows.blocks * acc.lanes {
        let at = rows.parameter_address as usize + channel * 8;
        let (bias, scale) = match channel < node.shape.c {
            true => (weights.bias[channel], requantise.scale(channel)),
            false => (0, Scale::shift(0)),
        };
        image[at..at + 4].copy_from_slice(&bias.to_le_bytes());
        image[at + 4..at + 6].copy_from_slice(&scale.mult.to_le_bytes());
        image[at + 6] = scale.shift as u8;
    }
}

/// The rows of one lane group that starts at output channel `first`: taps outermost, then sub-blocks.
fn row_values(
    stage: &Stage,
    weights: &Weights,
    first: usize,
    parallel_in: usize,
    parallel_out: usize,
    input_channels: usize,
    channels: usize,
) -> Vec<Vec<i32>> {
    let taps = stage.sliding.taps();
    let fetch = |co: usize, ci: usize, tap: usize, per_output: usize| {
        if co < channels && ci < per_output { weights.data[(co * per_output + ci) * taps + tap] } else { 0 }
    };
    let mut rows = Vec::new();
    for tap in 0..taps {
        match stage.channels {
            Channels::Wise => rows.push((0..parallel_out).map(|o| fetch(first + o, 0, tap, 1)).collect()),
            Channels::Reduced => {
                for sub in 0..input_channels.div_ceil(parallel_in) {
                    let row = (0..parallel_out)
                        .flat_map(|o| (0..parallel_in).map(move |i| (o, i)))
                        .map(|(o, i)| fetch(first + o, sub * parallel_in + i, tap, input_channels))
                        .collect();
                    rows.push(row);
                }
            }
        }
    }
    rows
}

/// Packs values into containers, low bits first. One-bit containers hold 1 for positive values (binary).
pub fn put_row(values: &[i32], container_bits: u8, out: &mut [u8]) {
    out.fill(0);
    for (k, &v) in values.iter().enumerate() {
        match container_bits {
            16 => out[2 * k..2 * k + 2].copy_from_slice(&(v as i16).to_le_bytes()),
            8 => out[k] = v as u8,
            bits => {
                let bits = usize::from(bits);
                let raw = if bits == 1 { u8::from(v > 0) } else { v as u8 & ((1 << bits) - 1) };
                out[k * bits / 8] |= raw << (k * bits % 8);
            }
        }
    }
}

/// The unit whose memories hold a stage's rows.
pub fn has_weights(unit: Unit) -> bool {
    matches!(unit, Unit::Depthwise | Unit::Pointwise | Unit::Conv)
}
