//! Random accelerators and random quantised networks: every op, format, rounding and overflow mode that the machine runs.

use crate::accelerator::{Accelerator, Bank, IpConfig, Port, check};
use crate::dataset::rng::Rng;
use crate::fixed::{Format, Overflow, Requantise, Rounding, Scale};
use crate::model::graph::{Graph, Node, Op, Padding, Sliding, Weights};
use crate::plan::Unit;
use crate::tensor::{Shape, Tensor};
use crate::units::Hertz;

/// What a network may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Widest feature, bits.
    pub feature_bits: u8,
    /// Widest weight, bits.
    pub weight_bits: u8,
    /// Also depthwise, pooling, addition, ...; else pointwise and conv only.
    pub all_ops: bool,
    /// Also kernels above 1 x 1.
    pub conv: bool,
    /// Maps of up to 50 rows and columns instead of 10, and up to 48 channels instead of 20.
    pub large: bool,
}

impl Limits {
    /// What `acc` runs.
    pub fn of(acc: &Accelerator) -> Limits {
        Limits {
            feature_bits: acc.feature_bits,
            weight_bits: acc.weight_bits,
            all_ops: acc.vector.is_some(),
            conv: acc.conv.is_some(),
            large: false,
        }
    }
}

fn pick<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.below(of.len())]
}

/// An accelerator of random size and shape.
pub fn accelerator(rng: &mut Rng) -> Accelerator {
    let compute = [Unit::Depthwise, Unit::Pointwise, Unit::Conv, Unit::Vector];
    let lanes = pick(rng, &[4, 4, 8, 8, 16]);
    let bank_words = pick(rng, &[384, 512, 1024, 1536]);
    let bank = |name: &str, writers: &[Unit], readers: &[Unit]| Bank {
        name: name.into(),
        words: bank_words,
        writers: writers.to_vec(),
        readers: readers.to_vec(),
    };
    let weight_rows = pick(rng, &[512, 1024, 2048]);
    let (feature_bits, weight_bits) = (pick(rng, &[2, 4, 5, 8, 9, 12, 16]), pick(rng, &[1, 2, 3, 4, 7, 8, 11, 16]));
    let factors: Vec<usize> = [1, 2, 4, 8].into_iter().filter(|&f| f <= lanes).collect();
    let multiplying = |rng: &mut Rng| {
        let (parallel_in, parallel_out) = (pick(rng, &factors), pick(rng, &factors));
        let packed = parallel_out > 1 && check::packs(feature_bits, weight_bits) && rng.below(2) == 0;
        Some(IpConfig { parallel_in, parallel_out, weight_rows, parameter_rows: 128, max_kernel: 15, packed })
    };
    let (pointwise, conv) = (multiplying(rng), multiplying(rng));
    let parallel = pick(rng, &factors);
    let depthwise = pointwise.map(|ip| IpConfig { parallel_in: parallel, parallel_out: parallel, packed: false, ..ip });
    let parallel = pick(rng, &factors);
    let vector =
        Some(IpConfig { parallel_in: parallel, parallel_out: parallel, weight_rows: 0, parameter_rows: 0, max_kernel: 63, packed: false });
    let mut hp = rng.permutation(4).into_iter().map(|hp| hp as u8);
    let mut port = |rng: &mut Rng| Port { hp: hp.next().unwrap_or(0), outstanding_bursts: pick(rng, &[1, 2, 4, 7, 16]) };
    let (load_port, weights_port, store_port, fetch) = (port(rng), port(rng), port(rng), port(rng));
    Accelerator {
        name: "random".into(),
        clock: Hertz::from_mhz(pick(rng, &[50.0, 100.0, 142.0, 200.0])),
        lanes,
        feature_bits,
        weight_bits,
        tile: (1 + rng.below(8), 1 + rng.below(8)),
        queue_depth: pick(rng, &[2, 3, 5, 16]),
        banks: vec![
            bank("in", &[Unit::Load], &compute),
            bank("mid", &[Unit::Depthwise, Unit::Vector], &[Unit::Pointwise, Unit::Conv]),
            bank("pool", &[Unit::Pointwise, Unit::Conv, Unit::Depthwise], &[Unit::Vector, Unit::Depthwise]),
            bank("out", &compute, &[Unit::Store]),
        ],
        depthwise,
        pointwise,
        conv: conv.filter(|_| rng.below(4) != 0),
        vector,
        load_port,
        weights_port,
        store_port,
        fetch_port: Port { outstanding_bursts: 2, ..fetch },
    }
    .without_absent_units()
}

impl Accelerator {
    /// Banks lose the units that are not there.
    fn without_absent_units(mut self) -> Accelerator {
        let present = |u: &Unit, acc: &Accelerator| !u.is_compute() || acc.ip(*u).is_some();
        let mut banks = std::mem::take(&mut self.banks);
        for bank in &mut banks {
            bank.writers.retain(|u| present(u, &self));
            bank.readers.retain(|u| present(u, &self));
        }
        self.banks = banks;
        self
    }
}

/// A network of `layers` layers that passes [`crate::model::check()`].
pub fn network(rng: &mut Rng, limits: &Limits, layers: usize) -> Graph {
    let format = feature_format(rng, limits);
    let zero_point = zero_point(rng, format);
    let shape = match limits.large {
        true => Shape::new(1 + rng.below(48), 20 + rng.below(31), 20 + rng.below(31)),
        false => Shape::new(1 + rng.below(20), 4 + rng.below(5), 4 + rng.below(6)),
    };
    let input = Node { name: "in".into(), op: Op::Input, inputs: vec![], shape, format, zero_point, weights: None, requantise: None };
    let mut graph = Graph { name: "random".into(), nodes: vec![input] };
    while graph.nodes.len() <= layers {
        let node = layer(rng, limits, &graph);
        graph.nodes.push(node);
        if crate::model::check(&graph).is_err() {
            graph.nodes.pop();
        }
    }
    graph
}

fn feature_format(rng: &mut Rng, limits: &Limits) -> Format {
    let bits = [1, 2, 3, 4, 8, 9, 11, 16].into_iter().filter(|&b| b <= limits.feature_bits).collect::<Vec<u8>>();
    let bits = pick(rng, &bits);
    let signed = rng.below(3) != 0 && (bits > 1 || limits.feature_bits > 1);
    Format { bits, frac: 0, signed, narrow: signed && bits > 1 && rng.below(4) == 0 }
}

fn zero_point(rng: &mut Rng, f: Format) -> i32 {
    if f.is_binary() || rng.below(2) == 0 { 0 } else { member(rng, f) }
}

fn member(rng: &mut Rng, f: Format) -> i32 {
    if f.is_binary() {
        return pick(rng, &[-1, 1]);
    }
    f.min() + rng.below((f.max() - f.min() + 1) as usize) as i32
}

/// Random members of the input's format.
pub fn input(graph: &Graph, seed: u64) -> Tensor {
    let mut rng = Rng::new(seed);
    let data = (0..graph.input().shape.len()).map(|_| member(&mut rng, graph.input().format)).collect();
    Tensor::new(graph.input().shape, data).unwrap()
}

fn sliding(rng: &mut Rng, kernel: usize) -> Sliding {
    let pad = |rng: &mut Rng| rng.below(kernel);
    Sliding {
        kernel: (kernel, 1 + rng.below(kernel)),
        stride: (1 + rng.below(2), 1 + rng.below(2)),
        dilation: (1 + rng.below(2), 1),
        padding: Padding { top: pad(rng), left: pad(rng), bottom: pad(rng), right: pad(rng) },
    }
}

fn layer(rng: &mut Rng, limits: &Limits, graph: &Graph) -> Node {
    let id = graph.nodes.len();
    let input = &graph.nodes[id - 1];
    let kind = if limits.all_ops { rng.below(13) } else { rng.below(if limits.conv { 2 } else { 1 }) };
    let channels = 1 + rng.below(if limits.large { 48 } else { 20 });
    let small = pick(rng, &[1, 2, 3, 3, 3, 5, 7]);
    let (op, channels) = match kind {
        0 => (Op::Conv { window: Sliding::POINT, groups: 1 }, channels),
        1 => (Op::Conv { window: sliding(rng, small), groups: 1 }, channels),
        2 | 3 if input.shape.c > 1 => (Op::Conv { window: sliding(rng, small), groups: input.shape.c }, input.shape.c),
        4 => (Op::MaxPool(sliding(rng, small)), input.shape.c),
        5 => (Op::AvgPool(sliding(rng, small)), input.shape.c),
        6 => (Op::Add { shifts: [rng.below(4) as u8, rng.below(4) as u8] }, input.shape.c),
        7 => (Op::Upsample { factor: 2 }, input.shape.c),
        8 => (Op::SpaceToDepth { block: 2 }, input.shape.c * 4),
        9 if id > 2 => (Op::GlobalAvgPool, input.shape.c),
        10 if id > 2 => (Op::Concat, input.shape.c),
        _ => (Op::Activation, input.shape.c),
    };
    let mut inputs = vec![id - 1];
    if matches!(op, Op::Add { .. }) {
        let same = |i: &usize| graph.nodes[*i].shape == input.shape && graph.nodes[*i].format.signed == input.format.signed;
        inputs.push((0..id).find(same).unwrap_or(id - 1));
    }
    if op == Op::Concat {
        let beside = |i: &usize| (graph.nodes[*i].shape.h, graph.nodes[*i].shape.w) == (input.shape.h, input.shape.w);
        inputs.insert(0, (1..id - 1).find(beside).unwrap_or(id - 1));
    }
    let shapes: Vec<Shape> = inputs.iter().map(|&i| graph.nodes[i].shape).collect();
    let entry = crate::ops::of(&op).unwrap();
    let shape = (entry.output_shape)(&op, &shapes, channels).unwrap_or(Shape::new(channels, 1, 1));
    let weights = (entry.weights_shape)(&op, &shapes, channels).map(|shape| weights(rng, limits, shape));
    let terms = (entry.weights_shape)(&op, &shapes, channels).map_or(1, |s| s[1] * s[2] * s[3]);
    let moves = entry.moves;
    let format = if moves { input.format } else { feature_format(rng, limits) };
    let zero_point = if moves { input.zero_point } else { zero_point(rng, format) };
    let gain = i32::from(input.format.bits) + weights.as_ref().map_or(0, |w| i32::from(w.format.bits) - 1) + terms.ilog2() as i32 / 2;
    let requantise = (!moves).then(|| requantise(rng, format, zero_point, channels, gain - i32::from(format.bits), weights.is_some()));
    Node { name: format!("n{id}"), op, inputs, shape, format, zero_point, weights, requantise }
}

fn weights(rng: &mut Rng, limits: &Limits, shape: [usize; 4]) -> Weights {
    let bits = [1, 2, 3, 4, 8, 11, 16].into_iter().filter(|&b| b <= limits.weight_bits).collect::<Vec<u8>>();
    let bits = pick(rng, &bits);
    let format = Format { bits, frac: 0, signed: true, narrow: bits == 2 && rng.below(2) == 0 };
    let data = (0..shape.iter().product::<usize>()).map(|_| member(rng, format)).collect();
    let span = 1usize << (bits + limits.feature_bits).min(20);
    let bias = (0..shape[0]).map(|_| rng.below(span) as i32 - (span / 2) as i32).collect();
    Weights { format, data, bias }
}

/// `shift`: about where the accumulator's top bits come out as the format's.
fn requantise(rng: &mut Rng, format: Format, zero_point: i32, channels: usize, shift: i32, by_channel: bool) -> Requantise {
    let mut scale = || {
        let plain = rng.below(3) == 0;
        let mult = if plain { 1 } else { 0x4000 + rng.below(0x4000) as u16 };
        let around = shift + rng.below(5) as i32 - 3 + if plain { 0 } else { 14 };
        Scale { mult, shift: around.clamp(-16, 47) as i8 }
    };
    let scales = (0..if by_channel { channels } else { 1 }).map(|_| scale()).collect();
    Requantise {
        scales,
        rounding: pick(rng, &Rounding::ALL),
        overflow: pick(rng, &Overflow::ALL),
        zero_point,
        relu: rng.below(3) == 0,
        clip: (rng.below(3) == 0 && !format.is_binary()).then(|| zero_point + rng.below((format.max() - zero_point + 1) as usize) as i32),
        leaky_slope: (rng.below(3) == 0).then(|| rng.below(6) as u8),
        format,
    }
}
