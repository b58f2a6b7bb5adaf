//! Single jobs: from (stage, windows, addresses) to a draft with its descriptor fields and accesses.

use super::access::Access;
use super::draft::{Draft, Work};
use super::group::Edge;
use super::job::{self, Compute, ComputeOp, Job, Task, Transfer, Unit};
use super::layout::TensorPlace;
use super::stage::{Channels, Stage};
use super::weights::Rows;
use crate::accelerator::Accelerator;
use crate::fixed::{Overflow, Rounding, Scale};
use crate::machine::timing;
use crate::model::graph::{Graph, NodeId, Op};
use crate::tensor::Window;

/// What all jobs of a plan are made from.
pub struct Context<'a> {
    /// The network.
    pub graph: &'a Graph,
    /// The hardware.
    pub acc: &'a Accelerator,
    /// Where each node's features lie.
    pub places: &'a [TensorPlace],
    /// Weight rows of each node that has them.
    pub rows: &'a [Option<Rows>],
}

/// One side of a compute job: a range of a bank that holds blocks of a window.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    /// The buffer.
    pub edge: Edge,
    /// First word.
    pub address: usize,
    /// Pixels held.
    pub window: Window,
}

/// Which output blocks a compute job makes, and where its rows lie.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// First output block.
    pub first_block: usize,
    /// Output blocks (1 for reductions).
    pub blocks: usize,
    /// First weight row.
    pub weight_row: usize,
    /// First parameter row.
    pub parameter_row: usize,
}

impl Context<'_> {
    /// Rows of features between DRAM and a bank; `None` when the window is empty.
    #[expect(clippy::too_many_arguments, reason = "one call for each transfer; a struct would only rename them")]
    pub fn features(
        &self,
        unit: Unit,
        layer: usize,
        node: NodeId,
        blocks: (usize, usize),
        window: Window,
        edge: Edge,
        at: usize,
    ) -> Option<Draft> {
        let place = &self.places[node];
        let count = blocks.1 - blocks.0;
        if window.area() == 0 || count == 0 {
            return None;
        }
        let full_width = window.w as usize == place.shape.w;
        let (runs, run_words) = if full_width { (1, window.area()) } else { (window.h as usize, window.w as usize) };
        let transfer = Transfer {
            dram_address: place.at(blocks.0, window.y as usize, window.x as usize) as u32,
            runs: runs as u16,
            blocks: count as u16,
            run_beats: (run_words as u64 * place.word_bytes / 8) as u32,
            word_beats: (place.word_bytes / 8) as u8,
            run_stride: place.row_bytes() as u32,
            block_stride: place.block_bytes() as u32,
            memory: edge.bank,
            bank_address: at as u16,
            container_bits: place.format.container_bits(),
            signed: place.format.signed,
        };
        let first = (place.first_block + blocks.0) as u32;
        let words = (count * window.area()) as u32;
        let writes_bank = unit == Unit::Load;
        let accesses = vec![
            Access::Memory { id: edge.bank, lo: at as u32, hi: at as u32 + words, write: writes_bank },
            Access::Dram {
                region: place.owner,
                blocks: (first, first + count as u32),
                rows: (window.y as u32, (window.y + window.h) as u32),
                write: !writes_bank,
            },
        ];
        Some(self.transfer(unit, layer, transfer, accesses, Work::Features { node }))
    }

    /// Weight rows (`parameters` = false) or parameter rows of blocks `blocks` of a node, to row `at` of the unit's memory.
    pub fn rows(&self, unit: Unit, layer: usize, node: NodeId, blocks: (usize, usize), parameters: bool, at: usize) -> Draft {
        let rows = self.rows[node].as_ref().expect("only called for nodes with weights");
        let (per_block, row_bytes, base, memory) = match parameters {
            false => (rows.weight_rows_per_block, rows.weight_row_bytes, rows.weight_address, job::weight_memory(unit)),
            true => (rows.parameter_rows_per_block, rows.parameter_row_bytes, rows.parameter_address, job::parameter_memory(unit)),
        };
        let count = (blocks.1 - blocks.0) * per_block;
        let transfer = Transfer {
            dram_address: (base + (blocks.0 * per_block * row_bytes) as u64) as u32,
            runs: 1,
            blocks: 1,
            run_beats: (count * row_bytes / 8) as u32,
            word_beats: (row_bytes / 8) as u8,
            run_stride: 0,
            block_stride: 0,
            memory,
            bank_address: at as u16,
            container_bits: if parameters { 16 } else { rows.container_bits },
            signed: self.graph.nodes[node].weights.as_ref().is_none_or(|w| w.format.signed),
        };
        let accesses = vec![Access::Memory { id: memory, lo: at as u32, hi: (at + count) as u32, write: true }];
        self.transfer(Unit::Weights, layer, transfer, accesses, Work::Rows { node })
    }

    fn transfer(&self, unit: Unit, layer: usize, transfer: Transfer, accesses: Vec<Access>, work: Work) -> Draft {
        const LATENCY_ESTIMATE_CYCLES: u64 = 40;
        let estimate_cycles = transfer.beats() + LATENCY_ESTIMATE_CYCLES;
        let job = Job { unit, layer: layer as u16, pop: 0, push: 0, task: Task::Transfer(transfer) };
        Draft { work, estimate_cycles, ..Draft::new(job, accesses) }
    }

    /// A compute job. `source.window` is the clipped input window, `offset` moves the first tap (space-to-depth).
    pub fn compute(&self, stage: &Stage, layer: usize, part: Part, source: Side, destination: Side, offset: (i32, i32)) -> Draft {
        let compute = self.descriptor(stage, part, source, destination, offset);
        let operands = if stage.op == ComputeOp::Add { 2 } else { 1 };
        let blocks_in = match stage.channels {
            Channels::Wise => part.blocks * operands,
            Channels::Reduced => self.graph.nodes[self.graph.nodes[stage.node].inputs[0]].shape.blocks(self.acc.lanes),
        };
        let range = |at: usize, words: usize| (at as u32, (at + words) as u32);
        let (lo, hi) = range(source.address, blocks_in * source.window.area());
        let (lo2, hi2) = range(destination.address, part.blocks * destination.window.area());
        let mut accesses = vec![
            Access::Memory { id: source.edge.bank, lo, hi, write: false },
            Access::Memory { id: destination.edge.bank, lo: lo2, hi: hi2, write: true },
        ];
        if let Some(rows) = &self.rows[stage.node] {
            let (lo, hi) = range(part.weight_row, part.blocks * rows.weight_rows_per_block);
            accesses.push(Access::Memory { id: job::weight_memory(stage.unit), lo, hi, write: false });
            let (lo, hi) = range(part.parameter_row, part.blocks * rows.parameter_rows_per_block);
            accesses.push(Access::Memory { id: job::parameter_memory(stage.unit), lo, hi, write: false });
        }
        let estimate_cycles = timing::compute_cycles(self.acc, stage.unit, &compute).0;
        let job = Job { unit: stage.unit, layer: layer as u16, pop: 0, push: 0, task: Task::Compute(Box::new(compute)) };
        let work = Work::Blocks { node: stage.node, first_block: part.first_block };
        Draft { work, estimate_cycles, ..Draft::new(job, accesses) }
    }

    fn descriptor(&self, stage: &Stage, part: Part, source: Side, destination: Side, offset: (i32, i32)) -> Compute {
        let node = &self.graph.nodes[stage.node];
        let input = &self.graph.nodes[node.inputs[0]];
        let second = node.inputs.get(1).map_or(input, |&i| &self.graph.nodes[i]);
        let unclipped = stage.input_window(destination.window);
        let origin = |full: i32, clipped: i32, offset: i32| (full - clipped + offset) as i16;
        let parallel_in = self.acc.ip(stage.unit).map_or(1, |ip| ip.parallel_in);
        let r = node.requantise.as_ref();
        let scale = r.map_or(Scale::shift(0), |r| r.scales[0]);
        let area = source.window.area();
        Compute {
            op: stage.op,
            source_bank: source.edge.bank,
            destination_bank: destination.edge.bank,
            source: source.address as u16,
            source2: if stage.op == ComputeOp::Add { (source.address + part.blocks * area) as u16 } else { 0 },
            destination: destination.address as u16,
            source_block_stride: area as u16,
            source_row_stride: source.window.w as u16,
            destination_block_stride: destination.window.area() as u16,
            rows: destination.window.h as u16,
            cols: destination.window.w as u16,
            blocks: match stage.channels {
                Channels::Wise => part.blocks as u16,
                Channels::Reduced => input.shape.c.div_ceil(parallel_in) as u16,
            },
            kernel: (stage.sliding.kernel.0 as u8, stage.sliding.kernel.1 as u8),
            stride: (stage.sliding.stride.0 as u8, stage.sliding.stride.1 as u8),
            dilation: (stage.sliding.dilation.0 as u8, stage.sliding.dilation.1 as u8),
            origin: (origin(unclipped.y, source.window.y, offset.0), origin(unclipped.x, source.window.x, offset.1)),
            source_rows: source.window.h as u16,
            source_cols: source.window.w as u16,
            weight_address: part.weight_row as u16,
            parameter_address: part.parameter_row as u16,
            padding_value: input.zero_point as i16,
            rounding: r.map_or(Rounding::Trn, |r| r.rounding),
            overflow: r.map_or(Overflow::Sat, |r| r.overflow),
            relu: r.is_some_and(|r| r.relu),
            clip: r.and_then(|r| r.clip).map(|c| c as i16),
            leaky_slope: r.and_then(|r| r.leaky_slope),
            format: node.format,
            zero_point: node.zero_point as i16,
            source_signed: input.format.signed,
            binary_weights: node.weights.as_ref().is_some_and(|w| w.format.is_binary()),
            input_zero_point: input.zero_point as i16,
            input_zero_point2: second.zero_point as i16,
            mult: scale.mult,
            shift: scale.shift,
            operand_shifts: match node.op {
                Op::Add { shifts } => (shifts[0], shifts[1]),
                _ => (0, 0),
            },
            upsample_shift: stage.upsample_shift,
            skip_padding: stage.op == ComputeOp::Maximum,
        }
    }
}
