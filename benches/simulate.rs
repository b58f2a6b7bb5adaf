//! How fast the simulator is: frames timed a second (and so simulated cycles and bursts a second), and frames of the whole execution a second.
//!
//! `cargo bench --bench simulate`. One thread everywhere; quote ratios from one run.

use bico::dram::Memory;
use bico::machine::{Executor, Machine};
use bico::model::{self, LoadOptions};
use bico::tensor::Tensor;
use bico::units::Cycle;
use bico::{accelerator, board, plan};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn design(c: &mut Criterion, network: &str, features: u8, weights: u8) {
    let options = LoadOptions { feature_bits: Some(features), weight_bits: Some(weights), ..Default::default() };
    let network = model::builtin(network).expect("embedded").load(options).expect("loads");
    let acc = accelerator::load("pynq-z1-default").expect("embedded");
    let board = board::load("pynq-z1").expect("embedded");
    let plan = plan::plan(&network.graph, &acc).expect("plans");
    let memory = || Memory::new(&board.memory, acc.clock).expect("checked");
    let mut machine = Machine::new(&plan, &acc, memory());
    let frame = machine.frame(Cycle(0)).expect("runs");
    let bursts: u64 = machine.memory().stats().ports.iter().map(|p| p.read_bursts + p.write_bursts).sum();
    let name = format!("{}_{features}x{weights}", network.name);

    let mut group = c.benchmark_group(&name);
    group.sample_size(10);
    group.bench_function("plan", |b| b.iter(|| plan::plan(&network.graph, &acc).expect("plans")));
    for (what, count) in [("time, in cycles", frame.end.0), ("time, in bursts", bursts)] {
        group.throughput(Throughput::Elements(count));
        group.bench_function(what, |b| b.iter(|| Machine::new(&plan, &acc, memory()).frame(Cycle(0)).expect("runs")));
    }
    let executor = Executor::new(&network.graph, &plan, &acc).expect("packs");
    let mut values = executor.values();
    let image = Tensor::zeros(network.graph.input().shape);
    group.throughput(Throughput::Elements(1));
    group.bench_function("values, in frames", |b| b.iter(|| executor.run(&image, &frame, &mut values).expect("runs")));
    group.finish();
}

fn all(c: &mut Criterion) {
    design(c, "skynet_c", 9, 11);
    design(c, "skynet_c", 8, 8);
    design(c, "uav-detector", 9, 11);
}

criterion_group!(benches, all);
criterion_main!(benches);
