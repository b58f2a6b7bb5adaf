//! From (quantised graph, accelerator) to a program: the immutable list of jobs of each unit.
//!
//! Layers are grouped so that tiles flow through several IPs without touching DRAM ([`group`]), each group becomes jobs
//! ([`schedule`], [`emit`]), and what the jobs touch becomes the tokens that order them ([`hazards`]).

pub mod access;
pub mod descriptor;
pub mod draft;
pub mod emit;
pub mod group;
pub mod hazards;
pub mod job;
pub mod layout;
pub mod schedule;
pub mod stage;
mod tiling;
pub mod weights;

pub use draft::{Draft, Work};
pub use group::Group;
pub use job::{Compute, ComputeOp, Job, Task, Transfer, Unit};

use crate::accelerator::Accelerator;
use crate::error::{Error, Kind, Result};
use crate::model::graph::Graph;
use descriptor::DESCRIPTOR_BYTES;
use emit::Context;
use layout::{Dram, TensorPlace};
use schedule::{Emitted, GroupEmitter, Rings};
use stage::Stage;
use weights::Rows;

/// A network on an accelerator: jobs in an order in which each depends on earlier ones only, ending with `end`.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The jobs, tokens included.
    pub jobs: Vec<Draft>,
    /// Layer groups; `Job::layer` is an index into them.
    pub groups: Vec<Group>,
    /// Where each node's features lie.
    pub places: Vec<TensorPlace>,
    /// Weight rows of each node that has them.
    pub rows: Vec<Option<Rows>>,
    /// First byte of the descriptors in DRAM.
    pub program_address: u64,
    /// Bytes of DRAM used.
    pub dram_bytes: u64,
}

/// Plans a network on an accelerator.
///
/// # Errors
/// When an op has no IP, a bank or memory is too small for any tile, or a field does not fit its descriptor; the message says what to change.
pub fn plan(graph: &Graph, acc: &Accelerator) -> Result<Plan> {
    check_accumulators(graph)?;
    let groups = group::groups(graph, acc)?;
    let mut dram = Dram::default();
    let places = layout::place_tensors(graph, acc, &mut dram)?;
    let rows = place_rows(graph, acc, &groups, &mut dram)?;
    let context = Context { graph, acc, places: &places, rows: &rows };
    let mut jobs = order(&context, &groups)?;
    if jobs.len().is_multiple_of(2) {
        jobs.push(control(Task::Nop));
    }
    jobs.push(control(Task::End));
    hazards::insert_tokens(&mut jobs);
    let program_address = dram.reserve((jobs.len() * DESCRIPTOR_BYTES) as u64)?;
    let plan = Plan { jobs, groups, places, rows, program_address, dram_bytes: dram.used() };
    plan.descriptors()?;
    Ok(plan)
}

impl Plan {
    /// The program, bit by bit.
    ///
    /// # Errors
    /// When a field does not fit.
    pub fn descriptors(&self) -> Result<Vec<descriptor::Descriptor>> {
        self.jobs
            .iter()
            .map(|draft| {
                descriptor::encode(&draft.job).map_err(|e| {
                    let layer = self.groups.get(usize::from(draft.job.layer)).map_or("", |g| &g.name);
                    e.within(format!("layer `{layer}`"))
                })
            })
            .collect()
    }

    /// Refuses a program whose weights, parameters, features and descriptors do not fit a DRAM of `capacity_bytes`.
    ///
    /// # Errors
    /// Does not fit.
    pub fn check_dram(&self, capacity_bytes: u64) -> Result<()> {
        if self.dram_bytes <= capacity_bytes {
            return Ok(());
        }
        Err(Error::new(Kind::DoesNotFit, "weights, features and program do not fit the DRAM of the board")
            .value(format!("{} MiB", self.dram_bytes.div_ceil(1 << 20)))
            .allowed(format!("at most {} MiB", capacity_bytes >> 20))
            .hint("use a smaller input or fewer channels"))
    }

    /// The DRAM content before the first frame: weights, parameters, program; features are zero.
    ///
    /// # Errors
    /// When a field does not fit its descriptor.
    pub fn dram_image(&self, graph: &Graph, acc: &Accelerator) -> Result<Vec<u8>> {
        let mut image = vec![0; self.dram_bytes as usize];
        for stage in self.groups.iter().flat_map(|g| &g.stages) {
            if let Some(rows) = &self.rows[stage.node] {
                weights::write_rows(graph, stage, rows, acc, &mut image);
            }
        }
        for (k, d) in self.descriptors()?.iter().enumerate() {
            for (w, word) in d.iter().enumerate() {
                let at = self.program_address as usize + k * DESCRIPTOR_BYTES + w * 8;
                image[at..at + 8].copy_from_slice(&word.to_le_bytes());
            }
        }
        Ok(image)
    }

    /// Bytes that `unit` moves in one frame.
    pub fn bytes(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Fetch => (self.jobs.len() * DESCRIPTOR_BYTES) as u64,
            _ => self
                .jobs
                .iter()
                .filter(|d| d.job.unit == unit)
                .map(|d| match &d.job.task {
                    Task::Transfer(t) => t.beats() * 8,
                    _ => 0,
                })
                .sum(),
        }
    }
}

fn control(task: Task) -> Draft {
    Draft::new(Job { unit: Unit::Fetch, layer: 0, pop: 0, push: 0, task }, Vec::new())
}

fn place_rows(graph: &Graph, acc: &Accelerator, groups: &[Group], dram: &mut Dram) -> Result<Vec<Option<Rows>>> {
    let mut all: Vec<Option<Rows>> = vec![None; graph.nodes.len()];
    for stage in groups.iter().flat_map(|g: &Group| &g.stages) {
        let stage: &Stage = stage;
        if let Some(mut rows) = Rows::of(graph, stage, acc) {
            rows.weight_address = dram.reserve(rows.weight_bytes())?;
            rows.parameter_address = dram.reserve(rows.parameter_bytes())?;
            all[stage.node] = Some(rows);
        }
    }
    Ok(all)
}

/// All jobs in program order: the front of a pass is mixed with the back of the pass before it, and the rows of the next group are
/// loaded while this one still works, wherever that keeps every order that matters.
fn order(context: &Context, groups: &[Group]) -> Result<Vec<Draft>> {
    const PREFETCH_PASSES: usize = 4;
    let mut rings = Rings::default();
    let mut jobs: Vec<Draft> = Vec::new();
    let mut steps: Vec<Vec<Draft>> = Vec::new();
    for (layer, group) in groups.iter().enumerate() {
        let Emitted { prologue, passes, overlap } = GroupEmitter::new(context, group, layer).emit(&mut rings)?;
        let mut at = steps.len();
        while at > 0 && steps.len() - at < PREFETCH_PASSES && !schedule::conflict(&prologue, &steps[at - 1]) {
            at -= 1;
        }
        steps.insert(at, prologue);
        jobs.extend(steps.drain(..).flatten());
        let mut previous = Vec::new();
        for pass in passes {
            // Rows for this pass may overwrite rows that the pass before still reads.
            let rows: Vec<Draft> = pass.front.iter().filter(|d| d.job.unit == Unit::Weights).cloned().collect();
            if overlap && !schedule::conflict(&rows, &previous) {
                steps.push(schedule::interleave(pass.front, std::mem::take(&mut previous)));
            } else {
                steps.push([std::mem::take(&mut previous), pass.front].concat());
            }
            previous = pass.back;
        }
        steps.push(previous);
    }
    jobs.extend(steps.into_iter().flatten());
    Ok(jobs)
}

/// Proves for each layer that no order of summation leaves the 48-bit accumulator of the hardware (contract, point 16).
fn check_accumulators(graph: &Graph) -> Result<()> {
    const ACCUMULATOR_BITS: u32 = 48;
    for node in &graph.nodes {
        let inputs: Vec<_> = graph.operands(node).collect();
        let bound = crate::ops::accumulator_bound(node, &inputs);
        if bound >= 1 << (ACCUMULATOR_BITS - 1) {
            return Err(Error::unsupported(format!("layer `{}` can overflow the {ACCUMULATOR_BITS}-bit accumulator", node.name))
                .value(format!("sum of magnitudes up to {bound}"))
                .allowed(format!("below {}", 1u64 << (ACCUMULATOR_BITS - 1)))
                .hint("use narrower features or weights"));
        }
    }
    Ok(())
}
