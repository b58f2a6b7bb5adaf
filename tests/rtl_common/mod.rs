//! Runs a graph on simulator and RTL and holds one against the other.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod network;

use bico::accelerator::{Accelerator, Bank, IpConfig, Port};
use bico::machine::{Machine, MemoryModel, TimedFrame};
use bico::model::graph::Graph;
use bico::model::reference;
use bico::plan::{self, Plan, Unit, weights::put_row};
use bico::rtl::{self, Model, Modelled, Responder, RtlRun};
use bico::tensor::{Blocked, Tensor};
use bico::units::{Cycle, Cycles, Hertz};

/// Whether the tools are there. Prints why a test is skipped; with `BICO_REQUIRE_RTL=1` a missing tool is a failure.
pub fn tools() -> bool {
    let missing = rtl::missing_tool();
    if let Some(tool) = missing {
        assert!(std::env::var_os("BICO_REQUIRE_RTL").is_none_or(|v| v != "1"), "`{tool}` is required and can not be run");
        println!("skipped: `{tool}` can not be run");
    }
    missing.is_none()
}

/// Parameters of a small accelerator.
#[derive(Clone, Copy, Debug)]
pub struct Knobs {
    pub lanes: usize,
    pub feature_bits: u8,
    pub weight_bits: u8,
    pub parallel_in: usize,
    pub parallel_out: usize,
    pub conv: bool,
    pub tile: (usize, usize),
    pub bank_words: usize,
    pub weight_rows: usize,
    pub queue_depth: usize,
    pub outstanding: usize,
}

/// An accelerator with pointwise (and conv) only.
pub fn dense(k: Knobs) -> Accelerator {
    let dense = [Unit::Pointwise, Unit::Conv];
    let bank = |name: &str, writers: &[Unit], readers: &[Unit]| Bank {
        name: name.into(),
        words: k.bank_words,
        writers: writers.to_vec(),
        readers: readers.to_vec(),
    };
    let ip = IpConfig {
        parallel_in: k.parallel_in,
        parallel_out: k.parallel_out,
        weight_rows: k.weight_rows,
        parameter_rows: 64,
        max_kernel: 5,
    };
    let port = |hp| Port { hp, outstanding_bursts: k.outstanding };
    Accelerator {
        name: "rtl-test".into(),
        clock: Hertz::from_mhz(100.0),
        lanes: k.lanes,
        feature_bits: k.feature_bits,
        weight_bits: k.weight_bits,
        tile: k.tile,
        queue_depth: k.queue_depth,
        banks: vec![bank("in", &[Unit::Load], &dense), bank("out", &dense, &[Unit::Store])],
        depthwise: None,
        pointwise: Some(ip),
        conv: k.conv.then_some(ip),
        vector: None,
        load_port: port(0),
        weights_port: port(1),
        store_port: port(2),
        fetch_port: Port { hp: 3, outstanding_bursts: 2 },
    }
}

/// A planned network with one image in its DRAM.
pub struct Case<'a> {
    pub graph: &'a Graph,
    pub acc: &'a Accelerator,
    pub plan: Plan,
    pub dram: Vec<u8>,
    /// What the DRAM must hold afterwards, from the untiled reference.
    pub expected: Vec<u8>,
    /// Bits of `expected` that mean something: all but lanes past the last channel of a computed map.
    pub known: Vec<u8>,
}

impl<'a> Case<'a> {
    pub fn new(graph: &'a Graph, acc: &'a Accelerator, image: &Tensor) -> Case<'a> {
        let plan = plan::plan(graph, acc).unwrap();
        let mut dram = plan.dram_image(graph, acc).unwrap();
        put_features(&plan, 0, acc.lanes, image, &mut dram);
        let golden = reference::run(graph, image).unwrap();
        let (mut expected, mut known) = (dram.clone(), vec![0xff; dram.len()]);
        for group in &plan.groups {
            let id = group.output();
            put_features(&plan, id, acc.lanes, &golden[id], &mut expected);
            let ones = if plan.places[id].format.container_bits() == 1 { 1 } else { -1 };
            let ones = Tensor { shape: golden[id].shape, data: vec![ones; golden[id].data.len()] };
            put_features(&plan, id, acc.lanes, &ones, &mut known);
        }
        Case { graph, acc, plan, dram, expected, known }
    }

    /// Cycles of one frame, or of several that follow each other as [`rtl::Program::frames`] says.
    pub fn simulate(&self, memory: impl MemoryModel, frames: u32) -> Vec<TimedFrame> {
        let mut machine = Machine::new(&self.plan, self.acc, memory);
        let mut start = Cycle(0);
        let mut frame = |_| {
            let frame = machine.frame(start).unwrap();
            start = frame.end + Cycles(1);
            frame
        };
        (0..frames).map(&mut frame).collect()
    }

    pub fn rtl(&self, model: &Model, responder: &mut dyn Responder, frames: u32) -> RtlRun {
        let program = rtl::Program { address: self.plan.program_address as u32, descriptors: self.plan.jobs.len() as u32, frames };
        rtl::run_on(model, self.acc, &self.dram, &program, responder).unwrap_or_else(|e| panic!("{e}\n{}", self.jobs()))
    }

    /// Whether the planner emitted a job without iterations, which the machine does not have.
    pub fn has_empty_job(&self) -> bool {
        self.plan.jobs.iter().any(|d| matches!(&d.job.task, bico::plan::Task::Compute(c) if c.pixels() * u64::from(c.blocks) == 0))
    }

    /// The program, for messages.
    fn jobs(&self) -> String {
        self.plan.jobs.iter().map(|d| format!("{:?}\n", d.job)).collect()
    }

    /// Simulator and RTL, each on its own instance of `memory`: no difference in any job's cycles, nor in any byte of DRAM.
    pub fn check<M: MemoryModel>(&self, model: &Model, memory: impl Fn() -> M, frames: u32) {
        let simulated = self.simulate(memory(), frames);
        let run = self.rtl(model, &mut Modelled::new(memory(), self.acc), frames);
        for unit in Unit::ALL.into_iter().filter(|&u| u != Unit::Fetch) {
            let jobs: Vec<usize> = (0..self.plan.jobs.len()).filter(|&i| self.plan.jobs[i].job.unit == unit).collect();
            let time = |frame: &TimedFrame, i: usize| (frame.jobs[i].start.0, frame.jobs[i].end.0);
            let simulator: Vec<_> = simulated.iter().flat_map(|frame| jobs.iter().map(move |&i| time(frame, i))).collect();
            let rtl = run.jobs(unit);
            if let Some(k) = (0..simulator.len().max(rtl.len())).find(|&k| simulator.get(k) != rtl.get(k)) {
                let job = jobs.get(k % jobs.len().max(1)).map(|&i| &self.plan.jobs[i].job);
                panic!("`{unit}`, its job {k} ({job:?}): simulator {:?}, RTL {:?}", simulator.get(k), rtl.get(k));
            }
        }
        let ends: Vec<u64> = simulated.iter().map(|f| f.end.0).collect();
        assert_eq!(ends, run.interrupt_cycles, "interrupts");
        self.check_bits(&run);
    }

    pub fn check_bits(&self, run: &RtlRun) {
        if let Some(at) = (0..self.expected.len()).find(|&i| (self.expected[i] ^ run.dram[i]) & self.known[i] != 0) {
            let owner = self.plan.places.iter().rposition(|p| p.address <= at as u64).map(|n| (&self.graph.nodes[n], &self.plan.places[n]));
            let (node, place) = owner.unwrap();
            panic!(
                "DRAM byte {at:#x} (offset {} of `{}`, word of {} bytes): expected {:#04x}, RTL {:#04x}; {:?} {:?} -> {:?} {:?} {:?}; from {:?} {:?}\n{}",
                at as u64 - place.address,
                node.name,
                place.word_bytes,
                self.expected[at],
                run.dram[at],
                node.op,
                self.graph.nodes[node.inputs[0]].shape,
                node.shape,
                node.format,
                node.requantise,
                self.graph.nodes[node.inputs[0]].format,
                self.graph.nodes[node.inputs[0]].zero_point,
                self.jobs(),
            );
        }
        assert_eq!(self.expected.len(), run.dram.len());
    }
}

/// Writes a feature map into its region as the hardware lays it out; lanes past the last channel are zero.
fn put_features(plan: &Plan, id: usize, lanes: usize, t: &Tensor, dram: &mut [u8]) {
    let place = &plan.places[id];
    for (word, values) in Blocked::from_tensor(t, lanes).data.chunks_exact(lanes).enumerate() {
        let at = place.address as usize + word * place.word_bytes as usize;
        let values: Vec<i32> = values.iter().map(|&v| v.into()).collect();
        put_row(&values, place.format.container_bits(), &mut dram[at..at + place.word_bytes as usize]);
    }
}

/// The Pynq-Z1's memory.
pub fn board_memory() -> bico::dram::MemorySpec {
    let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/boards/pynq-z1.toml")).unwrap();
    bico::dram::MemorySpec::from_board_text(&text).unwrap()
}
