//! The values of one image: DRAM regions and banks, and what each retiring job commits to them.

use super::batch::{self, Place};
use super::interpret::{self, Site};
use super::leases::{Expected, Leases};
use super::packed::Packed;
use crate::accelerator::Accelerator;
use crate::error::{Error, Result};
use crate::kernels::Isa;
use crate::machine::{Step, TimedFrame};
use crate::model::graph::{Graph, NodeId};
use crate::plan::{Compute, Draft, Plan, Task, Transfer, Unit, Work};
use crate::tensor::{Blocked, Tensor};

/// A plan made ready to run images.
pub struct Executor<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    acc: &'a Accelerator,
    /// By node.
    packed: Vec<Packed>,
    /// By job.
    batches: Vec<Option<Place>>,
    isa: Isa,
}

/// Raw integers in DRAM and on chip while one image runs. Reused from image to image.
pub struct Values {
    lanes: usize,
    /// By owning node: `[block][row][column][lane]`.
    regions: Vec<Vec<i16>>,
    /// By memory id: words of `lanes` values.
    banks: Vec<Vec<i16>>,
    /// By unit: output blocks of the batch that it works on.
    ahead: [Vec<i16>; 8],
}

impl Values {
    /// Words `first..first + words` of a bank, `lanes` values each.
    pub fn words(&self, bank: u8, first: usize, words: usize) -> &[i16] {
        let lanes = self.lanes;
        &self.banks[usize::from(bank)][first * lanes..(first + words) * lanes]
    }
}

impl<'a> Executor<'a> {
    /// For a plan of `graph` on `acc`.
    ///
    /// # Errors
    /// When a layer's integers exceed what the kernels' checks allow.
    pub fn new(graph: &'a Graph, plan: &'a Plan, acc: &'a Accelerator) -> Result<Executor<'a>> {
        let mut packed: Vec<Packed> = graph.nodes.iter().map(|_| Packed::Interpret).collect();
        for stage in plan.groups.iter().flat_map(|g| &g.stages) {
            packed[stage.node] = Packed::new(graph, stage, acc.lanes)?;
        }
        Ok(Executor { graph, plan, acc, packed, batches: batch::places(plan), isa: Isa::best() })
    }

    /// The same without host kernels: every job straight from its descriptor. Slow; what tests hold the kernels against.
    pub fn interpreted(mut self) -> Executor<'a> {
        self.packed.fill_with(|| Packed::Interpret);
        self
    }

    /// Proves for all images that are run in this order: what a job reads is what the program means, and nobody else touches it meanwhile. (Which
    /// jobs touch what does not depend on values, so once is enough for an order.)
    ///
    /// # Errors
    /// A fault that names job and operand.
    pub fn check_order(&self, order: &TimedFrame) -> Result<()> {
        let jobs = &self.plan.jobs;
        let (expected, mut leases) = (Expected::of(jobs), Leases::default());
        for step in &order.steps {
            match *step {
                Step::Issue(job) => {
                    leases.acquire(jobs, job, &expected).map_err(|why| Error::fault(format!("job {job} comes too early: {why}")))?;
                }
                Step::Retire(job) => leases.release(jobs, job),
            }
        }
        if leases.is_empty() { Ok(()) } else { Err(Error::fault("jobs of this order never end")) }
    }

    /// Memory for one image.
    pub fn values(&self) -> Values {
        let lanes = self.acc.lanes;
        let region = |id: NodeId| {
            let place = &self.plan.places[id];
            let words = if place.owner == id { place.shape.blocks(lanes) * place.shape.h * place.shape.w } else { 0 };
            vec![0; words * lanes]
        };
        Values {
            lanes,
            regions: (0..self.graph.nodes.len()).map(region).collect(),
            banks: self.acc.banks.iter().map(|b| vec![0; b.words * lanes]).collect(),
            ahead: Default::default(),
        }
    }

    /// Runs one image in the order of a timed frame and returns the network's output, raw.
    ///
    /// # Errors
    /// When the image does not have the input's shape.
    pub fn run(&self, image: &Tensor, order: &TimedFrame, values: &mut Values) -> Result<Tensor> {
        self.run_watched(image, order, values, |_, _| ())
    }

    /// As [`Executor::run`]; `retired` sees the values after each job, by its index in the program.
    ///
    /// # Errors
    /// As [`Executor::run`].
    pub fn run_watched(
        &self,
        image: &Tensor,
        order: &TimedFrame,
        values: &mut Values,
        mut retired: impl FnMut(usize, &Values),
    ) -> Result<Tensor> {
        let input = self.graph.input();
        if image.shape != input.shape {
            return Err(Error::input("the image does not have the network's input shape").value(image.shape).allowed(input.shape));
        }
        values.regions[0] = Blocked::from_tensor(image, self.acc.lanes).data;
        for step in &order.steps {
            if let Step::Retire(index) = *step {
                self.commit(index as usize, values);
                retired(index as usize, values);
            }
        }
        Ok(self.features(self.graph.nodes.len() - 1, values))
    }

    /// The features of a node that lie in DRAM after a run.
    pub fn features(&self, id: NodeId, values: &Values) -> Tensor {
        let place = &self.plan.places[id];
        let lanes = self.acc.lanes;
        let plane = place.shape.h * place.shape.w * lanes;
        let first = place.first_block * plane;
        let data = values.regions[place.owner][first..first + place.shape.blocks(lanes) * plane].to_vec();
        Blocked { shape: place.shape, lanes, data }.to_tensor(place.format.signed)
    }

    fn commit(&self, index: usize, values: &mut Values) {
        let draft: &Draft = &self.plan.jobs[index];
        match (&draft.job.task, draft.work) {
            (Task::Transfer(t), Work::Features { node }) => self.move_features(draft.job.unit, t, node, values),
            (Task::Compute(job), Work::Blocks { node, first_block }) => match self.batches[index] {
                Some(place) if self.packed[node].is_conv() => self.compute_batched(draft.job.unit, job, node, first_block, place, values),
                _ => self.compute(draft.job.unit, job, node, first_block, values),
            },
            // Rows of weights are constant; that the right ones are resident is what leases prove.
            _ => {}
        }
    }

    fn move_features(&self, unit: Unit, t: &Transfer, node: NodeId, values: &mut Values) {
        let place = &self.plan.places[node];
        let lanes = self.acc.lanes;
        let base = self.plan.places[place.owner].address;
        let words = (u64::from(t.run_beats) * 8 / place.word_bytes) as usize;
        let bank = &mut values.banks[usize::from(t.memory)];
        let region = &mut values.regions[place.owner];
        let mut at = usize::from(t.bank_address) * lanes;
        for start in t.run_starts() {
            let from = ((start - base) / place.word_bytes) as usize * lanes;
            let n = words * lanes;
            match unit {
                Unit::Load => bank[at..at + n].copy_from_slice(&region[from..from + n]),
                _ => region[from..from + n].copy_from_slice(&bank[at..at + n]),
            }
            at += n;
        }
    }

    /// The first job of a batch computes all its blocks; each commits one.
    fn compute_batched(&self, unit: Unit, job: &Compute, node: NodeId, first_block: usize, place: Place, values: &mut Values) {
        let lanes = self.acc.lanes;
        let block = job.pixels() as usize * lanes;
        let ahead = &mut values.ahead[unit.index()];
        if place.position == 0 {
            ahead.resize(ahead.len().max(place.count * block), 0);
            let source = &values.banks[usize::from(job.source_bank)];
            self.packed[node].conv_blocks(self.isa, job, (first_block, place.count), lanes, source, ahead);
        }
        let at = usize::from(job.destination) * lanes;
        let destination = &mut values.banks[usize::from(job.destination_bank)][at..at + block];
        destination.copy_from_slice(&ahead[place.position * block..][..block]);
    }

    fn compute(&self, unit: Unit, job: &Compute, node: NodeId, first_block: usize, values: &mut Values) {
        let mut destination = std::mem::take(&mut values.banks[usize::from(job.destination_bank)]);
        let source = &values.banks[usize::from(job.source_bank)];
        if !self.packed[node].run(self.isa, job, first_block, self.acc.lanes, source, &mut destination) {
            let (graph, lanes) = (self.graph, self.acc.lanes);
            let site = Site { graph, node: &graph.nodes[node], unit, job, first_block, lanes };
            interpret::interpret(site, source, &mut destination);
        }
        values.banks[usize::from(job.destination_bank)] = destination;
    }
}
