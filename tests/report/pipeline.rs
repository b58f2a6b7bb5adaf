//! A small scheduler that makes consistent jobs: in-order units, tokens from producers, ping-pong space from consumers.

use bico::plan::Unit;
use bico::record::{CycleSplit, JobRecord};

/// Jobs a queue holds.
const QUEUE_DEPTH: usize = 4;
/// Cycles between two descriptors that fetch dispatches.
const DISPATCH_CYCLES: u64 = 9;

/// A layer group as the scheduler sees it.
pub struct Stage {
    /// Tiles.
    pub tiles: usize,
    /// Units in order of the data, with the length of a job.
    pub units: Vec<(Unit, u64)>,
    /// Length of the job that loads the weights.
    pub weights_cycles: u64,
}

/// A scheduled job and why it waited.
#[derive(Clone)]
pub struct Scheduled {
    pub record: JobRecord,
    pub wait: CycleSplit,
}

#[derive(Default)]
pub struct Schedule {
    pub jobs: Vec<Scheduled>,
    free: [u64; 8],
    fetched: u64,
}

impl Schedule {
    /// Adds the jobs of a layer: a tile flows through the units; each boundary has two buffers.
    pub fn add(&mut self, layer: u16, stage: &Stage) {
        let weights = self.job(layer, Unit::Weights, stage.weights_cycles, None, None);
        let mut done: Vec<Vec<u64>> = vec![Vec::new(); stage.units.len()];
        for tile in 0..stage.tiles {
            for (k, (unit, cycles)) in stage.units.iter().enumerate() {
                let operand = match k {
                    0 => None,
                    _ if *unit == Unit::Pointwise && tile == 0 && weights > done[k - 1][tile] => Some((Unit::Weights, weights)),
                    _ => Some((stage.units[k - 1].0, done[k - 1][tile])),
                };
                // The buffer behind is free when its reader is done with the tile before the last; readers run later in this loop, so the
                // tile three back is the last one known for sure.
                let space = stage.units.get(k + 1).filter(|_| tile >= 2).map(|(reader, _)| (*reader, done[k + 1][tile - 2]));
                let end = self.job(layer, *unit, *cycles + (tile as u64 * 7) % 5, operand, space);
                done[k].push(end);
            }
        }
    }

    /// Schedules one job and returns the cycle in which its token is visible.
    fn job(&mut self, layer: u16, unit: Unit, cycles: u64, operand: Option<(Unit, u64)>, space: Option<(Unit, u64)>) -> u64 {
        self.fetched += DISPATCH_CYCLES;
        let own: Vec<&Scheduled> = self.jobs.iter().filter(|j| j.record.unit == unit).collect();
        let room = own.len().checked_sub(QUEUE_DEPTH).map_or(0, |i| own[i].record.start_cycle + 1);
        let queued_cycle = self.fetched.max(room);
        let idle_from = self.free[unit.index()];
        let ready = idle_from.max(queued_cycle);
        let operand_at = operand.map_or(0, |o| o.1);
        let space_at = space.map_or(0, |s| s.1);
        let start_cycle = ready.max(operand_at).max(space_at);
        let end_cycle = start_cycle + cycles;
        let waited_for = if start_cycle == ready {
            None
        } else if operand_at == start_cycle {
            operand
        } else {
            space
        };
        let wait_operand_cycles = operand_at.max(ready) - ready;
        let wait = CycleSplit {
            busy_cycles: end_cycle + 1 - start_cycle,
            wait_operand_cycles,
            wait_space_cycles: start_cycle - ready - wait_operand_cycles,
            wait_job_cycles: ready - idle_from,
            idle_cycles: 0,
        };
        self.free[unit.index()] = end_cycle + 1;
        let job = self.jobs.len() as u32;
        let waited_for = waited_for.map(|(unit, _)| unit);
        self.jobs.push(Scheduled { record: JobRecord { job, unit, layer, queued_cycle, start_cycle, end_cycle, waited_for }, wait });
        end_cycle + 1
    }

    /// The first cycle after everything.
    pub fn end_cycle(&self) -> u64 {
        self.jobs.iter().map(|j| j.record.end_cycle + 1).max().unwrap_or(0)
    }
}

/// Adds up two splits.
pub fn plus(a: CycleSplit, b: CycleSplit) -> CycleSplit {
    CycleSplit {
        busy_cycles: a.busy_cycles + b.busy_cycles,
        wait_operand_cycles: a.wait_operand_cycles + b.wait_operand_cycles,
        wait_space_cycles: a.wait_space_cycles + b.wait_space_cycles,
        wait_job_cycles: a.wait_job_cycles + b.wait_job_cycles,
        idle_cycles: a.idle_cycles + b.idle_cycles,
    }
}
