//! Every operation against another formulation of it: the oracle scatters each input element to the outputs it reaches, in exact
//! `f64` integers, where the library gathers; random shapes, formats (widths 1, 2, 8, 9, 11, 16), zero points and requantise modes.

mod ops_support;

use bico::fixed::{Format, Overflow, Requantise, Rounding, Scale};
use bico::model::graph::{Graph, Node, Op, Padding, Sliding, Weights};
use bico::ops::{self, Operand};
use bico::tensor::{Shape, Tensor};
use ops_support::{Draw, requantise};
use proptest::prelude::*;

const WIDTHS: [u8; 6] = [1, 2, 8, 9, 11, 16];

fn format(draw: &mut Draw) -> Format {
    let (bits, signed) = (draw.of(&WIDTHS), draw.below(2) == 0);
    Format { bits, frac: 0, signed, narrow: signed && bits > 1 && draw.below(4) == 0 }
}

/// A zero point: often 0, else any member.
fn zero_point(draw: &mut Draw, f: Format) -> i32 {
    if f.is_binary() || draw.below(2) == 0 { 0 } else { draw.member(f) }
}

/// An input node and its contents.
fn operand(draw: &mut Draw, shape: Shape, format: Format, zero_point: i32) -> (Node, Tensor) {
    let data = (0..shape.len()).map(|_| draw.member(format)).collect();
    let node = Node { name: "x".into(), op: Op::Input, inputs: vec![], shape, format, zero_point, weights: None, requantise: None };
    (node, Tensor::new(shape, data).unwrap())
}

fn any_requantise(draw: &mut Draw, channels: usize, bound: i64) -> Requantise {
    let format = format(draw);
    // Around the shift that brings the bound to the format, so that rounding and overflow both happen.
    let shift = (64 - bound.leading_zeros() as i32 - i32::from(format.bits) + draw.below(7) as i32 - 3).clamp(-2, 47) as i8;
    let mult = |draw: &mut Draw| draw.of(&[1u16, 1, 3, 16384, 32767]);
    let scale = |draw: &mut Draw| {
        let mult = mult(draw);
        Scale { mult, shift: (shift + mult.ilog2() as i8).min(47) }
    };
    let scales = (0..if draw.below(3) == 0 { channels } else { 1 }).map(|_| scale(draw)).collect();
    let zero_point = zero_point(draw, format);
    let clip = (draw.below(3) == 0).then(|| zero_point.max(draw.member(format)));
    Requantise {
        scales,
        rounding: draw.of(&Rounding::ALL),
        overflow: draw.of(&Overflow::ALL),
        zero_point,
        relu: draw.below(2) == 0,
        clip,
        leaky_slope: (draw.below(4) == 0).then(|| draw.below(16) as u8),
        format,
    }
}

/// Completes a node with a requantise step (unless it moves values), evaluates it both ways and compares with the oracle's exact
/// accumulators.
fn agree(draw: &mut Draw, operands: &[(Node, Tensor)], op: Op, weights: Option<Weights>, out: Shape, oracle: &[f64]) {
    let entry = ops::of(&op).unwrap();
    let first = &operands[0].0;
    let mut node = Node {
        name: "y".into(),
        op,
        inputs: (0..operands.len()).collect(),
        shape: out,
        format: first.format,
        zero_point: first.zero_point,
        weights,
        requantise: None,
    };
    let inputs: Vec<&Node> = operands.iter().map(|o| &o.0).collect();
    let bound = ops::accumulator_bound(&node, &inputs);
    if !entry.moves {
        let r = any_requantise(draw, out.c, bound);
        r.check(out.c, bound).unwrap();
        (node.format, node.zero_point, node.requantise) = (r.format, r.zero_point, Some(r));
    }
    let plane = (out.h * out.w).max(1);
    let mut expected = Vec::new();
    for (i, &acc) in oracle.iter().enumerate() {
        assert!(acc.abs() < 9e15 && acc.abs() <= bound as f64, "accumulator {acc} beyond the bound {bound}");
        expected.push(match &node.requantise {
            Some(r) => requantise(r, acc as i128, i / plane),
            None => (acc + f64::from(node.zero_point)) as i32,
        });
    }
    let given: Vec<Operand> = operands.iter().map(|(n, t)| Operand::new(n, t)).collect();
    let wide = ops::evaluate_wide(&node, &given);
    assert_eq!(wide.data, expected, "{node:?}");
    assert!(wide.data.iter().all(|&v| node.format.contains(v)));
    assert_eq!(ops::evaluate(&node, &given), wide);
}

fn centred(o: &(Node, Tensor), i: usize) -> f64 {
    f64::from(o.1.data[i]) - f64::from(o.0.zero_point)
}

/// Calls `f(channel, input index, output y, output x, tap y, tap x)` for each input element and each window it lies under.
fn scatter(s: &Sliding, input: Shape, out: Shape, mut f: impl FnMut(usize, usize, usize, usize, usize, usize)) {
    let p = s.padding;
    for i in 0..input.len() {
        let (c, y, x) = (i / (input.h * input.w), i / input.w % input.h, i % input.w);
        for tap in 0..s.taps() {
            let (ky, kx) = (tap / s.kernel.1, tap % s.kernel.1);
            let (sy, sx) = ((y + p.top) as i64 - (ky * s.dilation.0) as i64, (x + p.left) as i64 - (kx * s.dilation.1) as i64);
            let (stride_y, stride_x) = (s.stride.0 as i64, s.stride.1 as i64);
            if sy < 0 || sx < 0 || sy % stride_y != 0 || sx % stride_x != 0 {
                continue;
            }
            let (oy, ox) = ((sy / stride_y) as usize, (sx / stride_x) as usize);
            if oy < out.h && ox < out.w {
                f(c, i, oy, ox, ky, kx);
            }
        }
    }
}

prop_compose! {
    fn window()(k in (1usize..=4, 1usize..=5), s in (1usize..=3, 1usize..=3), d in (1usize..=3, 1usize..=2), p in prop::array::uniform4(0usize..=4))
        -> Sliding {
        Sliding { kernel: k, stride: s, dilation: d, padding: Padding { top: p[0], left: p[1], bottom: p[2], right: p[3] } }
    }
}

prop_compose! {
    fn shape()(c in 1usize..=5, h in 1usize..=9, w in 1usize..=9) -> Shape {
        Shape::new(c, h, w)
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, cases, max_global_rejects: 100_000, ..ProptestConfig::default() }
}

fn any_weights(draw: &mut Draw, outputs: usize, per_output: usize) -> Weights {
    let format = format(draw);
    let data = (0..outputs * per_output).map(|_| draw.member(format)).collect();
    let bias = (0..outputs).map(|_| draw.of(&[0, 1, -1, 1000, -77_777, i32::MAX, i32::MIN])).collect();
    Weights { format, data, bias }
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn convolution(window in window(), groups in 1usize..=3, per_group in (1usize..=4, 1usize..=4), hw in (1usize..=9, 1usize..=9), seed: u64) {
        let draw = &mut Draw(seed);
        let input = Shape::new(groups * per_group.0, hw.0, hw.1);
        let op = Op::Conv { window, groups };
        let Ok(out) = (ops::of(&op).unwrap().output_shape)(&op, &[input], groups * per_group.1) else { return Err(TestCaseError::reject("")) };
        let f = format(draw);
        let z = zero_point(draw, f);
        let x = operand(draw, input, f, z);
        let weights = any_weights(draw, out.c, per_group.0 * window.taps());
        let mut oracle: Vec<f64> = (0..out.len()).map(|i| f64::from(weights.bias[i / (out.h * out.w)])).collect();
        scatter(&window, input, out, |c, i, oy, ox, ky, kx| {
            for co in (c / per_group.0) * per_group.1..(c / per_group.0 + 1) * per_group.1 {
                let w = ((co * per_group.0 + c % per_group.0) * window.kernel.0 + ky) * window.kernel.1 + kx;
                oracle[(co * out.h + oy) * out.w + ox] += centred(&x, i) * f64::from(weights.data[w]);
            }
        });
        agree(draw, &[x], op, Some(weights), out, &oracle);
    }

    #[test]
    fn depthwise(window in window(), shape in shape(), seed: u64) {
        let draw = &mut Draw(seed);
        let op = Op::Conv { window, groups: shape.c };
        let Ok(out) = (ops::of(&op).unwrap().output_shape)(&op, &[shape], shape.c) else { return Err(TestCaseError::reject("")) };
        let f = format(draw);
        let z = zero_point(draw, f);
        let x = operand(draw, shape, f, z);
        let weights = any_weights(draw, shape.c, window.taps());
        let mut oracle: Vec<f64> = (0..out.len()).map(|i| f64::from(weights.bias[i / (out.h * out.w)])).collect();
        scatter(&window, shape, out, |c, i, oy, ox, ky, kx| {
            oracle[(c * out.h + oy) * out.w + ox] += centred(&x, i) * f64::from(weights.data[c * window.taps() + ky * window.kernel.1 + kx]);
        });
        agree(draw, &[x], op, Some(weights), out, &oracle);
    }

    #[test]
    fn pools(window in window(), shape in shape(), seed: u64) {
        let draw = &mut Draw(seed);
        let f = format(draw);
        let z = zero_point(draw, f);
        let x = operand(draw, shape, f, z);
        let Some((h, w)) = window.output(shape.h, shape.w) else { return Err(TestCaseError::reject("")) };
        let out = Shape::new(shape.c, h, w);
        let (mut sum, mut max) = (vec![0.0; out.len()], vec![f64::NEG_INFINITY; out.len()]);
        scatter(&window, shape, out, |c, i, oy, ox, _, _| {
            let (o, v) = ((c * h + oy) * w + ox, centred(&x, i));
            sum[o] += v;
            max[o] = f64::max(max[o], v);
        });
        let op = Op::MaxPool(window);
        let sees_padding_only = max.contains(&f64::NEG_INFINITY);
        prop_assert_eq!((ops::of(&op).unwrap().output_shape)(&op, &[shape], 0).is_err(), sees_padding_only);
        if !sees_padding_only {
            agree(draw, std::slice::from_ref(&x), op, None, out, &max);
        }
        agree(draw, &[x], Op::AvgPool(window), None, out, &sum);
    }

    #[test]
    fn whole_map_operations(shape in shape(), outputs in 1usize..=6, seed: u64) {
        let draw = &mut Draw(seed);
        let f = format(draw);
        let z = zero_point(draw, f);
        let x = operand(draw, shape, f, z);
        let mut means = vec![0.0; shape.c];
        let weights = any_weights(draw, outputs, shape.len());
        let mut dots: Vec<f64> = weights.bias.iter().map(|&b| f64::from(b)).collect();
        for i in (0..shape.len()).rev() {
            means[i / (shape.h * shape.w)] += centred(&x, i);
            dots.iter_mut().enumerate().for_each(|(o, d)| *d += centred(&x, i) * f64::from(weights.data[o * shape.len() + i]));
        }
        let same: Vec<f64> = (0..shape.len()).map(|i| centred(&x, i)).collect();
        agree(draw, std::slice::from_ref(&x), Op::GlobalAvgPool, None, Shape::new(shape.c, 1, 1), &means);
        agree(draw, std::slice::from_ref(&x), Op::FullyConnected, Some(weights), Shape::new(outputs, 1, 1), &dots);
        agree(draw, &[x], Op::Activation, None, shape, &same);
    }

    #[test]
    fn addition(shape in shape(), shifts in prop::array::uniform2(0u8..=12), seed: u64) {
        let draw = &mut Draw(seed);
        let operands: Vec<_> = (0..2).map(|_| {
            let f = format(draw);
            let z = zero_point(draw, f);
            operand(draw, shape, f, z)
        }).collect();
        let term = |k: usize, i: usize| centred(&operands[k], i) * f64::from(1u32 << shifts[k]);
        let oracle: Vec<f64> = (0..shape.len()).map(|i| term(0, i) + term(1, i)).collect();
        agree(draw, &operands, Op::Add { shifts }, None, shape, &oracle);
    }

    #[test]
    fn moves(shape in shape(), others in prop::collection::vec(1usize..=4, 1..4), side in 1usize..=3, seed: u64) {
        let draw = &mut Draw(seed);
        let f = format(draw);
        let z = zero_point(draw, f);
        let big = Shape::new(shape.c, shape.h * side, shape.w * side);
        let x = operand(draw, big, f, z);
        let (mut deep, mut wide) = (vec![0.0; big.len()], vec![0.0; big.len() * side * side]);
        for i in 0..big.len() {
            let (c, y, x_) = (i / (big.h * big.w), i / big.w % big.h, i % big.w);
            let channel = (y % side * side + x_ % side) * shape.c + c;
            deep[(channel * shape.h + y / side) * shape.w + x_ / side] = centred(&x, i);
            for square in 0..side * side {
                let (oy, ox) = (y * side + square / side, x_ * side + square % side);
                wide[(c * big.h * side + oy) * big.w * side + ox] = centred(&x, i);
            }
        }
        let out = Shape::new(shape.c * side * side, shape.h, shape.w);
        agree(draw, std::slice::from_ref(&x), Op::SpaceToDepth { block: side }, None, out, &deep);
        let out = Shape::new(shape.c, big.h * side, big.w * side);
        agree(draw, std::slice::from_ref(&x), Op::Upsample { factor: side }, None, out, &wide);
        let mut operands = vec![x];
        for c in others {
            operands.push(operand(draw, Shape::new(c, big.h, big.w), f, z));
        }
        let out = Shape::new(operands.iter().map(|o| o.0.shape.c).sum(), big.h, big.w);
        let mut all = Vec::new();
        operands.iter().for_each(|o| all.extend((0..o.1.data.len()).map(|i| centred(o, i))));
        agree(draw, &operands, Op::Concat, None, out, &all);
    }
}

#[test]
fn the_bound_is_reached() {
    let f = Format { narrow: true, ..Format::signed(9, 0) };
    let weights = Weights { format: Format::signed(11, 0), data: vec![5, -7, 1023, -1024, 3, 0], bias: vec![11, -13] };
    let op = Op::Conv { window: Sliding::POINT, groups: 1 };
    let shape = Shape::new(3, 1, 1);
    let node =
        |shape, op, weights| Node { name: String::new(), op, inputs: vec![0], shape, format: f, zero_point: 0, weights, requantise: None };
    let input = node(shape, Op::Input, None);
    let conv = node(Shape::new(2, 1, 1), op, Some(weights));
    assert_eq!(ops::accumulator_bound(&conv, &[&input]), (5 + 7 + 1023) * 255 + 11);
    let graph = Graph { name: String::new(), nodes: vec![input, conv] };
    assert!(bico::model::check(&graph).is_err(), "a convolution without requantise is refused");
}

#[test]
fn operations_without_weights_have_bounds_too() {
    // Raw -8 to 7 around a zero point of 3: at most 11 away from it.
    let node = |shape, op, weights| {
        let format = Format::signed(4, 0);
        Node { name: String::new(), op, inputs: vec![0], shape, format, zero_point: 3, weights, requantise: None }
    };
    let input = node(Shape::new(2, 3, 5), Op::Input, None);
    let bound = |op: Op, inputs: &[&Node]| ops::accumulator_bound(&node(Shape::new(1, 1, 1), op, None), inputs);
    assert_eq!(bound(Op::Activation, &[&input]), 11);
    assert_eq!(bound(Op::SpaceToDepth { block: 1 }, &[&input]), 11);
    assert_eq!(bound(Op::GlobalAvgPool, &[&input]), 11 * 15);
    assert_eq!(bound(Op::Add { shifts: [1, 0] }, &[&input, &input]), 11 * 2 + 11);
    let weights = Weights { format: Format::signed(4, 0), data: vec![1; 30], bias: vec![-2] };
    assert_eq!(ops::accumulator_bound(&node(Shape::new(1, 1, 1), Op::FullyConnected, Some(weights)), &[&input]), 11 * 30 + 2);
}

#[test]
fn a_mean_is_over_its_window_and_upsampling_multiplies_both_sides() {
    let mean = Op::AvgPool(Sliding { kernel: (2, 3), ..Sliding::POINT });
    assert_eq!((ops::of(&mean).unwrap().mean_of)(&mean, &[Shape::new(1, 8, 9)]), 6);
    let upsample = |factor| {
        let op = Op::Upsample { factor };
        (ops::of(&op).unwrap().output_shape)(&op, &[Shape::new(3, 2, 5)], 0)
    };
    assert_eq!(upsample(2).unwrap(), Shape::new(3, 4, 10));
    assert!(upsample(0).is_err());
}

#[test]
fn each_op_has_one_entry_and_each_name_one_meaning() {
    let all = [
        Op::Conv { window: Sliding::POINT, groups: 1 },
        Op::MaxPool(Sliding::POINT),
        Op::AvgPool(Sliding::POINT),
        Op::GlobalAvgPool,
        Op::Add { shifts: [0, 0] },
        Op::Concat,
        Op::SpaceToDepth { block: 2 },
        Op::Upsample { factor: 2 },
        Op::FullyConnected,
        Op::Activation,
    ];
    for op in &all {
        assert_eq!(ops::REGISTRY.iter().filter(|e| (e.recognises)(op)).count(), 1, "{op:?}");
    }
    assert!(ops::of(&Op::Input).is_none());
    let names = ops::layer_names();
    for (i, name) in names.iter().enumerate() {
        assert!(!names[..i].contains(name), "{name}");
        assert!(ops::by_layer_name(name).is_some());
    }
}
