//! Accuracy from executed inference: sweeps over bit widths, and golden accuracies.

#[path = "../common/cli.rs"]
mod cli;
mod golden;
mod golden_cli;
mod sweep;
mod sweep_cli;

use bico::dataset::scene::{HEIGHT, WIDTH};
use bico::dataset::{Scene, Split, preprocess};
use bico::model::{self, LoadOptions, Network};
use bico::simulate::Sample;
use cli::{bico, err, fails, out};
use std::path::Path;

fn detector(feature_bits: Option<u8>, weight_bits: Option<u8>) -> Network {
    model::builtin("uav-detector").unwrap().load(LoadOptions { feature_bits, weight_bits, ..Default::default() }).unwrap()
}

/// Scenes of the validation split in the detector's input format.
fn scenes(network: &Network, count: u64) -> Vec<Sample> {
    let shape = network.graph.input().shape;
    let one = |index| {
        let scene = Scene::generate(Split::Validation, index);
        let truth = scene.target.scale(1.0 / WIDTH as f32, 1.0 / HEIGHT as f32);
        Sample { name: index.to_string(), image: preprocess(&scene.image, shape.w, shape.h), truth: Some(truth) }
    };
    (0..count).map(one).collect()
}

/// Runs the binary; its exit code, and what it printed on both streams.
fn run(dir: &Path, arguments: &[&str]) -> (i32, String) {
    let o = bico(dir, arguments);
    let text = out(&o) + &err(&o);
    assert!(!text.contains("panicked"), "{text}");
    (o.status.code().unwrap(), text)
}

/// A difference: exit code 7, and the parts that the report of it (on standard output) or the error after it has to contain.
fn moved(dir: &Path, arguments: &[&str], parts: &[&str]) {
    let (code, text) = run(dir, arguments);
    assert_eq!(code, 7, "{arguments:?}: {text}");
    for part in parts {
        assert!(text.contains(part), "{arguments:?}: `{part}` is missing in:\n{text}");
    }
}
