//! Each node's integers in the order in which the host kernels read them; packed once for a plan.

use crate::error::Result;
use crate::fixed::Requantise;
use crate::kernels::{
    AddJob, ConvJob, ConvSpec, DepthwiseJob, DepthwiseSpec, Geometry, Isa, Operand, PackedAdd, PackedConv, PackedDepthwise, PackedPool,
    PoolJob, PoolKind, Source, Target,
};
use crate::model::graph::{Graph, Node};
use crate::plan::stage::{Channels, Stage};
use crate::plan::{Compute, ComputeOp};

/// How a node's jobs run on the host.
pub enum Packed {
    /// Reductions over input channels.
    Conv(Box<PackedConv>),
    /// Depthwise convolution.
    Depthwise(Box<PackedDepthwise>),
    /// Maximum, sum, copy.
    Pool(Box<PackedPool>),
    /// Sum of two operands.
    Add(Box<PackedAdd>),
    /// Straight from the descriptor ([`super::interpret`]): no kernel covers it.
    Interpret,
}

impl Packed {
    /// Packs one stage.
    ///
    /// # Errors
    /// When its integers exceed what the kernels' checks allow.
    pub fn new(graph: &Graph, stage: &Stage, lanes: usize) -> Result<Packed> {
        let node = &graph.nodes[stage.node];
        let input = &graph.nodes[node.inputs[0]];
        let s = &stage.sliding;
        if s.stride.0 != s.stride.1 || s.dilation.0 != s.dilation.1 || stage.upsample_shift > 0 {
            return Ok(Packed::Interpret);
        }
        let geometry = Geometry { kernel: s.kernel, stride: s.stride.0, dilation: s.dilation.0 };
        let features = (input.format.min().min(input.zero_point), input.format.max().max(input.zero_point));
        let zero = i64::from(input.zero_point);
        match (&node.weights, &node.requantise, stage.op) {
            (Some(weights), Some(requantise), _) => {
                let bias = weights.folded_bias(zero);
                Ok(match stage.channels {
                    Channels::Reduced => Packed::Conv(Box::new(PackedConv::new(&ConvSpec {
                        weights: &weights.data,
                        bias: &bias,
                        inputs: input.shape.c,
                        outputs: node.shape.c,
                        groups: 1,
                        geometry,
                        lanes,
                        features,
                        requantise,
                    })?)),
                    Channels::Wise => Packed::Depthwise(Box::new(PackedDepthwise::new(&DepthwiseSpec {
                        weights: &weights.data,
                        bias: &bias,
                        channels: node.shape.c,
                        geometry,
                        lanes,
                        features,
                        requantise,
                    })?)),
                })
            }
            (_, Some(requantise), ComputeOp::Add) => pack_add(graph, node, requantise, lanes),
            (_, Some(requantise), ComputeOp::Sum) => {
                let kind = PoolKind::Average { bias: -zero * s.taps() as i64, requantise };
                Ok(Packed::Pool(Box::new(PackedPool::new(kind, geometry, node.shape.c, lanes, features)?)))
            }
            // Values move unchanged: a maximum, of one tap where it is a copy.
            (_, None, ComputeOp::Maximum | ComputeOp::Sum) => {
                Ok(Packed::Pool(Box::new(PackedPool::new(PoolKind::Max, geometry, node.shape.c, lanes, features)?)))
            }
            _ => Ok(Packed::Interpret),
        }
    }

    /// Whether this is a reduction that a kernel covers.
    pub fn is_conv(&self) -> bool {
        matches!(self, Packed::Conv(_))
    }

    /// Computes output blocks `first..first + count` of a reduction, one after the other, into `out`; nothing for other nodes.
    pub fn conv_blocks(&self, isa: Isa, job: &Compute, output_blocks: (usize, usize), lanes: usize, source: &[i16], out: &mut [i16]) {
        let Packed::Conv(conv) = self else { return };
        let origin = (i32::from(job.origin.0), i32::from(job.origin.1));
        let (source, outputs) = as_one_row(job, view(job, job.source, 0, lanes, source));
        let row_stride = outputs.1 * lanes;
        let job = ConvJob { source, conv, output_blocks, origin, outputs, pad: job.padding_value };
        crate::kernels::conv(isa, &job, &mut Target { data: out, block_stride: outputs.0 * row_stride, row_stride });
    }

    /// Runs a job of this node for output blocks from `first_block` on; `false` when it has to be interpreted.
    pub fn run(&self, isa: Isa, job: &Compute, first_block: usize, lanes: usize, source: &[i16], destination: &mut [i16]) -> bool {
        if job.source_rows == 0 || job.source_cols == 0 {
            return false;
        }
        let outputs = (usize::from(job.rows), usize::from(job.cols));
        let origin = (i32::from(job.origin.0), i32::from(job.origin.1));
        let row = outputs.1 * lanes;
        let view = |at: u16, block: usize| view(job, at, block, lanes, source);
        let range = |block: usize| {
            let at = (usize::from(job.destination) + block * usize::from(job.destination_block_stride)) * lanes;
            at..at + outputs.0 * row
        };
        let blocks = usize::from(job.blocks);
        match self {
            Packed::Conv(_) => self.conv_blocks(isa, job, (first_block, 1), lanes, source, &mut destination[range(0)]),
            Packed::Depthwise(layer) => {
                for k in 0..blocks {
                    let block = first_block + k;
                    let job = DepthwiseJob { source: view(job.source, k), layer, block, origin, outputs, pad: job.padding_value };
                    crate::kernels::depthwise(isa, &job, &mut destination[range(k)], row);
                }
            }
            Packed::Pool(layer) => {
                for k in 0..blocks {
                    // Space-to-depth makes several output blocks from one: they all have the same scale.
                    let block = first_block + k;
                    let job = PoolJob { source: view(job.source, k), layer, block, origin, outputs, pad: job.padding_value };
                    crate::kernels::pool(isa, &job, &mut destination[range(k)], row);
                }
            }
            Packed::Add(layer) => {
                for k in 0..blocks {
                    let job = AddJob { sources: [view(job.source, k), view(job.source2, k)], layer, block: first_block + k, outputs };
                    crate::kernels::add(isa, &job, &mut destination[range(k)], row);
                }
            }
            Packed::Interpret => return false,
        }
        true
    }
}

/// Block `block` of a job's source that starts at word `at` of a bank.
fn view<'a>(job: &Compute, at: u16, block: usize, lanes: usize, bank: &'a [i16]) -> Source<'a> {
    Source {
        data: &bank[(usize::from(at) + block * usize::from(job.source_block_stride)) * lanes..],
        block_stride: usize::from(job.source_block_stride) * lanes,
        row_stride: usize::from(job.source_row_stride) * lanes,
        rows: usize::from(job.source_rows),
        cols: usize::from(job.source_cols),
    }
}

/// Rows that lie without gaps are one long row to a pointwise layer; kernels like long rows.
fn as_one_row<'a>(job: &Compute, source: Source<'a>) -> (Source<'a>, (usize, usize)) {
    let (rows, cols) = (usize::from(job.rows), usize::from(job.cols));
    let dense = job.taps() == 1 && job.stride == (1, 1) && job.origin == (0, 0);
    if dense && (source.rows, source.cols) == (rows, cols) && job.source_row_stride == job.cols {
        return (Source { rows: 1, cols: rows * cols, ..source }, (1, rows * cols));
    }
    (source, (rows, cols))
}

fn pack_add(graph: &Graph, node: &Node, requantise: &Requantise, lanes: usize) -> Result<Packed> {
    let crate::model::graph::Op::Add { shifts } = node.op else { return Ok(Packed::Interpret) };
    let operand = |k: usize| {
        let from = &graph.nodes[node.inputs[k]];
        Operand { zero_point: from.zero_point, shift: shifts[k], unsigned16: from.format.max() > i32::from(i16::MAX) }
    };
    Ok(Packed::Add(Box::new(PackedAdd::new([operand(0), operand(1)], requantise, node.shape.c, lanes)?)))
}
