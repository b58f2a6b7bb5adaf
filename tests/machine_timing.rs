//! The timed run against the contract, written out: every job starts in the first cycle in which it may, and not one earlier.

mod common;

use bico::machine::{Executor, FixedLatency, Machine, TimedFrame};
use bico::model::builtin::builtin;
use bico::model::graph::Graph;
use bico::model::reference;
use bico::plan::{self, ComputeOp, Plan, Task, Transfer, Unit};
use bico::units::{Cycle, Cycles};
use common::{DEFAULT_KNOBS, Knobs, accelerator, random_image};

const LATENCY: u64 = 37;

fn network(name: &str) -> Graph {
    builtin(name).unwrap().load(Default::default()).unwrap().graph
}

fn timed(plan: &Plan, knobs: Knobs) -> TimedFrame {
    Machine::new(plan, &accelerator(knobs), FixedLatency::new(Cycles(LATENCY))).frame(Cycle(0)).unwrap()
}

/// For each job: the ends of the jobs whose tokens it pops. The k-th push of a pair of units matches its k-th pop.
fn producers(plan: &Plan) -> Vec<Vec<usize>> {
    let mut pushes: Vec<Vec<usize>> = vec![Vec::new(); 64];
    for (k, d) in plan.jobs.iter().enumerate() {
        for to in (0..8).filter(|to| d.job.push & (1 << to) != 0) {
            pushes[d.job.unit.index() * 8 + to].push(k);
        }
    }
    let mut used = [0; 64];
    let pops = plan.jobs.iter().map(|d| {
        let from_units = (0..8).filter(|from| d.job.pop & (1 << from) != 0);
        from_units
            .map(|from| {
                let pair = from * 8 + d.job.unit.index();
                used[pair] += 1;
                pushes[pair][used[pair] - 1]
            })
            .collect()
    });
    pops.collect()
}

#[test]
fn a_job_issues_in_the_first_cycle_in_which_queue_unit_and_tokens_allow_it() {
    for name in ["tiny", "mobile_block"] {
        let graph = network(name);
        for knobs in [DEFAULT_KNOBS, Knobs { queue_depth: 2, tile: (4, 8), ..DEFAULT_KNOBS }] {
            let plan = plan::plan(&graph, &accelerator(knobs)).unwrap();
            let frame = timed(&plan, knobs);
            let mut idle_from = [0u64; 8];
            let mut waited = 0;
            for (k, (draft, popped)) in plan.jobs.iter().zip(producers(&plan)).enumerate() {
                let unit = draft.job.unit;
                if unit == Unit::Fetch {
                    continue;
                }
                let time = frame.jobs[k];
                let tokens = popped.iter().map(|&p| frame.jobs[p].end.0 + 1).max().unwrap_or(0);
                let ready = tokens.max(time.queued.0).max(idle_from[unit.index()]);
                assert_eq!(time.start.0, ready, "job {k} of {name}: not ready in {}, ready in {ready}", ready - 1);
                let otherwise = time.queued.0.max(idle_from[unit.index()]);
                assert_eq!(time.waited_for.is_some(), tokens > otherwise, "job {k} of {name}");
                waited += u32::from(tokens == ready);
                idle_from[unit.index()] = time.end.0 + 1;
            }
            assert!(waited > 3, "tokens were waited for");
        }
    }
}

#[test]
fn a_compute_job_takes_its_iterations_and_the_depth_of_its_pipeline() {
    let (graph, acc) = (network("mobile_block"), accelerator(DEFAULT_KNOBS));
    let plan = plan::plan(&graph, &acc).unwrap();
    let frame = timed(&plan, DEFAULT_KNOBS);
    let mut seen = std::collections::BTreeSet::new();
    for (draft, time) in plan.jobs.iter().zip(&frame.jobs) {
        let Task::Compute(c) = &draft.job.task else { continue };
        let pixels = u64::from(c.rows) * u64::from(c.cols);
        let taps = if c.op == ComputeOp::Add { 2 } else { u64::from(c.kernel.0) * u64::from(c.kernel.1) };
        // 16 lanes; 8 outputs at once everywhere but in `vector` (16); adder trees over 16 inputs have 4 levels.
        let (groups, depth) = match draft.job.unit {
            Unit::Depthwise => (2, 10),
            Unit::Pointwise | Unit::Conv => (2, 14),
            Unit::Vector => (1, 10),
            other => panic!("{other} does not compute"),
        };
        assert_eq!(time.end.0 - time.start.0, pixels * groups * taps * u64::from(c.blocks) + depth);
        seen.insert((draft.job.unit, c.op));
    }
    assert!(seen.len() >= 5, "all IPs ran: {seen:?}");
}

/// Beats of each burst of a transfer.
fn bursts(t: &Transfer) -> Vec<u64> {
    let mut all = Vec::new();
    for start in t.run_starts() {
        let (mut at, end) = (start / 8, start / 8 + u64::from(t.run_beats));
        while at < end {
            let next = end.min((at / 16 + 1) * 16);
            all.push(next - at);
            at = next;
        }
    }
    all
}

/// Reads issued in `start`: one decision a cycle while fewer than `outstanding` bursts are under way, the next one a cycle after the last beat of the oldest was seen;
/// the beats of all share one bus.
fn read(start: u64, bursts: &[u64], outstanding: usize) -> u64 {
    let (mut decided, mut last_beats) = (start, Vec::new());
    for (k, beats) in bursts.iter().enumerate() {
        let room = k.checked_sub(outstanding).map_or(0, |oldest| last_beats[oldest] + 1);
        decided = (decided + 1).max(room);
        let accepted = decided + 1;
        let free = last_beats.last().map_or(0, |last| last + 1);
        last_beats.push((accepted + LATENCY).max(free) + beats - 1);
    }
    last_beats.last().map_or(start, |last| last + 2)
}

/// One write in flight: beats follow the address, the response comes `LATENCY` after the last beat.
fn write_one_at_a_time(start: u64, bursts: &[u64]) -> u64 {
    let mut begin = start + 3;
    let mut response = 0;
    for beats in bursts {
        response = begin + beats - 1 + LATENCY;
        begin = response + 1;
    }
    response + 1
}

#[test]
fn transfers_take_what_the_contract_says() {
    let graph = network("mobile_block");
    let mut checked = std::collections::BTreeMap::new();
    for outstanding in [1, 2, 4, 16] {
        // A tile that is no multiple of a burst in width makes short and split bursts.
        let knobs = Knobs { outstanding, tile: (5, 7), ..DEFAULT_KNOBS };
        let plan = plan::plan(&graph, &accelerator(knobs)).unwrap();
        let frame = timed(&plan, knobs);
        for (draft, time) in plan.jobs.iter().zip(&frame.jobs) {
            let Task::Transfer(t) = &draft.job.task else { continue };
            let bursts = bursts(t);
            assert_eq!(t.words() * u64::from(t.word_beats), bursts.iter().sum::<u64>(), "whole words");
            let expected = match (draft.job.unit, outstanding) {
                (Unit::Store, 1) => write_one_at_a_time(time.start.0, &bursts),
                (Unit::Store, _) => continue,
                _ => read(time.start.0, &bursts, outstanding),
            };
            assert_eq!(time.end.0, expected, "{} of {} bursts, {outstanding} outstanding", draft.job.unit, bursts.len());
            let limit_binds = bursts.len() > outstanding;
            *checked.entry((draft.job.unit == Unit::Store, outstanding, limit_binds)).or_insert(0) += 1;
        }
    }
    for what in [(true, 1, true), (false, 1, true), (false, 2, true), (false, 4, true), (false, 16, false)] {
        assert!(checked.get(&what).is_some_and(|n| *n >= 5), "{what:?} of {checked:?}");
    }
}

#[test]
fn the_first_descriptor_is_dispatched_as_soon_as_its_last_beat_is_seen() {
    let plan = plan::plan(&network("tiny"), &accelerator(DEFAULT_KNOBS)).unwrap();
    let frame = timed(&plan, DEFAULT_KNOBS);
    // Decided in 1, accepted in 2, first beat LATENCY later, eighth beat 7 later, in the buffer 1 later, in its queue 1 later.
    assert_eq!(frame.jobs[0].queued.0, 2 + LATENCY + 7 + 1 + 1);
    // The second descriptor of the burst comes 8 beats later.
    assert_eq!(frame.jobs[1].queued.0, frame.jobs[0].queued.0 + 8);
}

#[test]
fn a_removed_token_is_a_fault_or_changes_nothing_but_never_a_wrong_answer() {
    let graph = network("mobile_block");
    let knobs = Knobs { tile: (8, 8), ..DEFAULT_KNOBS };
    let acc = accelerator(knobs);
    let plan = plan::plan(&graph, &acc).unwrap();
    let image = random_image(&graph, 3);
    let golden = reference::run(&graph, &image).unwrap();
    let (mut faults, mut harmless) = (0, 0);
    for (consumer, popped) in producers(&plan).iter().enumerate().step_by(3) {
        for &producer in popped {
            let mut broken = plan.clone();
            let (from, to) = (broken.jobs[producer].job.unit, broken.jobs[consumer].job.unit);
            broken.jobs[producer].job.push &= !to.bit();
            broken.jobs[consumer].job.pop &= !from.bit();
            match Machine::new(&broken, &acc, FixedLatency::new(Cycles(LATENCY))).frame(Cycle(0)) {
                Err(e) => {
                    assert_eq!(e.kind(), bico::error::Kind::Fault);
                    faults += 1;
                }
                Ok(frame) => {
                    let executor = Executor::new(&graph, &broken, &acc).unwrap();
                    let output = executor.run(&image, &frame, &mut executor.values()).unwrap();
                    assert!(output == golden[graph.nodes.len() - 1]);
                    harmless += 1;
                }
            }
        }
    }
    assert!(faults > 20, "{faults} faults, {harmless} without effect");
}

#[test]
fn a_token_that_nobody_pushes_is_a_deadlock_that_names_the_units() {
    let mut plan = plan::plan(&network("tiny"), &accelerator(DEFAULT_KNOBS)).unwrap();
    let first = plan.jobs.iter().position(|d| d.job.unit == Unit::Pointwise).unwrap();
    plan.jobs[first].job.pop |= Unit::Vector.bit();
    let error = Machine::new(&plan, &accelerator(DEFAULT_KNOBS), FixedLatency::new(Cycles(1))).frame(Cycle(0)).unwrap_err();
    assert!(error.to_string().contains("deadlock") && error.to_string().contains("pointwise"), "{error}");
    assert!(error.to_string().contains("vector") && !error.to_string().contains("waits for fetch"), "only what is missing: {error}");
}

#[test]
fn frames_follow_each_other_and_the_second_repeats_the_first_on_a_memory_without_refresh() {
    let (graph, acc) = (network("tiny"), accelerator(DEFAULT_KNOBS));
    let plan = plan::plan(&graph, &acc).unwrap();
    let mut machine = Machine::new(&plan, &acc, FixedLatency::new(Cycles(LATENCY)));
    let first = machine.frame(Cycle(0)).unwrap();
    let second = machine.frame(first.end).unwrap();
    assert_eq!(second.end - second.start, first.end - first.start);
    assert_eq!(first.steps, second.steps);
}
