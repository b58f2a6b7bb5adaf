//! From float to integers: folding, calibration, the float emulation of the grids, export, and the network that ships.

use bico::dataset::rng::Rng;
use bico::dataset::{Scene, Split, preprocess};
use bico::fixed::Format;
use bico::tensor::Shape;
use bico::train::data::Images;
use bico::train::evaluate::{self, mean};
use bico::train::export::Export;
use bico::train::import;
use bico::train::integer::IntNet;
use bico::train::net::{Mode, Net};
use bico::train::params::Params;
use bico::train::quantise::Grids;
use bico::train::spec::NetSpec;
use std::path::Path;

const INPUT: Shape = Shape::new(3, 16, 32);

fn noise(count: usize) -> Images {
    let mut rng = Rng::new(2);
    let pixels = (0..count).map(|_| (0..INPUT.len()).map(|_| rng.bits() as u8).collect()).collect();
    Images { shape: INPUT, pixels, targets: vec![Default::default(); count] }
}

/// A network with random weights and running statistics.
fn network() -> (NetSpec, Params) {
    let spec = NetSpec::bundles(INPUT, &[(8, true), (16, false)], vec![[0.1, 0.1], [0.3, 0.3]]);
    let mut params = Params::random(&spec, 4).unwrap();
    let mut rng = Rng::new(8);
    for running in &mut params.running {
        running.mean.iter_mut().for_each(|m| *m = rng.range(-0.3, 0.3));
        running.var.iter_mut().for_each(|v| *v = rng.range(0.3, 2.0));
    }
    (spec, params)
}

#[test]
fn folding_batch_norm_changes_nothing() {
    let (spec, params) = network();
    let images = noise(2);
    let (folded_spec, folded_params) = params.fold(&spec);
    let mut net = Net::new(spec, params, 2).unwrap();
    let mut folded = Net::new(folded_spec, folded_params, 2).unwrap();
    net.forward(2, Mode::Evaluate, |i, out| images.fill(i, out));
    folded.forward(2, Mode::Evaluate, |i, out| images.fill(i, out));
    for (a, b) in net.output(1).iter().zip(folded.output(1)) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

#[test]
fn float_emulation_of_the_grids_equals_the_integers() {
    let (spec, params) = network();
    let images = noise(2);
    let (spec, params) = params.fold(&spec);
    for (feature_bits, weight_bits) in [(9, 11), (8, 8), (4, 5)] {
        let mut net = Net::new(spec.clone(), params.clone(), 2).unwrap();
        let grids = Grids::calibrate(&mut net, feature_bits, weight_bits, 2, |i, out| images.fill(i, out));
        // Biases are exact only at the accumulator's grid: put them there, so that equality can be asked for.
        let mut input = 8;
        for k in 0..spec.stages.len() {
            let step = Format::signed(16, input + grids.weight[k].frac).step();
            net.params.stages[k].beta.iter_mut().for_each(|b| *b = (f64::from(*b) / step).round() as f32 * step as f32);
            input = grids.feature[k].frac;
        }
        let integers = IntNet::new(&spec, &net.params, &grids).unwrap();
        net.grids = Some(grids.clone());
        net.forward(2, Mode::Evaluate, |i, out| images.fill(i, out));
        for i in 0..2 {
            for (k, raw) in integers.run(&images.pixels[i]).iter().enumerate() {
                let step = grids.feature[k].step() as f32;
                let float: Vec<i32> = net.activations(i, k).iter().map(|v| (v / step) as i32).collect();
                assert_eq!(raw.data, float, "stage {k} at {feature_bits}/{weight_bits} bits");
                assert!(raw.data.iter().any(|&v| v != 0));
            }
        }
    }
}

#[test]
fn an_exported_network_reads_back() {
    let (spec, params) = network();
    let (spec, params) = params.fold(&spec);
    let grids = Grids { weight: vec![Format::signed(11, 8); 5], feature: vec![Format::signed(9, 6); 5] };
    let folder = tempfile::tempdir().unwrap();
    let provenance = [("command".to_string(), "say \"so\"".to_string())];
    let export = Export { name: "n", description: "a \"b\" \\", spec: &spec, params: &params, grids: &grids, provenance: &provenance };
    export.write(folder.path()).unwrap();
    let (read_spec, read_params, read_grids) = import::read(folder.path()).unwrap();
    assert_eq!((&read_spec, &read_params, &read_grids), (&spec, &params, &grids));
    let text = std::fs::read_to_string(folder.path().join("network.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    assert_eq!(table["provenance"]["command"].as_str(), Some("say \"so\""));
    assert_eq!(table["layer"].as_array().unwrap().len(), 6);
    let (spec, params) = network();
    assert!(Export { spec: &spec, params: &params, ..export }.write(folder.path()).is_err(), "batch norm was not folded");
    std::fs::write(folder.path().join("weights.safetensors"), b"no").unwrap();
    assert!(import::read(folder.path()).is_err());
}

#[test]
fn the_shipped_detector_keeps_its_score_in_integers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/networks/uav-detector");
    let (spec, params, grids) = import::read(&folder).unwrap();
    let images = Images::scenes(Split::Test, 60, spec.input);
    let integers = IntNet::new(&spec, &params, &grids).unwrap();
    let quantised = mean(&integers.ious(&images).unwrap());
    let mut net = Net::new(spec, params, 4).unwrap();
    let float = mean(&evaluate::ious(&mut net, &images, 4).unwrap());
    assert!(quantised > 0.56, "mean IoU {quantised}");
    assert!(quantised > float - 0.02, "float {float}, integers {quantised}");
}

#[test]
fn the_model_loader_and_the_trainer_compute_the_same_integers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/networks/uav-detector");
    let (spec, params, grids) = import::read(&folder).unwrap();
    let network = bico::model::load(&folder, Default::default()).unwrap();
    let scene = Scene::generate(Split::Test, 0);
    let input = preprocess(&scene.image, spec.input.w, spec.input.h);
    let reference = bico::model::reference::run(&network.graph, &input).unwrap();
    let pixels: Vec<u8> = input.data.iter().map(|&v| v as u8).collect();
    let own = IntNet::new(&spec, &params, &grids).unwrap().run(&pixels);
    for (stage, own) in spec.stages.iter().zip(&own) {
        let name = if stage.pool { format!("{}_pool", stage.name) } else { stage.name.clone() };
        let node = network.graph.nodes.iter().position(|n| n.name == name).unwrap();
        assert_eq!(&reference[node], own, "{name}");
    }
}
