//! Networks from ONNX files. What they compute is held against onnxruntime: `tests/onnx/make.py` made the files and ran them.

use bico::model::import::{self, Options, Scaling};
use bico::model::{LoadOptions, Network, load_text};
use bico::tensor::Tensor;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::path::{Path, PathBuf};

fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx").join(name)
}

fn options(scaling: Scaling) -> Options {
    Options { name: "imported".into(), scaling, ..Options::default() }
}

/// The network that a file becomes, and what was remarked on.
fn imported(path: &Path, options: &Options) -> (Network, Vec<String>) {
    let imported = import::read(path, options).unwrap();
    let bytes = |v: &[f32]| v.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let lists: Vec<_> = imported.weights.iter().map(|(name, shape, v)| (name.clone(), shape.clone(), bytes(v))).collect();
    let views = lists.iter().map(|(name, shape, bytes)| (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    let weights = safetensors::serialize(views, None).unwrap();
    (load_text(&imported.toml().unwrap(), Some(&weights), "imported", LoadOptions::default()).unwrap(), imported.remarks)
}

/// Pixels and output of a run of onnxruntime.
fn golden(path: &Path) -> [Vec<f32>; 2] {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    ["pixels", "output"].map(|name| {
        let data = file.tensor(name).unwrap().data().to_vec();
        data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    })
}

fn image(network: &Network, pixels: &[f32]) -> Tensor {
    let coding = network.float.pixels();
    Tensor { shape: network.graph.input().shape, data: pixels.iter().map(|&p| coding.raw(p as u8)).collect() }
}

/// Largest difference of the float network to onnxruntime, over the largest value.
fn difference(network: &Network, [pixels, wanted]: &[Vec<f32>; 2]) -> f32 {
    let output = network.float.run(&network.float.image(&image(network, pixels)), |_, _| ()).unwrap();
    assert_eq!(output.data.len(), wanted.len());
    let largest = wanted.iter().fold(0f32, |m, v| m.max(v.abs()));
    assert!(largest > 0.0);
    output.data.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest
}

#[test]
fn a_classifier_computes_what_onnxruntime_does() {
    let (network, remarks) = imported(&model("classifier.onnx"), &options(Scaling::Range([-1.0, 127.0 / 128.0])));
    let difference = difference(&network, &golden(&model("classifier.safetensors")));
    println!("{difference} {remarks:?}");
    assert!(difference < 1e-5, "{difference}");
}

#[test]
fn branches_compute_what_onnxruntime_does() {
    let (network, remarks) = imported(&model("detector.onnx"), &options(Scaling::default()));
    let difference = difference(&network, &golden(&model("detector.safetensors")));
    println!("{difference} {remarks:?}");
    assert!(difference < 1e-5, "{difference}");
}

#[test]
fn quantisers_of_powers_of_two_give_onnxruntimes_integers() {
    for name in ["qdq.onnx", "quant.onnx"] {
        // What 255 stands for here, so that a pixel is a whole number of steps.
        let (network, remarks) = imported(&model(name), &options(Scaling::Range([0.0, 255.0 / 256.0])));
        let [pixels, wanted] = golden(&model("qdq.safetensors"));
        let output = bico::model::reference::run(&network.graph, &image(&network, &pixels)).unwrap();
        let (last, node) = (output.last().unwrap(), network.graph.output());
        let values: Vec<f64> = last.data.iter().map(|&raw| node.format.value(raw - node.zero_point)).collect();
        println!("{name} {remarks:?}");
        assert_eq!(values, wanted.iter().map(|&v| f64::from(v)).collect::<Vec<_>>(), "{name}");
    }
}

/// From the file to cycles.
#[test]
fn what_is_imported_is_simulated() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("detector");
    let bico = |arguments: &[&str]| {
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_bico")).args(arguments).output().unwrap();
        (run.status.code().unwrap(), String::from_utf8(run.stdout).unwrap(), String::from_utf8(run.stderr).unwrap())
    };
    let (file, out) = (model("detector.onnx"), out.to_str().unwrap());
    let (code, text, remarks) = bico(&["import", file.to_str().unwrap(), "--out", out, "--range", "-0.5,1"]);
    assert_eq!(code, 0, "{remarks}");
    assert!(text.contains("image 3x16x24, result 10x8x12") && text.contains("dB on 8 images"), "{text}");
    assert!(remarks.contains("Left to the host, behind `head`: Transpose, Reshape."), "{remarks}");
    // Its concatenation ends on blocks of 8 channels.
    let (code, _, error) = bico(&["simulate", out]);
    assert!(code == 5 && error.contains("concatenation `both`"), "{error}");
    let accelerator = folder.path().join("detector.toml");
    let accelerator = accelerator.to_str().unwrap();
    assert_eq!(bico(&["design", out, "--out", accelerator, "--designs", "8"]).0, 0);
    let (code, text, error) = bico(&["simulate", out, "--accelerator", accelerator]);
    assert!(code == 0 && text.contains("detector (8/8 bits)"), "{text} {error}");

    let classifier = model("classifier.onnx");
    let remarks = bico(&["import", classifier.to_str().unwrap(), "--out", out, "--scale", "multiplier-per-channel"]).2;
    assert!(remarks.contains("Grouped convolutions have no unit of their own: `/net/grouped/Conv`"), "{remarks}");
    let (code, text, error) = bico(&["simulate", out]);
    assert!(code == 0 && text.contains("grouped.scale"), "{text} {error}");
    assert_eq!(bico(&["import", file.to_str().unwrap(), "--out", out, "--range", "1,0"]).0, 2);
    assert_eq!(bico(&["import", "Cargo.toml", "--out", out]).0, 3);
    assert_eq!(bico(&["import", file.to_str().unwrap(), "--out", out, "--mean", "0.5"]).0, 2);
}

/// Files that are cut short or changed are refused or read, but nothing panics.
#[test]
fn broken_files_do_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.onnx");
    let mut rng = bico::dataset::rng::Rng::new(1);
    let (mut read, mut refused) = (0, 0);
    for name in ["classifier.onnx", "detector.onnx", "qdq.onnx", "quant.onnx"] {
        let whole = std::fs::read(model(name)).unwrap();
        for k in 0..500 {
            let mut bytes = whole.clone();
            if k % 5 == 0 {
                bytes.truncate(rng.below(whole.len()));
            } else {
                (0..1 + k % 3).for_each(|_| bytes[rng.below(whole.len())] = rng.below(256) as u8);
            }
            std::fs::write(&path, bytes).unwrap();
            match import::read(&path, &options(Scaling::default())) {
                Ok(imported) => {
                    read += 1;
                    // What was read is a network, or says why not.
                    let _ = load_text(
                        &imported.toml().unwrap(),
                        None,
                        "imported",
                        LoadOptions { file: bico::model::WeightsFile::Optional, ..LoadOptions::default() },
                    );
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused");
}

/// For models that are not ours: `make.py FILE OUT [LOW HIGH [OUTPUT]]` runs one.
#[test]
#[ignore = "BICO_ONNX names FILE,OUT,LOW,HIGH[,OUTPUT] of tests/onnx/make.py"]
fn a_model_from_elsewhere_computes_what_onnxruntime_does() {
    let text = std::env::var("BICO_ONNX").unwrap();
    let parts: Vec<&str> = text.split(',').collect();
    let number = |k: usize| parts[k].parse::<f64>().unwrap();
    let output = parts.get(4).map(ToString::to_string);
    let (network, remarks) = imported(Path::new(parts[0]), &Options { output, ..options(Scaling::Range([number(2), number(3)])) });
    println!("{} of the largest value: {} {remarks:?}", difference(&network, &golden(Path::new(parts[1]))), parts[0]);
}
