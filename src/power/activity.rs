//! What a frame does, counted from its program: each job's operations and accesses follow from its descriptor.

use crate::accelerator::Accelerator;
use crate::board::Board;
use crate::ip::cost;
use crate::ip::primitive::{dsp, memory, stage, tail};
use crate::machine::timing::iterations;
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
    jobs.fold(Counts { lut, ..Counts::default() }, |counts, job| counts.plus(acc, board, job))
}

impl Counts {
    fn plus(mut self, acc: &Accelerator, board: &Board, job: &Job) -> Counts {
        match &job.task {
            Task::Compute(compute) => {
                self.dsp_operations += dsp_operations(acc, board, job.unit, compute);
                self.bram18_accesses += compute_accesses(acc, job.unit, compute);
            }
            Task::Transfer(transfer) => self.bram18_accesses += transfer.words() * per_access(acc, transfer.memory),
            Task::Nop | Task::End => {}
        }
        self
    }
}

fn dsp_operations(acc: &Accelerator, board: &Board, unit: Unit, job: &Compute) -> u64 {
    let Some(ip) = acc.ip(unit) else { return 0 };
    let multipliers = match (unit, job.op) {
        (Unit::Depthwise, _) => ip.parallel_out,
        (_, ComputeOp::MultiplyAccumulate) => ip.parallel_in * ip.parallel_out,
        _ => 0,
    };
    let product = dsp::product_slices(stage::operand_bits(acc), acc.weight_bits.into(), board);
    let requantise = tail::requantise_slices(acc, unit, board);
    // A packed pair counts as one operation: one slice switches.
    let multipliers = if ip.packed { multipliers / 2 } else { multipliers };
    iterations(acc, unit, job) * multipliers as u64 * product + words_written(unit, job) * acc.lanes as u64 * requantise
}

/// Each iteration reads a source word and a weight row; each output word is written once.
fn compute_accesses(acc: &Accelerator, unit: Unit, job: &Compute) -> u64 {
    iterations(acc, unit, job) * (per_access(acc, job.source_bank) + per_access(acc, crate::plan::job::weight_memory(unit)))
        + words_written(unit, job) * per_access(acc, job.destination_bank)
}

/// Output words that a job writes.
fn words_written(unit: Unit, job: &Compute) -> u64 {
    let blocks = match unit {
        Unit::Depthwise | Unit::Vector => u64::from(job.blocks),
        _ => 1,
    };
    job.pixels() * blocks
}

/// RAMB18 that an access of a memory id switches on; none for parameters, which are LUTRAM.
fn per_access(acc: &Accelerator, memory_id: u8) -> u64 {
    if let Some(bank) = acc.banks.get(usize::from(memory_id)) {
        return memory::ramb18_per_access(bank.words as u64, stage::word_bits(acc));
    }
    let weights_of = Unit::ALL.into_iter().find(|&u| memory_id == crate::plan::job::weight_memory(u));
    match weights_of.and_then(|u| acc.ip(u).map(|ip| (u, ip))) {
        Some((u, ip)) => memory::ramb18_per_access(ip.weight_rows as u64, stage::weight_row_bits(acc, u)),
        None => 0,
    }
}
