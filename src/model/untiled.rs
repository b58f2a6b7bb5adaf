//! The graph on the host kernels, one whole map after the other: the integers of [`mod@super::reference`], some hundred times as fast.
//!
//! No tile, no job, no time: it is for accuracy over many images. Tests hold every node against the reference.

use super::graph::{Graph, Node, NodeId, Op, Sliding};
use super::reference;
use crate::error::Result;
use crate::fixed::{Overflow, Requantise};
use crate::kernels::{
    self, AddJob, ConvJob, ConvSpec, DepthwiseJob, DepthwiseSpec, Geometry, Isa, PackedAdd, PackedConv, PackedDepthwise, PackedPool,
    PoolJob, PoolKind, Source, Target,
};
use crate::ops::{self, Operand};
use crate::tensor::{Blocked, Tensor};

/// Channels in a block: what the vector kernels like best.
const LANES: usize = 16;
/// Largest window side that a kernel takes.
const MAX_WINDOW: usize = 4096;

/// How a node runs.
enum Layer {
    Conv(Box<PackedConv>),
    Depthwise(Box<PackedDepthwise>),
    Pool(Box<PackedPool>),
    Add(Box<PackedAdd>),
    /// By its definition: no kernel covers it, and it is rare or only moves values.
    Definition,
}

/// A graph made ready to run images.
pub struct Untiled<'a> {
    graph: &'a Graph,
    layers: Vec<Layer>,
    isa: Isa,
}

/// The maps of one image, by node. Reused from image to image.
pub struct Maps(Vec<Blocked>);

impl<'a> Untiled<'a> {
    /// Packs every layer. `graph` must have passed [`super::check()`].
    ///
    /// # Errors
    /// When a layer's integers exceed what the kernels' checks allow.
    pub fn new(graph: &'a Graph) -> Result<Untiled<'a>> {
        let ranges = ranges(graph);
        let pack = |node: &Node| pack(graph, node, &ranges).map_err(|e| e.within(format!("node `{}`", node.name)));
        Ok(Untiled { graph, layers: graph.nodes.iter().map(pack).collect::<Result<_>>()?, isa: Isa::best() })
    }

    /// Memory for one image.
    pub fn maps(&self) -> Maps {
        Maps(self.graph.nodes.iter().map(|n| Blocked::zeros(n.shape, LANES)).collect())
    }

    /// Runs one image; afterwards `maps` holds every node's output. Returns the last node's.
    ///
    /// # Errors
    /// When the image has other extents than the input, or values that are no members of its format.
    pub fn run(&self, image: &Tensor, maps: &mut Maps) -> Result<Tensor> {
        reference::check_image(self.graph, image)?;
        maps.0[0] = Blocked::from_tensor(image, LANES);
        for id in 1..self.graph.nodes.len() {
            let (before, after) = maps.0.split_at_mut(id);
            self.node(id, before, &mut after[0]);
        }
        Ok(self.output(self.graph.nodes.len() - 1, maps))
    }

    /// A node's raw integers after a run.
    pub fn output(&self, id: NodeId, maps: &Maps) -> Tensor {
        maps.0[id].to_tensor(self.graph.nodes[id].format.signed)
    }

    fn node(&self, id: NodeId, maps: &[Blocked], to: &mut Blocked) {
        let node = &self.graph.nodes[id];
        let from = &maps[node.inputs[0]];
        let (s, t) = (from.shape, to.shape);
        let whole = Source::dense(&from.data, s.h, s.w, LANES);
        let block_of = |map: &'_ Blocked, block: usize| block * map.shape.h * map.shape.w * LANES;
        let window = window(node, self.graph).unwrap_or(Sliding::POINT);
        let origin = (-(window.padding.top as i32), -(window.padding.left as i32));
        let pad = self.graph.nodes[node.inputs[0]].zero_point as i16;
        let (row, outputs) = (t.w * LANES, (t.h, t.w));
        let planes = to.data.chunks_exact_mut((t.h * row).max(1)).enumerate();
        match &self.layers[id] {
            Layer::Conv(conv) => {
                let blocks = (0, conv.output_blocks());
                // Rows without gaps are one long row to a pointwise layer; kernels like long rows.
                let dense = window == Sliding::POINT;
                let (source, outputs) =
                    if dense { (Source { rows: 1, cols: s.h * s.w, ..whole }, (1, t.h * t.w)) } else { (whole, outputs) };
                let job = ConvJob { source, conv, output_blocks: blocks, origin, outputs, pad };
                kernels::conv(self.isa, &job, &mut Target::dense(&mut to.data, outputs.0, outputs.1, LANES));
            }
            Layer::Depthwise(layer) => planes.for_each(|(block, plane)| {
                let source = Source { data: &from.data[block_of(from, block)..], ..whole };
                kernels::depthwise(self.isa, &DepthwiseJob { source, layer, block, origin, outputs, pad }, plane, row);
            }),
            Layer::Pool(layer) => planes.for_each(|(block, plane)| {
                let source = Source { data: &from.data[block_of(from, block)..], ..whole };
                kernels::pool(self.isa, &PoolJob { source, layer, block, origin, outputs, pad }, plane, row);
            }),
            Layer::Add(layer) => planes.for_each(|(block, plane)| {
                let source = |k: usize| Source { data: &maps[node.inputs[k]].data[block_of(from, block)..], ..whole };
                kernels::add(self.isa, &AddJob { sources: [source(0), source(1)], layer, block, outputs }, plane, row);
            }),
            Layer::Definition => *to = Blocked::from_tensor(&self.by_definition(node, maps), LANES),
        }
    }

    fn by_definition(&self, node: &Node, maps: &[Blocked]) -> Tensor {
        let tensors: Vec<Tensor> = node.inputs.iter().map(|&i| maps[i].to_tensor(self.graph.nodes[i].format.signed)).collect();
        let operands: Vec<Operand> = self.graph.operands(node).zip(&tensors).map(|(n, t)| Operand::new(n, t)).collect();
        ops::evaluate(node, &operands)
    }
}

/// The window a node slides over its first operand, where it has one.
fn window(node: &Node, graph: &Graph) -> Option<Sliding> {
    let input = graph.operands(node).next()?.shape;
    match &node.op {
        Op::Conv { window, .. } | Op::MaxPool(window) | Op::AvgPool(window) => Some(*window),
        Op::GlobalAvgPool | Op::FullyConnected => Some(Sliding { kernel: (input.h, input.w), ..Sliding::POINT }),
        Op::Activation => Some(Sliding::POINT),
        _ => None,
    }
}

fn pack(graph: &Graph, node: &Node, ranges: &[(i32, i32)]) -> Result<Layer> {
    let Some(&from) = node.inputs.first() else { return Ok(Layer::Definition) };
    let (input, features) = (&graph.nodes[from], ranges[from]);
    if let (Op::Add { shifts }, Some(requantise)) = (&node.op, &node.requantise) {
        return pack_add(graph, node, *shifts, requantise);
    }
    let Some(window) = window(node, graph) else { return Ok(Layer::Definition) };
    let even = window.stride.0 == window.stride.1 && window.dilation.0 == window.dilation.1;
    if !even || window.kernel.0.max(window.kernel.1) > MAX_WINDOW {
        return Ok(Layer::Definition);
    }
    let geometry = Geometry { kernel: window.kernel, stride: window.stride.0, dilation: window.dilation.0 };
    let zero = i64::from(input.zero_point);
    match (&node.weights, &node.requantise) {
        (Some(w), Some(requantise)) => {
            let (weights, bias) = (w.data.as_slice(), w.folded_bias(zero));
            let bias = bias.as_slice();
            if graph.is_depthwise(node) {
                let spec = DepthwiseSpec { weights, bias, channels: node.shape.c, geometry, lanes: LANES, features, requantise };
                return Ok(Layer::Depthwise(Box::new(PackedDepthwise::new(&spec)?)));
            }
            let groups = if let Op::Conv { groups, .. } = node.op { groups } else { 1 };
            let (inputs, outputs) = (input.shape.c, node.shape.c);
            let spec = ConvSpec { weights, bias, inputs, outputs, groups, geometry, lanes: LANES, features, requantise };
            Ok(Layer::Conv(Box::new(PackedConv::new(&spec)?)))
        }
        (None, Some(requantise)) if requantise.scales.len() == 1 => {
            let kind = PoolKind::Average { bias: -zero * geometry.taps() as i64, requantise };
            Ok(Layer::Pool(Box::new(PackedPool::new(kind, geometry, node.shape.c, LANES, features)?)))
        }
        (None, None) => Ok(Layer::Pool(Box::new(PackedPool::new(PoolKind::Max, geometry, node.shape.c, LANES, features)?))),
        _ => Ok(Layer::Definition),
    }
}

fn pack_add(graph: &Graph, node: &Node, shifts: [u8; 2], requantise: &Requantise) -> Result<Layer> {
    if requantise.scales.len() != 1 {
        return Ok(Layer::Definition);
    }
    let operand = |k: usize| {
        let from = &graph.nodes[node.inputs[k]];
        kernels::Operand { zero_point: from.zero_point, shift: shifts[k], unsigned16: from.format.max() > i32::from(i16::MAX) }
    };
    Ok(Layer::Add(Box::new(PackedAdd::new([operand(0), operand(1)], requantise, node.shape.c, LANES)?)))
}

/// Each node's smallest and largest raw value, its zero point included. What an activation cuts off is left out, so that more layers of
/// wide formats are proven to accumulate within 32 bits.
fn ranges(graph: &Graph) -> Vec<(i32, i32)> {
    let mut ranges: Vec<(i32, i32)> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let (zero, format) = (node.zero_point, node.format);
        let whole = (format.min().min(zero), format.max().max(zero));
        ranges.push(match &node.requantise {
            Some(r) if r.overflow == Overflow::Sat && !format.is_binary() => {
                (if r.relu { zero } else { whole.0 }, r.clip.map_or(whole.1, |clip| clip.max(zero).min(whole.1)))
            }
            None if !node.inputs.is_empty() => {
                let of = node.inputs.iter().map(|&i| ranges[i]);
                of.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or(whole)
            }
            _ => whole,
        });
    }
    ranges
}
