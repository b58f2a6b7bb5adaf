//! Layer groups: layers whose tiles flow through the IPs without touching DRAM, with their banks and their tile.

use super::job::Unit;
use super::stage::{self, Channels, Stage};
use super::tiling::{self, Tilings, words_needed};
use crate::accelerator::Accelerator;
use crate::error::{Error, Result};
use crate::model::graph::{Graph, NodeId, Op};
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
    /// For an output tile of the plane: the window before each stage (clipped) and, last, the tile itself.
    pub fn windows(&self, graph: &Graph, tile: Window) -> Vec<Window> {
        let mut windows: Vec<Window> = windows_from_the_last(graph, &self.stages, tile).collect();
        windows.reverse();
        windows
    }
}

/// The windows of an output tile from the last to the first: what is made behind each stage, and what the first one reads.
pub(super) fn windows_from_the_last<'a>(graph: &'a Graph, stages: &'a [Stage], tile: Window) -> impl Iterator<Item = Window> + 'a {
    let (mut wanted, mut rest) = (Some(tile), stages.iter().rev());
    std::iter::from_fn(move || {
        let Some(stage) = rest.next() else { return wanted.take() };
        let input = graph.nodes[graph.nodes[stage.node].inputs[0]].shape;
        let made = stage.align_output(wanted?);
        wanted = Some(stage.input_window(made).clip(input.h, input.w));
        Some(made)
    })
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
    let [longer, shorter, alone] = [longer, shorter, &alone].map(|group| tiling::cycles_with_weights(graph, acc, group));
    2 * longer > 3 * (shorter + alone)
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
    let tilings = Tilings::of(graph, acc, stages, reduction);
    for halves in [2, 1] {
        let fitting = choices.iter().filter_map(|banks| tilings.best(&with(banks, halves)));
        // The first of those of least cost.
        if let Some((_, found)) = fitting.min_by_key(|(cost, _)| *cost) {
            return Ok(found);
        }
    }
    let group = with(&choices[0], 1);
    let areas = group.windows(graph, Window::new(0, 0, 1, 1)).into_iter().map(Window::area);
    let (words, edge) = words_needed(graph, acc, &group, areas, 1)
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
