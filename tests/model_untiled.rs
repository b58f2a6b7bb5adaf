//! The fast untiled executor against the reference, node by node.

mod common;

use bico::model::untiled::Untiled;
use bico::model::{self, LoadOptions, Network, load_text, reference};
use common::random_image;

fn same(network: &Network, what: &str) {
    let graph = &network.graph;
    let executor = Untiled::new(graph).unwrap_or_else(|e| panic!("{what}: {e}"));
    let mut maps = executor.maps();
    // Twice: the second image must not see the first one's maps.
    for seed in [3, 4] {
        let image = random_image(graph, seed);
        let expected = reference::run(graph, &image).unwrap();
        let output = executor.run(&image, &mut maps).unwrap();
        for (id, (node, expected)) in graph.nodes.iter().zip(&expected).enumerate() {
            assert!(executor.output(id, &maps) == *expected, "{what}: node `{}` ({:?}) differs", node.name, node.op);
        }
        assert_eq!(Some(&output), expected.last());
    }
}

#[test]
fn embedded_networks_at_several_widths() {
    for (name, widths) in [
        ("uav-detector", &[(None, None), (Some(4), Some(2)), (Some(16), Some(16))][..]),
        ("mobile_block", &[(None, None), (Some(5), Some(1)), (Some(16), Some(12))]),
        ("tiny", &[(None, None), (Some(16), Some(16)), (Some(2), Some(3))]),
    ] {
        for &(feature_bits, weight_bits) in widths {
            let network = model::builtin(name).unwrap().load(LoadOptions { feature_bits, weight_bits, ..Default::default() }).unwrap();
            same(&network, &format!("{name} {feature_bits:?} {weight_bits:?}"));
        }
    }
}

#[test]
fn every_operation_with_odd_geometry_zero_points_and_multipliers() {
    let head = "name = \"n\"\n[input]\nchannels = 6\nheight = 12\nwidth = 10\nformat = { bits = 8, frac = 6, signed = false }\n\
        zero_point = 9\n[quantise]\nfeature_bits = 8\nweight_bits = 7\nrandom_weights_seed = 11\n";
    let layer = |name: &str, rest: &str| format!("[[layer]]\nname = \"{name}\"\n{rest}\n");
    let layers = [
        layer("grouped", "op = \"conv\"\nkernel = 3\npadding = 1\ngroups = 2\nchannels = 24\nscale = \"multiplier_per_channel\""),
        layer("slanted", "op = \"conv\"\nkernel = [3, 1]\nstride = [1, 1]\npadding = 1\nchannels = 20\nactivation = { leaky = 3 }"),
        layer("strided", "op = \"depthwise\"\nkernel = 3\nstride = [2, 1]\npadding = 1\nactivation = \"relu\""),
        layer("dw", "op = \"depthwise\"\nkernel = 3\npadding = 1\nscale = \"multiplier\"\nactivation = \"relu4\"\nfeature_frac = 4"),
        layer("avg", "op = \"avg_pool\"\nkernel = 3\nstride = 1\npadding = 1\nfeature_frac = 5"),
        layer("sum", "op = \"add\"\ninputs = [\"dw\", \"avg\"]\nfeature_frac = 3"),
        layer("act", "op = \"activation\"\nactivation = \"relu6\"\nfeature_frac = 4"),
        layer("cat", "op = \"concat\"\ninputs = [\"act\", \"dw\"]"),
        layer("up", "op = \"upsample\"\nfactor = 2"),
        layer("s2d", "op = \"space_to_depth\"\nblock = 2"),
        layer("max", "op = \"max_pool\"\nkernel = 3\nstride = 2\npadding = 1"),
        layer("mean", "op = \"global_avg_pool\"\nfeature_frac = 6"),
        layer("fc", "op = \"fully_connected\"\nchannels = 7\nfeature_frac = 3"),
    ];
    let network = load_text(&format!("{head}{}", layers.concat()), None, "n", LoadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
    same(&network, "operations");
}

#[test]
fn images_of_other_extents_or_values_are_refused() {
    let network = model::builtin("tiny").unwrap().load(LoadOptions::default()).unwrap();
    let executor = Untiled::new(&network.graph).unwrap();
    let mut image = random_image(&network.graph, 1);
    image.data[0] = 1 << 12;
    assert!(executor.run(&image, &mut executor.maps()).unwrap_err().to_string().contains("member"));
    let small = bico::tensor::Tensor::zeros(bico::tensor::Shape::new(1, 1, 1));
    assert!(executor.run(&small, &mut executor.maps()).is_err());
}
