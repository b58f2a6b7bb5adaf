//! The jobs of one layer group, pass by pass, and the order that lets passes overlap.

use super::access::Access;
use super::draft::Draft;
use super::emit::{Context, Part, Side};
use super::group::{Group, plane};
use super::job::Unit;
use super::stage::{Channels, Stage};
use super::tiling::loop_orders;
use super::weights::Rows;
use crate::error::{Error, Result};
use crate::model::graph::Op;
use crate::tensor::Window;

/// A memory whose rows are handed out in turn, wrapping around.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ring {
    next: usize,
}

impl Ring {
    /// The first of `rows` rows in a memory of `capacity`; `None` when it can never fit.
    fn take(&mut self, rows: usize, capacity: usize) -> Option<usize> {
        if rows > capacity {
            return None;
        }
        if self.next + rows > capacity {
            self.next = 0;
        }
        let at = self.next;
        self.next += rows;
        Some(at)
    }
}

/// Rings of the weight and parameter memories, by unit.
pub type Rings = [[Ring; 2]; 8];

/// One pass over a tile (and a part of the output channels).
#[derive(Default)]
pub struct Pass {
    /// Loads and the stages before the reduction.
    pub front: Vec<Draft>,
    /// The reduction and what follows it.
    pub back: Vec<Draft>,
}

/// The jobs of a group.
pub struct Emitted {
    /// Rows that are loaded once.
    pub prologue: Vec<Draft>,
    /// In order.
    pub passes: Vec<Pass>,
    /// Whether the front of a pass may run while the back of the one before still works.
    pub overlap: bool,
}

/// Where the rows of a stage lie while a pass runs.
#[derive(Clone, Copy, Debug, Default)]
struct Resident {
    first_block: usize,
    weight_row: usize,
    parameter_row: usize,
}

/// Emits one group.
pub struct GroupEmitter<'a> {
    context: &'a Context<'a>,
    group: &'a Group,
    layer: usize,
    turns: Vec<usize>,
    resident: Vec<Resident>,
    /// Channel-wise stages whose rows do not fit at once: they are loaded again for each pass.
    streamed: Vec<bool>,
}

impl<'a> GroupEmitter<'a> {
    /// For group number `layer`.
    pub fn new(context: &'a Context<'a>, group: &'a Group, layer: usize) -> Self {
        GroupEmitter {
            context,
            group,
            layer,
            turns: vec![0; group.edges.len()],
            resident: vec![Resident::default(); group.stages.len()],
            streamed: group.stages.iter().map(|stage| streams(context, stage)).collect(),
        }
    }

    /// All jobs of the group.
    ///
    /// # Errors
    /// When the rows of one output block exceed a weight or parameter memory.
    pub fn emit(mut self, rings: &mut Rings) -> Result<Emitted> {
        let mut prologue = Vec::new();
        for (k, stage) in self.group.stages.iter().enumerate() {
            if stage.channels == Channels::Wise && self.context.rows[stage.node].is_some() && !self.streamed[k] {
                let blocks = self.rows(stage).blocks;
                self.load_rows(k, (0, blocks), rings, &mut prologue)?;
            }
        }
        let tiles = self.group.tiles(plane(self.context.graph, self.group));
        let mut passes = Vec::new();
        let overlap = self.group.edges.iter().all(|e| e.halves == 2);
        let Some(r) = self.group.reduction else {
            for tile in tiles {
                let mut pass = Pass::default();
                self.front(tile, rings, &mut pass.front)?;
                passes.push(pass);
            }
            return Ok(Emitted { prologue, passes, overlap });
        };
        let chunks = self.chunks(r)?;
        if let [all] = chunks[..] {
            self.load_in_parts(r, all, rings, &mut prologue)?;
        }
        if chunks.len() > 1 {
            // From the first row on, parts of at most half the memory never meet the part before.
            rings[self.group.stages[r].unit.index()] = Default::default();
        }
        let feature_outer = self.feature_outer(r, tiles.len(), chunks.len());
        let order: Vec<(usize, usize)> = match feature_outer {
            true => (0..tiles.len()).flat_map(|t| (0..chunks.len()).map(move |c| (t, c))).collect(),
            false => (0..chunks.len()).flat_map(|c| (0..tiles.len()).map(move |t| (t, c))).collect(),
        };
        let mut last = (usize::MAX, usize::MAX);
        let mut full = 0;
        for (t, c) in order {
            let mut pass = Pass::default();
            if chunks.len() > 1 && c != last.1 {
                self.load_rows(r, chunks[c], rings, &mut pass.front)?;
            }
            if t != last.0 {
                full = self.front(tiles[t], rings, &mut pass.front)?;
            }
            self.back(r, tiles[t], full, chunks[c], rings, &mut pass.back)?;
            last = (t, c);
            passes.push(pass);
        }
        Ok(Emitted { prologue, passes, overlap })
    }

    fn rows(&self, stage: &Stage) -> &'a Rows {
        self.context.rows[stage.node].as_ref().expect("a reduction has weights")
    }

    /// Output blocks whose weights are resident together: all, or parts of half the memory.
    fn chunks(&self, r: usize) -> Result<Vec<(usize, usize)>> {
        let stage = &self.group.stages[r];
        let rows = self.rows(stage);
        let ip = self.context.acc.ip(stage.unit).expect("accepted stages have an IP");
        let parts = rows.parts(ip).ok_or_else(|| self.too_many_rows(stage))?;
        // Even parts: 3 + 3 rather than 5 + 1.
        let size = rows.blocks.div_ceil(parts);
        Ok((0..rows.blocks).step_by(size).map(|b| (b, (b + size).min(rows.blocks))).collect())
    }

    fn too_many_rows(&self, stage: &Stage) -> Error {
        let rows = self.rows(stage);
        let ip = self.context.acc.ip(stage.unit).expect("accepted stages have an IP");
        let (weights, parameters) = (rows.weight_rows_per_block, rows.parameter_rows_per_block);
        Error::unsupported(format!("layer `{}`: its rows do not fit the memories of `{}`", self.group.name, stage.unit))
            .value(format!("{weights} weight rows and {parameters} parameter rows"))
            .allowed(format!("{} weight rows and {} parameter rows", ip.weight_rows, ip.parameter_rows))
            .hint(format!("raise weight_rows and parameter_rows of [{}] to at least these", stage.unit))
    }

    /// Whether looping over features outermost moves fewer bytes than looping over weights outermost, or takes by far less time by a rough estimate: the
    /// work before the reduction is done once, not for each part of the weights.
    fn feature_outer(&self, r: usize, tiles: usize, chunks: usize) -> bool {
        let context = self.context;
        let weights = self.rows(&self.group.stages[r]).weight_bytes();
        let input = &context.places[self.group.inputs(context.graph)[0]];
        let features = input.block_bytes() * input.shape.blocks(context.acc.lanes) as u64;
        let fewer_bytes = tiles as u64 * weights + features <= weights + chunks as u64 * features;
        fewer_bytes || loop_orders(context.graph, context.acc, self.group).is_some_and(|(by_tile, by_part)| 3 * by_tile < 2 * by_part)
    }

    fn load_rows(&mut self, k: usize, blocks: (usize, usize), rings: &mut Rings, out: &mut Vec<Draft>) -> Result<()> {
        self.reserve(k, blocks, rings)?;
        self.push_rows(k, blocks, out);
        Ok(())
    }

    /// Like `load_rows` for the whole layer, but in several jobs so that the first output blocks can start early.
    fn load_in_parts(&mut self, k: usize, blocks: (usize, usize), rings: &mut Rings, out: &mut Vec<Draft>) -> Result<()> {
        const PARTS: usize = 4;
        self.reserve(k, blocks, rings)?;
        let size = (blocks.1 - blocks.0).div_ceil(PARTS);
        for b in (blocks.0..blocks.1).step_by(size) {
            self.push_rows(k, (b, (b + size).min(blocks.1)), out);
        }
        Ok(())
    }

    fn reserve(&mut self, k: usize, blocks: (usize, usize), rings: &mut Rings) -> Result<()> {
        let stage = &self.group.stages[k];
        let rows = self.rows(stage);
        let ip = self.context.acc.ip(stage.unit).expect("accepted stages have an IP");
        let count = blocks.1 - blocks.0;
        let [weights, parameters] = &mut rings[stage.unit.index()];
        let (Some(weight_row), Some(parameter_row)) = (
            weights.take(count * rows.weight_rows_per_block, ip.weight_rows),
            parameters.take(count * rows.parameter_rows_per_block, ip.parameter_rows),
        ) else {
            return Err(self.too_many_rows(stage));
        };
        self.resident[k] = Resident { first_block: blocks.0, weight_row, parameter_row };
        Ok(())
    }

    fn push_rows(&self, k: usize, blocks: (usize, usize), out: &mut Vec<Draft>) {
        let stage = &self.group.stages[k];
        let part = self.part(k, blocks.0, 0);
        out.push(self.context.rows(stage.unit, self.layer, stage.node, blocks, true, part.parameter_row));
        out.push(self.context.rows(stage.unit, self.layer, stage.node, blocks, false, part.weight_row));
    }

    /// The rows of output block `first_block` of stage `k`, as they are resident now.
    fn part(&self, k: usize, first_block: usize, blocks: usize) -> Part {
        let resident = self.resident[k];
        let Some(rows) = &self.context.rows[self.group.stages[k].node] else {
            return Part { first_block, blocks, weight_row: 0, parameter_row: 0 };
        };
        let ahead = first_block - resident.first_block;
        Part {
            first_block,
            blocks,
            weight_row: resident.weight_row + ahead * rows.weight_rows_per_block,
            parameter_row: resident.parameter_row + ahead * rows.parameter_rows_per_block,
        }
    }

    /// The next range of buffer `k`.
    fn turn(&mut self, k: usize) -> usize {
        let edge = self.group.edges[k];
        let address = (self.turns[k] % edge.halves) * edge.half_words;
        self.turns[k] += 1;
        address
    }

    /// Loads a tile and runs the stages before the reduction (or all stages, and stores). Returns where the reduction finds its input.
    fn front(&mut self, tile: Window, rings: &mut Rings, out: &mut Vec<Draft>) -> Result<usize> {
        let windows = self.group.windows(self.context.graph, tile);
        let stages = self.group.reduction.unwrap_or(self.group.stages.len());
        let lanes = self.context.acc.lanes;
        let inputs = self.group.inputs(self.context.graph);
        let blocks = self.context.graph.nodes[inputs[0]].shape.blocks(lanes);
        let full = if self.group.reduction.is_some() { self.turn(stages) } else { 0 };
        let chunk = if stages == 0 { blocks } else { self.group.chunk_blocks };
        for first in (0..blocks).step_by(chunk) {
            let count = chunk.min(blocks - first);
            let mut at = if stages == 0 { full } else { self.turn(0) };
            let loaded = if self.group.stages[0].op == super::job::ComputeOp::Add { inputs.len() } else { 1 };
            for (k, &input) in inputs.iter().take(loaded).enumerate() {
                let to = at + k * count * windows[0].area();
                out.extend(self.context.features(
                    Unit::Load,
                    self.layer,
                    input,
                    (first, first + count),
                    windows[0],
                    self.group.edges[0],
                    to,
                ));
            }
            for k in 0..stages {
                if self.streamed[k] {
                    self.load_rows(k, (first, first + count), rings, out)?;
                }
                let into_full = Some(k + 1) == self.group.reduction;
                let last = k + 1 == self.group.stages.len();
                let source = Side { edge: self.group.edges[k], address: at, window: windows[k] };
                if last {
                    self.finish(k, source, windows[k + 1], first, count, out);
                    continue;
                }
                let to = if into_full { full + first * windows[k + 1].area() } else { self.turn(k + 1) };
                let destination = Side { edge: self.group.edges[k + 1], address: to, window: windows[k + 1] };
                at = to;
                if windows[k + 1].area() == 0 {
                    continue; // All padding to the next stage.
                }
                let part = self.part(k, first, count);
                out.push(self.context.compute(&self.group.stages[k], self.layer, part, source, destination, (0, 0)));
            }
        }
        Ok(full)
    }

    /// The reduction of output blocks `chunk`, the stages after it, and the stores.
    fn back(&mut self, r: usize, tile: Window, full: usize, chunk: (usize, usize), rings: &mut Rings, out: &mut Vec<Draft>) -> Result<()> {
        let windows = self.group.windows(self.context.graph, tile);
        for block in chunk.0..chunk.1 {
            let mut source = Side { edge: self.group.edges[r], address: full, window: windows[r] };
            for k in r..self.group.stages.len() {
                if self.streamed[k] {
                    self.load_rows(k, (block, block + 1), rings, out)?;
                }
                if k + 1 == self.group.stages.len() {
                    self.finish(k, source, windows[k + 1], block, 1, out);
                    break;
                }
                let destination = Side { edge: self.group.edges[k + 1], address: self.turn(k + 1), window: windows[k + 1] };
                if destination.window.area() > 0 {
                    let part = self.part(k, block, 1);
                    out.push(self.context.compute(&self.group.stages[k], self.layer, part, source, destination, (0, 0)));
                }
                source = destination;
            }
        }
        Ok(())
    }

    /// The last stage and the store of what it makes. Space-to-depth makes several blocks from one.
    fn finish(&mut self, k: usize, source: Side, window: Window, first: usize, count: usize, out: &mut Vec<Draft>) {
        let stage = &self.group.stages[k];
        let node = &self.context.graph.nodes[stage.node];
        let side = match node.op {
            Op::SpaceToDepth { block } => block,
            _ => 1,
        };
        let blocks_in = self.context.graph.nodes[node.inputs[0]].shape.blocks(self.context.acc.lanes);
        for (dy, dx) in (0..side).flat_map(|dy| (0..side).map(move |dx| (dy, dx))) {
            let edge = self.group.edges[k + 1];
            let destination = Side { edge, address: self.turn(k + 1), window };
            let part = self.part(k, first, count);
            out.push(self.context.compute(stage, self.layer, part, source, destination, (dy as i32, dx as i32)));
            let to = (dy * side + dx) * blocks_in + first;
            out.extend(self.context.features(Unit::Store, self.layer, stage.node, (to, to + count), window, edge, destination.address));
        }
    }
}

/// Whether the rows of a channel-wise stage exceed its memories, so that they are loaded again for each pass.
fn streams(context: &Context, stage: &Stage) -> bool {
    let (Some(rows), Some(ip)) = (&context.rows[stage.node], context.acc.ip(stage.unit)) else { return false };
    stage.channels == Channels::Wise && rows.blocks_at_once(ip, 1) < rows.blocks
}

/// Puts two job lists into one, by the fraction of their estimated time.
pub fn interleave(a: Vec<Draft>, b: Vec<Draft>) -> Vec<Draft> {
    let total = |jobs: &[Draft]| jobs.iter().map(|d| d.estimate_cycles).sum::<u64>().max(1);
    let (total_a, total_b) = (total(&a), total(&b));
    let mut out = Vec::with_capacity(a.len() + b.len());
    let (mut done_a, mut done_b) = (0u64, 0u64);
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    loop {
        let take_a = match (a.peek(), b.peek()) {
            (None, None) => return out,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            // Compare done_a / total_a with done_b / total_b; ties go to the later pass, whose jobs come first in the pipeline.
            (Some(_), Some(_)) => u128::from(done_a) * u128::from(total_b) <= u128::from(done_b) * u128::from(total_a),
        };
        let next = if take_a { a.next() } else { b.next() }.expect("peeked");
        if take_a {
            done_a += next.estimate_cycles;
        } else {
            done_b += next.estimate_cycles;
        }
        out.push(next);
    }
}

/// Whether any job of `a` must stay in its order with some job of `b`.
pub fn conflict(a: &[Draft], b: &[Draft]) -> bool {
    let clash = |x: &Access, y: &Access| x.hazard(y).is_some() || y.hazard(x).is_some();
    a.iter().any(|p| b.iter().any(|q| p.job.unit != q.job.unit && p.accesses.iter().any(|x| q.accesses.iter().any(|y| clash(x, y)))))
}
