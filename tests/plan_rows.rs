//! In program order, every compute job finds in its unit's weight and parameter memories exactly the rows of the blocks it makes.
//! (Leases prove that the run keeps the program's order; this proves that the order itself is right.)

mod common;

use bico::accelerator::Accelerator;
use bico::dataset::rng::Rng;
use bico::model::builtin::builtin;
use bico::model::graph::Graph;
use bico::plan::{self, Plan, Task, Unit, Work, job};
use bico::rtl::random::{self, Limits};
use common::{DEFAULT_KNOBS, Knobs, accelerator};
use std::collections::BTreeMap;

/// Checks a plan; returns the number of row transfers.
fn check(plan: &Plan, acc: &Accelerator) -> usize {
    let mut held: BTreeMap<(u8, u64), u64> = BTreeMap::new();
    let mut transfers = 0;
    for (index, draft) in plan.jobs.iter().enumerate() {
        match (&draft.job.task, draft.work) {
            (Task::Transfer(t), Work::Rows { .. }) => {
                for row in 0..t.words() {
                    let from = u64::from(t.dram_address) + row * u64::from(t.word_beats) * 8;
                    held.insert((t.memory, u64::from(t.bank_address) + row), from);
                }
                transfers += 1;
            }
            (Task::Compute(c), Work::Blocks { node, first_block }) => {
                let Some(rows) = &plan.rows[node] else { continue };
                let reduced = matches!(draft.job.unit, Unit::Pointwise | Unit::Conv);
                let blocks = if reduced { 1 } else { usize::from(c.blocks) };
                for (memory, at, base, per_block, bytes) in [
                    (
                        job::weight_memory(draft.job.unit),
                        c.weight_address,
                        rows.weight_address,
                        rows.weight_rows_per_block,
                        rows.weight_row_bytes,
                    ),
                    (
                        job::parameter_memory(draft.job.unit),
                        c.parameter_address,
                        rows.parameter_address,
                        rows.parameter_rows_per_block,
                        rows.parameter_row_bytes,
                    ),
                ] {
                    for row in 0..(blocks * per_block) as u64 {
                        let want = base + ((first_block * per_block) as u64 + row) * bytes as u64;
                        let found = held.get(&(memory, u64::from(at) + row));
                        assert_eq!(found, Some(&want), "job {index} ({}) on {acc:?}", draft.job.unit);
                    }
                }
            }
            _ => {}
        }
    }
    transfers
}

fn chunked(graph: &Graph, weight_rows: usize) -> Option<usize> {
    let acc = accelerator(Knobs { weight_rows, parallel_in: 4, parallel_out: 4, lanes: 8, tile: (4, 8), ..DEFAULT_KNOBS });
    plan::plan(graph, &acc).ok().map(|plan| check(&plan, &acc))
}

#[test]
fn rows_are_in_place_however_small_the_memories() {
    let mut planned = 0;
    for name in ["mobile_block", "skynet_c", "tiny"] {
        let graph = builtin(name).unwrap().load(Default::default()).unwrap().graph;
        for weight_rows in [32, 48, 64, 100, 150, 250, 400, 700, 1000, 1500, 4096] {
            planned += usize::from(chunked(&graph, weight_rows).is_some_and(|n| n > 2));
        }
    }
    let mut rng = Rng::new(11);
    let limits = Limits { feature_bits: 16, weight_bits: 16, all_ops: true, conv: true, large: false };
    for _ in 0..300 {
        let layers = 1 + rng.below(6);
        let graph = random::network(&mut rng, &limits, layers);
        planned += usize::from(chunked(&graph, 8 + rng.below(120)).is_some());
    }
    assert!(planned > 100, "only {planned} plans");
}
