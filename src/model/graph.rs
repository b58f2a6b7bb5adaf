//! The quantised graph: nodes in topological order, each with its integer semantics fully resolved.

use crate::fixed::{Format, Requantise};
use crate::tensor::Shape;

/// Index of a node in [`Graph::nodes`]; inputs of a node always have smaller indices.
pub type NodeId = usize;

/// Rows or columns added around a feature map, each holding the zero point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Padding {
    /// Rows above.
    pub top: usize,
    /// Columns to the left.
    pub left: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns to the right.
    pub right: usize,
}

impl Padding {
    /// The same on all four sides.
    pub const fn same(n: usize) -> Padding {
        Padding { top: n, left: n, bottom: n, right: n }
    }
}

/// A sliding window: (rows, columns) each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sliding {
    /// Taps.
    pub kernel: (usize, usize),
    /// Step between outputs.
    pub stride: (usize, usize),
    /// Step between taps.
    pub dilation: (usize, usize),
    /// Padding of the input.
    pub padding: Padding,
}

impl Sliding {
    /// One tap, stride 1, no padding.
    pub const POINT: Sliding =
        Sliding { kernel: (1, 1), stride: (1, 1), dilation: (1, 1), padding: Padding { top: 0, left: 0, bottom: 0, right: 0 } };

    /// A square kernel with "same" style padding.
    pub const fn square(kernel: usize, stride: usize, padding: usize) -> Sliding {
        Sliding { kernel: (kernel, kernel), stride: (stride, stride), dilation: (1, 1), padding: Padding::same(padding) }
    }
    /// Output rows and columns for an input of `h` x `w`; `None` when the kernel is larger than the padded input.
    pub fn output(&self, h: usize, w: usize) -> Option<(usize, usize)> {
        let along = |n: usize, pads: usize, k: usize, s: usize, d: usize| {
            let reach = (k.checked_sub(1)?).checked_mul(d)?.checked_add(1)?;
            let room = n.checked_add(pads)?.checked_sub(reach)?;
            Some(room.checked_div(s)? + 1)
        };
        let p = self.padding;
        Some((
            along(h, p.top + p.bottom, self.kernel.0, self.stride.0, self.dilation.0)?,
            along(w, p.left + p.right, self.kernel.1, self.stride.1, self.dilation.1)?,
        ))
    }
    /// Taps in the window.
    pub const fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }
}

/// What a node computes. Integer semantics of each are in `ops`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// The network's input (always node 0, no inputs).
    Input,
    /// Convolution; depthwise when `groups` equals input and output channels, pointwise when the kernel is 1 x 1.
    Conv {
        /// Window.
        window: Sliding,
        /// Channel groups.
        groups: usize,
    },
    /// Maximum over a window; padding never wins.
    MaxPool(Sliding),
    /// Sum over a window (padding counts as zero), scaled in the requantise step.
    AvgPool(Sliding),
    /// Sum over the whole map, scaled in the requantise step.
    GlobalAvgPool,
    /// `((a - za) << shifts[0]) + ((b - zb) << shifts[1])`, then requantise.
    Add {
        /// Left shifts that bring both operands to one scale.
        shifts: [u8; 2],
    },
    /// Channels one after the other; all inputs and the output share one format.
    Concat,
    /// `block x block` pixels become channels: output channel `(dy * block + dx) * c + ch`.
    SpaceToDepth {
        /// Side of the square.
        block: usize,
    },
    /// Nearest-neighbour upsampling.
    Upsample {
        /// Factor in both directions.
        factor: usize,
    },
    /// Every input element to every output channel; weights are `[co][c][y][x]`, the output is 1 x 1.
    FullyConnected,
    /// Requantise only (activation, change of format).
    Activation,
}

/// Integer parameters of a convolution or fully connected layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    /// Format of `data`.
    pub format: Format,
    /// Raw integers, `[out channel][in channel of its group][row][column]`.
    pub data: Vec<i32>,
    /// One for each output channel, at the accumulator's scale (input frac + weight frac).
    pub bias: Vec<i32>,
}

impl Weights {
    /// The biases with the features' zero point folded in: `sum w * (x - z) + b = sum w * x + (b - z * sum w)`.
    pub fn folded_bias(&self, zero_point: i64) -> Vec<i64> {
        let per_channel = self.data.len() / self.bias.len().max(1);
        let sum = |c: usize| self.data[c * per_channel..(c + 1) * per_channel].iter().map(|&w| i64::from(w)).sum::<i64>();
        self.bias.iter().enumerate().map(|(c, &b)| i64::from(b) - zero_point * sum(c)).collect()
    }
}

/// One operation with its resolved numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Unique within the graph.
    pub name: String,
    /// What is computed.
    pub op: Op,
    /// Where its operands come from.
    pub inputs: Vec<NodeId>,
    /// Extents of the output.
    pub shape: Shape,
    /// Format of the output.
    pub format: Format,
    /// Raw value of the output that stands for zero.
    pub zero_point: i32,
    /// Weights, for `Conv` and `FullyConnected`.
    pub weights: Option<Weights>,
    /// From accumulator to output; `None` only for ops that move values unchanged
    /// (`Input`, `MaxPool`, `Concat`, `SpaceToDepth`, `Upsample`).
    pub requantise: Option<Requantise>,
}

/// A quantised network. The last node is the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// Name of the network.
    pub name: String,
    /// Topological order; node 0 is the input.
    pub nodes: Vec<Node>,
}

impl Graph {
    /// The input node.
    pub fn input(&self) -> &Node {
        &self.nodes[0]
    }
    /// The output node.
    ///
    /// # Panics
    /// Never for a graph built by `model` (it has at least the input node).
    pub fn output(&self) -> &Node {
        self.nodes.last().expect("a graph has at least its input")
    }
    /// Operands of a node.
    pub fn operands<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a Node> + 'a {
        node.inputs.iter().map(|&i| &self.nodes[i])
    }
    /// Whether `node` is a depthwise convolution.
    pub fn is_depthwise(&self, node: &Node) -> bool {
        matches!(node.op, Op::Conv { groups, .. } if groups > 1 && groups == node.shape.c && groups == self.nodes[node.inputs[0]].shape.c)
    }
    /// Bits of the widest feature map behind the image, and of the widest weights; 0 without any.
    pub fn widths(&self) -> (u8, u8) {
        let features = self.nodes.iter().skip(1).map(|n| n.format.bits).max();
        let weights = self.nodes.iter().filter_map(|n| n.weights.as_ref()).map(|w| w.format.bits).max();
        (features.unwrap_or(0), weights.unwrap_or(0))
    }
    /// Multiply-accumulates of a node (convolutions and fully connected layers; 0 for the rest).
    pub fn macs(&self, node: &Node) -> u64 {
        let pixels = (node.shape.h * node.shape.w) as u64;
        match &node.weights {
            Some(w) => w.data.len() as u64 * pixels,
            None => 0,
        }
    }
    /// Nodes that read `id`.
    pub fn consumers(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.nodes.iter().enumerate().filter(move |(_, n)| n.inputs.contains(&id)).map(|(i, _)| i)
    }
}
