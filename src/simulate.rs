//! The main job: a network on an accelerator on a board, timed and executed, as one record.

use crate::accelerator::Accelerator;
use crate::account;
use crate::board::Board;
use crate::dataset::iou::Box2D;
use crate::dram::{Memory, MemoryStats};
use crate::error::{Error, Result};
use crate::ip::cost;
use crate::machine::{Executor, Machine, TimedFrame, Values};
use crate::model::graph::NodeId;
use crate::model::reference;
use crate::model::{Network, head};
use crate::plan::{self, Plan, Unit};
use crate::power::{self, Activity};
use crate::record::{
    AccuracyRecord, BoxRecord, Detection, FrameRecord, MemoryRecord, Performance, PowerRecord, ResourceRecord, RunRecord, SCHEMA_VERSION,
};
use crate::tensor::Tensor;
use crate::units::{Cycle, Cycles};
use rayon::prelude::*;

/// One image to run, already at the network's input size.
#[derive(Clone, Debug)]
pub struct Sample {
    /// File name or scene name.
    pub name: String,
    /// Raw integers in the network's input format.
    pub image: Tensor,
    /// The true box in fractions of the image, when it is known.
    pub truth: Option<Box2D>,
}

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Frames to time; refresh makes them differ.
    pub frames: usize,
    /// Run designs that do not fit the board, marked so.
    pub allow_overflow: bool,
    /// Keep each job in the record.
    pub jobs: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { frames: 4, allow_overflow: false, jobs: true }
    }
}

/// A design that has been planned and timed: it can run images.
pub struct Simulation<'a> {
    network: &'a Network,
    acc: &'a Accelerator,
    board: &'a Board,
    plan: Plan,
    resources: ResourceRecord,
    /// The first frame, with all its jobs.
    first: TimedFrame,
    frames: Vec<FrameRecord>,
    stats: MemoryStats,
    notes: Vec<String>,
}

impl<'a> Simulation<'a> {
    /// Plans the network, checks that the accelerator fits the board, and times `options.frames` frames. No value is computed.
    ///
    /// # Errors
    /// When the design does not fit (unless allowed), an op has no IP, or the machine breaks its contract.
    pub fn new(network: &'a Network, acc: &'a Accelerator, board: &'a Board, options: Options) -> Result<Simulation<'a>> {
        Simulation::watched(network, acc, board, options, || ())
    }

    /// As [`Simulation::new`]; `timed` is called after each frame.
    ///
    /// # Errors
    /// As [`Simulation::new`].
    pub fn watched(
        network: &'a Network,
        acc: &'a Accelerator,
        board: &'a Board,
        options: Options,
        timed: impl Fn(),
    ) -> Result<Simulation<'a>> {
        let mut notes = vec![format!("The clock of {:.0} MHz is assumed, not timed: every FPS rests on it.", acc.clock.mhz())];
        let resources = cost::resources(acc, board);
        if let Some(e) = cost::check_fits_unless(options.allow_overflow, acc, board)? {
            notes.push(format!("DOES NOT FIT: {}.", e.what()));
        }
        if options.frames == 0 {
            return Err(Error::usage("frames is out of range").value(0).allowed("1 or more"));
        }
        let plan = plan::plan(&network.graph, acc)?;
        let memory = Memory::new(&board.memory, acc.clock)?;
        plan.check_dram(memory.capacity_bytes())?;
        let mut machine = Machine::new(&plan, acc, memory);
        let first = machine.frame(Cycle(0))?;
        let stats = *machine.memory().stats();
        let mut frames = vec![FrameRecord::from(&first)];
        timed();
        // One after the other on one memory; of the later ones only begin and end are kept, so that any number fits in memory.
        while frames.len() < options.frames {
            let start = frames.last().map_or(0, |f| f.end_cycle);
            frames.push(FrameRecord::from(&machine.frame(Cycle(start))?));
            timed();
        }
        drop(machine);
        Ok(Simulation { network, acc, board, plan, resources, first, frames, stats, notes })
    }

    /// The program.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The first timed frame.
    pub fn first_frame(&self) -> &TimedFrame {
        &self.first
    }

    /// Runs samples, on as many threads as there are, in the order of the first timed frame; `done` is called after each.
    /// The result does not depend on the number of threads.
    ///
    /// # Errors
    /// When a sample does not fit the network's input.
    pub fn execute(&self, samples: &[Sample], done: impl Fn() + Sync) -> Result<Execution> {
        let executor = Executor::new(&self.network.graph, &self.plan, self.acc)?;
        executor.check_order(&self.first)?;
        let found: Vec<Result<(Tensor, Option<Hashes>)>> = samples
            .par_iter()
            .enumerate()
            .map_init(
                || executor.values(),
                |values, (k, sample)| {
                    let output = executor.run(&sample.image, &self.first, values)?;
                    done();
                    Ok((output, (k == 0).then(|| self.hashes(&executor, values))))
                },
            )
            .collect();
        let mut execution = Execution::default();
        for one in found {
            let (output, hashes) = one?;
            execution.outputs.push(output);
            execution.hashes = execution.hashes.or(hashes);
        }
        Ok(execution)
    }

    fn hashes(&self, executor: &Executor, values: &Values) -> Hashes {
        self.plan.groups.iter().map(|g| (g.output(), reference::hash(&executor.features(g.output(), values)))).collect()
    }

    /// Everything as one record.
    ///
    /// # Errors
    /// When the head does not decode, or something does not add up.
    pub fn record(&self, samples: &[Sample], execution: &Execution, options: Options) -> Result<RunRecord> {
        let graph = &self.network.graph;
        let frame = &self.first;
        let hash = |id: NodeId| execution.hashes.as_ref()?.iter().find(|(n, _)| *n == id).map(|(_, h)| h.clone());
        let units = account::units(&self.plan, graph, self.acc, frame);
        account::conservation(&self.plan, &units, frame, (self.stats.read_bytes(), self.stats.write_bytes()))?;
        let macs_per_frame = graph.nodes.iter().map(|n| graph.macs(n)).sum();
        let performance = self.performance(macs_per_frame);
        Ok(RunRecord {
            schema_version: SCHEMA_VERSION,
            bico_version: env!("CARGO_PKG_VERSION").into(),
            network: self.network.name.clone(),
            accelerator: self.acc.name.clone(),
            board: self.board.name.clone(),
            clock_mhz: self.acc.clock.mhz(),
            widths_bits: Some(<[u8; 2]>::from(graph.widths())),
            settings: Vec::new(),
            macs_per_frame,
            frames: self.frames.clone(),
            layers: account::layers(&self.plan, graph, frame, hash),
            units,
            jobs: if options.jobs { account::jobs(&self.plan, frame) } else { Vec::new() },
            memory: self.memory(),
            resources: self.resources.clone(),
            power: self.power(&performance),
            accuracy: self.accuracy(samples, execution)?,
            notes: self.notes.clone(),
            performance,
        })
    }

    fn performance(&self, macs_per_frame: u64) -> Performance {
        let clock = self.acc.clock;
        let mut cycles: Vec<u64> = self.frames.iter().map(|f| f.end_cycle - f.start_cycle).collect();
        cycles.sort_unstable();
        let rank = |q: f64| cycles[((cycles.len() as f64 * q).ceil() as usize).clamp(1, cycles.len()) - 1];
        let ms = |c: u64| Cycles(c).milliseconds(clock);
        let accelerator_ms = ms(rank(0.5));
        let host = &self.board.host;
        let host_ms = host.total_ms();
        let latency_ms = host_ms + accelerator_ms;
        let interval_ms = if host.overlapped { host_ms.max(accelerator_ms) } else { latency_ms };
        let multipliers: u64 = Unit::ALL.into_iter().map(|u| account::multipliers(self.acc, u)).sum();
        Performance {
            accelerator_ms,
            host_ms,
            host_overlapped: host.overlapped,
            latency_ms,
            fps: 1e3 / interval_ms,
            accelerator_ms_percentiles: [ms(rank(0.5)), ms(rank(0.9)), ms(rank(0.99)), ms(rank(1.0))],
            mac_utilisation: macs_per_frame as f64 / (rank(0.5) * multipliers.max(1)) as f64,
        }
    }

    fn memory(&self) -> MemoryRecord {
        let s = &self.stats;
        let cycles = self.first.end.0 - self.first.start.0;
        let (read_bytes, write_bytes) = (s.read_bytes(), s.write_bytes());
        let seconds = cycles as f64 / self.acc.clock.0 as f64;
        MemoryRecord {
            peak_mb_per_s: self.board.memory.peak_bytes_per_second() as f64 / 1e6,
            read_bytes,
            write_bytes,
            read_bytes_by_unit: [Unit::Load, Unit::Weights, Unit::Fetch].into_iter().map(|u| (u, self.plan.bytes(u))).collect(),
            mean_mb_per_s: (read_bytes + write_bytes) as f64 / 1e6 / seconds,
            row_hits: s.row_hits,
            row_misses: s.row_misses,
            row_conflicts: s.row_conflicts,
            refreshes: s.refreshes,
            turnarounds: s.read_to_write_turns + s.write_to_read_turns,
        }
    }

    fn power(&self, performance: &Performance) -> PowerRecord {
        let activity = Activity {
            counts: power::count(self.acc, self.board, self.plan.jobs.iter().map(|d| &d.job)),
            clock: self.acc.clock,
            cycles: self.first.end.0 - self.first.start.0,
            frame_interval_s: 1.0 / performance.fps,
            ddr_bytes: self.stats.read_bytes() + self.stats.write_bytes(),
            ddr_activates: self.stats.activates,
        };
        self.board.power.evaluate(&activity)
    }

    fn accuracy(&self, samples: &[Sample], execution: &Execution) -> Result<Option<AccuracyRecord>> {
        let Some(spec) = &self.network.head else { return Ok(None) };
        let anchors = spec.sides();
        let mut detections = Vec::with_capacity(samples.len());
        for (sample, output) in samples.iter().zip(&execution.outputs) {
            let found = head::decode(output, self.network.graph.output(), &anchors)?;
            detections.push(Detection {
                image: sample.name.clone(),
                truth: sample.truth.map(BoxRecord::from),
                found: found.area.into(),
                confidence: found.confidence,
                iou: sample.truth.map(|t| t.iou(found.area)),
            });
        }
        let ious: Vec<f64> = detections.iter().filter_map(|d| d.iou).map(f64::from).collect();
        let mean_iou = (!ious.is_empty()).then(|| ious.iter().sum::<f64>() / ious.len() as f64);
        Ok(Some(AccuracyRecord { images: samples.len() as u64, mean_iou, baselines: Vec::new(), detections }))
    }
}

/// SHA-256 of each stored node's integers on the first sample.
type Hashes = Vec<(NodeId, String)>;

/// What running the samples gave.
#[derive(Clone, Debug, Default)]
pub struct Execution {
    /// The network's output for each sample, raw.
    pub outputs: Vec<Tensor>,
    hashes: Option<Hashes>,
}

impl From<Box2D> for BoxRecord {
    fn from(b: Box2D) -> BoxRecord {
        BoxRecord { x: b.x, y: b.y, w: b.w, h: b.h }
    }
}

impl From<&TimedFrame> for FrameRecord {
    fn from(f: &TimedFrame) -> FrameRecord {
        FrameRecord { start_cycle: f.start.0, end_cycle: f.end.0 }
    }
}
