//! Random quantised networks: every op, format, rounding and overflow mode that the machine runs.

use crate::common::Numbers;
use bico::fixed::{Format, Overflow, Requantise, Rounding, Scale};
use bico::model::graph::{Graph, Node, Op, Padding, Sliding, Weights};
use bico::tensor::{Shape, Tensor};

/// What a network may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub lanes: usize,
    pub feature_bits: u8,
    pub weight_bits: u8,
    /// Also depthwise, pooling, addition, ...; else pointwise and conv only.
    pub all_ops: bool,
    /// Also kernels above 1 x 1.
    pub conv: bool,
}

/// A network of `layers` layers that passes `model::check`.
pub fn random_network(n: &mut Numbers, limits: &Limits, layers: usize) -> Graph {
    let format = feature_format(n, limits);
    let zero_point = zero_point(n, format);
    let shape = Shape::new(1 + n.below(20) as usize, 4 + n.below(5) as usize, 4 + n.below(6) as usize);
    let input = Node { name: "in".into(), op: Op::Input, inputs: vec![], shape, format, zero_point, weights: None, requantise: None };
    let mut graph = Graph { name: "random".into(), nodes: vec![input] };
    while graph.nodes.len() <= layers {
        let node = layer(n, limits, &graph);
        graph.nodes.push(node);
        if bico::model::check(&graph).is_err() {
            graph.nodes.pop();
        }
    }
    graph
}

fn feature_format(n: &mut Numbers, limits: &Limits) -> Format {
    let bits = [1, 2, 3, 4, 8, 9, 11, 16].into_iter().filter(|&b| b <= limits.feature_bits).collect::<Vec<u8>>();
    let bits = n.pick(&bits);
    let signed = n.below(3) != 0 && (bits > 1 || limits.feature_bits > 1);
    Format { bits, frac: 0, signed, narrow: signed && bits > 1 && n.below(4) == 0 }
}

fn zero_point(n: &mut Numbers, f: Format) -> i32 {
    if f.is_binary() || n.below(2) == 0 { 0 } else { member(n, f) }
}

fn member(n: &mut Numbers, f: Format) -> i32 {
    if f.is_binary() {
        return n.pick(&[-1, 1]);
    }
    f.min() + n.below((f.max() - f.min() + 1) as u64) as i32
}

/// Random members of the input's format.
pub fn random_input(graph: &Graph, seed: u64) -> Tensor {
    let mut n = Numbers(seed);
    let data = (0..graph.input().shape.len()).map(|_| member(&mut n, graph.input().format)).collect();
    Tensor::new(graph.input().shape, data).unwrap()
}

fn sliding(n: &mut Numbers, kernel: usize) -> Sliding {
    let pad = |n: &mut Numbers| n.below(kernel as u64) as usize;
    Sliding {
        kernel: (kernel, 1 + n.below(kernel as u64) as usize),
        stride: (1 + n.below(2) as usize, 1 + n.below(2) as usize),
        dilation: (1 + n.below(2) as usize, 1),
        padding: Padding { top: pad(n), left: pad(n), bottom: pad(n), right: pad(n) },
    }
}

fn layer(n: &mut Numbers, limits: &Limits, graph: &Graph) -> Node {
    let id = graph.nodes.len();
    let input = &graph.nodes[id - 1];
    let kind = if limits.all_ops { n.below(10) } else { n.below(if limits.conv { 2 } else { 1 }) };
    let channels = 1 + n.below(20) as usize;
    let small = 1 + n.below(3) as usize;
    let (op, channels) = match kind {
        0 => (Op::Conv { window: Sliding::POINT, groups: 1 }, channels),
        1 => (Op::Conv { window: sliding(n, small), groups: 1 }, channels),
        2 | 3 if input.shape.c > 1 => (Op::Conv { window: sliding(n, small), groups: input.shape.c }, input.shape.c),
        4 => (Op::MaxPool(sliding(n, small)), input.shape.c),
        5 => (Op::AvgPool(sliding(n, small)), input.shape.c),
        6 => (Op::Add { shifts: [n.below(4) as u8, n.below(4) as u8] }, input.shape.c),
        7 => (Op::Upsample { factor: 2 }, input.shape.c),
        8 => (Op::SpaceToDepth { block: 2 }, input.shape.c * 4),
        _ => (Op::Activation, input.shape.c),
    };
    let mut inputs = vec![id - 1];
    if matches!(op, Op::Add { .. }) {
        let same = |i: &usize| graph.nodes[*i].shape == input.shape && graph.nodes[*i].format.signed == input.format.signed;
        inputs.push((0..id).find(same).unwrap_or(id - 1));
    }
    let shapes: Vec<Shape> = inputs.iter().map(|&i| graph.nodes[i].shape).collect();
    let entry = bico::ops::of(&op).unwrap();
    let shape = (entry.output_shape)(&op, &shapes, channels).unwrap_or(Shape::new(channels, 1, 1));
    let weights = (entry.weights_shape)(&op, &shapes, channels).map(|shape| weights(n, limits, shape));
    let terms = (entry.weights_shape)(&op, &shapes, channels).map_or(1, |s| s[1] * s[2] * s[3]);
    let moves = entry.moves;
    let format = if moves { input.format } else { feature_format(n, limits) };
    let zero_point = if moves { input.zero_point } else { zero_point(n, format) };
    let gain = i32::from(input.format.bits) + weights.as_ref().map_or(0, |w| i32::from(w.format.bits) - 1) + terms.ilog2() as i32 / 2;
    let requantise = (!moves).then(|| requantise(n, format, zero_point, channels, gain - i32::from(format.bits), weights.is_some()));
    Node { name: format!("n{id}"), op, inputs, shape, format, zero_point, weights, requantise }
}

fn weights(n: &mut Numbers, limits: &Limits, shape: [usize; 4]) -> Weights {
    let bits = [1, 2, 3, 4, 8, 11, 16].into_iter().filter(|&b| b <= limits.weight_bits).collect::<Vec<u8>>();
    let bits = n.pick(&bits);
    let format = Format { bits, frac: 0, signed: true, narrow: bits == 2 && n.below(2) == 0 };
    let data = (0..shape.iter().product::<usize>()).map(|_| member(n, format)).collect();
    let span = 1u64 << (bits + limits.feature_bits).min(20);
    let bias = (0..shape[0]).map(|_| n.below(span) as i32 - (span / 2) as i32).collect();
    Weights { format, data, bias }
}

/// `shift`: about where the accumulator's top bits come out as the format's.
fn requantise(n: &mut Numbers, format: Format, zero_point: i32, channels: usize, shift: i32, by_channel: bool) -> Requantise {
    let mut scale = || {
        let plain = n.below(3) == 0;
        let mult = if plain { 1 } else { 0x4000 + n.below(0x4000) as u16 };
        let around = shift + n.below(5) as i32 - 3 + if plain { 0 } else { 14 };
        Scale { mult, shift: around.clamp(-16, 47) as i8 }
    };
    let scales = (0..if by_channel { channels } else { 1 }).map(|_| scale()).collect();
    Requantise {
        scales,
        rounding: n.pick(&Rounding::ALL),
        overflow: n.pick(&Overflow::ALL),
        zero_point,
        relu: n.below(3) == 0,
        clip: (n.below(3) == 0 && !format.is_binary()).then(|| zero_point + n.below((format.max() - zero_point + 1) as u64) as i32),
        leaky_slope: (n.below(3) == 0).then(|| n.below(6) as u8),
        format,
    }
}
