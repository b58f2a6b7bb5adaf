//! The memory as its users see it: requests in, completions out, events in between.

use super::clock::ClockRatio;
use super::controller::Controller;
use super::log::Command;
use super::port::{Arbiter, Channel, Waiting};
use super::spec::{BEAT_BYTES, MAX_BEATS};
use super::{AddressMap, MemorySpec, MemoryStats, PORTS, WriteResponse};
use crate::error::{Error, Result};
use crate::units::{Cycle, Hertz};

/// Direction of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// DRAM to fabric.
    Read,
    /// Fabric to DRAM.
    Write,
}

impl Kind {
    /// The opposite direction.
    pub(super) fn other(self) -> Kind {
        match self {
            Kind::Read => Kind::Write,
            Kind::Write => Kind::Read,
        }
    }
}

/// One AXI3 burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// HP port, 0 to 3.
    pub port: u8,
    /// Direction.
    pub kind: Kind,
    /// Byte address, a multiple of 8; the burst stays within its 4 KiB.
    pub addr: u64,
    /// 1 to 16 beats of 8 bytes.
    pub beats: u8,
    /// Returned in the completion.
    pub tag: u32,
}

/// The answer to a request, in fabric cycles.
///
/// Beat i of a read is on the port's data bus in cycle `first_beat + i`, without gaps: the port's FIFO stores the whole burst
/// before it streams it. A write has `first_beat == last`, the cycle of its B response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// HP port.
    pub port: u8,
    /// Direction.
    pub kind: Kind,
    /// Tag of the request.
    pub tag: u32,
    /// Cycle of the first beat, or of the B response.
    pub first_beat: Cycle,
    /// Cycle of the last beat.
    pub last: Cycle,
}

/// Fixed latencies of one direction of the path.
#[derive(Clone, Copy, Debug)]
struct Path {
    request_cycles: u64,
    response_cycles: u64,
}

/// Four HP ports on one DDR device. See the [module](super) for what is modelled.
#[derive(Clone, Debug)]
pub struct Memory {
    ratio: ClockRatio,
    map: AddressMap,
    /// Reads, writes.
    paths: [Path; 2],
    pipeline_clocks: u64,
    posted_writes: bool,
    ddr_burst_shift: u32,
    /// Room the queue must have before it admits any burst: the longest legal one.
    longest: u64,
    controller: Controller,
    /// Bursts that were submitted and are not answered yet.
    unanswered: usize,
    /// Of each direction, of each port.
    channels: [[Channel; PORTS]; 2],
    /// [`Channel::eligible`] of each channel.
    eligible: [[u64; PORTS]; 2],
    arbiters: [Arbiter; 2],
    /// First DDR clock at which the arbiter may grant again.
    next_grant: [u64; 2],
    /// DDR clock of the next grant; `u64::MAX` when none is in sight.
    grant_at: [u64; 2],
    /// Fabric cycle up to which everything has happened.
    horizon: u64,
    least_lead_cycles: u64,
}

impl Memory {
    /// An idle memory at fabric cycle 0.
    ///
    /// # Errors
    /// Input: what [`MemorySpec::check`] refuses, or a fabric clock outside 1 MHz to 1 GHz.
    pub fn new(spec: &MemorySpec, fabric: Hertz) -> Result<Memory> {
        spec.check()?;
        let ratio = ClockRatio::new(spec.ddr_clock_hz, fabric)?;
        let map = AddressMap::new(spec)?;
        let p = &spec.ports;
        let reads = Channel::new(p.outstanding_reads, p.read_fifo_beats);
        let writes = Channel::new(p.outstanding_writes, u64::MAX);
        let controller = Controller::new(spec);
        let read_lead = ratio.fabric_of(spec.timing.cl_ddr_clocks + spec.burst_length / 2) + p.read_response_latency_fabric_cycles;
        Ok(Memory {
            ratio,
            paths: [
                Path { request_cycles: p.read_request_latency_fabric_cycles, response_cycles: p.read_response_latency_fabric_cycles },
                Path { request_cycles: p.write_request_latency_fabric_cycles, response_cycles: p.write_response_latency_fabric_cycles },
            ],
            pipeline_clocks: spec.controller.pipeline_latency_ddr_clocks,
            posted_writes: p.write_response == WriteResponse::Accepted,
            ddr_burst_shift: spec.ddr_burst_bytes().trailing_zeros(),
            longest: BEAT_BYTES * u64::from(MAX_BEATS) / spec.ddr_burst_bytes() + 1,
            controller,
            unanswered: 0,
            channels: [std::array::from_fn(|_| reads.clone()), std::array::from_fn(|_| writes.clone())],
            eligible: [[u64::MAX; PORTS]; 2],
            arbiters: [Arbiter::default(); 2],
            next_grant: [0; 2],
            grant_at: [u64::MAX; 2],
            horizon: 0,
            least_lead_cycles: read_lead.min(p.write_response_latency_fabric_cycles),
            map,
        })
    }

    /// Keeps a log of every DDR command from now on.
    pub fn with_log(mut self) -> Memory {
        self.controller.log = Some(Vec::new());
        self
    }

    /// The commands logged so far in the order of their clocks; the log is empty afterwards.
    pub fn take_log(&mut self) -> Vec<Command> {
        let mut log = self.controller.log.as_mut().map(std::mem::take).unwrap_or_default();
        log.sort_by_key(|c| c.clock);
        log
    }

    /// Counts of everything that has happened.
    pub fn stats(&self) -> &MemoryStats {
        &self.controller.stats
    }

    /// Capacity in bytes.
    pub fn capacity_bytes(&self) -> u64 {
        self.map.capacity_bytes()
    }

    /// Hands a burst to its port. `at` is the cycle of the address handshake of a read, or of the last W beat of a write. Any
    /// number may wait in a port; who needs a bound limits its bursts in flight.
    ///
    /// # Errors
    /// Fault: `at` lies before what was advanced to; no such port or address; not AXI3 (1 to 16 beats, 8-byte alignment, no 4 KiB
    /// crossing); two addresses in one cycle, or W beats that overlap those of the port's last write.
    pub fn submit(&mut self, at: Cycle, request: Request) -> Result<()> {
        self.check_legal(at, &request)?;
        let kind = request.kind as usize;
        let port = usize::from(request.port);
        let channel = &mut self.channels[kind][port];
        channel.next_request = at.0 + 1;
        let arrival = self.ratio.ddr_at(at.0 + self.paths[kind].request_cycles) + self.pipeline_clocks;
        self.unanswered += 1;
        channel.push(Waiting { arrival, address: request.addr, tag: request.tag, beats: request.beats });
        self.eligible[kind][port] = channel.eligible();
        self.plan_grant(kind);
        Ok(())
    }

    fn check_legal(&self, at: Cycle, r: &Request) -> Result<()> {
        let fault = |what: &str| Error::fault(what).value(format!("{at}, {r:?}"));
        if at.0 < self.horizon {
            return Err(fault("a memory request comes after its time").allowed(format!("cycle {} or later", self.horizon)));
        }
        if at.0 > 1 << 48 {
            return Err(fault("a memory request lies too far ahead").allowed("cycle 2^48 or earlier"));
        }
        if usize::from(r.port) >= PORTS {
            return Err(fault("no such HP port").allowed("0 to 3"));
        }
        if !(1..=MAX_BEATS).contains(&r.beats) {
            return Err(fault("a burst of illegal length").allowed("1 to 16 beats"));
        }
        if !r.addr.is_multiple_of(BEAT_BYTES) {
            return Err(fault("a burst is not aligned to its beats").allowed("multiples of 8"));
        }
        let end = r.addr.saturating_add(BEAT_BYTES * u64::from(r.beats));
        if end > self.map.capacity_bytes() {
            return Err(fault("a burst lies outside the DRAM").allowed(format!("addresses below {:#x}", self.map.capacity_bytes())));
        }
        if r.addr / 4096 != (end - 1) / 4096 {
            return Err(fault("a burst crosses a 4 KiB boundary").hint("split it there"));
        }
        let free = self.channels[r.kind as usize][usize::from(r.port)].next_request;
        let earliest = if r.kind == Kind::Write && free > 0 { free + u64::from(r.beats) - 1 } else { free };
        if at.0 < earliest {
            let what = "two bursts use one channel of an HP port at once";
            return Err(fault(what).allowed(format!("cycle {earliest} or later")));
        }
        Ok(())
    }

    /// Nothing waits, is queued, or is still to be answered.
    pub fn is_idle(&self) -> bool {
        self.unanswered == 0 && self.controller.queues_empty()
    }

    /// Earliest fabric cycle at which something may happen inside; `None` when idle (refreshes go on, and answer nobody).
    pub fn next_event(&self) -> Option<Cycle> {
        if self.is_idle() {
            return None;
        }
        Some(Cycle(self.ratio.fabric_of(self.next_clock())))
    }

    /// The last cycle to which the caller may advance at once and still hear of every answer before its first beat. Later than
    /// [`Memory::next_event`] by the shortest way from a decision to the port, so it takes fewer calls. `None` when idle.
    pub fn announced_by(&self) -> Option<Cycle> {
        self.next_event().map(|c| Cycle(c.0 + self.least_lead_cycles - 1))
    }

    /// Lets everything happen up to and including fabric cycle `to`; appends the answers decided by then, in the order of their
    /// decisions. Each is decided before its first beat. How a span is cut into calls changes nothing.
    pub fn advance(&mut self, to: Cycle, out: &mut Vec<Completion>) {
        let end = self.ratio.ddr_at(to.0.saturating_add(1));
        loop {
            self.controller.skip_idle_refreshes(end.min(self.grant_at[0]).min(self.grant_at[1]));
            let clock = self.next_clock();
            if clock >= end {
                break;
            }
            self.step(clock, out);
        }
        self.horizon = self.horizon.max(to.0);
    }

    /// Lets everything happen before fabric cycle `end`, up to the first DDR clock in which answers are decided; appends those. Nothing appended: all of it
    /// happened, or the memory is idle. For callers that may ask for more once they hear of an answer.
    pub fn run_before(&mut self, end: Cycle, out: &mut Vec<Completion>) {
        let (last, known) = (self.ratio.ddr_at(end.0), out.len());
        while !self.is_idle() {
            self.controller.skip_idle_refreshes(last.min(self.grant_at[0]).min(self.grant_at[1]));
            let clock = self.next_clock();
            if clock >= last {
                self.horizon = self.horizon.max(end.0.saturating_sub(1));
                return;
            }
            self.step(clock, out);
            if out.len() > known {
                self.horizon = self.horizon.max(self.ratio.fabric_of(clock));
                return;
            }
        }
    }

    fn next_clock(&self) -> u64 {
        self.controller.next_clock().min(self.grant_at[0]).min(self.grant_at[1])
    }

    /// Everything that happens in one DDR clock: grants of reads, grants of writes, then at most one command.
    fn step(&mut self, clock: u64, out: &mut Vec<Completion>) {
        self.controller.count_due_refresh(clock);
        for kind in [Kind::Read, Kind::Write] {
            if self.grant_at[kind as usize] == clock {
                self.grant(kind, clock, out);
            }
        }
        if let Some((kind, run, end)) = self.controller.step(clock) {
            if !(kind == Kind::Write && self.posted_writes) {
                let ready = self.ratio.fabric_at(end) + self.paths[kind as usize].response_cycles;
                self.channels[kind as usize][usize::from(run.port)].done(run.burst, ready);
                self.answer(kind, run.port, out);
            }
            self.plan_grant(kind as usize);
        }
    }

    fn grant(&mut self, kind: Kind, clock: u64, out: &mut Vec<Completion>) {
        let k = kind as usize;
        let asks = self.eligible[k].map(|at| at <= clock);
        self.controller.stats.contended_grants += u64::from(asks.iter().filter(|a| **a).count() > 1);
        let port = self.arbiters[k].pick(asks).expect("a grant is planned only when a port asks");
        let (burst, identity) = self.channels[k][port].grant(clock);
        let stats = &mut self.controller.stats.ports[port];
        let (bursts, beats) = match kind {
            Kind::Read => (&mut stats.read_bursts, &mut stats.read_beats),
            Kind::Write => (&mut stats.write_bursts, &mut stats.write_beats),
        };
        *bursts += 1;
        *beats += u64::from(burst.beats);
        let runs = self.enqueue(kind, clock, port as u8, identity, &burst);
        if kind == Kind::Write && self.posted_writes {
            self.channels[k][port].expect(identity, 1);
            let ready = self.ratio.fabric_at(clock) + self.paths[k].response_cycles;
            self.channels[k][port].done(identity, ready);
            self.answer(kind, port as u8, out);
        } else {
            self.channels[k][port].expect(identity, runs);
        }
        self.eligible[k][port] = self.channels[k][port].eligible();
        self.next_grant[k] = clock + 1;
        self.plan_grant(k);
    }

    /// Cuts a burst into runs of DDR bursts that share bank and row; returns their number.
    fn enqueue(&mut self, kind: Kind, clock: u64, port: u8, burst: u64, w: &Waiting) -> u32 {
        let shift = self.ddr_burst_shift;
        let block = self.map.block_bytes() >> shift;
        let mut at = w.address >> shift;
        let end = ((w.address + BEAT_BYTES * u64::from(w.beats) - 1) >> shift) + 1;
        let mut runs = 0;
        while at < end {
            let count = (end - at).min(block - at % block);
            self.controller.push(kind, clock, port, burst, self.map.decode(at << shift), count as u32);
            at += count;
            runs += 1;
        }
        runs
    }

    /// Announces every answer of a port and direction that is now decided.
    fn answer(&mut self, kind: Kind, port: u8, out: &mut Vec<Completion>) {
        let ratio = self.ratio;
        let channel = &mut self.channels[kind as usize][usize::from(port)];
        while let Some(a) = channel.answer(kind == Kind::Read, |cycle| ratio.ddr_at(cycle)) {
            self.unanswered -= 1;
            out.push(Completion { port, kind, tag: a.tag, first_beat: Cycle(a.first_beat), last: Cycle(a.last) });
        }
        self.eligible[kind as usize][usize::from(port)] = channel.eligible();
    }

    fn plan_grant(&mut self, kind: usize) {
        let asked = self.eligible[kind].into_iter().min().expect("four ports");
        let room = self.controller.room_at(if kind == 0 { Kind::Read } else { Kind::Write }, self.longest);
        self.grant_at[kind] = asked.max(self.next_grant[kind]).max(room);
    }
}
