//! Simulated cycles a second of the simulator, with values and without, beside those of the Verilated RTL on the same frame, and the ratios.
//!
//! `cargo bench --bench rtl` (needs Verilator). One thread everywhere. Each round times all three in turn; medians over the rounds.

use bico::dram::Memory;
use bico::machine::{Executor, Machine};
use bico::rtl::{self, Case, Modelled, random};
use bico::units::Cycle;
use bico::{accelerator, board, model, plan};
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 5;

/// Seconds that `work` takes.
fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn pair(network: &str) {
    let network = model::builtin(network).expect("embedded").load(Default::default()).expect("loads");
    let acc = accelerator::load("pynq-z1-default").expect("embedded");
    let board = board::load("pynq-z1").expect("embedded");
    let memory = || Memory::new(&board.memory, acc.clock).expect("checked");
    let case = Case::new(&network.graph, &acc, random::input(&network.graph, 1)).expect("plans");
    let verilated = rtl::verilate(&acc).expect("compiles");
    let executor = Executor::new(&network.graph, &case.plan, &acc).expect("packs");
    let mut values = executor.values();
    let (mut cycles, mut times) = (0, [const { Vec::new() }; 3]);
    for _ in 0..ROUNDS {
        times[0].push(seconds(|| {
            let plan = plan::plan(&network.graph, &acc).expect("plans");
            let frame = Machine::new(&plan, &acc, memory()).frame(Cycle(0)).expect("runs");
            cycles = frame.end.0;
            black_box(executor.run(&case.image, &frame, &mut values).expect("runs"));
        }));
        times[1].push(seconds(|| {
            black_box(Machine::new(&case.plan, &acc, memory()).frame(Cycle(0)).expect("runs"));
        }));
        times[2].push(seconds(|| {
            black_box(case.rtl(&verilated, &mut Modelled::new(memory(), &acc), 1, &mut (), None).expect("runs"));
        }));
    }
    let [full, time, verilator] = times.map(|t| cycles as f64 / median(t));
    println!("{} on {}, {cycles} cycles, medians of {ROUNDS}:", network.name, acc.name);
    println!("  simulator, planned, timed, with values: {:>8.2} M cycles/s, {:>5.0} x Verilator", full / 1e6, full / verilator);
    println!("  simulator, time alone:                  {:>8.2} M cycles/s, {:>5.0} x Verilator", time / 1e6, time / verilator);
    println!("  Verilator:                              {:>8.2} M cycles/s", verilator / 1e6);
}

fn main() {
    if let Some(tool) = rtl::missing_tool() {
        println!("skipped: `{tool}` can not be run");
        return;
    }
    // `cargo test --benches` only wants to know that it starts.
    if std::env::args().any(|a| a == "--bench") {
        pair("uav-detector");
        pair("skynet_c");
    }
}
