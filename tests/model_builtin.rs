//! The embedded networks load, run, and survive a round trip through their resolved file.

use bico::model::{self, BUILTIN, LoadOptions, builtin, load_text, reference};
use bico::tensor::{Shape, Tensor};

/// A pseudo-random image in the network's input format.
fn image(graph: &model::graph::Graph, seed: u32) -> Tensor {
    let input = graph.input();
    let span = (input.format.max() - input.format.min() + 1) as u32;
    let mut state = seed;
    let mut draw = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        input.format.min() + ((state >> 8) % span) as i32
    };
    Tensor::new(input.shape, (0..input.shape.len()).map(|_| draw()).collect()).unwrap()
}

#[test]
fn every_builtin_loads_and_its_resolved_file_gives_the_same_graph() {
    for b in BUILTIN {
        let network = b.load(LoadOptions::default()).unwrap_or_else(|e| panic!("{}: {e}", b.name));
        assert_eq!(network.name, b.name);
        let again = load_text(&network.resolved, b.weights, "resolved", LoadOptions::default())
            .unwrap_or_else(|e| panic!("{e}\n{}", network.resolved));
        assert!(again.graph == network.graph, "{}: the resolved file means another graph", b.name);
        assert_eq!(again.resolved, network.resolved);
    }
    assert!(builtin("no_such_network").is_none());
}

#[test]
fn narrow_accumulators_equal_wide_ones() {
    for name in ["tiny", "mobile_block"] {
        let network = builtin(name).unwrap().load(LoadOptions::default()).unwrap();
        let image = image(&network.graph, 3);
        let fast = reference::run(&network.graph, &image).unwrap();
        let wide = reference::run_with(&network.graph, &image, bico::ops::evaluate_wide).unwrap();
        assert!(fast == wide, "{name}");
        let distinct: std::collections::BTreeSet<i32> = fast.last().unwrap().data.iter().copied().collect();
        assert!(distinct.len() > 5, "{name}: a dead network tests nothing");
    }
}

#[test]
fn skynet_c_has_the_shapes_of_the_paper() {
    let network = builtin("skynet_c").unwrap().load(LoadOptions::default()).unwrap();
    let graph = &network.graph;
    let shape = |name: &str| graph.nodes.iter().find(|n| n.name == name).unwrap().shape;
    assert_eq!(shape("b3_pw"), Shape::new(192, 40, 80));
    assert_eq!(shape("bypass"), Shape::new(768, 20, 40));
    assert_eq!(shape("concat"), Shape::new(1280, 20, 40));
    assert_eq!(graph.output().shape, Shape::new(10, 20, 40));
    let macs: u64 = graph.nodes.iter().map(|n| graph.macs(n)).sum();
    assert!((455_000_000..475_000_000).contains(&macs), "{macs}");
    assert_eq!(network.head.unwrap().anchors.len(), 2);
    // Where ReLU6 is beyond the format it ends at the format's maximum (contract, point 17); the trained one's formats reach it.
    let clip = |name: &str| {
        let graph = builtin(name).unwrap().load(LoadOptions::default()).unwrap().graph;
        let requantise = graph.nodes[1].requantise.clone().unwrap();
        (graph.nodes[1].format.frac, requantise.relu, requantise.clip)
    };
    assert_eq!(clip("skynet_a"), (6, true, Some(255)));
    assert_eq!(clip("skynet_c"), (5, true, Some(6 << 5)));
}

#[test]
fn quantised_execution_follows_the_float_network() {
    let network =
        builtin("mobile_block").unwrap().load(LoadOptions { feature_bits: Some(14), weight_bits: Some(14), ..Default::default() }).unwrap();
    let image = image(&network.graph, 5);
    let integers = reference::run(&network.graph, &image).unwrap();
    let mut worst = 0f64;
    network
        .float
        .run(&network.float.image(&image), |id, map| {
            let node = network.graph.nodes.iter().position(|n| n.name == network.float.layers[id].name).unwrap();
            for (&raw, &real) in integers[node].data.iter().zip(&map.data) {
                worst = worst.max((network.graph.nodes[node].format.value(raw) - f64::from(real)).abs());
            }
        })
        .unwrap();
    assert!(worst < 0.01, "{worst}");
}

#[test]
fn other_widths_keep_integer_bits() {
    let narrow =
        builtin("skynet_a").unwrap().load(LoadOptions { feature_bits: Some(8), weight_bits: Some(10), ..Default::default() }).unwrap();
    let node = &narrow.graph.nodes[2];
    assert_eq!((node.format.bits, node.format.frac), (8, 5));
    let w = node.weights.as_ref().unwrap().format;
    assert_eq!((w.bits, w.frac), (10, 6));
    assert_eq!((narrow.graph.input().format.bits, narrow.graph.input().format.frac), (8, 8));
    let binary = builtin("tiny").unwrap().load(LoadOptions { feature_bits: None, weight_bits: Some(1), ..Default::default() }).unwrap();
    assert!(binary.graph.nodes[1].weights.as_ref().unwrap().format.is_binary());
    assert!(builtin("tiny").unwrap().load(LoadOptions { feature_bits: Some(17), weight_bits: None, ..Default::default() }).is_err());
}

#[test]
fn the_schema_names_every_key_and_forbids_others() {
    let schema = serde_json::to_value(schemars::schema_for!(model::RawNetwork)).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    let layer = &schema["$defs"]["RawLayer"];
    assert_eq!(layer["additionalProperties"], false);
    for key in ["name", "op", "kernel", "padding", "activation", "features", "scale"] {
        assert!(layer["properties"][key].is_object(), "{key}");
    }
}
