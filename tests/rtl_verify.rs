//! Simulator and RTL at difference 0: in the cycles of every job, in every word on chip, in every byte of DRAM; and the
//! comparison is shown to fail: on a slower memory, and on faults planted in the RTL.
//!
//! Needs Verilator and g++; without them each test prints why it is skipped, unless `BICO_REQUIRE_RTL=1`.

mod common;

use bico::accelerator::{Accelerator, builtin as accelerator};
use bico::dataset::rng::Rng;
use bico::machine::FixedLatency;
use bico::model::builtin::builtin;
use bico::rtl::random::{self, Limits};
use bico::rtl::verify::{Answers, trace, verify};
use bico::rtl::{self, Case, Model, Modelled, Trace};
use bico::units::Cycles;
use common::tools;
use std::process::Command;

fn ddr() -> Answers {
    Answers::Ddr(Box::new(bico::board::builtin("pynq-z1").unwrap().memory))
}

#[track_caller]
fn equal(case: &Case, model: &Model, answers: &Answers, frames: u32) {
    let found = verify(case, model, answers, frames).unwrap();
    assert!(found.is_equal(), "{}", found.first.unwrap().describe(case));
    assert!(found.jobs > 0 && found.words > 0 && found.dram_bytes > 0);
}

/// Random networks on one accelerator: fixed latency and the DDR model (cycles and bits), the hostile memory (bits).
fn random_programs(acc: &Accelerator, model: &Model, seed: u64, count: usize) {
    let mut rng = Rng::new(seed);
    let mut ran = 0;
    while ran < count {
        let layers = 1 + rng.below(5);
        let graph = random::network(&mut rng, &Limits::of(acc), layers);
        if let Err(e) = bico::plan::plan(&graph, acc) {
            assert!(matches!(e.kind(), bico::error::Kind::Unsupported | bico::error::Kind::DoesNotFit), "{e}");
            continue;
        }
        let case = Case::new(&graph, acc, random::input(&graph, rng.bits())).unwrap();
        equal(&case, model, &Answers::Fixed(Cycles(1 + rng.below(80) as u64)), 1);
        equal(&case, model, &ddr(), 2);
        let hostile = verify(&case, model, &Answers::Hostile(rng.bits()), 1).unwrap();
        assert!(hostile.is_equal(), "{}", hostile.first.unwrap().describe(&case));
        ran += 1;
    }
}

#[test]
fn dense_layers_only() {
    if !tools() {
        return;
    }
    let mut acc = common::accelerator(common::Knobs { lanes: 8, parallel_in: 4, parallel_out: 4, tile: (4, 8), ..common::DEFAULT_KNOBS });
    (acc.depthwise, acc.vector, acc.conv) = (None, None, None);
    for bank in &mut acc.banks {
        bank.writers.retain(|&u| !u.is_compute() || u == bico::plan::Unit::Pointwise);
        bank.readers.retain(|&u| !u.is_compute() || u == bico::plan::Unit::Pointwise);
    }
    (acc.feature_bits, acc.weight_bits) = (9, 11);
    let model = rtl::verilate(&acc).unwrap();
    let network = builtin("tiny").unwrap().load(Default::default()).unwrap();
    for latency in [1, 7, 30, 200] {
        let case = Case::new(&network.graph, &acc, random::input(&network.graph, latency)).unwrap();
        equal(&case, &model, &Answers::Fixed(Cycles(latency)), 1);
        equal(&case, &model, &ddr(), 2);
    }
    // The comparison sees a memory that is one cycle slower.
    let case = Case::new(&network.graph, &acc, random::input(&network.graph, 1)).unwrap();
    let end = |latency| {
        let mut slower = Modelled::new(FixedLatency::new(Cycles(latency)), &acc);
        case.rtl(&model, &mut slower, 1, &mut (), None).unwrap().interrupt_cycles[0]
    };
    assert_ne!(end(30), end(31));
    random_programs(&acc, &model, 1, 30);
}

#[test]
fn bundle_of_sixteen_bits() {
    if !tools() {
        return;
    }
    let acc = common::accelerator(common::Knobs { lanes: 8, parallel_in: 4, parallel_out: 2, weight_rows: 1024, ..common::DEFAULT_KNOBS });
    let model = rtl::verilate(&acc).unwrap();
    let network = builtin("mobile_block").unwrap().load(Default::default()).unwrap();
    let case = Case::new(&network.graph, &acc, random::input(&network.graph, 1)).unwrap();
    equal(&case, &model, &Answers::Fixed(Cycles(60)), 1);
    equal(&case, &model, &ddr(), 2);
    random_programs(&acc, &model, 2, 30);
}

#[test]
fn narrow_bundle_with_short_queues() {
    if !tools() {
        return;
    }
    let mut acc = accelerator("tiny").unwrap();
    (acc.feature_bits, acc.weight_bits, acc.queue_depth, acc.tile) = (4, 3, 2, (3, 5));
    (acc.load_port.outstanding_bursts, acc.store_port.outstanding_bursts) = (1, 1);
    let model = rtl::verilate(&acc).unwrap();
    random_programs(&acc, &model, 3, 30);
}

/// `bico verify`, as a user runs it.
fn bico(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_bico")).arg("verify").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The golden pairs, the shipped default among them, over a whole frame: in as many cycles as their golden runs.
#[test]
fn golden_pairs_over_a_whole_frame() {
    if !tools() {
        return;
    }
    for (network, acc) in
        [("uav-detector", "pynq-z1-default"), ("uav-fast", "uav-fast"), ("skynet_c", "pynq-z1-default"), ("mobile_block", "wide")]
    {
        let path = format!("{}/traces/{network}.json", env!("CARGO_MANIFEST_DIR"));
        let golden = bico::golden::read(std::path::Path::new(&path)).unwrap();
        assert_eq!((golden.network.as_str(), golden.accelerator.as_str()), (network, acc));
        let cycles = golden.expected.unwrap().frame_cycles[0];
        let said = bico(&[network, "--accelerator", acc]);
        println!("{said}");
        assert!(said.starts_with(&format!("{network} on {acc}: 1 frame, {cycles} cycles: ")), "{said}");
        assert!(said.contains(": no difference"), "{said}");
    }
}

/// Twenty random accelerators with ten random programs each, others than those of `traces/verification.csv`, which together must meet every condition there is.
#[test]
fn twenty_builds_with_ten_programs_each() {
    if tools() {
        let said = bico(&["--seed", "2", "--builds", "20", "--random", "10", "--every-condition"]);
        println!("{said}");
        assert!(said.contains("20 builds with 10 random programs each") && said.contains(": no difference"), "{said}");
    }
}

/// A waveform holds the nets of the whole machine, over the cycles that were asked for.
#[test]
fn a_waveform_is_cut_around_a_cycle() {
    if !tools() {
        return;
    }
    let acc = accelerator("tiny").unwrap();
    let options = bico::model::LoadOptions { feature_bits: Some(8), weight_bits: Some(8), ..Default::default() };
    let network = builtin("tiny").unwrap().load(options).unwrap();
    let case = Case::new(&network.graph, &acc, random::input(&network.graph, 1)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cut = Trace { path: folder.path().join("cut.vcd"), from_cycle: 300, to_cycle: 349 };
    trace(&case, &Answers::Fixed(Cycles(9)), 1, &cut).unwrap();
    let vcd = std::fs::read_to_string(&cut.path).unwrap();
    assert_eq!(vcd.lines().filter(|l| l.starts_with('#')).count(), 2 * 50, "two times a cycle");
    for net in ["clk", "arvalid", "write_data", "in_flight"] {
        assert!(vcd.lines().any(|l| l.contains("$var") && l.split_whitespace().any(|w| w == net)), "no net `{net}`");
    }
}

/// One fault: file, what stands there, what is put instead.
type Fault = (&'static str, &'static str, &'static str);

/// Mistakes of the kind that people make, one in each part of the machine.
const FAULTS: [Fault; 10] = [
    // A token that is never taken.
    ("bico_tokens.sv", "count + 8'(up) - 8'(down)", "count + 8'(up)"),
    // A queue with one place less.
    ("bico_front.sv", "level == (INDEX_BITS + 1)'(DEPTH)", "level == (INDEX_BITS + 1)'(DEPTH - 1)"),
    // Bursts that cross boundaries.
    ("bico_bursts.sv", "5'd16 - {1'b0, address[6:3]}", "5'd16"),
    // One burst too many in flight.
    ("bico_read_dma.sv", "in_flight < 5'(OUTSTANDING)", "in_flight <= 5'(OUTSTANDING)"),
    // Done before the last response.
    ("bico_store.sv", "active && !burst_valid && in_flight == '0", "active && !burst_valid"),
    // Sums that begin anew with each sub-block.
    ("bico_walker.sv", "&& (!BLOCK_INNER || block == '0)", ""),
    // Ties to infinity that go down.
    ("bico_requantise.sv", "RND_INF: round_up = guard && (sticky || !negative)", "RND_INF: round_up = guard && sticky"),
    // A maximum that forgets what it had after a tap in the padding.
    ("bico_accumulate.sv", "empty <= skip_s && (first_s || empty)", "empty <= skip_s"),
    // A slot of fetch's buffer that is never used.
    ("bico_fetch.sv", "reserved <= 3'd2", "reserved <= 3'd1"),
    // No sign extension.
    ("bico_unpack.sv", "{(16 - C) {is_signed && beat[OFFSET+C-1]}}", "{(16 - C) {1'b0}}"),
];

/// Whether a model differs from the simulator, or breaks the contract, on any of some random programs.
fn is_caught(acc: &Accelerator, model: &Model) -> bool {
    let mut rng = Rng::new(5);
    (0..60).any(|_| {
        let layers = 1 + rng.below(5);
        let graph = random::network(&mut rng, &Limits::of(acc), layers);
        let seed = rng.bits();
        if bico::plan::plan(&graph, acc).is_err() {
            return false;
        }
        let case = Case::new(&graph, acc, random::input(&graph, seed)).unwrap();
        verify(&case, model, &ddr(), 1).map_or(true, |found| !found.is_equal())
    })
}

#[test]
fn planted_faults_are_caught() {
    if !tools() {
        return;
    }
    let mut acc = accelerator("tiny").unwrap();
    (acc.feature_bits, acc.weight_bits, acc.queue_depth, acc.tile) = (5, 4, 2, (3, 5));
    assert!(!is_caught(&acc, &rtl::verilate(&acc).unwrap()), "without a fault there is nothing to catch");
    for (file, right, wrong) in FAULTS {
        let mut planted = 0;
        let sources: Vec<(&str, String)> = rtl::SOURCES
            .iter()
            .map(|(name, text)| {
                planted += if *name == file { text.matches(right).count() } else { 0 };
                (*name, if *name == file { text.replacen(right, wrong, 1) } else { text.to_string() })
            })
            .collect();
        assert!(planted > 0, "{file} no longer has `{right}`");
        let sources: Vec<(&str, &str)> = sources.iter().map(|(n, t)| (*n, t.as_str())).collect();
        let model = rtl::verilate_sources(&acc, &sources).unwrap();
        assert!(is_caught(&acc, &model), "not caught: `{wrong}` instead of `{right}` in {file}");
        println!("caught: `{wrong}` instead of `{right}` in {file}");
    }
}
