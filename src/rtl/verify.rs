//! Simulator against RTL: the start and end of every job, every word written on chip, every byte of the DRAM, every frame.

use super::case::Case;
use super::cover::Cover;
use super::model::Model;
use super::responder::{Hostile, Modelled};
use super::run::{RtlRun, Trace};
use super::words::{WordDifference, Words};
use crate::dram::{Memory, MemorySpec, MemoryStats};
use crate::error::Result;
use crate::machine::{FixedLatency, Machine, MemoryModel, TimedFrame};
use crate::plan::descriptor;
use crate::plan::{Plan, Unit};
use crate::units::Cycles;
use std::fmt;

/// What answers the accelerator's requests: one instance on each side.
#[derive(Clone, Debug)]
pub enum Answers {
    /// Every burst takes as long.
    Fixed(Cycles),
    /// The DDR model.
    Ddr(Box<MemorySpec>),
    /// As awkwardly as AXI3 allows, from this seed: one frame, bits only.
    Hostile(u64),
}

/// Where simulator and RTL part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A job starts or ends in another cycle, or only on one side.
    Time {
        /// Frame.
        frame: usize,
        /// Index in the program.
        job: usize,
        /// "starts" or "ends".
        what: &'static str,
        /// Cycle in the simulator.
        simulator: Option<u64>,
        /// Cycle in the RTL.
        rtl: Option<u64>,
    },
    /// The interrupt of a frame.
    Interrupt {
        /// Frame.
        frame: usize,
        /// Cycle in the simulator.
        simulator: u64,
        /// Cycle in the RTL.
        rtl: Option<u64>,
    },
    /// A word on chip.
    Word(WordDifference),
    /// A byte of the DRAM after the last frame.
    Dram {
        /// Its address.
        byte: usize,
        /// What the untiled reference puts there.
        expected: u8,
        /// What the RTL has put there.
        rtl: u8,
    },
}

impl Difference {
    /// The cycle in which it shows in the RTL, if it is one of a cycle.
    pub fn cycle(&self) -> Option<u64> {
        match self {
            Difference::Time { simulator, rtl, .. } => rtl.or(*simulator),
            Difference::Interrupt { simulator, rtl, .. } => Some(rtl.unwrap_or(*simulator)),
            Difference::Word(w) => Some(w.cycle),
            Difference::Dram { .. } => None,
        }
    }

    /// Index of the job in the program.
    pub fn job(&self) -> Option<usize> {
        match self {
            Difference::Time { job, .. } => Some(*job),
            Difference::Word(w) => Some(w.job),
            _ => None,
        }
    }

    /// In words: both values, the layer, and the descriptor of the job.
    pub fn describe(&self, case: &Case) -> String {
        let place = self.job().map_or(String::new(), |j| job_in_words(&case.plan, j));
        format!("{}{place}", Located { difference: self, case })
    }
}

struct Located<'a, 'b> {
    difference: &'a Difference,
    case: &'a Case<'b>,
}

impl fmt::Display for Located<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cycle = |c: Option<u64>| c.map_or("never".to_string(), |c| format!("in cycle {c}"));
        match self.difference {
            Difference::Time { frame, job, what, simulator, rtl } => {
                write!(f, "frame {frame}, job {job} {what} {} in the simulator, {} in the RTL", cycle(*simulator), cycle(*rtl))
            }
            Difference::Interrupt { frame, simulator, rtl } => {
                write!(f, "frame {frame} ends in cycle {simulator} in the simulator, {} in the RTL", cycle(*rtl))
            }
            Difference::Word(w) => {
                write!(f, "cycle {}, frame {}, job {}, bank {} word {}: ", w.cycle, w.frame, w.job, w.at.0, w.at.1)?;
                match w.lane {
                    Some((lane, simulator, rtl)) => write!(f, "lane {lane} is {simulator} in the simulator, {rtl} in the RTL"),
                    None => write!(f, "words written there are not those of the job"),
                }
            }
            Difference::Dram { byte, expected, rtl } => {
                write!(f, "DRAM byte {byte:#x} is {expected:#04x} by the untiled reference, {rtl:#04x} in the RTL")?;
                match self.case.locate(*byte) {
                    Some((id, [c, y, x])) => write!(f, " (layer `{}`, channel {c}, row {y}, column {x})", self.case.graph.nodes[id].name),
                    None => write!(f, " (no layer's output)"),
                }
            }
        }
    }
}

/// The layer, the job's fields, and the bits of its descriptor.
fn job_in_words(plan: &Plan, index: usize) -> String {
    let job = &plan.jobs[index].job;
    let layer = plan.groups.get(usize::from(job.layer)).map_or("", |g| &g.name);
    let bits = descriptor::encode(job).map(|d| d.map(|w| format!("{w:016x}")).join(" ")).unwrap_or_default();
    format!("\n  layer:      {layer}\n  job:        {job:?}\n  descriptor: {bits}")
}

/// What one comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Frames compared.
    pub frames: u32,
    /// Jobs compared, over all frames.
    pub jobs: u64,
    /// Words written on chip, compared.
    pub words: u64,
    /// Bytes of the DRAM compared.
    pub dram_bytes: u64,
    /// Cycles of the RTL run.
    pub cycles: u64,
    /// Job starts, job ends and interrupts in another cycle.
    pub time_differences: u64,
    /// Words that differ.
    pub word_differences: u64,
    /// Bytes that differ.
    pub dram_differences: u64,
    /// The first difference in time; of the DRAM, the lowest byte.
    pub first: Option<Difference>,
    /// What the run has met.
    pub cover: Cover,
}

impl Comparison {
    /// Nothing differs.
    pub fn is_equal(&self) -> bool {
        self.first.is_none()
    }

    /// Adds another run.
    pub fn add(&mut self, other: &Comparison) {
        self.frames += other.frames;
        self.jobs += other.jobs;
        self.words += other.words;
        self.dram_bytes += other.dram_bytes;
        self.cycles += other.cycles;
        self.time_differences += other.time_differences;
        self.word_differences += other.word_differences;
        self.dram_differences += other.dram_differences;
        self.first = self.first.take().or_else(|| other.first.clone());
        self.cover.add(&other.cover);
    }
}

/// Runs `frames` frames on both sides, each with its own instance of the memory, and compares cycles and bits.
///
/// # Errors
/// When either side breaks its contract. A difference is a result, not an error.
pub fn verify(case: &Case, model: &Model, answers: &Answers, frames: u32) -> Result<Comparison> {
    match answers {
        Answers::Fixed(latency) => verify_on(case, model, || Ok(FixedLatency::new(*latency)), |_| MemoryStats::default(), frames),
        Answers::Ddr(spec) => verify_on(case, model, || Memory::new(spec, case.acc.clock), |m| *m.stats(), frames),
        Answers::Hostile(seed) => hostile(case, model, *seed),
    }
}

/// One frame on a memory that is as awkward as AXI3 allows; compares bits only.
fn hostile(case: &Case, model: &Model, seed: u64) -> Result<Comparison> {
    let mut machine = Machine::new(&case.plan, case.acc, FixedLatency::new(Cycles(1)));
    let order = case.simulate(&mut machine, 1)?;
    let mut words = Words::new(case, &order[0])?;
    let run = case.rtl(model, &mut Hostile::new(seed), 1, &mut words, None)?;
    let mut found = Comparison { frames: 1, cycles: run.interrupt_cycles.last().copied().unwrap_or(0), ..Comparison::default() };
    values(case, &run, &words, &mut found);
    Ok(found)
}

/// Runs the RTL again and writes a waveform of all its nets around a cycle.
///
/// # Errors
/// As [`super::verilate`], and when the file can not be written.
pub fn trace(case: &Case, answers: &Answers, frames: u32, trace: &Trace) -> Result<()> {
    let model = super::build::verilate_traced(case.acc)?;
    match answers {
        Answers::Fixed(latency) => {
            case.rtl(&model, &mut Modelled::new(FixedLatency::new(*latency), case.acc), frames, &mut (), Some(trace))
        }
        Answers::Ddr(spec) => {
            case.rtl(&model, &mut Modelled::new(Memory::new(spec, case.acc.clock)?, case.acc), frames, &mut (), Some(trace))
        }
        Answers::Hostile(seed) => case.rtl(&model, &mut Hostile::new(*seed), 1, &mut (), Some(trace)),
    }
    .map(|_| ())
}

fn verify_on<M: MemoryModel>(
    case: &Case,
    model: &Model,
    memory: impl Fn() -> Result<M>,
    stats: impl Fn(&M) -> MemoryStats,
    frames: u32,
) -> Result<Comparison> {
    let mut machine = Machine::new(&case.plan, case.acc, memory()?);
    let simulated = case.simulate(&mut machine, frames)?;
    let mut words = Words::new(case, &simulated[0])?;
    let run = case.rtl(model, &mut Modelled::new(memory()?, case.acc), frames, &mut words, None)?;
    let mut found = Comparison { frames, cycles: run.interrupt_cycles.last().copied().unwrap_or(0), ..Comparison::default() };
    times(case, &simulated, &run, &mut found);
    values(case, &run, &words, &mut found);
    found.cover = Cover::of(case, &simulated, &stats(machine.memory()));
    Ok(found)
}

/// Notes a difference, and keeps the earliest.
fn note(found: &mut Comparison, difference: Difference) {
    let earlier = |a: &Difference, b: &Difference| a.cycle().unwrap_or(u64::MAX) < b.cycle().unwrap_or(u64::MAX);
    if found.first.as_ref().is_none_or(|first| earlier(&difference, first)) {
        found.first = Some(difference);
    }
}

fn times(case: &Case, simulated: &[TimedFrame], run: &RtlRun, found: &mut Comparison) {
    for unit in Unit::ALL.into_iter().filter(|&u| u != Unit::Fetch) {
        let jobs: Vec<usize> = (0..case.plan.jobs.len()).filter(|&i| case.plan.jobs[i].job.unit == unit).collect();
        let rtl = run.jobs(unit);
        let count = (jobs.len() * simulated.len()).max(rtl.len());
        found.jobs += (jobs.len() * simulated.len()) as u64;
        for k in 0..count {
            let (frame, job) = (k / jobs.len().max(1), jobs.get(k % jobs.len().max(1)).copied().unwrap_or(0));
            let time = simulated.get(frame).filter(|_| !jobs.is_empty()).map(|f| (f.jobs[job].start.0, f.jobs[job].end.0));
            let other = rtl.get(k).copied();
            for (what, simulator, rtl) in
                [("starts", time.map(|t| t.0), other.map(|t| t.0)), ("ends", time.map(|t| t.1), other.map(|t| t.1))]
            {
                if simulator != rtl {
                    found.time_differences += 1;
                    note(found, Difference::Time { frame, job, what, simulator, rtl });
                }
            }
        }
    }
    for (frame, timed) in simulated.iter().enumerate() {
        let (simulator, rtl) = (timed.end.0, run.interrupt_cycles.get(frame).copied());
        if rtl != Some(simulator) {
            found.time_differences += 1;
            note(found, Difference::Interrupt { frame, simulator, rtl });
        }
    }
}

fn values(case: &Case, run: &RtlRun, words: &Words, found: &mut Comparison) {
    found.words = words.compared;
    found.word_differences = words.differences;
    if let Some(first) = words.first {
        note(found, Difference::Word(first));
    }
    found.dram_bytes = case.expected.len() as u64;
    for byte in case.wrong_bytes(&run.dram) {
        found.dram_differences += 1;
        if found.first.is_none() {
            note(found, Difference::Dram { byte, expected: case.expected[byte], rtl: run.dram[byte] });
        }
    }
}
