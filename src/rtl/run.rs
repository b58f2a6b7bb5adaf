//! One program on the compiled RTL.

use super::build::verilate;
use super::bus::Bus;
use super::model::{Inputs, Model, Outputs};
use super::responder::Responder;
use crate::accelerator::Accelerator;
use crate::error::{Error, Result};
use crate::plan::Unit;

/// Cycles of reset: they also flush the pipelines.
const RESET_CYCLES: u32 = 40;
/// Cycles without an event or a handshake after which the run is given up.
const PATIENCE_CYCLES: u64 = 200_000;

/// What a unit did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A job started: its unit left idle.
    Issue,
    /// A job ended: done was high.
    Done,
}

/// One observation of an `issue` or `done` net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    /// Cycle, counted from the first start write.
    pub cycle: u64,
    /// Whose net.
    pub unit: Unit,
    /// Which net.
    pub kind: EventKind,
}

/// Where the program lies, and how often it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// First byte in DRAM, a multiple of 128.
    pub address: u32,
    /// Descriptors, an even number.
    pub descriptors: u32,
    /// Frames; the start write of each comes in the cycle after the first with the interrupt of the one before it.
    pub frames: u32,
}

/// What came out of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtlRun {
    /// In order of time; within a cycle issues before dones, units by code.
    pub events: Vec<Event>,
    /// First cycle in which the interrupt was high, by frame.
    pub interrupt_cycles: Vec<u64>,
    /// Contents of the DRAM at the end.
    pub dram: Vec<u8>,
}

impl RtlRun {
    /// Start and end of each job of `unit`, in order.
    pub fn jobs(&self, unit: Unit) -> Vec<(u64, u64)> {
        let of = |kind| self.events.iter().filter(move |e| e.unit == unit && e.kind == kind).map(|e| e.cycle);
        of(EventKind::Issue).zip(of(EventKind::Done)).collect()
    }
}

/// A word that a unit writes to a bank.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// Cycle of the write.
    pub cycle: u64,
    /// Who writes.
    pub unit: Unit,
    /// Bank.
    pub bank: u8,
    /// Word address.
    pub address: u16,
    /// The word, lane 0 lowest.
    pub bits: &'a [u32; 16],
}

/// Sees what happens on nets of the RTL, cycle by cycle.
pub trait Watch {
    /// A job of `unit` starts.
    fn issued(&mut self, _cycle: u64, _unit: Unit) {}
    /// A bank word is written.
    fn written(&mut self, _written: &Written) {}
    /// A job of `unit` is done.
    fn done(&mut self, _cycle: u64, _unit: Unit) {}
}

/// Looks away.
impl Watch for () {}

/// A waveform of all nets over some cycles; the run ends with it.
#[derive(Clone, Debug)]
pub struct Trace {
    /// VCD file to write.
    pub path: std::path::PathBuf,
    /// First cycle.
    pub from_cycle: u64,
    /// Last cycle.
    pub to_cycle: u64,
}

/// Compiles the RTL of `acc` (or finds it compiled) and runs a program that lies in `dram`, the initial content.
///
/// # Errors
/// As [`verilate`] and [`run_on`].
pub fn run(acc: &Accelerator, dram: &[u8], program: &Program, responder: &mut dyn Responder) -> Result<RtlRun> {
    run_on(&verilate(acc)?, acc, dram, program, responder)
}

/// As [`run`], on a model that is compiled already.
///
/// # Errors
/// A fault when the RTL breaks AXI3 or the contract at its ports, or stops making progress.
pub fn run_on(model: &Model, acc: &Accelerator, dram: &[u8], program: &Program, responder: &mut dyn Responder) -> Result<RtlRun> {
    run_watched(model, acc, dram, program, responder, &mut (), None)
}

/// As [`run_on`], watched; with a `trace` the run ends after its last cycle.
///
/// # Errors
/// As [`run_on`].
pub fn run_watched(
    model: &Model,
    acc: &Accelerator,
    dram: &[u8],
    program: &Program,
    responder: &mut dyn Responder,
    watch: &mut dyn Watch,
    trace: Option<&Trace>,
) -> Result<RtlRun> {
    if !program.address.is_multiple_of(128) || !program.descriptors.is_multiple_of(2) {
        return Err(Error::input("program is not aligned to 128 bytes or not padded").value(format!("{program:?}")));
    }
    let mut machine = model.machine();
    let mut inputs = Inputs { reset: 1, program_address: program.address, program_descriptors: program.descriptors, ..Inputs::default() };
    for _ in 0..RESET_CYCLES {
        machine.step(&inputs);
    }
    inputs.reset = 0;
    let limits = [2, acc.load_port.outstanding_bursts, acc.weights_port.outstanding_bursts, acc.store_port.outstanding_bursts];
    let mut bus = Bus::new(dram.to_vec(), limits);
    let (mut events, mut interrupt_cycles) = (Vec::new(), Vec::new());
    let (mut start_cycle, mut progress_cycle) = (0, 0);
    for cycle in 0.. {
        if let Some(trace) = trace {
            if cycle == trace.from_cycle {
                machine.trace(&trace.path)?;
            } else if cycle > trace.to_cycle {
                break;
            }
        }
        inputs.start = u8::from(cycle == start_cycle);
        bus.drive(cycle, &responder.drive(cycle), &mut inputs)?;
        let out = machine.step(&inputs);
        bus.observe(cycle, &inputs, out, responder)?;
        if out.issue | out.done | out.write != 0 {
            note(cycle, out, &mut events, watch);
        }
        if out.issue | out.done | inputs.rvalid | inputs.bvalid | out.wvalid & inputs.wready != 0 {
            progress_cycle = cycle;
        }
        if out.interrupt == 1 && cycle > start_cycle {
            if !bus.is_idle() {
                return Err(Error::fault(format!("cycle {cycle}: interrupt while bursts are in flight")));
            }
            interrupt_cycles.push(cycle);
            if interrupt_cycles.len() >= program.frames as usize {
                break;
            }
            start_cycle = cycle + 1;
        }
        if cycle - progress_cycle > PATIENCE_CYCLES {
            return Err(Error::fault(format!("the RTL makes no progress since cycle {progress_cycle}")).value(progress(&events)));
        }
    }
    Ok(RtlRun { events, interrupt_cycles, dram: bus.dram })
}

/// Records what the units do in one cycle: a job starts, writes, ends, in this order.
fn note(cycle: u64, out: &Outputs, events: &mut Vec<Event>, watch: &mut dyn Watch) {
    let units = |mask: u8| Unit::ALL.into_iter().filter(move |u| mask & u.bit() != 0);
    for unit in units(out.issue) {
        events.push(Event { cycle, unit, kind: EventKind::Issue });
        watch.issued(cycle, unit);
    }
    for unit in units(out.write) {
        let u = unit.index();
        let bank = (out.write_bank >> (4 * u) & 15) as u8;
        watch.written(&Written { cycle, unit, bank, address: out.write_address[u], bits: &out.write_data[u] });
    }
    for unit in units(out.done) {
        events.push(Event { cycle, unit, kind: EventKind::Done });
        watch.done(cycle, unit);
    }
}

/// Jobs issued and done by each unit.
fn progress(events: &[Event]) -> String {
    let count = |unit, kind| events.iter().filter(|e| e.unit == unit && e.kind == kind).count();
    let of = |&unit: &Unit| format!("{unit} issued {}, done {}", count(unit, EventKind::Issue), count(unit, EventKind::Done));
    Unit::ALL.iter().map(of).collect::<Vec<_>>().join("; ")
}
