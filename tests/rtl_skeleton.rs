//! The walking skeleton: simulator and RTL at difference 0 in cycles for every job and in bits for every byte of DRAM.

mod common;
mod rtl_common;

use bico::machine::FixedLatency;
use bico::model::builtin::builtin;
use bico::units::Cycles;
use common::random_image;
use rtl_common::{Case, Knobs, dense, tools};

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

#[test]
fn tiny_network_on_fixed_latency() {
    if !tools() {
        return;
    }
    let network = builtin("tiny").unwrap().load(Default::default()).unwrap();
    let acc = dense(SMALL);
    let model = bico::rtl::verilate(&acc).unwrap();
    for latency in [1, 7, 30, 200] {
        let case = Case::new(&network.graph, &acc, &random_image(&network.graph, latency));
        case.check(&model, || FixedLatency::new(Cycles(latency)));
    }
}

#[test]
fn whole_bundle_on_fixed_latency() {
    if !tools() {
        return;
    }
    let network = builtin("mobile_block").unwrap().load(Default::default()).unwrap();
    let acc = common::accelerator(common::Knobs { lanes: 8, parallel_in: 4, parallel_out: 4, weight_rows: 1024, ..common::DEFAULT_KNOBS });
    let model = bico::rtl::verilate(&acc).unwrap();
    for latency in [3, 60] {
        let case = Case::new(&network.graph, &acc, &random_image(&network.graph, latency));
        case.check(&model, || FixedLatency::new(Cycles(latency)));
    }
}
