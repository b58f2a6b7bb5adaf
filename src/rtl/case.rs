//! A program with one image: what the DRAM holds before, what it must hold after.

use super::features;
use super::model::Model;
use super::responder::Responder;
use super::run::{Program, RtlRun, Trace, Watch, run_watched};
use crate::accelerator::Accelerator;
use crate::error::Result;
use crate::machine::{Machine, MemoryModel, TimedFrame};
use crate::model::graph::{Graph, NodeId};
use crate::model::reference;
use crate::plan::{self, Plan};
use crate::tensor::Tensor;
use crate::units::{Cycle, Cycles};

/// A planned network with one image in its DRAM.
pub struct Case<'a> {
    /// The network.
    pub graph: &'a Graph,
    /// The accelerator.
    pub acc: &'a Accelerator,
    /// The program.
    pub plan: Plan,
    /// The image, raw.
    pub image: Tensor,
    /// Content before the first frame.
    pub dram: Vec<u8>,
    /// Content after it, from the untiled reference.
    pub expected: Vec<u8>,
    /// Bits of `expected` that mean something: all but lanes past the last channel of a computed map.
    pub known: Vec<u8>,
}

impl<'a> Case<'a> {
    /// Plans the network and runs it through the untiled reference.
    ///
    /// # Errors
    /// When the network has no plan on the accelerator, or the image does not have the input's shape.
    pub fn new(graph: &'a Graph, acc: &'a Accelerator, image: Tensor) -> Result<Case<'a>> {
        let plan = plan::plan(graph, acc)?;
        let mut dram = plan.dram_image(graph, acc)?;
        features::put(&plan.places[0], acc.lanes, &image, &mut dram);
        let golden = reference::run(graph, &image)?;
        let (mut expected, mut known) = (dram.clone(), vec![0xff; dram.len()]);
        for id in plan.groups.iter().map(|g| g.output()) {
            features::put(&plan.places[id], acc.lanes, &golden[id], &mut expected);
            let ones = if plan.places[id].format.container_bits() == 1 { 1 } else { -1 };
            let ones = Tensor { shape: golden[id].shape, data: vec![ones; golden[id].data.len()] };
            features::put(&plan.places[id], acc.lanes, &ones, &mut known);
        }
        Ok(Case { graph, acc, plan, image, dram, expected, known })
    }

    /// Times frames that follow each other as [`Program::frames`] says.
    ///
    /// # Errors
    /// When the simulated machine breaks its contract.
    pub fn simulate<M: MemoryModel>(&self, machine: &mut Machine<M>, frames: u32) -> Result<Vec<TimedFrame>> {
        let mut start = Cycle(0);
        let mut timed = Vec::with_capacity(frames as usize);
        for _ in 0..frames {
            let frame = machine.frame(start)?;
            start = frame.end + Cycles(1);
            timed.push(frame);
        }
        Ok(timed)
    }

    /// Runs the program on the compiled RTL.
    ///
    /// # Errors
    /// A fault when the RTL breaks AXI3 or stops making progress.
    pub fn rtl(
        &self,
        model: &Model,
        responder: &mut dyn Responder,
        frames: u32,
        watch: &mut dyn Watch,
        trace: Option<&Trace>,
    ) -> Result<RtlRun> {
        let program = Program { address: self.plan.program_address as u32, descriptors: self.plan.jobs.len() as u32, frames };
        run_watched(model, self.acc, &self.dram, &program, responder, watch, trace)
    }

    /// Bytes of a DRAM after the frame that are not what the untiled reference puts there.
    pub fn wrong_bytes<'b>(&'b self, dram: &'b [u8]) -> impl Iterator<Item = usize> + 'b {
        (0..self.expected.len()).filter(|&i| (self.expected[i] ^ dram.get(i).copied().unwrap_or(!self.expected[i])) & self.known[i] != 0)
    }

    /// The node whose features lie at a byte of the DRAM, with (channel, row, column) of the first value in that byte.
    pub fn locate(&self, byte: usize) -> Option<(NodeId, [usize; 3])> {
        let inside = |id: &NodeId| {
            let place = &self.plan.places[*id];
            let bytes = place.shape.blocks(self.acc.lanes) as u64 * place.block_bytes();
            (place.address..place.address + bytes).contains(&(byte as u64))
        };
        // Of a concatenation and its operand the operand, which was stored.
        let id = self.plan.groups.iter().map(|g| g.output()).chain([0]).find(inside)?;
        let place = &self.plan.places[id];
        let offset = byte as u64 - place.address;
        let (word, within) = (offset / place.word_bytes, offset % place.word_bytes);
        let lane = (within * 8 / u64::from(place.format.container_bits())) as usize;
        let pixel = word as usize % (place.shape.h * place.shape.w);
        let block = word as usize / (place.shape.h * place.shape.w);
        Some((id, [block * self.acc.lanes + lane, pixel / place.shape.w, pixel % place.shape.w]))
    }
}
