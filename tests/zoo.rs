//! The networks and accelerators that ship: reconstructions against what was published, SkyNet's family against its sizes, ternary weights
//! against the multipliers they save.

mod common;

use bico::accelerator::{self, Accelerator};
use bico::board;
use bico::config::Override;
use bico::ip::cost;
use bico::model::graph::{Graph, Node, Op};
use bico::model::{Network, builtin, reference};
use bico::record::RunRecord;
use bico::simulate::{Execution, Options, Sample, Simulation};
use common::random_image;

/// What the papers say of a design on the Pynq-Z1 (DAC 2019, arXiv 1904.04421; arXiv 1905.08369).
struct Published {
    /// Name of the network and of the accelerator.
    name: &'static str,
    /// Latency in ms at each of [`CLOCKS_MHZ`].
    latency_ms: [f64; 2],
    /// Shares of the board, %.
    dsp: f64,
    bram: f64,
    lut: f64,
    /// Bits of features.
    feature_bits: u8,
    /// Where the activation ends.
    clip: Option<f64>,
    /// The host time that makes the board file's 7.1 ms the design's.
    host_load_ms: f64,
    /// Ours over published: ms at either clock, DSP, block RAM.
    ratios: [&'static str; 4],
}

const CLOCKS_MHZ: [f64; 2] = [100.0, 150.0];
/// A reconstruction is as close as this to what was published (relative).
const TOLERANCE: f64 = 0.15;

const PUBLISHED: [Published; 3] = [
    Published {
        name: "dnn1",
        latency_ms: [80.0, 57.4],
        dsp: 91.8,
        bram: 96.1,
        lut: 82.5,
        feature_bits: 16,
        clip: None,
        host_load_ms: 9.1,
        // Deviation 17: fewer DSPs.
        ratios: ["1.00", "1.00", "0.91", "0.98"],
    },
    Published {
        name: "dnn2",
        latency_ms: [62.6, 44.1],
        dsp: 84.6,
        bram: 77.9,
        lut: 76.4,
        feature_bits: 8,
        clip: Some(4.0),
        host_load_ms: 4.0,
        ratios: ["0.98", "0.98", "0.99", "1.03"],
    },
    Published {
        name: "dnn3",
        latency_ms: [47.8, 33.7],
        dsp: 78.2,
        bram: 76.1,
        lut: 70.1,
        feature_bits: 8,
        clip: Some(4.0),
        host_load_ms: 2.4,
        ratios: ["1.00", "1.00", "1.02", "0.98"],
    },
];

fn network(name: &str) -> Network {
    builtin(name).unwrap().load(Default::default()).unwrap()
}

fn settings(texts: &[String]) -> Vec<Override> {
    texts.iter().map(|t| Override::parse(t).unwrap()).collect()
}

fn shipped(name: &str, set: &[String]) -> Accelerator {
    accelerator::open(name, &settings(set)).unwrap().check().unwrap()
}

/// Times one frame, without values. A design that does not fit is refused.
fn timed(design: &Published, clock_mhz: f64) -> RunRecord {
    let network = network(design.name);
    let acc = shipped(design.name, &[format!("clock_mhz={clock_mhz:.1}")]);
    let board = board::open("pynq-z1", &settings(&[format!("host.load_ms={:.1}", design.host_load_ms)])).unwrap().check().unwrap();
    let options = Options { frames: 1, jobs: false, ..Options::default() };
    Simulation::new(&network, &acc, &board, options).unwrap().record(&[], &Execution::default(), options).unwrap()
}

/// The share of the board that a design uses, %.
fn share(used: u64, budget: u64) -> f64 {
    100.0 * used as f64 / budget as f64
}

fn assert_close(what: &str, ours: f64, published: f64) {
    let off = ours / published - 1.0;
    assert!(off.abs() <= TOLERANCE, "{what}: {ours:.1} for {published:.1}, off by {:.1} %", 100.0 * off);
}

/// Milliseconds that do not scale with the clock, from latencies at both clocks: t = a / f + b.
fn fixed_ms(latency_ms: [f64; 2]) -> f64 {
    let [low, high] = CLOCKS_MHZ;
    (latency_ms[1] * high - latency_ms[0] * low) / (high - low)
}

#[test]
fn reconstructions_take_the_published_time_and_resources() {
    for design in &PUBLISHED {
        let name = design.name;
        let records = CLOCKS_MHZ.map(|mhz| timed(design, mhz));
        for ((record, published), mhz) in records.iter().zip(design.latency_ms).zip(CLOCKS_MHZ) {
            assert_close(&format!("ms of {name} at {mhz} MHz"), record.performance.latency_ms, published);
        }
        let latency_ms = [0, 1].map(|k| records[k].performance.latency_ms);
        assert_close(&format!("ms of {name} beside the fabric clock"), fixed_ms(latency_ms), fixed_ms(design.latency_ms));
        let resources = &records[0].resources;
        let (dsp, bram) = (share(resources.total.dsp, resources.budget.dsp), share(resources.total.bram18, resources.budget.bram18));
        assert_close(&format!("DSP of {name}"), dsp, design.dsp);
        assert_close(&format!("block RAM of {name}"), bram, design.bram);
        // And as close as the table in RESULTS says.
        let ratios = [latency_ms[0] / design.latency_ms[0], latency_ms[1] / design.latency_ms[1], dsp / design.dsp, bram / design.bram];
        assert_eq!(ratios.map(|r| format!("{r:.2}")), design.ratios, "{name}");
    }
}

/// Deviation 12: nothing was fitted to look-up tables.
#[test]
fn reconstructions_of_8_bits_take_fewer_look_up_tables_than_published() {
    let board = board::builtin("pynq-z1").unwrap();
    let less = PUBLISHED.map(|design| 1.0 - share(cost::total(&shipped(design.name, &[]), &board).lut, board.budget.lut) / design.lut);
    for (less, expected) in less.into_iter().zip([0.04, 0.17, 0.20]) {
        assert!((less - expected).abs() < 0.01, "{less}");
    }
}

fn kernel(node: &Node) -> Option<((usize, usize), bool)> {
    match &node.op {
        Op::Conv { window, groups } => Some((window.kernel, *groups > 1)),
        _ => None,
    }
}

#[test]
fn reconstructions_are_made_of_the_published_bundle() {
    for design in &PUBLISHED {
        let graph = network(design.name).graph;
        assert_eq!((graph.input().shape.w, graph.input().shape.h), (320, 160));
        let convolutions: Vec<&Node> = graph.nodes.iter().filter(|n| kernel(n).is_some()).collect();
        let (head, bundles) = convolutions.split_last().unwrap();
        assert_eq!(kernel(head), Some(((1, 1), false)));
        for bundle in bundles.chunks(2) {
            let kernels: Vec<_> = bundle.iter().map(|n| kernel(n).unwrap()).collect();
            assert_eq!(kernels, [((3, 3), true), ((1, 1), false)], "depthwise, then pointwise");
            for node in bundle {
                assert_eq!(node.format.bits, design.feature_bits, "{}", node.name);
                let requantise = node.requantise.as_ref().unwrap();
                let clip = design.clip.map(|end| ((end / node.format.value(1)) as i32).min(node.format.max()));
                assert!(requantise.relu && requantise.clip == clip, "{}: {requantise:?}", node.name);
            }
        }
    }
}

fn parameters(graph: &Graph) -> usize {
    graph.nodes.iter().filter_map(|n| n.weights.as_ref()).map(|w| w.data.len()).sum()
}

/// Sizes of the paper (32-bit floats, MB): they contain the batch norms that are folded here, four values a channel.
#[test]
fn the_skynet_family_has_the_sizes_of_the_paper() {
    for (name, megabytes, output) in [("skynet_a", 1.27, 512), ("skynet_b", 1.57, 48), ("skynet_c", 1.82, 96)] {
        let graph = network(name).graph;
        let normed = graph.nodes.iter().filter(|n| n.weights.is_some() && n.requantise.as_ref().is_some_and(|r| r.relu));
        let norms: usize = normed.map(|n| 4 * n.shape.c).sum();
        let ours = 4e-6 * (parameters(&graph) + norms) as f64;
        assert!((ours / megabytes - 1.0).abs() < 0.02, "{name}: {ours:.3} MB for {megabytes}");
        let head = graph.nodes.last().unwrap();
        assert_eq!((head.shape.c, graph.nodes[head.inputs[0]].shape.c), (10, output), "{name}");
        assert_eq!(graph.nodes.iter().any(|n| matches!(n.op, Op::Concat)), name != "skynet_a", "{name}: the bypass");
    }
}

#[test]
fn ternary_weights_take_no_multipliers() {
    let board = board::builtin("pynq-z1").unwrap();
    let (ternary, wide) = (shipped("ternary", &[]), shipped("ternary", &["weight_bits=8".into()]));
    let taken = [&ternary, &wide].map(|acc| cost::total(acc, &board));
    // A multiplier for each lane of `depthwise` and for each of the 16 x 16 products of `pointwise`; the others requantise.
    assert_eq!(taken[1].dsp - taken[0].dsp, 16 + 16 * 16);
    cost::check_fits(&ternary, &board).unwrap();
    let refusal = cost::check_fits(&wide, &board).unwrap_err().to_string();
    assert!(refusal.contains("DSP") && !refusal.contains("LUT ("), "the DSPs are what is short: {refusal}");
}

/// The first and the last layer too: products and weight memories of an accelerator have one width.
#[test]
fn the_ternary_network_is_ternary_in_every_layer_and_runs_as_the_reference_does() {
    let (network, acc, board) = (network("uav-ternary"), shipped("ternary", &[]), board::builtin("pynq-z1").unwrap());
    for node in network.graph.nodes.iter().filter(|n| n.weights.is_some()) {
        let weights = node.weights.as_ref().unwrap();
        assert!(weights.format.bits == 2 && weights.format.narrow, "{}: {:?}", node.name, weights.format);
        let used = (-1..=1).filter(|v| weights.data.contains(v)).count();
        assert!(used == 3 && weights.data.iter().all(|w| (-1..=1).contains(w)), "{}", node.name);
    }
    let image = random_image(&network.graph, 5);
    let golden = reference::run(&network.graph, &image).unwrap().pop().unwrap();
    let distinct: std::collections::BTreeSet<i32> = golden.data.iter().copied().collect();
    assert!(distinct.len() > 5, "a dead network tests nothing");
    let simulation = Simulation::new(&network, &acc, &board, Options { frames: 1, ..Options::default() }).unwrap();
    let sample = Sample { name: "noise".into(), image, truth: None };
    let execution = simulation.execute(&[sample], || ()).unwrap();
    assert!(execution.outputs[0] == golden);
}
