//! One compute job, straight from its descriptor and the node's integers: slow, for every field the descriptor has.
//! It is what the kernels are held against, and what runs where no kernel applies.

use crate::model::graph::{Graph, Node};
use crate::plan::{Compute, ComputeOp, Unit};

/// Reads source elements of a job.
struct Reader<'a> {
    bank: &'a [i16],
    job: &'a Compute,
    lanes: usize,
}

impl Reader<'_> {
    /// Raw value at (block, row, column, lane) of the source that starts at word `base`; `None` outside.
    fn at(&self, base: u16, block: usize, y: i64, x: i64, lane: usize) -> Option<i64> {
        let job = self.job;
        if y < 0 || x < 0 || y >= i64::from(job.source_rows) || x >= i64::from(job.source_cols) {
            return None;
        }
        let word =
            usize::from(base) + block * usize::from(job.source_block_stride) + y as usize * usize::from(job.source_row_stride) + x as usize;
        let raw = self.bank[word * self.lanes + lane];
        Some(self::raw(raw, job.source_signed))
    }
}

/// One job and what it means in terms of the graph.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The network.
    pub graph: &'a Graph,
    /// The node that is computed.
    pub node: &'a Node,
    /// The unit that computes it.
    pub unit: Unit,
    /// The descriptor.
    pub job: &'a Compute,
    /// First output block.
    pub first_block: usize,
    /// Channels in a block.
    pub lanes: usize,
}

/// Runs one job. `source` and `destination` are whole banks of `lanes`-wide words.
pub fn interpret(site: Site, source: &[i16], destination: &mut [i16]) {
    let Site { graph, node, unit, job, first_block, lanes } = site;
    let reader = Reader { bank: source, job, lanes };
    let reduced = matches!(unit, Unit::Pointwise | Unit::Conv);
    let blocks = if reduced { 1 } else { usize::from(job.blocks) };
    let input_channels = graph.nodes[node.inputs[0]].shape.c;
    for block in 0..blocks {
        for (row, col) in (0..i64::from(job.rows)).flat_map(|r| (0..i64::from(job.cols)).map(move |c| (r, c))) {
            let pixel = row as usize * usize::from(job.cols) + col as usize;
            let word = usize::from(job.destination) + block * usize::from(job.destination_block_stride) + pixel;
            for lane in 0..lanes {
                let channel = (first_block + block) * lanes + lane;
                let acc = match job.op {
                    ComputeOp::MultiplyAccumulate => multiply_accumulate(
                        node,
                        job,
                        &reader,
                        (block, row, col, lane),
                        channel,
                        !reduced,
                        if reduced { input_channels } else { 1 },
                    ),
                    op => reduce(op, job, &reader, (block, row, col, lane)),
                };
                destination[word * lanes + lane] = requantise(node, job, acc, channel) as i16;
            }
        }
    }
}

/// A 16-bit field or element takes the sign of the format it belongs to.
fn raw(bits: i16, signed: bool) -> i64 {
    if signed { bits.into() } else { (bits as u16).into() }
}

/// Source coordinates of the taps of one output, row-major.
fn taps(job: &Compute, row: i64, col: i64) -> impl Iterator<Item = (i64, i64)> {
    let y0 = ((row * i64::from(job.stride.0)) >> job.upsample_shift) + i64::from(job.origin.0);
    let x0 = ((col * i64::from(job.stride.1)) >> job.upsample_shift) + i64::from(job.origin.1);
    let (kh, kw, dh, dw) = (job.kernel.0, job.kernel.1, i64::from(job.dilation.0), i64::from(job.dilation.1));
    (0..i64::from(kh)).flat_map(move |ky| (0..i64::from(kw)).map(move |kx| (y0 + ky * dh, x0 + kx * dw)))
}

fn multiply_accumulate(
    node: &Node,
    job: &Compute,
    reader: &Reader,
    (block, row, col, lane): (usize, i64, i64, usize),
    channel: usize,
    wise: bool,
    inputs: usize,
) -> i64 {
    let (Some(weights), true) = (&node.weights, channel < node.shape.c) else { return 0 };
    let per_tap = job.taps() as usize;
    let mut acc = i64::from(weights.bias[channel]);
    for (tap, (y, x)) in taps(job, row, col).enumerate() {
        for input in 0..inputs {
            let (b, l) = if wise { (block, lane) } else { (input / reader.lanes, input % reader.lanes) };
            let value = reader.at(job.source, b, y, x, l).unwrap_or(raw(job.padding_value, job.source_signed));
            let weight = weights.data[(channel * inputs + input) * per_tap + tap];
            acc += (value - raw(job.input_zero_point, job.source_signed)) * i64::from(weight);
        }
    }
    acc
}

fn reduce(op: ComputeOp, job: &Compute, reader: &Reader, (block, row, col, lane): (usize, i64, i64, usize)) -> i64 {
    let zero = raw(job.input_zero_point, job.source_signed);
    let values = taps(job, row, col).map(|(y, x)| reader.at(job.source, block, y, x, lane));
    match op {
        ComputeOp::Maximum => values.flatten().max().map_or(0, |m| m - zero),
        ComputeOp::Add => {
            let (y, x) = (row + i64::from(job.origin.0), col + i64::from(job.origin.1));
            let a = reader.at(job.source, block, y, x, lane).unwrap_or(zero);
            let b = reader.at(job.source2, block, y, x, lane).unwrap_or(raw(job.input_zero_point2, job.source_signed));
            ((a - zero) << job.operand_shifts.0) + ((b - raw(job.input_zero_point2, job.source_signed)) << job.operand_shifts.1)
        }
        _ => values.map(|v| v.unwrap_or(raw(job.padding_value, job.source_signed)) - zero).sum(),
    }
}

fn requantise(node: &Node, job: &Compute, acc: i64, channel: usize) -> i32 {
    match &node.requantise {
        Some(r) => r.apply(acc, if channel < node.shape.c { channel } else { 0 }),
        None => (acc + raw(job.zero_point, job.format.signed)) as i32,
    }
}
