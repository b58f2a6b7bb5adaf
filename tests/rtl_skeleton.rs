//! Simulator and RTL at difference 0: in cycles for every job, in bits for every byte of DRAM.
//!
//! Needs Verilator and g++; without them each test prints why it is skipped, unless `BICO_REQUIRE_RTL=1`.

mod common;
mod rtl_common;

use bico::accelerator::{Accelerator, IpConfig};
use bico::dram::Memory;
use bico::machine::FixedLatency;
use bico::model::builtin::builtin;
use bico::rtl::{Hostile, Model, Modelled};
use bico::units::Cycles;
use common::Numbers;
use rtl_common::network::{Limits, random_input, random_network};
use rtl_common::{Case, Knobs, board_memory, dense, tools};

const SMALL: Knobs = Knobs {
    lanes: 8,
    feature_bits: 9,
    weight_bits: 11,
    parallel_in: 4,
    parallel_out: 4,
    conv: false,
    tile: (4, 8),
    bank_words: 512,
    weight_rows: 256,
    queue_depth: 4,
    outstanding: 4,
};

/// Random networks on one accelerator: fixed latency and the DDR model (cycles and bits), the hostile memory (bits).
fn random_programs(acc: &Accelerator, model: &Model, limits: &Limits, seed: u64, count: usize) {
    let mut numbers = Numbers(seed);
    let (mut ran, mut empty) = (0, 0);
    while ran < count {
        let layers = 1 + numbers.below(5) as usize;
        let graph = random_network(&mut numbers, limits, layers);
        if let Err(e) = bico::plan::plan(&graph, acc) {
            assert!(matches!(e.kind(), bico::error::Kind::Unsupported | bico::error::Kind::DoesNotFit), "{e}");
            continue;
        }
        let case = Case::new(&graph, acc, &random_input(&graph, numbers.next()));
        if case.has_empty_job() {
            empty += 1;
            continue;
        }
        let latency = 1 + numbers.below(80);
        case.check(model, || FixedLatency::new(Cycles(latency)), 1);
        case.check(model, || Memory::new(&board_memory(), acc.clock).unwrap(), 2);
        case.check_bits(&case.rtl(model, &mut Hostile::new(numbers.next()), 1));
        ran += 1;
    }
    println!("{ran} programs, {empty} left out for a job without iterations");
}

#[test]
fn pointwise_only() {
    if !tools() {
        return;
    }
    let acc = dense(SMALL);
    let model = bico::rtl::verilate(&acc).unwrap();
    let network = builtin("tiny").unwrap().load(Default::default()).unwrap();
    for latency in [1, 7, 30, 200] {
        let case = Case::new(&network.graph, &acc, &random_input(&network.graph, latency));
        case.check(&model, || FixedLatency::new(Cycles(latency)), 1);
        case.check(&model, || Memory::new(&board_memory(), acc.clock).unwrap(), 2);
        case.check_bits(&case.rtl(&model, &mut Hostile::new(latency), 1));
    }
    // The comparison sees a memory that is one cycle slower.
    let case = Case::new(&network.graph, &acc, &random_input(&network.graph, 1));
    let slower = case.rtl(&model, &mut Modelled::new(FixedLatency::new(Cycles(31)), &acc), 1);
    assert_ne!(slower.interrupt_cycles[0], case.simulate(FixedLatency::new(Cycles(30)), 1)[0].end.0);
    let limits = Limits { lanes: 8, feature_bits: 9, weight_bits: 11, all_ops: false, conv: false };
    random_programs(&acc, &model, &limits, 1, 40);
}

#[test]
fn bundle_of_sixteen_bits() {
    if !tools() {
        return;
    }
    let acc = common::accelerator(common::Knobs { lanes: 8, parallel_in: 4, parallel_out: 2, weight_rows: 1024, ..common::DEFAULT_KNOBS });
    let model = bico::rtl::verilate(&acc).unwrap();
    let network = builtin("mobile_block").unwrap().load(Default::default()).unwrap();
    let case = Case::new(&network.graph, &acc, &random_input(&network.graph, 1));
    case.check(&model, || FixedLatency::new(Cycles(60)), 1);
    case.check(&model, || Memory::new(&board_memory(), acc.clock).unwrap(), 2);
    let limits = Limits { lanes: 8, feature_bits: 16, weight_bits: 16, all_ops: true, conv: true };
    random_programs(&acc, &model, &limits, 2, 40);
}

#[test]
fn narrow_bundle_with_short_queues() {
    if !tools() {
        return;
    }
    let mut acc = bico::accelerator::builtin("tiny").unwrap();
    (acc.feature_bits, acc.weight_bits, acc.queue_depth, acc.tile) = (4, 3, 2, (3, 5));
    (acc.load_port.outstanding_bursts, acc.store_port.outstanding_bursts) = (1, 1);
    let model = bico::rtl::verilate(&acc).unwrap();
    let limits = Limits { lanes: 4, feature_bits: 4, weight_bits: 3, all_ops: true, conv: true };
    random_programs(&acc, &model, &limits, 3, 40);
}

/// Random accelerators, each with random programs. Takes minutes: `cargo test --release --test rtl_skeleton -- --ignored`.
#[test]
#[ignore = "compiles many models"]
fn random_accelerators() {
    if !tools() {
        return;
    }
    let mut n = Numbers(4);
    for seed in 0..8 {
        let lanes = n.pick(&[4, 8, 16, 32]);
        let mut factor = || n.pick(&[1, 2, 4, 8].into_iter().filter(|&f| f <= lanes).collect::<Vec<_>>());
        let mut acc = common::accelerator(common::Knobs {
            lanes,
            parallel_in: factor(),
            parallel_out: factor(),
            tile: (5, 7),
            bank_words: 1024,
            weight_rows: 2048,
            queue_depth: 4,
            outstanding: 4,
        });
        let vector = factor();
        acc.vector = acc.vector.map(|ip| IpConfig { parallel_in: vector, parallel_out: vector, ..ip });
        acc.tile = (1 + n.below(8) as usize, 1 + n.below(8) as usize);
        acc.queue_depth = n.pick(&[2, 3, 5, 16]);
        (acc.feature_bits, acc.weight_bits) = (n.pick(&[2, 5, 8, 9, 12]), n.pick(&[1, 2, 4, 8, 11]));
        for port in [&mut acc.load_port, &mut acc.weights_port, &mut acc.store_port] {
            port.outstanding_bursts = n.pick(&[1, 2, 7, 16]);
        }
        let model = bico::rtl::verilate(&acc).unwrap();
        let limits = Limits { lanes, feature_bits: acc.feature_bits, weight_bits: acc.weight_bits, all_ops: true, conv: true };
        println!("lanes {lanes}, {} x {} bits, queues of {}", acc.feature_bits, acc.weight_bits, acc.queue_depth);
        random_programs(&acc, &model, &limits, seed, 60);
    }
}
