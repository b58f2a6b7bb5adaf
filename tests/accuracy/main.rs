//! Accuracy from executed inference: sweeps over bit widths, and golden accuracies.

mod golden;
mod golden_cli;
mod sweep;
mod sweep_cli;

use bico::dataset::scene::{HEIGHT, WIDTH};
use bico::dataset::{Scene, Split, preprocess};
use bico::model::{self, LoadOptions, Network};
use bico::simulate::Sample;
use std::path::Path;
use std::process::{Command, Output};

fn detector(feature_bits: Option<u8>, weight_bits: Option<u8>) -> Network {
    model::builtin("uav-detector").unwrap().load(LoadOptions { feature_bits, weight_bits }).unwrap()
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

fn bico(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bico")).args(arguments).current_dir(dir).output().unwrap()
}

/// Runs the binary; its exit code, and what it printed on both streams.
fn run(dir: &Path, arguments: &[&str]) -> (i32, String) {
    let o = bico(dir, arguments);
    let text = format!("{}{}", String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr));
    assert!(!text.contains("panicked"), "{text}");
    (o.status.code().unwrap(), text)
}

/// Exit code and the parts that the message has to contain.
fn fails(dir: &Path, arguments: &[&str], code: i32, parts: &[&str]) {
    let (got, text) = run(dir, arguments);
    assert_eq!(got, code, "{arguments:?}: {text}");
    for part in parts {
        assert!(text.contains(part), "{arguments:?}: `{part}` is missing in:\n{text}");
    }
}
