//! `bico train` as a user meets it: what it writes, how it goes on after being killed, how it fails.

#[path = "common/cli.rs"]
mod cli;

use cli::{bico, command, fails};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

/// A detector that trains in a moment.
const NETWORK: &str = r#"
name = "small"
[input]
channels = 3
height = 32
width = 64
format = { bits = 8, frac = 8, signed = false }
[[layer]]
name = "dw"
op = "depthwise"
kernel = 3
padding = 1
activation = "relu4"
[[layer]]
name = "pw"
op = "pointwise"
channels = 8
activation = "relu4"
[[layer]]
name = "pool"
op = "max_pool"
kernel = 2
[[layer]]
name = "head"
op = "pointwise"
channels = 10
[head]
kind = "yolo"
anchors = [[0.1, 0.2], [0.2, 0.4]]
"#;

const SHORT: &[&str] = &["--epochs", "3", "--tune-epochs", "2", "--epoch-images", "32", "--batch", "8", "--validation", "8"];

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("net")).unwrap();
    std::fs::write(dir.path().join("net/network.toml"), NETWORK).unwrap();
    dir
}

fn train(dir: &Path, arguments: &[&str]) -> Output {
    bico(dir, &[&["train", "net"], arguments].concat())
}

fn refused(dir: &Path, arguments: &[&str], code: i32, parts: &[&str]) {
    fails(dir, &[&["train"], arguments].concat(), code, parts);
}

fn bytes(dir: &Path, name: &str) -> Vec<u8> {
    std::fs::read(dir.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

const RESULTS: [&str; 4] = ["network.toml", "weights.safetensors", "training.csv", "training.svg"];

#[test]
fn a_training_that_was_killed_ends_with_the_same_bytes() {
    let dir = folder();
    let d = dir.path();
    let o = train(d, &[&["--out", "whole"], SHORT].concat());
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    let summary = String::from_utf8_lossy(&o.stdout).into_owned();
    for part in ["parameters", "8 validation images", "executed in integers", "whole"] {
        assert!(summary.contains(part), "`{part}` is missing in:\n{summary}");
    }
    assert!(o.stderr.is_empty(), "quiet in a pipe");
    // Killed as soon as each checkpoint shows up, then asked to go on.
    for checkpoint in ["float.safetensors", "quantised.safetensors"] {
        let resume: &[&str] = if d.join("killed").exists() { &["--resume"] } else { &[] };
        let arguments = [&["net", "--out", "killed", "--threads", "1"], resume, SHORT].concat();
        let mut child = command(d, &[&["train"], &arguments[..]].concat()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while !d.join("killed").join(checkpoint).exists() && begun.elapsed() < Duration::from_secs(120) {
            std::thread::sleep(Duration::from_millis(1));
        }
        // It may have ended just now: then resuming has nothing left to do, which must hold too.
        let _ = child.kill();
        child.wait().unwrap();
    }
    let o = train(d, &[&["--out", "killed", "--resume"], SHORT].concat());
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    for name in RESULTS {
        assert!(bytes(d, &format!("killed/{name}")) == bytes(d, &format!("whole/{name}")), "{name} differs");
    }
    let toml = String::from_utf8(bytes(d, "whole/network.toml")).unwrap();
    assert!(toml.contains("bico train small --epochs 3") && !toml.contains(d.to_str().unwrap()), "{toml}");
}

#[test]
fn other_widths_go_on_from_the_same_float_training() {
    let dir = folder();
    let d = dir.path();
    assert!(train(d, &[&["--out", "a"], SHORT].concat()).status.success());
    // Training is deterministic, so the bytes alone would not tell.
    let written = || std::fs::metadata(d.join("a/float.safetensors")).unwrap().modified().unwrap();
    let float = written();
    let o = train(d, &[&["--out", "a", "--resume", "--features", "6", "--weights", "5"], SHORT].concat());
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    assert!(written() == float, "trained in float again");
    let toml = String::from_utf8(bytes(d, "a/network.toml")).unwrap();
    assert!(toml.contains("--features 6 --weights 5"), "{toml}");
    let o = bico(d, &["evaluate", "a", "--scenes", "4"]);
    assert!(String::from_utf8_lossy(&o.stdout).contains("6-bit features, 5-bit weights"), "{}", String::from_utf8_lossy(&o.stderr));
}

#[test]
fn the_proxy_scores_and_writes_nothing() {
    let dir = folder();
    let o = train(dir.path(), &["--proxy", "--epochs", "1"]);
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    assert!(String::from_utf8_lossy(&o.stdout).contains("proxy IoU"));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    // What it would not use is refused, not ignored.
    for unused in [["--out", "o"], ["--until", "1"], ["--tune-epochs", "7"], ["--features", "8"], ["--validation", "9"]] {
        refused(dir.path(), &[&["net", "--proxy"], &unused[..]].concat(), 2, &["--proxy", unused[0]]);
    }
}

#[test]
fn the_folder_of_a_network_is_not_trained_into() {
    let dir = folder();
    let d = dir.path();
    refused(d, &[&["net", "--out", "net"], SHORT].concat(), 2, &["folder of the network", "another --out"]);
    refused(d, &[&["net/network.toml", "--out", "net"], SHORT].concat(), 2, &["folder of the network"]);
    assert!(bytes(d, "net/network.toml") == NETWORK.as_bytes());
    assert!(train(d, &[&["--out", ".", "--until", "1"], SHORT].concat()).status.success(), "the folder above it is another");
    assert!(train(d, &[&["--out", "a"], SHORT].concat()).status.success());
    refused(d, &["a", "--out", "a", "--resume", "--epochs", "0"], 2, &["folder of the network"]);
    std::fs::create_dir(d.join("b")).unwrap();
    std::fs::copy(d.join("a/network.toml"), d.join("b/network.toml")).unwrap();
    refused(d, &[&["net", "--out", "b"], SHORT].concat(), 2, &["holds a network", "b/network.toml"]);
    // Layers that no longer fit the weights beside them are trained from random ones.
    let wider = String::from_utf8(bytes(d, "a/network.toml")).unwrap().replace("channels = 8", "channels = 12");
    std::fs::write(d.join("a/network.toml"), wider).unwrap();
    let o = bico(d, &[&["train", "a", "--out", "c"], SHORT].concat());
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
}

#[test]
fn what_cannot_be_trained_is_refused_before_anything_is_written() {
    let dir = folder();
    let d = dir.path();
    refused(d, &["net"], 2, &["--out"]);
    refused(d, &["nowhere", "--out", "o"], 2, &["nowhere", "bico networks"]);
    refused(d, &["mobile_block", "--out", "o"], 3, &["no detection head", "[head]"]);
    refused(d, &["net", "--out", "o", "--rate", "0"], 2, &["--rate", "above 0"]);
    refused(d, &["net", "--out", "o", "--crops", "1.5"], 2, &["--crops", "0 to 1"]);
    refused(d, &["net", "--out", "o", "--features", "1"], 2, &["--features"]);
    refused(d, &["net", "--out", "o", "--epoch-images", "4"], 2, &["images", "at least 16"]);
    refused(d, &["net", "--out", "o2", "--epochs", "0"], 2, &["no trained weights", "--epochs 1 or more"]);
    refused(d, &["net", "--out", "o3", "--images", "missing"], 3, &["missing"]);
    refused(d, &["net", "--out", "o3", "--epochs", "2", "--until", "3"], 2, &["--until", "1 to 2"]);
    refused(d, &["net", "--proxy", "--epochs", "0"], 2, &["--epochs 0", "bico evaluate"]);
    std::fs::write(d.join("net/network.toml"), NETWORK.replace("channels = 3", "channels = 1")).unwrap();
    refused(d, &["net", "--out", "o4"], 3, &["colour", "1 channels", "3 channels"]);
    std::fs::write(d.join("net/network.toml"), NETWORK.replace("relu4", "{ leaky = 3 }").replace("\"{", "{").replace("}\"", "}")).unwrap();
    refused(d, &["net", "--out", "o4"], 3, &["`dw`", "leaky"]);
    let files = |o: &str| std::fs::read_dir(d.join(o)).map_or(0, Iterator::count);
    assert_eq!(["o", "o2", "o3", "o4"].map(files), [0; 4]);
}

#[test]
fn layers_without_activation_are_remarked_on() {
    let dir = folder();
    let d = dir.path();
    let one = [&["--until", "1"], SHORT].concat();
    assert!(train(d, &[&["--out", "a"], &one[..]].concat()).stderr.is_empty());
    std::fs::write(d.join("net/network.toml"), NETWORK.replace("activation = \"relu4\"\n", "")).unwrap();
    let o = train(d, &[&["--out", "b"], &one[..]].concat());
    assert!(o.status.success() && String::from_utf8_lossy(&o.stderr).contains("no layer of `small` has an activation"));
}

#[test]
fn a_folder_with_a_run_is_not_overwritten() {
    let dir = folder();
    let d = dir.path();
    assert!(train(d, &[&["--out", "a", "--until", "1"], SHORT].concat()).status.success());
    assert!(!d.join("a/network.toml").exists(), "it is not finished");
    assert!(!d.join("a/quantised.safetensors").exists(), "nor is the phase on the grids begun");
    assert!(train(d, &[&["--out", "a", "--until", "3", "--resume"], SHORT].concat()).status.success());
    assert!(!d.join("a/quantised.safetensors").exists(), "the last float epoch is no more than that");
    refused(d, &[&["net", "--out", "a"], SHORT].concat(), 2, &["float.safetensors", "--resume"]);
    let other = ["net", "--out", "a", "--resume", "--seed", "9"];
    refused(d, &[&other, SHORT].concat(), 3, &["another `seed`", "value:   9", "float.safetensors"]);
    // Epochs judged on other images can not be compared.
    let judged: Vec<&str> = SHORT.iter().enumerate().map(|(k, a)| if k > 0 && SHORT[k - 1] == "--validation" { "9" } else { *a }).collect();
    refused(d, &[&["net", "--out", "a", "--resume"], &judged[..]].concat(), 3, &["another `validation images`", "float.safetensors"]);
    // What is refused costs nothing that was there.
    assert!(train(d, &[&["--out", "b"], SHORT].concat()).status.success());
    refused(d, &[&["net", "--out", "b", "--resume", "--features", "6", "--seed", "9"], SHORT].concat(), 3, &["another `seed`"]);
    assert!(d.join("b/quantised.safetensors").exists());
    // A phase on the grids alone, begun from other weights.
    std::fs::remove_file(d.join("b/float.safetensors")).unwrap();
    refused(d, &[&["net", "--out", "b"], SHORT].concat(), 2, &["quantised.safetensors", "--resume"]);
    std::fs::write(d.join("a/float.safetensors"), b"damaged").unwrap();
    refused(d, &[&["net", "--out", "a", "--resume"], SHORT].concat(), 3, &["cannot resume", "float.safetensors"]);
}
