//! From float to integers: folding, calibration, the float emulation of the grids, export, and the network that ships.

use bico::dataset::rng::Rng;
use bico::dataset::{Scene, Split, preprocess};
use bico::fixed::Format;
use bico::machine::Executor;
use bico::model::raw::ScaleKind;
use bico::model::{self, LoadOptions, Network, reference};
use bico::plan::Plan as Program;
use bico::simulate::{Options, Simulation};
use bico::tensor::{Shape, Tensor};
use bico::train::build::Trainable;
use bico::train::calibrate::calibrate;
use bico::train::data::{Images, Source};
use bico::train::evaluate::{self, mean};
use bico::train::net::{Mode, Net};
use bico::train::params::Params;
use bico::train::phase::Schedule;
use bico::train::quantise::{Grids, WeightGrid};
use bico::train::run::{Plan, Trained, Training};
use bico::train::{export, spec::Op};

const INPUT: Shape = Shape::new(3, 16, 32);

/// A detector with a bypass, a residual and every pool; its weights are random.
const NETWORK: &str = r#"
name = "small"
[input]
channels = 3
height = 16
width = 32
format = { bits = 8, frac = 8, signed = false }
[quantise]
feature_bits = 9
weight_bits = 11
random_weights_seed = 1
[[layer]]
name = "a_dw"
op = "depthwise"
kernel = 3
padding = 1
activation = "relu4"
[[layer]]
name = "a_pw"
op = "pointwise"
channels = 8
activation = "relu4"
[[layer]]
name = "a_pool"
op = "max_pool"
kernel = 2
[[layer]]
name = "b"
op = "conv"
kernel = 3
padding = 1
channels = 8
activation = "relu"
[[layer]]
name = "sum"
op = "add"
inputs = ["a_pool", "b"]
activation = "relu8"
[[layer]]
name = "mean"
op = "avg_pool"
kernel = 2
[[layer]]
name = "deep"
op = "space_to_depth"
input = "sum"
block = 2
[[layer]]
name = "both"
op = "concat"
inputs = ["deep", "mean"]
[[layer]]
name = "head"
op = "pointwise"
channels = 10
[head]
kind = "yolo"
anchors = [[0.1, 0.2], [0.2, 0.4]]
"#;

fn network(options: LoadOptions) -> Network {
    model::load_text(NETWORK, None, "small", options).unwrap()
}

fn noise(count: usize) -> Images {
    let mut rng = Rng::new(2);
    let pixels = (0..count).map(|_| (0..INPUT.len()).map(|_| rng.bits() as u8).collect()).collect();
    let targets = (0..count).map(|_| bico::dataset::Box2D::new(rng.range(0.1, 0.5), 0.3, 0.2, 0.3)).collect();
    Images { shape: INPUT, pixels, targets }
}

#[test]
fn folding_batch_norm_changes_nothing() {
    let network = network(LoadOptions::default());
    let spec = Trainable::new(&network.float, network.head.as_ref()).unwrap().spec;
    let mut params = Params::random(&spec, 4).unwrap();
    let mut rng = Rng::new(8);
    for running in &mut params.running {
        running.mean.iter_mut().for_each(|m| *m = rng.range(-0.3, 0.3));
        running.var.iter_mut().for_each(|v| *v = rng.range(0.3, 2.0));
    }
    let images = noise(2);
    let (folded_spec, folded_params) = params.fold(&spec);
    assert!(spec.stages.iter().any(|s| s.norm) && folded_spec.stages.iter().all(|s| !s.norm));
    let mut net = Net::new(spec, params, 2).unwrap();
    let mut folded = Net::new(folded_spec, folded_params, 2).unwrap();
    net.forward(2, Mode::Evaluate, |i, out| images.fill(i, out));
    folded.forward(2, Mode::Evaluate, |i, out| images.fill(i, out));
    for (a, b) in net.output(1).iter().zip(folded.output(1)) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

/// Of each stage of a network on its grids, for two images: its name, what the integers give, and what the emulation does.
fn both(net: &mut Net, graph: &model::graph::Graph, images: &Images) -> Vec<(String, Vec<i32>, Vec<i32>)> {
    net.forward(2, Mode::Evaluate, |i, out| images.fill(i, out));
    let net = &*net;
    let of_image = |i: usize| {
        let format = graph.input().format;
        let raw: Vec<i32> = images.pixels[i].iter().map(|&p| format.quantise(f64::from(p) / 256.0)).collect();
        let outputs = reference::run(graph, &Tensor { shape: INPUT, data: raw }).unwrap();
        let of_stages = net.spec.stages.iter().enumerate().map(|(k, stage)| {
            let name = if stage.pool { "a_pool" } else { &stage.name };
            let node = graph.nodes.iter().position(|n| n.name == name).unwrap();
            let step = graph.nodes[node].format.step() as f32;
            let own = net.activations(i, k).iter().map(|v| (v / step).round() as i32).collect();
            (name.to_string(), outputs[node].data.clone(), own)
        });
        of_stages.collect::<Vec<_>>()
    };
    (0..2).flat_map(of_image).collect()
}

#[test]
fn float_emulation_of_the_grids_equals_the_integers() {
    let images = noise(2);
    for (feature_bits, weight_bits) in [(9, 11), (8, 8), (4, 5)] {
        let network = network(LoadOptions { feature_bits: Some(feature_bits), weight_bits: Some(weight_bits), ..Default::default() });
        let map = Trainable::new(&network.float, network.head.as_ref()).unwrap();
        let (spec, params) = map.with_weights(&network.float).unwrap();
        let mut net = Net::new(spec.clone(), params, 2).unwrap();
        let mut float = network.float.clone();
        calibrate(&mut net, &map, &mut float, 2, |i, out| images.fill(i, out));
        let grids = Grids::new(&float, &spec, &map.layers);
        // Biases are exact only at the accumulator's grid: put them there, so that equality can be asked for.
        let mut fracs = vec![grids.input.frac];
        for (k, stage) in spec.stages.iter().enumerate() {
            if let Some(WeightGrid::Shift(w)) = grids.weight[k] {
                let step = Format::signed(16, fracs[stage.inputs[0]] + w.frac).step();
                net.params.stages[k].beta.iter_mut().for_each(|b| *b = (f64::from(*b) / step).round() as f32 * step as f32);
            }
            fracs.push(grids.feature[k].map_or(fracs[stage.inputs[0]], |f| f.frac));
        }
        map.put(&net.params, &mut float);
        let graph = model::quantise::quantise(&float).unwrap();
        net.grids = Some(grids);
        for (name, integers, own) in both(&mut net, &graph, &images) {
            assert_eq!(integers, own, "{name} at {feature_bits}/{weight_bits} bits");
            assert!(own.iter().any(|&v| v != 0));
        }
    }
}

/// With multipliers batch norm stays until the end, and is folded into weights on their grid: the integers follow the emulation, but for roundings of the
/// multiplier's 15 bits.
#[test]
fn float_emulation_with_batch_norm_and_multipliers_equals_the_integers() {
    let images = noise(2);
    for bits in [8, 4, 3, 2, 1] {
        let network = network(LoadOptions { feature_bits: Some(8), weight_bits: Some(bits), ..Default::default() });
        let map = Trainable::new(&network.float, network.head.as_ref()).unwrap();
        let spec = map.spec.clone();
        let mut params = Params::random(&spec, 4).unwrap();
        let mut rng = Rng::new(8);
        for (running, p) in params.running.iter_mut().zip(&mut params.stages) {
            running.mean.iter_mut().for_each(|m| *m = rng.range(-0.3, 0.3));
            running.var.iter_mut().for_each(|v| *v = rng.range(0.05, 2.0));
            p.gamma.iter_mut().for_each(|g| *g = rng.range(-0.5, 1.5));
            p.beta.iter_mut().for_each(|b| *b = rng.range(-1.0, 1.0));
        }
        // A channel without a weight, as the first layers of a ternary network may have: it is its bias.
        let taps = params.stages[0].weight.len() / params.stages[0].beta.len();
        params.stages[0].weight[..taps].fill(0.0);
        (params.running[0].mean[0], params.running[0].var[0], params.stages[0].beta[0]) = (0.0, 0.0, 0.6);
        let mut float = network.float.clone();
        map.layers.iter().for_each(|&id| float.layers[id].numbers.scale = ScaleKind::MultiplierPerChannel);
        let mut net = Net::new(spec.clone(), params.clone(), 2).unwrap();
        calibrate(&mut net, &map, &mut float, 2, |i, out| images.fill(i, out));
        let grids = Grids::new(&float, &spec, &map.layers);
        let (_, folded) = params.fold_with(&spec, |k, weight| grids.weights(k, weight));
        map.put(&folded, &mut float);
        let graph = model::quantise::quantise(&float).unwrap();
        net.grids = Some(grids);
        for (name, integers, own) in both(&mut net, &graph, &images) {
            let differ: Vec<i32> = integers.iter().zip(own).map(|(a, b)| (a - b).abs()).filter(|d| *d > 0).collect();
            let (count, all, most) = (differ.len(), integers.len(), differ.iter().max());
            assert!(count * 50 <= all, "{name} at {bits} bits: {count} of {all} differ, by {most:?} at most");
        }
    }
}

fn train(network: &Network, scale: Option<ScaleKind>, folder: Option<&std::path::Path>) -> Trained {
    let images = noise(16);
    let schedule = |phase, epochs, rate| Schedule {
        phase,
        epochs,
        images: 16,
        batch: 8,
        rate,
        decay: 0.0,
        average: 0.5,
        patience: 0,
        crop_epochs: 0,
        crop: [16, 32],
        seed: 3,
    };
    let plan = Plan { float: schedule("float", 3, 3e-3), tune: schedule("quantised", 2, 3e-4), scale };
    let source = Source::Images(images.clone());
    Training { network, plan, source: &source, validation: &images, folder }.run(&mut |_, _, _, _| {}).unwrap()
}

/// How much of what the trainer's emulation and the integers compute is the same IoU.
fn same(trained: &Trained) -> f32 {
    let images = noise(16);
    let executed = evaluate::executed(&trained.network, &images).unwrap();
    let judged = trained.history.iter().filter(|e| e.phase == "quantised").map(|e| e.iou).fold(0.0, f32::max);
    (mean(&executed) - judged).abs()
}

#[test]
fn what_is_trained_on_the_grids_is_what_runs_in_integers() {
    let options = LoadOptions { feature_bits: Some(8), weight_bits: Some(8), ..Default::default() };
    for scale in [None, Some(ScaleKind::Multiplier), Some(ScaleKind::MultiplierPerChannel)] {
        let trained = train(&network(options), scale, None);
        assert!(same(&trained) < 0.02, "{scale:?}: {}", same(&trained));
    }
}

#[test]
fn ternary_and_binary_weights_become_ternary_and_binary_integers() {
    for (bits, allowed) in [(2, &[-1, 0, 1][..]), (1, &[-1, 1][..])] {
        let network = network(LoadOptions { feature_bits: Some(8), weight_bits: Some(bits), ..Default::default() });
        let trained = train(&network, Some(ScaleKind::MultiplierPerChannel), None);
        let weights: Vec<_> = trained.network.graph.nodes.iter().filter_map(|n| n.weights.as_ref()).collect();
        assert_eq!(weights.len(), 4);
        for w in weights {
            assert!(w.data.iter().all(|v| allowed.contains(v)));
            assert!(w.data.contains(&1) && w.data.contains(&-1));
        }
        // Multipliers have 15 bits, so that a feature may round the other way; on noise, where the confidences of a binary network lie close
        // together, that can tip which cell answers in one image of the sixteen.
        let most = if bits == 1 { 1.0 / 16.0 } else { 0.02 };
        assert!(same(&trained) < most, "{bits} bits: {}", same(&trained));
    }
}

#[test]
fn a_channel_that_has_died_is_no_reason_to_refuse_the_network() {
    let network = network(LoadOptions { feature_bits: Some(8), weight_bits: Some(2), ..Default::default() });
    let mut float = network.float.clone();
    let layer = float.layers.iter_mut().find(|l| l.name == "b").unwrap();
    layer.numbers.scale = ScaleKind::MultiplierPerChannel;
    let kernel = layer.weights.as_mut().unwrap();
    let taps = kernel.data.len() / kernel.bias.len();
    kernel.data[..taps].iter_mut().for_each(|w| *w *= 1e-15);
    kernel.bias[0] = 0.0;
    let graph = model::quantise::quantise(&float).unwrap();
    let image = Tensor { shape: INPUT, data: noise(1).pixels[0].iter().map(|&p| i32::from(p)).collect() };
    let outputs = reference::run(&graph, &image).unwrap();
    let node = graph.nodes.iter().position(|n| n.name == "b").unwrap();
    let plane = graph.nodes[node].shape.h * graph.nodes[node].shape.w;
    assert!(outputs[node].data[..plane].iter().all(|&v| v == 0), "it is as dead in integers");
    assert!(outputs[node].data[plane..].iter().any(|&v| v != 0));
}

#[test]
fn a_trained_network_reads_back_from_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let trained = train(&network(LoadOptions::default()), None, Some(folder.path()));
    export::write(&trained.network, folder.path()).unwrap();
    let read = model::load(folder.path(), LoadOptions::default()).unwrap();
    assert_eq!(read.graph, trained.network.graph);
    assert_eq!(read.head, trained.network.head);
    // A second run in the same folder goes on from what is there, writing no checkpoint, and ends with the same network.
    let written =
        || ["float", "quantised"].map(|p| std::fs::metadata(folder.path().join(format!("{p}.safetensors"))).unwrap().modified().unwrap());
    let before = written();
    assert_eq!(train(&network(LoadOptions::default()), None, Some(folder.path())).network.graph, read.graph);
    assert_eq!(written(), before);
}

#[test]
fn layers_that_cannot_be_trained_are_named() {
    for (from, to, what) in [
        ("activation = \"relu8\"", "activation = { leaky = 3 }", "`sum`"),
        ("op = \"conv\"\nkernel = 3\npadding = 1", "op = \"conv\"\nkernel = 3\npadding = 1\ngroups = 2", "`b`"),
        ("op = \"avg_pool\"\nkernel = 2", "op = \"avg_pool\"\nkernel = 3\nstride = 2\npadding = [0, 0, 1, 1]", "`mean`"),
        ("[head]\nkind = \"yolo\"\nanchors = [[0.1, 0.2], [0.2, 0.4]]", "", "head"),
    ] {
        let text = NETWORK.replace(from, to);
        assert_ne!(text, NETWORK, "{from}");
        let network = model::load_text(&text, None, "small", LoadOptions::default()).unwrap();
        let e = Trainable::new(&network.float, network.head.as_ref()).unwrap_err();
        assert!(e.to_string().contains(what), "{e}");
    }
}

#[test]
fn every_embedded_detector_can_be_trained() {
    for builtin in model::BUILTIN {
        let network = builtin.load(LoadOptions::default()).unwrap();
        if network.head.is_some() {
            let map = Trainable::new(&network.float, network.head.as_ref()).unwrap();
            assert_eq!(map.spec.macs().unwrap(), network.float.macs(), "{}", network.name);
            assert!(map.spec.stages.iter().any(|s| s.pool || matches!(s.op, Op::MaxPool { .. })));
        }
    }
}

/// The trainer scores a network by the untiled executor; this is what the machine computes, in tiles, layer for layer.
#[test]
fn fifty_scenes_give_the_trainers_integers_on_the_machine() {
    let network = model::builtin("uav-detector").unwrap().load(LoadOptions::default()).unwrap();
    let board = bico::board::open("pynq-z1", &[]).unwrap().check().unwrap();
    let accelerator = bico::accelerator::open("pynq-z1-default", &[]).unwrap().check().unwrap();
    let simulation = Simulation::new(&network, &accelerator, &board, Options { frames: 1, jobs: false, ..Options::default() }).unwrap();
    let program: &Program = simulation.plan();
    let executor = Executor::new(&network.graph, program, &accelerator).unwrap();
    let mut values = executor.values();
    let shape = network.graph.input().shape;
    for index in 0..50 {
        let input = preprocess(&Scene::generate(Split::Validation, index).image, shape.w, shape.h);
        executor.run(&input, simulation.first_frame(), &mut values).unwrap();
        let untiled = reference::run(&network.graph, &input).unwrap();
        for group in &program.groups {
            let node = group.output();
            assert_eq!(executor.features(node, &values), untiled[node], "scene {index}, {}", network.graph.nodes[node].name);
        }
    }
}

#[test]
fn the_shipped_detector_keeps_its_score_in_integers() {
    let network = model::builtin("uav-detector").unwrap().load(LoadOptions::default()).unwrap();
    let images = Images::scenes(Split::Validation, 0, 60, network.float.input().shape);
    let executed = mean(&evaluate::executed(&network, &images).unwrap());
    let map = Trainable::new(&network.float, network.head.as_ref()).unwrap();
    let (spec, params) = map.with_weights(&network.float).unwrap();
    let float = mean(&evaluate::ious(&mut Net::new(spec, params, 4).unwrap(), &images).unwrap());
    assert!(executed > 0.5, "mean IoU {executed}");
    assert!(executed > float - 0.03, "float {float}, integers {executed}");
}
