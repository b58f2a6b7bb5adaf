//! The memory as its users see it: requests in, completions out, events in between.

use super::clock::ClockRatio;
use super::controller::{Controller, Transferred};
use super::log::Command;
use super::port::{Arbiter, Channel, Waiting};
use super::queue::Run;
use super::spec::{BEAT_BYTES, MAX_BEATS};
use super::{AddressMap, MemorySpec, MemoryStats, PORTS, Place, WriteResponse};
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

/// What follows an answer for who runs the memory. Nothing follows before its first beat: an earlier cycle here is a fault.
#[derive(Clone, Copy, Debug)]
pub enum Reaction {
    /// Nothing, or nothing that the memory would see.
    None,
    /// Another burst, as [`Memory::submit`] takes it.
    Submit(Cycle, Request),
    /// Something that may ask for more in this cycle or later: what happens from it on has to wait.
    Until(Cycle),
}

/// The end of a run: a fabric cycle before which everything happens, and its DDR clock.
#[derive(Clone, Copy, Debug)]
struct End {
    cycle: u64,
    clock: u64,
}

/// Fixed latencies of one direction of the path.
#[derive(Clone, Copy, Debug)]
struct Path {
    request_cycles: u64,
    response_cycles: u64,
}

/// A block of addresses that share bank and row.
#[derive(Clone, Copy, Debug)]
struct Block {
    number: u64,
    row: u32,
    /// Column of its first address in DDR bursts.
    column: u32,
    bank: u8,
}

impl Block {
    fn of(map: &AddressMap, burst_length: u32, number: u64) -> Block {
        let Place { bank, row, column } = map.decode(number * map.block_bytes());
        Block { number, row, column: column / burst_length, bank }
    }
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
    ddr_burst_length: u32,
    /// log2 of the DDR bursts in a block of addresses that share bank and row.
    block_shift: u32,
    /// The block decoded last for each direction, for each port.
    blocks: [[Block; PORTS]; 2],
    /// Room the queue must have before it admits any burst: the longest legal one.
    longest: u64,
    /// Whether the queues of reads and of writes have that room whenever one run waits and another one is being transferred.
    roomy: [bool; 2],
    /// Runs so far.
    sequence: u64,
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
    /// The end asked for last.
    end: End,
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
        let longest = BEAT_BYTES * u64::from(MAX_BEATS) / spec.ddr_burst_bytes() + 1;
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
            block_shift: (map.block_bytes() / spec.ddr_burst_bytes()).trailing_zeros(),
            blocks: [[Block::of(&map, spec.burst_length as u32, 0); PORTS]; 2],
            sequence: 0,
            ddr_burst_length: spec.burst_length as u32,
            longest,
            roomy: [spec.controller.read_queue_ddr_bursts, spec.controller.write_queue_ddr_bursts].map(|places| places >= 3 * longest),
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
            end: End { cycle: 0, clock: 0 },
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
        let kind = request.kind as usize;
        let port = usize::from(request.port);
        if self.enter(self.horizon, at, &request)? {
            self.look_at(kind, port);
            self.plan_grant(kind);
        }
        Ok(())
    }

    /// Has a burst wait in its port, which sees it in cycle `at`, not before `from`; whether it is the only one there.
    #[inline(always)]
    fn enter(&mut self, from: u64, at: Cycle, request: &Request) -> Result<bool> {
        self.check_legal(from, at, request)?;
        let kind = request.kind as usize;
        let channel = &mut self.channels[kind][usize::from(request.port)];
        channel.next_request = at.0 + 1;
        let arrival = self.ratio.ddr_at(at.0 + self.paths[kind].request_cycles) + self.pipeline_clocks;
        self.unanswered += 1;
        Ok(channel.push(Waiting { at: at.0, arrival, address: request.addr, tag: request.tag, beats: request.beats }))
    }

    #[inline(always)]
    fn check_legal(&self, from: u64, at: Cycle, r: &Request) -> Result<()> {
        if at.0 < from {
            return Err(illegal("a memory request comes after its time", at, r, format_args!("cycle {from} or later")));
        }
        if at.0 > 1 << 48 {
            return Err(illegal("a memory request lies too far ahead", at, r, format_args!("cycle 2^48 or earlier")));
        }
        if usize::from(r.port) >= PORTS {
            return Err(illegal("no such HP port", at, r, format_args!("0 to 3")));
        }
        if !(1..=MAX_BEATS).contains(&r.beats) {
            return Err(illegal("a burst of illegal length", at, r, format_args!("1 to 16 beats")));
        }
        if !r.addr.is_multiple_of(BEAT_BYTES) {
            return Err(illegal("a burst is not aligned to its beats", at, r, format_args!("multiples of 8")));
        }
        let (end, capacity) = (r.addr.saturating_add(BEAT_BYTES * u64::from(r.beats)), self.map.capacity_bytes());
        if end > capacity {
            return Err(illegal("a burst lies outside the DRAM", at, r, format_args!("addresses below {capacity:#x}")));
        }
        if r.addr / 4096 != (end - 1) / 4096 {
            return Err(illegal("a burst crosses a 4 KiB boundary", at, r, format_args!("bursts within 4 KiB")).hint("split it there"));
        }
        let free = self.channels[r.kind as usize][usize::from(r.port)].next_request;
        let earliest = if r.kind == Kind::Write && free > 0 { free + u64::from(r.beats) - 1 } else { free };
        if at.0 < earliest {
            let what = "two bursts use one channel of an HP port at once";
            return Err(illegal(what, at, r, format_args!("cycle {earliest} or later")));
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
        let behind = to.0.saturating_add(1);
        let mut end = End { cycle: behind, clock: self.ratio.ddr_at(behind) };
        let mut keep = |answer| {
            out.push(answer);
            Reaction::None
        };
        loop {
            self.controller.skip_idle_refreshes(end.clock.min(self.grant_at[0]).min(self.grant_at[1]));
            let clock = self.next_clock();
            if clock >= end.clock {
                break;
            }
            self.step(clock, &mut end, &mut keep).expect("nothing is submitted");
        }
        self.horizon = self.horizon.max(to.0);
    }

    /// Lets everything happen before fabric cycle `end`, or before the earliest [`Reaction::Until`], or until the memory is idle. `react` is told of each answer
    /// when it is decided, before its first beat, and may submit what follows it.
    ///
    /// # Errors
    /// Fault: a request that [`Memory::submit`] refuses, or a reaction to an answer before its first beat. The memory is not to be used after one.
    pub fn run_before(&mut self, end: Cycle, mut react: impl FnMut(Completion) -> Reaction) -> Result<()> {
        if self.end.cycle != end.0 {
            self.end = End { cycle: end.0, clock: self.ratio.ddr_at(end.0) };
        }
        let (mut end, mut reached) = (self.end, 0);
        while !self.is_idle() {
            self.controller.skip_idle_refreshes(end.clock.min(self.grant_at[0]).min(self.grant_at[1]));
            let clock = self.next_clock();
            if clock >= end.clock {
                self.horizon = self.horizon.max(end.cycle.saturating_sub(1));
                return Ok(());
            }
            reached = self.step(clock, &mut end, &mut react)?;
        }
        self.horizon = self.horizon.max(self.ratio.fabric_of(reached));
        Ok(())
    }

    fn next_clock(&self) -> u64 {
        self.controller.next_clock().min(self.grant_at[0]).min(self.grant_at[1])
    }

    /// Everything that happens in one DDR clock: grants of reads, grants of writes, then at most one command. A burst that is alone may go on to its transfer,
    /// before the end. Returns the clock up to which everything has happened.
    #[inline]
    fn step(&mut self, clock: u64, end: &mut End, react: &mut impl FnMut(Completion) -> Reaction) -> Result<u64> {
        self.controller.count_due_refresh(clock);
        let mut reached = clock;
        if self.grant_at[0] == clock {
            reached = self.grant(Kind::Read, clock, end, react)?;
        }
        if self.grant_at[1] == clock {
            reached = self.grant(Kind::Write, clock, end, react)?.max(reached);
        }
        if let Some(transfer) = self.controller.step(clock) {
            if !self.answers_grants(transfer.kind) {
                let Transferred { kind, port, burst, passed } = transfer;
                self.transferred(kind, port, burst, passed, end, react)?;
            }
            self.plan_grant(transfer.kind as usize);
        }
        Ok(reached)
    }

    /// Whether bursts of a direction are answered after their grant already.
    fn answers_grants(&self, kind: Kind) -> bool {
        kind == Kind::Write && self.posted_writes
    }

    /// A part of a burst, or all that its answer waits for, is done at DDR clock `passed`.
    fn transferred(
        &mut self,
        kind: Kind,
        port: u8,
        burst: u64,
        passed: u64,
        end: &mut End,
        react: &mut impl FnMut(Completion) -> Reaction,
    ) -> Result<()> {
        let ready = self.ratio.fabric_at(passed) + self.paths[kind as usize].response_cycles;
        self.channels[kind as usize][usize::from(port)].done(burst, ready);
        self.answer(kind, port, end, react)
    }

    fn grant(&mut self, kind: Kind, clock: u64, end: &mut End, react: &mut impl FnMut(Completion) -> Reaction) -> Result<u64> {
        let k = kind as usize;
        let asks = self.eligible[k].iter().rev().fold(0, |asks, &at| asks << 1 | usize::from(at <= clock));
        self.controller.stats.contended_grants += u64::from(asks & (asks - 1) != 0);
        let port = self.arbiters[k].pick(asks);
        let (address, burst_beats, number) = self.channels[k][port].grant();
        let stats = &mut self.controller.stats.ports[port];
        let (bursts, beats) = match kind {
            Kind::Read => (&mut stats.read_bursts, &mut stats.read_beats),
            Kind::Write => (&mut stats.write_bursts, &mut stats.write_beats),
        };
        *bursts += 1;
        *beats += u64::from(burst_beats);
        let (first, last) = self.ddr_bursts(address, burst_beats);
        // One run and nothing else to do: it may go on at once.
        let alone = first >> self.block_shift == (last - 1) >> self.block_shift && self.roomy[k] && self.controller.is_free();
        let run = self.run(kind, clock, port, number, first, last);
        // What the other direction is granted in this clock comes before a command.
        let passed = if alone && self.grant_at[1 - k] > clock { self.controller.serve_at_once(kind, &run, clock) } else { None };
        let runs = if alone { 1 } else { self.enqueue(kind, run, first, last) };
        self.next_grant[k] = clock + 1;
        match if self.answers_grants(kind) { Some(clock) } else { passed } {
            Some(done) => self.transferred(kind, port as u8, number, done, end, react)?,
            None if runs > 1 => self.channels[k][port].expect(number, runs),
            None => {}
        }
        self.look_at(k, port);
        self.plan_grant(k);
        if !alone || passed.is_some() {
            return Ok(clock);
        }
        let before = end.clock.min(self.grant_at[0]).min(self.grant_at[1]);
        let Some((reached, passed)) = self.controller.serve(kind, run, clock, before) else {
            return Ok(clock);
        };
        if !self.answers_grants(kind) {
            self.transferred(kind, port as u8, number, passed, end, react)?;
            self.plan_grant(k);
        }
        Ok(reached)
    }

    /// The DDR bursts that an AXI burst touches, by number: the first, and the one behind the last.
    #[inline]
    fn ddr_bursts(&self, address: u64, beats: u8) -> (u64, u64) {
        let shift = self.ddr_burst_shift;
        (address >> shift, ((address + BEAT_BYTES * u64::from(beats) - 1) >> shift) + 1)
    }

    /// The run that an AXI burst begins with at DDR burst `first`: what it touches of one bank and row, up to `end`.
    #[inline(always)]
    fn run(&mut self, kind: Kind, clock: u64, port: usize, burst: u64, first: u64, end: u64) -> Run {
        let number = first >> self.block_shift;
        let block = &mut self.blocks[kind as usize][port];
        if block.number != number {
            *block = Block::of(&self.map, self.ddr_burst_length, number);
        }
        let count = end.min((number + 1) << self.block_shift) - first;
        let column = block.column + (first - (number << self.block_shift)) as u32;
        let sequence = self.sequence;
        self.sequence += 1;
        Run::new(sequence, clock, (port as u8, burst), (block.bank, block.row, column), count as u32)
    }

    /// Queues the runs of an AXI burst that touches the DDR bursts from `first` to before `end`; returns their number.
    #[inline(always)]
    fn enqueue(&mut self, kind: Kind, run: Run, first: u64, end: u64) -> u32 {
        let (mut at, mut runs) = (first + u64::from(run.count), 1);
        self.controller.push(kind, run);
        while at < end {
            let run = self.run(kind, run.entered, usize::from(run.port), run.burst, at, end);
            at += u64::from(run.count);
            runs += 1;
            self.controller.push(kind, run);
        }
        runs
    }

    /// Announces every answer of a port and direction that is now decided, and takes what follows.
    fn answer(&mut self, kind: Kind, port: u8, end: &mut End, react: &mut impl FnMut(Completion) -> Reaction) -> Result<()> {
        let (k, p) = (kind as usize, usize::from(port));
        while let Some(a) = self.channels[k][p].answer(kind == Kind::Read) {
            self.unanswered -= 1;
            let first_beat = Cycle(a.first_beat);
            // By reference: a copy would wait for the stores of its fields, as in `Fifo`.
            match &react(Completion { port, kind, tag: a.tag, first_beat, last: Cycle(a.last) }) {
                Reaction::None => {}
                Reaction::Submit(at, request) => {
                    let first = self.enter(first_beat.0, *at, request)?;
                    // Of this port it is looked at below.
                    if first && (request.kind, request.port) != (kind, port) {
                        self.look_at(request.kind as usize, usize::from(request.port));
                        self.plan_grant(request.kind as usize);
                    }
                }
                Reaction::Until(cycle) if *cycle < first_beat => return Err(too_early(*cycle, first_beat)),
                Reaction::Until(cycle) if cycle.0 < end.cycle => *end = End { cycle: cycle.0, clock: self.ratio.ddr_at(cycle.0) },
                Reaction::Until(_) => {}
            }
        }
        // What was known before, no answer changes.
        if self.eligible[k][p] == u64::MAX {
            self.look_at(k, p);
        }
        Ok(())
    }

    /// Finds out anew when a channel's oldest burst may be granted.
    #[inline(always)]
    fn look_at(&mut self, kind: usize, port: usize) {
        let Memory { ratio, channels, eligible, .. } = self;
        eligible[kind][port] = channels[kind][port].eligible(|cycle| ratio.ddr_at(cycle));
    }

    fn plan_grant(&mut self, kind: usize) {
        // One by one: what was just written to one of them is not loaded with the others.
        let asked = self.eligible[kind].iter().fold(u64::MAX, |least, &at| least.min(at));
        let room = self.controller.room_at(if kind == 0 { Kind::Read } else { Kind::Write }, self.longest);
        self.grant_at[kind] = asked.max(self.next_grant[kind]).max(room);
    }
}

/// Out of the way of what is legal.
#[cold]
#[inline(never)]
fn illegal(what: &str, at: Cycle, request: &Request, allowed: std::fmt::Arguments) -> Error {
    Error::fault(what).value(format!("{at}, {request:?}")).allowed(allowed.to_string())
}

/// The fault of a [`Reaction`] before the first beat of its answer.
#[cold]
#[inline(never)]
pub(crate) fn too_early(cycle: Cycle, first_beat: Cycle) -> Error {
    Error::fault("what follows an answer of the memory comes before it").value(cycle).allowed(format!("{first_beat} or later"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::rng::Rng;
    use crate::dram::CommandKind;

    /// Answers, counts and commands of a run.
    type Ran = (Vec<Completion>, MemoryStats, Vec<Command>);

    /// Random bursts of few rows, handed over in time order while the memory advances in random steps.
    fn traffic(mut memory: Memory, seed: u64) -> Ran {
        let mut rng = Rng::new(seed);
        let (mut out, mut now, mut next) = (Vec::new(), 0, [[0; PORTS]; 2]);
        for tag in 0..300 {
            now += [0, 3, 16, 40, 2000][rng.below(5)] * rng.below(3) as u64;
            let (k, port, beats) = (rng.below(2), rng.below(1 + seed as usize % 4), 1 + rng.below(16) as u64);
            let at = now.max(next[k][port] + k as u64 * beats);
            next[k][port] = at + 1;
            let addr = (rng.below(3) * 16_384 + rng.below(2) * 2048) as u64 + 8 * rng.below(240) as u64;
            memory.advance(Cycle(at.saturating_sub(rng.below(200) as u64)), &mut out);
            let kind = [Kind::Read, Kind::Write][k];
            let beats = beats.min(256 - addr / 8 % 256) as u8;
            memory.submit(Cycle(at), Request { port: port as u8, kind, addr, beats, tag }).unwrap();
            now = at;
        }
        memory.advance(Cycle(now + 20_000), &mut out);
        assert!(memory.is_idle());
        (out, *memory.stats(), memory.take_log())
    }

    #[test]
    fn a_burst_that_goes_on_at_once_does_as_it_would_from_the_queue() {
        let mut spec = crate::board::builtin("pynq-z1").unwrap().memory;
        spec.timing.t_refi_ps = 2_000_000;
        for seed in 0..200 {
            spec.ports.write_response = if seed % 3 == 0 { WriteResponse::Written } else { WriteResponse::Accepted };
            spec.controller.age_cap_ddr_clocks = [20, 1024][seed as usize % 2];
            let memory = Memory::new(&spec, Hertz(100_000_000 + seed % 7 * 10_000_000)).unwrap().with_log();
            assert_eq!(memory.roomy, [true; 2]);
            let queued = Memory { roomy: [false; 2], ..memory.clone() };
            assert_eq!(traffic(memory, seed), traffic(queued, seed), "seed {seed}");
        }
    }

    /// Streams of 100 bursts, twelve under way: when one is answered the next is submitted, often of the same stream. `hear` runs the memory up to the end of all
    /// of them.
    fn streams(spec: &MemorySpec, seed: u64, hear: impl Fn(&mut Memory, &mut dyn FnMut(Completion) -> Reaction)) -> Ran {
        let mut memory = Memory::new(spec, Hertz(100_000_000 + seed % 7 * 10_000_000)).unwrap().with_log();
        let (mut rng, mut out) = (Rng::new(seed), Vec::new());
        // Of each direction, of each port: bursts that are left, and the first cycle in which the port is free.
        let mut left = [[0u32, 100, 100, 0], [100, 0, 100, 0]];
        let mut free = [[0u64; PORTS]; 2];
        let mut next = |kind: Kind, port: u8, earliest: u64| {
            let (left, free) = (&mut left[kind as usize][usize::from(port)], &mut free[kind as usize][usize::from(port)]);
            *left = left.checked_sub(1)?;
            let beats = 1 + rng.below(16) as u64;
            let at = earliest.max(*free) + if kind == Kind::Write { beats - 1 } else { 0 };
            *free = at + 1;
            let addr = (rng.below(4) * 16_384 + rng.below(2) * 2048) as u64 + 8 * rng.below(240) as u64;
            Some((Cycle(at), Request { port, kind, addr, beats: beats.min(256 - addr / 8 % 256) as u8, tag: *left }))
        };
        let all = [(Kind::Read, 1), (Kind::Read, 2), (Kind::Write, 0), (Kind::Write, 2)];
        for (kind, port) in all {
            for _ in 0..3 {
                let (at, request) = next(kind, port, 10).unwrap();
                memory.submit(at, request).unwrap();
            }
        }
        let mut choices = Rng::new(seed + 1);
        hear(&mut memory, &mut |c| {
            out.push(c);
            let first = if choices.below(3) > 0 { (c.kind, c.port) } else { all[choices.below(4)] };
            let submit = [first].into_iter().chain(all).find_map(|(kind, port)| next(kind, port, c.last.0 + 1));
            submit.map_or(Reaction::None, |(at, request)| Reaction::Submit(at, request))
        });
        assert!(memory.is_idle());
        (out, *memory.stats(), memory.take_log())
    }

    #[test]
    fn what_follows_an_answer_may_be_submitted_at_once_or_later() {
        let mut spec = crate::board::builtin("pynq-z1").unwrap().memory;
        for seed in 0..50 {
            spec.ports.write_response = if seed % 2 == 0 { WriteResponse::Written } else { WriteResponse::Accepted };
            let at_once = streams(&spec, seed, |memory, react| memory.run_before(Cycle(1 << 20), react).unwrap());
            let later = streams(&spec, seed, |memory, react| {
                let mut out = Vec::new();
                while let Some(at) = memory.announced_by() {
                    memory.advance(at, &mut out);
                    for answer in out.drain(..) {
                        if let Reaction::Submit(at, request) = react(answer) {
                            memory.submit(at, request).unwrap();
                        }
                    }
                }
            });
            assert_eq!(at_once, later, "seed {seed}");
            assert_eq!(at_once.0.len(), 400);
        }
    }

    #[test]
    fn nothing_happens_from_the_cycle_that_an_answer_asks_for() {
        let spec = crate::board::builtin("pynq-z1").unwrap().memory;
        let mut memory = Memory::new(&spec, Hertz(100_000_000)).unwrap();
        let read = |port: u8| Request { port, kind: Kind::Read, addr: 0, beats: 16, tag: 0 };
        memory.submit(Cycle(10), read(0)).unwrap();
        memory.submit(Cycle(2000), read(1)).unwrap();
        let (mut heard, mut until) = (Vec::new(), 0);
        let mut hear = |c: Completion| {
            heard.push(c.port);
            until = c.last.0 + 1;
            Reaction::Until(Cycle(until))
        };
        memory.run_before(Cycle(1 << 20), &mut hear).unwrap();
        assert_eq!(heard, [0]);
        // What is submitted for that cycle is not too late, and one before it is.
        assert!(memory.submit(Cycle(until - 2), read(0)).is_err());
        memory.submit(Cycle(until), read(0)).unwrap();
        memory.run_before(Cycle(1000), |_| Reaction::None).unwrap();
        memory.run_before(Cycle(1 << 20), |c| if c.port == 1 { Reaction::None } else { panic!("answered already") }).unwrap();
    }

    /// Two reads in flight, and one much later.
    fn three_reads() -> Memory {
        let spec = crate::board::builtin("pynq-z1").unwrap().memory;
        let mut memory = Memory::new(&spec, Hertz(100_000_000)).unwrap();
        for (port, at) in [(0, 10), (1, 11), (2, 3000)] {
            memory.submit(Cycle(at), Request { port, kind: Kind::Read, addr: 0, beats: 16, tag: 0 }).unwrap();
        }
        memory
    }

    #[test]
    fn of_several_ends_the_earliest_holds() {
        for untils in [[2500, 2000], [2000, 2500]] {
            let mut memory = three_reads();
            memory.run_before(Cycle(1 << 20), |c| Reaction::Until(Cycle(untils[usize::from(c.port)]))).unwrap();
            let read = Request { port: 3, kind: Kind::Read, addr: 0, beats: 16, tag: 0 };
            assert!(memory.clone().submit(Cycle(1998), read).is_err(), "{untils:?}");
            memory.submit(Cycle(2000), read).unwrap();
        }
    }

    #[test]
    fn nothing_follows_an_answer_before_its_first_beat() {
        let read = |port| Request { port, kind: Kind::Read, addr: 0, beats: 1, tag: 1 };
        let follow = |react: &dyn Fn(Completion) -> Reaction| {
            three_reads().run_before(Cycle(1 << 20), |c| if c.tag == 0 && c.port < 2 { react(c) } else { Reaction::None })
        };
        for port in [0, 1, 3] {
            assert!(follow(&|c| if c.port == 0 { Reaction::Submit(c.first_beat, read(port)) } else { Reaction::None }).is_ok());
            let e = follow(&|c| Reaction::Submit(Cycle(c.first_beat.0 - 1), read(port))).unwrap_err();
            assert!(e.to_string().contains("comes after its time"), "{e}");
        }
        assert!(follow(&|c| Reaction::Until(c.first_beat)).is_ok());
        let e = follow(&|c| Reaction::Until(Cycle(c.first_beat.0 - 1))).unwrap_err();
        assert!(e.to_string().contains("comes before it"), "{e}");
    }

    #[test]
    fn what_a_lone_burst_went_on_to_is_over() {
        let spec = crate::board::builtin("pynq-z1").unwrap().memory;
        let mut memory = Memory::new(&spec, Hertz(100_000_000)).unwrap().with_log();
        let read = |port| Request { port, kind: Kind::Read, addr: 0, beats: 16, tag: 0 };
        memory.submit(Cycle(10), read(0)).unwrap();
        memory.run_before(Cycle(1 << 20), |_| Reaction::None).unwrap();
        let [opened, transferred] = [CommandKind::Activate, CommandKind::Read]
            .map(|kind| memory.ratio.fabric_of(memory.controller.log.iter().flatten().find(|c| c.kind == kind).unwrap().clock));
        assert!(opened < transferred);
        for at in opened..transferred {
            assert!(memory.submit(Cycle(at), read(1)).is_err(), "cycle {at} of {opened} to {transferred}");
        }
        memory.submit(Cycle(transferred), read(1)).unwrap();
    }
}
