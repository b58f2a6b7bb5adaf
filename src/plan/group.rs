//! Layer groups: layers whose tiles flow through the IPs without touching DRAM, with their banks and their tile.

use super::descriptor;
use super::job::Unit;
use super::stage::{self, Channels, Stage};
use super::weights::Rows;
use crate::accelerator::Accelerator;
use crate::error::{Error, Result};
use crate::model::graph::{Graph, Node, NodeId, Op};
use crate::tensor::{Shape, Window};

/// A buffer between two units: `halves` ranges of `half_words` words in one bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Memory id of the bank.
    pub bank: u8,
    /// Ranges used in turn (1 or 2).
    pub halves: usize,
    /// Words of one range.
    pub half_words: usize,
}

/// A sequence of stages, with one buffer before each stage and one after the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Layer names joined by `+`.
    pub name: String,
    /// Stages in order.
    pub stages: Vec<Stage>,
    /// `stages.len() + 1` buffers.
    pub edges: Vec<Edge>,
    /// Output tile (rows, columns).
    pub tile: (usize, usize),
    /// Channel blocks in one pass of the stages before the first reduction.
    pub chunk_blocks: usize,
    /// Index of the reducing stage, if any (at most one).
    pub reduction: Option<usize>,
}

impl Group {
    /// The node whose output is stored.
    pub fn output(&self) -> NodeId {
        self.stages.last().expect("a group has a stage").node
    }
    /// The nodes whose outputs are loaded.
    pub fn inputs<'a>(&self, graph: &'a Graph) -> &'a [NodeId] {
        &graph.nodes[self.stages[0].node].inputs
    }
    /// Output tiles, row by row.
    pub fn tiles(&self, output: Shape) -> Vec<Window> {
        let (th, tw) = self.tile;
        let mut tiles = Vec::new();
        for y in (0..output.h).step_by(th) {
            for x in (0..output.w).step_by(tw) {
                tiles.push(Window::new(y as i32, x as i32, th.min(output.h - y) as i32, tw.min(output.w - x) as i32));
            }
        }
        tiles
    }
    /// Tiles that stand for all in an estimate: the first, the last and the two in the middle of each direction.
    fn typical_tiles(&self, output: Shape) -> Vec<Window> {
        let along = |n: usize, side: usize| {
            let last = (n - 1) / side;
            let mut starts = vec![0, last / 2 * side, last.div_ceil(2) * side, last * side];
            starts.dedup();
            starts.into_iter().map(|at| (at as i32, side.min(n - at) as i32)).collect::<Vec<_>>()
        };
        let rows = along(output.h, self.tile.0);
        let cols = along(output.w, self.tile.1);
        rows.iter().flat_map(|&(y, h)| cols.iter().map(move |&(x, w)| Window::new(y, x, h, w))).collect()
    }
    /// Pixels of the largest window before each stage, and of the largest tile, over all tiles. Rows and columns of a window do not depend on each
    /// other, and every pair of a row of tiles and a column of tiles is a tile.
    fn largest_areas(&self, graph: &Graph, output: Shape) -> Vec<usize> {
        let (th, tw) = self.tile;
        let (mut rows, mut cols) = (vec![0; self.stages.len() + 1], vec![0; self.stages.len() + 1]);
        let grow = |most: &mut Vec<i32>, sides: Vec<i32>| most.iter_mut().zip(sides).for_each(|(m, n)| *m = n.max(*m));
        for y in (0..output.h).step_by(th) {
            let tile = Window::new(y as i32, 0, th.min(output.h - y) as i32, 1);
            grow(&mut rows, self.windows(graph, tile).iter().map(|w| w.h).collect());
        }
        for x in (0..output.w).step_by(tw) {
            let tile = Window::new(0, x as i32, 1, tw.min(output.w - x) as i32);
            grow(&mut cols, self.windows(graph, tile).iter().map(|w| w.w).collect());
        }
        rows.iter().zip(cols).map(|(h, w)| (h * w) as usize).collect()
    }
    /// For an output tile of the plane: the window before each stage (clipped) and, last, the tile itself.
    pub fn windows(&self, graph: &Graph, tile: Window) -> Vec<Window> {
        let mut windows = vec![tile];
        for stage in self.stages.iter().rev() {
            let input = graph.nodes[graph.nodes[stage.node].inputs[0]].shape;
            let out = stage.align_output(*windows.last().expect("starts with the tile"));
            *windows.last_mut().expect("starts with the tile") = out;
            windows.push(stage.input_window(out).clip(input.h, input.w));
        }
        windows.reverse();
        windows
    }
}

/// The plane that a group's tiles cut: the output of its last stage, except that space-to-depth cuts its output before the channels move.
pub fn plane(graph: &Graph, group: &Group) -> Shape {
    graph.nodes[group.output()].shape
}

/// Cuts a graph into groups: greedily, a layer joins its producer when it is the only reader, its unit is free and a bank connects them.
///
/// # Errors
/// When a layer has no IP, no bank connects two units, or not even the smallest tile fits the banks.
pub fn groups(graph: &Graph, acc: &Accelerator) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    let mut taken = vec![false; graph.nodes.len()];
    for id in 0..graph.nodes.len() {
        if taken[id] {
            continue;
        }
        let Some(first) = stage::planned(graph, id, acc)? else { continue };
        taken[id] = true;
        let mut stages = vec![first];
        let mut best = fit(graph, acc, &stages)?;
        while let Some(next) = follower(graph, acc, &stages)? {
            let mut longer = stages.clone();
            longer.push(next.clone());
            // A longer group that only fits with single buffers, or not at all, is no gain; nor is one whose tiles become so small that it is far slower.
            let doubled = |group: &Group| group.edges.iter().all(|e| e.halves == 2) || best.edges.iter().any(|e| e.halves == 1);
            match fit(graph, acc, &longer) {
                Ok(group) if doubled(&group) && !is_far_slower(graph, acc, &group, &best, next) => {
                    taken[group.output()] = true;
                    (stages, best) = (longer, group);
                }
                _ => break,
            }
        }
        groups.push(best);
    }
    Ok(groups)
}

/// Whether a group is by far slower than the group without its last stage and that stage alone. By far, because the estimate is a rough one.
fn is_far_slower(graph: &Graph, acc: &Accelerator, longer: &Group, shorter: &Group, last: Stage) -> bool {
    let Ok(alone) = fit(graph, acc, &[last]) else { return false };
    let [longer, shorter, alone] = [longer, shorter, &alone].map(|group| cycles_with_weights(graph, acc, group));
    2 * longer > 3 * (shorter + alone)
}

/// [`estimate_cycles`], with what weights cost that do not fit their memories.
fn cycles_with_weights(graph: &Graph, acc: &Accelerator, group: &Group) -> u64 {
    loop_orders(graph, acc, group).map_or_else(|| estimate_cycles(graph, acc, group), |(by_tile, by_part)| by_tile.min(by_part))
}

/// Estimated cycles of a group whose weights do not fit their memories: with all of them read for each tile, and with the features read, and the work before the
/// reduction done, for each part of the weights. `None` where they fit.
pub fn loop_orders(graph: &Graph, acc: &Accelerator, group: &Group) -> Option<(u64, u64)> {
    const BYTES_A_CYCLE: u64 = 8;
    let stage = &group.stages[group.reduction?];
    let (rows, ip) = (Rows::of(graph, stage, acc)?, acc.ip(stage.unit)?);
    let parts = rows.parts(ip)? as u64;
    if parts == 1 {
        return None;
    }
    let input = &graph.nodes[group.inputs(graph)[0]];
    let features = (input.shape.h * input.shape.w * input.shape.c) as u64 * u64::from(input.format.container_bits()) / 8;
    let Tiling { tiles, front, .. } = Tiling::of(graph, acc, group);
    let plain = estimate_cycles(graph, acc, group);
    let by_tile = plain.max(tiles * rows.weight_bytes() / BYTES_A_CYCLE);
    let by_part = (plain + (parts - 1) * tiles * front).max((rows.weight_bytes() + parts * features) / BYTES_A_CYCLE);
    Some((by_tile, by_part))
}

/// The stage that may join after the last one.
fn follower(graph: &Graph, acc: &Accelerator, stages: &[Stage]) -> Result<Option<Stage>> {
    let last = stages[stages.len() - 1].node;
    let mut readers = graph.consumers(last);
    let (Some(next), None) = (readers.next(), readers.next()) else { return Ok(None) };
    let node = &graph.nodes[next];
    if matches!(node.op, Op::Add { .. } | Op::SpaceToDepth { .. }) || matches!(graph.nodes[last].op, Op::SpaceToDepth { .. }) {
        return Ok(None);
    }
    let Some(stage) = stage::planned(graph, next, acc)? else { return Ok(None) };
    let unit_taken = stages.iter().any(|s| s.unit == stage.unit);
    let second_reduction = stage.channels == Channels::Reduced && stages.iter().any(|s| s.channels == Channels::Reduced);
    Ok((!unit_taken && !second_reduction).then_some(stage))
}

/// Banks, tile and chunk for a sequence of stages.
fn fit(graph: &Graph, acc: &Accelerator, stages: &[Stage]) -> Result<Group> {
    let names: Vec<&str> = stages.iter().map(|s| graph.nodes[s.node].name.as_str()).collect();
    let choices = connect(acc, stages, &names.join("+"))?;
    let reduction = stages.iter().position(|s| s.channels == Channels::Reduced);
    let with = |banks: &[u8], halves| Group {
        name: names.join("+"),
        stages: stages.to_vec(),
        edges: banks.iter().map(|&bank| Edge { bank, halves, half_words: 0 }).collect(),
        tile: (1, 1),
        chunk_blocks: 1,
        reduction,
    };
    for halves in [2, 1] {
        let fitting = choices.iter().filter_map(|banks| best_tile(graph, acc, &with(banks, halves)));
        // The first of those of least cost.
        if let Some((_, found)) = fitting.min_by_key(|(cost, _)| *cost) {
            return Ok(found);
        }
    }
    let group = with(&choices[0], 1);
    let areas: Vec<usize> = group.windows(graph, Window::new(0, 0, 1, 1)).iter().map(|w| w.area()).collect();
    let (words, edge) = needed(graph, acc, &group, &areas, 1)
        .into_iter()
        .zip(&group.edges)
        .find(|(words, edge)| *words > acc.banks[usize::from(edge.bank)].words)
        .unwrap_or((0, &group.edges[0]));
    let bank = &acc.banks[usize::from(edge.bank)];
    Err(Error::unsupported(format!("layer `{}` does not fit bank `{}` even with a tile of one pixel", group.name, bank.name))
        .value(format!("{words} words"))
        .allowed(format!("{} words", bank.words))
        .hint(format!("raise words of bank `{}` to at least {words}", bank.name)))
}

/// Every choice of one bank for each buffer, each connecting writer and reader and none used twice; in the order of the accelerator's file. There is one at least.
fn connect(acc: &Accelerator, stages: &[Stage], name: &str) -> Result<Vec<Vec<u8>>> {
    let mut units = vec![Unit::Load];
    units.extend(stages.iter().map(|s| s.unit));
    units.push(Unit::Store);
    let mut choices: Vec<Vec<u8>> = vec![Vec::new()];
    for pair in units.windows(2) {
        let connects: Vec<u8> = (0u8..)
            .zip(&acc.banks)
            .filter(|(_, bank)| bank.writers.contains(&pair[0]) && bank.readers.contains(&pair[1]))
            .map(|(id, _)| id)
            .collect();
        let longer = choices.iter().flat_map(|used| {
            let free = connects.iter().filter(|id| !used.contains(id));
            free.map(|&id| used.iter().copied().chain([id]).collect())
        });
        let longer: Vec<Vec<u8>> = longer.collect();
        if longer.is_empty() {
            return Err(Error::unsupported(format!("layer `{name}`: no free bank is written by `{}` and read by `{}`", pair[0], pair[1]))
                .hint(format!("add \"{}\" to the writers and \"{}\" to the readers of a bank", pair[0], pair[1])));
        }
        choices = longer;
    }
    Ok(choices)
}

/// Words each buffer must hold for windows of these areas and a chunk.
fn needed(graph: &Graph, acc: &Accelerator, group: &Group, areas: &[usize], chunk: usize) -> Vec<usize> {
    let operands = group.inputs(graph).len();
    (0..group.edges.len())
        .map(|k| {
            let blocks = match group.reduction {
                // The reduction reads all blocks at once; what it writes leaves block by block.
                Some(r) if k == r => graph.nodes[graph.nodes[group.stages[r].node].inputs[0]].shape.blocks(acc.lanes),
                Some(r) if k > r => 1,
                _ => chunk,
            };
            let operands = if k == 0 && group.stages[0].op == super::job::ComputeOp::Add { operands } else { 1 };
            areas[k] * blocks * operands
        })
        .collect()
}

/// Words each buffer must hold for any tile of a tiling.
fn largest_needs(graph: &Graph, acc: &Accelerator, group: &Group, chunk: usize) -> Vec<usize> {
    needed(graph, acc, group, &group.largest_areas(graph, plane(graph, group)), chunk)
}

/// Sides that the fields of a descriptor hold: of what a job reads, and of what it writes.
const LARGEST_READ_SIDE: i32 = descriptor::SOURCE_ROWS.largest() as i32;
const LARGEST_WRITTEN_SIDE: i32 = descriptor::ROWS.largest() as i32;

/// The tiling of least [`estimate_cycles`] among those that fit, after that estimate; `None` when none does.
fn best_tile(graph: &Graph, acc: &Accelerator, group: &Group) -> Option<(u64, Group)> {
    let out = plane(graph, group);
    let align = group.stages.iter().map(|s| 1usize << s.upsample_shift).product::<usize>();
    let sides = |n: usize, limit: usize| {
        let mut sides: Vec<usize> =
            (1..=n).map(|parts| n.div_ceil(parts)).filter(|&s| s <= limit.max(align) && (s == n || s % align == 0)).collect();
        sides.dedup();
        sides
    };
    let fits = |group: &Group, chunk: usize| {
        largest_needs(graph, acc, group, chunk)
            .iter()
            .zip(&group.edges)
            .all(|(&words, e)| words * e.halves <= acc.banks[usize::from(e.bank)].words && words < 1 << 16)
    };
    let sides_fit = |group: &Group| {
        let within = |w: &Window, most: i32| w.h <= most && w.w <= most;
        group.typical_tiles(out).into_iter().all(|tile| {
            let windows = group.windows(graph, tile);
            let (last, read) = windows.split_last().expect("a group has windows");
            read.iter().all(|w| within(w, LARGEST_READ_SIDE)) && within(last, LARGEST_WRITTEN_SIDE)
        })
    };
    let mut best: Option<(u64, Group)> = None;
    for th in sides(out.h, acc.tile.0) {
        for tw in sides(out.w, acc.tile.1) {
            let candidate = Group { tile: (th, tw), ..group.clone() };
            let cost = estimate_cycles(graph, acc, &candidate);
            if best.as_ref().is_none_or(|(c, _)| cost < *c) && fits(&candidate, 1) && sides_fit(&candidate) {
                best = Some((cost, candidate));
            }
        }
    }
    let (cost, mut group) = best?;
    let blocks = graph.nodes[graph.nodes[group.stages[0].node].inputs[0]].shape.blocks(acc.lanes);
    // Small passes let load, compute and store overlap; each should still be long against the fixed cost of a job.
    const PASS_PIXELS: usize = 1024;
    let pixels = group.tile.0 * group.tile.1;
    let most = PASS_PIXELS.div_ceil(pixels).min(rows_limit(graph, acc, &group)).clamp(1, blocks);
    group.chunk_blocks = (1..=most).rev().find(|&c| fits(&group, c)).unwrap_or(1);
    // Even passes: 5 + 5 rather than 8 + 2.
    group.chunk_blocks = blocks.div_ceil(blocks.div_ceil(group.chunk_blocks));
    let needs = largest_needs(graph, acc, &group, group.chunk_blocks);
    for (edge, words) in group.edges.iter_mut().zip(needs) {
        edge.half_words = words;
    }
    Some((cost, group))
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

/// Estimated cycles of a tiling: the work before the reduction on one tile runs while the reduction works on the tile before it.
fn estimate_cycles(graph: &Graph, acc: &Accelerator, group: &Group) -> u64 {
    let Tiling { tiles, front, back } = Tiling::of(graph, acc, group);
    match group.edges.iter().all(|e| e.halves == 2) {
        true => front + (tiles - 1) * front.max(back) + back,
        false => tiles * (front + back),
    }
}

/// What estimates need of a group's tiles: their number, and the most cycles that one takes before the reduction and from it on.
struct Tiling {
    tiles: u64,
    front: u64,
    back: u64,
}

impl Tiling {
    fn of(graph: &Graph, acc: &Accelerator, group: &Group) -> Tiling {
        let out = plane(graph, group);
        let tiles = (out.h.div_ceil(group.tile.0) * out.w.div_ceil(group.tile.1)) as u64;
        let cycles = group.typical_tiles(out).into_iter().map(|tile| tile_cycles(graph, acc, group, tile));
        let (front, back) = cycles.fold((0, 0), |(f, b), (front, back)| (f.max(front), b.max(back)));
        Tiling { tiles, front, back }
    }
}

/// Estimated cycles of one tile: of the slowest unit before the reduction, and of the slowest from the reduction on.
fn tile_cycles(graph: &Graph, acc: &Accelerator, group: &Group, tile: Window) -> (u64, u64) {
    const JOB_OVERHEAD_CYCLES: u64 = 30;
    let windows = group.windows(graph, tile);
    let input = &graph.nodes[group.inputs(graph)[0]];
    let output = &graph.nodes[group.output()];
    let beats = |node: &Node, window: Window| {
        let word_beats = acc.word_bytes(node.format.container_bits()) as u64 / 8;
        (window.area() * node.shape.blocks(acc.lanes)) as u64 * word_beats
    };
    let load = beats(input, windows[0]) * group.inputs(graph).len() as u64 + JOB_OVERHEAD_CYCLES;
    let store = beats(output, tile) + JOB_OVERHEAD_CYCLES * output.shape.blocks(acc.lanes) as u64;
    let mut halves = (load, 0);
    let reduction = group.reduction.unwrap_or(group.stages.len());
    for (k, stage) in group.stages.iter().enumerate() {
        let node = &graph.nodes[stage.node];
        let source = &graph.nodes[node.inputs[0]];
        let Some(ip) = acc.ip(stage.unit) else { continue };
        let (blocks, groups) = (node.shape.blocks(acc.lanes) as u64, (acc.lanes / ip.parallel_out) as u64);
        let inputs = if stage.channels == Channels::Reduced { source.shape.c.div_ceil(ip.parallel_in) as u64 } else { 1 };
        let jobs = if k < reduction { 1 } else { blocks };
        let cycles = windows[k + 1].area() as u64 * stage.sliding.taps() as u64 * groups * inputs * blocks + jobs * JOB_OVERHEAD_CYCLES;
        let half = if k < reduction { &mut halves.0 } else { &mut halves.1 };
        *half = (*half).max(cycles);
    }
    let last = if group.reduction.is_some() { &mut halves.1 } else { &mut halves.0 };
    *last = (*last).max(store);
    halves
}
