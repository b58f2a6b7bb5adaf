//! What counts as a difference, and where it is said to be.

use super::{detector, scenes};
use bico::golden::accuracy::Expected;

const TOLERANCE: f64 = 0.005;

/// Adds one step to the first weight of a layer that has room for it.
fn one_step(network: &mut bico::model::Network, layer: &str) {
    let node = network.graph.nodes.iter_mut().find(|n| n.name == layer).unwrap();
    let weights = node.weights.as_mut().unwrap();
    let max = weights.format.max();
    *weights.data.iter_mut().find(|w| **w < max).unwrap() += 1;
}

#[test]
fn one_weight_one_step_off_names_the_layer_it_is_in() {
    let network = detector(None, None);
    let samples = scenes(&network, 3);
    let old = Expected::measure(&network, &samples, 2).unwrap();
    assert_eq!(old.differences(&Expected::measure(&network, &samples, 2).unwrap(), 0.0), "", "the same run again");
    for layer in ["bundle1_dw", "bundle4_pw", "head"] {
        let mut altered = network.clone();
        one_step(&mut altered, layer);
        let now = Expected::measure(&altered, &samples, 2).unwrap();
        let text = old.differences(&now, TOLERANCE);
        let first = text.lines().next().unwrap();
        assert!(first.contains(&format!("`{layer}` is the first layer whose integers changed")), "{layer}: {text}");
        assert!(first.contains("channels, channel 0 first"), "a step in the weights of channel 0: {text}");
        assert_eq!(text.contains(" after it"), layer != "head", "{text}");
        // Not one layer before it moved.
        let at = old.layers.iter().position(|l| l.name == layer).unwrap();
        assert_eq!(old.layers[..at], now.layers[..at]);
    }
}

#[test]
fn integers_count_even_where_the_iou_does_not_move() {
    let network = detector(None, None);
    let old = Expected::measure(&network, &scenes(&network, 2), 1).unwrap();
    let mut now = old.clone();
    now.layers[5].sha256[0] = "0".repeat(64);
    let text = old.differences(&now, TOLERANCE);
    assert!(text.contains(&format!("`{}` is the first layer", old.layers[5].name)) && text.contains("on 1 of 1 images"), "{text}");
    assert!(text.contains("(+0.0000), within the tolerance"), "{text}");
}

#[test]
fn the_iou_may_move_by_its_tolerance_and_no_more() {
    let network = detector(None, None);
    let old = Expected::measure(&network, &scenes(&network, 2), 0).unwrap();
    assert!(old.layers.is_empty() && old.scored_images == 2);
    let moved = |by: f64| Expected { mean_iou: old.mean_iou.map(|v| v + by), ..old.clone() };
    for by in [0.004, -0.004, 0.0] {
        assert_eq!(old.differences(&moved(by), TOLERANCE), "", "{by}");
    }
    for by in [0.006, -0.006, f64::NAN] {
        let text = old.differences(&moved(by), TOLERANCE);
        assert!(text.contains("mean IoU") && text.contains("beyond the tolerance of 0.005"), "{by}: {text}");
    }
    let none = Expected { mean_iou: None, ..old.clone() };
    assert!(old.differences(&none, 1.0).contains("-> none"));
}

#[test]
fn other_images_and_other_layers_are_called_that() {
    let network = detector(None, None);
    let samples = scenes(&network, 3);
    let old = Expected::measure(&network, &samples[..2], 1).unwrap();
    let other = Expected::measure(&network, &samples[1..], 1).unwrap();
    let text = old.differences(&other, 1.0);
    assert!(text.starts_with("  images: not those that were blessed") && text.contains("`input` is the first"), "{text}");
    let mut renamed = network.clone();
    renamed.graph.nodes[3].name = "other".into();
    let text = old.differences(&Expected::measure(&renamed, &samples[..2], 1).unwrap(), 1.0);
    assert!(text.contains("`other`") && text.contains(&network.graph.nodes[3].name), "{text}");
}
