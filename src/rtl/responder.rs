//! The memory at the accelerator's AXI3 masters, cycle by cycle.

use crate::accelerator::Accelerator;
use crate::dram::{Completion, Kind, Request};
use crate::error::Result;
use crate::machine::MemoryModel;
use crate::plan::Unit;
use crate::units::Cycle;
use std::collections::VecDeque;

/// Read masters of the RTL; the index is the unit's code: `fetch`, `load`, `weights`.
pub const READERS: usize = 3;

/// What the memory drives in one cycle. Arrays are by read master.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drive {
    /// ARREADY.
    pub ar_ready: [bool; READERS],
    /// The next beat of the oldest burst is on the bus.
    pub read_beat: [bool; READERS],
    /// AWREADY.
    pub aw_ready: bool,
    /// WREADY.
    pub w_ready: bool,
    /// The oldest complete write burst is answered.
    pub write_response: bool,
}

/// Decides when the memory answers. Contents are the harness's: a responder sees addresses and lengths, in order.
pub trait Responder {
    /// What the memory drives in `cycle`; called once a cycle, in order, before the requests of that cycle are known.
    fn drive(&mut self, cycle: u64) -> Drive;
    /// Master `reader` handed over a read request in `cycle`.
    ///
    /// # Errors
    /// When the request breaks a rule of the memory.
    fn read(&mut self, cycle: u64, reader: usize, address: u32, beats: u8) -> Result<()>;
    /// The last beat of a write burst was handed over in `cycle`.
    ///
    /// # Errors
    /// When the request breaks a rule of the memory.
    fn write(&mut self, cycle: u64, address: u32, beats: u8) -> Result<()>;
}

/// Answers when a memory model says so: its own instance of the DDR model, or one of fixed latency.
pub struct Modelled<M> {
    memory: M,
    ports: [u8; 4],
    reads: [VecDeque<(u64, u64)>; READERS],
    writes: VecDeque<u64>,
    completions: Vec<Completion>,
}

impl<M: MemoryModel> Modelled<M> {
    /// `memory` behind the HP ports of `acc`.
    pub fn new(memory: M, acc: &Accelerator) -> Modelled<M> {
        let ports = [acc.fetch_port.hp, acc.load_port.hp, acc.weights_port.hp, acc.store_port.hp];
        Modelled { memory, ports, reads: Default::default(), writes: VecDeque::new(), completions: Vec::new() }
    }

    fn submit(&mut self, cycle: u64, kind: Kind, tag: usize, address: u32, beats: u8) -> Result<()> {
        let port = self.ports[tag];
        self.memory.submit(Cycle(cycle), Request { port, kind, addr: address.into(), beats, tag: tag as u32 })
    }
}

impl<M: MemoryModel> Responder for Modelled<M> {
    fn drive(&mut self, cycle: u64) -> Drive {
        // All requests of earlier cycles are in; nothing of this cycle can change what is on the buses in it.
        if let Some(before) = cycle.checked_sub(1) {
            self.memory.advance(Cycle(before), &mut self.completions);
        }
        for c in self.completions.drain(..) {
            match c.kind {
                Kind::Read => self.reads[c.tag as usize].push_back((c.first_beat.0, c.last.0)),
                Kind::Write => self.writes.push_back(c.last.0),
            }
        }
        let mut drive = Drive { ar_ready: [true; READERS], aw_ready: true, w_ready: true, ..Drive::default() };
        for (beat, reads) in drive.read_beat.iter_mut().zip(&mut self.reads) {
            if let Some(&(first, last)) = reads.front() {
                *beat = first <= cycle;
                if last == cycle {
                    reads.pop_front();
                }
            }
        }
        if self.writes.front().is_some_and(|&at| at <= cycle) {
            self.writes.pop_front();
            drive.write_response = true;
        }
        drive
    }
    fn read(&mut self, cycle: u64, reader: usize, address: u32, beats: u8) -> Result<()> {
        debug_assert!(reader <= Unit::Weights.index());
        self.submit(cycle, Kind::Read, reader, address, beats)
    }
    fn write(&mut self, cycle: u64, address: u32, beats: u8) -> Result<()> {
        self.submit(cycle, Kind::Write, READERS, address, beats)
    }
}

/// As awkward as AXI3 allows: READY withheld, random latency, gaps between beats, late responses. Deterministic in its seed.
/// Programs run on it must give the same bits; cycles mean nothing.
pub struct Hostile {
    state: u64,
    bursts: [VecDeque<(u64, u8)>; READERS],
    writes: VecDeque<u64>,
}

impl Hostile {
    /// A stream of nuisances.
    pub fn new(seed: u64) -> Hostile {
        Hostile { state: seed, bursts: Default::default(), writes: VecDeque::new() }
    }
    /// splitmix64.
    fn below(&mut self, n: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }
    /// Mostly short delays, sometimes a long one.
    fn delay(&mut self) -> u64 {
        match self.below(8) {
            0 => 40 + self.below(200),
            _ => 1 + self.below(20),
        }
    }
}

impl Responder for Hostile {
    fn drive(&mut self, cycle: u64) -> Drive {
        let mut drive = Drive::default();
        for reader in 0..READERS {
            drive.ar_ready[reader] = self.below(3) == 0;
            let gap = self.below(3) == 0;
            if let Some((from, left)) = self.bursts[reader].front_mut()
                && *from <= cycle
                && !gap
            {
                drive.read_beat[reader] = true;
                *left -= 1;
                if *left == 0 {
                    self.bursts[reader].pop_front();
                }
            }
        }
        drive.aw_ready = self.below(3) == 0;
        drive.w_ready = self.below(2) == 0;
        if self.writes.front().is_some_and(|&at| at <= cycle) {
            self.writes.pop_front();
            drive.write_response = true;
        }
        drive
    }
    fn read(&mut self, cycle: u64, reader: usize, _: u32, beats: u8) -> Result<()> {
        let from = cycle + self.delay();
        self.bursts[reader].push_back((from, beats));
        Ok(())
    }
    fn write(&mut self, cycle: u64, _: u32, _: u8) -> Result<()> {
        let from = cycle + self.delay();
        self.writes.push_back(from);
        Ok(())
    }
}
