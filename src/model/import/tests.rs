//! Files that are made here, a few nodes each: what they become, and what is refused.

use super::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TensorTypeProto,
    TypeProto, ValueInfoProto,
};
use super::{Imported, Options, Scaling, read};
use crate::error::Result;
use prost::Message;

fn info(name: &str, dims: &[i64]) -> ValueInfoProto {
    let dim = dims.iter().map(|&dim_value| DimensionProto { dim_value }).collect();
    let tensor_type = Some(TensorTypeProto { elem_type: 1, shape: Some(TensorShapeProto { dim }) });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
}

fn floats(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    TensorProto { name: name.into(), dims: dims.to_vec(), data_type: 1, float_data: values.to_vec(), ..TensorProto::default() }
}

fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        input: inputs.iter().map(ToString::to_string).collect(),
        output: vec![output.into()],
        op_type: op.into(),
        ..NodeProto::default()
    }
}

fn with(mut node: NodeProto, attributes: &[(&str, &[i64])]) -> NodeProto {
    for (name, ints) in attributes {
        let i = ints.first().copied().unwrap_or_default();
        node.attribute.push(AttributeProto { name: name.to_string(), i, ints: ints.to_vec(), f: i as f32, ..AttributeProto::default() });
    }
    node
}

/// An image of 1 x 2 x 4 x 4 called `x`, and weights: `w` copies its channels, `s` has one number for each.
fn model(nodes: Vec<NodeProto>, outputs: &[&str]) -> ModelProto {
    let initializer = vec![
        floats("w", &[2, 2, 1, 1], &[1.0, 0.0, 0.0, 1.0]),
        floats("s", &[2, 1, 1], &[2.0, 4.0]),
        floats("half", &[], &[0.5]),
        floats("zero", &[], &[0.0]),
        floats("two", &[], &[2.0]),
    ];
    let output = outputs.iter().map(|o| info(o, &[])).collect();
    let graph = GraphProto { node: nodes, initializer, input: vec![info("x", &[1, 2, 4, 4])], output };
    ModelProto {
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 13 }],
        ..ModelProto::default()
    }
}

fn imported(model: &ModelProto, options: &Options) -> Result<Imported> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), model.encode_to_vec()).unwrap();
    read(file.path(), options)
}

/// Operation, what it reads where that is not the layer before, and activation of each layer.
fn layers(nodes: Vec<NodeProto>, output: &str) -> Vec<String> {
    let imported = imported(&model(nodes, &[output]), &Options::default()).unwrap();
    let of = |layer: &super::RawLayer| {
        let input = layer.input.as_ref().map_or(String::new(), |i| format!(" of {}", i.get_ref()));
        let many = layer
            .inputs
            .as_ref()
            .map_or(String::new(), |i| format!(" of {}", i.get_ref().iter().map(|n| n.get_ref().as_str()).collect::<Vec<_>>().join(", ")));
        let activation = layer.activation.as_ref().map_or(String::new(), |a| format!(", {:?}", a.get_ref()));
        format!("{} {}{input}{many}{activation}", layer.name.get_ref(), layer.op.get_ref())
    };
    imported.raw.layer.iter().map(of).collect()
}

#[test]
fn an_activation_is_part_of_the_layer_before_it_where_nobody_else_reads_that() {
    let alone = vec![node("Conv", &["x", "w"], "a"), node("Relu", &["a"], "b")];
    assert_eq!(layers(alone, "b"), ["a pointwise, Relu"]);
    let shared = vec![node("Conv", &["x", "w"], "a"), node("Relu", &["a"], "b"), node("Add", &["a", "b"], "c")];
    assert_eq!(layers(shared, "c"), ["a pointwise", "b activation, Relu", "c add of a, b"]);
    // The same under another name.
    let renamed =
        vec![node("Conv", &["x", "w"], "a"), node("Identity", &["a"], "i"), node("Relu", &["i"], "b"), node("Add", &["a", "b"], "c")];
    assert_eq!(layers(renamed, "c"), ["a pointwise", "b activation, Relu", "c add of a, b"]);
    // A maximum does not mind the order.
    let pooled = |more: Option<NodeProto>| {
        let pool = with(node("MaxPool", &["a"], "p"), &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])]);
        let mut nodes = vec![node("Conv", &["x", "w"], "a"), pool, node("Relu", &["p"], "b")];
        nodes.extend(more);
        nodes
    };
    assert_eq!(layers(pooled(None), "b"), ["a pointwise, Relu", "p max_pool"]);
    assert_eq!(
        layers(pooled(Some(node("Add", &["p", "b"], "c"))), "c"),
        ["a pointwise", "p max_pool", "b activation, Relu", "c add of p, b"]
    );
}

#[test]
fn scales_and_shifts_become_weights() {
    let of = |nodes: Vec<NodeProto>, output: &str| {
        let imported = imported(&model(nodes, &[output]), &Options::default()).unwrap();
        (imported.raw.layer.len(), imported.weights)
    };
    let pixel = 256.0 / 255.0;
    // Behind a layer of weights.
    let (count, weights) = of(vec![node("Conv", &["x", "w"], "a"), node("Mul", &["s", "a"], "b"), node("Add", &["b", "half"], "c")], "c");
    assert_eq!(count, 1);
    assert_eq!(weights[0].2, [2.0 * pixel, 0.0, 0.0, 4.0 * pixel].map(|v| v as f32));
    assert_eq!(weights[1].2, [0.5, 0.5]);
    // Before one.
    let (count, weights) = of(vec![node("Div", &["x", "s"], "b"), node("Conv", &["b", "w"], "c")], "c");
    assert_eq!((count, &weights[0].2), (1, &vec![(pixel / 2.0) as f32, 0.0, 0.0, (pixel / 4.0) as f32]));
    // Between two that cannot take it: the maps are read by others too.
    let nodes = vec![node("Conv", &["x", "w"], "a"), node("Sub", &["a", "half"], "b"), node("Add", &["a", "b"], "c")];
    let (count, weights) = of(nodes, "c");
    assert_eq!((count, weights[2].1.as_slice()), (3, [2, 1, 1, 1].as_slice()), "a depthwise layer scales");
    assert_eq!((&weights[2].2, &weights[3].2), (&vec![1.0, 1.0], &vec![-0.5, -0.5]));
}

#[test]
fn the_mean_of_the_image_is_its_zero_point() {
    let nodes = vec![with(node("Conv", &["x", "w"], "a"), &[("pads", &[1, 1, 1, 1])])];
    let of = |scaling| imported(&model(nodes.clone(), &["a"]), &Options { scaling, ..Options::default() }).unwrap();
    let zero = |imported: &Imported| imported.raw.input.zero_point.as_ref().map(|z| *z.get_ref());
    assert_eq!(zero(&of(Scaling::default())), None);
    let grey = of(Scaling::Range([-1.0, 1.0]));
    assert_eq!((zero(&grey), grey.raw.input.mean.as_ref().map(|m| *m.get_ref())), (Some(128), Some(0.5)));
    let channels = of(Scaling::Normalise { mean: vec![0.42, 0.5], deviation: vec![0.2, 0.25] });
    assert_eq!((zero(&channels), channels.raw.layer.len()), (Some(117), 1), "0.46 of 255");
    assert!(channels.remarks[0].contains("up to 11 of 255 off"), "{:?}", channels.remarks);
    // Farther apart a layer scales the image first.
    let apart = of(Scaling::Normalise { mean: vec![0.3, 0.7], deviation: vec![0.2, 0.25] });
    assert_eq!((apart.raw.layer.len(), apart.remarks.len()), (2, 0));
}

/// A scale and a zero point of 8 bits.
fn quantiser(name: &str, scale: f32, zero: i32, signed: bool) -> [TensorProto; 2] {
    let data_type = if signed { 3 } else { 2 };
    let zero = TensorProto { name: format!("{name}.zero"), data_type, int32_data: vec![zero], ..TensorProto::default() };
    [floats(&format!("{name}.scale"), &[], &[scale]), zero]
}

/// `from` through QuantizeLinear and DequantizeLinear.
fn through(name: &str, from: &str) -> [NodeProto; 2] {
    let (scale, zero, integers) = (format!("{name}.scale"), format!("{name}.zero"), format!("{name}.q"));
    [node("QuantizeLinear", &[from, &scale, &zero], &integers), node("DequantizeLinear", &[&integers, &scale, &zero], name)]
}

fn with_tensors(mut model: ModelProto, tensors: impl IntoIterator<Item = TensorProto>) -> ModelProto {
    model.graph.as_mut().unwrap().initializer.extend(tensors);
    model
}

#[test]
fn what_a_quantiser_cuts_off_stays_cut_off() {
    let of = |scale: f32, zero: i32, signed: bool, before: &[&str]| {
        let mut nodes = vec![node("Conv", &["x", "w"], "a")];
        let mut last = "a".to_string();
        for op in before {
            nodes.push(node(op, &[&last], "b"));
            last = "b".into();
        }
        nodes.extend(through("q", &last));
        nodes.push(node("Conv", &["q", "w"], "c"));
        let imported = imported(&with_tensors(model(nodes, &["c"]), quantiser("q", scale, zero, signed)), &Options::default()).unwrap();
        let layer = &imported.raw.layer[0];
        (layer.activation.as_ref().map(|a| format!("{:?}", a.get_ref())), layer.features.is_some(), imported.raw.layer.len())
    };
    // Exporters take the ReLU out where the quantiser does its work.
    assert_eq!(of(0.02, 0, false, &[]), (Some(format!("Clip({:?})", 255.0 * f64::from(0.02f32))), false, 2));
    assert_eq!(of(0.02, -128, true, &[]), (Some(format!("Clip({:?})", 255.0 * f64::from(0.02f32))), false, 2));
    assert_eq!(of(0.02, 0, false, &["Relu"]), (Some(format!("Clip({:?})", 255.0 * f64::from(0.02f32))), false, 2));
    assert_eq!(of(0.02, 128, false, &[]), (None, false, 2));
    assert_eq!(of(0.03125, 0, false, &[]), (Some("Clip(7.96875)".into()), true, 2), "and a format");
    assert_eq!(of(1e6, 0, false, &[]), (Some("Relu".into()), false, 2), "no layer has such a bound");
}

#[test]
fn quantisers_behind_what_moves_maps_cost_no_layer() {
    let pool = || with(node("MaxPool", &["q"], "m"), &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])]);
    let of = |scales: [f32; 2], zeros: [i32; 2], middle: NodeProto| {
        let nodes = [vec![node("Conv", &["x", "w"], "c")], through("q", "c").to_vec(), vec![middle], through("p", "m").to_vec()].concat();
        let tensors = [quantiser("q", scales[0], zeros[0], false), quantiser("p", scales[1], zeros[1], false)].concat();
        let imported = imported(&with_tensors(model(nodes, &["p"]), tensors), &Options::default()).unwrap();
        imported.raw.layer.iter().map(|l| l.op.get_ref().clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(of([0.03125; 2], [0, 0], pool()), "pointwise max_pool", "the same format");
    assert_eq!(of([0.02, 0.02], [0, 0], pool()), "pointwise max_pool", "the same end");
    assert_eq!(of([0.02, 0.01], [0, 0], pool()), "pointwise max_pool activation", "an earlier end");
    assert_eq!(of([0.03125; 2], [128, 0], pool()), "pointwise max_pool activation", "another zero point");
    let both = || node("Concat", &["q", "x"], "m");
    assert_eq!(of([0.03125; 2], [128, 128], with(both(), &[("axis", &[1])])), "pointwise depthwise concat", "the concatenation takes it");
}

#[test]
fn maps_around_different_zero_points_are_concatenated_in_a_format_of_their_own() {
    let nodes = [
        vec![node("Conv", &["x", "w"], "c")],
        through("q", "c").to_vec(),
        through("p", "c").to_vec(),
        vec![with(node("Concat", &["q", "p"], "a"), &[("axis", &[1])])],
    ];
    let tensors = [quantiser("q", 0.015625, 128, false), quantiser("p", 0.0625, 0, false)].concat();
    let imported = imported(&with_tensors(model(nodes.concat(), &["a"]), tensors), &Options::default()).unwrap();
    let features = imported.raw.layer.last().unwrap().features.as_ref().unwrap().get_ref();
    assert!(features.frac.is_none() && features.signed && imported.raw.layer.last().unwrap().zero_point.is_none(), "{features:?}");
}

#[test]
fn an_image_of_bytes_has_255_for_white() {
    let mut bytes = model(vec![node("Cast", &["x"], "f"), node("Conv", &["f", "w"], "a")], &["a"]);
    bytes.graph.as_mut().unwrap().input[0].r#type.as_mut().unwrap().tensor_type.as_mut().unwrap().elem_type = 2;
    assert_eq!(imported(&bytes, &Options::default()).unwrap().weights[0].2[0], 256.0);
    let other = Options { scaling: Scaling::Range([0.0, 2.0]), ..Options::default() };
    assert_eq!(imported(&bytes, &other).unwrap().weights[0].2[0], (512.0 / 255.0) as f32);
}

#[test]
fn quantisers_are_read_as_they_are_written() {
    let fails = |nodes: Vec<NodeProto>, tensors: Vec<TensorProto>, what: &str| {
        let error = imported(&with_tensors(model(nodes, &["a"]), tensors), &Options::default()).expect_err(what).to_string();
        assert!(error.contains(what), "{error}");
    };
    let both = || [quantiser("q", 0.03125, 0, false), quantiser("p", 0.0625, 0, false)].concat();
    let conv = || node("Conv", &["x", "w"], "c");
    let q = || node("QuantizeLinear", &["c", "q.scale", "q.zero"], "i");
    let back = node("DequantizeLinear", &["i", "p.scale", "p.zero"], "a");
    fails(vec![conv(), q(), back], both(), "of another scale or zero point");
    fails(vec![conv(), q(), node("Relu", &["i"], "a")], both(), "integers of a quantiser");
    fails(vec![conv(), with(node("Cast", &["c"], "b"), &[("to", &[6])]), node("Relu", &["b"], "a")], Vec::new(), "a map becomes integers");
    // Another zero point is another format.
    let nodes = [vec![conv()], through("q", "c").to_vec(), through("p", "q").to_vec()].concat();
    let tensors = [quantiser("q", 0.03125, 128, false), quantiser("p", 0.03125, 0, false)].concat();
    let imported_twice = imported(&with_tensors(model(nodes, &["p"]), tensors), &Options::default()).unwrap();
    assert_eq!(imported_twice.raw.layer.len(), 2);
    // Weights may be quantised in the file: they keep their grid, unless they have a zero point.
    let weights = |zero: i32| {
        let nodes = [vec![conv()], through("q", "w").to_vec(), vec![node("Conv", &["c", "q"], "a")]].concat();
        let model = with_tensors(model(nodes, &["a"]), quantiser("q", 0.0078125, zero, true));
        imported(&model, &Options::default()).unwrap()
    };
    let grid = |imported: &Imported| imported.raw.layer[1].weights.as_ref().map(|w| *w.get_ref().frac.as_ref().unwrap().get_ref());
    assert_eq!((grid(&weights(0)), weights(0).weights[2].2[0]), (Some(7), 127.0 / 128.0), "1 saturates");
    let around = weights(-64);
    assert_eq!((grid(&around), around.remarks.len()), (None, 1));
}

#[test]
fn windows_see_the_zeros_around_a_map() {
    let padded = |node_of: NodeProto| {
        let pads = TensorProto {
            name: "pads".into(),
            dims: vec![8],
            data_type: 7,
            int64_data: vec![0, 0, 1, 1, 0, 0, 0, 0],
            ..TensorProto::default()
        };
        let nodes = vec![node("Conv", &["x", "w"], "c"), node("Relu", &["c"], "r"), node("Pad", &["r", "pads"], "p"), node_of];
        imported(&with_tensors(model(nodes, &["a"]), [pads, floats("v", &[2, 2, 3, 3], &[0.5; 36])]), &Options::default()).unwrap()
    };
    let mut same = with(node("Conv", &["p", "v"], "a"), &[("strides", &[2, 2])]);
    same.attribute.push(AttributeProto { name: "auto_pad".into(), s: b"SAME_UPPER".to_vec(), ..AttributeProto::default() });
    // 5 x 5 with its zeros: 3 x 3 outputs, which want one more on each side.
    let sides = |imported: &Imported| format!("{:?}", imported.raw.layer[1].padding.as_ref().map(|p| *p.get_ref()));
    assert_eq!(sides(&padded(same)), "Some(Each([2, 2, 1, 1]))");
    // After a ReLU a maximum does not see them.
    let pool = with(node("MaxPool", &["p"], "a"), &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])]);
    assert_eq!(sides(&padded(pool)), "Some(Each([1, 1, 0, 0]))");
}

#[test]
fn constants_have_to_broadcast_into_the_map() {
    let of = |dims: &[i64], values: &[f32]| {
        let nodes = vec![node("Conv", &["x", "w"], "c"), node("Add", &["c", "k"], "a")];
        imported(&with_tensors(model(nodes, &["a"]), [floats("k", dims, values)]), &Options::default()).map(|i| i.weights[1].2.clone())
    };
    assert_eq!(of(&[1, 2, 1, 1], &[0.5, 0.25]).unwrap(), [0.5, 0.25]);
    assert_eq!(of(&[2, 4, 4], &[0.5; 32]).unwrap(), [0.5, 0.5]);
    for (dims, count) in [(vec![3i64, 1, 1], 3), (vec![2], 2), (vec![5, 4], 20), (vec![1, 1, 2, 1, 1], 2)] {
        let error = of(&dims, &vec![0.5; count]).expect_err("broadcasts").to_string();
        assert!(error.contains("one number a channel") || dims.len() == 5, "{error}");
    }
    // Of two constants alone.
    let folded = |a: &[i64], b: &[i64]| {
        let sizes = [a, b].map(|d| d.iter().product::<i64>() as usize);
        let tensors = [floats("k", a, &vec![2.0; sizes[0]]), floats("l", b, &vec![3.0; sizes[1]])];
        let nodes = vec![node("Mul", &["k", "l"], "m"), node("Conv", &["x", "w"], "c"), node("Mul", &["c", "m"], "a")];
        imported(&with_tensors(model(nodes, &["a"]), tensors), &Options::default()).map(|i| i.weights[0].2[0])
    };
    assert_eq!(folded(&[1, 2, 1, 1], &[2, 1, 1]).unwrap(), (6.0 * 256.0 / 255.0) as f32);
    assert!(folded(&[0], &[1]).is_err() && folded(&[3], &[2]).is_err());
}

#[test]
fn hostile_files_end() {
    // Operators that feed each other.
    let circle = model(vec![node("Conv", &["x", "w"], "c"), node("Sigmoid", &["b"], "a"), node("Identity", &["a"], "b")], &["b"]);
    assert!(imported(&circle, &Options::default()).is_err());
    let shape = TensorProto { name: "n".into(), dims: vec![1], data_type: 7, int64_data: vec![1 << 27], ..TensorProto::default() };
    let many = (0..3).map(|k| node("ConstantOfShape", &["n"], &format!("k{k}"))).chain([node("Conv", &["x", "w"], "a")]).collect();
    let error = imported(&with_tensors(model(many, &["a"]), [shape]), &Options::default()).expect_err("large").to_string();
    assert!(error.contains("too many elements"), "{error}");
    let deep = TensorProto { name: "v".into(), dims: vec![1; 1000], data_type: 1, float_data: vec![1.0], ..TensorProto::default() };
    assert!(imported(&with_tensors(model(vec![node("Conv", &["x", "v"], "a")], &["a"]), [deep]), &Options::default()).is_err());
    let names = (0..5000).map(|k| node("Relu", &[&(if k == 0 { "x".into() } else { format!("r{}", k - 1) })], &format!("r{k}"))).collect();
    let error = imported(&model(names, &["r4999"]), &Options::default()).expect_err("many").to_string();
    assert!(error.contains("too many layers"), "{error}");
}

#[test]
fn what_the_machine_does_not_compute_is_refused_with_its_place() {
    let clip = |low: &str, high: &str| node("Clip", &["x", low, high], "a");
    let window = |attributes: &[(&str, &[i64])]| with(node("Conv", &["x", "w"], "a"), attributes);
    let pool = |op: &str, attributes: &[(&str, &[i64])]| with(node(op, &["x"], "a"), attributes);
    let cases: Vec<(Vec<NodeProto>, &str)> = vec![
        (vec![node("Sigmoid", &["x"], "b"), node("Conv", &["b", "w"], "a")], "no such activation"),
        (vec![node("Einsum", &["x"], "a")], "does not know this operator"),
        (vec![clip("half", "two")], "bounds of a clip"),
        (vec![clip("zero", "zero")], "bounds of a clip"),
        (vec![with(node("LeakyRelu", &["x"], "a"), &[("alpha", &[-1])])], "slope of a leaky ReLU"),
        (vec![node("Mul", &["x", "x"], "a")], "sums only"),
        (vec![node("Div", &["s", "x"], "a")], "divided by a map"),
        (vec![with(node("SpaceToDepth", &["x"], "a"), &[("blocksize", &[3])])], "block of a space-to-depth"),
        (vec![NodeProto { output: vec!["b".into(), "a".into()], ..node("Split", &["x"], "") }, node("Relu", &["a"], "c")], "Split"),
        (vec![node("Conv", &["x", "s"], "a")], "extents of the weights"),
        (vec![node("Conv", &["x", "x"], "a")], "has to be a constant"),
        (vec![window(&[("group", &[2])])], "channels of the weights"),
        (vec![window(&[("strides", &[0, 1])])], "`strides`"),
        (vec![window(&[("pads", &[-1, 0, 0, 0])])], "`pads`"),
        (vec![pool("MaxPool", &[("kernel_shape", &[9, 9])])], "larger than the map"),
        (vec![pool("MaxPool", &[("kernel_shape", &[i64::MAX, 1])])], "extents of the window"),
        (vec![pool("AveragePool", &[("kernel_shape", &[3, 3]), ("pads", &[1, 1, 1, 1])])], "does not count its padding"),
        (vec![with(node("Concat", &["x", "x"], "a"), &[("axis", &[2])])], "axis of a concatenation"),
        (vec![with(node("Transpose", &["x"], "b"), &[("perm", &[0, 2, 1, 3])]), node("Relu", &["b"], "a")], "axes change places"),
        (vec![node("MatMul", &["x", "w"], "a")], "a matrix product of maps"),
        (vec![node("Relu", &["y"], "a")], "has to depend on one image"),
    ];
    for (nodes, what) in cases {
        let text = format!("{nodes:?}");
        let output = nodes.last().unwrap().output[0].clone();
        let error = imported(&model(nodes, &[&output]), &Options::default()).expect_err(&text).to_string();
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn images_and_results_have_to_be_clear() {
    let nodes = vec![node("Conv", &["x", "w"], "a"), node("Relu", &["x"], "b")];
    let error = |model: &ModelProto, options: &Options| imported(model, options).expect_err("refused").to_string();
    let several = error(&model(nodes.clone(), &["a", "b"]), &Options::default());
    assert!(several.contains("several results") && several.contains("`a`, `b`") && several.contains("--output"), "{several}");
    let one = Options { output: Some("b".into()), ..Options::default() };
    assert_eq!(
        imported(&model(nodes.clone(), &["a", "b"]), &one).unwrap().raw.layer.len(),
        1,
        "a scale, which takes the ReLU, and nothing of `a`"
    );
    let misspelt = error(&model(nodes, &["a"]), &Options { output: Some("bb".into()), ..Options::default() });
    assert!(misspelt.contains("the last are b, a"), "{misspelt}");

    let mut open = model(vec![node("Conv", &["x", "w"], "a")], &["a"]);
    open.graph.as_mut().unwrap().input = vec![info("x", &[0, 2, 0, 0])];
    assert!(error(&open, &Options::default()).contains("--size"));
    let sized = Options { size: Some([6, 8]), ..Options::default() };
    assert_eq!(*imported(&open, &sized).unwrap().raw.input.width.get_ref(), 8);
    assert!(error(&model(vec![node("Conv", &["x", "w"], "a")], &["a"]), &sized).contains("fixed size"));
    open.graph.as_mut().unwrap().input = vec![info("x", &[4, 2, 4, 4])];
    assert!(error(&open, &Options::default()).contains("the batch is fixed"));
}

#[test]
fn tensors_hold_what_their_extents_say_and_lie_beside_the_model() {
    let fails = |tensor: TensorProto, what: &str| {
        let mut model = model(vec![node("Conv", &["x", "v"], "a")], &["a"]);
        model.graph.as_mut().unwrap().initializer.push(TensorProto { name: "v".into(), ..tensor });
        let error = imported(&model, &Options::default()).expect_err(what).to_string();
        assert!(error.contains(what) && error.contains("tensor `v`"), "{error}");
    };
    fails(floats("", &[2, 2, 1, 1], &[1.0]), "another number of values");
    fails(floats("", &[1 << 40, 1 << 40], &[1.0]), "extents of a tensor");
    fails(floats("", &[-1], &[1.0]), "extents of a tensor");
    fails(TensorProto { data_type: 8, ..floats("", &[1], &[1.0]) }, "type of a tensor");
    let outside = super::proto::StringStringEntryProto { key: "location".into(), value: "../secret".into() };
    fails(TensorProto { data_location: 1, external_data: vec![outside], ..floats("", &[1], &[]) }, "place of an external tensor");
}
