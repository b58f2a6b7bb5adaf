//! The tile of a group: the one of least estimated cycles among those that the banks and the fields of descriptors hold.
//!
//! Rows and columns of a window do not depend on each other, and every row of tiles meets every column of tiles. So what is largest along each direction
//! is found once for each side that a tile may have; areas of all pairs of sides are products of these.

use super::descriptor;
use super::group::{Edge, Group, plane, windows_from_the_last};
use super::job::ComputeOp;
use super::stage::{Channels, Stage};
use super::weights::Rows;
use crate::accelerator::Accelerator;
use crate::model::graph::{Graph, Node};
use crate::tensor::Window;
use std::cell::OnceCell;

/// Sides that the fields of a descriptor hold: of what a job reads, and of what it writes.
const LARGEST_READ_SIDE: usize = descriptor::SOURCE_ROWS.largest() as usize;
const LARGEST_WRITTEN_SIDE: usize = descriptor::ROWS.largest() as usize;

/// One direction of the plane.
#[derive(Clone, Copy)]
enum Direction {
    Rows,
    Cols,
}

/// Tiles of one side along one direction of the plane. Lists have an entry for the window before each stage and one for the tile.
struct Side {
    length: usize,
    /// Tiles along the plane.
    tiles: usize,
    /// Largest of the first, the last and the two tiles in the middle, which stand for all in an estimate.
    typical: Vec<usize>,
    /// Largest of all tiles.
    every: OnceCell<Vec<usize>>,
}

/// Windows of a sequence of stages, whatever their banks.
struct Geometry<'a> {
    graph: &'a Graph,
    stages: &'a [Stage],
    /// Rows and columns of the plane.
    plane: (usize, usize),
}

impl Geometry<'_> {
    /// Largest windows over the tiles that start at `starts`.
    fn largest(&self, direction: Direction, length: usize, starts: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut largest = vec![0; self.stages.len() + 1];
        for at in starts {
            let (start, side) = (at as i32, length.min(self.along(direction) - at) as i32);
            let tile = match direction {
                Direction::Rows => Window::new(start, 0, side, 1),
                Direction::Cols => Window::new(0, start, 1, side),
            };
            for (most, window) in largest.iter_mut().rev().zip(windows_from_the_last(self.graph, self.stages, tile)) {
                let side = if matches!(direction, Direction::Rows) { window.h } else { window.w };
                *most = side.max(*most);
            }
        }
        largest.into_iter().map(|side| side as usize).collect()
    }

    fn along(&self, direction: Direction) -> usize {
        if matches!(direction, Direction::Rows) { self.plane.0 } else { self.plane.1 }
    }

    fn side(&self, direction: Direction, length: usize) -> Side {
        let tiles = self.along(direction).div_ceil(length);
        let last = tiles - 1;
        let mut typical = [0, last / 2, last.div_ceil(2), last].to_vec();
        typical.dedup();
        let typical = self.largest(direction, length, typical.into_iter().map(|k| k * length));
        Side { length, tiles, typical, every: OnceCell::new() }
    }

    fn every<'a>(&self, direction: Direction, side: &'a Side) -> &'a [usize] {
        side.every.get_or_init(|| self.largest(direction, side.length, (0..self.along(direction)).step_by(side.length)))
    }
}

/// Cycles of a unit on one tile: so many a pixel of a window, and what its jobs cost.
#[derive(Clone, Copy)]
struct Work {
    window: usize,
    cycles_a_pixel: u64,
    overhead_cycles: u64,
}

impl Work {
    fn cycles(&self, rows: &[usize], cols: &[usize]) -> u64 {
        (rows[self.window] * cols[self.window]) as u64 * self.cycles_a_pixel + self.overhead_cycles
    }
}

/// What estimates need of a tiling: the number of tiles, and the most cycles that one takes before the reduction and from it on.
struct Estimate {
    tiles: u64,
    front: u64,
    back: u64,
}

impl Estimate {
    /// The work before the reduction on one tile runs while the reduction works on the tile before it, where all buffers are double.
    fn cycles(&self, double: bool) -> u64 {
        let Estimate { tiles, front, back } = *self;
        if double { front + (tiles - 1) * front.max(back) + back } else { tiles * (front + back) }
    }
}

/// Work of the units of a sequence of stages, before the reduction and from it on.
struct Workload {
    front: Vec<Work>,
    back: Vec<Work>,
    /// Beats of a pixel of the tile itself (what the last stage makes beyond it is not stored), and what the jobs of `store` cost.
    store: (u64, u64),
    reduces: bool,
}

impl Workload {
    fn of(graph: &Graph, acc: &Accelerator, stages: &[Stage], reduction: Option<usize>) -> Workload {
        const JOB_OVERHEAD_CYCLES: u64 = 30;
        let beats = |node: &Node| (node.shape.blocks(acc.lanes) * (acc.word_bytes(node.format.container_bits()) / 8)) as u64;
        let operands = &graph.nodes[stages[0].node].inputs;
        let output = &graph.nodes[stages[stages.len() - 1].node];
        let load = beats(&graph.nodes[operands[0]]) * operands.len() as u64;
        let mut front = vec![Work { window: 0, cycles_a_pixel: load, overhead_cycles: JOB_OVERHEAD_CYCLES }];
        let mut back = Vec::new();
        for (k, stage) in stages.iter().enumerate() {
            let Some(ip) = acc.ip(stage.unit) else { continue };
            let node = &graph.nodes[stage.node];
            let (blocks, groups) = (node.shape.blocks(acc.lanes) as u64, (acc.lanes / ip.parallel_out) as u64);
            let source = &graph.nodes[node.inputs[0]];
            let inputs = if stage.channels == Channels::Reduced { source.shape.c.div_ceil(ip.parallel_in) as u64 } else { 1 };
            let before = reduction.is_none_or(|r| k < r);
            let work = Work {
                window: k + 1,
                cycles_a_pixel: stage.sliding.taps() as u64 * groups * inputs * blocks,
                overhead_cycles: if before { 1 } else { blocks } * JOB_OVERHEAD_CYCLES,
            };
            if before { &mut front } else { &mut back }.push(work);
        }
        let store = (beats(output), JOB_OVERHEAD_CYCLES * output.shape.blocks(acc.lanes) as u64);
        Workload { front, back, store, reduces: reduction.is_some() }
    }

    fn estimate(&self, rows: &Side, cols: &Side) -> Estimate {
        let most = |works: &[Work]| works.iter().map(|w| w.cycles(&rows.typical, &cols.typical)).max().unwrap_or(0);
        let store = (rows.length * cols.length) as u64 * self.store.0 + self.store.1;
        let (mut front, mut back) = (most(&self.front), most(&self.back));
        let last = if self.reduces { &mut back } else { &mut front };
        *last = store.max(*last);
        Estimate { tiles: (rows.tiles * cols.tiles) as u64, front, back }
    }
}

/// The sides that tiles of a sequence of stages may have, with what they ask of banks and units. Which banks they use does not matter here.
pub(super) struct Tilings<'a> {
    geometry: Geometry<'a>,
    acc: &'a Accelerator,
    workload: Workload,
    rows: Vec<Side>,
    cols: Vec<Side>,
}

impl<'a> Tilings<'a> {
    pub(super) fn of(graph: &'a Graph, acc: &'a Accelerator, stages: &'a [Stage], reduction: Option<usize>) -> Tilings<'a> {
        let out = graph.nodes[stages[stages.len() - 1].node].shape;
        let geometry = Geometry { graph, stages, plane: (out.h, out.w) };
        let align = stages.iter().map(|s| 1usize << s.upsample_shift).product::<usize>();
        let sides = |direction: Direction, limit: usize| {
            let n = geometry.along(direction);
            let mut lengths: Vec<usize> =
                (1..=n).map(|parts| n.div_ceil(parts)).filter(|&s| s <= limit.max(align) && (s == n || s % align == 0)).collect();
            lengths.dedup();
            lengths.into_iter().map(|length| geometry.side(direction, length)).collect::<Vec<_>>()
        };
        let (rows, cols) = (sides(Direction::Rows, acc.tile.0), sides(Direction::Cols, acc.tile.1));
        Tilings { workload: Workload::of(graph, acc, stages, reduction), geometry, acc, rows, cols }
    }

    /// The tiling of least estimated cycles among those that fit the group's banks, after that estimate; `None` when none does.
    pub(super) fn best(&self, group: &Group) -> Option<(u64, Group)> {
        let (graph, acc) = (self.geometry.graph, self.acc);
        let double = is_double(group);
        let mut best: Option<(u64, &Side, &Side)> = None;
        for rows in &self.rows {
            for cols in &self.cols {
                let cost = self.workload.estimate(rows, cols).cycles(double);
                if best.is_none_or(|(least, ..)| cost < least) && self.fits(group, rows, cols, 1) && sides_fit(rows) && sides_fit(cols) {
                    best = Some((cost, rows, cols));
                }
            }
        }
        let (cost, rows, cols) = best?;
        let mut group = Group { tile: (rows.length, cols.length), ..group.clone() };
        let blocks = graph.nodes[graph.nodes[group.stages[0].node].inputs[0]].shape.blocks(acc.lanes);
        // Small passes let load, compute and store overlap; each should still be long against the fixed cost of a job.
        const PASS_PIXELS: usize = 1024;
        let pixels = group.tile.0 * group.tile.1;
        let most = PASS_PIXELS.div_ceil(pixels).min(rows_limit(graph, acc, &group)).clamp(1, blocks);
        group.chunk_blocks = (1..=most).rev().find(|&c| self.fits(&group, rows, cols, c)).unwrap_or(1);
        // Even passes: 5 + 5 rather than 8 + 2.
        group.chunk_blocks = blocks.div_ceil(blocks.div_ceil(group.chunk_blocks));
        let needs: Vec<usize> = self.needs(&group, rows, cols, group.chunk_blocks).collect();
        for (edge, words) in group.edges.iter_mut().zip(needs) {
            edge.half_words = words;
        }
        Some((cost, group))
    }

    fn fits(&self, group: &Group, rows: &Side, cols: &Side, chunk: usize) -> bool {
        let bank = |edge: &Edge| self.acc.banks[usize::from(edge.bank)].words;
        self.needs(group, rows, cols, chunk).zip(&group.edges).all(|(words, e)| words * e.halves <= bank(e) && words < 1 << 16)
    }

    /// Words each buffer must hold for any tile of a tiling.
    fn needs<'b>(&'b self, group: &'b Group, rows: &'b Side, cols: &'b Side, chunk: usize) -> impl Iterator<Item = usize> + 'b {
        let (rows, cols) = (self.geometry.every(Direction::Rows, rows), self.geometry.every(Direction::Cols, cols));
        words_needed(self.geometry.graph, self.acc, group, rows.iter().zip(cols).map(|(h, w)| h * w), chunk)
    }
}

fn is_double(group: &Group) -> bool {
    group.edges.iter().all(|e| e.halves == 2)
}

fn sides_fit(side: &Side) -> bool {
    let (last, read) = side.typical.split_last().expect("the tile itself comes last");
    read.iter().all(|&n| n <= LARGEST_READ_SIDE) && *last <= LARGEST_WRITTEN_SIDE
}

/// Words each buffer must hold for windows of these areas and a chunk.
pub(super) fn words_needed<'a>(
    graph: &'a Graph,
    acc: &'a Accelerator,
    group: &'a Group,
    areas: impl Iterator<Item = usize> + 'a,
    chunk: usize,
) -> impl Iterator<Item = usize> + 'a {
    areas.enumerate().map(move |(k, area)| {
        let blocks = match group.reduction {
            // The reduction reads all blocks at once; what it writes leaves block by block.
            Some(r) if k == r => graph.nodes[graph.nodes[group.stages[r].node].inputs[0]].shape.blocks(acc.lanes),
            Some(r) if k > r => 1,
            _ => chunk,
        };
        let operands = if k == 0 && group.stages[0].op == ComputeOp::Add { group.inputs(graph).len() } else { 1 };
        area * blocks * operands
    })
}

/// Channel blocks in one pass so that rows which do not fit at once can be loaded for one pass while another one runs.
fn rows_limit(graph: &Graph, acc: &Accelerator, group: &Group) -> usize {
    let wise = group.stages.iter().filter(|s| s.channels == Channels::Wise);
    wise.filter_map(|s| {
        let (rows, ip) = (Rows::of(graph, s, acc)?, acc.ip(s.unit)?);
        (rows.blocks_at_once(ip, 1) < rows.blocks).then(|| rows.blocks_at_once(ip, 2))
    })
    .min()
    .unwrap_or(usize::MAX)
}

/// Estimated cycles of a group, with what weights cost that do not fit their memories.
pub(super) fn cycles_with_weights(graph: &Graph, acc: &Accelerator, group: &Group) -> u64 {
    loop_orders(graph, acc, group)
        .map_or_else(|| estimate(graph, acc, group).cycles(is_double(group)), |(by_tile, by_part)| by_tile.min(by_part))
}

/// Estimated cycles of a group whose weights do not fit their memories: with all of them read for each tile, and with the features read, and the work before the
/// reduction done, for each part of the weights. `None` where they fit.
pub(super) fn loop_orders(graph: &Graph, acc: &Accelerator, group: &Group) -> Option<(u64, u64)> {
    const BYTES_A_CYCLE: u64 = 8;
    let stage = &group.stages[group.reduction?];
    let (rows, ip) = (Rows::of(graph, stage, acc)?, acc.ip(stage.unit)?);
    let parts = rows.parts(ip)? as u64;
    if parts == 1 {
        return None;
    }
    let input = &graph.nodes[group.inputs(graph)[0]];
    let features = (input.shape.h * input.shape.w * input.shape.c) as u64 * u64::from(input.format.container_bits()) / 8;
    let estimate = estimate(graph, acc, group);
    let Estimate { tiles, front, .. } = estimate;
    let plain = estimate.cycles(is_double(group));
    let by_tile = plain.max(tiles * rows.weight_bytes() / BYTES_A_CYCLE);
    let by_part = (plain + (parts - 1) * tiles * front).max((rows.weight_bytes() + parts * features) / BYTES_A_CYCLE);
    Some((by_tile, by_part))
}

fn estimate(graph: &Graph, acc: &Accelerator, group: &Group) -> Estimate {
    let out = plane(graph, group);
    let geometry = Geometry { graph, stages: &group.stages, plane: (out.h, out.w) };
    let (rows, cols) = (geometry.side(Direction::Rows, group.tile.0), geometry.side(Direction::Cols, group.tile.1));
    Workload::of(graph, acc, &group.stages, group.reduction).estimate(&rows, &cols)
}
