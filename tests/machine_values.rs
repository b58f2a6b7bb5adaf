//! The machine gives the integers of the untiled reference, on any accelerator (contract, point 15).

mod common;

use bico::accelerator::Accelerator;
use bico::dataset::rng::Rng;
use bico::error::Kind;
use bico::machine::{Executor, FixedLatency, Machine};
use bico::model::builtin::builtin;
use bico::model::graph::{Graph, Op};
use bico::model::reference;
use bico::plan;
use bico::rtl::random::{self, Limits};
use bico::units::{Cycle, Cycles};
use common::{DEFAULT_KNOBS, Knobs, Numbers, accelerator, random_image};

fn check(graph: &Graph, acc: &Accelerator, latency: u64) -> u64 {
    let plan = plan::plan(graph, acc).unwrap();
    let mut machine = Machine::new(&plan, acc, FixedLatency::new(Cycles(latency)));
    let frame = machine.frame(Cycle(0)).unwrap();
    let executor = Executor::new(graph, &plan, acc).unwrap();
    let mut values = executor.values();
    let interpreter = Executor::new(graph, &plan, acc).unwrap().interpreted();
    for seed in 0..2 {
        let image = random_image(graph, seed);
        let golden = reference::run(graph, &image).unwrap();
        let found = executor.run(&image, &frame, &mut values).unwrap();
        assert!(found == interpreter.run(&image, &frame, &mut interpreter.values()).unwrap(), "kernels and descriptors agree");
        let banks = acc.banks.iter().zip(0..).map(|(bank, id)| values.words(id, bank.words / 2, 3).len());
        assert!(banks.eq(acc.banks.iter().map(|_| 3 * acc.lanes)), "three words of each bank");
        for group in &plan.groups {
            let id = group.output();
            assert!(executor.features(id, &values) == golden[id], "layer {} differs on {acc:?}", graph.nodes[id].name);
        }
    }
    frame.end.0
}

#[test]
fn builtin_networks_equal_the_reference() {
    for name in ["tiny", "mobile_block"] {
        let network = builtin(name).unwrap().load(Default::default()).unwrap();
        let cycles = check(&network.graph, &accelerator(DEFAULT_KNOBS), 30);
        assert!(cycles > 0);
    }
}

#[test]
fn any_accelerator_gives_the_same_integers() {
    let network = builtin("mobile_block").unwrap().load(Default::default()).unwrap();
    let mut numbers = Numbers(1);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..24 {
        let lanes = numbers.pick(&[4, 8, 16, 32]);
        let parallel_out = numbers.pick(&[2, 4]);
        let knobs = Knobs {
            lanes,
            parallel_in: numbers.pick(&[2, 4]),
            parallel_out,
            tile: (numbers.pick(&[1, 3, 8, 40]), numbers.pick(&[2, 5, 16, 40])),
            bank_words: numbers.pick(&[512, 2048, 8192]),
            weight_rows: numbers.pick(&[1024, 4096]),
            queue_depth: numbers.pick(&[2, 4, 8]),
            outstanding: numbers.pick(&[1, 2, 8]),
        };
        let acc = accelerator(knobs);
        match plan::plan(&network.graph, &acc) {
            Ok(_) => {
                seen.insert(check(&network.graph, &acc, numbers.pick(&[1, 20, 200])));
            }
            Err(e) => assert_eq!(e.kind(), Kind::Unsupported, "{e}"),
        }
    }
    assert!(seen.len() > 10, "accelerators of different speed were run: {seen:?}");
}

#[test]
fn the_network_has_what_the_test_is_about() {
    let graph = builtin("mobile_block").unwrap().load(Default::default()).unwrap().graph;
    assert!(graph.nodes.iter().any(|n| matches!(n.op, Op::Add { .. })));
    assert!(graph.nodes.iter().any(|n| graph.is_depthwise(n)));
}

#[test]
fn random_networks_on_random_accelerators_equal_the_reference() {
    let mut numbers = Numbers(7);
    let mut rng = Rng::new(7);
    let mut ops = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let lanes = numbers.pick(&[4, 8, 16]);
        let limits = Limits { feature_bits: 16, weight_bits: 16, all_ops: true, conv: true, large: false };
        let layers = 1 + numbers.below(6) as usize;
        let graph = random::network(&mut rng, &limits, layers);
        let acc = accelerator(Knobs {
            lanes,
            parallel_in: numbers.pick(&[2, 4]),
            parallel_out: numbers.pick(&[2, 4]),
            tile: (numbers.pick(&[1, 3, 8]), numbers.pick(&[2, 5, 16])),
            bank_words: numbers.pick(&[128, 512, 4096]),
            weight_rows: numbers.pick(&[128, 1024]),
            queue_depth: numbers.pick(&[2, 8]),
            outstanding: numbers.pick(&[1, 4]),
        });
        let plan = match plan::plan(&graph, &acc) {
            Ok(plan) => plan,
            Err(e) => {
                assert_eq!(e.kind(), Kind::Unsupported, "{e}");
                continue;
            }
        };
        let frame = Machine::new(&plan, &acc, FixedLatency::new(Cycles(9))).frame(Cycle(0)).unwrap();
        let image = random::input(&graph, numbers.next());
        let golden = reference::run(&graph, &image).unwrap();
        for interpreted in [false, true] {
            let executor = Executor::new(&graph, &plan, &acc).unwrap();
            let executor = if interpreted { executor.interpreted() } else { executor };
            let mut values = executor.values();
            executor.run(&image, &frame, &mut values).unwrap();
            for id in plan.groups.iter().map(|g| g.output()) {
                let what = &graph.nodes[id];
                assert!(executor.features(id, &values) == golden[id], "interpreted {interpreted}: {what:?} of {graph:#?}");
                ops.insert(format!("{:?}", std::mem::discriminant(&what.op)));
            }
        }
    }
    assert!(ops.len() >= 7, "only {} kinds of operations were run", ops.len());
}

/// An order in which a job runs before its operands are there is refused, whatever its values would be.
#[test]
fn an_order_that_breaks_the_program_is_refused() {
    let graph = builtin("mobile_block").unwrap().load(Default::default()).unwrap().graph;
    let acc = accelerator(DEFAULT_KNOBS);
    let plan = plan::plan(&graph, &acc).unwrap();
    let frame = Machine::new(&plan, &acc, FixedLatency::new(Cycles(9))).frame(Cycle(0)).unwrap();
    let executor = Executor::new(&graph, &plan, &acc).unwrap();
    executor.check_order(&frame).unwrap();
    let steps = frame.steps.len();
    let broken = (1..steps).filter(|&at| {
        let mut other = frame.clone();
        other.steps.swap(at - 1, at);
        executor.check_order(&other).is_err()
    });
    // Of neighbours in time, a job's end and the start that waited for it may not change places.
    let broken = broken.count();
    assert!(broken > plan.jobs.len() / 4, "{broken} of {steps}");
    let mut unfinished = frame;
    unfinished.steps.pop();
    assert!(executor.check_order(&unfinished).is_err());
}

/// Programs of the kind that `bico verify --builds` runs on the RTL, on the simulator alone: many more of them, in seconds.
#[test]
fn random_programs_on_random_accelerators_equal_the_reference() {
    let builds = std::env::var("BICO_BUILDS").map_or(200, |n| n.parse().expect("BICO_BUILDS is a number"));
    let mut ran = 0;
    for build in 0..builds {
        let mut rng = Rng::new(build);
        let acc = random::accelerator(&mut rng);
        for program in 0..10 {
            let limits = Limits { large: program == 9, ..Limits::of(&acc) };
            let layers = 1 + rng.below(5);
            let graph = random::network(&mut rng, &limits, layers);
            let plan = match plan::plan(&graph, &acc) {
                Ok(plan) => plan,
                Err(e) => {
                    assert_eq!(e.kind(), Kind::Unsupported, "{e}");
                    continue;
                }
            };
            ran += 1;
            let image = random::input(&graph, build ^ program);
            let golden = reference::run(&graph, &image).unwrap();
            let order = Machine::new(&plan, &acc, FixedLatency::new(Cycles(3))).frame(Cycle(0)).unwrap();
            let executor = Executor::new(&graph, &plan, &acc).unwrap();
            let mut values = executor.values();
            executor.run(&image, &order, &mut values).unwrap();
            for id in plan.groups.iter().map(|g| g.output()) {
                let layer = &graph.nodes[id].name;
                assert!(executor.features(id, &values) == golden[id], "build {build}, program {program}, layer {layer}: {graph:#?}");
            }
        }
    }
    assert!(ran > builds * 6, "{ran} programs of {builds} accelerators were run");
}
