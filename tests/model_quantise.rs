//! Quantisation: formats, scales, biases, inserted requantise nodes, calibration.

use bico::fixed::{Format, Scale};
use bico::model::calibrate::{self, Method, Range};
use bico::model::graph::{Graph, Op};
use bico::model::{LoadOptions, Network, check, load_text, quantise, reference};
use bico::ops::Map;
use bico::tensor::{Shape, Tensor};

fn network(layers: &str) -> Network {
    let head = "name = \"n\"\n[input]\nchannels = 4\nheight = 6\nwidth = 6\nformat = { bits = 8, frac = 6 }\n\
        [quantise]\nfeature_bits = 12\nweight_bits = 12\nrandom_weights_seed = 5\n";
    load_text(&format!("{head}{layers}"), None, "n", LoadOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn image(graph: &Graph) -> Tensor {
    let input = graph.input();
    let span = (input.format.max() - input.format.min() + 1) as usize;
    let data = (0..input.shape.len()).map(|i| input.format.min() + (i * 7919 % span) as i32).collect();
    Tensor::new(input.shape, data).unwrap()
}

/// The largest difference between integer and float execution, in steps of each layer's format.
fn worst_steps(n: &Network) -> f64 {
    let image = image(&n.graph);
    let integers = reference::run(&n.graph, &image).unwrap();
    let mut worst = 0f64;
    n.float
        .run(&n.float.image(&image), |id, map| {
            let at = n.graph.nodes.iter().position(|m| m.name == n.float.layers[id].name).unwrap();
            let node = &n.graph.nodes[at];
            for (&raw, &real) in integers[at].data.iter().zip(&map.data) {
                worst = worst.max((f64::from(raw - node.zero_point) - f64::from(real) / node.format.step()).abs());
            }
        })
        .unwrap();
    worst
}

#[test]
fn concat_operands_of_other_formats_are_requantised_once() {
    let n = network(
        "[[layer]]\nname = \"a\"\nop = \"activation\"\nfeature_frac = 8\n[[layer]]\nname = \"b\"\nop = \"activation\"\nfeature_frac = 7\n\
         [[layer]]\nname = \"c\"\nop = \"concat\"\ninputs = [\"a\", \"b\", \"a\"]\n",
    );
    let names: Vec<&str> = n.graph.nodes.iter().map(|n| n.name.as_str()).collect();
    assert_eq!(names, ["input", "a", "b", "c.a", "c"]);
    let concat = n.graph.output();
    assert_eq!(concat.inputs, [3, 2, 3], "`a` is adapted once and read twice; `b` has the coarser format already");
    assert_eq!(concat.format, Format::signed(12, 7));
    assert_eq!(n.graph.nodes[3].requantise.as_ref().unwrap().scales, [Scale::shift(1)]);
    assert!(worst_steps(&n) <= 0.5);
}

#[test]
fn additions_lose_nothing_before_their_requantise() {
    let n = network(
        "[[layer]]\nname = \"a\"\nop = \"activation\"\nfeature_frac = 10\nactivation = { leaky = 2 }\n\
         [[layer]]\nname = \"s\"\nop = \"add\"\ninputs = [\"input\", \"a\"]\nfeature_frac = 8\n",
    );
    let sum = n.graph.output();
    assert_eq!(sum.op, Op::Add { shifts: [4, 0] });
    assert_eq!(sum.requantise.as_ref().unwrap().scales, [Scale::shift(2)]);
    // The operand saturates at 12 bits with 10 fraction bits, the float one does not: compare where it fits.
    let image = image(&n.graph);
    let out = reference::run(&n.graph, &image).unwrap();
    for (i, &raw) in image.data.iter().enumerate().filter(|(_, r)| **r < 127) {
        let x = f64::from(raw) / 64.0;
        let leaky = if x < 0.0 { (x / 4.0 * 1024.0).round() / 1024.0 } else { x };
        assert_eq!(f64::from(out[2].data[i]), ((x + leaky) * 256.0 + 0.5).floor().min(2047.0), "{raw}");
    }
}

#[test]
fn scales_by_multiplier_follow_the_float_network() {
    for scale in ["shift", "multiplier", "multiplier_per_channel"] {
        let n = network(&format!(
            "[[layer]]\nname = \"c\"\nop = \"conv\"\nkernel = 3\npadding = 1\nchannels = 8\nscale = \"{scale}\"\nactivation = \"relu\"\n\
             features = {{ bits = 12, frac = 7, signed = false }}\nzero_point = 100\n\
             [[layer]]\nname = \"d\"\nop = \"depthwise\"\nkernel = 3\nstride = 2\npadding = 1\nscale = \"{scale}\"\nfeature_frac = 7\n\
             [[layer]]\nname = \"p\"\nop = \"avg_pool\"\nkernel = 3\nstride = 1\npadding = 1\nfeature_frac = 9\n"
        ));
        let scales = n.graph.nodes[1].requantise.as_ref().unwrap().scales.len();
        assert_eq!(scales, if scale == "multiplier_per_channel" { 8 } else { 1 });
        assert_eq!(n.graph.nodes[1].zero_point, 100);
        let worst = worst_steps(&n);
        assert!(worst < 3.0, "{scale}: {worst} steps off");
    }
}

#[test]
fn biases_that_do_not_fit_move_derived_formats_and_refuse_given_ones() {
    let layer = |frac: &str| {
        format!(
            "name = \"n\"\n[input]\nchannels = 1\nheight = 1\nwidth = 1\nformat = {{ bits = 16, frac = 16, signed = false }}\n[[layer]]\nname = \"a\"\nop = \"pointwise\"\nchannels = 1\nfeature_frac = -8\n{frac}"
        )
    };
    let bytes: Vec<u8> = [0.001f32, 30_000.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let view = |shape: Vec<usize>, b| safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape, b).unwrap();
    let weights =
        safetensors::serialize([("a.weight", view(vec![1, 1, 1, 1], &bytes[..4])), ("a.bias", view(vec![1], &bytes[4..]))], None).unwrap();
    let load = |frac| load_text(&layer(frac), Some(&weights), "n", LoadOptions::default());
    let derived = load("").unwrap();
    let w = derived.graph.nodes[1].weights.as_ref().unwrap();
    assert_eq!((w.format.frac, w.bias[0]), (0, 30_000 << 16), "with one bit more the bias would need 33 bits");
    let e = load("weight_frac = 12").unwrap_err().to_string();
    assert!(e.starts_with("n/network.toml: layer `a`: a bias does not fit 32 bits"), "{e}");
}

#[test]
fn calibration_finds_the_range_and_percentiles_cut_outliers() {
    let mut n = network("[[layer]]\nname = \"a\"\nop = \"activation\"\n");
    let mut image = Map::zeros(Shape::new(4, 6, 6));
    image.data.iter_mut().enumerate().for_each(|(i, v)| *v = if i == 0 { 50.0 } else { (i % 3) as f32 - 1.0 });
    let images = [image];
    let max = calibrate::ranges(&n.float, &images, Method::Max).unwrap();
    assert_eq!(max[1], Range { low: -1.0, high: 50.0 });
    let cut = calibrate::ranges(&n.float, &images, Method::Percentile(0.99)).unwrap();
    assert_eq!(cut[1], Range { low: -1.0, high: 1.0 });
    assert!(calibrate::ranges(&n.float, &images, Method::Percentile(f64::NAN)).is_err());
    for (ranges, frac) in [(max, 5), (cut, 10)] {
        calibrate::apply(&mut n.float, &ranges, true);
        assert_eq!(quantise::quantise(&n.float).unwrap().output().format, Format::signed(12, frac));
    }
    assert!(calibrate::ranges(&n.float, &[Map::zeros(Shape::new(1, 1, 1))], Method::Max).is_err());
}

#[test]
fn a_hand_computed_frame() {
    // 2x2 image with zero point 3; 2x2 kernel, padded right and below; output zero point -1, rounding half up after a shift of 1.
    let text = "name = \"n\"\n[input]\nchannels = 1\nheight = 2\nwidth = 2\nformat = { bits = 4, frac = 0, signed = false }\nzero_point = 3\n\
        [[layer]]\nname = \"c\"\nop = \"conv\"\nkernel = 2\npadding = [0, 0, 1, 1]\nchannels = 1\nzero_point = -1\n\
        features = { bits = 4, frac = -1 }\nweights = { bits = 3, frac = 0 }\n";
    let bytes: Vec<u8> = [1f32, 2.0, -1.0, 3.0, 1.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let view = |shape: Vec<usize>, b| safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape, b).unwrap();
    let weights =
        safetensors::serialize([("c.weight", view(vec![1, 1, 2, 2], &bytes[..16])), ("c.bias", view(vec![1], &bytes[16..]))], None)
            .unwrap();
    let n = load_text(text, Some(&weights), "n", LoadOptions::default()).unwrap();
    let out = reference::run(&n.graph, &Tensor::new(Shape::new(1, 2, 2), vec![4, 1, 3, 6]).unwrap()).unwrap();
    // Centred image: 1 -2 / 0 3; bias 1.
    // Accumulators: 1 + 1*1 + 2*-2 + -1*0 + 3*3 = 7; 1 + 1*-2 - 1*3 = -4; 1 + 0 + 2*3 = 7; 1 + 3 = 4.
    // Halved, half up: 4, -2, 4, 2; minus 1.
    assert_eq!(out[1].data, [3, -3, 3, 1]);
    let hashes = reference::hash_layers(&n.graph, &out);
    assert_eq!(hashes[0].layer, "input");
    assert_eq!(hashes[1].sha256.len(), 64);
    assert_ne!(hashes[0].sha256, hashes[1].sha256);
}

#[test]
fn images_that_do_not_belong_are_refused() {
    let n = network("[[layer]]\nname = \"a\"\nop = \"activation\"\n");
    let e = reference::run(&n.graph, &Tensor::zeros(Shape::new(4, 6, 5))).unwrap_err();
    assert_eq!(e.to_string(), "image has other extents than the network's input\n  value:   4x6x5\n  allowed: 4x6x6");
    let mut wild = Tensor::zeros(Shape::new(4, 6, 6));
    wild.data[5] = 128;
    let e = reference::run(&n.graph, &wild).unwrap_err();
    assert_eq!(e.to_string(), "image value is no member of the input's format\n  value:   128\n  allowed: -128 to 127");
}

#[test]
fn check_finds_what_is_broken() {
    let sound =
        network("[[layer]]\nname = \"a\"\nop = \"pointwise\"\nchannels = 3\n[[layer]]\nname = \"p\"\nop = \"max_pool\"\nkernel = 2\n")
            .graph;
    check(&sound).unwrap();
    type Break = (&'static str, fn(&mut Graph));
    let breaks: [Break; 13] = [
        ("does not begin with its input", |g| drop(g.nodes.remove(0))),
        ("two nodes are named `a`", |g| g.nodes[2].name = "a".into()),
        ("operands must come earlier", |g| g.nodes[1].inputs = vec![2]),
        ("number of operands", |g| g.nodes[1].inputs = vec![]),
        ("extents", |g| g.nodes[1].shape.h = 5),
        ("number of weights and biases", |g| g.nodes[1].weights.as_mut().unwrap().data.truncate(3)),
        ("a weight is no member of its format", |g| g.nodes[1].weights.as_mut().unwrap().data[0] = 1 << 12),
        ("weights are missing", |g| g.nodes[1].weights = None),
        ("has no requantise step", |g| g.nodes[1].requantise = None),
        ("moves values unchanged", |g| g.nodes[2].requantise = g.nodes[1].requantise.clone()),
        ("has another format or zero point", |g| g.nodes[2].zero_point = 1),
        ("requantise shift is out of range", |g| g.nodes[1].requantise.as_mut().unwrap().scales[0].shift = 60),
        ("ends in another format", |g| g.nodes[1].format.frac += 1),
    ];
    for (wanted, change) in breaks {
        let mut graph = sound.clone();
        change(&mut graph);
        let e = check(&graph).unwrap_err().to_string();
        assert!(e.contains(wanted), "{wanted}: got {e}");
    }
}

#[test]
fn the_common_format_holds_what_each_operand_holds() {
    let of = |formats: &[Format]| quantise::common_format(formats.iter().copied());
    let (signed, unsigned) = (Format::signed(8, 6), Format::unsigned(8, 6));
    assert_eq!(of(&[signed, signed]), signed);
    assert_eq!(of(&[unsigned, signed]), Format::signed(8, 5), "up to 3.98, and below 0");
    assert_eq!(
        of(&[signed, Format::signed(16, 14)]),
        Format::signed(16, 14),
        "both have one integer bit; none of 14 fraction bits is lost"
    );
    for formats in [[unsigned, signed], [Format::signed(9, 2), Format::unsigned(4, -1)], [Format::unsigned(16, 16), Format::signed(3, 0)]] {
        let common = of(&formats);
        let [low, high] = [common.min(), common.max()].map(|raw| common.value(raw));
        for f in formats {
            // The largest may need one step more of the common format.
            assert!(f.value(f.min()) >= low && f.value(f.max()) <= high + common.step(), "{f:?} in {common:?}");
        }
    }
}

#[test]
fn operands_around_zero_points_need_a_common_format_of_their_own() {
    let head = "name = \"n\"\n[input]\nchannels = 4\nheight = 6\nwidth = 6\nformat = { bits = 8, frac = 6 }\n[quantise]\nfeature_bits = 8\nrandom_weights_seed = 1\n\
                [[layer]]\nname = \"a\"\nop = \"activation\"\nfeature_frac = 6\nzero_point = -100\n\
                [[layer]]\nname = \"c\"\nop = \"concat\"\ninputs = [\"a\", \"input\"]\n";
    let load = |more: &str| load_text(&format!("{head}{more}"), None, "n", LoadOptions::default());
    let e = load("").unwrap_err().to_string();
    assert!(e.contains("zero points") && e.contains("`features`"), "{e}");
    assert_eq!(load("features = { bits = 9, frac = 6 }\n").unwrap().graph.output().format, Format::signed(9, 6));
}

/// A free step can be any power of two, so it loses no more than the best of them; and weights on a grid stay there.
#[test]
fn free_steps_lose_least() {
    let layer = "[[layer]]\nname = \"a\"\nop = \"pointwise\"\nchannels = 64\n";
    let error = |scale: &str, bits: u8| {
        let text = format!(
            "name = \"n\"\n[input]\nchannels = 64\nheight = 2\nwidth = 2\nformat = {{ bits = 8, frac = 6 }}\n[quantise]\nfeature_bits = 12\n\
             weight_bits = {bits}\nscale = \"{scale}\"\nrandom_weights_seed = 5\n{layer}"
        );
        let n = load_text(&text, None, "n", LoadOptions::default()).unwrap();
        let (node, float) = (n.graph.output(), n.float.layers[1].weights.as_ref().unwrap());
        let (weights, requantise) = (node.weights.as_ref().unwrap(), node.requantise.as_ref().unwrap());
        // What a weight of 1 adds to the output, in units of the input.
        let of_channel = |c: usize| {
            let scale = requantise.scales[c.min(requantise.scales.len() - 1)].value();
            scale * node.format.step() / n.graph.input().format.step()
        };
        let lost =
            weights.data.iter().zip(&float.data).enumerate().map(|(i, (&raw, &w))| f64::from(raw) * of_channel(i / 64) - f64::from(w));
        lost.map(|e| e * e).sum::<f64>()
    };
    for bits in [2, 3, 4, 6] {
        let [shift, layer, channel] = ["shift", "multiplier", "multiplier_per_channel"].map(|scale| error(scale, bits));
        assert!(layer <= 1.01 * shift && channel <= 1.01 * layer, "{bits} bits: {shift} {layer} {channel}");
    }
}
