//! What a frame does, counted from its program: each job's operations and accesses follow from its descriptor.

use crate::accelerator::Accelerator;
use crate::board::Board;
use crate::ip::cost;
use crate::ip::primitive::{dsp, memory, stage, tail};
use crate::machine::timing::iterations;
use crate::plan::job::weight_memory;
use crate::plan::{Compute, ComputeOp, Job, Task, Unit};
use crate::units::Hertz;

/// Work of one frame that no schedule changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Multiplications in DSP slices, times the slices of each.
    pub dsp_operations: u64,
    /// Accesses of RAMB18: one for each across the width of a word that is read or written.
    pub bram18_accesses: u64,
    /// Look-up tables of the design: what the clock drives.
    pub lut: u64,
}

/// Everything that energy depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activity {
    /// Work of the frame, from [`count`].
    pub counts: Counts,
    /// Fabric clock.
    pub clock: Hertz,
    /// Start write to interrupt.
    pub cycles: u64,
    /// Time from one frame to the next, seconds (host stage included where it is not overlapped).
    pub frame_interval_s: f64,
    /// Bytes read and written in DRAM.
    pub ddr_bytes: u64,
    /// Rows opened in DRAM.
    pub ddr_activates: u64,
}

/// Counts the work of one frame.
pub fn count<'a>(acc: &Accelerator, board: &Board, jobs: impl Iterator<Item = &'a Job>) -> Counts {
    let lut = cost::total(acc, board).lut;
    let each = Each::of(acc, board);
    jobs.fold(Counts { lut, ..Counts::default() }, |counts, job| counts.plus(acc, &each, job))
}

/// What single operations switch on an accelerator.
struct Each {
    /// Slices of one product.
    product: u64,
    /// Slices of one requantisation on each unit.
    requantise: [u64; Unit::ALL.len()],
    /// RAMB18 of an access of each memory id.
    access: [u64; MEMORY_IDS],
}

const MEMORY_IDS: usize = 1 + u8::MAX as usize;

impl Each {
    fn of(acc: &Accelerator, board: &Board) -> Each {
        let requantise = Unit::ALL.map(|u| if acc.ip(u).is_some() { tail::requantise_slices(acc, u, board) } else { 0 });
        let product = dsp::product_slices(stage::operand_bits(acc), acc.weight_bits.into(), board);
        let mut access = [0; MEMORY_IDS];
        for (k, bank) in acc.banks.iter().enumerate() {
            access[k] = memory::ramb18_per_access(bank.words as u64, stage::word_bits(acc));
        }
        // Those of parameters are LUTRAM.
        for (u, ip) in Unit::ALL.into_iter().filter_map(|u| acc.ip(u).map(|ip| (u, ip))) {
            let weights = memory::ramb18_per_access(ip.weight_rows as u64, stage::weight_row_bits(acc, u));
            access[usize::from(weight_memory(u))] = weights;
        }
        Each { product, requantise, access }
    }

    fn access(&self, memory_id: u8) -> u64 {
        self.access[usize::from(memory_id)]
    }
}

impl Counts {
    fn plus(mut self, acc: &Accelerator, each: &Each, job: &Job) -> Counts {
        match &job.task {
            Task::Compute(compute) => {
                self.dsp_operations += dsp_operations(acc, each, job.unit, compute);
                // Each iteration reads a source word and a weight row; each output word is written once.
                let reads = each.access(compute.source_bank) + each.access(weight_memory(job.unit));
                self.bram18_accesses += iterations(acc, job.unit, compute) * reads;
                self.bram18_accesses += words_written(job.unit, compute) * each.access(compute.destination_bank);
            }
            Task::Transfer(transfer) => self.bram18_accesses += transfer.words() * each.access(transfer.memory),
            Task::Nop | Task::End => {}
        }
        self
    }
}

fn dsp_operations(acc: &Accelerator, each: &Each, unit: Unit, job: &Compute) -> u64 {
    let Some(ip) = acc.ip(unit) else { return 0 };
    let multipliers = match (unit, job.op) {
        (Unit::Depthwise, _) => ip.parallel_out,
        (_, ComputeOp::MultiplyAccumulate) => ip.parallel_in * ip.parallel_out,
        _ => 0,
    };
    // A packed pair counts as one operation: one slice switches.
    let multipliers = if ip.packed { multipliers / 2 } else { multipliers };
    iterations(acc, unit, job) * multipliers as u64 * each.product
        + words_written(unit, job) * acc.lanes as u64 * each.requantise[unit.index()]
}

/// Output words that a job writes.
fn words_written(unit: Unit, job: &Compute) -> u64 {
    let blocks = match unit {
        Unit::Depthwise | Unit::Vector => u64::from(job.blocks),
        _ => 1,
    };
    job.pixels() * blocks
}
